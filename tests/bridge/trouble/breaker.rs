//! The breaker (S4) from outside: what users read, what operators see, who is alerted.

use super::support::app::Bridge;
use super::support::caller::words;
use super::support::mock_bot::{self, MockBot, reset, says};
use super::support::{alert::Alerts, eventually, ms};

const NO_REPLY: &str = "답변을 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.";
const OUTAGE: &str = "지금은 답변을 드릴 수 없습니다. 잠시 후 다시 시도해 주세요.";
const WAIT: &str = "답변을 준비하고 있습니다. 잠시 후 다시 확인해 주세요.";

#[tokio::test]
async fn ten_failures_are_an_outage_seen_everywhere_and_a_good_reply_ends_it() {
    let alerts = Alerts::start().await;
    let steps = (0..10).map(|_| reset()).chain([reset(), says("다시 여기")]);
    let bot = MockBot::scripted(steps.chain([says("안녕")])).await;
    let url = alerts.url();
    let keys = [("bots.default.breaker.open", "400ms"), ("alert.url", &*url)];
    let bridge = Bridge::with(&bot.url(), &keys);
    for turn in 0..10 {
        assert_eq!(bridge.say(&format!("u{turn}"), "안녕").await.text(), NO_REPLY);
    }
    let answer = bridge.say("u", "안녕").await;
    assert_eq!(answer.text(), OUTAGE);
    assert!(answer.took < ms(300), "at once");
    assert_eq!(bridge.detail("default").await["breaker"], "open");
    assert_eq!(bridge.metric("bridge_backend_up", "").await, 0.0);
    assert_eq!(bot.messages(), 10, "a bot that is out is left alone");
    eventually("the outage is alerted", || alerts.states() == ["outage"]).await;

    // The probe fails: still out, and nobody is alerted again.
    tokio::time::sleep(ms(450)).await;
    assert_eq!(bridge.say("u", "안녕").await.text(), NO_REPLY);
    assert_eq!(bridge.say("u", "안녕").await.text(), OUTAGE);
    tokio::time::sleep(ms(450)).await;
    assert_eq!(bridge.say("u", "안녕").await.text(), "다시 여기");
    assert_eq!(bridge.detail("default").await["breaker"], "closed");
    assert_eq!(bridge.metric("bridge_backend_up", "").await, 1.0);
    eventually("the recovery is alerted", || alerts.states() == ["outage", "recovered"]).await;
    assert_eq!(bridge.say("u", "안녕").await.text(), "안녕");
}

#[tokio::test]
async fn passing_the_deadline_counts_and_a_late_reply_takes_it_back() {
    let bot = MockBot::answering(|asked| match &*asked.content {
        "늦게" => says("늦은 답").after(ms(1_200)),
        _ => reset(),
    })
    .await;
    let bridge = Bridge::with(&bot.url(), &[("bots.default.breaker.failures", "2")]);
    assert_eq!(bridge.say("a", "늦게").await.text(), WAIT);
    assert_eq!(bridge.detail("default").await["failures_in_a_row"], 1);
    bridge.settled().await;
    assert_eq!(bridge.detail("default").await["failures_in_a_row"], 0);
    assert_eq!(bridge.say("b", "망가짐").await.text(), NO_REPLY);
    assert_eq!(bridge.say("c", "늦게").await.text(), WAIT);
    assert_eq!(bridge.say("d", "안녕").await.text(), OUTAGE);
    bridge.settled().await;
    assert_eq!(bridge.detail("default").await["breaker"], "closed", "the late reply shows it is there");
}

#[tokio::test]
async fn the_outage_words_stand_above_what_came_late_and_the_keyboard_that_counts() {
    let bot = MockBot::scripted([mock_bot::says_with("메뉴", &["가", "나"]), reset()]).await;
    let bridge = Bridge::with(&bot.url(), &[("bots.default.breaker.failures", "1")]);
    let menu = bridge.say("u", "안녕").await;
    bridge.call(&menu.tap("u", "가")).await;
    let out = bridge.call(&menu.tap("u", "나")).await;
    assert_eq!((out.text(), out.buttons()), (OUTAGE.into(), vec!["가".into(), "나".into()]));
    assert_eq!(bridge.call(&words("v", "안녕")).await.text(), OUTAGE);
}
