//! The answers of an old bot that is asked for its home keyboard, and their meaning for its messages.
//!
//! `SB30` good or good enough, `SB31` a bot that would not answer messages either, `SB32` a bot that cannot be reached.

use super::messages;

messages! {
    "SB3001" buttons(url, count)
        "GET {url} answers with status 200 and {count} buttons."
        "GET {url} 응답 200, 버튼 {count}개.";
    "SB3002" free_typing(url)
        "GET {url} answers with status 200: free typing."
        "GET {url} 응답 200, 자유 입력.";
    "SB3003" no_home_keyboard(url, status)
        "GET {url} answers with status {status}: the bot has no home keyboard, so its users type freely at the start. Messages may work all the same."
        "GET {url} 응답 {status}: 봇에 홈 키보드가 없어 처음에는 자유 입력이 됩니다. 메시지는 될 수 있습니다.";
    "SB3004" home_differs(codes)
        "The home keyboard is not quite as the old platform wanted it and is read all the same: {codes}. docs/differences.md says what each means."
        "홈 키보드가 옛 플랫폼의 형식과 조금 다르지만 읽을 수 있습니다: {codes}. 뜻은 docs/differences.ko.md에 있습니다.";
    "SB3005" no_such_path(url, status)
        "GET {url} answers with status {status}: nothing is at that path. The path in the bot's url may be wrong: compare it with the address that Kakao once had. If it is right, the bot has no home keyboard: its users type freely at the start, and messages work all the same."
        "GET {url} 응답 {status}: 이 경로에는 아무것도 없습니다. 봇 url의 경로가 틀렸을 수 있으니 예전에 카카오에 등록했던 주소와 비교하세요. 경로가 맞다면 홈 키보드가 없는 봇입니다. 처음에는 자유 입력이 되고 메시지는 그대로 됩니다.";

    "SB3101" redirects_to_https(url, status, location, message, there, better)
        "GET {url} gets {status} → {location}, so POST {message} will get {status} → {there}. A message is never sent on to another address: every message will fail. Write url = \"{better}\"."
        "GET {url} 응답 {status} → {location}. POST {message} 역시 {status} → {there} 응답을 받게 됩니다. 메시지는 다른 주소로 옮겨 보내지 않으므로 모든 메시지가 실패합니다. url = \"{better}\"로 쓰세요.";
    "SB3102" redirects_to_a_folder(url, status, location, message, there)
        "GET {url} gets {status} → {location}, so POST {message} will get {status} → {there}. A message is never sent on to another address: every message will fail. Apache does that where keyboard and message are folders. Put these lines into the file .htaccess of the folder that holds both:\n    DirectorySlash Off\n    RewriteEngine On\n    RewriteRule ^(keyboard|message|friend)$ $1/index.php [L]\n    RewriteCond %{REQUEST_FILENAME} -d\n    RewriteRule ^(.*[^/])$ %{REQUEST_URI}/ [R=301,L]\nIf nothing changes, look whether all five lines are there and the file lies beside the two folders. If so, Apache does not read it: switch on its module (a2enmod rewrite), write AllowOverride All for that folder, and restart Apache."
        "GET {url} 응답 {status} → {location}. POST {message} 역시 {status} → {there} 응답을 받게 됩니다. 메시지는 다른 주소로 옮겨 보내지 않으므로 모든 메시지가 실패합니다. keyboard와 message가 폴더이면 Apache가 이렇게 합니다. 두 폴더가 들어 있는 폴더의 .htaccess 파일에 다음을 그대로 넣으세요:\n    DirectorySlash Off\n    RewriteEngine On\n    RewriteRule ^(keyboard|message|friend)$ $1/index.php [L]\n    RewriteCond %{REQUEST_FILENAME} -d\n    RewriteRule ^(.*[^/])$ %{REQUEST_URI}/ [R=301,L]\n넣어도 달라지지 않으면 다섯 줄이 모두 있는지, 파일이 두 폴더와 나란히 있는지 보세요. 그래도 같으면 Apache가 그 파일을 읽지 않는 것입니다. 모듈을 켜고(a2enmod rewrite), 그 폴더에 AllowOverride All을 쓰고, Apache를 다시 시작하세요.";
    "SB3103" redirects_to_another_address(url, status, location, message, there, better)
        "GET {url} gets {status} → {location}, so POST {message} will get {status} → {there}. A message is never sent on to another address: every message will fail. Write url = \"{better}\", if that is your bot."
        "GET {url} 응답 {status} → {location}. POST {message} 역시 {status} → {there} 응답을 받게 됩니다. 메시지는 다른 주소로 옮겨 보내지 않으므로 모든 메시지가 실패합니다. 그곳이 내 봇이라면 url = \"{better}\"로 쓰세요.";
    "SB3104" redirects_elsewhere(url, status, location, message)
        "GET {url} gets {status} → {location}. If POST {message} gets {status} too, every message will fail, for a message is never sent on to another address. Look at the path in the bot's url: a login page or another site's page lies there."
        "GET {url} 응답 {status} → {location}. POST {message} 역시 {status} 응답을 받는다면, 메시지는 다른 주소로 옮겨 보내지 않으므로 모든 메시지가 실패합니다. 봇 url의 경로를 확인하세요. 로그인 화면이나 다른 사이트의 주소일 수 있습니다.";
    "SB3105" redirects_nowhere(url, status)
        "GET {url} answers with status {status} and says not where to. If POST answers the same, every message will fail. Look at the bot's own log."
        "GET {url} 응답 {status}, 옮겨 갈 주소가 없습니다. POST 응답도 같다면 모든 메시지가 실패합니다. 봇의 로그를 확인하세요.";
    "SB3106" not_admitted(url, status)
        "GET {url} answers with status {status}: the bot does not admit this machine. Many old bots admit only Kakao's old addresses: let them admit this machine's, or send the header they want with `headers`."
        "GET {url} 응답 {status}: 봇이 이 컴퓨터를 받아 주지 않습니다. 카카오의 옛 IP만 받는 봇이 많습니다. 봇에서 이 컴퓨터의 주소를 허용하거나, 봇이 원하는 헤더를 `headers`로 보내세요.";
    "SB3107" bad_status(url, status)
        "GET {url} answers with status {status}; a home keyboard has 200. Look at the log of the bot and of its web server. Under Apache a 500 also comes from a .htaccess with a mistake in it, or with lines of a module that is off (a2enmod rewrite)."
        "GET {url} 응답 {status}. 홈 키보드의 응답은 200이어야 합니다. 봇과 웹 서버의 로그를 확인하세요. Apache라면 .htaccess에 오타가 있거나 그 파일이 쓰는 모듈이 꺼져 있을 때도(a2enmod rewrite) 500이 나옵니다.";
    "SB3108" not_a_keyboard(url, reason)
        "GET {url} gives no keyboard: {reason}. Look whether the path in the bot's url leads to the bot, and not to another page of the same server."
        "GET {url} 응답이 키보드가 아닙니다: {reason}. 봇 url의 경로가 같은 서버의 다른 화면이 아니라 봇을 가리키는지 확인하세요.";
    "SB3109" speaks_tls(url)
        "{url} is http, and TLS is spoken there. Write https:// in the bot's url, or its http port."
        "{url} 주소는 http인데 서버는 TLS를 씁니다. 봇의 url에 https://를 쓰거나 http 포트를 쓰세요.";
    "SB3110" php_fails(url)
        "GET {url} gives no keyboard but an error message of PHP: the bot itself fails. `curl {url}` shows the message. Many old bots want the PHP version they were written for."
        "GET {url} 응답이 키보드가 아니라 PHP 오류 메시지입니다. 봇 자체의 오류입니다. `curl {url}`로 내용을 확인하고 고치세요. 오래된 봇은 만들 때 쓰던 PHP 버전이 필요할 때가 많습니다.";
    "SB3111" url_has_the_call(url, status, call, better)
        "GET {url} answers with status {status}. The bot's url ends in {call}, and the bridge adds /keyboard and /message itself: every message will fail. Write url = \"{better}\"."
        "GET {url} 응답 {status}. 봇 url에 {call}까지 적혀 있습니다. /keyboard와 /message는 브리지가 붙이므로 이대로는 모든 메시지가 실패합니다. url = \"{better}\"라고 쓰세요.";
    "SB3112" calls_are_scripts()
        "Where the bot's files are called keyboard.php and message.php, put these lines into the file .htaccess of their folder (Apache with mod_rewrite and AllowOverride All):\n    RewriteEngine On\n    RewriteRule ^(keyboard|message|friend)$ $1.php [L]\nIf nothing changes, look whether the file lies beside the scripts, whether the module is on (a2enmod rewrite), and whether AllowOverride All is written for that folder; then restart Apache."
        "봇의 파일 이름이 keyboard.php, message.php라면 그 폴더의 .htaccess 파일에 다음을 그대로 넣으세요(Apache의 mod_rewrite와 AllowOverride All이 필요):\n    RewriteEngine On\n    RewriteRule ^(keyboard|message|friend)$ $1.php [L]\n넣어도 달라지지 않으면 파일이 keyboard.php와 나란히 있는지, 모듈이 켜져 있는지(a2enmod rewrite), 그 폴더에 AllowOverride All이 있는지 보고 Apache를 다시 시작하세요.";

    "SB3201" speaks_no_tls(url)
        "{url} is https, and no TLS is spoken there. Write http:// in the bot's url, or its https port."
        "{url} 주소는 https인데 서버는 TLS를 쓰지 않습니다. 봇의 url에 http://를 쓰거나 https 포트를 쓰세요.";
    "SB3202" tls_too_old(url)
        "{url} and the bridge agree on no TLS version: the bot's server is older than TLS 1.2, or has none of today's ciphers. Renew it, put nginx before it, or use http where the bot stands in your own network."
        "{url} 서버와 TLS 버전이 맞지 않습니다. 서버가 TLS 1.2를 지원하지 않거나 지금 쓰는 암호화 방식이 없습니다. 서버를 새 버전으로 바꾸거나, 앞에 nginx를 두거나, 내부망의 봇이라면 http를 쓰세요.";
    "SB3203" tls_fails(url, error)
        "The TLS handshake with {url} fails: {error}. Try `openssl s_client -connect HOST:PORT` to see what the bot's server says."
        "{url} 서버와 TLS 연결을 맺지 못했습니다: {error}. `openssl s_client -connect 호스트:포트`로 서버가 무엇을 보내는지 확인하세요.";
    "SB3204" certificate_expired(url)
        "The certificate of {url} has expired. Renew it at the bot; until then insecure = true accepts it, and whoever sits between can read and answer."
        "{url} 인증서의 기간이 지났습니다. 봇에서 인증서를 갱신하세요. 그때까지는 insecure = true로 쓸 수 있지만 중간에 있는 누구나 읽고 대신 답할 수 있습니다.";
    "SB3205" certificate_of_another_name(url)
        "The certificate of {url} is for another name. Write in the bot's url the name that stands in the certificate; where that name leads elsewhere, `connect` says which address to use."
        "{url} 인증서의 이름이 다릅니다. 봇의 url에 인증서에 적힌 이름을 쓰세요. 그 이름이 다른 곳을 가리킨다면 `connect`로 접속할 주소를 정할 수 있습니다.";
    "SB3206" certificate_of_nobody_known(url)
        "The certificate of {url} is signed by nobody who is known: a private authority, itself, or the server leaves out the certificates between. Name the authority's PEM file with `ca`, or have the server send its whole chain."
        "{url} 인증서를 서명한 기관을 알 수 없습니다. 사설 인증 기관이거나, 스스로 서명했거나, 서버가 중간 인증서를 보내지 않습니다. `ca`에 인증 기관의 PEM 파일을 지정하거나 서버가 인증서 체인 전체를 보내게 하세요.";
    "SB3207" certificate_refused(url, error)
        "The certificate of {url} is not trusted: {error}. Name the authority's PEM file with `ca`, or renew the certificate at the bot."
        "{url} 인증서를 믿을 수 없습니다: {error}. `ca`에 인증 기관의 PEM 파일을 지정하거나 봇에서 인증서를 갱신하세요.";
    "SB3208" name_unknown(url)
        "The name in {url} has no address. Look for a typing error. In containers a bot is reached by the name of its service, one on the same computer by host.docker.internal (docker run on Linux needs --add-host host.docker.internal:host-gateway for it)."
        "{url}의 이름을 찾을 수 없습니다. 오타가 없는지 확인하세요. 컨테이너에서는 봇의 서비스 이름을, 같은 컴퓨터의 봇이라면 host.docker.internal을 씁니다(리눅스의 docker run에는 --add-host host.docker.internal:host-gateway가 필요).";
    "SB3209" nobody_listens(url, port)
        "Nothing listens at {url} (port {port}). Is the bot running, and is the port right? If the bridge runs in a container: 127.0.0.1 is the container itself there, so write host.docker.internal for a bot on the same computer, and the name of its service for one in another container."
        "{url} 주소(포트 {port})에서 받는 프로그램이 없습니다. 봇이 실행 중인지, 포트가 맞는지 확인하세요. 브리지를 컨테이너로 실행했다면 127.0.0.1은 컨테이너 자신입니다. 같은 컴퓨터의 봇은 host.docker.internal로, 다른 컨테이너의 봇은 서비스 이름으로 접속하세요.";
    "SB3210" unreachable(url, error)
        "{url} cannot be reached: {error}. Look at the network and the firewall between here and the bot."
        "{url} 주소에 접속할 수 없습니다: {error}. 봇까지의 네트워크와 방화벽을 확인하세요.";
    "SB3211" silent(url, seconds)
        "GET {url} is not answered within {seconds} s. The old platform waited no longer either: look whether the bot is busy (php -S answers one call at a time), or a firewall swallows the connection."
        "GET {url} 응답이 {seconds}초 안에 오지 않았습니다. 옛 플랫폼도 더 기다리지 않았습니다. 봇이 바쁜지(php -S는 한 번에 하나씩만 처리합니다), 방화벽이 연결을 막는지 확인하세요.";
    "SB3212" hangs_up(url)
        "The connection to {url} is closed without an answer. Look at the bot's own log."
        "{url} 연결이 응답 없이 끊겼습니다. 봇의 로그를 확인하세요.";
    "SB3213" not_http(url)
        "What answers at {url} is not HTTP. Look whether the port is the bot's."
        "{url} 응답이 HTTP가 아닙니다. 봇의 포트가 맞는지 확인하세요.";
    "SB3214" not_to_be_asked(problem)
        "The bot cannot be asked: {problem}"
        "봇에 물어볼 수 없습니다: {problem}";

    "SB3215" refuses(url, port)
        "{url} (port {port}) refuses the connection. Is the bot running, and is the port right? A bot that listens on 127.0.0.1 is reached from its own computer only, and from no container: open it at 0.0.0.0, such as php -S 0.0.0.0:8765. On the bot's computer `ss -ltn` shows where it listens."
        "{url} 주소(포트 {port})가 연결을 받지 않습니다. 봇이 실행 중인지, 포트가 맞는지 확인하세요. 127.0.0.1로 열린 봇에는 그 컴퓨터 안에서만 접속할 수 있고 컨테이너에서는 접속할 수 없습니다. php -S 0.0.0.0:8765처럼 0.0.0.0으로 여세요. 봇이 있는 컴퓨터에서 `ss -ltn`을 실행하면 어느 주소로 열려 있는지 보입니다.";
    "SB3216" tls_hangs_up(url)
        "{url} is https, and the server hangs up during the TLS handshake. It may speak no TLS, as php -S does: try http:// in the bot's url."
        "{url} 주소는 https인데 TLS 연결 도중에 서버가 끊었습니다. php -S처럼 TLS를 쓰지 않는 서버일 수 있습니다. 봇의 url에 http://를 써 보세요.";
    "SB3217" certificate_of_an_authority(url)
        "The certificate of {url} is that of an authority (CA:TRUE), which a server may not show as its own; `ca` cannot change that. Make one for the server: openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -keyout key.pem -out cert.pem -subj \"/CN=HOST\" -addext \"subjectAltName=DNS:HOST\" -addext \"basicConstraints=critical,CA:FALSE\", and name cert.pem with `ca`."
        "{url} 인증서는 인증 기관용(CA:TRUE)이라 서버가 자기 것으로 내보일 수 없습니다. `ca`를 써도 마찬가지입니다. 서버용 인증서를 만드세요: openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -keyout key.pem -out cert.pem -subj \"/CN=호스트\" -addext \"subjectAltName=DNS:호스트\" -addext \"basicConstraints=critical,CA:FALSE\". 그리고 cert.pem을 `ca`에 지정하세요.";

    "SB3301" store_version(version)
        "The shared store is Redis {version}. The bridge wants Redis 7 or later, or Valkey."
        "공유 저장소가 Redis {version}입니다. Redis 7 이상이나 Valkey가 있어야 합니다.";
    "SB3302" store_evicts(policy)
        "The shared store throws keys away when its memory is full (maxmemory-policy {policy}): a conversation, a lease or a promise would be gone. Set maxmemory-policy noeviction, and give the bridge a Redis of its own where another program wants the cache."
        "공유 저장소가 메모리가 차면 키를 버립니다(maxmemory-policy {policy}). 대화, 순번, 약속한 콜백이 사라질 수 있습니다. maxmemory-policy noeviction으로 하고, 캐시로 쓰는 프로그램이 있으면 브리지에 Redis를 따로 두세요.";
    "SB3303" store_in_memory()
        "The shared store keeps nothing on its disk as it goes (appendonly no): when it is restarted, what no bridge remembers is lost. Set appendonly yes."
        "공유 저장소가 변경을 디스크에 남기지 않습니다(appendonly no). 다시 시작하면 브리지가 기억하지 못하는 것은 사라집니다. appendonly yes로 하세요.";
    "SB3304" store_unreachable(reason)
        "The shared store cannot be reached from here: {reason}. The bridge would start and serve, each process for itself, until it can."
        "여기에서 공유 저장소에 연결할 수 없습니다: {reason}. 연결될 때까지 브리지는 각자 따로 동작합니다.";
    "SB3305" store_denies(reason)
        "The shared store refuses what the bridge does: {reason}. The user in store.url needs the keys and channels of store.prefix: ACL SETUSER bridge on >PASSWORD ~PREFIX:* &PREFIX:* +@all -@dangerous +info"
        "공유 저장소가 브리지의 명령을 거절합니다: {reason}. store.url의 사용자에게 store.prefix의 키와 채널 권한이 있어야 합니다: ACL SETUSER bridge on >암호 ~PREFIX:* &PREFIX:* +@all -@dangerous +info";
    "SB3306" store_is_replica()
        "The shared store is a replica and takes no writes. Write the address of the master."
        "공유 저장소가 복제본이라 쓸 수 없습니다. 마스터의 주소를 쓰세요.";
    "SB3307" store_tells_nothing(reason)
        "The shared store does not tell its settings ({reason}): its version, maxmemory-policy and persistence were not looked at. The right to INFO is enough."
        "공유 저장소가 설정을 알려 주지 않아({reason}) 버전, maxmemory-policy, 디스크 저장 여부를 확인하지 못했습니다. INFO 권한이면 됩니다.";
    "SB3308" store_unfit()
        "The shared store is not fit: see above."
        "공유 저장소를 그대로 쓸 수 없습니다. 위를 보세요.";
    "SB3309" store_distrusted(reason)
        "The shared store's certificate is not trusted: {reason}. Where a CA of your own has signed it, name its PEM file with store.ca; the name in store.url must be one that the certificate has."
        "공유 저장소의 인증서를 믿을 수 없습니다: {reason}. 사설 인증 기관이 서명했다면 store.ca에 그 PEM 파일을 적고, store.url의 호스트 이름이 인증서에 있는지 확인하세요.";
    "SB3310" store_clock(seconds)
        "The clock of this machine and that of the shared store are {seconds} s apart. Turns go one at a time all the same; keyboards and late answers last that much longer or shorter than ten minutes. Set both by NTP."
        "이 컴퓨터와 공유 저장소의 시계가 {seconds}초 다릅니다. 순서는 지켜지지만 키보드와 늦은 답의 유효 시간 10분이 그만큼 길거나 짧아집니다. 둘 다 NTP로 맞추세요.";

    "" of_bot(bot, finding) "{bot}: {finding}" "{bot}: {finding}";
    "" body_empty() "the body is empty (a PHP bot whose file is saved as EUC-KR/CP949 answers so: save it as UTF-8)" "내용이 비어 있습니다(PHP 파일이 EUC-KR/CP949로 저장되어 있으면 이렇게 됩니다. UTF-8로 저장하세요)";
    "" body_not_json(at) "the body is not JSON (byte {at} of it cannot be read)" "JSON이 아닙니다({at}번째 바이트를 읽을 수 없음)";
    "" body_html() "the body is an HTML page" "HTML 페이지입니다";
    "" body_not_an_object() "the body is JSON, but not an object" "JSON이지만 객체가 아닙니다";
    "" body_foreign() "the body is a JSON object, but has nothing of a keyboard in it" "JSON 객체이지만 키보드가 없습니다";
    "" body_beyond_bounds() "the body is larger or deeper than any keyboard" "키보드라기에는 너무 크거나 깊습니다";
}
