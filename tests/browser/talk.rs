//! *대화*: the simulator (C4).

use crate::house::{Gate, House, snack_bar};
use crate::support::*;

#[test]
fn a_conversation_has_buttons_pages_and_a_photo_and_says_why() {
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "");
    let Some(tab) = house.enter_at("/console/talk") else { return };
    tab.says("봇이 실제로 동작합니다");
    tab.press_words("채팅방 들어가기");
    tab.press_words("오늘의 메뉴");
    tab.says("오늘은 떡볶이와 김밥입니다.");
    tab.says("왜: ");
    assert_eq!(tab.text(".said"), "오늘의 메뉴");
    tab.press_words("가게 사진");
    tab.says("사진 보기");
    let links = "return [...document.querySelectorAll('.came .card a')].map(a => a.href)";
    let links = tab.script(links, vec![]);
    assert_eq!(links, serde_json::json!(["https://snack.example/front.jpg", "https://snack.example/way"]));
    assert_eq!(tab.count("img"), 0, "a picture is a frame, and nothing is loaded");
    tab.press_words("전체 메뉴");
    tab.press_words("다음 ▶");
    tab.says("(2/");
    tab.press_words("메뉴 12");
    tab.says("메뉴 12: 접수했습니다.");
    assert_eq!(bot.contents(), ["오늘의 메뉴", "가게 사진", "전체 메뉴", "메뉴 12"]);
    // The four messages are behind each answer.
    tab.press("li.said + .came summary");
    tab.says("1. 오픈빌더의 호출");
    tab.says("\"content\": \"오늘의 메뉴\"");
}

#[test]
fn a_late_answer_and_a_callback_come_by_themselves() {
    const SLOW: &str = "deadline = \"1500ms\"\nlate = \"20s\"\n[callback]\nafter = \"1s\"\ngive_up = \"20s\"";
    let gates = [Gate::default(), Gate::default()];
    for (gate, with_callback) in gates.iter().zip([false, true]) {
        let bot = snack_bar(gate);
        let house = House::before(&bot, SLOW);
        let Some(tab) = house.enter_at("/console/talk") else { return };
        tab.press_words("채팅방 들어가기");
        tab.says("채팅방에 들어옴");
        if with_callback {
            tab.press_words("콜백 사용");
        }
        tab.press_words("주문 확인");
        if with_callback {
            tab.says("콜백으로 답하기로 했습니다");
        } else {
            tab.says("답변을 준비하고 있습니다");
        }
        assert!(!tab.words().contains("준비되었습니다"));
        tab.write("input[name=words]", "다음에 할 말");
        gate.open();
        if with_callback {
            tab.says("콜백으로 온 답변");
        } else {
            tab.holds("!document.querySelector('#talk').innerText.includes('봇이 아직 답을 만드는 중입니다.')");
        }
        tab.holds("document.querySelector('input[name=words]').value === '다음에 할 말'");
        if !with_callback {
            tab.press_words("답변 보기");
        }
        tab.says("주문하신 김밥 두 줄이 준비되었습니다.");
        assert_eq!(bot.contents(), ["주문 확인"], "it is asked once");
    }
}

#[test]
fn the_keyboard_alone_says_something_and_presses_a_quick_reply() {
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "free_text = \"forward\"");
    let Some(tab) = house.enter_at("/console/talk") else { return };
    tab.holds("document.activeElement.name === 'words'");
    tab.type_keys("오늘의 메뉴");
    tab.enter();
    tab.says("오늘은 떡볶이와 김밥입니다.");
    // The next message can be typed at once.
    tab.holds("document.activeElement.name === 'words'");
    tab.walk_to("전체 메뉴");
    tab.enter();
    tab.says("무엇을 드릴까요?");
    assert_eq!(bot.contents(), ["오늘의 메뉴", "전체 메뉴"]);
}

#[test]
fn a_photo_a_tester_and_a_room_are_sent_as_they_are_shown() {
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "free_text = \"forward\"");
    let Some(tab) = house.enter_at("/console/talk") else { return };
    tab.write("input[name=words]", "들어왔어요");
    tab.press_words("보내기");
    tab.says("들어왔어요: 접수했습니다.");
    tab.write("#photo", "https://talk.kakaocdn.net/a/b.jpg");
    tab.press_words("사진 보내기");
    tab.says("https://talk.kakaocdn.net/a/b.jpg: 접수했습니다.");
    tab.press_words("오픈빌더 봇테스트처럼");
    tab.press_words("단체 채팅방에서");
    tab.write("input[name=words]", "안녕");
    tab.press_words("보내기");
    tab.says("안녕: 접수했습니다.");
    tab.says("봇테스트 · 단체 채팅방");
    tab.holds("document.querySelector('[name=room]').checked");
    assert_eq!(bot.contents(), ["들어왔어요", "https://talk.kakaocdn.net/a/b.jpg", "안녕"]);
    tab.press_words("새 사용자로 시작");
    tab.says("채팅방에 들어가거나");
}

#[test]
fn script_in_every_word_of_a_bot_and_an_operator_stays_words() {
    const HOSTILE: &str = "\"'><script>document.title='hit'</script><img src=x onerror=\"document.title='hit'\">";
    let bot = Bot::before(bot::home(&[HOSTILE]), |_| {
        reply(serde_json::json!({
            "message": {
                "text": HOSTILE,
                "photo": { "url": format!("https://a.example/{HOSTILE}"), "width": 640, "height": 480 },
                "message_button": { "label": HOSTILE, "url": "javascript:document.title='hit'" },
            },
            "keyboard": { "type": "buttons", "buttons": [HOSTILE, "javascript:alert(1)"] },
        }))
    });
    let house = House::before(&bot, "free_text = \"forward\"");
    let Some(tab) = house.enter_at("/console/talk") else { return };
    for name in ["words", "block", "last_block"] {
        tab.write(&format!("input[name={name}]"), HOSTILE);
    }
    tab.press_words("보내기");
    tab.holds("document.querySelectorAll('.came').length === 1");
    tab.press("details.wire summary");
    assert_eq!(tab.count("main script, main img, main [onerror], a[href^=javascript]"), 0);
    assert!(tab.words().contains("<script>"), "it is there to be read: {}", tab.words());
    tab.holds("document.title.startsWith('대화')");
    // Where such markup had come to life, the browser had complained of it: `Tab` looks at its end.
}
