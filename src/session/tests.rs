mod parked;

use std::borrow::Cow;

use bytes::Bytes;
use smallvec::smallvec;

use super::*;
use crate::translate::inbound::UserInput;
use crate::translate::view::{FreeText, Texts};
use crate::wire::legacy::MessageType;
use crate::wire::mark::Mark;

const NOON: Moment = Moment::from_millis(1_700_000_000_000);

/// Labels of a keyboard with so many buttons.
fn menu(count: usize) -> Arc<Keyboard> {
    let labels: Vec<String> = (1..=count).map(|number| format!("메뉴 {number}")).collect();
    Arc::new(Keyboard::new(&labels).unwrap())
}

fn keyboard(labels: &[&str]) -> Arc<Keyboard> {
    Arc::new(Keyboard::new(labels).unwrap())
}

/// A session that was shown this at noon.
fn shown(keyboard: &Arc<Keyboard>) -> Session {
    let mut session = Session::default();
    session.show(Some(Arc::clone(keyboard)), Page::default(), false, NOON);
    session
}

fn after(millis: u64) -> Moment {
    NOON.plus(Duration::from_millis(millis))
}

/// The step under the default rules.
fn plan<'a>(session: &Session, says: UserInput<'a>, home: Option<&Arc<Keyboard>>, now: Moment) -> Step<'a> {
    ruled(session, says, home, now, |_| {})
}

fn ruled<'a>(
    session: &Session,
    says: UserInput<'a>,
    home: Option<&Arc<Keyboard>>,
    now: Moment,
    change: impl FnOnce(&mut Rules<'_>),
) -> Step<'a> {
    let texts = Texts::default();
    let handover = [Box::from("상담원 연결")];
    let mut rules = Rules {
        free_text: FreeText::Reprompt,
        texts: &texts,
        handover: &handover,
        unbound: false,
        recently_started: true,
        arrived: now,
    };
    change(&mut rules);
    session.plan(says, home, &rules, now).step
}

fn words(words: &str) -> UserInput<'_> {
    UserInput::Words(Cow::Borrowed(words))
}

fn tap(label: &str) -> UserInput<'_> {
    UserInput::Tap(Mark::Say(Cow::Borrowed(label)))
}

fn photo() -> UserInput<'static> {
    UserInput::Media(vec![(MessageType::Photo, "https://a.example/b.jpg".into())])
}

fn asks(words: &str) -> Step<'_> {
    Step::Ask(smallvec![(MessageType::Text, Cow::Borrowed(words))])
}

fn forwards(words: &str) -> Step<'_> {
    Step::Forward(smallvec![(MessageType::Text, Cow::Borrowed(words))])
}

fn late(came: Moment) -> LateReply {
    LateReply { bodies: vec![ReplyBody::Reply(Bytes::from_static(b"{\"message\":{}}"))], asked: came, came }
}

fn rest(at: Moment) -> Rest {
    Rest { bodies: vec![ReplyBody::Reply(Bytes::from_static(b"12345"))], next: 1, at }
}

#[test]
fn k2_a_keyboard_counts_for_ten_minutes_to_the_millisecond() {
    let session = shown(&keyboard(&["급식"]));
    assert!(matches!(session.current(after(0)), Current::Shown(_)));
    assert!(matches!(session.current(after(599_999)), Current::Shown(_)));
    assert!(matches!(session.current(after(600_000)), Current::Home(Why::Expired)));
    // A clock that went back does not end it, nor make it eternal.
    assert!(matches!(session.current(Moment::from_millis(0)), Current::Shown(_)));
}

#[test]
fn k2_free_typing_ends_after_ten_minutes_too() {
    let mut session = Session::default();
    session.show(None, Page::default(), false, NOON);
    let home = keyboard(&["급식"]);
    assert_eq!(plan(&session, words("안녕"), None, after(599_999)), asks("안녕"));
    assert_eq!(
        plan(&session, words("안녕"), Some(&home), after(600_000)),
        Step::Local(LocalStep::Reprompt(Prompt::Expired))
    );
    assert_eq!(plan(&session, words("급식"), Some(&home), after(600_000)), asks("급식"));
}

