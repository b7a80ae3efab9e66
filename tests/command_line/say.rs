use std::collections::VecDeque;
use std::sync::Mutex;

use serde_json::Value;

use super::support::bot::raw;
use super::support::{Bot, http, reply, status};
use super::{run, run_in};

const GOOD: &str = r#"{"version":"2.0","template":{"outputs":[{"simpleText":{"text":"오늘의 급식"}}],"quickReplies":[{"label":"내일","action":"message","messageText":"내일의 급식","extra":{"sb":{"v":1,"w":"내일의 급식"}}}]}}"#;

/// A stand-in for a bridge: it answers every call with the next of its bodies, and keeps what it was sent.
struct Stand {
    bridge: Bot,
    looked_at: usize,
}

impl Stand {
    fn answering(answers: &[(u16, &str)]) -> Self {
        let answers: VecDeque<_> = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let answers = Mutex::new(answers);
        let bridge = Bot::new(move |asked| {
            let (number, body) = answers.lock().unwrap().pop_front().unwrap_or((500, "one more".to_owned()));
            let call = asked.json();
            if let Some(callback) = call["userRequest"]["callbackUrl"].as_str().filter(|_| body.contains("useCallback"))
            {
                let (authority, path) = callback.strip_prefix("http://").unwrap().split_once('/').unwrap();
                let late = r#"{"version":"2.0","template":{"outputs":[{"simpleText":{"text":"나중에 온 답"}}]}}"#;
                let (to, path) = (authority.parse().unwrap(), format!("/{path}"));
                // When the acknowledgement is out.
                std::thread::spawn(move || http::post(to, &path, &[], late));
            }
            if number == 200 { reply(body) } else { status(number, body) }
        });
        Self { bridge, looked_at: 0 }
    }

    fn url(&self) -> String {
        self.bridge.url()
    }

    /// The first line and headers, and the body, of the next call.
    fn call(&mut self) -> (String, Value) {
        let asked = self.bridge.calls().into_iter().nth(self.looked_at).expect("a call");
        self.looked_at += 1;
        let headers = asked.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
        (format!("{}\n{}", asked.first, headers.collect::<String>()), asked.json())
    }
}

#[test]
fn words_are_said_as_openbuilder_says_them_and_the_answer_is_drawn() {
    let mut bridge = Stand::answering(&[(200, GOOD)]);
    let ended = run(&["say", "오늘", "급식", "--url", &bridge.url(), "--header", "x-skill-secret: 12345"], b"");
    assert_eq!(ended.out(0), "│ 오늘의 급식\n  [1] 내일\n");
    let (head, call) = bridge.call();
    assert!(head.starts_with("POST /skill HTTP/1.1") && head.contains("x-skill-secret: 12345"));
    assert_eq!(call["userRequest"]["utterance"], "오늘 급식");
    assert_eq!(call["userRequest"]["user"]["properties"]["plusfriendUserKey"], "DemoUser-001");
    assert!(call["userRequest"].get("callbackUrl").is_none());
}

#[test]
fn a_number_presses_that_button_and_an_empty_line_goes_home() {
    let mut bridge = Stand::answering(&[(200, GOOD); 5]);
    let ended = run(&["say", "--url", &bridge.url()], "\n1\n 1\n7\n안녕".as_bytes());
    assert_eq!(ended.out(0).matches("│ 오늘의 급식").count(), 5);
    assert_eq!(bridge.call().1["userRequest"]["block"]["name"], "웰컴 블록");
    let (_, pressed) = bridge.call();
    assert_eq!(pressed["userRequest"]["utterance"], "내일의 급식");
    assert_eq!(pressed["action"]["clientExtra"]["sb"]["w"], "내일의 급식");
    for words in ["1", "7", "안녕"] {
        let (_, typed) = bridge.call();
        assert_eq!(typed["userRequest"]["utterance"], words);
        assert_eq!(typed["action"]["clientExtra"], serde_json::json!({}));
    }
}

