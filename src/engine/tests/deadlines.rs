//! Deadlines, lines, hang-ups and panics.

use super::*;
use crate::degradation::Degradation;

#[tokio::test(start_paused = true)]
async fn a_bot_that_takes_eight_seconds_is_waited_for_on_the_tap() {
    let bridge = Bridge::new(&[], |_| (ms(8_000), says("늦은 답")));
    let first = bridge.say("안녕").await.unwrap();
    assert_eq!((first.text(), first.took), (WAIT.into(), ms(4_500)));
    sleep(ms(500)).await;
    let late = bridge.ask_for_late().await.unwrap();
    assert_eq!((late.text(), late.took), ("늦은 답".into(), ms(3_000)));
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), NOTHING);
    assert_eq!(bridge.asked(), ["안녕"]);
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_never_answers_is_cut_after_fifteen_seconds() {
    let bridge = Bridge::new(&[], |_| (ms(0), Act::Hang));
    assert_eq!(bridge.say("안녕").await.unwrap().text(), WAIT);
    let again = bridge.ask_for_late().await.unwrap();
    assert_eq!((again.text(), again.took), (WAIT.into(), ms(4_500)));
    sleep(ms(3_000)).await;
    let cut = bridge.ask_for_late().await.unwrap();
    assert_eq!((cut.text(), cut.took), (NO_REPLY.into(), ms(3_000)));
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn words_in_line_share_their_own_budget_and_are_withdrawn_unsent() {
    let bridge = Bridge::new(&[], |_| (ms(9_000), says("답")));
    let first = bridge.say("하나");
    sleep(ms(1_000)).await;
    let second = bridge.say("둘").await.unwrap();
    assert_eq!((second.text(), second.took), (RESEND.into(), ms(4_500)));
    assert_eq!(first.await.unwrap().text(), WAIT);
    sleep(ms(20_000)).await;
    assert_eq!(bridge.asked(), ["하나"]);
    bridge.is_quiet();
}

/// The turn of the second comes in the very moment its deadline passes. Whichever wins, the third gets its turn.
#[tokio::test(start_paused = true)]
async fn a_turn_that_arrives_as_its_call_gives_up_goes_to_the_next_in_line() {
    for early in [0, 1, 2] {
        let bridge = Bridge::new(&[], |words| (if words == "하나" { ms(6_000) } else { ms(10) }, says(words)));
        let first = bridge.say("하나");
        sleep(ms(1_500 - early)).await;
        let second = bridge.say("둘");
        sleep(ms(500)).await;
        let third = bridge.say("셋");
        assert_eq!(first.await.unwrap().text(), WAIT);
        let (second, third) = (second.await.unwrap(), third.await.unwrap());
        let sent = bridge.asked().contains(&"둘".to_owned());
        assert_eq!(second.text() == RESEND, !sent, "{second:?}");
        assert!(third.text().ends_with("셋"), "{third:?}");
        bridge.is_quiet();
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_inside_a_turn_leaves_the_users_line_free() {
    let bridge = Bridge::new(&[], |words| (ms(100), if words == "하나" { Act::Panic } else { says("답") }));
    let (first, second) = (bridge.say("하나"), bridge.say("둘"));
    assert_eq!(first.await.unwrap().text(), NO_REPLY);
    assert_eq!(second.await.unwrap().text(), "답");
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn a_panic_after_the_deadline_leaves_nothing_behind() {
    let bridge = Bridge::new(&[], |words| (ms(6_000), if words == "하나" { Act::Panic } else { says("답") }));
    assert_eq!(bridge.say("하나").await.unwrap().text(), WAIT);
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), NOTHING);
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn a_hang_up_before_and_in_mid_turn_parks_the_answer() {
    for after in [0, 2_000] {
        let bridge = Bridge::new(&[], |words| (if words == "하나" { ms(3_000) } else { ms(0) }, says(words)));
        let call = bridge.call("하나", None, None);
        let calling = spawn(async move { tokio::time::timeout(ms(after), call).await.is_err() });
        assert!(calling.await.unwrap());
        sleep(ms(4_000)).await;
        assert_eq!(bridge.say("둘").await.unwrap().text(), "하나\n둘");
        bridge.is_quiet();
    }
}

/// The home keyboard is fetched again after a failed turn of an unknown user; that second is the turn's, too.
#[tokio::test(start_paused = true)]
async fn a_home_keyboard_that_hangs_does_not_carry_an_answer_past_its_deadline() {
    let bridge = Bridge::new(&[], |_| (ms(4_400), Act::Cut));
    *bridge.bot.home.lock().unwrap() = Some(ms(60_000));
    let answer = bridge.tap("옛 버튼").await.unwrap();
    assert_eq!((answer.text(), answer.took), (WAIT.into(), ms(4_500)));
    sleep(ms(1_000)).await;
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), NO_REPLY);
}

/// K1: at most a second of a turn, not one before the bot is asked and another after it failed.
#[tokio::test(start_paused = true)]
async fn a_home_keyboard_that_hangs_is_waited_for_once_a_turn() {
    let bridge = Bridge::new(&[], |_| (ms(100), Act::Cut));
    *bridge.bot.home.lock().unwrap() = Some(ms(60_000));
    let answer = bridge.call("안녕", None, None).await;
    assert_eq!((answer.text(), answer.took), (NO_REPLY.into(), ms(1_100)));
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_is_a_line_too() {
    let bridge = Bridge::new(&[("bots.default.one_at_a_time", "true")], |words| (ms(100), says(words)));
    for words in ["하나", "둘", "셋"] {
        assert_eq!(bridge.say(words).await.unwrap().text(), words);
    }
    assert_eq!(bridge.bot.most_out.load(Ordering::SeqCst), 1);
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_an_event_is_told_does_not_keep_the_next_from_the_bot() {
    let bridge = Bridge::new(&[], |words| (ms(10), says(words)));
    let bot = Arc::clone(bridge.shared.registry().iter().next().unwrap());
    let user = UserKey::parse("Qw7-eRt_9YzA").unwrap();
    for notice in [Notice::FriendAdded, Notice::FriendBlocked] {
        events::deliver(&bridge.shared, &bot, CoreId(0), notice, user);
        sleep(ms(1_000)).await;
    }
    assert_eq!(bridge.bot.told.lock().unwrap().len(), 2);
    assert_eq!(bridge.say("안녕").await.unwrap().text(), "안녕");
    assert_eq!(bridge.shared.events.count(), 0);
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_caller_hung_up_in_the_line_leaves_only_while_a_full_deadline_remains() {
    for (takes, sent) in [(9_000, true), (12_000, false)] {
        let bridge = Bridge::new(&[], move |words| (ms(if words == "하나" { takes } else { 1 }), says("답")));
        let _first = bridge.say("하나");
        sleep(ms(1)).await;
        let second = bridge.say("둘");
        sleep(ms(1_000)).await;
        second.abort();
        sleep(ms(30_000)).await;
        assert_eq!(bridge.asked().contains(&"둘".to_owned()), sent);
        bridge.is_quiet();
    }
}

#[tokio::test(start_paused = true)]
async fn passing_the_deadline_counts_only_when_the_bot_had_that_long() {
    let bridge = Bridge::new(&[("bots.default.breaker.failures", "1")], |_| (ms(3_000), says("답")));
    let first = bridge.say("하나");
    sleep(ms(1)).await;
    let second = bridge.say("둘");
    assert_eq!(first.await.unwrap().text(), "답");
    // Asked after 3 s in the line, cut off by its caller's deadline after 1.5 s with the bot.
    assert_eq!(second.await.unwrap().text(), WAIT);
    assert_eq!(bridge.breaker(), State::Closed(0));
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), "답");

    let bridge = Bridge::new(&[("bots.default.breaker.failures", "1")], |_| (ms(6_000), says("답")));
    assert_eq!(bridge.say("하나").await.unwrap().text(), WAIT);
    sleep(ms(1)).await;
    assert!(matches!(bridge.breaker(), State::Open(_)));
}

#[tokio::test(start_paused = true)]
async fn images_for_which_no_time_is_left_are_not_sent_and_the_user_reads_so() {
    let bridge = Bridge::new(&[("bots.default.late", "6s")], |_| (ms(4_000), says("사진 하나")));
    let photos = "List(https://secure.kakaocdn.net/dna/1.jpg, https://secure.kakaocdn.net/dna/2.jpg, https://secure.kakaocdn.net/dna/3.jpg)";
    let first = bridge.say(photos).await.unwrap();
    assert_eq!(first.text(), WAIT);
    let late = bridge.ask_for_late().await.unwrap();
    assert!(late.text().contains("사진 하나") && late.text().contains(RESEND), "{late:?}");
    assert_eq!(bridge.asked().len(), 2);
    bridge.is_quiet();
}

/// A call that carries both a person's key and a room.
fn in_room(bridge: &Bridge, words: &str) -> impl Future<Output = Read> + use<> {
    bridge.call_with(&json!({
        "userRequest": {
            "utterance": words,
            "user": { "id": "u", "properties": { "plusfriendUserKey": "Qw7-eRt_9YzA" } },
            "chat": { "id": "room-1", "type": "group" },
        },
    }))
}

#[tokio::test(start_paused = true)]
async fn a_private_late_answer_never_appears_in_a_group_room() {
    let bridge = Bridge::new(&[], |words| (ms(if words == "비밀" { 6_000 } else { 10 }), says(words)));
    assert_eq!(bridge.say("비밀").await.unwrap().text(), WAIT);
    sleep(ms(3_000)).await;
    assert_eq!(in_room(&bridge, "공개").await.text(), "공개");
    assert!(!in_room(&bridge, "답변 보기").await.text().contains("비밀"));
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), "비밀");
    // And none of the room in private. The bot knows the person in both.
    let bridge = Bridge::new(&[], |words| (ms(if words == "비밀" { 6_000 } else { 10 }), says(words)));
    assert!(in_room(&bridge, "비밀").await.text().starts_with(WAIT));
    sleep(ms(3_000)).await;
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), NOTHING);
    assert_eq!(in_room(&bridge, "답변 보기").await.text(), "비밀");
    assert!(bridge.bot.users.lock().unwrap().iter().eq(["Qw7-eRt_9YzA"]));
}