#[test]
fn i2_what_the_call_is_comes_before_what_the_session_says() {
    let session = shown(&keyboard(&["급식"]));
    assert_eq!(plan(&session, UserInput::Home, None, NOON), Step::Local(LocalStep::Home));
    assert_eq!(plan(&session, UserInput::Leave, None, NOON), Step::Local(LocalStep::Leave));
    assert_eq!(plan(&session, UserInput::Nothing, None, NOON), Step::Local(LocalStep::Reprompt(Prompt::Empty)));
}

#[test]
fn i3_a_tap_says_its_exact_label_whatever_keyboard_is_current() {
    for session in [Session::default(), shown(&keyboard(&["급식"]))] {
        for now in [NOON, after(600_000)] {
            assert_eq!(plan(&session, tap(" 옛 버튼\n"), None, now), asks(" 옛 버튼\n"));
        }
    }
}

#[test]
fn k3_a_long_label_is_picked_from_the_keyboard_that_has_it() {
    let long = "가".repeat(1500);
    let old = keyboard(&["짧은", &long]);
    let pick = |id, index| UserInput::Tap(Mark::Pick { keyboard: id, index });
    let session = shown(&old);
    assert_eq!(plan(&session, pick(old.id(), 1), None, NOON), asks(&long));
    assert_eq!(plan(&session, pick(old.id(), 2), None, NOON), Step::Local(LocalStep::Reprompt(Prompt::Choose)));
    // Over ten minutes it is still the one this user was shown last.
    assert_eq!(plan(&session, pick(old.id(), 1), None, after(600_000)), asks(&long));
    let other = keyboard(&["다른"]);
    assert_eq!(plan(&session, pick(other.id(), 0), None, NOON), Step::Local(LocalStep::Reprompt(Prompt::Choose)));
    assert_eq!(plan(&session, pick(other.id(), 0), Some(&other), after(600_000)), asks("다른"));
    // It is forgotten and there is no keyboard to show again: home.
    assert_eq!(plan(&Session::default(), pick(old.id(), 1), None, NOON), Step::Local(LocalStep::Home));
}

#[test]
fn i5_words_typed_before_a_keyboard_was_shown_are_not_held_to_it() {
    let session = shown(&keyboard(&["급식"]));
    let before = |rules: &mut Rules<'_>| rules.arrived = Moment::from_millis(NOON.as_millis() - 1);
    let soon = after(500);
    assert_eq!(ruled(&session, words("두번째 말"), None, soon, before), forwards("두번째 말"));
    assert!(matches!(ruled(&session, photo(), None, soon, before), Step::Forward(_)));
    assert_eq!(plan(&session, words("두번째 말"), None, soon), Step::Local(LocalStep::Reprompt(Prompt::Choose)));
}

#[test]
fn i5_only_labels_pass_under_buttons() {
    let session = shown(&keyboard(&["한식 메뉴", "Cafe"]));
    assert_eq!(plan(&session, words("한식 메뉴"), None, NOON), asks("한식 메뉴"));
    assert_eq!(plan(&session, words("한식메뉴"), None, NOON), asks("한식 메뉴"));
    assert_eq!(plan(&session, words("cafe"), None, NOON), asks("Cafe"));
    assert_eq!(plan(&session, words("아무 말"), None, NOON), Step::Local(LocalStep::Reprompt(Prompt::Choose)));
    assert_eq!(plan(&session, photo(), None, NOON), Step::Local(LocalStep::Reprompt(Prompt::MediaRefused)));
}

#[test]
fn i5_forward_lets_all_words_pass_but_no_photo() {
    let session = shown(&keyboard(&["급식"]));
    let forward = |rules: &mut Rules<'_>| rules.free_text = FreeText::Forward;
    assert_eq!(ruled(&session, words("아무 말"), None, NOON, forward), forwards("아무 말"));
    // Under buttons no bot ever got a medium (legacy.md 1).
    assert_eq!(ruled(&session, photo(), None, NOON, forward), Step::Local(LocalStep::Reprompt(Prompt::MediaRefused)));
    // A label is a label all the same.
    let spaced = shown(&keyboard(&["한식 메뉴"]));
    assert_eq!(ruled(&spaced, words("한식메뉴"), None, NOON, forward), asks("한식 메뉴"));
}

