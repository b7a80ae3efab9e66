//! Calls with a `callbackUrl` (S2).

use super::*;

#[tokio::test(start_paused = true)]
async fn a_call_with_a_callback_is_acknowledged_after_three_and_a_half_seconds() {
    let bridge = Bridge::new(&[], |_| (ms(3_400), says("답")));
    let url = "https://bot-api.kakao.com/v1/bots/x/callback/y";
    let quick = bridge.call("안녕", None, Some(url)).await;
    assert_eq!((quick.text(), quick.took), ("답".into(), ms(3_400)));
    let bridge = Bridge::new(&[], |_| (ms(0), Act::Hang));
    let slow = bridge.call("안녕", None, Some(url)).await;
    assert_eq!((&slow.json["useCallback"], slow.took), (&json!(true), ms(3_500)));
    let without = Bridge::new(&[], |_| (ms(0), Act::Hang)).call("안녕", None, None).await;
    assert_eq!(without.json["useCallback"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_message_with_a_callback_leaves_only_while_a_full_deadline_remains() {
    for (takes, sent) in [(47_000, true), (52_000, false)] {
        let bridge =
            Bridge::new(&[CALLBACK_HERE], move |words| (ms(if words == "하나" { takes } else { 1 }), says("답")));
        let first = bridge.say_with_callback("하나");
        sleep(ms(1)).await;
        let second = bridge.say_with_callback("둘");
        assert_eq!(first.await.unwrap().json["useCallback"], true);
        assert_eq!(second.await.unwrap().json["useCallback"], true);
        sleep(ms(70_000)).await;
        assert_eq!(bridge.asked().contains(&"둘".to_owned()), sent);
        assert_eq!(bridge.bot.most_out.load(Ordering::SeqCst), 1);
        bridge.is_quiet();
    }
}

/// A caller who hung up in the line before they were acknowledged: there is no callback for them, so the words stand
/// behind `답변 보기`.
#[tokio::test(start_paused = true)]
async fn s1_words_with_a_callback_whose_caller_hung_up_in_the_line_are_never_dropped_without_a_word() {
    let bridge = Bridge::new(&[CALLBACK_HERE], |words| (ms(if words == "하나" { 52_000 } else { 1 }), says(words)));
    let _first = bridge.say_with_callback("하나");
    sleep(ms(1)).await;
    let second = bridge.say_with_callback("둘");
    sleep(ms(1_000)).await;
    second.abort();
    sleep(ms(70_000)).await;
    assert_eq!(bridge.asked(), ["하나"]);
    let late = bridge.ask_for_late().await.unwrap();
    assert!(late.text().ends_with(RESEND), "{late:?}");
    bridge.is_quiet();
}

/// Kakao takes the connection of the first one's callback and never answers it.
#[tokio::test(start_paused = true)]
async fn i6_a_callback_that_hangs_holds_back_no_other_user_of_a_bot_that_is_asked_one_at_a_time() {
    let kakao = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", kakao.local_addr().unwrap());
    let url = format!("{origin}/v1/bots/64a1f0c27b3d9e5a10c4e8b2/callback/token");
    let bridge = Bridge::new(&[("callback.origins", &origin), ("bots.default.one_at_a_time", "true")], |words| {
        (ms(if words == "하나" { 4_000 } else { 10 }), says(words))
    });
    let first = spawn(bridge.call("하나", None, Some(&url)));
    sleep(ms(4_100)).await;
    assert_eq!(first.await.unwrap().json["useCallback"], true);
    let other = bridge.call_with(&json!({
        "userRequest": { "utterance": "둘", "user": { "properties": { "plusfriendUserKey": "Zw7-eRt_9YzA" } } },
    }));
    let other = other.await;
    assert_eq!((other.text(), other.took), ("둘".into(), ms(10)));
    sleep(ms(10_000)).await;
    bridge.is_quiet();
}

/// S1 and S2 together with a bot that is asked one message at a time: the line before it is a line too.
#[tokio::test(start_paused = true)]
async fn s1_with_a_callback_a_message_to_a_bot_that_is_asked_one_at_a_time_leaves_while_a_full_deadline_remains() {
    for (takes, sent) in [(49_000, true), (52_000, false)] {
        let keys = [CALLBACK_HERE, ("bots.default.one_at_a_time", "true"), ("bots.default.breaker.failures", "2")];
        let bridge = Bridge::new(&keys, move |words| (ms(if words == "하나" { takes } else { 4_000 }), says("답")));
        let first = bridge.say_with_callback("하나");
        sleep(ms(1)).await;
        let other = spawn(bridge.call_with(&json!({
            "userRequest": {
                "utterance": "둘",
                "callbackUrl": CALLBACK,
                "user": { "properties": { "plusfriendUserKey": "Zw7-eRt_9YzA" } },
            },
        })));
        assert_eq!(first.await.unwrap().json["useCallback"], true);
        assert_eq!(other.await.unwrap().json["useCallback"], true);
        sleep(ms(70_000)).await;
        assert_eq!(bridge.asked().contains(&"둘".to_owned()), sent);
        assert_eq!(bridge.bot.most_out.load(Ordering::SeqCst), 1);
        assert_eq!(bridge.breaker(), State::Closed(0), "the bot answered all that it was asked");
        bridge.is_quiet();
    }
}
