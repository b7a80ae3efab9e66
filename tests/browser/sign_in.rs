//! Coming in and going out (C2).

use crate::house::{Gate, House, snack_bar};
use crate::tab::Tab;

#[test]
fn a_link_shows_a_button_that_signs_in_and_then_it_is_used_up() {
    let Some(mut tab) = Tab::open() else { return };
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "");
    tab.go(&house.at("/"));
    tab.arrives_at("/console/sign-in");
    tab.go(&house.link);
    tab.says("이 브라우저에서 운영자 화면을 열까요?");
    assert_eq!(tab.count("nav"), 0, "looking at a link signs nobody in");
    tab.reload();
    tab.press_words("로그인");
    tab.arrives_at("/console/");
    tab.says("시작하기");
    tab.press_words("로그아웃");
    tab.arrives_at("/console/sign-in");
    tab.go(&house.link);
    tab.says("이미 쓰였거나 15분이 지난 링크입니다");
    let refused = tab.expected();
    assert!(refused.iter().all(|line| line.contains("403 (Forbidden)")), "{refused:#?}");
}

#[test]
fn the_keyboard_alone_signs_in_and_out() {
    let Some(mut tab) = Tab::open() else { return };
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "");
    tab.go(&house.link);
    tab.says("로그인");
    // The button has the focus from the beginning.
    tab.holds("document.activeElement.matches('main button')");
    tab.enter();
    tab.arrives_at("/console/");
    tab.walk_to("본문으로 건너뛰기");
    tab.enter();
    tab.holds("document.activeElement.id === 'main'");
    tab.reload();
    tab.walk_to("로그아웃");
    tab.enter();
    tab.arrives_at("/console/sign-in");
}

#[test]
fn a_language_is_chosen_before_the_sign_in_and_stays() {
    let Some(mut tab) = Tab::open() else { return };
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "");
    tab.go(&house.link);
    tab.holds("document.documentElement.lang === 'ko'");
    tab.press_words("English");
    tab.says("Open the console in this browser?");
    tab.press_words("Sign in");
    tab.arrives_at("/console/");
    tab.says("Get started");
    tab.holds("document.documentElement.lang === 'en'");
    tab.press_words("한국어");
    tab.says("시작하기");
}
