//! What replicas know together besides sessions: friends, events, promises, gates (E2 to E4, I6, P4, S4).

use super::*;
use crate::store::{polite, said};
use crate::trouble::alert::Alerts;
use crate::trouble::callback_sink::{CallbackSink, Mood};

const KEY: (&str, &str) = ("bots.default.channel_key", "kakao-admin-key-of-shop");

#[test]
fn e3_a_friend_who_is_new_is_announced_once_among_all_replicas() {
    let Some(redis) = Redis::start() else { return };
    let bot = polite();
    let keys = [("bots.default.friend_on_first_contact", "true"), KEY];
    let replicas = [(); 2].map(|()| replica(&bot, &redis.url(), &keys));
    for number in 0..6 {
        replicas[number % 2].say(&words("u", &format!("말 {number}")).friend().app_user("31"));
    }
    assert_eq!(bot.asked()[0], format!("POST /friend {}", key("u")));
    assert_eq!(said(&bot, "POST /friend"), 1);
    // Who blocks the channel and comes back is new.
    replicas[0].tell(&blocked("31"));
    eventually("the bot is told", || said(&bot, "DELETE /friend") == 1);
    replicas[1].say(&words("u", "다시").friend());
    assert_eq!(said(&bot, "POST /friend"), 2);
    assert_eq!(replicas[0].log.lock().unwrap().matches("panicked").count(), 0);
}

#[test]
fn e2_a_webhook_call_that_comes_again_elsewhere_reaches_the_bot_once() {
    let Some(redis) = Redis::start() else { return };
    let bot = polite();
    let replicas = [(); 2].map(|()| replica(&bot, &redis.url(), &[KEY]));
    replicas[0].say(&words("u", "안녕").app_user("31"));
    let headers = [("Authorization", "KakaoAK kakao-admin-key-of-shop"), ("X-Kakao-Resource-ID", "r-1")];
    for number in 0..4 {
        assert_eq!(replicas[number % 2].post("/channel", &headers, added("31")).status, 200);
    }
    eventually("the bot is told", || said(&bot, "POST /friend") == 1);
    replicas[1].say(&words("u", "끝"));
    assert_eq!(said(&bot, "POST /friend"), 1);
}

#[test]
fn e2_an_event_waits_for_its_user_on_whichever_replica_they_come_to() {
    let Some(redis) = Redis::start() else { return };
    let bot = polite();
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &[KEY]));
    one.tell(&added("31"));
    assert_eq!(said(&bot, "/friend"), 0);
    two.say(&words("u", "안녕").app_user("31"));
    // Before the user's words.
    assert_eq!(
        bot.wait_for(2),
        [format!("POST /friend {}", key("u")), format!("POST /message {} text 안녕", key("u"))]
    );
}

#[test]
fn e2_an_event_of_an_unknown_user_that_came_while_the_store_was_away_waits_for_them_everywhere() {
    let Some(mut redis) = Redis::start() else { return };
    let bot = polite();
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &[KEY]));
    // Known to the store by the other replica, and unknown.
    two.say(&words("u", "안녕").app_user("31"));
    settled(&two);
    redis.kill();
    eventually("it is left alone", || one.metric("bridge_store_up") == 0.0 && two.metric("bridge_store_up") == 0.0);
    one.tell(&added("31"));
    one.tell(&added("32"));
    // One who comes here meanwhile is known to be them.
    one.tell(&added("33"));
    one.say(&words("x", "안녕").app_user("33"));
    assert_eq!(
        bot.asked()[1..],
        [format!("POST /friend {}", key("x")), format!("POST /message {} text 안녕", key("x"))]
    );
    redis.start_again();
    eventually("it is asked", || one.metric("bridge_store_up") == 1.0 && two.metric("bridge_store_up") == 1.0);
    let fields = format!("HKEYS smartchat:{{default/{}}}:s", key("u"));
    let is_left = || {
        let fields = ::redis::from_redis_value::<Vec<String>>(redis.say(&fields)).unwrap();
        fields.iter().any(|field| field.starts_with('o'))
    };
    eventually("they wait there", || redis.keys("smartchat:*:waiting") == 1 && is_left());
    two.say(&words("u", "다음"));
    two.say(&words("v", "안녕").app_user("32"));
    assert_eq!(
        bot.asked()[3..],
        [
            format!("POST /friend {}", key("u")),
            format!("POST /message {} text 다음", key("u")),
            format!("POST /friend {}", key("v")),
            format!("POST /message {} text 안녕", key("v"))
        ]
    );
    // Once.
    one.say(&words("u", "끝").app_user("31"));
    one.say(&words("v", "끝").app_user("32"));
    assert_eq!(said(&bot, "POST /friend"), 3);
}

