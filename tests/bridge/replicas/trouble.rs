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
    assert_eq!((one.metric("bridge_store_alone_total"), two.metric("bridge_store_alone_total")), (2.0, 1.0));
    redis.start_again();
    eventually("it is asked", || one.metric("bridge_store_up") == 1.0 && two.metric("bridge_store_up") == 1.0);
    assert_eq!(one.metric("bridge_store_waiting"), 0.0);
    // Lines are written a moment after what they tell of.
    let told = |words: &str| one.log.lock().unwrap().matches(words).count();
    eventually("it is told", || told("the shared store is asked again") == 1);
    assert_eq!(told("the shared store is left alone"), 1);
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
    // Each of them would take 300 ms if it waited for the store; the machine may be slow now and then, too.
    let quickest = (0..5).map(|user| {
        let answer = bridge.say(&words(&format!("u{user}"), "안녕"));
        assert_eq!(answer.text(), "안녕의 답");
        answer.took
    });
    let quickest = quickest.min().unwrap();
    assert!(quickest < ms(300), "{quickest:?}");
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

#[test]
fn p6_a_store_that_cannot_save_refuses_writes() {
    let Some(redis) = Redis::with(&["--save", "1 1"]) else { return };
    // The file that it saves into is a folder.
    std::fs::create_dir(redis.path().join("dump.rdb")).unwrap();
    let bot = Bot::echo("bot");
    let bridge = replica(&bot, &redis.url(), &[]);
    eventually("it is left alone", || {
        bridge.say(&words("u", "안녕"));
        bridge.metric("bridge_store_up") == 0.0
    });
    assert_eq!(bridge.readiness()["shared_store"]["trouble"], "disk");
    assert_eq!(bridge.say(&words("u", "또")).text(), "bot: 또");
    redis.say("CONFIG SET stop-writes-on-bgsave-error no");
    eventually("it is asked", || bridge.metric("bridge_store_up") == 1.0);
}

#[test]
fn p6_a_store_that_reads_its_data_in_is_left_alone_until_it_has() {
    let Some(mut redis) = Redis::start() else { return };
    let bot = Bot::echo("bot");
    let bridge = replica(&bot, &redis.url(), &[]);
    redis.say("EVAL for\ti=1,30000\tdo\tredis.call('SET','other:'..i,'x')\tend 0");
    redis.kill();
    eventually("it is left alone", || bridge.metric("bridge_store_up") == 0.0);
    // A tenth of a millisecond a key: it takes three seconds, and says so each 1,024 keys.
    redis.begin_again(&["--key-load-delay", "100", "--loading-process-events-interval-bytes", "1024"]);
    eventually("it loads", || bridge.readiness()["shared_store"]["trouble"] == "loading");
    assert_eq!(bridge.say(&words("u", "안녕")).text(), "bot: 안녕");
    eventually("it is asked", || bridge.metric("bridge_store_up") == 1.0);
    settled(&bridge);
    assert_eq!(bridge.metric("bridge_store_waiting"), 0.0);
}

#[test]
fn p6_a_bridge_starts_without_its_store_and_shares_it_when_it_is_there() {
    let Some(mut redis) = Redis::start() else { return };
    redis.kill();
    let bot = Bot::echo("bot");
    let bridge = Program::with(&bot.url(), &[("store.url", &redis.url())]);
    assert_eq!(bridge.say(&words("u", "안녕")).text(), "bot: 안녕");
    assert_eq!(bridge.readiness()["ready"], true);
    redis.start_again();
    eventually("it is asked", || bridge.metric("bridge_store_up") == 1.0);
    eventually("it is told", || redis.keys("smartchat:*:s") == 1);
}

#[test]
fn a_user_of_the_store_and_their_password_are_used_and_never_shown() {
    let Some(redis) = Redis::start() else { return };
    redis.say("ACL SETUSER bridge on >a-long-password-of-it ~smartchat:* &smartchat:* +@all -@dangerous +info");
    redis.say("ACL SETUSER default off");
    let url = format!("redis://bridge:a-long-password-of-it@127.0.0.1:{}", redis.port);
    let bot = Bot::echo("bot");
    let bridge = replica(&bot, &url, &[]);
    assert_eq!(bridge.say(&words("u", "안녕")).text(), "bot: 안녕");
    settled(&bridge);
    assert!(!bridge.log.lock().unwrap().contains("a-long-password"));
    let wrong = Program::with(&bot.url(), &[("store.url", &url.replace("a-long", "another"))]);
    assert_eq!(wrong.readiness()["shared_store"]["trouble"], "denied");
    assert_eq!(wrong.say(&words("u", "안녕")).text(), "bot: 안녕");
}

