//! What counts against the bot, and what is the bridge's own doing or the user's (S4, S5, I5).

use super::*;

const ONE_FAILURE: (&str, &str) = ("bots.default.breaker.failures", "1");

/// Nothing was sent, however long it was tried.
#[tokio::test(start_paused = true)]
async fn s5_a_bridge_without_a_file_left_never_counts_that_against_the_bot() {
    let bridge = Bridge::new(&[ONE_FAILURE], |_| (ms(0), Act::NoFiles));
    assert_eq!(bridge.say("안녕").await.unwrap().text(), WAIT);
    sleep(ms(1)).await;
    assert_eq!(bridge.breaker(), State::Closed(0), "the bot never had this message");
    sleep(ms(20_000)).await;
    assert_eq!(bridge.breaker(), State::Closed(0));
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), NO_REPLY);
    bridge.is_quiet();
}

/// I7: nothing was sent, so it is tried again as soon as another connection gives a file back.
#[tokio::test(start_paused = true)]
async fn s5_a_message_waits_for_a_file_and_is_answered() {
    let begun = time::instant();
    let bridge = Bridge::new(&[ONE_FAILURE], move |words| {
        (ms(0), if begun.elapsed() < ms(2_000) { Act::NoFiles } else { says(words) })
    });
    let answer = bridge.say("안녕").await.unwrap();
    assert_eq!(answer.text(), "안녕");
    assert!((ms(2_000)..ms(2_100)).contains(&answer.took), "{answer:?}");
    assert_eq!(bridge.breaker(), State::Closed(0));
    bridge.is_quiet();
}

/// On the old platform the bot never got such words: an error page says nothing of its health, and a bot that is not
/// there is not there.
#[tokio::test(start_paused = true)]
async fn i5_words_that_match_no_button_count_only_where_the_bot_is_not_there() {
    for (act, counts) in [
        (says(""), false),
        (Act::Say(json!("no reply")), false),
        (Act::Cut, false),
        (Act::Unreachable, true),
        (Act::Hang, true),
    ] {
        let own = act.clone();
        let bridge = Bridge::new(&[ONE_FAILURE, ("bots.default.free_text", "forward")], move |words| {
            (ms(0), if words == "메뉴" { says_with("메뉴", &["가", "나"]) } else { own.clone() })
        });
        assert_eq!(bridge.say("메뉴").await.unwrap().text(), "메뉴");
        let _answer = bridge.say("아무 말").await.unwrap();
        sleep(ms(20_000)).await;
        assert_eq!(matches!(bridge.breaker(), State::Open(_)), counts, "{act:?}");
        bridge.is_quiet();
    }
}