#[test]
fn e4_an_event_that_a_dead_replica_has_left_is_delivered_before_the_users_next_words() {
    let Some(redis) = Redis::start() else { return };
    let is_dead = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let dead = std::sync::Arc::clone(&is_dead);
    let bot = Bot::new(move |asked| match &*asked.path {
        "/keyboard" => text(),
        "/message" => bot::words("답"),
        _ if dead.load(std::sync::atomic::Ordering::SeqCst) => status(200, ""),
        _ => hang(),
    });
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &[KEY]));
    one.say(&words("u", "안녕").app_user("31"));
    one.tell(&added("31"));
    eventually("it is tried", || said(&bot, "POST /friend") >= 1);
    drop(one);
    is_dead.store(true, std::sync::atomic::Ordering::SeqCst);
    // A replica is dead when it has said nothing for 10 s.
    eventually("its sign of life is gone", || redis.keys("smartchat:alive:*:0") == 1);
    let before = said(&bot, "POST /friend");
    two.say(&words("u", "다음"));
    let asked = bot.asked();
    assert_eq!(said(&bot, "POST /friend"), before + 1);
    assert_eq!(
        asked[asked.len() - 2..],
        [format!("POST /friend {}", key("u")), format!("POST /message {} text 다음", key("u")),]
    );
}

#[test]
fn p4_a_callback_that_a_dead_replica_has_promised_is_made_by_another() {
    let Some(redis) = Redis::start() else { return };
    let sink = CallbackSink::start();
    let bot = Bot::answering(|asked| match &*asked.content() {
        "죽음" => hang(),
        other => bot::words(&format!("{other}의 답")),
    });
    let origins = format!("[\"{}\"]", sink.origin());
    let keys = [("callback.origins", &*origins), ("callback.after", "400ms")];
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &keys));
    assert!(one.say(&words("u", "죽음").callback(&sink.url())).is_acknowledgement());
    drop(one);
    eventually("it is called back", || sink.posted().len() == 1);
    assert_eq!(Answer::called_back(&sink.posted()[0]).text(), INTERRUPTED);
    eventually("it is counted", || two.sum("bridge_store_events_total", "callback_paid") == 1.0);
    // The user has read it by callback.
    assert_eq!(two.say(&words("u", "다음")).text(), "다음의 답");
    assert!(sink.refused().is_empty());
    eventually("nothing is owed", || redis.keys("*debts") == 0);
}

#[test]
fn s2_who_follows_a_tap_of_which_nothing_is_heard_any_more_is_called_back_in_time() {
    let Some(mut redis) = Redis::start() else { return };
    let [first, second] = [(); 2].map(|()| CallbackSink::start());
    let bot = Bot::answering(|asked| match &*asked.content() {
        "안녕" => buttons("고르세요", &["가", "나"]),
        other => bot::words(&format!("{other}의 답")).after(ms(1_500)),
    });
    let origins = format!("[\"{}\", \"{}\"]", first.origin(), second.origin());
    let keys = [("callback.origins", &*origins), ("callback.after", "200ms"), ("callback.give_up", "4s")];
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &keys));
    let shown = one.say(&words("u", "안녕"));
    assert!(one.say(&Say::tap(&key("u"), &shown, "가").callback(&first.url())).is_acknowledgement());
    assert!(two.say(&Say::tap(&key("u"), &shown, "가").callback(&second.url())).is_acknowledgement());
    assert_eq!(bot.contents(), ["안녕", "가"], "the second follows");
    // Who follows is not told of the end.
    redis.kill();
    eventually("the first is called back", || first.posted().len() == 1);
    redis.start_again();
    eventually("the second is called back", || second.posted().len() == 1);
    assert_eq!(Answer::called_back(&second.posted()[0]).text(), RESEND);
    assert_eq!(bot.contents(), ["안녕", "가"]);
    eventually("no turn is left", || two.metric("bridge_turns_in_flight{bot=\"default\"}") == 0.0);
}

