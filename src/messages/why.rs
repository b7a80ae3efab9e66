//! Why a turn came to its end, in one sentence; and what an old bot did that was no usable reply.

use super::messages;

messages! {
    "" because(why) "Why: {why}" "왜: {why}";

    "" replied() "The bot answered, and its reply is shown as it is." "봇이 답했고 그 답을 그대로 보여 주었습니다.";
    "" replied_otherwise(count)
        "The bot answered; {count} things of its reply are shown in another way."
        "봇이 답했고, 그 답에서 {count}가지를 다르게 보여 주었습니다.";
    "" replied_one_otherwise()
        "The bot answered; one thing of its reply is shown in another way."
        "봇이 답했고, 그 답에서 한 가지를 다르게 보여 주었습니다.";
    "" replied_without_message()
        "The bot answered with buttons and no message, so words of the bridge stand above them."
        "봇의 답에 메시지가 없고 버튼만 있어 브리지의 안내 문구를 보여 주었습니다.";
    "" home()
        "The home keyboard was wanted. The bridge fetches it once a minute for all users, so the bot got no message."
        "홈 키보드를 보여 줄 때입니다. 홈 키보드는 모든 사용자에게 1분에 한 번만 가져오므로 봇에 메시지를 보내지 않았습니다.";
    "" home_otherwise(count)
        "The home keyboard was wanted, and the bot got no message; {count} things of it are shown in another way."
        "홈 키보드를 보여 줄 때라 봇에 메시지를 보내지 않았습니다. 홈 키보드에서 {count}가지를 다르게 보여 주었습니다.";
    "" reprompt()
        "Only buttons counted, and these words were none of them, so they were not sent to the bot (free_text = \"forward\" would send them)."
        "버튼만 받을 때 버튼에 없는 말이 와서 봇에 보내지 않았습니다(free_text = \"forward\"면 보냅니다).";
    "" page() "A page of a long keyboard was turned. The bridge does that itself." "버튼이 많은 키보드의 페이지를 넘겼습니다. 브리지가 직접 하므로 봇에 보내지 않았습니다.";
    "" rest() "The rest of a long reply was wanted. The bridge had kept it." "긴 답의 나머지를 보여 달라고 했습니다. 브리지가 보관하고 있던 것이라 봇에 보내지 않았습니다.";
    "" late() "An answer that had come late was wanted. The bridge had kept it." "늦게 온 답을 보여 달라고 했습니다. 브리지가 보관하고 있던 것이라 봇에 보내지 않았습니다.";
    "" handover() "These words are in handover.labels: they call a human and never reach the bot." "handover.labels에 있는 말이라 상담원을 부르고 봇에는 보내지 않았습니다.";
    "" leave() "The user left the room. The bot is told by DELETE /chat_room." "사용자가 채팅방을 나갔습니다. 봇에는 DELETE /chat_room으로 알립니다.";
    "" followed() "The same tap was under way already; its answer is this one's too." "같은 버튼을 누른 호출이 진행 중이라 그 답을 함께 보여 주었습니다.";
    "" answered_at_once() "The bridge answered by itself." "브리지가 직접 답했습니다.";

    "" in_vain(problem) "The bot was asked and gave no usable reply: {problem}." "봇에 물었지만 쓸 수 있는 답을 받지 못했습니다: {problem}.";
    "" in_vain_untold() "The bot was asked and gave no usable reply." "봇에 물었지만 쓸 수 있는 답을 받지 못했습니다.";
    "" outage() "The bot failed too often in a row and is left alone for a while (breaker); one message at a time tries it." "봇이 연속으로 실패해 잠시 쉬게 하는 중입니다(breaker). 메시지 하나씩으로 다시 확인합니다.";
    "" home_outage() "The home keyboard was wanted while the bot is left alone (breaker)." "봇을 쉬게 하는 중(breaker)에 홈 키보드를 보여 줄 때였습니다.";
    "" busy() "A bound was reached (limits.turns, limits.turns_per_user, bots.*.turns or bots.*.rate), so the bot was not asked." "한도에 이르러 봇에 보내지 않았습니다(limits.turns, limits.turns_per_user, bots.*.turns, bots.*.rate).";
    "" withdrawn() "An earlier message of this user took all the time, so this one was not sent and the user was asked to send it again." "이 사용자의 앞선 메시지를 기다리다 시간이 지나, 보내지 않고 다시 보내 달라고 안내했습니다.";
    "" follower_withdrawn() "The same tap stood in line until its time was over, so nothing was sent and the user was asked to try again." "같은 버튼을 누른 호출이 차례를 기다리다 시간이 지나, 보내지 않고 다시 해 달라고 안내했습니다.";
    "" waits() "The bot is not done with this user's earlier message yet, so the user was told to wait and look again." "봇이 이 사용자의 앞선 메시지를 아직 처리하고 있어, 잠시 뒤 다시 보라고 안내했습니다.";
    "" parked() "The bot was slower than the deadline. Its answer is kept, and the user sees it by the late-answer button." "봇의 답이 제한 시간보다 늦었습니다. 답을 보관했고, 사용자는 늦은 답 버튼으로 봅니다.";
    "" lost() "The answer came too late to be shown, and there was no room to keep it." "답이 너무 늦어 보여 주지 못했고, 보관할 자리도 없었습니다.";
    "" lost_for(problem) "The deadline passed, and in the end there was no answer to keep: {problem}." "제한 시간이 지났고, 끝내 보관할 답이 오지 않았습니다: {problem}.";
    "" shared() "The bot was slow; the user pressed again, and that call brought the answer." "봇의 답이 늦었고, 사용자가 다시 누른 호출로 그 답을 보여 주었습니다.";
    "" called_back() "The answer took longer than a call may, and was delivered by callback." "답이 호출의 제한 시간보다 오래 걸려 콜백으로 보냈습니다.";
    "" called_back_in_vain(problem) "By callback the user read that the bot gave no usable reply: {problem}." "봇에서 쓸 수 있는 답이 오지 않아 콜백으로 그렇게 안내했습니다: {problem}.";
    "" callback_failed() "Kakao did not take the callback. The answer is kept for the user's next message." "카카오가 콜백을 받지 않았습니다. 답은 사용자의 다음 메시지 때 보여 주도록 보관했습니다.";
    "" panicked() "This is a bug of the bridge; please report it with the log line \"panic\"." "브리지의 버그입니다. 로그의 panic 줄과 함께 알려 주세요.";

    "" mend_name() "Check the host name in the bot's url." "봇 url의 호스트 이름을 확인하세요.";
    "" mend_files() "Raise the limit on open files of the bridge (ulimit -n)." "브리지가 열 수 있는 파일 수를 늘리세요(ulimit -n).";
    "" mend_queue() "Make the bot faster, or let it answer several at once and raise connections." "봇을 더 빠르게 하거나, 여러 요청을 함께 처리하게 하고 connections를 늘리세요.";
    "" mend_address() "See that the bot runs, and compare address and port in its url. Start checks it." "봇이 켜져 있는지, url의 주소와 포트가 맞는지 보세요. 시작하기의 점검이 확인해 줍니다.";
    "" mend_tls() "Compare http and https in the bot's url, and look whether its certificate is in force." "봇 url의 http와 https를 비교하고 인증서가 유효한지 보세요.";
    "" mend_hanging() "Look into the bot's log for what it waits for at this time: a database, another server." "이 시각의 봇 로그에서 무엇을 기다리는지 보세요(데이터베이스, 다른 서버 등).";
    "" mend_redirect()
        "The bot sends its caller to another address, where a message is never sent. Let it answer at once with status 200; a check with a message names the lines to change."
        "봇이 다른 주소로 보내는데(리디렉션) 메시지는 그 주소로 보내지 않습니다. 리디렉션 없이 상태 200으로 답하게 하세요. 메시지를 넣어 점검하면 고칠 줄을 알려 줍니다.";
    "" mend_status()
        "The bot has to answer with status 200. With 404 the path in its url is wrong; with 403 or 500 look into its log at this time."
        "봇은 상태 200으로 답해야 합니다. 404면 봇 url의 경로가 틀린 것이고, 403이나 500이면 이 시각의 봇 로그를 보세요.";
    "" mend_body(example)
        "Look into the bot's log at this time (PHP: the error log): it sent an error page, or nothing that is a reply. A reply is JSON: {example}"
        "이 시각의 봇 로그(PHP는 오류 로그)를 보세요. 답 대신 오류 화면이나 다른 것이 왔습니다. 답은 이런 JSON이어야 합니다: {example}";
    "" mend_size() "Look at what the bot sends: it is larger than any reply of the old platform." "봇이 무엇을 보내는지 보세요. 옛 플랫폼의 어떤 답보다 큽니다.";
    "" mend_late()
        "Make the bot answer within the deadline (4.5 s), or use callbacks in OpenBuilder: late answers then arrive by themselves."
        "봇이 제한 시간(4.5초) 안에 답하게 하거나 오픈빌더에서 콜백을 쓰세요. 콜백을 쓰면 늦은 답이 저절로 도착합니다.";

    "" dns() "the bot's name has no address" "봇의 호스트 이름을 찾을 수 없음";
    "" no_files() "the bridge has no file left for a connection" "브리지가 연결에 쓸 파일이 모자람";
    "" queued() "the bot was busy with others until the time was over (connections, one_at_a_time)" "봇이 다른 사용자를 처리하느라 차례가 오지 않음(connections, one_at_a_time)";
    "" unreachable() "nothing listens at its address, or the network does not lead there" "봇의 주소에 접속할 수 없음";
    "" tls() "the TLS handshake failed" "봇과 TLS 연결을 맺지 못함";
    "" untrusted() "its certificate is not trusted (ca, insecure)" "봇의 인증서를 믿을 수 없음(ca, insecure)";
    "" timed_out() "it took too long" "시간 안에 답하지 않음";
    "" cut() "it hung up without a whole answer" "끝까지 답하지 않고 연결을 끊음";
    "" malformed() "its answer is not HTTP" "응답이 HTTP가 아님";
    "" too_large() "its answer is larger than is read" "응답이 읽는 한도보다 큼";
    "" bad_status() "it answered with another status than 200" "응답 상태가 200이 아님";
    "" empty() "its answer is empty" "응답이 비어 있음";
    "" not_json() "its answer is not JSON; an error page, perhaps" "응답이 JSON이 아님(오류 화면일 수 있음)";
    "" not_an_object() "its answer is JSON, but no object" "응답이 JSON이지만 객체가 아님";
    "" foreign() "its answer is JSON without anything of a reply" "응답이 JSON이지만 답의 형식이 아님";
    "" too_deep() "its JSON is nested too deep" "JSON이 너무 깊게 중첩됨";
    "" too_many() "its JSON has too many values" "JSON에 값이 너무 많음";
    "" too_long() "its answer is larger than is read, once decompressed" "압축을 풀면 응답이 읽는 한도보다 큼";
    "" no_time() "no full deadline remained for the message" "메시지를 보낼 시간이 남지 않음";
}
