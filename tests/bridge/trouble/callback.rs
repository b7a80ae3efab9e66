//! Answers by callback (S2): once, within the minute, and parked when Kakao does not take them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::callback_sink::{CallbackSink, Mood};
use super::*;

fn origins(sink: &CallbackSink) -> String {
    format!("[\"{}\"]", sink.origin())
}

#[test]
fn an_answer_that_takes_longer_is_posted_once() {
    let sink = CallbackSink::start();
    let bot = Bot::scripted([buttons("늦은 답", &["가"]).after(ms(1_200)), bot::words("가의 답")]);
    let bridge = with(&bot, &[("callback.origins", &origins(&sink))]);
    let acknowledged = bridge.say(&words("u", "안녕").callback(&sink.url()));
    assert!(acknowledged.is_acknowledgement());
    assert!(acknowledged.took >= ms(390) && acknowledged.took < ms(1_200), "{:?}", acknowledged.took);
    bridge.settled();
    let posted = sink.posted();
    assert_eq!(posted.len(), 1);
    let answer = Answer::called_back(&posted[0]);
    assert_eq!((answer.text(), answer.quick_replies()), ("늦은 답".into(), vec!["가".into()]));
    assert_eq!(bridge.say(&tap("u", &answer, "가")).text(), "가의 답");
    assert!(sink.refused().is_empty());
    assert_eq!(bridge.sum("bridge_callbacks_total", "delivered"), 1.0);
}

#[test]
fn a_quick_answer_goes_to_the_caller_and_nothing_is_posted() {
    let sink = CallbackSink::start();
    let bot = Bot::scripted([bot::words("답")]);
    let bridge = with(&bot, &[("callback.origins", &origins(&sink))]);
    assert_eq!(bridge.say(&words("u", "안녕").callback(&sink.url())).text(), "답");
    bridge.settled();
    assert!(sink.posted().is_empty());
}

#[test]
fn without_a_url_by_the_tester_or_to_a_strange_host_there_is_no_callback() {
    let sink = CallbackSink::start();
    let bot = Bot::answering(|_| bot::words("늦은 답").after(ms(700)));
    let bridge = with(&bot, &[("callback.origins", &origins(&sink))]);
    let strange = "https://evil.example/v1/bots/x/callback/y";
    let calls = [
        words("a", "안녕"),
        words("b", "안녕").callback(&sink.url()).tester(),
        words("c", "안녕").callback(strange),
        words("d", "안녕").callback(&format!("{}/v2/elsewhere", sink.origin())),
    ];
    for answer in all_at_once(&bridge, &calls) {
        assert!(!answer.is_acknowledgement());
        assert_eq!(answer.quick_replies(), ["답변 보기"]);
    }
    bridge.settled();
    assert!(sink.posted().is_empty());
}

/// Whatever Kakao does but take it, the answer is parked, and what was late before it too.
#[test]
fn what_kakao_does_not_take_is_parked() {
    let moods = [Mood::Says("FAIL"), Mood::Says("ERROR"), Mood::Status(500), Mood::Redirects, Mood::Status(400)];
    let sink = CallbackSink::start();
    let bot = Bot::answering(|asked| match &*asked.content() {
        "다음" => bot::words("다음 답"),
        _ => buttons("늦은 답", &["가"]).after(ms(700)),
    });
    let bridge = with(&bot, &[("callback.origins", &origins(&sink))]);
    for (number, mood) in moods.into_iter().enumerate() {
        sink.mood(mood);
        let user = format!("u{number}");
        let answer = bridge.say(&words(&user, "안녕").callback(&sink.url()));
        assert!(answer.is_acknowledgement(), "{mood:?}");
        bridge.settled();
        assert_eq!(bridge.say(&words(&user, "다음")).text(), "늦은 답\n다음 답", "{mood:?}");
    }
    assert!(sink.posted().is_empty());
    assert!(sink.refused().is_empty(), "a token was used again: {:?}", sink.refused());
    assert_eq!(bridge.sum("bridge_callbacks_total", "failed"), 5.0);
}

#[test]
fn what_was_late_before_is_parked_again_when_the_callback_fails() {
    let sink = CallbackSink::start();
    let bot = Bot::scripted([
        bot::words("첫 답").after(ms(700)),
        bot::words("둘째 답").after(ms(700)),
        bot::words("셋째 답"),
    ]);
    let bridge = with(&bot, &[("callback.origins", &origins(&sink))]);
    bridge.say(&words("u", "하나"));
    bridge.settled();
    sink.mood(Mood::Says("FAIL"));
    assert!(bridge.say(&words("u", "둘").callback(&sink.url())).is_acknowledgement());
    bridge.settled();
    assert_eq!(bridge.say(&words("u", "셋")).text(), "첫 답\n둘째 답\n셋째 답");
}

