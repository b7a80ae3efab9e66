//! The same tap while the first is in flight (I3).

use super::*;

#[tokio::test(start_paused = true)]
async fn the_same_tap_shares_the_answer_of_the_first() {
    let bridge = Bridge::new(&[], |words| (ms(2_000), says(words)));
    let first = bridge.tap("가");
    sleep(ms(500)).await;
    let second = bridge.tap("가").await.unwrap();
    assert_eq!((second.text(), second.took), ("가".into(), ms(1_500)));
    assert_eq!(first.await.unwrap().text(), "가");
    assert_eq!(bridge.asked(), ["가"]);
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn followers_of_a_tap_that_is_withdrawn_are_asked_to_send_it_again() {
    for later in [ms(0), ms(2_000)] {
        let bridge = Bridge::new(&[], |words| (if words == "느림" { ms(14_000) } else { ms(10) }, says(words)));
        let slow = bridge.say("느림");
        sleep(ms(500)).await;
        let leader = bridge.tap("가");
        sleep(later).await;
        let follower = bridge.tap("가");
        assert_eq!(slow.await.unwrap().text(), WAIT);
        assert_eq!(leader.await.unwrap().text(), RESEND);
        assert_eq!(follower.await.unwrap().text(), RESEND);
        sleep(ms(30_000)).await;
        assert_eq!(bridge.asked(), ["느림"]);
        bridge.is_quiet();
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_taps_on_what_is_late_both_read_it() {
    let bridge = Bridge::new(&[], |_| (ms(8_000), says("늦은 답")));
    assert_eq!(bridge.say("안녕").await.unwrap().text(), WAIT);
    sleep(ms(500)).await;
    let (first, second) = (bridge.ask_for_late(), bridge.ask_for_late());
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert_eq!((first.text(), second.text()), ("늦은 답".into(), "늦은 답".into()));
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn of_two_taps_on_the_rest_of_a_long_reply_both_read_the_same_part() {
    let bridge = Bridge::new(&[], |_| (ms(10), says(&"가나다라 ".repeat(2_000))));
    let first = bridge.say("긴 글").await.unwrap();
    assert!(first.offers("이어서 보기"));
    let more = || spawn(bridge.call("이어서 보기", Some(&json!({ "v": 1, "m": 1 })), None));
    let (one, two) = (more(), more());
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    // The part is there at once, so the second comes behind the first; neither reads that there is nothing.
    assert!(one.text() != NOTHING && two.text() != NOTHING);
    bridge.is_quiet();
}

/// Its caller has gone; the call that made the same tap reads the answer, and nothing is left to be parked.
#[tokio::test(start_paused = true)]
async fn the_answer_of_a_tap_whose_caller_hung_up_is_read_by_who_made_it_again() {
    let bridge = Bridge::new(&[], |words| (ms(3_000), says(words)));
    let first = bridge.tap("가");
    sleep(ms(500)).await;
    first.abort();
    let second = bridge.tap("가").await.unwrap();
    assert_eq!(second.text(), "가");
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), NOTHING);
    bridge.is_quiet();
}

/// Both callers have gone: the answer waits until the user asks.
#[tokio::test(start_paused = true)]
async fn the_answer_of_a_tap_that_nobody_waits_for_is_parked_once() {
    let bridge = Bridge::new(&[], |words| (ms(3_000), says(words)));
    let (first, second) = (bridge.tap("가"), bridge.tap("가"));
    sleep(ms(500)).await;
    first.abort();
    second.abort();
    sleep(ms(5_000)).await;
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), "가");
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), NOTHING);
    bridge.is_quiet();
}

/// A tap's name is 128 bits of a keyed hash; with 32 of an open one these two were the same.
#[tokio::test(start_paused = true)]
async fn two_different_taps_are_never_taken_for_one() {
    let bridge = Bridge::new(&[], |words| (ms(500), says(words)));
    for pair in [["costarring", "liquid"], ["declinate", "macallums"], ["altarage", "zinke"]] {
        let (first, second) = (bridge.tap(pair[0]), bridge.tap(pair[1]));
        assert_eq!(first.await.unwrap().text(), pair[0]);
        assert_eq!(second.await.unwrap().text(), pair[1]);
    }
    assert_eq!(bridge.asked().len(), 6);
}

/// Its caller has gone in the line; the second one stands for both.
#[tokio::test(start_paused = true)]
async fn i3_what_is_late_is_read_by_the_second_tap_when_the_caller_of_the_first_hung_up() {
    let bridge = Bridge::new(&[], |_| (ms(8_000), says("늦은 답")));
    assert_eq!(bridge.say("안녕").await.unwrap().text(), WAIT);
    let first = bridge.ask_for_late();
    sleep(ms(500)).await;
    let second = bridge.ask_for_late();
    sleep(ms(500)).await;
    first.abort();
    assert_eq!(second.await.unwrap().text(), "늦은 답");
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), NOTHING);
    bridge.is_quiet();
}

/// With a name of 32 bits ten of them would be two taps at once; with 64 none would, and an attacker could look for one.
#[tokio::test(start_paused = true)]
async fn i3_no_two_of_three_hundred_thousand_taps_have_the_same_name() {
    let bridge = Bridge::new(&[], |words| (ms(500), says(words)));
    let names = (0..300_000).map(|number| {
        let label = format!("버튼 {number}");
        bridge.shared.tap_id(&crate::wire::mark::Mark::Say(label.as_str().into()))
    });
    let names: std::collections::HashSet<_> = names.collect();
    assert_eq!(names.len(), 300_000);
    assert!(names.iter().all(|name| name >> 64 != 0), "a name is 128 bits");
}
