//! Answers that come late (S3): what the user reads, in which order, and whose buttons count.

use super::support::app::Bridge;
use super::support::caller::{Caller, words};
use super::support::mock_bot::{MockBot, Step, hang, reply, reset, says, says_with, status};
use super::support::{eventually, ms};
use serde_json::json;

const WAIT: &str = "답변을 준비하고 있습니다. 잠시 후 다시 확인해 주세요.";
const RESEND: &str = "앞선 답변이 늦어져 이번 메시지를 전달하지 못했습니다. 다시 보내 주세요.";
const NOTHING: &str = "보여 드릴 답변이 없습니다. 다시 말씀해 주세요.";
const NO_REPLY: &str = "답변을 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.";
const CHOOSE: &str = "원하는 버튼을 선택하세요";

fn slow(text: &str) -> Step {
    says(text).after(ms(900))
}

#[tokio::test]
async fn an_answer_that_comes_late_is_shown_once_on_the_tap() {
    let bot = MockBot::scripted([says_with("늦은 답", &["가", "나"]).after(ms(900))]).await;
    let bridge = Bridge::before(&bot.url());
    let waits = bridge.say("u", "안녕").await;
    assert_eq!((waits.text(), waits.buttons()), (WAIT.into(), vec!["답변 보기".into()]));
    bridge.settled().await;
    assert_eq!(bridge.detail("default").await["parked"], 1);
    let late = bridge.call(&waits.tap("u", "답변 보기")).await;
    assert_eq!((late.text(), late.buttons()), ("늦은 답".into(), vec!["가".into(), "나".into()]));
    assert_eq!(bridge.say("u", "아무 말").await.text(), CHOOSE, "its keyboard counts from when it was shown");
    let again = bridge.call(&waits.tap("u", "답변 보기")).await;
    assert_eq!((again.text(), again.buttons()), (NOTHING.into(), vec!["가".into(), "나".into()]));
    assert_eq!(bridge.detail("default").await["parked_bytes"], 0);
}

#[tokio::test]
async fn the_tap_waits_for_a_bot_that_still_works_and_may_be_made_again() {
    let bot = MockBot::scripted([says("늦은 답").after(ms(1_600))]).await;
    let bridge = Bridge::before(&bot.url());
    let first = bridge.say("u", "안녕").await;
    let second = bridge.call(&first.tap("u", "답변 보기")).await;
    assert_eq!((second.text(), second.buttons()), (WAIT.into(), vec!["답변 보기".into()]));
    assert!(second.took >= ms(550), "it waits up to its own deadline");
    assert_eq!(bridge.call(&second.tap("u", "답변 보기")).await.text(), "늦은 답");
}

#[tokio::test]
async fn a_late_answer_stands_before_the_next_one_whose_buttons_count() {
    let bot = MockBot::scripted([says_with("늦은 답", &["가"]).after(ms(900)), says_with("새 답", &["나"])]).await;
    let bridge = Bridge::before(&bot.url());
    bridge.say("u", "하나").await;
    bridge.settled().await;
    let next = bridge.say("u", "둘").await;
    assert_eq!((next.text(), next.buttons()), ("늦은 답\n새 답".into(), vec!["나".into()]));
}

#[tokio::test]
async fn two_slow_turns_of_one_user_in_a_row_are_both_shown_in_order() {
    let bot = MockBot::scripted([slow("첫 답"), slow("둘째 답")]).await;
    let bridge = Bridge::before(&bot.url());
    assert_eq!(bridge.say("u", "하나").await.text(), WAIT);
    bridge.settled().await;
    let second = bridge.say("u", "둘").await;
    assert_eq!(second.text(), WAIT);
    bridge.settled().await;
    assert_eq!(bridge.call(&second.tap("u", "답변 보기")).await.text(), "첫 답\n둘째 답");
}

#[tokio::test]
async fn words_sent_while_the_bot_works_are_asked_for_again_and_never_reach_it() {
    let bot = MockBot::scripted([says("늦은 답").after(ms(1_700)), says("셋째 답")]).await;
    let bridge = Bridge::before(&bot.url());
    assert_eq!(bridge.say("u", "하나").await.text(), WAIT);
    assert_eq!(bridge.say("u", "둘").await.text(), RESEND);
    bridge.settled().await;
    assert_eq!(bridge.say("u", "셋").await.text(), "늦은 답\n셋째 답");
    assert_eq!(bot.asked().iter().map(|asked| &*asked.content).collect::<Vec<_>>(), ["하나", "셋"]);
}

#[tokio::test]
async fn two_taps_at_once_ask_the_bot_once_and_both_read_the_answer() {
    let bot = MockBot::scripted([says_with("메뉴", &["가"]), says("답").after(ms(200))]).await;
    let bridge = Bridge::before(&bot.url());
    let menu = bridge.say("u", "안녕").await;
    let tap = menu.tap("u", "가");
    let (one, other) = tokio::join!(bridge.call(&tap), bridge.call(&tap));
    assert_eq!((one.text(), other.text()), ("답".into(), "답".into()));
    assert_eq!(bot.messages(), 2);
}