/// The tap for a late answer, acknowledged because it stood in line, whose callback fails.
#[test]
fn a_late_answer_asked_for_by_callback_is_not_lost_with_it() {
    let sink = CallbackSink::start();
    let bot = Bot::scripted([bot::words("늦은 답").after(ms(1_500)), bot::words("다음 답")]);
    let bridge = with(&bot, &[("callback.origins", &origins(&sink))]);
    let waits = bridge.say(&words("u", "하나"));
    sink.mood(Mood::Says("FAIL"));
    let pressed = tap("u", &waits, "답변 보기").callback(&sink.url());
    assert!(bridge.say(&pressed).is_acknowledgement());
    bridge.settled();
    assert_eq!(bridge.say(&words("u", "다음")).text(), "늦은 답\n다음 답");
}

#[test]
fn a_dead_kakao_is_tried_again_while_nothing_was_sent_and_the_minute_lasts() {
    let mut sink = CallbackSink::start();
    let bot = Bot::scripted([bot::words("늦은 답").after(ms(700))]);
    let bridge = with(&bot, &[("callback.origins", &origins(&sink))]);
    sink.die();
    assert!(bridge.say(&words("u", "안녕").callback(&sink.url())).is_acknowledgement());
    eventually("the bot has answered", || bot.is_idle());
    assert_eq!(bridge.busy().0, 1, "it is still being tried");
    sink.come_back();
    eventually("it was posted", || sink.posted().len() == 1);
    bridge.settled();
    assert!(sink.refused().is_empty());
}

/// The user has gone on to another slow question by the time Kakao says no: the answer waits all the same.
#[test]
fn an_answer_is_parked_while_the_next_turn_is_under_way() {
    let sink = CallbackSink::start();
    sink.mood(Mood::Says("FAIL"));
    let bot = Bot::scripted([bot::words("첫 답").after(ms(600)), bot::words("둘째 답").after(ms(1_000))]);
    let bridge = with(&bot, &[("callback.origins", &origins(&sink))]);
    let first = words("u", "하나").callback(&sink.url());
    assert!(bridge.say(&first).is_acknowledgement());
    let second = bridge.say(&words("u", "둘"));
    assert_eq!(second.quick_replies(), ["답변 보기"]);
    bridge.settled();
    let shown = bridge.say(&tap("u", &second, "답변 보기")).text();
    assert!(shown.contains("첫 답") && shown.contains("둘째 답"), "{shown}");
}

#[test]
fn a_bot_that_never_answers_is_told_of_by_callback() {
    let sink = CallbackSink::start();
    let bot = Bot::scripted([hang()]);
    let keys = [("callback.origins", &*origins(&sink)), ("callback.give_up", "900ms")];
    let bridge = with(&bot, &keys);
    assert!(bridge.say(&words("u", "안녕").callback(&sink.url())).is_acknowledgement());
    bridge.settled();
    assert_eq!(Answer::called_back(&sink.posted()[0]).text(), NO_REPLY);
}

#[test]
fn words_that_wait_in_line_keep_their_place_with_a_callback() {
    let sink = CallbackSink::start();
    let bot = Bot::scripted([bot::words("첫 답").after(ms(900)), bot::words("둘째 답")]);
    let bridge = with(&bot, &[("callback.origins", &origins(&sink))]);
    let first = words("u", "하나").callback(&sink.url());
    let second = words("u", "둘").callback(&sink.url());
    let (one, two) = together(
        || bridge.say(&first),
        || {
            eventually("the first is out", || bot.messages().len() == 1);
            bridge.say(&second)
        },
    );
    assert!(one.is_acknowledgement() && two.is_acknowledgement());
    bridge.settled();
    let texts: Vec<_> = sink.posted().iter().map(|json| Answer::called_back(json).text()).collect();
    assert_eq!(texts.len(), 2);
    assert!(texts.contains(&"첫 답".into()) && texts.contains(&"둘째 답".into()));
    assert_eq!(bot.contents(), ["하나", "둘"]);
}

