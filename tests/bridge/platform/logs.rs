//! What the log says, and what it never says.

use std::io::Write;
use std::sync::{Mutex, Once};

use tracing_subscriber::EnvFilter;

use crate::platform::support::*;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps every line that any bridge of this process logs, at the most talkative level.
pub(crate) fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let filter = EnvFilter::new("trace");
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Lines).with_ansi(false).init();
    });
}

pub(crate) fn lines() -> String {
    String::from_utf8_lossy(&LINES.lock().unwrap()).into_owned()
}

#[test]
fn no_secret_key_word_or_user_is_ever_logged_at_any_level() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => text(),
        "/message" if asked.content().contains("고장") => Reply::With(500, "서버-비밀-페이지".to_owned()),
        "/message" => words("봇이-한-은밀한-말"),
        _ => Reply::With(200, String::new()),
    });
    let own = "channel_key = \"admin-key-LOGGED-1\"\nheaders = { x-api = \"bot-header-LOGGED-2\" }\n\
               secret = { header = \"x-skill-secret\", values = [\"skill-secret-LOGGED-3\", \"skill-secret-LOGGED-4\"] }";
    let bridge = Bridge::of(&bot, own);
    let secret = ("x-skill-secret", "skill-secret-LOGGED-3");
    let user = "Lo9_geD-5UsR";
    let said = |words: &str| Say::words(user, words).app_user("31415LOGGED6");
    assert_eq!(bridge.post("/skill", &[secret], &said("사용자의-은밀한-말").body()).status, 200);
    assert_eq!(bridge.post("/skill", &[secret], &said("고장").body()).status, 200);
    let photo = Say::photo(user, "https://talk.kakaocdn.net/LOGGED-7.jpg");
    assert_eq!(bridge.post("/skill", &[secret], &photo.body()).status, 200);
    let token = "https://bot-api.kakao.com.evil.example/v1/bots/x/callback/LOGGED-8";
    let mut call: serde_json::Value = serde_json::from_str(&said("콜백").body()).unwrap();
    call["userRequest"]["callbackUrl"] = token.into();
    assert_eq!(bridge.post("/skill", &[secret], &call.to_string()).status, 200);
    for wrong in ["guess-LOGGED-9", ""] {
        assert_eq!(bridge.post("/skill", &[("x-skill-secret", wrong)], &said("x").body()).status, 401);
        let key = format!("KakaoAK {wrong}");
        assert_eq!(bridge.post("/channel", &[("Authorization", &key)], &added("31415LOGGED6").to_string()).status, 401);
    }
    let right = [("Authorization", "KakaoAK admin-key-LOGGED-1"), ("X-Kakao-Resource-ID", "res-LOGGED-10")];
    assert_eq!(bridge.post("/channel", &right, &added("31415LOGGED6").to_string()).status, 200);
    bot.wait_for(5);
    drop(bridge);

    // Everything that the other tests of this process have made bridges log by now is looked at as well.
    let log = lines();
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
