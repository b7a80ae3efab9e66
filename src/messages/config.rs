//! Problems of a configuration, and what to do.
//!
//! `SB10` how it is written, `SB11` one value, `SB12` secrets and files, `SB13` how values fit together, `SB14` warnings,
//! `SB15` advice.

use super::messages;

messages! {
    "SB1001" file_unreadable(reason)
        "The file cannot be read: {reason}. Name another with --config or BRIDGE_CONFIG."
        "파일을 읽을 수 없습니다: {reason}. --config나 BRIDGE_CONFIG로 다른 파일을 지정하세요.";
    "SB1002" file_not_utf8()
        "This is not UTF-8. Save the file as UTF-8."
        "UTF-8이 아닌 글자가 있습니다. 파일을 UTF-8로 저장하세요.";
    "SB1003" not_toml(error)
        "This is not TOML: {error}. Correct the line; nothing else was checked."
        "TOML 문법에 맞지 않습니다: {error}. 이 줄을 고치세요. 나머지는 아직 검사하지 않았습니다.";
    "SB1004" too_deep()
        "No key has so many levels. `smartchat-bridge config reference` lists all keys."
        "이렇게 여러 단계로 된 키는 없습니다. 모든 키는 `smartchat-bridge config reference`로 볼 수 있습니다.";
    "SB1005" sources_not_merged(error)
        "The sources cannot be merged: {error}. Please report this."
        "여러 곳의 설정을 합칠 수 없습니다: {error}. 이 문제를 알려 주세요.";
    "SB1006" a_table(path)
        "This is a table of keys, not a value. Write a table: [{path}]."
        "값이 아니라 키를 담는 표입니다. [{path}] 표로 쓰세요.";
    "SB1007" a_table_of_bots()
        "This is a table of keys, not a value. Write a table for each bot: [bots.name]."
        "값이 아니라 키를 담는 표입니다. 봇마다 [bots.이름] 표를 쓰세요.";
    "SB1008" a_table_in_a_variable(variable)
        "This is a table of keys, not a value. Set its keys one by one, such as {variable}__…."
        "값이 아니라 키를 담는 표입니다. {variable}__…처럼 키를 하나씩 설정하세요.";
    "SB1009" no_such_key()
        "There is no such key. Remove it; docs/configuration.md lists every key."
        "없는 키입니다. 지우세요. 모든 키는 docs/configuration.ko.md에 있습니다.";
    "SB1010" no_such_key_but(near)
        "There is no such key. Did you mean {near}?"
        "없는 키입니다. {near} 키를 뜻하셨나요?";
    "SB1011" no_such_variable()
        "There is no such key. Remove it: names that begin with BRIDGE_ are reserved for configuration."
        "없는 키입니다. 지우세요. BRIDGE_로 시작하는 이름은 설정에만 씁니다.";
    "SB1012" key_without_row()
        "This key is missing from the table of keys. Please report this."
        "키 목록에서 빠진 키입니다. 이 문제를 알려 주세요.";

    "SB1101" wrong_kind(found, wanted)
        "This is {found}. Write {wanted}."
        "값의 종류가 맞지 않습니다({found}). 쓸 수 있는 값: {wanted}.";
    "SB1102" unreadable(wanted)
        "The value cannot be read. Write {wanted}."
        "값을 읽을 수 없습니다. 쓸 수 있는 값: {wanted}.";
    "SB1103" empty()
        "This is empty. Write something, or leave the key out."
        "값이 비어 있습니다. 값을 쓰거나 키를 지우세요.";
    "SB1104" blank()
        "This is blank. Write something, or leave the key out."
        "값이 공백뿐입니다. 값을 쓰거나 키를 지우세요.";
    "SB1105" too_long(length, longest)
        "This has {length} characters, which KakaoTalk would cut. Write at most {longest}."
        "{length}자라서 카카오톡에서 잘립니다. {longest}자까지만 쓰세요.";
    "SB1106" not_an_address(text, wanted)
        "\"{text}\" is not an address. Write {wanted}; a name such as localhost is none."
        "주소가 아닙니다: \"{text}\". 쓸 수 있는 값: {wanted}. localhost 같은 이름은 쓸 수 없습니다.";
    "SB1107" address_without_ip(text, port)
        "\"{text}\" is not an address. Write \"0.0.0.0:{port}\" for all addresses."
        "주소가 아닙니다: \"{text}\". 모든 주소에서 받으려면 \"0.0.0.0:{port}\"로 쓰세요.";
    "SB1108" address_without_port(text)
        "\"{text}\" is not an address. Add a port: \"{text}:8080\"."
        "포트가 없습니다: \"{text}\". \"{text}:8080\"처럼 포트를 붙이세요.";
    "SB1109" port_out_of_range(port)
        "The port {port} is out of range. Write a port from 0 to 65535."
        "쓸 수 없는 포트입니다: {port}. 0에서 65535까지의 포트를 쓰세요.";
    "SB1110" not_a_url(reason)
        "This is not a URL: {reason}. Write http:// or https://, the host, and the port and path if any."
        "URL이 아닙니다: {reason}. http://나 https://로 시작해 호스트를 쓰고, 포트와 경로가 있으면 이어서 쓰세요.";
    "SB1111" url_without_scheme()
        "The URL has no scheme. Write http:// or https://, the host, and the port and path if any."
        "URL에 http://나 https://가 없습니다. 그것부터 쓰고 호스트를, 포트와 경로가 있으면 이어서 쓰세요.";
    "SB1112" url_scheme()
        "The URL's scheme is not supported. Write http:// or https://, the host, and the port and path if any."
        "지원하지 않는 종류의 URL입니다. http://나 https://로 시작해 호스트를 쓰고, 포트와 경로가 있으면 이어서 쓰세요.";
    "SB1113" url_with_password()
        "The URL holds a user or password. Take them out; a header such as authorization can be sent by `headers`."
        "URL에 사용자 이름이나 비밀번호가 들어 있습니다. 빼세요. authorization 같은 헤더는 `headers`로 보낼 수 있습니다.";
    "SB1114" url_with_fragment()
        "The URL has a fragment (#…). Take it out."
        "URL에 #으로 시작하는 부분이 있습니다. 빼세요.";
    "SB1115" not_a_choice(text, choices)
        "\"{text}\" is not one of the choices. Write one of {choices}."
        "고를 수 있는 값이 아닙니다: \"{text}\". 쓸 수 있는 값: {choices}.";
    "SB1116" not_a_choice_but(text, near, choices)
        "\"{text}\" is not one of the choices. Did you mean \"{near}\"? It may be one of {choices}."
        "고를 수 있는 값이 아닙니다: \"{text}\". \"{near}\"를 뜻하셨나요? 쓸 수 있는 값: {choices}.";
    "SB1117" negative(text, wanted)
        "{text} is negative. Write {wanted}."
        "음수는 쓸 수 없습니다: {text}. 쓸 수 있는 값: {wanted}.";
    "SB1118" without_unit(text, wanted)
        "\"{text}\" has no unit. Write {wanted}."
        "단위가 없습니다: \"{text}\". 쓸 수 있는 값: {wanted}.";
    "SB1119" number_without_unit(number)
        "{number} has no unit. Write \"{number}s\" for seconds or \"{number}ms\" for milliseconds, in quotes."
        "단위가 없습니다: {number}. 초라면 \"{number}s\", 밀리초라면 \"{number}ms\"처럼 따옴표 안에 쓰세요.";
    "SB1120" not_a_duration(text, wanted)
        "\"{text}\" is not a duration. Write {wanted}."
        "시간이 아닙니다: \"{text}\". 쓸 수 있는 값: {wanted}.";
    "SB1121" not_a_size(text, wanted)
        "\"{text}\" is not a size. Write {wanted}."
        "크기가 아닙니다: \"{text}\". 쓸 수 있는 값: {wanted}.";
    "SB1122" too_little(number, least, most, why)
        "{number} is too little. Write {least} to {most}. {why}"
        "너무 작습니다: {number}. {least}부터 {most}까지 쓸 수 있습니다. {why}";
    "SB1123" too_much(number, least, most, why)
        "{number} is too much. Write {least} to {most}. {why}"
        "너무 큽니다: {number}. {least}부터 {most}까지 쓸 수 있습니다. {why}";
    "SB1124" empty_entry()
        "An entry of the list is empty. Take it out."
        "목록에 빈 항목이 있습니다. 빼세요.";
    "SB1125" entry_of_wrong_kind(found)
        "An entry of the list is {found}. Put every entry in quotes."
        "목록에 문자열이 아닌 항목이 있습니다({found}). 모든 항목을 따옴표로 감싸세요.";
    "SB1126" table_value_of_wrong_kind(found)
        "A value of the table is {found}. Put every value in quotes."
        "표에 문자열이 아닌 값이 있습니다({found}). 모든 값을 따옴표로 감싸세요.";

    "SB1201" named_file_unreadable(file, reason)
        "The file {file} cannot be read: {reason}. Check the path and who may read it."
        "파일을 읽을 수 없습니다: {file}, {reason}. 경로와 읽기 권한을 확인하세요.";
    "SB1202" secret_file_unreadable(reason)
        "The file of the secret cannot be read: {reason}. Check the path (in the configuration file it counts from that file's folder) and who may read it. The secret itself belongs under the key without _file."
        "비밀값이 든 파일을 읽을 수 없습니다: {reason}. 경로(설정 파일에서는 그 파일이 있는 폴더가 기준)와 읽기 권한을 확인하세요. 비밀값 자체는 _file이 붙지 않은 키에 씁니다.";
    "SB1203" secret_file_not_text()
        "The file of the secret is not text. Write the secret as UTF-8."
        "비밀값이 든 파일이 텍스트가 아닙니다. UTF-8로 저장하세요.";
    "SB1204" secret_empty()
        "The secret is empty. Write a secret of at least 16 random characters."
        "비밀값이 비어 있습니다. 임의의 문자 16자 이상을 쓰세요.";
    "SB1205" secret_characters()
        "The secret begins or ends with a blank, or has characters no header can carry. Write printable ASCII characters."
        "비밀값의 앞뒤에 공백이 있거나 헤더로 보낼 수 없는 문자가 있습니다. 영문자, 숫자, 기호만 쓰세요.";
    "SB1206" secret_of_several_lines()
        "The file of the secret holds several lines. Write one secret on one line."
        "비밀값이 든 파일이 여러 줄입니다. 한 줄에 하나만 쓰세요.";
    "SB1207" secret_twice(other)
        "Both this and {other} are given. Keep one of them."
        "이 키와 {other} 키가 함께 있습니다. 하나만 남기세요.";
    "SB1208" no_certificate_in(file)
        "The file {file} holds no certificate. Name a PEM file, one that begins with -----BEGIN."
        "인증서가 없는 파일입니다: {file}. -----BEGIN으로 시작하는 PEM 파일을 지정하세요.";
    "SB1209" no_private_key_in(file)
        "The file {file} holds no private key. Name a PEM file, one that begins with -----BEGIN."
        "개인 키가 없는 파일입니다: {file}. -----BEGIN으로 시작하는 PEM 파일을 지정하세요.";
    "SB1210" secret_without_value()
        "The secret has a header and no value. Set secret.values or secret.values_file."
        "비밀값의 헤더만 있고 값이 없습니다. secret.values나 secret.values_file을 설정하세요.";
    "SB1211" secret_without_header()
        "The secret has values and no header. Set secret.header, such as \"x-skill-secret\"."
        "비밀값만 있고 헤더가 없습니다. secret.header를 \"x-skill-secret\"처럼 설정하세요.";
    "SB1212" secret_in_a_header_of_http(name)
        "HTTP, a proxy or Kakao uses {name} itself, so its value is not the caller's to choose. Take a name of your own, such as \"x-skill-secret\"."
        "HTTP나 프록시, 카카오가 이미 쓰는 헤더라 스킬에서 값을 정할 수 없습니다: {name}. \"x-skill-secret\"처럼 새 이름을 쓰세요.";
    "SB1213" not_a_header_name()
        "This is not the name of a header. Use letters, digits and -."
        "헤더 이름이 아닙니다. 영문자, 숫자, -로 쓰세요.";
    "SB1214" header_characters(name)
        "The value of {name} has characters no header can carry. Use printable ASCII characters."
        "헤더로 보낼 수 없는 문자가 값에 있습니다: {name}. 영문자, 숫자, 기호만 쓰세요.";
    "SB1215" header_of_ours(name)
        "The bridge writes {name} itself, as Kakao did. Take it out."
        "카카오가 그랬듯 브리지가 직접 쓰는 헤더입니다: {name}. 빼세요.";
    "SB1216" header_twice(name)
        "The header {name} is there twice. Names differ in more than case; keep one."
        "같은 헤더가 두 번 있습니다: {name}. 대소문자만 다른 이름은 같은 헤더입니다. 하나만 남기세요.";

    "SB1301" no_bot(variable)
        "There is no bot. Start with --bot http://…, set {variable}, or write url under [bots.default]."
        "봇이 없습니다. --bot http://…로 시작하거나, 환경 변수({variable})를 설정하거나, [bots.default] 아래에 url을 쓰세요.";
    "SB1302" bot_without_url(bot, variable)
        "The bot {bot} has no address. Start with --bot http://…, set {variable}, or write url under [bots.default]."
        "봇 {bot}의 주소가 없습니다. --bot http://…로 시작하거나, 환경 변수({variable})를 설정하거나, [bots.default] 아래에 url을 쓰세요.";
    "SB1303" bot_without_url_in_file(bot)
        "The bot {bot} has no address. Write url = \"http://…\" under [bots.{bot}]."
        "봇 {bot}의 주소가 없습니다. [bots.{bot}] 아래에 url = \"http://…\"를 쓰세요.";
    "SB1304" bot_without_url_in_variables(bot, variable)
        "The bot {bot} has no address. Set {variable} as well."
        "봇 {bot}의 주소가 없습니다. 환경 변수({variable})도 설정하세요.";
    "SB1305" bot_url_with_query()
        "The bot's address has a query (?…), which the calls' paths cannot be added to. Take it out."
        "봇 주소에 물음표로 시작하는 부분이 있어 호출 경로를 뒤에 붙일 수 없습니다. 빼세요.";
    "SB1306" bot_name(name)
        "\"{name}\" cannot be the name of a bot. Use 1 to 64 lower-case letters, digits, - and _."
        "봇 이름으로 쓸 수 없습니다: \"{name}\". 영문 소문자, 숫자, -, _를 1자에서 64자까지 쓰세요.";
    "SB1307" bot_name_twice(lower)
        "There is a bot {lower} too; environment variables can only name that one. Write [bots.{lower}] so that both are one bot."
        "이름이 {lower}인 봇도 있는데, 환경 변수로는 그 봇만 가리킬 수 있습니다. [bots.{lower}]로 써서 하나로 합치세요.";
    "SB1308" bot_name_in_capitals(lower)
        "Names of bots are lower case, as environment variables can name no others. Write [bots.{lower}]."
        "봇 이름은 소문자로 씁니다. 환경 변수로는 소문자 이름만 가리킬 수 있습니다. [bots.{lower}]로 쓰세요.";
    "SB1309" late_before_deadline(late, deadline)
        "The bot would be cut off after {late}, before its deadline. Make late at least as long as the deadline, {deadline}."
        "deadline이 되기도 전에 {late} 만에 봇을 끊게 됩니다. late를 deadline({deadline}) 이상으로 하세요.";
    "SB1310" callback_after_deadline(after, deadline, key)
        "callback.after is {after}, not below the {deadline} of {key}. Make callback.after shorter, by half a second or more, or the deadline longer."
        "callback.after({after})가 {key}({deadline})보다 짧지 않습니다. callback.after를 0.5초 이상 더 짧게 하거나 deadline을 늘리세요.";
    "SB1311" quick_replies_alike(label)
        "Another quick reply of the bridge is \"{label}\" too. Give each its own words."
        "브리지의 다른 바로연결과 이름이 같습니다: \"{label}\". 서로 다르게 쓰세요.";
    "SB1312" message_block_empty(bot)
        "The block of {bot} is empty. Write the block's id."
        "블록 id가 비어 있습니다: {bot}. 블록 id를 쓰세요.";
    "SB1313" message_block_unused(bot)
        "{bot} is not in this bot's openbuilder_ids, so the block is never used. Add it there, or take it out here."
        "이 봇의 openbuilder_ids에 없는 id라서 블록이 쓰이지 않습니다: {bot}. 그곳에 더하거나 여기서 빼세요.";
    "SB1314" first_contact_without_store()
        "Without a store that lasts every user would be announced again after a restart. Put these two lines at the end of the file: [store] and below it path = \"/var/lib/smartchat-bridge\". Or leave the key out; Kakao's channel webhook (channel_key) announces friends too."
        "다시 시작해도 남는 저장소가 없으면 시작할 때마다 모든 사용자를 다시 알리게 됩니다. 파일 끝에 두 줄을 추가하세요: [store] 그리고 그 아래에 path = \"/var/lib/smartchat-bridge\". 아니면 이 키를 빼세요. 카카오 채널 웹훅(channel_key)으로도 친구 추가를 알 수 있습니다.";
    "SB1315" id_of_two_bots(id, there)
        "{id} is also in {there}, so its calls could be either bot's. Take it out of one of them."
        "같은 id가 {there}에도 있어 어느 봇의 호출인지 알 수 없습니다: {id}. 한쪽에서 빼세요.";
    "SB1316" bridge_itself()
        "This is the bridge's own address, so it would ask itself. Write the old bot's address."
        "브리지 자신의 주소라서 스스로에게 묻게 됩니다. 기존 봇의 주소를 쓰세요.";
    "SB1317" tls_without(other, this)
        "There is no {other} to it. Set {other}, or take out {this}."
        "짝이 되는 {other} 키가 없습니다. {other} 키를 설정하거나 {this} 키를 빼세요.";
    "SB1318" one_port_twice(public, admin, port)
        "listen ({public}) and admin.listen ({admin}) cannot both have the port {port}. Give one of them another port."
        "listen({public})과 admin.listen({admin})이 같은 포트({port})를 쓸 수 없습니다. 한쪽의 포트를 바꾸세요.";
    "SB1319" tokens_alike()
        "Whoever reads the metrics could do everything an operator can. Make it another value than admin.token."
        "지표를 읽는 사람이 운영자의 모든 일을 할 수 있게 됩니다. admin.token과 다른 값을 쓰세요.";
    "SB1320" given_up_before_after()
        "The bot would be given up before \"wait\" is answered. Make callback.give_up longer than callback.after."
        "대기 응답을 보내기도 전에 봇을 포기하게 됩니다. callback.give_up을 callback.after보다 길게 하세요.";
    "SB1321" no_callback_origin()
        "No callback would ever be made. Leave the key out for Kakao's own origin."
        "콜백을 보낼 곳이 하나도 없습니다. 키를 지우면 카카오의 주소를 씁니다.";
    "SB1322" origin_with_path(origin)
        "An origin has no path. Write {origin}; the path always begins with /v1/bots/."
        "경로는 쓰지 않습니다. {origin}까지만 쓰세요. 경로는 언제나 /v1/bots/로 시작합니다.";
    "SB1323" not_a_filter(filter)
        "\"{filter}\" is not a filter. Write a level such as info, or target=level divided by commas."
        "로그 필터가 아닙니다: \"{filter}\". info 같은 수준이나, target=수준을 쉼표로 나누어 쓰세요.";
    "SB1324" not_a_host(text)
        "\"{text}\" is not a host name. Write a name without scheme, port and path; a dot before it means its subdomains too."
        "호스트 이름이 아닙니다: \"{text}\". http://, 포트, 경로 없이 이름만 쓰세요. 앞에 점을 찍으면 하위 도메인까지 포함합니다.";
    "SB1325" list_admits_nobody()
        "An empty list admits nobody. Leave the key out to admit everyone."
        "빈 목록은 아무도 허용하지 않습니다. 모두 허용하려면 키를 지우세요.";
    "SB1326" everyone_is_believed()
        "Everyone's X-Forwarded-For would be believed, so every address list could be passed. List the addresses of your own proxies only."
        "모두의 X-Forwarded-For를 믿게 되어 주소 목록이 소용없어집니다. 직접 운영하는 프록시의 주소만 쓰세요.";
    "SB1327" not_a_network(text)
        "\"{text}\" is not an address or network. Write an address or a network such as 219.249.231.40/30."
        "주소나 대역이 아닙니다: \"{text}\". 219.249.231.40/30 같은 주소나 대역을 쓰세요.";
    "SB1328" nobody_calls_from(ip)
        "Nobody can call from {ip}. Take it out of the list."
        "이 주소에서는 호출이 올 수 없습니다: {ip}. 목록에서 빼세요.";
    "SB1329" open_to_everyone(address, bot)
        "Anyone who reaches {address} could speak to this bot as any user. Give it a secret (bots.{bot}.secret.header and .values_file, the same header in OpenBuilder), list addresses in access.allow, listen on 127.0.0.1, or accept that with bots.{bot}.open = true."
        "{address}에 접속할 수 있는 누구나 아무 사용자인 척 이 봇과 말할 수 있습니다. 비밀값을 두거나(bots.{bot}.secret.header와 .values_file, 오픈빌더에도 같은 헤더), access.allow에 주소를 적거나, 127.0.0.1에서만 받거나, 그래도 된다면 bots.{bot}.open = true를 쓰세요.";
    "SB1330" nobody_is_admitted(listen)
        "{listen} hears this machine only, which is not in the list, so nobody is admitted. Behind a proxy on this machine add access.trusted_proxies = [\"127.0.0.1\", \"::1\"]; without one listen on another address."
        "{listen} 주소는 이 컴퓨터에서 온 호출만 받는데 목록에 이 컴퓨터가 없어 아무도 허용되지 않습니다. 이 컴퓨터의 프록시 뒤라면 access.trusted_proxies = [\"127.0.0.1\", \"::1\"]을 더하고, 프록시가 없다면 다른 주소에서 받으세요.";

    "SB1331" store_nowhere()
        "store.path names no folder. Write the path of one, such as /var/lib/smartchat-bridge, or leave the key out."
        "store.path가 비어 있습니다. /var/lib/smartchat-bridge 같은 폴더를 쓰거나 이 키를 빼세요.";

    "SB1332" store_twice(other)
        "store.path and {other} are both written. store.path is for one bridge alone, {other} for several that share Redis or Valkey: leave one of them out."
        "store.path와 {other}를 함께 쓸 수 없습니다. store.path는 브리지 하나일 때, {other}는 여러 브리지가 Redis나 Valkey를 함께 쓸 때의 설정입니다. 하나만 남기세요.";
    "SB1333" store_url()
        "This is no address of Redis or Valkey. Write redis://HOST:PORT, or rediss://USER:PASSWORD@HOST:PORT with TLS and a user."
        "Redis나 Valkey의 주소가 아닙니다. redis://호스트:포트, TLS와 사용자가 있으면 rediss://사용자:암호@호스트:포트로 쓰세요.";
    "SB1334" store_prefix()
        "A prefix has 1 to 64 letters, digits, and any of - _ . : in it."
        "앞머리는 영문자, 숫자와 - _ . : 로 1자에서 64자까지 씁니다.";
    "SB1335" console_with_path(origin)
        "The console has no path of its own. Write {origin}."
        "운영자 화면에는 경로가 없습니다. {origin}까지만 쓰세요.";

    "SB1401" secret_short()
        "The secret is short and could be guessed. Use at least 16 random characters."
        "비밀값이 짧아 알아맞힐 수 있습니다. 임의의 문자 16자 이상을 쓰세요.";
    "SB1402" secret_on_the_command_line(variable)
        "The secret stands on the command line, where everybody on this machine can read it in the list of processes. Set the variable {variable} instead, or write it into a file."
        "비밀값이 명령줄에 있어 이 컴퓨터의 누구나 프로세스 목록에서 볼 수 있습니다. 환경 변수({variable})나 파일에 쓰세요.";
    "SB1403" url_ends_in(call)
        "The address ends in {call}, and the bridge adds /keyboard and /message itself. Write the part before it, unless the bot really lies there."
        "주소 끝에 {call}까지 적혀 있는데 /keyboard와 /message는 브리지가 붙입니다. 봇이 정말 그 아래에 있는 것이 아니라면 그 앞까지만 쓰세요.";
    "SB1404" no_certificate_is_seen()
        "The bot's address is http, so no certificate is seen. Take it out, or use https."
        "봇 주소가 http라서 인증서를 볼 일이 없습니다. 이 키를 빼거나 https를 쓰세요.";
    "SB1405" certificate_not_verified()
        "The bot's certificate is not verified: whoever sits between can read and answer. Name the bot's own authority with ca instead."
        "봇의 인증서를 확인하지 않아 중간에 있는 누구나 읽고 대신 답할 수 있습니다. 대신 ca로 봇의 인증 기관을 지정하세요.";
    "SB1406" grace_short()
        "A stop would cut callbacks that are still waited for. Make it at least as long as callback.give_up."
        "종료할 때 기다리던 콜백이 끊깁니다. callback.give_up 이상으로 하세요.";
    "SB1407" callback_unencrypted()
        "Answers would travel unencrypted. Use https."
        "답변이 암호화되지 않고 전달됩니다. https를 쓰세요.";
    "SB1408" not_at_skill(bot, others)
        "There are several bots, so {bot}{others} is reached at /bots/{bot}/skill only, not at /skill. List the OpenBuilder bot ids that are this bot's, or use that path."
        "봇이 여러 개라서 {bot}{others} 봇은 /skill이 아니라 /bots/{bot}/skill로만 호출할 수 있습니다. 이 봇의 오픈빌더 봇 id를 적거나 그 경로를 쓰세요.";
    "SB1409" open_beyond_this_machine(address, bot)
        "This bot has neither secret nor address list (open = true): whoever reaches {address} can speak to it as any user. That is right only where nobody but this computer reaches it, as with compose.yaml alone. Before anybody else does, set bots.{bot}.secret.header and .values_file."
        "비밀값도 주소 목록도 없이 열려 있습니다(open = true). {address}에 접속할 수 있는 누구나 아무 사용자인 척 이 봇과 말할 수 있습니다. compose.yaml만 쓸 때처럼 이 컴퓨터에서만 접속되는 경우가 아니라면 bots.{bot}.secret.header와 .values_file을 설정하세요.";
    "SB1410" store_shows_no_certificate()
        "The store's address is redis://, so no certificate is seen. Take it out, or use rediss://."
        "저장소 주소가 redis://라서 인증서를 볼 일이 없습니다. 이 키를 빼거나 rediss://를 쓰세요.";

    "SB1501" blocks_catch_words(others)
        "Needed only where your scenario has blocks besides fallback and welcome. Quick replies{others} send their words, and such a block with the same words would catch them. To rule that out, name the fallback block here: { \"bot id\" = \"block id\" }, both from OpenBuilder."
        "시나리오에 폴백과 웰컴 말고 다른 블록을 만들었을 때만 필요합니다. 바로연결{others}을 누르면 글이 전송되므로 같은 말을 쓰는 블록이 가로챌 수 있습니다. 막으려면 오픈빌더의 봇 id와 폴백 블록 id를 { \"봇 id\" = \"블록 id\" }처럼 여기에 쓰세요.";

    "" and_more(count)
        " (and {count} more)"
        "(외 {count}개)";
    "" and_those_of_more(count)
        " (and those of {count} more)"
        "(다른 봇 {count}개 포함)";

    "" wants_address()
        "an IP address and port in quotes, such as \"127.0.0.1:8080\""
        "\"127.0.0.1:8080\" 같은 IP 주소와 포트";
    "" wants_url()
        "a URL in quotes, such as \"http://old-bot:8000\""
        "\"http://old-bot:8000\" 같은 URL";
    "" wants_switch()
        "true or false"
        "true나 false";
    "" wants_count()
        "a whole number"
        "정수";
    "" wants_size()
        "a size, such as \"256KiB\", \"64MB\" or plain bytes"
        "\"256KiB\", \"64MB\"나 바이트 수 같은 크기";
    "" wants_duration()
        "a number and a unit in quotes, such as \"4.5s\", \"500ms\", \"10m\" or \"1h\""
        "\"4.5s\", \"500ms\", \"10m\", \"1h\"처럼 따옴표 안의 숫자와 단위";
    "" wants_text()
        "a text in quotes"
        "따옴표 안의 문자열";
    "" wants_list()
        "a list of texts, such as [\"a\", \"b\"]"
        "[\"a\", \"b\"] 같은 문자열 목록";
    "" wants_table()
        "a table of texts, such as { a = \"b\" }"
        "{ a = \"b\" } 같은 문자열 표";
    "" wants_file()
        "the path of a file in quotes"
        "따옴표 안의 파일 경로";

    "" is_nothing() "nothing" "값 없음";
    "" is_switch() "true or false" "true나 false";
    "" is_number() "a number" "숫자";
    "" is_fraction() "a fraction" "소수";
    "" is_text() "a text" "문자열";
    "" is_table() "a table" "표";
    "" is_list() "a list" "목록";

    "" no_such_file() "there is no such file" "그런 파일이 없습니다";
    "" no_permission() "no permission (a container reads as user 65532: chmod 644)" "권한이 없습니다(컨테이너는 사용자 65532로 읽으므로 chmod 644)";
    "" not_a_regular_file() "it is no regular file" "일반 파일이 아닙니다";
    "" as_the_system_says(error) "{error}" "{error}";
    "" larger_than(bytes) "it is larger than {bytes} bytes" "{bytes}바이트보다 큽니다";

    "" url_empty_host() "empty host" "호스트가 비어 있습니다";
    "" url_bad_port() "invalid port number" "포트가 올바르지 않습니다";
    "" url_bad_host() "invalid host" "호스트가 올바르지 않습니다";

    "" origin_default() "default" "기본값";
    "" origin_file(file) "{file}" "{file}";
    "" origin_line(file, line) "{file}, line {line}" "{file} {line}번째 줄";
    "" origin_variable(name) "variable {name}" "환경 변수 {name}";
    "" origin_flag(name) "flag {name}" "플래그 {name}";

    "" problem_count(count) "{count} problems." "문제 {count}개.";
    "" one_problem() "1 problem." "문제 1개.";
}
