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
