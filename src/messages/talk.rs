//! The console's page of the simulator, and the four messages of a turn (C4, C5).

use super::messages;

messages! {
    "" talk() "Talk" "대화";
    "" really_acts()
        "The bot really acts: what you say here reaches it as a user's message, and what it orders, books or deletes is real."
        "봇이 실제로 동작합니다. 여기서 보낸 말은 사용자의 메시지와 똑같이 봇에 전달되며, 주문이나 예약, 삭제도 실제로 이루어집니다.";
    "" counts_for_nothing()
        "You are a user of your own. Nothing here counts for real users: neither failures, nor alerts, nor metrics."
        "여기서는 별도의 사용자로 대화합니다. 실패 횟수, 알림, 통계 등 실제 사용자에게 영향을 주는 것은 없습니다.";
    "" which_bot() "Bot" "봇";
    "" conversation() "Conversation" "대화 내용";
    "" nothing_said() "Enter the room, or say something." "채팅방에 들어가거나 메시지를 보내 보세요.";
    "" your_message() "Message" "메시지";
    "" send() "Send" "보내기";
    "" enter() "Enter the room" "채팅방 들어가기";
    "" leave() "Leave" "대화 끝내기";
    "" photo() "Photo (URL)" "사진(주소)";
    "" send_photo() "Send the photo" "사진 보내기";
    "" again() "Somebody new" "새 사용자로 시작";
    "" save() "Save as a test" "테스트로 저장";
    "" save_how() "The file is played again by" "이 파일은 다음 명령으로 다시 실행합니다";
    "" differences() "What is shown otherwise than the bot said it" "봇의 답과 다르게 보여 준 것";
    "" left_out(count)
        "Steps that such a file cannot say: {count}."
        "파일에 담을 수 없어 빠지는 메시지: {count}개";

    "" switches() "How it is sent" "보내는 방식";
    "" switch_tester() "As OpenBuilder's bot test" "오픈빌더 봇테스트처럼";
    "" switch_callback() "Offer a callback" "콜백 사용";
    "" switch_room() "In a group room" "단체 채팅방에서";
    "" switch_block() "From this block (name or id)" "이 블록에서(이름이나 ID)";
    "" switch_last_block() "Another block has spoken in between (id)" "그 사이 답한 다른 블록(ID)";

    "" entered() "entered the room" "채팅방에 들어옴";
    "" left_the_room() "ended the conversation" "대화를 끝냄";
    "" a_photo() "Photo" "사진";
    "" see_photo() "See the photo" "사진 보기";
    "" as_tester() "bot test" "봇테스트";
    "" in_room() "group room" "단체 채팅방";
    "" from_block(block) "block: {block}" "블록: {block}";
    "" after_block(block) "after block: {block}" "다른 블록 다음: {block}";
    "" with_callback() "callback" "콜백";
    "" no_answer_yet() "No answer yet." "아직 답변이 없습니다.";
    "" callback_awaited() "The bridge has promised a callback, and the answer comes later." "콜백으로 답하기로 했습니다. 답변은 나중에 옵니다.";
    "" came_by_callback() "by callback" "콜백으로 온 답변";
    "" bot_works() "The bot is still working." "봇이 아직 답을 만드는 중입니다.";
    "" not_shown(flaw) "KakaoTalk would not show this: {flaw}." "카카오톡이 보여 주지 않을 답변입니다: {flaw}.";
    "" opens(url) "opens {url}" "열림: {url}";
    "" dials(number) "dials {number}" "전화: {number}";
    "" calls_human() "calls a human" "상담원 연결";

    "" four_messages() "The four messages" "메시지 네 개";
    "" message_call() "1. OpenBuilder's call" "1. 오픈빌더의 호출";
    "" message_request() "2. Request to the bot" "2. 봇에 보낸 요청";
    "" message_reply() "3. The bot's reply" "3. 봇의 응답";
    "" message_answer() "4. Answer to OpenBuilder" "4. 오픈빌더에 준 답변";
    "" message_callback() "4. Answer by callback" "4. 콜백으로 준 답변";
    "" not_asked() "The bot was not asked." "봇에 묻지 않았습니다.";
    "" nothing_came() "Nothing came yet." "아직 응답이 없습니다.";
    "" no_reply(problem) "No reply: {problem}" "응답 없음: {problem}";
    "" status(status) "status {status}" "상태 {status}";
    "" cut_short() "It ended before its announced length." "알린 길이보다 일찍 끝났습니다.";
    "" size(bytes) "{bytes} bytes" "{bytes}바이트";
    "" size_kept(kept, bytes) "the first {kept} of {bytes} bytes" "{bytes}바이트 중 앞 {kept}바이트";
    "" stars() "User keys and callback addresses are replaced by stars." "사용자 키와 콜백 주소는 별표로 가렸습니다.";
    "" times(answered, total) "answered after {answered} ms, ended after {total} ms" "답변까지 {answered}ms, 끝까지 {total}ms";

    "" refused_no_bot() "There is no such bot in the configuration any more." "설정에 그런 봇이 없습니다.";
    "" refused_busy() "The message before is still on its way. Load the page again in a moment." "앞의 메시지를 아직 보내는 중입니다. 잠시 후 화면을 새로 고치세요.";
    "" refused_full() "There are too many conversations at once." "동시에 진행 중인 대화가 너무 많습니다.";
    "" refused_too_long() "This is longer than a message may be." "메시지가 너무 깁니다.";
    "" refused_stopping() "The bridge is stopping." "브리지가 종료되는 중입니다.";
    "" refused_no_call() "No call can be made of this." "이 내용으로는 호출을 만들 수 없습니다.";
    "" refused_no_button() "This button is not there any more." "이미 없어진 버튼입니다.";
}