#[test]
fn testers_photos_and_the_raw_answer() {
    let mut bridge = Stand::answering(&[(200, GOOD); 2]);
    let url = bridge.url();
    assert_eq!(run(&["say", "--tester", "--json", "안녕", "--url", &url], b"").out(0), format!("{GOOD}\n"));
    let (_, tester) = bridge.call();
    assert_eq!(tester["userRequest"]["params"]["ignoreMe"], "true");
    assert_eq!(tester["userRequest"]["utterance"], "안녕\n");
    assert!(tester["userRequest"]["user"]["properties"].get("plusfriendUserKey").is_none());
    run(&["say", "--photo", "https://talk.kakaocdn.net/a.jpg", "--url", &url], b"").out(0);
    assert_eq!(bridge.call().1["userRequest"]["params"]["media"]["url"], "https://talk.kakaocdn.net/a.jpg");
}

#[test]
fn what_kakaotalk_would_not_show_is_a_failure() {
    for (status, body, told) in [
        (401, r#"{"error":"no"}"#, "status 401"),
        (200, "hello", "not JSON"),
        (200, r#"{"template":{"outputs":[]}}"#, "version"),
        (200, r#"{"version":"2.0","template":{"outputs":[]}}"#, "no bubble"),
    ] {
        let bridge = Stand::answering(&[(status, body)]);
        let ended = run(&["say", "안녕", "--url", &bridge.url()], b"");
        assert!(ended.err.contains(told) && ended.code == 1, "{ended:?}");
    }
    let nobody = run(&["say", "안녕", "--url", "http://127.0.0.1:1"], b"");
    assert!(nobody.out(1).is_empty() && nobody.err.contains("Is the bridge running"));
}

#[test]
fn a_bot_that_gave_no_reply_is_a_finding_that_says_what_came() {
    for (outcome, problem, told) in [
        ("no_reply", "status 404", "the path in the bot's url may be wrong"),
        ("no_reply", "status 500", "answered with status 500"),
        ("no_reply", "status 301", "tells the cure"),
        ("no_reply", "not_json", "not JSON"),
        ("no_reply", "connect", "config check --probe"),
        ("no_reply", "a word of tomorrow", "log says"),
        ("outage", "", "SB4108"),
    ] {
        let length = GOOD.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nx-bridge-plan: ask\r\nx-bridge-outcome: {outcome}\r\n\
             x-bridge-problem: {problem}\r\n\r\n{GOOD}"
        );
        let bridge = Bot::new(move |_| raw(&answer));
        let ended = run(&["say", "안녕", "--url", &bridge.url()], b"");
        assert!(ended.out(2).contains("오늘의 급식") && ended.err.contains(told), "{problem}: {ended:?}");
    }
}

#[test]
fn a_reply_without_message_is_told_of() {
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nx-bridge-plan: ask\r\nx-bridge-outcome: answered\r\n\
         x-bridge-degradations: text.split, reply.no_message\r\n\r\n{GOOD}",
        GOOD.len()
    );
    let bridge = Bot::new(move |_| raw(&answer));
    let ended = run(&["say", "안녕", "--url", &bridge.url()], b"");
    assert!(ended.out(0).contains("오늘의 급식") && ended.err.contains("SB4114"), "{ended:?}");
}

#[test]
fn every_problem_of_a_bot_is_told_in_words() {
    let words = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/backend_problem.rs")).unwrap();
    let words: Vec<&str> =
        words.lines().filter_map(|line| line.trim().strip_suffix("\",")?.split('"').nth(1)).collect();
    assert!(words.len() > 15, "{words:?}");
    for word in words {
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nx-bridge-plan: ask\r\nx-bridge-outcome: no_reply\r\n\
             x-bridge-problem: {word}\r\n\r\n{GOOD}",
            GOOD.len()
        );
        let bridge = Bot::new(move |_| raw(&answer));
        let ended = run(&["say", "안녕", "--lang", "ko", "--url", &bridge.url()], b"");
        assert!(ended.err.contains("SB4112") && !ended.err.contains("무엇이 왔는지는"), "{word}: {ended:?}");
    }
}