#[test]
fn p6_a_store_that_takes_the_rights_away_is_left_alone_and_asked_more_and_more_seldom() {
    let Some(redis) = Redis::start() else { return };
    redis.say("ACL SETUSER bridge on >a-long-password-of-it ~smartchat:* &smartchat:* +@all -@dangerous +info");
    let bot = Bot::echo("bot");
    let url = format!("redis://bridge:a-long-password-of-it@127.0.0.1:{}", redis.port);
    let bridge = replica(&bot, &url, &[]);
    let left_alone = || bridge.log.lock().unwrap().matches("the shared store is left alone").count();
    // A probe is still answered; what a turn does is not.
    redis.say("ACL SETUSER bridge -hincrby");
    eventually("it is asked again, in vain", || {
        assert_eq!(bridge.say(&words("u", "안녕")).text(), "bot: 안녕");
        left_alone() == 4
    });
    assert_eq!(bridge.readiness()["shared_store"]["trouble"], "denied", "{}", bridge.log.lock().unwrap());
    // After 0.2, 0.4 and 0.8 s it is left alone for 1.6 s: more turns than those four find it so.
    for _ in 0..20 {
        assert_eq!(bridge.say(&words("u", "안녕")).text(), "bot: 안녕");
    }
    assert!(left_alone() <= 5, "{}", left_alone());
    redis.say("ACL SETUSER bridge +hincrby");
    eventually("it is told", || bridge.metric("bridge_store_up") == 1.0 && redis.keys("smartchat:*:s") == 1);
    redis.say("ACL SETUSER bridge resetkeys ~other:*");
    eventually("it is left alone", || bridge.readiness()["shared_store"]["trouble"] == "denied");
    assert_eq!(bridge.say(&words("u", "안녕")).text(), "bot: 안녕");
    redis.say("ACL SETUSER bridge ~smartchat:*");
    eventually("it is asked", || bridge.metric("bridge_store_up") == 1.0);
}

/// `config check` with the store at `url`: its exit code and what it says.
pub(super) fn checked(bot: &Bot, url: &str, more: &[(&str, &str)]) -> (i32, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_smartchat-bridge"));
    command
        .args(["config", "check", "--lang", "en", "--bot", &bot.url()])
        .env("BRIDGE_STORE__URL", url)
        .envs(more.iter().copied());
    let ended = command.output().unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.code().unwrap(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn config_check_looks_at_what_the_store_is_set_to() {
    let Some(mut redis) = Redis::start() else { return };
    let bot = Bot::echo("bot");
    let (code, said) = checked(&bot, &redis.url(), &[]);
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("SB33"), "{said}");
    redis.say("CONFIG SET maxmemory-policy allkeys-lru");
    redis.say("CONFIG SET appendonly no");
    let (code, said) = checked(&bot, &redis.url(), &[]);
    assert!(code == 2 && said.contains("SB3302") && said.contains("SB3303"), "{said}");
    redis.say("CONFIG SET maxmemory-policy noeviction");
    redis.say("ACL SETUSER bridge on >a-long-password-of-it ~smartchat:* &smartchat:* +@all -hset");
    let url = format!("redis://bridge:a-long-password-of-it@127.0.0.1:{}", redis.port);
    let (code, said) = checked(&bot, &url, &[]);
    assert!(code == 2 && said.contains("SB3305") && said.contains("hset"), "{said}");
    redis.say("ACL SETUSER bridge +hset");
    assert_eq!(checked(&bot, &url, &[]).0, 0);
    assert_eq!(checked(&bot, &url.replace("a-long", "another"), &[]).0, 2);
    redis.kill();
    let (code, said) = checked(&bot, &redis.url(), &[]);
    assert!(code == 0 && said.contains("SB3304"), "{said}");
}
