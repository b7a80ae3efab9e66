//! Answers by callback (S2): once, within the minute, and parked when Kakao does not take them.

use super::support::app::Bridge;
use super::support::callback_sink::{CallbackSink, Mood};
use super::support::caller::{Answer, words};
use super::support::mock_bot::{MockBot, hang, says, says_with};
use super::support::{eventually, ms};

const NO_REPLY: &str = "답변을 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.";

fn origins(sink: &CallbackSink) -> String {
    format!("[\"{}\"]", sink.origin())
}

#[tokio::test]
async fn an_answer_that_takes_longer_is_posted_once() {
    let sink = CallbackSink::start().await;
    let bot = MockBot::scripted([says_with("늦은 답", &["가"]).after(ms(900)), says("가의 답")]).await;
    let bridge = Bridge::with(&bot.url(), &[("callback.origins", &origins(&sink))]);
    let acknowledged = bridge.call(&words("u", "안녕").with_callback(&sink.url())).await;
    assert!(acknowledged.is_acknowledgement());
    assert!(acknowledged.took >= ms(390) && acknowledged.took < ms(900), "{:?}", acknowledged.took);
    bridge.settled().await;
    let posted = sink.posted();
    assert_eq!(posted.len(), 1);
    let answer = Answer::check(posted[0].clone(), ms(0));
    assert_eq!((answer.text(), answer.buttons()), ("늦은 답".into(), vec!["가".into()]));
    assert_eq!(bridge.call(&answer.tap("u", "가")).await.text(), "가의 답");
    assert!(sink.refused().is_empty());
    assert_eq!(bridge.metric("bridge_callbacks_total", "delivered").await, 1.0);
}

#[tokio::test]
async fn a_quick_answer_goes_to_the_caller_and_nothing_is_posted() {
    let sink = CallbackSink::start().await;
    let bot = MockBot::scripted([says("답")]).await;
    let bridge = Bridge::with(&bot.url(), &[("callback.origins", &origins(&sink))]);
    assert_eq!(bridge.call(&words("u", "안녕").with_callback(&sink.url())).await.text(), "답");
    bridge.settled().await;
    assert!(sink.posted().is_empty());
}

#[tokio::test]
async fn without_a_url_by_the_tester_or_to_a_strange_host_there_is_no_callback() {
    let sink = CallbackSink::start().await;
    let bot = MockBot::answering(|_| says("늦은 답").after(ms(700))).await;
    let bridge = Bridge::with(&bot.url(), &[("callback.origins", &origins(&sink))]);
    let strange = "https://evil.example/v1/bots/x/callback/y";
    let calls = [
        words("a", "안녕"),
        words("b", "안녕").with_callback(&sink.url()).by_tester(),
        words("c", "안녕").with_callback(strange),
        words("d", "안녕").with_callback(&format!("{}/v2/elsewhere", sink.origin())),
    ];
    for answer in futures_util::future::join_all(calls.iter().map(|call| bridge.call(call))).await {
        assert!(!answer.is_acknowledgement());
        assert_eq!(answer.buttons(), ["답변 보기"]);
    }
    bridge.settled().await;
    assert!(sink.posted().is_empty());
}

/// Whatever Kakao does but take it, the answer is parked, and what was late before it too.
#[tokio::test]
async fn what_kakao_does_not_take_is_parked() {
    let moods =
        [Mood::UserInput("FAIL"), Mood::UserInput("ERROR"), Mood::Status(500), Mood::Redirects, Mood::Status(400)];
    let sink = CallbackSink::start().await;
    let bot = MockBot::answering(|asked| match &*asked.content {
        "다음" => says("다음 답"),
        _ => says_with("늦은 답", &["가"]).after(ms(700)),
    })
    .await;
    let bridge = Bridge::with(&bot.url(), &[("callback.origins", &origins(&sink))]);
    for (number, mood) in moods.into_iter().enumerate() {
        sink.mood(mood);
        let user = format!("u{number}");
        let answer = bridge.call(&words(&user, "안녕").with_callback(&sink.url())).await;
        assert!(answer.is_acknowledgement(), "{mood:?}");
        bridge.settled().await;
        assert_eq!(bridge.say(&user, "다음").await.text(), "늦은 답\n다음 답", "{mood:?}");
    }
    assert!(sink.posted().is_empty());
    assert!(sink.refused().is_empty(), "a token was used again: {:?}", sink.refused());
    assert_eq!(bridge.metric("bridge_callbacks_total", "failed").await, 5.0);
}

#[tokio::test]
async fn what_was_late_before_is_parked_again_when_the_callback_fails() {
    let sink = CallbackSink::start().await;
    let bot = MockBot::scripted([says("첫 답").after(ms(700)), says("둘째 답").after(ms(700)), says("셋째 답")]).await;
    let bridge = Bridge::with(&bot.url(), &[("callback.origins", &origins(&sink))]);
    bridge.say("u", "하나").await;
    bridge.settled().await;
    sink.mood(Mood::UserInput("FAIL"));
    assert!(bridge.call(&words("u", "둘").with_callback(&sink.url())).await.is_acknowledgement());
    bridge.settled().await;
    assert_eq!(bridge.say("u", "셋").await.text(), "첫 답\n둘째 답\n셋째 답");
}

/// The tap for a late answer, acknowledged because it stood in line, whose callback fails.
#[tokio::test]
async fn a_late_answer_asked_for_by_callback_is_not_lost_with_it() {
    let sink = CallbackSink::start().await;
    let bot = MockBot::scripted([says("늦은 답").after(ms(1_500)), says("다음 답")]).await;
    let bridge = Bridge::with(&bot.url(), &[("callback.origins", &origins(&sink))]);
    let waits = bridge.say("u", "하나").await;
    sink.mood(Mood::UserInput("FAIL"));
    let tap = waits.tap("u", "답변 보기").with_callback(&sink.url());
    assert!(bridge.call(&tap).await.is_acknowledgement());
    bridge.settled().await;
    assert_eq!(bridge.say("u", "다음").await.text(), "늦은 답\n다음 답");
}

