//! *시작하기*: the checklist, the lines to paste, and the check (C3).

use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::house::{Gate, House, snack_bar};
use crate::support::*;
use crate::tab::Tab;

const SECRET: &str = "secret = { header = \"x-skill-secret\", values = [\"a-secret-of-the-skill\"] }";

/// How a step of the checklist stands: `good`, `bad` or `open`.
fn standing(tab: &Tab, name: &str) -> Value {
    let find = "const step = [...document.querySelectorAll('li.step')].find(s => s.querySelector('h3').innerText.startsWith(arguments[0])); \
        return step && ['good', 'bad', 'open'].find(c => step.classList.contains(c))";
    tab.script(find, vec![json!(name)])
}

#[test]
fn the_checklist_goes_from_red_to_green_with_a_real_call() {
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, SECRET);
    let Some(tab) = house.enter_at("/console/") else { return };
    assert_eq!(standing(&tab, "실제 사용자의 호출"), "open");
    assert!(bot.asked().is_empty(), "looking asks the bot nothing");
    let say = Say::welcome(MINA);
    assert_eq!(house.bridge.post("/skill", &[], say.body()).status, 401);
    tab.reload();
    assert_eq!(standing(&tab, "스킬의 비밀값 헤더"), "bad");
    tab.says("스킬에 헤더가 없습니다");
    let header = [("x-skill-secret", "a-secret-of-the-skill")];
    assert_eq!(house.bridge.post("/skill", &header, say.body()).status, 200);
    assert_eq!(house.bridge.post("/skill", &header, Say::words(MINA, "오늘의 메뉴").body()).status, 200);
    tab.reload();
    for name in ["봇 연결", "봇의 답변", "비밀값 설정", "스킬의 비밀값 헤더", "실제 사용자의 호출", "웰컴 블록의 호출"]
    {
        assert_eq!(standing(&tab, name), "good", "{name}");
    }
}

#[test]
fn a_line_is_copied_by_its_button_and_the_secret_is_shown_only_when_it_is_asked_for() {
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, SECRET);
    let Some(tab) = house.enter_at("/console/") else { return };
    tab.press("[data-copy=skill-url]");
    tab.says("복사됨");
    tab.press("#words");
    tab.type_keys(&format!("{}v", char::from(Key::Control)));
    tab.holds("document.querySelector('#words').value === document.querySelector('#skill-url').innerText");
    assert!(!tab.words().contains("a-secret-of-the-skill"));
    tab.press_words("값 보기");
    tab.says("a-secret-of-the-skill");
    tab.arrives_at("/console/secret");
    tab.press_words("시작하기");
    tab.arrives_at("/console/");
    assert!(!tab.words().contains("a-secret-of-the-skill"));
}

#[test]
fn the_check_of_a_sick_bot_says_what_is_wrong() {
    let gate = Gate::default();
    let passes = gate.clone();
    let bot = Bot::before(bot::home(&["급식"]), move |_| {
        passes.pass();
        status(503, "점검 중")
    });
    let house = House::before(&bot, "");
    let Some(tab) = house.enter_at("/console/") else { return };
    tab.write("#words", "급식");
    tab.press_words("점검하기");
    tab.says("점검하는 중입니다");
    gate.open();
    // The page loads itself until the check is over.
    tab.says("점검 결과");
    tab.says("503");
    tab.holds("/SB3\\d+/.test(document.body.innerText)");
    assert_eq!(bot.contents(), ["급식"]);
    assert_eq!(standing(&tab, "봇 연결"), "good");
}

#[test]
fn the_check_of_a_bot_that_is_not_there_turns_its_step_red() {
    let mut bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "");
    bot.die();
    let Some(tab) = house.enter_at("/console/") else { return };
    tab.press_words("점검하기");
    tab.says("점검 결과");
    assert_eq!(standing(&tab, "봇 연결"), "bad");
}