/// What may have arrived is not sent again: a second bubble would be worse than a parked one.
#[test]
fn a_kakao_that_never_answers_is_asked_once_for_five_seconds() {
    let sink = CallbackSink::start();
    sink.mood(Mood::Hangs);
    let bot = Bot::scripted([bot::words("늦은 답").after(ms(500)), bot::words("다음 답")]);
    let bridge = with(&bot, &[("callback.origins", &origins(&sink))]);
    assert!(bridge.say(&words("u", "안녕").callback(&sink.url())).is_acknowledgement());
    bridge.settled();
    assert_eq!(bridge.say(&words("u", "다음")).text(), "늦은 답\n다음 답");
    assert!(sink.refused().is_empty() && sink.posted().is_empty());
}

/// Late and asked for while the next question holds the turn, its caller told by callback: nothing of both is lost.
#[test]
fn a_late_answer_outlives_a_callback_that_fails() {
    let sink = CallbackSink::start();
    sink.mood(Mood::Says("FAIL"));
    let let_go = Arc::new(AtomicUsize::new(0));
    let (gone, asked_so_far) = (Arc::clone(&let_go), AtomicUsize::new(0));
    // Answers the n-th message when it has been let go n times.
    let bot = Bot::answering(move |asked| {
        let number = asked_so_far.fetch_add(1, Ordering::SeqCst) + 1;
        eventually("it is let go", || gone.load(Ordering::SeqCst) >= number);
        bot::words(&format!("답: {}", asked.content()))
    });
    let keys = [("callback.origins", &*origins(&sink)), ("bots.default.late", "20s"), ("callback.after", "300ms")];
    let bridge = with(&bot, &keys);
    let button = bridge.say(&words("u", "하나")).late().expect("답변 보기");
    let_go.fetch_add(1, Ordering::SeqCst);
    eventually("the first answer is parked", || bridge.detail("default")["parked"] == 1);
    bridge.say(&words("u", "둘"));
    let press = || Say::press(&key("u"), &button);
    assert!(bridge.say(&press().callback(&sink.url())).is_acknowledgement());
    let_go.fetch_add(1, Ordering::SeqCst);
    // The callback is refused, and both answers wait again.
    eventually("both answers are seen", || {
        let text = bridge.say(&press()).text();
        text.contains("답: 하나") && text.contains("답: 둘")
    });
}

/// The user's next turn waits for a callback that takes long: no answer overtakes another (S2).
#[test]
fn the_next_answer_does_not_overtake_a_callback_that_takes_long() {
    let sink = CallbackSink::start();
    let bot = Bot::scripted([bot::words("첫 답").after(ms(600)), bot::words("둘째 답")]);
    let bridge = with(&bot, &[("callback.origins", &origins(&sink))]);
    sink.mood(Mood::TakesAfter(ms(900)));
    assert!(bridge.say(&words("u", "하나").callback(&sink.url())).is_acknowledgement());
    eventually("Kakao has the first answer in hand", || sink.posted().len() == 1);
    // The bot would answer it at once. It waits for Kakao's word on the first, and so beyond its acknowledgement.
    sink.mood(Mood::Takes);
    assert!(bridge.say(&words("u", "둘").callback(&sink.url())).is_acknowledgement(), "it has overtaken the first");
    bridge.settled();
    let texts: Vec<_> = sink.posted().iter().map(|json| Answer::called_back(json).text()).collect();
    assert_eq!(texts, ["첫 답", "둘째 답"]);
}

/// Of two that made the same tap, one has read the answer: the callback of the other parks nothing (I3).
#[test]
fn a_callback_that_fails_parks_nothing_that_the_other_of_the_same_tap_has_read() {
    let sink = CallbackSink::start();
    let bot = Bot::scripted([buttons("메뉴", &["가"]), bot::words("가의 답").after(ms(800)), bot::words("다음 답")]);
    let bridge = with(&bot, &[("callback.origins", &origins(&sink))]);
    let menu = bridge.say(&words("u", "안녕"));
    let pressed = tap("u", &menu, "가");
    sink.mood(Mood::FailsOn("token-0"));
    let (first, second) = (pressed.clone().callback(&sink.url()), pressed.callback(&sink.url()));
    let (one, other) = together(
        || bridge.say(&first),
        || {
            eventually("the first is out", || bot.messages().len() == 2);
            bridge.say(&second)
        },
    );
    assert!(one.is_acknowledgement() && other.is_acknowledgement());
    bridge.settled();
    let read: Vec<_> = sink.posted().iter().map(|json| Answer::called_back(json).text()).collect();
    assert_eq!(read, ["가의 답"]);
    assert_eq!(bridge.say(&words("u", "다음")).text(), "다음 답", "it was shown twice");
}
