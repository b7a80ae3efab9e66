//! The breaker (S4) from outside: what users read, what operators see, who is alerted.

use super::alert::Alerts;
use super::*;

const OUTAGE: &str = "지금은 답변을 드릴 수 없습니다. 잠시 후 다시 시도해 주세요.";

#[test]
fn ten_failures_are_an_outage_seen_everywhere_and_a_good_reply_ends_it() {
    let alerts = Alerts::start();
    let steps = (0..10).map(|_| reset()).chain([reset(), bot::words("다시 여기")]);
    let bot = Bot::scripted(steps.chain([bot::words("안녕")]));
    let url = alerts.url();
    let keys = [("bots.default.breaker.open", "400ms"), ("alert.url", &*url)];
    let bridge = with(&bot, &keys);
    for turn in 0..10 {
        assert_eq!(bridge.say(&words(&format!("u{turn}"), "안녕")).text(), NO_REPLY);
    }
    let answer = bridge.say(&words("u", "안녕"));
    assert_eq!(answer.text(), OUTAGE);
    assert_eq!(bridge.detail("default")["breaker"], "open");
    assert_eq!(bridge.sum("bridge_backend_up", ""), 0.0);
    assert_eq!(bot.messages().len(), 10, "a bot that is out is left alone");
    eventually("the outage is alerted", || alerts.states() == ["outage"]);

    // The probe fails: still out, and nobody is alerted again.
    let probed = || {
        until("the bot is tried again", || Some(bridge.say(&words("u", "안녕")).text()).filter(|text| text != OUTAGE))
    };
    assert_eq!(probed(), NO_REPLY);
    assert_eq!(bridge.say(&words("u", "안녕")).text(), OUTAGE);
    assert_eq!(probed(), "다시 여기");
    assert_eq!(bridge.detail("default")["breaker"], "closed");
    assert_eq!(bridge.sum("bridge_backend_up", ""), 1.0);
    eventually("the recovery is alerted", || alerts.states() == ["outage", "recovered"]);
    assert_eq!(bridge.say(&words("u", "안녕")).text(), "안녕");
}

#[test]
fn passing_the_deadline_counts_and_a_late_reply_takes_it_back() {
    let bot = Bot::answering(|asked| match &*asked.content() {
        "늦게" => bot::words("늦은 답").after(ms(1_200)),
        _ => reset(),
    });
    let bridge = with(&bot, &[("bots.default.breaker.failures", "2")]);
    assert_eq!(bridge.say(&words("a", "늦게")).text(), WAIT);
    assert_eq!(bridge.detail("default")["failures_in_a_row"], 1);
    bridge.settled();
    assert_eq!(bridge.detail("default")["failures_in_a_row"], 0);
    assert_eq!(bridge.say(&words("b", "망가짐")).text(), NO_REPLY);
    assert_eq!(bridge.say(&words("c", "늦게")).text(), WAIT);
    assert_eq!(bridge.say(&words("d", "안녕")).text(), OUTAGE);
    bridge.settled();
    assert_eq!(bridge.detail("default")["breaker"], "closed", "the late reply shows it is there");
}

#[test]
fn the_outage_words_stand_above_what_came_late_and_the_keyboard_that_counts() {
    let bot = Bot::scripted([buttons("메뉴", &["가", "나"]), reset()]);
    let bridge = with(&bot, &[("bots.default.breaker.failures", "1")]);
    let menu = bridge.say(&words("u", "안녕"));
    bridge.say(&tap("u", &menu, "가"));
    let out = bridge.say(&tap("u", &menu, "나"));
    assert_eq!((out.text(), out.quick_replies()), (OUTAGE.into(), vec!["가".into(), "나".into()]));
    assert_eq!(bridge.say(&words("v", "안녕")).text(), OUTAGE);
}
