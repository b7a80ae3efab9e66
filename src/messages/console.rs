//! The console: the frame of its pages, signing in, the list of turns.

use super::messages;

messages! {
    "" own_name() "English" "한국어";
    "" skip() "Skip to the content" "본문으로 건너뛰기";
    "" pages() "Pages" "화면";
    "" start() "Get started" "시작하기";
    "" turns() "Calls" "호출";
    "" sign_out() "Sign out" "로그아웃";
    "" go_on() "Continue" "계속하기";

    "" sign_in() "Sign in" "로그인";
    "" sign_in_here() "Open the console in this browser?" "이 브라우저에서 운영자 화면을 열까요?";
    "" link_works_once() "This link works once. Only the button uses it up." "이 링크는 한 번만 쓸 수 있습니다. 버튼을 눌러야 쓰인 것으로 봅니다.";
    "" link_is_over()
        "This link is over: it works once, within 15 minutes. Let the bridge print another one."
        "이미 쓰였거나 15분이 지난 링크입니다. 브리지에서 새 링크를 받으세요.";
    "" how_to_get_a_link()
        "The bridge prints a link at its start. It prints another one when it gets the signal USR1:"
        "브리지는 시작할 때 로그인 링크를 출력합니다. USR1 시그널을 보내면 새 링크를 출력합니다.";
    "" token() "Operators' token" "운영자 토큰";
    "" token_is_configured() "The value of admin.token" "설정의 admin.token 값";
    "" token_is_printed() "The token that the bridge printed at its start" "브리지가 시작할 때 출력한 토큰";
    "" token_is_wrong() "This is not the operators' token." "운영자 토큰이 아닙니다.";
    "" signed_in_already()
        "Signed in already? A link from another page or a chat arrives without the sign-in:"
        "이미 로그인했나요? 다른 사이트나 대화방의 링크로 들어오면 로그인 정보가 함께 오지 않습니다.";
    "" no_randomness()
        "The system gives no random numbers, so nobody can sign in safely."
        "시스템에서 난수를 얻을 수 없어 안전하게 로그인할 수 없습니다.";

    "" refused() "Not done" "처리하지 않았습니다";
    "" foreign_origin()
        "This form was sent from another address than the console's own. Behind a proxy, set admin.public_url to the address in the browser."
        "운영자 화면이 아닌 다른 주소에서 보낸 요청입니다. 프록시를 거친다면 admin.public_url에 브라우저에 보이는 주소를 쓰세요.";
    "" stale_form()
        "This page is older than the sign-in. Load it again, and try once more."
        "로그인하기 전의 화면입니다. 새로 고친 뒤 다시 시도하세요.";
    "" form_not_read() "The form did not arrive whole." "양식이 온전히 도착하지 않았습니다.";
    "" no_such_page() "There is no such page" "없는 화면입니다";
    "" look_elsewhere() "The address may have a typing error, or be of another version." "주소에 오타가 있거나 다른 버전의 주소입니다.";
    "" other_method(methods) "This address takes {methods}." "이 주소는 {methods} 요청만 받습니다.";

    "" turns_intro() "The last calls of each bot, and its last notable ones. Nothing of a user is kept here. Times are those of Korea." "봇마다 최근 호출과, 눈여겨볼 호출을 따로 보여 줍니다. 사용자에 관한 내용은 없습니다. 시각은 한국 시각입니다.";
    "" no_turns() "No call yet that fits." "아직 해당하는 호출이 없습니다.";
    "" load_again() "Load again" "새로 고침";
    "" live() "New calls appear by themselves" "새 호출이 저절로 나타납니다";
    "" not_live() "The bridge does not answer" "브리지가 응답하지 않습니다";
    "" filter() "Show" "보기";
    "" bot() "Bot" "봇";
    "" outcome() "Outcome" "결과";
    "" difference() "Difference" "달라진 점";
    "" any() "All" "전체";
    "" notable_only() "Only what is notable" "눈여겨볼 호출만";
    "" answered_in(time) "answer {time} ms" "답 {time} ms";
    "" bot_took(time) "bot {time} ms" "봇 {time} ms";
    "" took_in_all(time) "in all {time} ms" "전체 {time} ms";
    "" in_the_bot(remedy) "To do: {remedy}" "할 일: {remedy}";
    "" what_came() "What came" "봇에서 온 것";

    "" outcome_answered() "answered" "답함";
    "" outcome_no_reply() "no usable reply" "쓸 수 있는 답 없음";
    "" outcome_outage() "bot is out" "장애 안내";
    "" outcome_busy() "too busy" "한도 초과";
    "" outcome_withdrawn() "not sent in time" "보내지 못함";
    "" outcome_waits() "waits" "기다리는 중";
    "" outcome_parked() "late, kept" "늦은 답 보관";
    "" outcome_lost() "late, lost" "늦은 답 없음";
    "" outcome_shared() "late, taken" "늦은 답 전달";
    "" outcome_called_back() "by callback" "콜백으로 답함";
    "" outcome_callback_failed() "callback failed" "콜백 실패";
    "" outcome_panicked() "bug" "브리지 버그";

    "" plan_none() "before a plan" "계획 전";
    "" plan_ask() "bot asked" "봇에 물음";
    "" plan_home() "home keyboard" "홈 키보드";
    "" plan_reprompt() "buttons again" "버튼 다시 안내";
    "" plan_page() "page" "페이지";
    "" plan_more() "rest of a reply" "이어서 보기";
    "" plan_late() "late answer" "늦은 답 보기";
    "" plan_handover() "human called" "상담원 연결";
    "" plan_leave() "left" "나가기";
    "" plan_follow() "same tap" "같은 버튼";
}
