//! What `check` finds of an old bot: what was seen, what users will read, and the remedy.
//!
//! `SB50` good, or good to know; `SB51` messages that users lose something of; `SB52` how the bot speaks HTTP; `SB53`
//! the calls of the life cycle; `SB54` hints.

use super::messages;

messages! {
    "SB5001" replied(call, content, millis)
        "{call} is answered after {millis} ms with {content}."
        "{call} 응답 {millis}ms: {content}.";
    "SB5003" redirect_followed(url, location)
        "GET {url} is redirected to {location}. The bridge follows that once on the same server; messages are not redirected."
        "GET {url} 호출이 {location} 주소로 옮겨집니다. 같은 서버이므로 브리지가 한 번 따라가고, 메시지는 옮겨지지 않습니다.";
    "SB5004" no_home_keyboard(url)
        "The bot has no home keyboard at {url}."
        "{url} 주소에 홈 키보드가 없습니다.";
    "SB5005" keyboard_slow(url, millis)
        "GET {url} takes {millis} ms; a user who enters the room waits at most 1 s for it."
        "GET {url} 응답에 {millis}ms가 걸립니다. 채팅방에 들어온 사용자는 1초까지만 기다립니다.";
    "SB5006" medium_taken_for_words(call)
        "{call}: the bot takes the address of the photo for words, and repeats it."
        "{call}: 봇이 사진 주소를 글로 여기고 그대로 되풀이합니다.";
    "SB5007" emoticon_codes(code)
        "The bot writes emoticons as codes such as {code}."
        "봇이 이모티콘을 {code} 같은 코드로 적습니다.";

    "SB5101" message_redirected(call, status, location)
        "{call} is answered with status {status} → {location}. A message is never sent on to another address."
        "{call} 응답 {status} → {location}. 메시지는 다른 주소로 옮겨 보내지 않습니다.";
    "SB5102" message_not_admitted(call, status)
        "{call} is answered with status {status}: the bot does not admit this message."
        "{call} 응답 {status}: 봇이 이 메시지를 받아 주지 않습니다.";
    "SB5103" message_path_missing(call, status)
        "{call} is answered with status {status}: nothing is at that path."
        "{call} 응답 {status}: 이 경로에는 아무것도 없습니다.";
    "SB5104" message_method_refused(call, status)
        "{call} is answered with status {status}: that path takes no POST."
        "{call} 응답 {status}: 이 경로는 POST를 받지 않습니다.";
    "SB5105" message_refused(call, status)
        "{call} is answered with status {status}; a reply has 200."
        "{call} 응답 {status}. 답변은 상태가 200이어야 합니다.";
    "SB5106" message_fails(call, status)
        "{call} is answered with status {status}: the bot itself fails."
        "{call} 응답 {status}: 봇 자체의 오류입니다.";
    "SB5107" message_empty(call)
        "{call} is answered with an empty body."
        "{call} 응답의 내용이 비어 있습니다.";
    "SB5108" message_is_a_page(call)
        "{call} is answered with an HTML page instead of JSON."
        "{call} 응답이 JSON이 아니라 HTML 페이지입니다.";
    "SB5109" message_is_an_error_of_php(call)
        "{call} is answered with an error message of PHP instead of JSON."
        "{call} 응답이 JSON이 아니라 PHP 오류 메시지입니다.";
    "SB5110" message_not_json(call, at)
        "{call} is answered with words that are not JSON (byte {at} cannot be read)."
        "{call} 응답이 JSON이 아닙니다({at}번째 바이트를 읽을 수 없음).";
    "SB5111" message_no_reply(call)
        "{call} is answered with JSON that has nothing of a reply in it."
        "{call} 응답은 JSON이지만 답변이 들어 있지 않습니다.";
    "SB5112" message_beyond_bounds(call)
        "{call} is answered with more than a reply may hold (1 MB, 64 levels)."
        "{call} 응답이 한도(1MB, 64단계)를 넘습니다.";
    "SB5113" message_cut(call)
        "{call}: the connection is closed before the answer is complete."
        "{call}: 응답이 끝나기 전에 연결이 끊깁니다.";
    "SB5114" message_unanswered(call, seconds)
        "{call} is not answered within {seconds} s."
        "{call} 응답이 {seconds}초 안에 오지 않습니다.";
    "SB5115" message_late(call, seconds)
        "{call} is answered only after {seconds} s; OpenBuilder waits 5 s."
        "{call} 응답에 {seconds}초가 걸립니다. 오픈빌더는 5초만 기다립니다.";
    "SB5116" message_not_http(call)
        "{call} is answered with something that is not HTTP."
        "{call} 응답이 HTTP가 아닙니다.";
    "SB5117" message_unreachable(call, error)
        "{call} does not get through: {error}"
        "{call} 연결 실패: {error}";
    "SB5118" host_refused(call, status)
        "{call} is answered with status {status}: the bot does not know the host name in its own address."
        "{call} 응답 {status}: 봇이 자기 주소의 호스트 이름을 받아 주지 않습니다.";

    "SB5201" one_call_a_connection(version)
        "The bot closes each connection ({version}): every message takes a new one."
        "봇이 연결을 매번 닫습니다({version}). 메시지마다 연결을 새로 맺습니다.";
    "SB5202" apache()
        "The bot runs under Apache, which may keep a worker for every open connection; so the bridge keeps none open."
        "봇이 Apache에서 실행됩니다. 열린 연결마다 프로세스를 잡아 둘 수 있으므로 브리지가 연결을 열어 두지 않습니다.";
    "SB5203" other_type(call, kind)
        "{call}: the JSON is sent as {kind}."
        "{call}: JSON인데 {kind} 형식으로 보냅니다.";
    "SB5204" no_type(call)
        "{call}: the JSON is sent without a Content-Type."
        "{call}: JSON을 Content-Type 없이 보냅니다.";
    "SB5205" other_charset(call, charset)
        "{call}: the header says {charset}, and JSON is UTF-8."
        "{call}: 헤더에 {charset}로 적혀 있습니다. JSON은 UTF-8입니다.";
    "SB5206" says_encoded(call, encoding)
        "{call}: the header says the body is encoded as {encoding}, which nobody asked for."
        "{call}: 요청하지 않은 {encoding} 인코딩이라고 헤더에 적혀 있습니다.";
    "SB5207" sets_cookies(call)
        "{call} sets a cookie. The old platform never sent one back, and neither does the bridge."
        "{call} 응답이 쿠키를 설정합니다. 옛 플랫폼도 브리지도 쿠키를 돌려보내지 않습니다.";

    "SB5208" leading_space(call)
        "{call}: white space stands before the JSON."
        "{call}: JSON 앞에 공백이나 빈 줄이 있습니다.";

    "SB5301" event_unknown(call, status)
        "{call} is answered with status {status}: the bot does not take such events. Half of the old bots do not."
        "{call} 응답 {status}: 봇이 이런 이벤트를 받지 않습니다. 옛 봇의 절반이 그렇습니다.";
    "SB5302" event_unanswered(call, seconds)
        "{call} is not answered within {seconds} s."
        "{call} 응답이 {seconds}초 안에 오지 않습니다.";
    "SB5303" event_cut(call)
        "{call}: the connection is closed without an answer."
        "{call}: 응답 없이 연결이 끊깁니다.";

    "SB5401" keyboard_elsewhere(better)
        "A keyboard is at {better}/keyboard: the path in the bot's url is probably wrong."
        "{better}/keyboard 주소에 키보드가 있습니다. 봇 url의 경로가 틀린 것 같습니다.";

    "" difference(words) "{words}" "{words}";
    "" call_of(method, url) "{method} {url}" "{method} {url}";
    "" call_with(method, url, what) "{method} {url} ({what})" "{method} {url} ({what})";
    "" given_words() "your words" "입력한 말";
    "" first_button() "the first button" "첫 버튼";
    "" unknown_words() "words the bot does not know" "봇이 모르는 말";
    "" a_photo() "a photo" "사진";
    "" joined(one, other) "{one}, {other}" "{one}, {other}";

    "" users_same() "Users read it as before." "사용자에게는 그대로 보입니다.";
    "" users_nothing_lost() "Users do not notice." "사용자는 알지 못합니다.";
    "" users_read_instead(choose, no_reply) "Users read \"{choose}\" instead of a reply, and \"{no_reply}\" where there is no keyboard either." "사용자는 답변 대신 \"{choose}\"라는 말을 봅니다. 키보드도 없으면 \"{no_reply}\"입니다.";
    "" users_read(words) "Users read \"{words}\" instead of a reply." "사용자는 답변 대신 \"{words}\"라는 말을 봅니다.";
    "" users_type_freely() "Users type freely at the start." "처음에는 사용자가 자유롭게 입력합니다.";
    "" users_wait() "Users read that an answer is coming, and press a button to see it." "사용자는 기다려 달라는 말을 먼저 보고, 버튼을 눌러 답을 봅니다.";
    "" users_wait_in_vain() "Users read that an answer is coming, and it never does." "사용자는 기다려 달라는 말을 보지만 답은 오지 않습니다.";
    "" users_pages() "Users see ten buttons at a time and turn pages." "사용자는 버튼을 열 개씩 보며 페이지를 넘깁니다.";
    "" users_short_labels() "Users see a shortened name; pressing it says the whole one." "사용자에게는 줄인 이름이 보이고, 누르면 전체가 전달됩니다.";
    "" users_bubbles() "Users read it in several bubbles." "사용자는 여러 말풍선으로 나누어 봅니다.";
    "" users_press_for_the_rest() "Users press a button to read the rest." "사용자는 버튼을 눌러 나머지를 봅니다.";
    "" users_lose_the_rest() "Users do not see the rest." "사용자는 나머지를 볼 수 없습니다.";
    "" users_lose_a_part() "Users may miss a part of the reply." "사용자는 답변의 일부를 보지 못할 수 있습니다.";
    "" users_read_an_address() "Users read an address instead of a picture." "사용자는 사진 대신 주소를 봅니다.";
    "" users_cannot_open() "Users cannot open it." "사용자는 열 수 없습니다.";
    "" users_see_signs() "Users read � in place of letters." "글자 대신 �가 보입니다.";
    "" users_see_codes() "Users read the code as it stands; whether KakaoTalk draws it is not documented." "코드가 그대로 전달됩니다. 카카오톡이 그림으로 바꾸는지는 문서에 없습니다.";
    "" users_reply_fits_not() "Users get an answer that does not fit a photo." "사진에 어울리지 않는 답이 나옵니다.";

    "" mend_none() "Nothing needs to be done." "고칠 것은 없습니다.";
    "" mend_json(how) "Let a library write the JSON: {how}" "JSON은 라이브러리로 만드세요: {how}";
    "" mend_form(how) "Write the documented form: {how}" "문서에 있는 형식으로 쓰세요: {how}";
    "" mend_utf8(how) "Answer in UTF-8: {how}" "UTF-8로 답하세요: {how}";
    "" mend_bom() "Save every file of the bot as UTF-8 without a byte order mark." "봇의 모든 파일을 BOM 없는 UTF-8로 저장하세요.";
    "" mend_space_php() "Remove blank lines before <?php and behind ?> in every file of the bot." "봇의 모든 파일에서 <?php 앞과 ?> 뒤의 빈 줄을 지우세요.";
    "" mend_space() "Send nothing before and behind the JSON." "JSON 앞뒤에 아무것도 보내지 마세요.";
    "" mend_warnings() "Write display_errors = Off in php.ini (or ini_set('display_errors', '0')), and mend what the warning names; error_log has it." "php.ini에 display_errors = Off를 쓰고(또는 ini_set('display_errors', '0')) 경고가 가리키는 곳을 고치세요. 경고는 error_log에 남습니다.";
    "" mend_gzip(how) "Do not compress what nobody asked for: {how}" "요청하지 않은 압축을 끄세요: {how}";
    "" mend_length() "Content-Length counts bytes, not letters: let the server count it." "Content-Length는 글자 수가 아니라 바이트 수입니다. 서버가 계산하게 하세요.";
    "" mend_type(how) "Say what it is: {how}" "형식을 알려 주세요: {how}";
    "" mend_shorter() "Answer with less." "답을 줄이세요.";
    "" mend_pages() "overflow = \"carousel\" shows cards instead of pages." "overflow = \"carousel\"로 페이지 대신 카드를 쓸 수 있습니다.";
    "" mend_public_url() "Set public_url to the address by which users reach the bot." "사용자가 봇에 접속할 수 있는 주소를 public_url에 쓰세요.";
    "" mend_photo() "Give the http or https address of a JPEG or PNG." "JPEG이나 PNG의 http 또는 https 주소를 쓰세요.";
    "" mend_link_label() "Give the link a label." "링크에 이름을 붙이세요.";
    "" mend_empty_label() "Leave empty labels out." "빈 버튼 이름을 빼세요.";
    "" mend_text() "Give every message a text." "모든 답에 글을 넣으세요.";
    "" mend_fault(place) "Look at the bot's error: {place}." "봇의 오류를 확인하세요: {place}.";
    "" mend_default(how) "Answer what the bot does not know as well: {how}" "봇이 모르는 말에도 답하세요: {how}";
    "" mend_url(better) "Write url = \"{better}\" for the bot." "봇의 url을 \"{better}\"로 쓰세요.";
    "" mend_folder()
        "Apache does that where message is a folder. Put these lines into the file .htaccess of the folder that holds it:\n    DirectorySlash Off\n    RewriteEngine On\n    RewriteRule ^(keyboard|message|friend)$ $1/index.php [L]\n    RewriteCond %{REQUEST_FILENAME} -d\n    RewriteRule ^(.*[^/])$ %{REQUEST_URI}/ [R=301,L]"
        "message가 폴더이면 Apache가 이렇게 합니다. 그 폴더가 들어 있는 폴더의 .htaccess 파일에 다음을 그대로 넣으세요:\n    DirectorySlash Off\n    RewriteEngine On\n    RewriteRule ^(keyboard|message|friend)$ $1/index.php [L]\n    RewriteCond %{REQUEST_FILENAME} -d\n    RewriteRule ^(.*[^/])$ %{REQUEST_URI}/ [R=301,L]";
    "" mend_slash_python() "Take the slash from the end of the route: path('message', …) in Django's urls.py, @app.route('/message') in Flask." "경로 끝의 /를 빼세요: Django urls.py의 path('message', …), Flask의 @app.route('/message').";
    "" mend_slash() "Let the bot take /message without a slash at its end." "봇이 끝에 /가 없는 /message를 받게 하세요.";
    "" mend_elsewhere() "Look at the path in the bot's url: a login page or another site's page lies there." "봇 url의 경로를 확인하세요. 로그인 화면이나 다른 사이트의 주소일 수 있습니다.";
    "" mend_csrf(how) "The bot wants a form's token, which no server has: {how}" "봇이 웹 양식의 토큰(CSRF)을 요구합니다. 서버끼리의 호출에는 없는 값입니다: {how}";
    "" mend_admit() "Many old bots admit only Kakao's old addresses: let the bot admit this machine's, or send the header it wants with `headers`. Under Apache look at Require, Limit and mod_security for POST." "카카오의 옛 IP만 받는 봇이 많습니다. 봇에서 이 컴퓨터의 주소를 허용하거나 봇이 원하는 헤더를 `headers`로 보내세요. Apache라면 POST에 대한 Require, Limit, mod_security 설정을 확인하세요.";
    "" mend_path() "Compare the path in the bot's url with the address that Kakao once had." "봇 url의 경로를 예전에 카카오에 등록했던 주소와 비교하세요.";
    "" mend_script() "Where the file is called message.php, put these lines into the .htaccess of its folder:\n    RewriteEngine On\n    RewriteRule ^(keyboard|message|friend)$ $1.php [L]" "파일 이름이 message.php라면 그 폴더의 .htaccess에 다음을 그대로 넣으세요:\n    RewriteEngine On\n    RewriteRule ^(keyboard|message|friend)$ $1.php [L]";
    "" mend_method(how) "Let that path take POST: {how}" "그 경로가 POST를 받게 하세요: {how}";
    "" mend_host(how) "Add the name to the bot's list of hosts: {how}" "봇의 호스트 목록에 이름을 넣으세요: {how}";
    "" mend_slow() "With a callback users get the answer by itself (docs/openbuilder.md); better: let the bot remember what it fetches elsewhere." "콜백을 쓰면 답이 저절로 전달됩니다(docs/openbuilder.ko.md). 봇이 다른 곳에서 가져오는 내용을 저장해 두면 더 좋습니다.";
    "" mend_busy() "Look whether the bot is busy (php -S answers one call at a time), or waits for another server that is gone." "봇이 바쁜지(php -S는 한 번에 하나씩만 처리합니다), 없어진 다른 서버를 기다리는지 확인하세요.";
    "" mend_photo_type() "Look at `type` before reading `content` as words." "content를 글로 읽기 전에 type을 확인하세요.";
    "" mend_events() "Without it the bot does not learn who adds and blocks the channel; messages work all the same." "없으면 채널 추가와 차단을 봇이 알지 못하지만 메시지는 그대로 됩니다.";

    "" how_elsewhere() "with a library of its language" "그 언어의 라이브러리";
    "" php_log() "PHP's error_log, or the error log of the web server" "PHP의 error_log나 웹 서버의 오류 로그";
    "" python_log() "the traceback on the terminal or in the log of gunicorn, uwsgi or the web server" "터미널이나 gunicorn, uwsgi, 웹 서버 로그의 traceback";
    "" node_log() "the stack trace on the terminal, or `pm2 logs`" "터미널의 스택 추적이나 `pm2 logs`";
    "" java_log() "the stack trace in catalina.out or the application's log" "catalina.out이나 애플리케이션 로그의 스택 추적";
    "" other_log() "its own log" "봇의 로그";
    "" php_default() "an else or default: at the end that prints a text" "마지막에 글을 출력하는 else나 default:";
    "" python_default() "an else: at the end that returns a text" "마지막에 글을 돌려주는 else:";
    "" node_default() "an else or default: at the end that calls res.json" "마지막에 res.json을 부르는 else나 default:";
    "" java_default() "an else or default: at the end that returns a text" "마지막에 글을 돌려주는 else나 default:";

    "" heading(bot, url, runs) "{bot}: {url} {runs}" "{bot}: {url} {runs}";
    "" users(words) "{words}" "{words}";
    "" remedy(words) "Remedy: {words}" "고치기: {words}";
    "" lost() "lost" "손실";
    "" differs() "differs" "차이";
    "" note() "note" "참고";
    "" good() "good" "정상";
    "" text_part() "text" "글";
    "" photo_part() "photo" "사진";
    "" link_part() "link" "링크";
    "" buttons_part(count) "buttons: {count}" "버튼 {count}개";
    "" nothing_part() "nothing to show" "보여 줄 내용 없음";
    "" nothing_lost(bots) "Users lose nothing that was tried. Bots: {bots}." "확인한 범위에서 사용자가 잃는 것은 없습니다. 봇 {bots}개.";
    "" only_asked() "Only GET /keyboard was asked. --message WORDS sends a message, --all also a photo and words the bot does not know." "GET /keyboard만 물어보았습니다. --message로 메시지를 보내고, --all로 사진과 모르는 말까지 확인할 수 있습니다.";
    "" something_lost(bots, count) "Users lose something. Findings: {count}. Bots: {bots}." "사용자가 잃는 것이 있습니다: {count}건. 봇 {bots}개.";
    "" not_reached(count) "Bots that cannot be reached: {count}." "접속할 수 없는 봇: {count}개.";
    "" some_differ(count) "Differences: {count}; users lose nothing by them." "차이: {count}건. 이 때문에 사용자가 잃는 것은 없습니다.";
    "" title() "What an old bot is like" "옛 봇 점검";
    "" made_by(version) "smartchat-bridge {version}" "smartchat-bridge {version}";
    "" column_finding() "finding" "발견";
    "" column_call() "call" "호출";
    "" column_status() "status" "상태";
    "" column_time() "time" "시간";
    "" no_answer() "no answer" "응답 없음";
}
