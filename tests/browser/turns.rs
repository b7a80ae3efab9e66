//! *호출*: the list of turns, capture, pairing and dry replay (C5).

use crate::house::{Gate, House, snack_bar};
use crate::support::*;

#[test]
fn a_turn_arrives_in_the_list_that_is_open_with_its_reason() {
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "free_text = \"forward\"");
    let Some(tab) = house.enter_at("/console/turns") else { return };
    tab.holds("document.querySelector('#live.on')");
    tab.script("window.isTheSamePage = true", vec![]);
    assert_eq!(tab.count(".turn"), 0);
    house.bridge.say(&Say::words(MINA, "고장"));
    tab.says("왜: 봇에 물었지만 쓸 수 있는 답을 받지 못했습니다: 응답 상태가 200이 아님");
    house.bridge.say(&Say::words(MINA, "오래된 파일"));
    tab.says("reply.bom");
    tab.says("할 일: ");
    tab.holds("document.querySelectorAll('.turn').length === 2");
    tab.holds("window.isTheSamePage");
    tab.holds("document.getElementById('empty').hidden");
    assert!(tab.text(".turn").contains("reply.bom"), "the newest one stands above");
    for hidden in [MINA, "고장", "오래된 파일", "파일 앞에"] {
        assert!(!tab.words().contains(hidden), "{hidden}: {}", tab.words());
    }
}

#[test]
fn a_stop_with_a_page_open_ends_at_once_and_the_list_says_that_it_is_cut_off() {
    let bot = snack_bar(&Gate::default());
    let mut house = House::before(&bot, "");
    let Some(tab) = house.enter_at("/console/turns") else { return };
    tab.holds("document.querySelector('#live.on')");
    house.bridge.signal("TERM");
    assert_eq!(house.bridge.ended(), 0);
    tab.holds("document.querySelector('#live.off')");
    let refused = tab.expected();
    assert!(refused.iter().all(|line| line.contains("ERR_CONNECTION_REFUSED")), "{refused:#?}");
}

#[test]
fn a_sign_out_in_another_tab_leads_an_open_list_to_the_sign_in() {
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "");
    let Some(tab) = house.enter_at("/console/turns") else { return };
    tab.holds("document.querySelector('#live.on')");
    let sign_out = "const form = document.querySelector('form[action=\"/console/sign-out\"]'); \
        return fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) }).then(r => r.status)";
    assert_eq!(tab.script(sign_out, vec![]), 200);
    tab.arrives_at("/console/sign-in");
    let refused = tab.expected();
    assert!(refused.iter().all(|line| line.contains("401")), "{refused:#?}");
}

#[test]
fn an_owner_pairs_by_a_code_reads_the_four_messages_and_translates_again() {
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "free_text = \"forward\"");
    let Some(mut tab) = house.enter_at("/console/capture") else { return };
    tab.says("지금은 아무것도 남기지 않습니다.");
    tab.press_words("코드 만들기");
    let code = tab.text("#code");
    assert_eq!(code.len(), 8, "{code}");
    let paired = house.bridge.say(&Say::words(MINA, &code));
    assert!(paired.text().contains("확인되었습니다"), "{}", paired.body);
    // The page looks again by itself.
    tab.says("사용자 한 명의 대화를");
    tab.says("실제 사용자의 대화를 남기고 있습니다.");
    house.bridge.say(&Say::words(MINA, "오늘의 메뉴"));
    house.bridge.say(&Say::words(JUN, "남이 한 말"));
    assert_eq!(bot.contents(), ["오늘의 메뉴", "남이 한 말"], "the code is for the bridge");
    tab.go(&house.at("/console/turns"));
    tab.holds("document.querySelectorAll('.turn > p > a').length === 1");
    tab.press(".turn > p > a");
    tab.says("3. 봇의 응답");
    tab.says("오늘은 떡볶이와 김밥입니다.");
    for hidden in [MINA, "남이 한 말"] {
        assert!(!tab.words().contains(hidden), "{hidden}: {}", tab.words());
    }
    tab.press_words("지금 설정으로 변환하기");
    tab.says("지금 설정으로도 답변이 같습니다.");
    house.reload(&bot, "free_text = \"forward\"\nhandover.labels = [\"주문 확인\"]");
    tab.reload();
    tab.says("지금 설정으로는 답변이 달라집니다.");
    tab.holds("document.querySelector('.lines ins') && document.querySelector('.lines del')");
    assert_eq!(bot.contents().len(), 2, "nobody is asked");
    tab.press_words("보기");
    tab.press_words("지금 끝내기");
    tab.says("남긴 내용은");
    tab.press_words("지금 지우기");
    tab.says("지금은 아무것도 남기지 않습니다.");
    assert_eq!(tab.count(".turn"), 0);
}

#[test]
fn a_whole_bot_wants_a_second_yes_and_every_page_says_that_it_is_on() {
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "free_text = \"forward\"");
    let Some(mut tab) = house.enter_at("/console/capture") else { return };
    tab.press_words("모든 사용자의 대화 남기기");
    // The browser itself holds the form back.
    tab.holds("document.querySelector('[name=yes]:invalid')");
    tab.says("지금은 아무것도 남기지 않습니다.");
    tab.press("input[name=yes]");
    tab.press_words("모든 사용자의 대화 남기기");
    tab.says("이 봇을 쓰는 모든 사용자의 대화를");
    for page in ["/console/", "/console/talk", "/console/turns"] {
        tab.go(&house.at(page));
        tab.says("실제 사용자의 대화를 남기고 있습니다.");
    }
}

#[test]
fn capture_ends_by_itself_and_is_erased_by_itself() {
    let bot = snack_bar(&Gate::default());
    let house = House::in_a_hurry(&bot, "free_text = \"forward\"", ms(6000));
    let Some(tab) = house.enter_at("/console/capture") else { return };
    tab.press("input[name=yes]");
    tab.press_words("모든 사용자의 대화 남기기");
    tab.says("실제 사용자의 대화를 남기고 있습니다.");
    house.bridge.say(&Say::words(MINA, "보인 말"));
    house.bridge.wait_for("capture is off");
    house.bridge.say(&Say::words(MINA, "나중 말"));
    tab.reload();
    tab.says("에 지워집니다.");
    assert!(!tab.words().contains("실제 사용자의 대화를 남기고 있습니다."));
    assert_eq!(tab.count(".turn"), 1, "what was captured stays for a while, and no more comes");
    house.bridge.wait_for("erased");
    tab.reload();
    tab.says("지금은 아무것도 남기지 않습니다.");
    assert_eq!(tab.count(".turn"), 0);
}

#[test]
fn the_user_of_a_row_can_be_kept_from_now_on() {
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "free_text = \"forward\"");
    let Some(mut tab) = house.enter_at("/console/turns") else { return };
    house.bridge.say(&Say::words(MINA, "고장"));
    tab.press(".turn summary");
    tab.press_words("이 사용자의 대화 10분 동안 남기기");
    tab.says("사용자 한 명의 대화를");
    house.bridge.say(&Say::words(JUN, "남이 한 말"));
    house.bridge.say(&Say::words(MINA, "내가 한 말"));
    tab.go(&house.at("/console/capture"));
    tab.holds("document.querySelectorAll('.turn').length === 1");
    tab.press(".turn a");
    tab.says("내가 한 말");
}
