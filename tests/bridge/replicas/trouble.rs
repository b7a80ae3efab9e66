//! The shared store's trouble is never the user's (P6).

use super::*;

#[test]
fn p6_a_store_that_is_killed_costs_no_answer_and_is_told_when_it_is_back() {
    let Some(mut redis) = Redis::start() else { return };
    let bot = Bot::answering(|asked| buttons(&format!("{}의 답", asked.content()), &["가", "나"]));
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &[]));
    one.say(&words("u", "가"));
    settled(&one);
    redis.kill();
    eventually("it is left alone", || one.metric("bridge_store_up") == 0.0 && two.metric("bridge_store_up") == 0.0);
    // Known here: what does not match is kept from the bot. Unsure elsewhere: nothing is kept from it.
    assert_eq!(one.say(&words("u", "아무 말")).text(), "원하는 버튼을 선택하세요");
    assert_eq!(two.say(&words("stranger", "모르는 말")).text(), "모르는 말의 답");
    assert_eq!(one.say(&words("u", "나")).text(), "나의 답");
    assert_eq!(one.readiness()["ready"], true);
    assert_eq!(one.readiness()["shared_store"]["trouble"], "gone");
    assert!(one.metric("bridge_store_waiting") >= 1.0);
    redis.start_again();
    eventually("it is asked", || one.metric("bridge_store_up") == 1.0 && two.metric("bridge_store_up") == 1.0);
    assert_eq!(one.metric("bridge_store_waiting"), 0.0);
    let log = one.log.lock().unwrap().clone();
    assert_eq!(log.matches("the shared store is left alone").count(), 1, "{log}");
    assert_eq!(log.matches("the shared store is asked again").count(), 1, "{log}");
    // What the other has shown meanwhile is known.
    assert_eq!(one.say(&words("stranger", "아무 말")).text(), "원하는 버튼을 선택하세요");
}

#[test]
fn p6_a_store_that_is_only_stopped_loses_no_parked_answer() {
    let Some(redis) = Redis::start() else { return };
    let bot = Bot::answering(|asked| bot::words(&format!("{}의 답", asked.content())).after(ms(1600)));
    let own = [("bots.default.deadline", "1s"), ("callback.after", "900ms")];
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &own));
    let waits: Vec<Answer> = (0..4).map(|number| one.say(&words(&format!("u{number}"), "느린 말"))).collect();
    redis.pause();
    // One who comes now waits half a second for the store, and no more.
    let meanwhile = one.say(&words("other", "느린 말"));
    assert_eq!(meanwhile.text(), WAIT);
    eventually("it is left alone", || one.metric("bridge_store_up") == 0.0);
    eventually("the bot has answered", || bot.is_idle());
    redis.go_on();
    eventually("it is asked", || one.metric("bridge_store_up") == 1.0 && two.metric("bridge_store_up") == 1.0);
    settled(&one);
    eventually("all is told", || one.metric("bridge_store_waiting") == 0.0);
    for (number, waits) in waits.iter().chain([&meanwhile]).enumerate() {
        let user = if number < 4 { format!("u{number}") } else { "other".to_owned() };
        let late = two.say(&Say::press(&key(&user), &waits.late().unwrap()));
        assert_eq!(late.text(), "느린 말의 답", "{user}");
    }
    assert_eq!(bot.messages().len(), 5);
}

#[test]
fn p6_a_slow_store_is_left_alone_until_it_is_quick_again() {
    let Some(redis) = Redis::start() else { return };
    let way = SlowWay::to(redis.port);
    let bot = Bot::answering(|asked| bot::words(&format!("{}의 답", asked.content())));
    let bridge = replica(&bot, &way.url(), &[]);
    way.takes(ms(300));
    eventually("it is left alone", || bridge.metric("bridge_store_up") == 0.0);
    assert_eq!(bridge.readiness()["shared_store"]["trouble"], "slow");
    let answer = bridge.say(&words("u", "안녕"));
    assert_eq!(answer.text(), "안녕의 답");
    assert!(answer.took < ms(250), "{:?}", answer.took);
    way.takes(ms(0));
    eventually("it is asked", || bridge.metric("bridge_store_up") == 1.0);
}

#[test]
fn p6_an_emptied_store_is_filled_from_what_the_processes_know() {
    let Some(redis) = Redis::start() else { return };
    let bot = Bot::answering(|asked| buttons(&format!("{}의 답", asked.content()), &["가", "나"]));
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &[]));
    one.say(&words("u", "가"));
    settled(&one);
    redis.say("FLUSHALL");
    assert_eq!(one.say(&words("u", "아무 말")).text(), "원하는 버튼을 선택하세요");
    settled(&one);
    assert_eq!(two.say(&words("u", "아무 말")).text(), "원하는 버튼을 선택하세요");
    assert_eq!(bot.contents(), ["가"]);
}

#[test]
fn p6_scripts_that_the_store_has_lost_are_sent_again() {
    let Some(redis) = Redis::start() else { return };
    let bot = Bot::echo("bot");
    let bridge = replica(&bot, &redis.url(), &[]);
    redis.say("SCRIPT FLUSH SYNC");
    assert_eq!(bridge.say(&words("u", "안녕")).text(), "bot: 안녕");
    settled(&bridge);
    assert_eq!(bridge.metric("bridge_store_up"), 1.0);
    assert!(redis.calls("eval") >= 1);
}

/// The store refuses after `how`: users notice nothing, the reason is told, and it is asked again after `undone`.
#[track_caller]
fn refuses(redis: &Redis, how: &[&str], undone: &[&str], trouble: &str) {
    let bot = Bot::echo("bot");
    let bridge = replica(&bot, &redis.url(), &[]);
    assert_eq!(bridge.say(&words("u", "하나")).text(), "bot: 하나");
    settled(&bridge);
    how.iter().for_each(|words| drop(redis.say(words)));
    assert_eq!(bridge.say(&words("u", "둘")).text(), "bot: 둘");
    eventually("it is left alone", || bridge.metric("bridge_store_up") == 0.0);
    let said = bridge.readiness()["shared_store"]["trouble"].clone();
    assert_eq!(said, trouble, "{}", bridge.log.lock().unwrap());
    assert_eq!(bridge.say(&words("u", "셋")).text(), "bot: 셋");
    undone.iter().for_each(|words| drop(redis.say(words)));
    eventually("it is asked", || bridge.metric("bridge_store_up") == 1.0);
    assert_eq!(bridge.say(&words("u", "넷")).text(), "bot: 넷");
    assert_eq!(bot.contents(), ["하나", "둘", "셋", "넷"]);
}

#[test]
fn p6_a_store_that_became_a_replica_takes_no_writes() {
    let Some(redis) = Redis::start() else { return };
    // Nothing listens there.
    refuses(&redis, &["REPLICAOF 127.0.0.1 1"], &["REPLICAOF NO ONE"], "readonly");
}

#[test]
fn p6_a_store_whose_memory_is_full_refuses_writes() {
    let Some(redis) = Redis::start() else { return };
    refuses(&redis, &["CONFIG SET maxmemory 1"], &["CONFIG SET maxmemory 0"], "memory");
}