#[tokio::test(start_paused = true)]
async fn s3_who_types_on_reads_that_an_earlier_message_was_not_sent() {
    let bridge = Bridge::new(&[], |words| (ms(if words == "하나" { 12_000 } else { 1 }), says(words)));
    let _first = bridge.say("하나");
    sleep(ms(1)).await;
    let second = bridge.say("둘");
    sleep(ms(1_000)).await;
    second.abort();
    sleep(ms(30_000)).await;
    assert_eq!(bridge.say("셋").await.unwrap().text(), format!("하나\n{RESEND}\n셋"));
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), NOTHING);
    assert_eq!(bridge.asked(), ["하나", "셋"]);
}

#[tokio::test(start_paused = true)]
async fn s3_that_the_bot_gave_no_reply_in_the_end_is_told_only_to_who_asks() {
    let bridge = Bridge::new(&[], |words| if words == "하나" { (ms(6_000), Act::Cut) } else { (ms(1), says(words)) });
    assert_eq!(bridge.say("하나").await.unwrap().text(), WAIT);
    sleep(ms(5_000)).await;
    assert_eq!(bridge.say("둘").await.unwrap().text(), "둘");
}

#[tokio::test(start_paused = true)]
async fn o5_a_rest_for_which_there_is_no_room_is_not_offered_and_the_words_end_in_an_ellipsis() {
    for (times, kept) in [(800, true), (2_000, false)] {
        let bridge = Bridge::new(&[("limits.parked", "16KiB")], move |_| (ms(10), says(&"가나다라 ".repeat(times))));
        let answer = bridge.say("긴 글").await.unwrap();
        assert_eq!(answer.offers("이어서 보기"), kept, "{times}");
        assert_eq!(answer.text().ends_with('…'), !kept, "{times}");
        let bot = Arc::clone(bridge.shared.registry().iter().next().unwrap());
        assert_eq!(bot.metrics.degradations(Degradation::TextCut), u64::from(!kept));
        assert_eq!(bot.metrics.degradations(Degradation::Parked), u64::from(kept));
        bridge.is_quiet();
    }
}

