//! What the log says, and what it never says.

use crate::support::*;

#[test]
fn no_secret_key_word_or_user_is_ever_logged_at_any_level() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => text(),
        "/message" if asked.content().contains("고장") => status(500, "서버-비밀-페이지"),
        "/message" => words("봇이-한-은밀한-말"),
        _ => status(200, ""),
    });
    let own = "channel_key = \"admin-key-LOGGED-1\"\nheaders = { x-api = \"bot-header-LOGGED-2\" }\n\
               secret = { header = \"x-skill-secret\", values = [\"skill-secret-LOGGED-3\", \"skill-secret-LOGGED-4\"] }";
    let bridge = Bridge::of(&bot, own);
    let secret = ("x-skill-secret", "skill-secret-LOGGED-3");
    let user = "Lo9_geD-5UsR";
    let said = |words: &str| Say::words(user, words).app_user("31415LOGGED6");
    assert_eq!(bridge.post("/skill", &[secret], said("사용자의-은밀한-말").body()).status, 200);
    assert_eq!(bridge.post("/skill", &[secret], said("고장").body()).status, 200);
    let photo = Say::photo(user, "https://talk.kakaocdn.net/LOGGED-7.jpg");
    assert_eq!(bridge.post("/skill", &[secret], photo.body()).status, 200);
    let token = "https://bot-api.kakao.com.evil.example/v1/bots/x/callback/LOGGED-8";
    let mut call: serde_json::Value = serde_json::from_str(&said("콜백").body()).unwrap();
    call["userRequest"]["callbackUrl"] = token.into();
    assert_eq!(bridge.post("/skill", &[secret], call.to_string()).status, 200);
    for wrong in ["guess-LOGGED-9", ""] {
        assert_eq!(bridge.post("/skill", &[("x-skill-secret", wrong)], said("x").body()).status, 401);
        let key = format!("KakaoAK {wrong}");
        assert_eq!(bridge.post("/channel", &[("Authorization", &key)], added("31415LOGGED6").to_string()).status, 401);
    }
    let right = [("Authorization", "KakaoAK admin-key-LOGGED-1"), ("X-Kakao-Resource-ID", "res-LOGGED-10")];
    assert_eq!(bridge.post("/channel", &right, added("31415LOGGED6").to_string()).status, 200);
    bot.wait_for(5);
    drop(bridge);

    // Everything that the other tests of this process have made bridges log by now is looked at as well.
    let log = logs::lines();
    assert!(log.contains("refused") && log.contains("unauthorized"), "refusals are logged");
    let leaks: Vec<_> = log
        .lines()
        .filter(|line| {
            ["LOGGED", "은밀한", "비밀-페이지", user, MINA, JUN, "secret-of", "kakao-admin-key-of"]
                .iter()
                .any(|secret| line.contains(secret))
        })
        .collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// The lines of the bot called `name` that hold `words`, once there is one.
fn told(name: &str, words: &str) -> Vec<String> {
    let own = format!("bot={name}");
    until(words, || {
        let log = logs::lines();
        let lines: Vec<_> = log.lines().filter(|line| line.contains(&own) && line.contains(words)).collect();
        (!lines.is_empty()).then(|| lines.into_iter().map(str::to_owned).collect())
    })
}

#[test]
fn a_callback_that_fails_or_is_not_used_is_told_with_its_cause() {
    let bot = Bot::answering(|_| words("늦은 답").after(ms(300)));
    for (name, kakao, cause) in [
        (
            "refuses",
            Bot::new(|_| reply(r#"{"status":"FAIL","message":"Invalid callback token."}"#)),
            "Invalid callback token.",
        ),
        ("status", Bot::new(|_| status(403, "")), "403"),
        ("closes", Bot::new(|_| hang_up()), "closed"),
    ] {
        let origin = kakao.url();
        let bridge = Bridge::start(&format!(
            "[callback]\nafter = \"100ms\"\norigins = [\"{origin}\"]\n[bots.{name}]\nurl = \"{}\"\n",
            bot.url()
        ));
        let url = format!("{origin}/v1/bots/64a1f0c27b3d9e5a10c4e8b2/callback/token");
        assert!(bridge.say(&Say::words(MINA, "안녕").callback(&url)).is_acknowledgement());
        let line = told(name, "a callback could not be delivered").remove(0);
        assert!(line.contains("WARN") && line.contains(cause), "{line}");
        assert!(!line.contains("callback/token"), "{line}");
        bridge.say(&Say::words(JUN, "안녕").callback("https://evil.example/v1/bots/x/callback/token"));
        let line = told(name, "this callbackUrl is not used").remove(0);
        assert!(line.contains("error=") && !line.contains("callback/token"), "{line}");
    }
}

#[test]
fn events_that_wait_for_a_call_of_their_user_are_one_line_a_minute() {
    let bot = Bot::echo("봇");
    let own = format!("[bots.waiting]\nurl = \"{}\"\nchannel_key = \"kakao-admin-key-of-shop\"\n", bot.url());
    let bridge = Bridge::start(&own);
    for number in 0..50 {
        bridge.tell(&added(&format!("5{number}")));
    }
    assert_eq!(bridge.sum("bridge_channel_events_total", "waits"), 50.0);
    assert_eq!(told("waiting", "channel events wait").len(), 1);
}