#[tokio::test]
async fn a_second_tap_takes_the_answer_that_came_too_late_for_the_first() {
    let bot = MockBot::scripted([says_with("메뉴", &["가"]), slow("답")]).await;
    let bridge = Bridge::before(&bot.url());
    let tap = bridge.say("u", "안녕").await.tap("u", "가");
    let first = async { bridge.call(&tap).await };
    let second = async {
        eventually("the first tap is out", || bot.messages() == 2).await;
        tokio::time::sleep(ms(400)).await;
        bridge.call(&tap).await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.text(), second.text()), (WAIT.into(), "답".into()));
    bridge.settled().await;
    assert_eq!(bridge.call(&first.tap("u", "답변 보기")).await.text(), NOTHING, "the user has read it");
}

/// Both callers are gone or answered: what came must be parked, not handed to a caller who hung up.
#[tokio::test]
async fn a_second_tap_that_hangs_up_does_not_swallow_the_answer() {
    let bot = MockBot::scripted([says_with("메뉴", &["가"]), slow("답")]).await;
    let bridge = Bridge::before(&bot.url());
    let tap = bridge.say("u", "안녕").await.tap("u", "가");
    let second = async {
        eventually("the first tap is out", || bot.messages() == 2).await;
        let mut caller = Caller::connect(bridge.address).await.unwrap();
        caller.send(&tap).await;
        eventually("both are in", || bridge.busy().0 == 2).await;
    };
    let (first, ()) = tokio::join!(bridge.call(&tap), second);
    assert_eq!(first.text(), WAIT);
    bridge.settled().await;
    assert_eq!(bridge.call(&first.tap("u", "답변 보기")).await.text(), "답");
}

#[tokio::test]
async fn a_caller_that_hangs_up_loses_nothing() {
    let bot = MockBot::scripted([says("답").after(ms(300)), says("둘째 답")]).await;
    let bridge = Bridge::before(&bot.url());
    let mut caller = Caller::connect(bridge.address).await.unwrap();
    caller.send(&words("u", "안녕")).await;
    eventually("the bot was asked", || bot.messages() == 1).await;
    drop(caller);
    bridge.settled().await;
    assert_eq!(bridge.say("u", "둘").await.text(), "답\n둘째 답");
}

/// A tap on `답변 보기` that nobody waits for must leave the answer where it is.
#[tokio::test]
async fn a_tap_for_the_late_answer_that_hangs_up_leaves_it_there() {
    let bot = MockBot::scripted([slow("늦은 답")]).await;
    let bridge = Bridge::before(&bot.url());
    let waits = bridge.say("u", "안녕").await;
    let mut caller = Caller::connect(bridge.address).await.unwrap();
    caller.send(&waits.tap("u", "답변 보기")).await;
    eventually("the tap stands in line", || bridge.busy().0 == 2).await;
    drop(caller);
    bridge.settled().await;
    assert_eq!(bridge.call(&waits.tap("u", "답변 보기")).await.text(), "늦은 답");
}

#[tokio::test]
async fn a_tap_on_an_old_card_reaches_the_bot() {
    let bot =
        MockBot::scripted([says_with("첫 메뉴", &["가", "나"]), says_with("둘째 메뉴", &["다"]), says("옛 버튼의 답")])
            .await;
    let bridge = Bridge::before(&bot.url());
    let old = bridge.say("u", "안녕").await;
    bridge.call(&old.tap("u", "가")).await;
    assert_eq!(bridge.call(&old.tap("u", "나")).await.text(), "옛 버튼의 답");
    assert_eq!(bot.asked().last().unwrap().content, "나");
}

#[tokio::test]
async fn a_late_keyboard_does_not_count_over_a_newer_one() {
    let bot = MockBot::scripted([
        says_with("메뉴", &["가", "나"]),
        says_with("늦은 답", &["늦은 버튼"]).after(ms(900)),
        says_with("새 답", &["새 버튼"]),
    ])
    .await;
    let bridge = Bridge::before(&bot.url());
    let menu = bridge.say("u", "안녕").await;
    let waits = bridge.call(&menu.tap("u", "가")).await;
    bridge.settled().await;
    let next = bridge.call(&menu.tap("u", "나")).await;
    assert_eq!((next.text(), next.buttons()), ("늦은 답\n새 답".into(), vec!["새 버튼".into()]));
    let gone = bridge.call(&waits.tap("u", "답변 보기")).await;
    assert_eq!((gone.text(), gone.buttons()), (NOTHING.into(), vec!["새 버튼".into()]));
}