/// Three late answers and a direct one are more than an answer holds; what does not fit is a rest, and so is what does
/// not fit of the next reply (O5).
#[tokio::test(start_paused = true)]
async fn o5_the_rest_of_late_answers_outlives_the_rest_of_the_next_long_reply() {
    let long = "가나다라 ".repeat(1_000) + "끝";
    let bridge = Bridge::new(&[], move |words| match words {
        "넷" => (ms(10), says("[넷]")),
        "긴 글" => (ms(10), says(&long)),
        _ => (ms(6_000), says(&format!("[{words}]"))),
    });
    for words in ["하나", "둘", "셋"] {
        assert_eq!(bridge.say(words).await.unwrap().text(), WAIT);
        sleep(ms(3_000)).await;
    }
    let direct = bridge.say("넷").await.unwrap();
    assert!(direct.offers("이어서 보기") && !direct.text().contains("[넷]"), "{direct:?}");
    let mut read = vec![direct, bridge.say("긴 글").await.unwrap()];
    assert!(read[1].offers("이어서 보기"));
    while read.last().unwrap().offers("이어서 보기") {
        assert!(read.len() < 20, "it never ends: {read:?}");
        read.push(bridge.say("이어서 보기").await.unwrap());
    }
    let text = read.iter().map(Read::text).collect::<Vec<_>>().join("\n");
    for words in ["[하나]", "[둘]", "[셋]", "[넷]", "끝"] {
        assert_eq!(text.matches(words).count(), 1, "{words} in {text}");
    }
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn o5_a_late_reply_that_is_shown_makes_room_for_its_own_rest() {
    let long = || says(&"가나다라 ".repeat(2_000));
    let bridge = Bridge::new(&[("limits.parked", "32KiB")], move |_| (ms(6_000), long()));
    assert_eq!(bridge.say("긴 글").await.unwrap().text(), WAIT);
    sleep(ms(3_000)).await;
    assert!(bridge.ask_for_late().await.unwrap().offers("이어서 보기"));
    bridge.is_quiet();
}