#[test]
fn i5_after_a_block_that_is_not_ours_nothing_binds() {
    let session = shown(&keyboard(&["급식"]));
    let unbound = |rules: &mut Rules<'_>| rules.unbound = true;
    assert_eq!(ruled(&session, words("아무 말"), None, NOON, unbound), forwards("아무 말"));
    assert!(matches!(ruled(&session, photo(), None, NOON, unbound), Step::Forward(_)));
}

#[test]
fn i5_an_expired_keyboard_is_told_so() {
    let session = shown(&keyboard(&["옛 버튼"]));
    let home = keyboard(&["급식"]);
    assert_eq!(
        plan(&session, words("아무 말"), Some(&home), after(600_000)),
        Step::Local(LocalStep::Reprompt(Prompt::Expired))
    );
    assert_eq!(
        plan(&session, words("옛 버튼"), Some(&home), after(600_000)),
        Step::Local(LocalStep::Reprompt(Prompt::Expired))
    );
    assert_eq!(plan(&session, words("급식"), Some(&home), after(600_000)), asks("급식"));
    // A bot whose home is free typing takes everything.
    assert_eq!(plan(&session, words("아무 말"), None, after(600_000)), asks("아무 말"));
}

#[test]
fn i5_a_user_nobody_knows_is_greeted_once_then_forwarded() {
    let home = keyboard(&["급식"]);
    let mut session = Session::default();
    assert_eq!(plan(&session, words("급식"), Some(&home), NOON), asks("급식"));
    assert_eq!(plan(&session, words("아무 말"), None, NOON), asks("아무 말"));
    assert_eq!(plan(&session, words("아무 말"), Some(&home), NOON), Step::Local(LocalStep::Reprompt(Prompt::Greet)));
    assert_eq!(plan(&session, photo(), Some(&home), NOON), Step::Local(LocalStep::Reprompt(Prompt::MediaRefused)));
    session.greet(Some(Arc::clone(&home)), Page::default(), false, NOON);
    assert_eq!(plan(&session, words("아무 말"), None, after(1)), forwards("아무 말"));
    assert!(matches!(plan(&session, photo(), None, after(1)), Step::Forward(_)));
    // Ten minutes after the start nothing older can count (K2).
    let later = |rules: &mut Rules<'_>| rules.recently_started = false;
    assert_eq!(
        ruled(&session, words("아무 말"), None, after(1), later),
        Step::Local(LocalStep::Reprompt(Prompt::Choose))
    );
    assert_eq!(ruled(&session, photo(), None, after(1), later), Step::Local(LocalStep::Reprompt(Prompt::MediaRefused)));
    // The pass outlives a page turn. It ends when it is used, and with the bot's next reply.
    session.show_again(Some(Arc::clone(&home)), Page::default(), false, after(2));
    assert_eq!(plan(&session, words("아무 말"), None, after(3)), forwards("아무 말"));
    let mut used = session.clone();
    used.spend_greeting();
    assert_eq!(plan(&used, words("아무 말"), None, after(3)), Step::Local(LocalStep::Reprompt(Prompt::Choose)));
    session.show(Some(home), Page::default(), false, after(4));
    assert_eq!(plan(&session, words("아무 말"), None, after(5)), Step::Local(LocalStep::Reprompt(Prompt::Choose)));
}

#[test]
fn i10_numbers_count_only_where_numbers_were_printed() {
    let menu = menu(12);
    let mut session = Session::default();
    session.show(Some(Arc::clone(&menu)), Page::default(), true, NOON);
    assert_eq!(plan(&session, words("12"), None, NOON), asks("메뉴 12"));
    assert_eq!(plan(&session, words("13"), None, NOON), Step::Local(LocalStep::Reprompt(Prompt::Choose)));
    session.show(Some(menu), Page::default(), false, NOON);
    assert_eq!(plan(&session, words("12"), None, NOON), Step::Local(LocalStep::Reprompt(Prompt::Choose)));
    // A label that is a number is a label first.
    let mut session = Session::default();
    session.show(Some(keyboard(&["3", "2", "1"])), Page::default(), true, NOON);
    assert_eq!(plan(&session, words("1"), None, NOON), asks("1"));
}

