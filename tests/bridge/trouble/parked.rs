//! Answers that come late (S3): what the user reads, in which order, and whose buttons count.

use super::*;
use serde_json::json;

const RESEND: &str = "앞선 답변이 늦어져 이번 메시지를 전달하지 못했습니다. 다시 보내 주세요.";
const NOTHING: &str = "보여 드릴 답변이 없습니다. 다시 말씀해 주세요.";

fn slow(text: &str) -> Reply {
    bot::words(text).after(ms(900))
}

#[test]
fn an_answer_that_comes_late_is_shown_once_on_the_tap() {
    let bot = Bot::scripted([buttons("늦은 답", &["가", "나"]).after(ms(900))]);
    let bridge = before(&bot);
    let waits = bridge.say(&words("u", "안녕"));
    assert_eq!((waits.text(), waits.quick_replies()), (WAIT.into(), vec!["답변 보기".into()]));
    bridge.settled();
    assert_eq!(bridge.detail("default")["parked"], 1);
    let late = bridge.say(&tap("u", &waits, "답변 보기"));
    assert_eq!((late.text(), late.quick_replies()), ("늦은 답".into(), vec!["가".into(), "나".into()]));
    assert_eq!(bridge.say(&words("u", "아무 말")).text(), CHOOSE, "its keyboard counts from when it was shown");
    let again = bridge.say(&tap("u", &waits, "답변 보기"));
    assert_eq!((again.text(), again.quick_replies()), (NOTHING.into(), vec!["가".into(), "나".into()]));
    assert_eq!(bridge.detail("default")["parked_bytes"], 0);
}

#[test]
fn the_tap_waits_for_a_bot_that_still_works_and_may_be_made_again() {
    let bot = Bot::scripted([bot::words("늦은 답").after(ms(1_600))]);
    let bridge = before(&bot);
    let first = bridge.say(&words("u", "안녕"));
    let second = bridge.say(&tap("u", &first, "답변 보기"));
    assert_eq!((second.text(), second.quick_replies()), (WAIT.into(), vec!["답변 보기".into()]));
    assert!(second.took >= ms(550), "it waits up to its own deadline");
    assert_eq!(bridge.say(&tap("u", &second, "답변 보기")).text(), "늦은 답");
}

#[test]
fn a_late_answer_stands_before_the_next_one_whose_buttons_count() {
    let bot = Bot::scripted([buttons("늦은 답", &["가"]).after(ms(900)), buttons("새 답", &["나"])]);
    let bridge = before(&bot);
    bridge.say(&words("u", "하나"));
    bridge.settled();
    let next = bridge.say(&words("u", "둘"));
    assert_eq!((next.text(), next.quick_replies()), ("늦은 답\n새 답".into(), vec!["나".into()]));
}

#[test]
fn two_slow_turns_of_one_user_in_a_row_are_both_shown_in_order() {
    let bot = Bot::scripted([slow("첫 답"), slow("둘째 답")]);
    let bridge = before(&bot);
    assert_eq!(bridge.say(&words("u", "하나")).text(), WAIT);
    bridge.settled();
    let second = bridge.say(&words("u", "둘"));
    assert_eq!(second.text(), WAIT);
    bridge.settled();
    assert_eq!(bridge.say(&tap("u", &second, "답변 보기")).text(), "첫 답\n둘째 답");
}

#[test]
fn words_sent_while_the_bot_works_are_asked_for_again_and_never_reach_it() {
    let bot = Bot::scripted([bot::words("늦은 답").after(ms(1_700)), bot::words("셋째 답")]);
    let bridge = before(&bot);
    assert_eq!(bridge.say(&words("u", "하나")).text(), WAIT);
    assert_eq!(bridge.say(&words("u", "둘")).text(), RESEND);
    bridge.settled();
    assert_eq!(bridge.say(&words("u", "셋")).text(), "늦은 답\n셋째 답");
    assert_eq!(bot.contents(), ["하나", "셋"]);
}

#[test]
fn two_taps_at_once_ask_the_bot_once_and_both_read_the_answer() {
    let bot = Bot::scripted([buttons("메뉴", &["가"]), bot::words("답").after(ms(200))]);
    let bridge = before(&bot);
    let menu = bridge.say(&words("u", "안녕"));
    let pressed = tap("u", &menu, "가");
    let (one, other) = together(|| bridge.say(&pressed), || bridge.say(&pressed));
    assert_eq!((one.text(), other.text()), ("답".into(), "답".into()));
    assert_eq!(bot.messages().len(), 2);
}

