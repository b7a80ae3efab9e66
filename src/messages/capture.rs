//! The console's pages of capture and dry replay (C5).

use super::messages;

messages! {
    "" capture() "See messages of real users" "실제 대화 보기";
    "" what_it_is()
        "For ten minutes the four messages of each turn are kept in memory: of your own conversation, or of all users. They are erased ten minutes after that. Headers are never kept, and user keys and callback addresses are replaced by stars."
        "10분 동안 호출마다 메시지 네 개를 메모리에 남깁니다. 내 대화만 볼 수도, 모든 사용자의 대화를 볼 수도 있습니다. 끝나고 10분이 지나면 지워집니다. 헤더는 남기지 않으며 사용자 키와 콜백 주소는 별표로 가립니다.";
    "" banner() "Messages of real users are being kept." "실제 사용자의 대화를 남기고 있습니다.";
    "" look() "Look" "보기";
    "" on_one(until) "The messages of one user are kept until {until}." "사용자 한 명의 대화를 {until}까지 남깁니다.";
    "" on_everybody(until) "The messages of all users of this bot are kept until {until}." "이 봇을 쓰는 모든 사용자의 대화를 {until}까지 남깁니다.";
    "" erased_at(until) "What was kept is erased at {until}." "남긴 내용은 {until}에 지워집니다.";
    "" is_off() "Nothing is kept at the moment." "지금은 아무것도 남기지 않습니다.";
    "" pair_title() "My own conversation" "내 대화 보기";
    "" pair_how() "Make a code, and send it to the channel from your KakaoTalk. It does not reach the bot." "코드를 만들어 내 카카오톡에서 채널로 보내세요. 코드는 봇에 전달되지 않습니다.";
    "" pair() "Make a code" "코드 만들기";
    "" code_is(until) "Send this code from KakaoTalk by {until}:" "{until}까지 이 코드를 카카오톡에서 보내세요:";
    "" copy() "Copy" "복사";
    "" copied() "Copied" "복사했습니다";
    "" everybody_title() "All users of this bot" "이 봇의 모든 사용자";
    "" everybody_yes() "Yes: for ten minutes I see what all users of this bot write." "네, 10분 동안 이 봇의 모든 사용자가 쓴 내용을 봅니다.";
    "" everybody() "Keep the messages of all users" "모든 사용자의 대화 남기기";
    "" second_yes_missing() "Tick the box first: the messages of all users would be kept." "먼저 확인란에 표시하세요. 모든 사용자의 대화가 남습니다.";
    "" stop() "Stop now" "지금 끝내기";
    "" erase() "Erase now" "지금 지우기";
    "" kept() "Kept turns" "남긴 호출";
    "" none_kept() "None yet. Write to the channel in KakaoTalk, and load this page again." "아직 없습니다. 카카오톡에서 채널에 메시지를 보내고 화면을 새로 고치세요.";
    "" one_turn() "One turn" "호출 하나";
    "" not_kept() "The messages of this turn were not kept. What this user says from now on can be, for ten minutes." "이 호출의 메시지는 남아 있지 않습니다. 이 사용자가 지금부터 10분 동안 하는 말은 남길 수 있습니다.";
    "" this_user() "Keep this user's messages for ten minutes" "이 사용자의 대화 10분 동안 남기기";
    "" gone() "This turn is not kept any more." "이 호출은 지워졌습니다.";
    "" goes_on() "goes on" "진행 중";
    "" back() "Back to the list" "목록으로";

    "" replay_title() "Translate again" "다시 변환해 보기";
    "" replay_what() "The bot's reply of then, translated with the configuration of now. Nobody is asked, and nothing changes." "그때의 봇 응답을 지금 설정으로 다시 변환합니다. 봇에 묻지 않으며 아무것도 바뀌지 않습니다.";
    "" replay() "Translate with today's configuration" "지금 설정으로 변환하기";
    "" replay_same() "Today's answer would be the same." "지금 설정으로도 답변이 같습니다.";
    "" replay_differs() "Today's answer would differ. − stands only in that of then, + only in that of today." "지금 설정으로는 답변이 달라집니다. −는 그때 답변에만, +는 지금 답변에만 있는 줄입니다.";
    "" replay_more() "Then, the answer also showed or offered what was late or left over from before. That is not part of this." "그때 답변에는 늦게 온 답이나 앞 답변의 나머지도 함께 있었습니다. 여기에는 들어 있지 않습니다.";
    "" replay_goes_on() "The turn has not come to an answer yet." "아직 답변이 만들어지지 않았습니다.";
    "" replay_no_reply() "There is no reply of the bot to translate." "변환할 봇 응답이 없습니다.";
    "" replay_too_long() "The reply or the answer was longer than is kept." "응답이나 답변이 남길 수 있는 길이를 넘었습니다.";
}