#[test]
fn k4_typed_navigation_turns_pages_where_there_are_some() {
    let mut session = Session::default();
    let middle = Page { start: 9, previous: Some(0), next: Some(17) };
    session.show(Some(menu(30)), middle, false, NOON);
    assert_eq!(plan(&session, words("다음 ▶"), None, NOON), Step::Local(LocalStep::Page(17)));
    assert_eq!(plan(&session, words("◀ 이전"), None, NOON), Step::Local(LocalStep::Page(0)));
    session.show_again(session.keyboard.clone(), Page::default(), false, NOON);
    assert_eq!(plan(&session, words("◀ 이전"), None, NOON), Step::Local(LocalStep::Reprompt(Prompt::Choose)));
    let few = shown(&menu(10));
    assert_eq!(plan(&few, words("다음 ▶"), None, NOON), Step::Local(LocalStep::Reprompt(Prompt::Choose)));
    let mut typing = Session::default();
    typing.show(None, Page::default(), false, NOON);
    assert_eq!(plan(&typing, words("다음 ▶"), None, NOON), asks("다음 ▶"));
}

#[test]
fn k4_navigation_belongs_to_the_bot_that_has_such_a_label() {
    let mut labels: Vec<String> = (1..=20).map(|number| number.to_string()).collect();
    labels.extend(["다음 ▶", "이어서 보기", "답변 보기"].map(str::to_owned));
    let mut session = shown(&Arc::new(Keyboard::new(&labels).unwrap()));
    session.keep_rest(rest(NOON));
    session.park(late(NOON));
    for label in ["다음 ▶", "이어서 보기", "답변 보기"] {
        assert_eq!(plan(&session, words(label), None, NOON), asks(label));
    }
}

#[test]
fn k4_a_page_of_another_keyboard_is_not_turned() {
    let menu = menu(30);
    let session = shown(&menu);
    let page = |id| UserInput::Tap(Mark::Page { keyboard: id, page: 1 });
    assert_eq!(plan(&session, page(menu.id()), None, NOON), Step::Local(LocalStep::Page(1)));
    let other = keyboard(&["다른"]);
    assert_eq!(plan(&session, page(other.id()), None, NOON), Step::Local(LocalStep::Reprompt(Prompt::Choose)));
    assert_eq!(
        plan(&session, page(menu.id()), Some(&other), after(600_000)),
        Step::Local(LocalStep::Reprompt(Prompt::Expired))
    );
    assert_eq!(plan(&session, page(other.id()), Some(&other), after(600_000)), Step::Local(LocalStep::Page(1)));
}

#[test]
fn k5_a_label_that_calls_a_human_never_reaches_the_bot() {
    let session = shown(&keyboard(&["급식", "상담원 연결"]));
    let label = "상담원 연결";
    assert_eq!(plan(&session, tap(label), None, NOON), Step::Local(LocalStep::Handover(label.into())));
    assert_eq!(plan(&session, words(label), None, NOON), Step::Local(LocalStep::Handover(label.into())));
    assert_eq!(plan(&session, words("상담원연결"), None, NOON), Step::Local(LocalStep::Handover(label.into())));
    assert_eq!(plan(&session, words("1"), None, NOON), Step::Local(LocalStep::Reprompt(Prompt::Choose)));
    // Typed where it is no button, by whomever.
    let food = shown(&keyboard(&["급식"]));
    assert_eq!(plan(&food, words(label), None, NOON), Step::Local(LocalStep::Handover(label.into())));
    assert_eq!(plan(&Session::default(), words(label), None, NOON), Step::Local(LocalStep::Handover(label.into())));
    let mut numbered = Session::default();
    numbered.show(Some(keyboard(&["급식", label])), Page::default(), true, NOON);
    assert_eq!(plan(&numbered, words("2"), None, NOON), Step::Local(LocalStep::Handover(label.into())));
}

#[test]
fn a_page_number_beyond_any_keyboard_stays_a_number() {
    let mut session = Session::default();
    session.show(Some(menu(30)), Page { start: u32::MAX, previous: None, next: Some(0) }, false, NOON);
    assert_eq!(session.page(), u32::from(u16::MAX));
    assert_eq!(plan(&session, words("다음 ▶"), None, NOON), Step::Local(LocalStep::Page(u32::from(u16::MAX) + 255)));
}

#[test]
fn a_session_is_small() {
    assert!(size_of::<Session>() <= 32, "{} bytes", size_of::<Session>());
}