#[test]
fn a_second_tap_takes_the_answer_that_came_too_late_for_the_first() {
    let bot = Bot::scripted([buttons("메뉴", &["가"]), slow("답")]);
    let bridge = before(&bot);
    let pressed = tap("u", &bridge.say(&words("u", "안녕")), "가");
    let (first, second) = together(
        || bridge.say(&pressed),
        || {
            eventually("the first tap is out", || bot.messages().len() == 2);
            // So much later that its own deadline is behind the answer.
            eventually("most of the first one's time is over", || bot.messages()[1].at.elapsed() >= ms(400));
            bridge.say(&pressed)
        },
    );
    assert_eq!((first.text(), second.text()), (WAIT.into(), "답".into()));
    bridge.settled();
    assert_eq!(bridge.say(&tap("u", &first, "답변 보기")).text(), NOTHING, "the user has read it");
}

/// Both callers are gone or answered: what came must be parked, not handed to a caller who hung up.
#[test]
fn a_second_tap_that_hangs_up_does_not_swallow_the_answer() {
    let bot = Bot::scripted([buttons("메뉴", &["가"]), slow("답")]);
    let bridge = before(&bot);
    let pressed = tap("u", &bridge.say(&words("u", "안녕")), "가");
    let (first, ()) = together(
        || bridge.say(&pressed),
        || {
            eventually("the first tap is out", || bot.messages().len() == 2);
            let mut caller = bridge.client();
            caller.send(&pressed);
            eventually("both are in", || bridge.busy().0 == 2);
        },
    );
    assert_eq!(first.text(), WAIT);
    bridge.settled();
    assert_eq!(bridge.say(&tap("u", &first, "답변 보기")).text(), "답");
}

#[test]
fn a_caller_that_hangs_up_loses_nothing() {
    let bot = Bot::scripted([bot::words("답").after(ms(300)), bot::words("둘째 답")]);
    let bridge = before(&bot);
    let mut caller = bridge.client();
    caller.send(&words("u", "안녕"));
    eventually("the bot was asked", || bot.messages().len() == 1);
    drop(caller);
    bridge.settled();
    assert_eq!(bridge.say(&words("u", "둘")).text(), "답\n둘째 답");
}

/// A tap on `답변 보기` that nobody waits for must leave the answer where it is.
#[test]
fn a_tap_for_the_late_answer_that_hangs_up_leaves_it_there() {
    let bot = Bot::scripted([slow("늦은 답")]);
    let bridge = before(&bot);
    let waits = bridge.say(&words("u", "안녕"));
    let mut caller = bridge.client();
    caller.send(&tap("u", &waits, "답변 보기"));
    eventually("the tap stands in line", || bridge.busy().0 == 2);
    drop(caller);
    bridge.settled();
    assert_eq!(bridge.say(&tap("u", &waits, "답변 보기")).text(), "늦은 답");
}

#[test]
fn a_tap_on_an_old_card_reaches_the_bot() {
    let bot =
        Bot::scripted([buttons("첫 메뉴", &["가", "나"]), buttons("둘째 메뉴", &["다"]), bot::words("옛 버튼의 답")]);
    let bridge = before(&bot);
    let old = bridge.say(&words("u", "안녕"));
    bridge.say(&tap("u", &old, "가"));
    assert_eq!(bridge.say(&tap("u", &old, "나")).text(), "옛 버튼의 답");
    assert_eq!(bot.contents().last().unwrap(), "나");
}

#[test]
fn a_late_keyboard_does_not_count_over_a_newer_one() {
    let bot = Bot::scripted([
        buttons("메뉴", &["가", "나"]),
        buttons("늦은 답", &["늦은 버튼"]).after(ms(900)),
        buttons("새 답", &["새 버튼"]),
    ]);
    let bridge = before(&bot);
    let menu = bridge.say(&words("u", "안녕"));
    let waits = bridge.say(&tap("u", &menu, "가"));
    bridge.settled();
    let next = bridge.say(&tap("u", &menu, "나"));
    assert_eq!((next.text(), next.quick_replies()), ("늦은 답\n새 답".into(), vec!["새 버튼".into()]));
    let gone = bridge.say(&tap("u", &waits, "답변 보기"));
    assert_eq!((gone.text(), gone.quick_replies()), (NOTHING.into(), vec!["새 버튼".into()]));
}

/// The bot has moved on to free typing, though the user has not seen it say so: the words are for the bot.
#[test]
fn words_after_a_late_answer_that_frees_typing_reach_the_bot() {
    let bot = Bot::scripted([buttons("메뉴", &["가"]), slow("이름은?"), bot::words("반가워요")]);
    let bridge = before(&bot);
    let menu = bridge.say(&words("u", "안녕"));
    bridge.say(&tap("u", &menu, "가"));
    bridge.settled();
    assert_eq!(bridge.say(&words("u", "홍길동")).text(), "이름은?\n반가워요");
}

