//! Kakao's channel webhook (E2, E4).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::support::*;

const KEY: (&str, &str) = ("Authorization", "KakaoAK kakao-admin-key-of-shop");
const OWN: &str = "channel_key = \"kakao-admin-key-of-shop\"";

#[test]
fn e2_added_and_blocked_are_the_old_calls_under_every_naming() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, &format!("{OWN}\nchannel_ids = [\"_ZeUTxl\", \"@shop\"]"));
    bridge.say(&Say::words(MINA, "안녕").app_user("314"));
    let named = |names: &[(&str, &str)]| {
        let mut event = json!({ "event": "added", "id": "314", "id_type": "app_user_id" });
        for (name, value) in names {
            event[*name] = json!(value);
        }
        event
    };
    bridge.tell(&named(&[("channel_public_id", "_ZeUTxl"), ("channel_uuid", "@shop")]));
    bridge.tell(&named(&[("plus_friend_public_id", "_ZeUTxl"), ("plus_friend_uuid", "@shop")]));
    bridge.tell(&named(&[("plus_friend_uuid", "@shop")]));
    // Both namings side by side, and an id that is a number, as a library in between may make of it.
    let mut both = named(&[("channel_public_id", "_ZeUTxl"), ("plus_friend_public_id", "_ZeUTxl")]);
    both["id"] = json!(314);
    bridge.tell(&both);
    bridge.tell(&blocked("314"));
    let friend = format!("POST /friend {MINA}");
    let expected = [format!("POST /message {MINA} text 안녕"), friend.clone(), friend.clone(), friend.clone(), friend];
    assert_eq!(bot.wait_for(6)[..5], expected);
    assert_eq!(bot.wait_for(6)[5], format!("DELETE /friend/{MINA}"));
}

#[test]
fn e2_a_replay_reaches_the_bot_once_and_what_is_nobodys_is_counted_and_dropped() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, &format!("{OWN}\nchannel_ids = [\"_ZeUTxl\"]"));
    bridge.say(&Say::words(MINA, "안녕").app_user("314"));
    let send = |resource: &str, event: &serde_json::Value| {
        let answer = bridge.post("/channel", &[KEY, ("X-Kakao-Resource-ID", resource)], event.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    for _ in 0..3 {
        send("r1", &added("314"));
    }
    send("r2", &json!({ "event": "added", "id": "x9", "id_type": "open_id", "channel_public_id": "_ZeUTxl" }));
    send("r3", &event("renamed", "314"));
    send("r4", &json!({ "event": "added", "id": "314", "id_type": "app_user_id", "channel_public_id": "_other" }));
    send(
        "r5",
        &json!({ "event": "added", "id": "1".repeat(10_000), "id_type": "app_user_id", "channel_public_id": "_ZeUTxl" }),
    );
    send("r6", &blocked("314"));
    assert_eq!(bot.wait_for(3)[1..], [format!("POST /friend {MINA}"), format!("DELETE /friend/{MINA}")]);
    for (fate, count) in [("repeat", 2.0), ("nobody", 2.0), ("other_kind", 1.0), ("other_channel", 1.0)] {
        assert_eq!(bridge.metric(&format!("bridge_channel_events_total{{fate=\"{fate}\"}}")), count, "{fate}");
    }
}

#[test]
fn e2_a_forged_event_opens_nothing() {
    let bot = Bot::echo("봇");
    let other = Bot::echo("다른 봇");
    let bridge = Bridge::start(&format!(
        "{}{}[bots.mute]\nurl = \"{}\"\n",
        bridge::shop(&bot, OWN),
        format_args!("[bots.other]\nurl = \"{}\"\nchannel_key = \"kakao-admin-key-of-other\"\n", other.url()),
        other.url()
    ));
    let event = added("314").to_string();
    let status = |path: &str, headers: &[(&str, &str)], body: &str| bridge.post(path, headers, body).status;
    for forged in [
        "",
        "KakaoAK",
        "KakaoAK ",
        "kakao-admin-key-of-shop",
        "Bearer kakao-admin-key-of-shop",
        "KakaoAK kakao-admin-key-of-sho",
        "KakaoAK kakao-admin-key-of-other",
        "KakaoAK kakao-admin-key-of-shopp",
    ] {
        assert_eq!(status("/bots/shop/channel", &[("Authorization", forged)], &event), 401, "{forged}");
    }
    assert_eq!(status("/bots/shop/channel", &[], &event), 401);
    assert_eq!(status("/bots/other/channel", &[KEY], &event), 401);
    assert_eq!(status("/bots/mute/channel", &[KEY], &event), 403);
    assert_eq!(status("/bots/nobody/channel", &[KEY], &event), 404);
    let deep = "[".repeat(100_000);
    for body in ["", "null", "[]", "\"added\"", "{\"event\":5}", &deep] {
        assert_eq!(status("/bots/shop/channel", &[KEY], body), 400, "{}", body.get(..20).unwrap_or(body));
    }
    assert_eq!(status("/bots/shop/channel", &[KEY], &event), 200);
    assert!(bot.asked().is_empty() && other.asked().is_empty());
    assert_eq!(bridge.metric("bridge_refusals_total{reason=\"unauthorized\"}"), 10.0);
}

#[test]
fn e4_the_webhook_is_answered_at_once_while_the_bot_hangs() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/friend" => hang(),
        "/keyboard" => text(),
        _ => words("네"),
    });
    let bridge = Bridge::of(&bot, OWN);
    bridge.say(&Say::words(MINA, "안녕").app_user("314"));
    for _ in 0..5 {
        let answer = bridge.post("/channel", &[KEY], added("314").to_string());
        assert_eq!(answer.status, 200);
        assert!(answer.took < Duration::from_secs(3), "{:?}", answer.took);
    }
    // Nor does that cost the user their next words (legacy.md 3: paths that never answer).
    let answer = bridge.say(&Say::words(MINA, "아직 있나요"));
    assert_eq!(answer.text(), "네");
    assert!(answer.took < Duration::from_secs(4), "{:?}", answer.took);
    assert_eq!(bot.met(), 0);
}

