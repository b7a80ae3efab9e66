//! *시작하기*: the checklist of a first run, and what is known of each bot.

use super::messages;

messages! {
    "" intro() "What a bridge needs until real users are answered. Looking at this page asks no bot anything." "실제 사용자에게 답하기까지 필요한 것들입니다. 이 화면을 보는 것만으로는 봇에 아무것도 보내지 않습니다.";
    "" good() "done" "됨";
    "" bad() "failing" "안 됨";
    "" open() "not known yet" "아직 모름";
    "" well() "well" "정상";
    "" failing_sometimes() "failing" "실패 중";
    "" out() "out" "장애";
    "" progress(done, all) "{done} of {all} done" "{all}개 가운데 {done}개 됨";

    "" reached() "The bot is reached" "봇 연결";
    "" reached_well() "It has answered the bridge." "봇이 브리지에 답한 적이 있습니다.";
    "" reached_not(problem) "Now it is not: {problem}." "지금은 닿지 않습니다: {problem}.";
    "" reached_not_by_check() "The last check did not reach it." "마지막 점검에서 봇에 닿지 못했습니다.";
    "" reached_unknown() "Nothing was asked of it yet." "아직 봇에 아무것도 묻지 않았습니다.";
    "" reach_it(bot) "Press the check below: it says what is in the way. The address is bots.{bot}.url." "아래의 점검을 눌러 무엇이 막는지 보세요. 봇의 주소는 bots.{bot}.url입니다.";

    "" answered() "The bot answers messages" "봇의 답변";
    "" answered_well() "Its last reply was usable." "마지막 답을 쓸 수 있었습니다.";
    "" answered_not(count, problem) "Replies in a row that were not usable: {count}. The last: {problem}." "쓸 수 없는 답이 {count}번 이어졌습니다. 마지막: {problem}.";
    "" answered_not_untold(count) "Replies in a row that were not usable: {count}." "쓸 수 없는 답이 {count}번 이어졌습니다.";
    "" answered_late(asked, late) "It answers, but too late: {late} of the last {asked} users were told to wait." "답하지만 늦습니다. 최근 {asked}번 가운데 {late}번은 사용자가 기다려야 했습니다.";
    "" be_faster() "A bot has to answer within the deadline, 4.5 seconds unless set otherwise. Find what is slow in it, or switch on the callback (below)." "봇은 제한 시간(기본 4.5초) 안에 답해야 합니다. 봇에서 느린 곳을 찾거나 아래의 콜백을 켜세요.";
    "" see_the_calls() "See the calls" "호출 보기";
    "" answered_unknown() "No message was sent to it yet." "아직 봇에 메시지를 보내지 않았습니다.";
    "" mend_the_bot() "Look at the last error under its state, at the reasons among the calls, and into the bot's own log." "상태에 적힌 마지막 오류, 호출 화면의 이유, 봇 서버의 로그를 보세요.";
    "" say_something() "Send it a message with the check below. The bot really acts on it." "아래의 점검에서 메시지를 보내 보세요. 봇이 실제로 동작합니다.";

    "" secret() "A secret is set" "비밀값 설정";
    "" secret_is_set(header) "Calls must bring it in the header {header}." "호출의 {header} 헤더로 확인합니다.";
    "" addresses_are_set() "There is none, but only listed addresses are let in (allow)." "비밀값은 없지만 정해 둔 주소의 호출만 받습니다(allow).";
    "" secret_is_not_set() "There is none: whoever finds the skill's URL can speak to the bot as any user." "비밀값이 없습니다. 스킬 주소를 아는 사람은 누구나 아무 사용자인 척 봇에 말할 수 있습니다.";
    "" set_a_secret() "Make one, and name its file in the configuration:" "비밀값을 만들고 그 파일을 설정에 적으세요.";

    "" header() "The skill sends the secret" "스킬의 비밀값 헤더";
    "" header_comes() "Calls with the right secret have come." "맞는 비밀값으로 호출이 왔습니다.";
    "" header_is_missing(time) "A call without the header was refused ({time}): the header is missing in the skill." "헤더가 없는 호출을 거절했습니다({time}). 스킬에 헤더가 없습니다.";
    "" header_differs(time) "A call with another value was refused ({time})." "다른 값이 담긴 호출을 거절했습니다({time}).";
    "" header_unknown() "No call has come yet." "아직 호출이 오지 않았습니다.";
    "" enter_the_header() "In OpenBuilder open the skill, paste name and value below into the header fields (also into those of the test URL), save and deploy." "오픈빌더에서 스킬을 열고 아래의 이름과 값을 헤더값 입력(테스트 헤더값 입력에도)에 붙여 넣은 뒤 저장하고 배포하세요.";

    "" calls() "Real users' calls come" "실제 사용자의 호출";
    "" calls_come(time) "The last one: {time}." "마지막 호출: {time}.";
    "" only_tests(time) "Only the tester has called ({time})." "봇테스트의 호출만 왔습니다({time}).";
    "" calls_unknown() "None has come since the start." "시작한 뒤로 온 호출이 없습니다.";
    "" deploy() "Deploy in OpenBuilder, and speak to the channel in KakaoTalk." "오픈빌더에서 배포하고 카카오톡 채널에 말을 걸어 보세요.";
    "" wire_the_fallback() "In OpenBuilder give the fallback block the skill of the URL below, and answer with its data (스킬데이터 사용)." "오픈빌더에서 폴백 블록에 아래 URL의 스킬을 넣고, 응답은 스킬데이터 사용으로 하세요.";

    "" welcome() "The welcome block calls" "웰컴 블록의 호출";
    "" welcome_calls(time) "The last call: {time}." "마지막 호출: {time}.";
    "" welcome_never() "It has never called. Users see the home keyboard with their first words." "아직 호출한 적이 없습니다. 홈 키보드는 사용자가 처음 말할 때 나옵니다.";
    "" wire_the_welcome() "Turn the welcome block on and give it the skill. Where it has another name, list that or its id in welcome_blocks." "웰컴 블록을 켜고 스킬을 넣으세요. 블록 이름을 바꿨다면 그 이름이나 id를 welcome_blocks에 적으세요.";

    "" keys() "Users have their old keys" "예전과 같은 사용자 키";
    "" keys_come() "Calls bring plusfriendUserKey." "호출에 plusfriendUserKey가 있습니다.";
    "" keys_missing(time) "A user's call had no plusfriendUserKey of the old form ({time}); the bot takes that user for a new one." "옛 형식의 plusfriendUserKey가 없는 호출이 왔습니다({time}). 봇은 그 사용자를 새 사용자로 봅니다.";
    "" connect_the_channel() "Connect the bot to the very channel that the old bot had, and deploy." "봇을 예전 봇이 쓰던 바로 그 채널에 연결하고 배포하세요.";
    "" calls_first() "This shows with the first real call." "실제 호출이 오면 알 수 있습니다.";

    "" callback() "Slow answers can be called back" "느린 답의 콜백";
    "" callback_comes(time) "The last call that offered it: {time}." "콜백을 쓸 수 있는 마지막 호출: {time}.";
    "" callback_never() "No call has offered it. It is not needed where the bot answers within the deadline; a late answer then waits behind a button." "콜백을 쓸 수 있는 호출이 오지 않았습니다. 봇이 제한 시간 안에 답하면 없어도 됩니다. 늦은 답은 버튼을 눌러야 보입니다.";
    "" apply_for_the_callback() "Apply for AI 챗봇 in OpenBuilder's settings, then switch the callback on in the block." "오픈빌더 설정의 AI 챗봇 관리에서 신청한 뒤 블록에서 Callback API를 켜세요.";

    "" paste() "For OpenBuilder" "오픈빌더에 넣을 것";
    "" skill_url() "URL of the skill" "스킬 URL";
    "" your_host() "YOUR-HOST is the public address of the bridge. OpenBuilder takes https only from the internet." "YOUR-HOST는 인터넷에서 브리지에 들어오는 주소로 바꾸세요.";
    "" header_name() "Name of the header" "헤더 이름(키)";
    "" header_value() "Value of the header" "헤더 값";
    "" show_value() "Show the value" "값 보기";
    "" block_line() "With these ids no other block catches the words of buttons. For the configuration:" "다른 블록이 버튼의 말을 가로채지 않게 하려면 설정에 넣으세요.";
    "" copy() "Copy" "복사";
    "" copied() "Copied" "복사됨";

    "" state() "State" "상태";
    "" address() "Address" "주소";
    "" breaker() "Breaker" "장애 차단(breaker)";
    "" breaker_closed() "closed: messages reach the bot" "닫힘: 메시지를 봇에 보냅니다";
    "" breaker_open() "open: users read the outage words" "열림: 사용자에게 장애 안내가 나갑니다";
    "" breaker_probing() "one message tries the bot" "메시지 하나로 봇을 확인하는 중";
    "" failures() "Failures in a row" "연속 실패";
    "" last_reply() "Last usable reply" "마지막으로 쓸 수 있던 답";
    "" last_error() "Last error" "마지막 오류";
    "" none() "none" "없음";
    "" users() "Users remembered" "기억하는 사용자";
    "" blocks() "Blocks that call" "호출하는 블록";
    "" kept_replies() "Replies kept" "보관한 답";
    "" store() "Store" "저장소";
    "" store_none() "memory only: forgotten at a restart" "메모리만 사용: 다시 시작하면 잊습니다";
    "" store_well() "written" "저장하고 있음";
    "" store_trouble(trouble) "in trouble: {trouble}; the bridge goes on in memory" "문제 있음({trouble}): 메모리로 계속 동작합니다";
    "" configuration() "Configuration" "설정";
    "" configuration_well() "what the file says is in force" "파일의 내용대로 동작 중";
    "" configuration_refused() "the file is refused; what was before stays in force (see the log)" "파일을 받아들이지 않아 이전 설정으로 동작 중(로그 참고)";
    "" configuration_waits(keys) "takes effect at the next start: {keys}" "다음 시작 때 적용: {keys}";
    "" bots() "Bots" "봇";

    "" check() "Check" "점검";
    "" check_intro() "Asks the bot as the old platform did, and tells what differs. Without a message only GET /keyboard is asked, which makes no bot act." "옛 플랫폼처럼 봇에 묻고 무엇이 다른지 알려 줍니다. 메시지를 비우면 GET /keyboard만 묻고, 봇은 아무 동작도 하지 않습니다.";
    "" check_message() "Message to send (the bot really acts)" "보낼 메시지(봇이 실제로 동작함)";
    "" check_begin() "Check now" "점검하기";
    "" check_runs() "The check is under way…" "점검하는 중입니다…";
    "" check_runs_elsewhere(bot) "Another check is under way: {bot}. One runs at a time." "다른 봇({bot})을 점검하는 중입니다. 한 번에 하나씩 합니다.";
    "" check_was(time) "Result of {time}" "{time} 점검 결과";
    "" check_of_home_only() "No message was sent, so nothing was seen of how messages are answered. Their failures stand among the calls; or check with a message." "메시지는 보내지 않았으므로 메시지에 어떻게 답하는지는 확인하지 않았습니다. 메시지의 실패는 호출 화면에 있습니다. 메시지를 넣어 점검할 수도 있습니다.";
    "" check_too_long() "The last check did not end within a minute." "마지막 점검이 1분 안에 끝나지 않았습니다.";
}
