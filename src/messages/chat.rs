//! `say` and `demo`: words beside a conversation.

use super::messages;

messages! {
    "SB4001" callback_address_unavailable(address, error)
        "cannot listen on {address} for the callback: {error}. Choose another address with --callback=ADDR."
        "콜백을 받으려는 {address} 주소를 쓸 수 없습니다: {error}. --callback=주소로 다른 주소를 고르세요.";
    "SB4002" callback_offered(origin)
        "Offering a callback; the bridge delivers it when it runs with --set callback.origins={origin}"
        "콜백 주소를 함께 보냅니다. 브리지를 --set callback.origins={origin} 설정으로 실행해야 콜백이 옵니다.";
    "SB4003" bridge_silent(url, reason)
        "No answer from {url}: {reason}. Is the bridge running (`serve` or `demo`)? One at another port is reached with --url http://127.0.0.1:PORT."
        "{url} 주소에서 응답이 없습니다: {reason}. 브리지(`serve`나 `demo`)가 실행 중인가요? 다른 포트에서 실행했다면 --url http://127.0.0.1:포트를 붙이세요.";
    "SB4004" answer_slow(seconds)
        "The answer took {seconds} s; KakaoTalk waits 5 s and shows nothing then."
        "답변에 {seconds}초가 걸렸습니다. 카카오톡은 5초만 기다리고, 지나면 아무것도 보여 주지 않습니다.";
    "SB4005" call_refused(status, words)
        "status {status}: {words}"
        "상태 {status}: {words}";
    "SB4006" callback_missing()
        "No callback came within 60 s; is its address in the bridge's callback.origins?"
        "60초 안에 콜백이 오지 않았습니다. 콜백 주소가 브리지의 callback.origins에 있나요?";
    "SB4007" answer_not_json(error)
        "The answer is not JSON: {error}"
        "답변이 JSON이 아닙니다: {error}";
    "SB4008" answer_not_shown(flaw)
        "KakaoTalk would not show this: {flaw}."
        "카카오톡이 보여 주지 않을 답변입니다: {flaw}.";
    "SB4009" secret_missing()
        "No secret was sent. Send it as the skill does: --header \"x-skill-secret: VALUE\". The name is that of secret.header, the value a line of secret.values_file; with compose, in deploy/: --header \"x-skill-secret: $(cat bridge/skill-secret)\"."
        "비밀값을 보내지 않았습니다. 스킬처럼 함께 보내세요: --header \"x-skill-secret: 비밀값\". 이름은 secret.header, 값은 secret.values_file의 한 줄입니다. compose라면 deploy 폴더에서: --header \"x-skill-secret: $(cat bridge/skill-secret)\".";
    "SB4010" secret_wrong(names)
        "The secret is not the bridge's. Sent was the header {names}: compare its name with secret.header and its value with secret.values_file. The bridge's log says what differs."
        "비밀값이 맞지 않습니다. 보낸 헤더({names})의 이름을 secret.header와, 값을 secret.values_file과 비교하세요. 무엇이 다른지는 브리지의 로그에 있습니다.";
    "SB4011" user_key_replaced(user)
        "\"{user}\" is no user key of the old form (12 of the characters A-Z, a-z, 0-9, - and _): the bridge gives the bot a key of its own making instead. Write one of that form to see what the bot gets."
        "옛 형식의 사용자 키가 아닙니다: \"{user}\". 봇에는 브리지가 만든 다른 키가 전달됩니다. 그대로 전달하려면 영문자, 숫자, -, _로 12자를 쓰세요.";

    "SB4012" not_a_skill(url)
        "What answers at {url} is not the bridge's skill. Is it the bot itself, or the operators' port (9090)? The bridge's own is 8080 unless it is told otherwise, and the path ends in /skill."
        "{url} 주소에서 응답한 것은 브리지의 스킬이 아닙니다. 봇의 주소나 운영자용 포트(9090)는 아닌가요? 따로 정하지 않았다면 브리지의 포트는 8080이고, 경로는 /skill로 끝납니다.";

    "SB4101" not_asked_home()
        "The bot was not asked for a message: on entering the room the bridge shows the home keyboard, which it fetches once a minute for all users."
        "봇에 메시지를 보내지 않았습니다. 채팅방에 들어오면 브리지가 홈 키보드를 보여 주며, 홈 키보드는 모든 사용자에게 1분에 한 번만 가져옵니다.";
    "SB4102" not_asked_reprompt()
        "The bot was not asked: buttons are shown, and these words are none of them. Press one by its number, or let the bot have all words with bots.default.free_text = \"forward\"."
        "봇에 보내지 않았습니다. 버튼이 나와 있을 때인데 버튼에 없는 말입니다. 번호로 버튼을 누르거나, 모든 말을 봇에 보내려면 bots.default.free_text = \"forward\"로 설정하세요.";
    "SB4103" not_asked_page()
        "The bot was not asked: the bridge turns the pages of a long keyboard itself."
        "봇에 보내지 않았습니다. 버튼이 많은 키보드의 페이지는 브리지가 넘깁니다.";
    "SB4104" not_asked_rest()
        "The bot was not asked: this is the rest of a long reply that the bridge has kept."
        "봇에 보내지 않았습니다. 브리지가 보관해 둔 긴 답변의 나머지입니다.";
    "SB4105" not_asked_late()
        "The bot was not asked: this is the answer that came late, kept by the bridge."
        "봇에 보내지 않았습니다. 늦게 와서 브리지가 보관해 둔 답변입니다.";
    "SB4106" not_asked_handover()
        "The bot was not asked: these words are in handover.labels and call a human."
        "봇에 보내지 않았습니다. handover.labels에 있는 말이라 상담원을 부릅니다.";
    "SB4107" not_asked_leave()
        "The bot got no message: this call ends the conversation, which the bot is told by DELETE /chat_room."
        "봇에 메시지를 보내지 않았습니다. 대화를 끝내는 호출이며 봇에는 DELETE /chat_room으로 알립니다.";
    "SB4108" not_asked_outage()
        "The bot was not asked: it failed too often in a row and is left alone (breaker). Every 10 seconds one message tries it. The bridge's log says what it answered."
        "봇에 보내지 않았습니다. 연속으로 여러 번 실패해 쉬게 하는 중입니다(breaker). 10초마다 메시지 하나로 다시 확인합니다. 봇이 무엇이라고 답했는지는 브리지의 로그에 있습니다.";
    "SB4109" not_asked_busy()
        "The bot was not asked: a limit is reached (limits.turns, limits.turns_per_user, bots.*.turns or bots.*.rate)."
        "봇에 보내지 않았습니다. 한도에 이르렀습니다(limits.turns, limits.turns_per_user, bots.*.turns, bots.*.rate).";
    "SB4110" not_asked_in_time()
        "The bot was not asked: an earlier message of this user took all the time there was."
        "봇에 보내지 않았습니다. 이 사용자의 앞선 메시지를 기다리다 시간이 다 지났습니다.";
    "SB4111" not_asked_twice()
        "The bot was not asked again: the same tap was under way already, and its answer is this one's too."
        "봇에 다시 보내지 않았습니다. 같은 버튼을 누른 호출이 진행 중이라 그 답변을 함께 씁니다.";
    "SB4112" asked_in_vain(reason)
        "The bot was asked and gave no usable reply: {reason}. To see what it says itself, with your bot's url in place of http://BOT: curl -i http://BOT/message -H 'Content-Type: application/json; charset=utf-8' -d '{\"user_key\":\"testUser_001\",\"type\":\"text\",\"content\":\"메뉴\"}'"
        "봇에 물었지만 쓸 수 있는 답변을 받지 못했습니다: {reason}. 봇의 답을 직접 보려면(http://봇주소는 내 봇의 url로 바꾸세요): curl -i http://봇주소/message -H 'Content-Type: application/json; charset=utf-8' -d '{\"user_key\":\"testUser_001\",\"type\":\"text\",\"content\":\"메뉴\"}'";
    "SB4113" not_asked_reprompt_once()
        "The bot was not asked: buttons are shown, and these words are none of them. Say a button's label as it stands, or let the bot have all words with bots.default.free_text = \"forward\". A number presses a button only in a conversation: `say` without words."
        "봇에 보내지 않았습니다. 버튼이 나와 있을 때인데 버튼에 없는 말입니다. 버튼 이름을 그대로 보내거나, 모든 말을 봇에 보내려면 bots.default.free_text = \"forward\"로 설정하세요. 번호로 버튼을 누르는 것은 할 말 없이 `say`만 실행한 대화에서만 됩니다.";
    "SB4114" asked_for_buttons_only()
        "The bot replied with buttons and no message, so words of the bridge stand above them. If it should say something: the bot's url may lead to its keyboard (`smartchat-bridge config check --probe --bot http://BOT` tells)."
        "봇의 답에 메시지가 없고 버튼만 있어 브리지의 안내 문구를 보여 주었습니다. 봇이 말을 해야 하는 버튼이라면 봇 url이 키보드 쪽을 가리키고 있을 수 있습니다(`smartchat-bridge config check --probe --bot http://봇주소`로 확인).";

    "" flaw_version() "version is not \"2.0\"" "version이 \"2.0\"이 아닙니다";
    "" flaw_empty() "there is no bubble in template.outputs" "template.outputs에 말풍선이 없습니다";
    "" flaw_bubbles() "there are more than 3 bubbles in template.outputs" "template.outputs의 말풍선이 3개를 넘습니다";
    "" flaw_quick_replies() "there are more than 10 quick replies" "바로연결이 10개를 넘습니다";
    "" name_unknown() "the name has no address; look for a typing error" "이름을 찾을 수 없습니다. 오타가 없는지 확인하세요";
    "" hung_up() "the connection was closed without an answer" "응답 없이 연결이 끊겼습니다";
    "" nothing_listens() "nothing listens there" "받는 프로그램이 없습니다";
    "" no_answer_in_time() "it took too long" "너무 오래 걸렸습니다";
    "" speaks_no_tls() "no TLS is spoken there; write http://" "TLS를 쓰지 않는 주소입니다. http://로 쓰세요";
    "" speaks_tls() "what came is no HTTP; if the bridge serves with TLS, write https://" "HTTP가 아닌 응답입니다. 브리지가 TLS를 쓴다면 https://로 쓰세요";
    "" came_status(status) "it answered with status {status}, and only 200 counts; its reason stands in the log of the bot or of its web server (for Apache with PHP the file error.log)" "봇의 응답이 200이 아니라 {status}입니다. 이유는 봇이나 웹 서버의 로그에 있습니다(Apache의 PHP라면 error.log)";
    "" came_redirect(status)
        "it answered with status {status} and another address, where a message is never sent; `smartchat-bridge config check --probe --bot http://BOT` tells the cure"
        "봇이 다른 주소로 가라고 답했습니다({status}). 메시지는 옮겨 보내지 않습니다. `smartchat-bridge config check --probe --bot http://봇주소`에 해결 방법이 나옵니다";
    "" came_not_found() "it answered with status 404, so the path in the bot's url may be wrong" "상태 404, 그 경로에 봇이 없습니다. 봇 url의 경로를 확인하세요";
    "" came_nothing() "its answer is empty (a PHP file saved as EUC-KR/CP949 answers so: save it as UTF-8)" "응답이 비어 있습니다(PHP 파일이 EUC-KR/CP949로 저장되어 있으면 이렇게 됩니다. UTF-8로 저장하세요)";
    "" came_not_json() "its answer is not JSON: an error page or a message of PHP, perhaps" "응답이 JSON이 아닙니다. 오류 화면이나 PHP 오류 메시지일 수 있습니다";
    "" came_no_reply() "its answer is JSON, but has nothing of a reply in it" "JSON이지만 답변의 형식이 아닙니다";
    "" came_too_much() "its answer is larger or deeper than any reply" "답변이라기에는 너무 크거나 깊습니다";
    "" came_too_late() "it took too long" "시간 안에 답하지 않았습니다";
    "" came_cut() "it hung up without a whole answer" "끝까지 답하지 않고 연결을 끊었습니다";
    "" came_no_http() "its answer is not HTTP" "응답이 HTTP가 아닙니다";
    "" nobody_there() "nothing listens at its address, or the network does not lead there (`smartchat-bridge config check --probe --bot http://BOT` tells more)" "봇의 주소에 접속할 수 없습니다(`smartchat-bridge config check --probe --bot http://봇주소`로 자세히 볼 수 있습니다)";
    "" no_trust() "no TLS connection came about (`smartchat-bridge config check --probe --bot http://BOT` tells more)" "봇과 TLS 연결을 맺지 못했습니다(`smartchat-bridge config check --probe --bot http://봇주소`로 자세히 볼 수 있습니다)";
    "" bridge_short() "the bridge was short of files, connections or time (its log tells which)" "브리지에 파일, 연결, 시간 가운데 하나가 모자랐습니다(브리지의 로그에 나옵니다)";
    "" not_told() "the bridge's log says what came" "무엇이 왔는지는 브리지의 로그에 있습니다";
    "" as_told(error) "{error}" "{error}";
    "" how_to_converse()
        "Type words, or a number to press that button; an empty line goes home, Ctrl-D ends."
        "할 말을 입력하거나 번호로 버튼을 누르세요. 빈 줄은 채팅방에 다시 들어가기, Ctrl-D는 끝내기입니다.";

    "" demo_bridge(url) "bridge:     {url}" "브리지:        {url}";
    "" demo_operators(url) "operators:  {url}  (/metrics, /readyz)" "운영자용 주소: {url}  (/metrics, /readyz)";
    "" demo_bot(url) "old bot:    {url}  (GET /keyboard, POST /message)" "옛 봇:         {url}  (GET /keyboard, POST /message)";
    "" demo_speak() "Speak to it, in another terminal:" "다른 터미널에서 말을 걸어 보세요:";
    "" demo_call() "The very call that OpenBuilder makes:" "오픈빌더가 보내는 호출 그대로:";
    "" demo_try() "What to say, in this order:" "차례대로 해 볼 말:";
    "" demo_end() "Ctrl-C ends it." "Ctrl-C로 마칩니다.";
}