#[test]
fn e2_events_from_before_the_first_message_reach_the_bot_before_it_in_their_order() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => text(),
        // Slow enough that a message would overtake it.
        "/friend" => status(200, "").after(ms(100)),
        "/message" => words("네"),
        _ => status(200, "").after(ms(50)),
    });
    let bridge = Bridge::of(&bot, OWN);
    for event in [added("314"), blocked("314"), added("314")] {
        bridge.tell(&event);
    }
    bridge.tell(&added("someone-else"));
    assert_eq!(bridge.metric("bridge_channel_events_total{fate=\"waits\"}"), 4.0);
    // A tester with that very id is not the user (I9).
    bridge.say(&Say::words(JUN, "테스트").app_user("314").tester());
    assert_eq!(bridge.say(&Say::words(MINA, "안녕").app_user("314")).text(), "네");
    let friend = format!("POST /friend {MINA}");
    assert_eq!(
        bot.asked()[1..],
        [friend.clone(), format!("DELETE /friend/{MINA}"), friend, format!("POST /message {MINA} text 안녕")]
    );
    assert_eq!(bot.met(), 0);
}

#[test]
fn e2_a_first_message_is_not_lost_to_a_friend_path_that_hangs() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => text(),
        "/friend" => hang(),
        _ => words("반갑습니다"),
    });
    let bridge = Bridge::of(&bot, OWN);
    bridge.tell(&added("314"));
    let answer = bridge.say(&Say::words(MINA, "안녕").app_user("314"));
    assert_eq!(answer.text(), "반갑습니다");
    assert!(answer.took < Duration::from_secs(3), "{:?}", answer.took);
    assert_eq!(bot.asked()[..2], [format!("POST /friend {MINA}"), format!("POST /message {MINA} text 안녕")]);
}

