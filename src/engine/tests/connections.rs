//! The line before a bot whose connections are all in use (I8): a message that waits there was not sent (S1).

use super::*;

const OUTAGE: &str = "지금은 답변을 드릴 수 없습니다. 잠시 후 다시 시도해 주세요.";

const ONE: (&str, &str) = ("bots.default.connections", "1");

impl Bridge {
    fn user_calls(&self, user: usize, words: &str, callback: Option<&str>) -> impl Future<Output = Read> + use<> {
        self.call_with(&json!({
            "userRequest": {
                "utterance": words,
                "callbackUrl": callback,
                "user": { "properties": { "plusfriendUserKey": format!("user-{user:0>7}") } },
            },
        }))
    }

    /// Words of user number so and so.
    fn user_says(&self, user: usize, words: &str) -> JoinHandle<Read> {
        spawn(self.user_calls(user, words, None))
    }

    fn waiting(&self) -> usize {
        self.bot.connections.waiting()
    }
}

#[tokio::test(start_paused = true)]
async fn i8_users_wait_for_a_connection_in_order_of_arrival() {
    let bridge = Bridge::new(&[("bots.default.connections", "2")], |words| (ms(1_000), says(words)));
    let mut answers = Vec::new();
    for user in 0..6 {
        answers.push(bridge.user_says(user, &format!("{user}")));
        sleep(ms(1)).await;
    }
    assert_eq!(bridge.waiting(), 4);
    for (user, answer) in answers.into_iter().enumerate() {
        let answer = answer.await.unwrap();
        assert_eq!(answer.text(), format!("{user}"));
        assert!(answer.took <= ms(3_000), "{answer:?}");
    }
    assert_eq!(bridge.asked(), ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(bridge.bot.most_out.load(Ordering::SeqCst), 2);
    assert_eq!((bridge.bot.connections.in_use(), bridge.waiting()), (0, 0));
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn s1_a_message_that_waits_for_a_connection_past_its_deadline_is_not_sent_and_says_nothing_of_the_bot() {
    let bridge = Bridge::new(&[ONE, ("bots.default.breaker.failures", "2")], |_| (ms(9_000), says("답")));
    let first = bridge.user_says(1, "하나");
    sleep(ms(1)).await;
    let others: Vec<_> = (2..5).map(|user| bridge.user_says(user, "둘")).collect();
    for other in others {
        let other = other.await.unwrap();
        assert_eq!((other.text(), other.took), (RESEND.into(), ms(4_500)));
        assert!(!other.offers("답변 보기"), "nothing of theirs is on its way: {other:?}");
    }
    assert_eq!(first.await.unwrap().text(), WAIT);
    assert_eq!(bridge.breaker(), State::Closed(1), "the first had its full deadline, the others never left");
    assert_eq!(bridge.asked(), ["하나"]);
    sleep(ms(20_000)).await;
    assert_eq!(bridge.asked(), ["하나"]);
    assert_eq!(bridge.breaker(), State::Closed(0));
    bridge.is_quiet();
}

/// A user who waits behind a message of their own is offered its answer, as before.
#[tokio::test(start_paused = true)]
async fn words_behind_a_message_of_ones_own_are_offered_its_answer() {
    let bridge = Bridge::new(&[ONE, ("bots.default.one_at_a_time", "true")], |_| (ms(9_000), says("답")));
    let _first = bridge.user_says(1, "하나");
    sleep(ms(1)).await;
    let (own, others) = (bridge.user_says(1, "둘"), bridge.user_says(2, "셋"));
    let (own, others) = (own.await.unwrap(), others.await.unwrap());
    assert_eq!((own.text(), own.offers("답변 보기")), (RESEND.into(), true));
    assert_eq!((others.text(), others.offers("답변 보기")), (RESEND.into(), false));
}

#[tokio::test(start_paused = true)]
async fn s1_with_a_callback_a_message_keeps_its_place_before_a_connection() {
    for (takes, sent) in [(49_000, true), (52_000, false)] {
        let bridge =
            Bridge::new(&[CALLBACK_HERE, ONE], move |words| (ms(if words == "하나" { takes } else { 1 }), says("답")));
        let first = bridge.say_with_callback("하나");
        sleep(ms(1)).await;
        let second = spawn(bridge.user_calls(2, "둘", Some(CALLBACK)));
        assert_eq!(first.await.unwrap().json["useCallback"], true);
        assert_eq!(second.await.unwrap().json["useCallback"], true);
        sleep(ms(70_000)).await;
        assert_eq!(bridge.asked().contains(&"둘".to_owned()), sent);
        bridge.is_quiet();
    }
}

#[tokio::test(start_paused = true)]
async fn i7_a_caller_who_hangs_up_before_a_connection_is_free_has_sent_nothing_after_the_last_moment() {
    for (takes, sent) in [(9_000, true), (12_000, false)] {
        let bridge = Bridge::new(&[ONE], move |words| (ms(if words == "하나" { takes } else { 1 }), says("답")));
        let _first = bridge.user_says(1, "하나");
        sleep(ms(1)).await;
        let second = bridge.user_says(2, "둘");
        sleep(ms(1_000)).await;
        second.abort();
        sleep(ms(30_000)).await;
        assert_eq!(bridge.asked().contains(&"둘".to_owned()), sent);
        bridge.is_quiet();
    }
}

#[tokio::test(start_paused = true)]
async fn s4_nobody_waits_for_the_connections_of_a_bot_that_is_out() {
    let keys = [ONE, CALLBACK_HERE, ("bots.default.breaker.failures", "1")];
    let bridge = Bridge::new(&keys, |_| (ms(0), Act::Hang));
    // It holds the only connection until it is given up after 55 s; the breaker opens after 4.5.
    let _first = bridge.say_with_callback("하나");
    sleep(ms(5_000)).await;
    assert!(matches!(bridge.breaker(), State::Open(_)));
    for later in [0, 20_000] {
        sleep(ms(later)).await;
        let second = bridge.user_says(2, "둘").await.unwrap();
        assert_eq!((second.text(), second.took), (OUTAGE.into(), ms(0)));
    }
    sleep(ms(60_000)).await;
    // The connection is free: the next turn is the probe.
    assert_eq!(bridge.user_says(3, "셋").await.unwrap().text(), WAIT);
    assert_eq!(bridge.asked(), ["하나", "셋"]);
}

#[tokio::test(start_paused = true)]
async fn s6_another_bound_counts_at_a_reload_and_the_count_goes_on() {
    let bridge = Bridge::new(&[ONE], |words| (ms(2_000), says(words)));
    let reload = |connections: &str| bridge.shared.prepare(settings(&[("bots.default.connections", connections)]));
    let answers: Vec<_> = (0..4).map(|user| bridge.user_says(user, &format!("{user}"))).collect();
    sleep(ms(500)).await;
    assert_eq!((bridge.asked().len(), bridge.waiting()), (1, 3));

    let prepared = reload("2").ok().unwrap();
    sleep(ms(1)).await;
    assert_eq!(bridge.asked().len(), 1, "what is only prepared changes nothing");
    bridge.shared.install(prepared);
    sleep(ms(1)).await;
    assert_eq!((bridge.asked().len(), bridge.waiting()), (2, 2));

    bridge.shared.install(reload("1").ok().unwrap());
    // The first ends at 2 s, the second at 2.5 s: only then one more may go.
    sleep(ms(1_900)).await;
    assert_eq!(bridge.asked().len(), 2);
    sleep(ms(200)).await;
    assert_eq!((bridge.asked().len(), bridge.waiting()), (3, 1));
    for answer in answers {
        let answer = answer.await.unwrap();
        assert!(answer.took <= ms(4_500), "{answer:?}");
    }
    sleep(ms(20_000)).await;
    assert_eq!(bridge.bot.most_out.load(Ordering::SeqCst), 2);
    assert_eq!((bridge.bot.connections.in_use(), bridge.waiting()), (0, 0));
    assert_eq!(bridge.bot.set_up.lock().unwrap().len(), 1, "its connections are kept");
}
