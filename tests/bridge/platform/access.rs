//! Who may call.

use crate::support::*;

const SECRET: &str =
    "secret = { header = \"x-skill-secret\", values = [\"old-secret-of-the-shop\", \"new-secret-of-the-shop\"] }";

/// Beyond the loopback: on it, a list that the loopback is not in is refused at start.
const EVERYWHERE: &str = "listen = \"0.0.0.0:0\"\n";

fn two(bot: &Bot, other: &Bot, top: &str) -> Bridge {
    Bridge::start(&format!(
        "{}[bots.other]\nurl = \"{}\"\nsecret = {{ header = \"x-other\", values = [\"secret-of-the-other\"] }}\n{top}",
        bridge::shop(bot, SECRET),
        other.url()
    ))
}

#[test]
fn both_secrets_of_a_rotation_open_their_own_bot_and_nothing_else() {
    let (bot, other) = (Bot::echo("가게"), Bot::echo("다른 봇"));
    let bridge = two(&bot, &other, "");
    let body = Say::words(MINA, "안녕").body();
    let status = |path: &str, headers: &[(&str, &str)]| bridge.post(path, headers, &body).status;
    for right in ["old-secret-of-the-shop", "new-secret-of-the-shop"] {
        assert_eq!(status("/bots/shop/skill", &[("X-Skill-Secret", right)]), 200);
        for place in ["skill", "keyboard", "message", "leave"] {
            assert_eq!(status(&format!("/bots/other/{place}"), &[("x-skill-secret", right)]), 401);
            assert_eq!(status(&format!("/bots/other/{place}"), &[("x-other", right)]), 401);
        }
    }
    for wrong in [
        "",
        " ",
        "old-secret-of-the-sho",
        "old-secret-of-the-shopp",
        "OLD-SECRET-OF-THE-SHOP",
        "secret-of-the-other",
        "…",
        "old-secret-of-the-shop, new-secret-of-the-shop",
    ] {
        assert_eq!(status("/bots/shop/skill", &[("x-skill-secret", wrong)]), 401, "{wrong}");
    }
    assert_eq!(status("/bots/shop/skill", &[]), 401);
    // The bot is found first: an unknown one says nothing of secrets.
    assert_eq!(status("/bots/nobody/skill", &[]), 404);
    assert_eq!(bot.asked().len(), 2);
    assert!(other.asked().is_empty());
    assert_eq!(bridge.metric("bridge_refusals_total{reason=\"unauthorized\"}"), 25.0);
    let refused = bridge.post("/bots/shop/skill", &[("x-skill-secret", "a-guess")], &body);
    assert!(!refused.body.contains("guess") && !refused.body.contains("of-the-shop"), "{}", refused.body);
}

#[test]
fn an_address_list_is_not_passed_by_writing_a_header() {
    let bot = Bot::echo("봇");
    let body = Say::words(MINA, "안녕").body();
    let forwarded = |bridge: &Bridge, headers: &[&str]| {
        let headers: Vec<_> = headers.iter().map(|value| ("X-Forwarded-For", *value)).collect();
        bridge.post("/skill", &headers, &body).status
    };
    // On the loopback the list must hold somebody who can call at all: a proxy that is believed.
    let file = |proxies: &str| {
        format!("{}[access]\nallow = [\"219.249.231.40/30\"]\ntrusted_proxies = [{proxies}]\n", bridge::shop(&bot, ""))
    };
    let behind = Bridge::start(&file("\"127.0.0.1\", \"10.0.0.0/8\""));
    assert_eq!(forwarded(&behind, &["219.249.231.41"]), 200);
    assert_eq!(forwarded(&behind, &["219.249.231.41:443"]), 200);
    assert_eq!(forwarded(&behind, &["6.6.6.6, 219.249.231.41, 10.1.2.3"]), 200);
    assert_eq!(forwarded(&behind, &["6.6.6.6", "219.249.231.41"]), 200);
    // What the caller wrote stands left of what the proxy saw.
    for forged in [
        &["219.249.231.41, 6.6.6.6"][..],
        &["219.249.231.41", "6.6.6.6"],
        &["219.249.231.41, garbage"],
        &["219.249.231.41,"],
        &[""],
        &[],
        &["219.249.231.41, 6.6.6.6, 10.1.2.3"],
        &["for=219.249.231.41"],
        &["::ffff:6.6.6.6"],
    ] {
        assert_eq!(forwarded(&behind, forged), 403, "{forged:?}");
    }
    drop(behind);
    // A peer that is not listed speaks for itself.
    let beside = Bridge::start(&format!(
        "{EVERYWHERE}{}[access]\ntrusted_proxies = [\"10.0.0.0/8\"]\n",
        bridge::shop(&bot, "allow = [\"219.249.231.40/30\", \"127.0.0.2\"]")
    ));
    for forged in ["219.249.231.41", "127.0.0.2", "10.0.0.1, 219.249.231.41"] {
        assert_eq!(forwarded(&beside, &[forged]), 403, "{forged}");
    }
}