#[test]
fn e4_an_event_is_never_under_way_together_with_a_message_of_its_user() {
    let slow = |body: &str| reply(body).after(ms(40));
    let bot = Bot::new(move |asked| match &*asked.path {
        "/keyboard" => text(),
        _ => slow("{\"message\":{\"text\":\"네\"}}"),
    });
    let bridge = Bridge::of(&bot, OWN);
    bridge.say(&Say::words(MINA, "0").app_user("314"));
    std::thread::scope(|scope| {
        scope.spawn(|| (1..10).for_each(|number| drop(bridge.say(&Say::words(MINA, &number.to_string())))));
        scope.spawn(|| (0..4).for_each(|_| [added("314"), blocked("314")].iter().for_each(|event| bridge.tell(event))));
    });
    let asked = bot.wait_for(18);
    assert_eq!(bot.met(), 0);
    let messages: Vec<_> = asked.iter().filter(|line| line.contains("/message")).collect();
    assert_eq!(messages.len(), 10);
    let events: Vec<_> = asked.iter().filter(|line| line.contains("/friend")).collect();
    assert!(events.chunks(2).all(|pair| pair[0].starts_with("POST") && pair[1].starts_with("DELETE")), "{events:?}");
}

#[test]
fn e4_a_bot_without_lifecycle_calls_is_asked_once_and_then_left_in_peace() {
    for refusal in [404, 405] {
        let bot = Bot::new(move |asked| match &*asked.path {
            "/keyboard" => text(),
            "/message" => words("네"),
            _ => status(refusal, "<html>Not Found</html>".repeat(100)),
        });
        let other = Bot::echo("다른 봇");
        let bridge = Bridge::start(&format!(
            "{}[bots.other]\nurl = \"{}\"\nchannel_key = \"kakao-admin-key-of-shop\"\n",
            bridge::shop(&bot, OWN),
            other.url()
        ));
        let tell = |bot: &str, event: &serde_json::Value| {
            assert_eq!(bridge.post(&format!("/bots/{bot}/channel"), &[KEY], event.to_string()).status, 200);
        };
        for (user, id) in [(MINA, "1"), (JUN, "2")] {
            for bot in ["shop", "other"] {
                let say = Say::words(user, "안녕").app_user(id);
                assert_eq!(bridge.post(&format!("/bots/{bot}/skill"), &[], say.body()).status, 200);
            }
        }
        tell("shop", &added("1"));
        bot.wait_for(3);
        // Remembered when its answer has come, which the next call of this user waits for.
        assert_eq!(bridge.post("/bots/shop/skill", &[], Say::words(MINA, "그리고")).status, 200);
        tell("shop", &added("2"));
        tell("shop", &added("1"));
        // Another kind of event is asked of it still, and another bot everything.
        tell("shop", &blocked("2"));
        tell("other", &added("1"));
        tell("other", &added("2"));
        assert_eq!(
            bot.wait_for(5)[2..],
            [
                format!("POST /friend {MINA}"),
                format!("POST /message {MINA} text 그리고"),
                format!("DELETE /friend/{JUN}")
            ]
        );
        other.wait_for(4);
        assert_eq!(bridge.metric("bridge_channel_events_total{fate=\"no_path\"}"), 2.0);
    }
}

#[test]
fn s6_a_reload_keeps_what_waits_and_asks_another_backend_for_what_the_first_had_not() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => text(),
        "/message" => words("네"),
        _ => status(404, ""),
    });
    let next = Bot::echo("새 봇");
    let bridge = Bridge::of(&bot, OWN);
    bridge.say(&Say::words(MINA, "안녕").app_user("1"));
    bridge.tell(&added("1"));
    bridge.tell(&added("2"));
    bot.wait_for(2);
    // The answer to the event has been read when the next call of this user is answered.
    bridge.say(&Say::words(MINA, "그리고"));
    let (_folder, path) = bridge::file(&bridge::shop(&next, OWN));
    let sources = smartchat_bridge::config::load::Sources { file: Some(&path), ..Default::default() };
    let settings = smartchat_bridge::config::load::load(&sources).unwrap().settings;
    bridge.running().reload(settings).unwrap();
    bridge.say(&Say::words(JUN, "안녕").app_user("2"));
    bridge.tell(&added("1"));
    let expected =
        [format!("POST /friend {JUN}"), format!("POST /message {JUN} text 안녕"), format!("POST /friend {MINA}")];
    assert_eq!(next.wait_for(3), expected);
    assert_eq!(bot.asked().len(), 3);
}