#[test]
fn p4_an_answer_that_was_there_is_called_back_by_another() {
    let Some(redis) = Redis::start() else { return };
    let sink = CallbackSink::start();
    let bot = Bot::before(bot::home(&["홈"]), |asked| match &*asked.content() {
        "홈" => buttons("늦은 답", &["가"]).after(ms(700)),
        other => bot::words(&format!("{other}의 답")),
    });
    let origins = format!("[\"{}\"]", sink.origin());
    let keys = [("callback.origins", &*origins), ("callback.after", "400ms")];
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &keys));
    sink.mood(Mood::Hangs);
    assert!(one.say(&words("u", "홈").callback(&sink.url())).is_acknowledgement());
    eventually("it is tried", || sink.tried() == 1);
    drop(one);
    // Kakao has not read a byte of it: the token is good.
    sink.mood(Mood::Takes);
    eventually("it is called back", || sink.posted().len() == 1);
    let answer = Answer::called_back(&sink.posted()[0]);
    assert_eq!((answer.text(), answer.quick_replies()), ("늦은 답".into(), vec!["가".into()]));
    eventually("it is counted", || two.sum("bridge_store_events_total", "callback_paid") == 1.0);
    settled(&two);
    // Its keyboard counts, and it is not shown again.
    assert_eq!(two.say(&words("u", "딴말")).text(), "원하는 버튼을 선택하세요");
    assert_eq!(two.say(&words("u", "가")).text(), "가의 답");
}

#[test]
fn p4_a_callback_that_is_made_in_time_leaves_nothing_owed_and_nothing_parked() {
    let Some(redis) = Redis::start() else { return };
    let sink = CallbackSink::start();
    let bot = Bot::answering(|asked| bot::words(&format!("{}의 답", asked.content())).after(ms(700)));
    let origins = format!("[\"{}\"]", sink.origin());
    let keys = [("callback.origins", &*origins), ("callback.after", "400ms")];
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &keys));
    assert!(one.say(&words("u", "하나").callback(&sink.url())).is_acknowledgement());
    eventually("it is called back", || sink.posted().len() == 1);
    settled(&one);
    eventually("nothing is owed", || redis.keys("*debts") == 0);
    assert!(two.say(&words("u", "둘").callback(&sink.url())).is_acknowledgement());
    eventually("it is called back", || sink.posted().len() == 2);
    assert_eq!(Answer::called_back(&sink.posted()[1]).text(), "둘의 답");
}

#[test]
fn i6_a_bot_that_takes_one_message_at_a_time_gets_one_from_all_replicas() {
    let Some(redis) = Redis::start() else { return };
    let under_way = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let most = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (now, at_most) = (std::sync::Arc::clone(&under_way), std::sync::Arc::clone(&most));
    let bot = Bot::answering(move |_| {
        use std::sync::atomic::Ordering::SeqCst;
        at_most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
        std::thread::sleep(ms(60));
        now.fetch_sub(1, SeqCst);
        bot::words("답")
    });
    let replicas = [(); 3].map(|()| replica(&bot, &redis.url(), &[("bots.default.one_at_a_time", "true")]));
    let mut callers: Vec<Client> = (0..12).map(|number| replicas[number % 3].client()).collect();
    for (number, caller) in callers.iter_mut().enumerate() {
        caller.send(&words(&format!("u{number}"), "안녕"));
    }
    for caller in &mut callers {
        assert_eq!(caller.read().unwrap().text(), "답");
    }
    assert_eq!(most.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[test]
fn a_rate_counts_calls_to_all_replicas() {
    let Some(redis) = Redis::start() else { return };
    let bot = Bot::echo("bot");
    let replicas = [(); 2].map(|()| replica(&bot, &redis.url(), &[("bots.default.rate", "4")]));
    for number in 0..8 {
        replicas[number % 2].say(&words("u", "안녕"));
    }
    assert_eq!(bot.messages().len(), 4);
}

#[test]
fn s4_one_replica_alerts_of_an_outage_and_one_of_its_end() {
    let Some(redis) = Redis::start() else { return };
    let alerts = Alerts::start();
    let mut bot = Bot::echo("bot");
    let url = alerts.url();
    let keys = [("alert.url", &*url), ("bots.default.breaker.failures", "1"), ("bots.default.breaker.open", "500ms")];
    let replicas = [(); 2].map(|()| replica(&bot, &redis.url(), &keys));
    bot.die();
    for replica in &replicas {
        replica.say(&words("u", "하나"));
    }
    eventually("it is told", || alerts.states() == ["outage"]);
    bot.come_back();
    for replica in &replicas {
        eventually("it is back", || replica.say(&words("u", "둘")).text() == "bot: 둘");
    }
    eventually("it is told", || alerts.states() == ["outage", "recovered"]);
}

#[test]
fn i5_a_block_that_is_ours_to_one_replica_is_ours_to_all() {
    let Some(redis) = Redis::start() else { return };
    let bot = Bot::before(bot::home(&["가"]), |_| buttons("고르세요", &["가"]));
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &[]));
    one.say(&words("u", "가"));
    two.say(&words("v", "가").block("other-block", "다른 블록"));
    settled(&two);
    eventually("the other replica knows the block", || {
        // Words after a block of ours are held to the keyboard.
        one.say(&words("u", "아무 말").after("other-block")).text() == "원하는 버튼을 선택하세요"
    });
}