/// The reprompt shows what came late first; the buttons under both are the late answer's, the newest the user has.
#[test]
fn words_that_match_no_button_show_the_late_answer_and_its_buttons() {
    let bot = Bot::scripted([
        buttons("메뉴", &["가", "나"]),
        buttons("늦은 답", &["다", "라"]).after(ms(900)),
        bot::words("다의 답"),
    ]);
    let bridge = before(&bot);
    let menu = bridge.say(&words("u", "안녕"));
    bridge.say(&tap("u", &menu, "가"));
    bridge.settled();
    let answer = bridge.say(&words("u", "아무 말"));
    assert_eq!((answer.text(), answer.quick_replies()), (format!("늦은 답\n{CHOOSE}"), vec!["다".into(), "라".into()]));
    assert_eq!(bridge.say(&words("u", "다")).text(), "다의 답");
}

#[test]
fn a_bot_that_fails_late_is_told_of_on_the_tap() {
    for (name, step) in [("reset", reset()), ("status", status(500, b"x")), ("hang", hang())] {
        let bot = Bot::scripted([step.after(ms(700))]);
        let bridge = with(&bot, &[("bots.default.late", "1s")]);
        let waits = bridge.say(&words("u", "안녕"));
        assert_eq!(waits.text(), WAIT, "{name}");
        bridge.settled();
        assert_eq!(bridge.say(&tap("u", &waits, "답변 보기")).text(), NO_REPLY, "{name}");
    }
}

#[test]
fn a_late_answer_of_over_64_kib_is_shown_in_parts_to_its_last_word() {
    let text: String = (0..12_000).map(|n| format!("{n:05} ")).collect();
    let bot = Bot::scripted([reply(json!({ "message": { "text": text } })).after(ms(900))]);
    let bridge = before(&bot);
    let mut answer = bridge.say(&words("u", "안녕"));
    bridge.settled();
    answer = bridge.say(&tap("u", &answer, "답변 보기"));
    let mut read = answer.text();
    while answer.quick_replies().contains(&"이어서 보기".to_owned()) {
        answer = bridge.say(&tap("u", &answer, "이어서 보기"));
        read = format!("{read} {}", answer.text());
    }
    assert_eq!(read.split_whitespace().count(), 12_000);
    assert_eq!(bridge.detail("default")["parked_bytes"], 0);
}

#[test]
fn what_does_not_fit_the_bound_on_parked_answers_is_said_to_be_gone() {
    let text = "가".repeat(2_000);
    let bot = Bot::scripted([bot::words(&text).after(ms(900)), bot::words("둘째")]);
    let bridge = with(&bot, &[("limits.parked", "2KiB")]);
    let waits = bridge.say(&words("u", "안녕"));
    bridge.settled();
    assert_eq!(bridge.say(&tap("u", &waits, "답변 보기")).text(), NOTHING);
    assert!(bridge.sum("bridge_turns_total", "outcome=\"lost\"") >= 1.0);
    assert_eq!(bridge.say(&words("u", "둘")).text(), "둘째");
}

#[test]
fn where_one_is_asked_at_a_time_others_wait_their_turn() {
    let bot = Bot::answering(|asked| bot::words(&format!("{}의 답", asked.content())).after(ms(50)));
    let bridge = with(&bot, &[("bots.default.one_at_a_time", "true")]);
    let calls: Vec<_> = (0..5).map(|n| words(&format!("u{n}"), &format!("말{n}"))).collect();
    let answers = all_at_once(&bridge, &calls);
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.text(), format!("말{n}의 답"));
    }
    let asked = bot.messages();
    let apart = asked.windows(2).all(|pair| pair[1].at.duration_since(pair[0].at) >= ms(49));
    assert!(apart, "two messages were out at once");
}

#[test]
fn where_one_is_asked_at_a_time_who_waits_too_long_is_not_sent() {
    let bot = Bot::scripted([bot::words("늦은 답").after(ms(1_500)), bot::words("셋째")]);
    let bridge = with(&bot, &[("bots.default.one_at_a_time", "true")]);
    let (first, second) = together(
        || bridge.say(&words("u", "하나")),
        || {
            eventually("the first is out", || bot.messages().len() == 1);
            bridge.say(&words("v", "둘"))
        },
    );
    assert_eq!((first.text(), second.text()), (WAIT.into(), RESEND.into()));
    bridge.settled();
    assert_eq!(bridge.say(&words("v", "셋")).text(), "셋째");
}