#[test]
fn e4_any_status_is_fine_and_a_bot_that_is_not_there_is_tried_again() {
    let count = AtomicUsize::new(0);
    let bot = Bot::new(move |asked| match (&*asked.path, count.load(Ordering::Relaxed)) {
        ("/keyboard", _) => text(),
        ("/message", _) => words("네"),
        (_, 0) => {
            count.fetch_add(1, Ordering::Relaxed);
            status(500, "서버 오류")
        }
        (_, 1) => {
            count.fetch_add(1, Ordering::Relaxed);
            hang_up()
        }
        _ => status(200, ""),
    });
    let bridge = Bridge::of(&bot, OWN);
    bridge.say(&Say::words(MINA, "안녕").app_user("314"));
    bridge.tell(&added("314"));
    bridge.tell(&blocked("314"));
    let (friend, unfriend) = (format!("POST /friend {MINA}"), format!("DELETE /friend/{MINA}"));
    assert_eq!(bot.wait_for(4)[1..], [friend, unfriend.clone(), unfriend]);
}

#[test]
fn e4_a_slow_bot_is_told_once_while_nobody_waits() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => text(),
        "/message" => words("네"),
        _ => status(200, "").after(ms(1500)),
    });
    let bridge = Bridge::of(&bot, OWN);
    bridge.say(&Say::words(MINA, "안녕").app_user("314"));
    bridge.tell(&added("314"));
    bot.wait_for(2);
    assert_eq!(bridge.stop(), smartchat_bridge::runtime::Ending::Drained);
    assert_eq!(bot.asked().len(), 2);
}

#[test]
fn e1_leaving_is_told_unless_it_is_a_tester_and_ends_the_session() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => bot::home(&["처음"]),
        _ => buttons("여기", &["하나", "둘"]),
    });
    let bridge = Bridge::of(&bot, "");
    let leave = |say: &Say| {
        assert_eq!(bridge.post("/leave", &[], say.body()).text(), "대화를 마쳤습니다. 이용해 주셔서 감사합니다.")
    };
    bridge.say(&Say::words(MINA, "처음"));
    leave(&Say::words(MINA, "x").tester());
    bridge.say(&Say::words(MINA, "처음"));
    leave(&Say::words(MINA, "x"));
    // A new conversation: home counts again, and the bot heard of the end before anything of it.
    assert_eq!(bridge.say(&Say::words(MINA, "하나")).quick_replies(), ["처음"]);
    bridge.say(&Say::words(MINA, "처음"));
    let first = format!("POST /message {MINA} text 처음");
    assert_eq!(bot.asked(), [first.clone(), first.clone(), format!("DELETE /chat_room/{MINA}"), first]);
}

#[test]
fn s6_a_stop_waits_for_events_on_their_way() {
    let gone = AtomicBool::new(false);
    let bot = Bot::new(move |asked| match &*asked.path {
        "/keyboard" => text(),
        "/message" => words("네"),
        _ if !gone.swap(true, Ordering::Relaxed) => hang_up(),
        _ => status(200, ""),
    });
    let bridge = Bridge::of(&bot, OWN);
    bridge.say(&Say::words(MINA, "안녕").app_user("314"));
    bridge.tell(&added("314"));
    bot.wait_for(2);
    assert_eq!(bridge.stop(), smartchat_bridge::runtime::Ending::Drained);
    assert_eq!(bot.asked().len(), 3);
}