#[tokio::test]
async fn a_dead_kakao_is_tried_again_while_nothing_was_sent_and_the_minute_lasts() {
    let mut sink = CallbackSink::start().await;
    let bot = MockBot::scripted([says("늦은 답").after(ms(700))]).await;
    let bridge = Bridge::with(&bot.url(), &[("callback.origins", &origins(&sink))]);
    sink.die().await;
    assert!(bridge.call(&words("u", "안녕").with_callback(&sink.url())).await.is_acknowledgement());
    tokio::time::sleep(ms(700)).await;
    assert_eq!(bridge.busy().0, 1, "it is still being tried");
    sink.come_back().await;
    eventually("it was posted", || sink.posted().len() == 1).await;
    bridge.settled().await;
    assert!(sink.refused().is_empty());
}

/// The user has gone on to another slow question by the time Kakao says no: the answer waits all the same.
#[tokio::test]
async fn an_answer_is_parked_while_the_next_turn_is_under_way() {
    let sink = CallbackSink::start().await;
    sink.mood(Mood::UserInput("FAIL"));
    let bot = MockBot::scripted([says("첫 답").after(ms(600)), says("둘째 답").after(ms(1_000))]).await;
    let bridge = Bridge::with(&bot.url(), &[("callback.origins", &origins(&sink))]);
    let first = words("u", "하나").with_callback(&sink.url());
    assert!(bridge.call(&first).await.is_acknowledgement());
    let second = bridge.say("u", "둘").await;
    assert_eq!(second.buttons(), ["답변 보기"]);
    bridge.settled().await;
    let shown = bridge.call(&second.tap("u", "답변 보기")).await.text();
    assert!(shown.contains("첫 답") && shown.contains("둘째 답"), "{shown}");
}

#[tokio::test]
async fn a_bot_that_never_answers_is_told_of_by_callback() {
    let sink = CallbackSink::start().await;
    let bot = MockBot::scripted([hang()]).await;
    let keys = [("callback.origins", &*origins(&sink)), ("callback.give_up", "900ms")];
    let bridge = Bridge::with(&bot.url(), &keys);
    assert!(bridge.call(&words("u", "안녕").with_callback(&sink.url())).await.is_acknowledgement());
    bridge.settled().await;
    assert_eq!(Answer::check(sink.posted()[0].clone(), ms(0)).text(), NO_REPLY);
}

#[tokio::test]
async fn words_that_wait_in_line_keep_their_place_with_a_callback() {
    let sink = CallbackSink::start().await;
    let bot = MockBot::scripted([says("첫 답").after(ms(900)), says("둘째 답")]).await;
    let bridge = Bridge::with(&bot.url(), &[("callback.origins", &origins(&sink))]);
    let first = words("u", "하나").with_callback(&sink.url());
    let second = words("u", "둘").with_callback(&sink.url());
    let (one, two) = tokio::join!(bridge.call(&first), async {
        eventually("the first is out", || bot.messages() == 1).await;
        bridge.call(&second).await
    });
    assert!(one.is_acknowledgement() && two.is_acknowledgement());
    bridge.settled().await;
    let texts: Vec<_> = sink.posted().into_iter().map(|json| Answer::check(json, ms(0)).text()).collect();
    assert_eq!(texts.len(), 2);
    assert!(texts.contains(&"첫 답".into()) && texts.contains(&"둘째 답".into()));
    assert_eq!(bot.asked().iter().map(|asked| &*asked.content).collect::<Vec<_>>(), ["하나", "둘"]);
}

/// What may have arrived is not sent again: a second bubble would be worse than a parked one.
#[tokio::test]
async fn a_kakao_that_never_answers_is_asked_once_for_five_seconds() {
    let sink = CallbackSink::start().await;
    sink.mood(Mood::Hangs);
    let bot = MockBot::scripted([says("늦은 답").after(ms(500)), says("다음 답")]).await;
    let bridge = Bridge::with(&bot.url(), &[("callback.origins", &origins(&sink))]);
    assert!(bridge.call(&words("u", "안녕").with_callback(&sink.url())).await.is_acknowledgement());
    bridge.settled().await;
    assert_eq!(bridge.say("u", "다음").await.text(), "늦은 답\n다음 답");
    assert!(sink.refused().is_empty() && sink.posted().is_empty());
}

/// The real times of production: eight seconds, an acknowledgement after three and a half.
#[tokio::test]
async fn a_bot_that_takes_eight_real_seconds_is_answered_by_callback_once() {
    let sink = CallbackSink::start().await;
    let bot = MockBot::scripted([says("늦은 답").after(ms(8_000))]).await;
    let keys = [
        ("callback.origins", &*origins(&sink)),
        ("callback.after", "3500ms"),
        ("bots.default.deadline", "4500ms"),
        ("bots.default.late", "15s"),
    ];
    let bridge = Bridge::with(&bot.url(), &keys);
    let mut caller = super::support::caller::Caller::connect(bridge.address).await.unwrap();
    let answer = caller.try_call(&words("u", "안녕").with_callback(&sink.url())).await.unwrap();
    assert!(answer.is_acknowledgement() && answer.took < ms(4_000), "{:?}", answer.took);
    bridge.settled().await;
    assert_eq!(sink.posted().len(), 1);
}