/// The bot has moved on to free typing, though the user has not seen it say so: the words are for the bot.
#[tokio::test]
async fn words_after_a_late_answer_that_frees_typing_reach_the_bot() {
    let bot = MockBot::scripted([says_with("메뉴", &["가"]), slow("이름은?"), says("반가워요")]).await;
    let bridge = Bridge::before(&bot.url());
    let menu = bridge.say("u", "안녕").await;
    bridge.call(&menu.tap("u", "가")).await;
    bridge.settled().await;
    assert_eq!(bridge.say("u", "홍길동").await.text(), "이름은?\n반가워요");
}

/// The reprompt shows what came late first; the buttons under both are the late answer's, the newest the user has.
#[tokio::test]
async fn words_that_match_no_button_show_the_late_answer_and_its_buttons() {
    let bot = MockBot::scripted([
        says_with("메뉴", &["가", "나"]),
        says_with("늦은 답", &["다", "라"]).after(ms(900)),
        says("다의 답"),
    ])
    .await;
    let bridge = Bridge::before(&bot.url());
    let menu = bridge.say("u", "안녕").await;
    bridge.call(&menu.tap("u", "가")).await;
    bridge.settled().await;
    let answer = bridge.say("u", "아무 말").await;
    assert_eq!((answer.text(), answer.buttons()), (format!("늦은 답\n{CHOOSE}"), vec!["다".into(), "라".into()]));
    assert_eq!(bridge.say("u", "다").await.text(), "다의 답");
}

#[tokio::test]
async fn a_bot_that_fails_late_is_told_of_on_the_tap() {
    for (name, step) in [("reset", reset()), ("status", status(500, b"x")), ("hang", hang())] {
        let bot = MockBot::scripted([step.after(ms(700))]).await;
        let bridge = Bridge::with(&bot.url(), &[("bots.default.late", "1s")]);
        let waits = bridge.say("u", "안녕").await;
        assert_eq!(waits.text(), WAIT, "{name}");
        bridge.settled().await;
        assert_eq!(bridge.call(&waits.tap("u", "답변 보기")).await.text(), NO_REPLY, "{name}");
    }
}

#[tokio::test]
async fn a_late_answer_of_over_64_kib_is_shown_in_parts_to_its_last_word() {
    let text: String = (0..12_000).map(|n| format!("{n:05} ")).collect();
    let bot = MockBot::scripted([reply(&json!({ "message": { "text": text } })).after(ms(900))]).await;
    let bridge = Bridge::before(&bot.url());
    let mut answer = bridge.say("u", "안녕").await;
    bridge.settled().await;
    answer = bridge.call(&answer.tap("u", "답변 보기")).await;
    let mut read = answer.text();
    while answer.buttons().contains(&"이어서 보기".to_owned()) {
        answer = bridge.call(&answer.tap("u", "이어서 보기")).await;
        read = format!("{read} {}", answer.text());
    }
    assert_eq!(read.split_whitespace().count(), 12_000);
    assert_eq!(bridge.detail("default").await["parked_bytes"], 0);
}

#[tokio::test]
async fn what_does_not_fit_the_bound_on_parked_answers_is_said_to_be_gone() {
    let text = "가".repeat(2_000);
    let bot = MockBot::scripted([says(&text).after(ms(900)), says("둘째")]).await;
    let bridge = Bridge::with(&bot.url(), &[("limits.parked", "2KiB")]);
    let waits = bridge.say("u", "안녕").await;
    bridge.settled().await;
    assert_eq!(bridge.call(&waits.tap("u", "답변 보기")).await.text(), NOTHING);
    assert!(bridge.metric("bridge_turns_total", "outcome=\"lost\"").await >= 1.0);
    assert_eq!(bridge.say("u", "둘").await.text(), "둘째");
}

#[tokio::test]
async fn where_one_is_asked_at_a_time_others_wait_their_turn() {
    let bot = MockBot::answering(|asked| says(&format!("{}의 답", asked.content)).after(ms(50))).await;
    let bridge = Bridge::with(&bot.url(), &[("bots.default.one_at_a_time", "true")]);
    let calls: Vec<_> = (0..5).map(|n| words(&format!("u{n}"), &format!("말{n}"))).collect();
    let answers = futures_util::future::join_all(calls.iter().map(|call| bridge.call(call))).await;
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.text(), format!("말{n}의 답"));
    }
    let asked = bot.asked();
    let apart = asked.windows(2).all(|pair| pair[1].at.duration_since(pair[0].at) >= ms(49));
    assert!(apart, "two messages were out at once");
}

#[tokio::test]
async fn where_one_is_asked_at_a_time_who_waits_too_long_is_not_sent() {
    let bot = MockBot::scripted([says("늦은 답").after(ms(1_500)), says("셋째")]).await;
    let bridge = Bridge::with(&bot.url(), &[("bots.default.one_at_a_time", "true")]);
    let (first, second) = tokio::join!(bridge.say("u", "하나"), async {
        eventually("the first is out", || bot.messages() == 1).await;
        bridge.say("v", "둘").await
    });
    assert_eq!((first.text(), second.text()), (WAIT.into(), RESEND.into()));
    bridge.settled().await;
    assert_eq!(bridge.say("v", "셋").await.text(), "셋째");
}