#[test]
fn a_list_of_one_bot_opens_that_bot_only_and_the_channel_webhook_comes_from_elsewhere() {
    let (bot, other) = (Bot::echo("가게"), Bot::echo("다른 봇"));
    let bridge = Bridge::start(&format!(
        "{EVERYWHERE}{}[bots.other]\nurl = \"{}\"\nallow = [\"219.249.231.40/30\", \"127.0.0.9\"]\nchannel_key = \"kakao-admin-key-of-shop\"\n",
        bridge::shop(&bot, "allow = [\"127.0.0.1\"]"),
        other.url()
    ));
    let body = Say::words(MINA, "안녕").body();
    assert_eq!(bridge.post("/bots/shop/skill", &[], &body).status, 200);
    assert_eq!(bridge.post("/bots/other/skill", &[], &body).status, 403);
    let key = ("Authorization", "KakaoAK kakao-admin-key-of-shop");
    assert_eq!(bridge.post("/bots/other/channel", &[key], added("1").to_string()).status, 200);
}

#[test]
fn a_bot_for_everyone_beyond_the_loopback_must_say_so() {
    let file = |own: &str| {
        let (_folder, path) = bridge::file("");
        std::fs::write(
            &path,
            format!("listen = \"0.0.0.0:8080\"\n[bots.shop]\nurl = \"http://old-bot:8000\"\n{own}\n"),
        )
        .unwrap();
        let sources = smartchat_bridge::config::load::Sources { file: Some(&path), ..Default::default() };
        smartchat_bridge::config::load::load(&sources).map(drop).map_err(|problems| problems.to_string())
    };
    let refused = file("").unwrap_err();
    assert!(refused.contains("bots.shop.open") && refused.contains("secret"), "{refused}");
    assert!(file("open = true").is_ok() && file(SECRET).is_ok() && file("allow = [\"219.249.231.40/30\"]").is_ok());
    // An empty secret is no secret.
    for empty in ["[]", "[\"\"]", "[\"  \"]"] {
        assert!(file(&format!("secret = {{ header = \"x-skill-secret\", values = {empty} }}")).is_err(), "{empty}");
    }
    assert!(file("open = true\nchannel_key = \"\"").is_err());
    // E3 wants a store that outlives the process, and says so.
    let without_store = file("open = true\nfriend_on_first_contact = true").unwrap_err();
    assert!(without_store.contains("[SB1314]") && without_store.contains("[store]"), "{without_store}");
}

#[test]
fn a_user_who_calls_too_often_reads_so_and_nobody_else_does() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "rate = 3");
    for number in 0..3 {
        assert_eq!(bridge.say(&Say::words(MINA, &number.to_string())).text(), format!("봇: {number}"));
    }
    assert_eq!(bridge.say(&Say::words(MINA, "4")).text(), "지금은 이용자가 많습니다. 잠시 후 다시 시도해 주세요.");
    assert_eq!(bridge.say(&Say::words(JUN, "1")).text(), "봇: 1");
    assert_eq!(bridge.metric("bridge_refusals_total{reason=\"rate\"}"), 1.0);
    assert_eq!(bot.asked().len(), 4);
}