#[test]
fn what_is_no_skill_of_a_bridge_is_called_that() {
    let token = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 2\r\n\r\n{}";
    for (answer, is_skill) in [
        (status(404, "<h1>Not Found</h1>"), false),
        (raw(token), false),
        (reply(r#"{"type":"text"}"#), false),
        (status(401, "{}"), true),
        (status(429, "{}"), true),
    ] {
        let answer = Mutex::new(Some(answer));
        let server = Bot::new(move |_| answer.lock().unwrap().take().unwrap_or_else(|| status(500, "")));
        let ended = run(&["say", "안녕", "--url", &server.url()], b"");
        assert!(ended.code == 1 && ended.err.contains("SB4012") != is_skill, "{ended:?}");
        assert_eq!(ended.err.contains("SB4009"), ended.err.contains("401") && is_skill, "{ended:?}");
    }
}

#[test]
fn https_to_a_bridge_without_tls_is_told_in_the_readers_language() {
    let bridge = Bot::new(|_| status(200, ""));
    let url = bridge.url().replace("http://", "https://");
    let ended = run(&["say", "안녕", "--lang", "ko", "--url", &url], b"");
    assert!(ended.code == 1 && ended.err.contains("http://로 쓰세요"), "{ended:?}");
}

#[test]
fn a_refused_secret_says_how_it_is_sent() {
    let bridge = Stand::answering(&[(401, "{}"); 3]);
    let url = bridge.url();
    let missing = run(&["say", "안녕", "--url", &url], b"");
    assert!(missing.err.contains("[SB4009]") && missing.err.contains("--header \"x-skill-secret:"), "{missing:?}");
    let wrong = run(&["say", "안녕", "--url", &url, "--header", "x-skill-secret: hunter2"], b"");
    assert!(wrong.err.contains("[SB4010]") && wrong.err.contains("header x-skill-secret:"), "{wrong:?}");
    assert!(!wrong.err.contains("hunter2"), "{wrong:?}");
    assert!(run(&["say", "안녕", "--url", &url, "--lang", "ko"], b"").err.contains("비밀값을 보내지 않았습니다"));
}

#[test]
fn a_user_who_is_none_of_the_old_platform_is_told_of() {
    let bridge = Stand::answering(&[(200, GOOD); 6]);
    let url = bridge.url();
    let say = |user: &str, more: &[&str]| run(&[&["say", "안녕", "--user", user, "--url", &url], more].concat(), b"");
    for odd in ["ab", "홍길동", "Newcomer-0001", "Newcomer.001"] {
        let ended = say(odd, &[]);
        assert_eq!(ended.out(0), "│ 오늘의 급식\n  [1] 내일\n");
        assert!(ended.err.contains(&format!("[SB4011] \"{odd}\"")), "{ended:?}");
    }
    assert!(say("Newcomer-001", &[]).err.is_empty());
    assert!(say("ab", &["--tester"]).err.is_empty(), "a tester has no key of the channel's");
}

#[test]
fn a_callback_is_waited_for_and_drawn() {
    let mut bridge = Stand::answering(&[(200, r#"{"version":"2.0","useCallback":true}"#)]);
    let ended = run(&["say", "긴 질문", "--callback=127.0.0.1:0", "--url", &bridge.url()], b"");
    assert_eq!(ended.out(0), "│ (the answer comes by callback)\n│ 나중에 온 답\n");
    assert!(ended.err.contains("--set callback.origins=http://127.0.0.1:"));
    let (_, call) = bridge.call();
    assert!(
        call["userRequest"]["callbackUrl"].as_str().unwrap().contains("/v1/bots/64a1f0c27b3d9e5a10c4e8b2/callback/")
    );
}

#[test]
fn health_is_its_exit_code() {
    let mut bridge = Stand::answering(&[(200, "ok"), (503, "no"), (200, "ok")]);
    let listen = bridge.bridge.address.to_string();
    assert_eq!(run_in(&[("BRIDGE_LISTEN", &listen)], &["health"], b"").code, 0);
    assert!(bridge.call().0.starts_with("GET /healthz"));
    let sick = run(&["health", "--url", &format!("{}/readyz", bridge.url())], b"");
    assert!(sick.out(1).is_empty() && sick.err.contains("503"));
    let everywhere = format!("0.0.0.0:{}", bridge.bridge.address.port());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.toml");
    // Wrong as a whole, and yet it tells where the bridge listens.
    std::fs::write(&file, format!("listen = \"{everywhere}\"\nnonsense = 1\n")).unwrap();
    assert_eq!(run(&["health", "--config", file.to_str().unwrap()], b"").code, 0);
    assert_eq!(run(&["health", "--listen", "127.0.0.1:1"], b"").code, 1);
}
