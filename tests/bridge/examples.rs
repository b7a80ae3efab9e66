//! The examples run: each old bot behind a bridge, asked as OpenBuilder asks.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use serde_json::{Value, json};
use smartchat_bridge::config::{Flag, Sources, load};
use smartchat_bridge::runtime::{self, Running};
use smartchat_bridge::time;
use smartchat_bridge::wire::skill::SkillCall;

#[path = "../../examples/echo_bot.rs"]
#[allow(dead_code, reason = "main is cargo's own, the bot is what is tested")]
mod echo_bot;
#[path = "../../examples/embed.rs"]
#[allow(dead_code, reason = "main is cargo's own")]
mod embed;
#[path = "../../examples/flaky_bot.rs"]
#[allow(dead_code, reason = "main is cargo's own, the bot is what is tested")]
mod flaky_bot;
#[path = "../../examples/hundred_buttons.rs"]
#[allow(dead_code, reason = "main is cargo's own, the bot is what is tested")]
mod hundred_buttons;
#[path = "../../examples/slow_bot.rs"]
#[allow(dead_code, reason = "main is cargo's own, the bot is what is tested")]
mod slow_bot;

/// A bridge before the bot at `bot`; stopped when it goes out of sight.
struct Bridge(Option<Running>);

impl Drop for Bridge {
    fn drop(&mut self) {
        if let Some(running) = self.0.take() {
            running.stop_handle().signal();
            running.wait();
        }
    }
}

impl Bridge {
    fn before(bot: SocketAddr, settings: &[(&str, &str)]) -> Self {
        let url = format!("http://{bot}");
        let own =
            [("bots.default.url", &*url), ("listen", "127.0.0.1:0"), ("admin.listen", "127.0.0.1:0"), ("workers", "1")];
        let flag = |(key, value): &(&str, &str)| Flag {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
            name: "test".to_owned(),
        };
        let flags = own.iter().chain(settings).map(flag).collect();
        let loaded = load(&Sources { flags, ..Sources::default() }).unwrap();
        Self(Some(runtime::start(loaded.settings).unwrap()))
    }

    /// The answer to words, or to a pressed button with its `extra`.
    fn say(&self, words: &str, extra: &Value) -> Value {
        let call = json!({
            "action": { "clientExtra": extra },
            "userRequest": {
                "user": { "id": "u", "properties": { "plusfriendUserKey": "Qw7-eRt_9YzA" } },
                "utterance": words,
                "params": { "surface": "Kakaotalk.plusfriend" },
            },
        });
        self.post("/skill", &call.to_string())
    }

    fn press(&self, answer: &Value, label: &str) -> Value {
        let all = answer["template"]["quickReplies"].as_array().unwrap();
        let button =
            all.iter().find(|button| button["label"] == label).unwrap_or_else(|| panic!("{label} in {answer}"));
        self.say(button["messageText"].as_str().unwrap(), &button["extra"])
    }

    fn post(&self, path: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(self.0.as_ref().unwrap().public()).unwrap();
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }
}

fn text(answer: &Value) -> &str {
    answer["template"]["outputs"][0]["simpleText"]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

fn labels(answer: &Value) -> Vec<String> {
    let all = answer["template"]["quickReplies"].as_array().cloned().unwrap_or_default();
    all.iter().map(|button| button["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_echo_bot_repeats_what_it_hears() {
    let bot = echo_bot::legacy_server::start(echo_bot::EchoBot, "127.0.0.1:0").unwrap();
    let bridge = Bridge::before(bot, &[]);
    bridge.say("안녕", &json!({}));
    assert_eq!(text(&bridge.say("다시 안녕", &json!({}))), "다시 안녕");
}

#[test]
fn all_of_a_hundred_buttons_can_be_reached() {
    let bot = hundred_buttons::legacy_server::start(hundred_buttons::HundredButtons, "127.0.0.1:0").unwrap();
    let bridge = Bridge::before(bot, &[]);
    let mut page = bridge
        .post("/keyboard", r#"{"userRequest":{"user":{"id":"u","properties":{"plusfriendUserKey":"Qw7-eRt_9YzA"}}}}"#);
    let mut seen = Vec::new();
    loop {
        seen.extend(labels(&page).into_iter().filter(|label| label.ends_with("호점")));
        if !labels(&page).contains(&"다음 ▶".to_owned()) {
            break;
        }
        page = bridge.press(&page, "다음 ▶");
    }
    assert_eq!(seen.len(), 100);
    assert_eq!(text(&bridge.press(&page, "100호점")), "100호점은 9시에 엽니다.");
}

#[test]
fn the_answer_of_the_slow_bot_is_kept_until_it_is_asked_for() {
    let bot = slow_bot::SlowBot(Duration::from_millis(600));
    let bot = slow_bot::legacy_server::start(bot, "127.0.0.1:0").unwrap();
    let bridge = Bridge::before(bot, &[("bots.default.deadline", "200ms"), ("callback.after", "100ms")]);
    let mut answer = bridge.say("오래 걸리는 질문", &json!({}));
    let begun = time::instant();
    while !text(&answer).contains("오래 기다리셨습니다.") {
        assert!(begun.elapsed() < Duration::from_secs(10), "{answer}");
        answer = bridge.press(&answer, "답변 보기");
    }
    assert_eq!(labels(&answer), ["오래 걸리는 질문"]);
}

#[test]
fn the_flaky_bot_is_left_alone_and_comes_back() {
    let bot = flaky_bot::FlakyBot(AtomicU32::new(3));
    let bot = flaky_bot::legacy_server::start(bot, "127.0.0.1:0").unwrap();
    let bridge = Bridge::before(bot, &[("bots.default.breaker.failures", "3"), ("bots.default.breaker.open", "500ms")]);
    let mut heard = Vec::new();
    let begun = time::instant();
    while heard.last().is_none_or(|words: &String| words != "다시 괜찮습니다.") {
        assert!(begun.elapsed() < Duration::from_secs(10), "{heard:?}");
        heard.push(text(&bridge.say("안녕", &json!({}))).to_owned());
    }
    assert!(heard.iter().any(|words| words.contains("지금은 답변을 드릴 수 없습니다")), "{heard:?}");
}

/// PHP's own server with the bot in `examples/php-bot`; killed when it goes out of sight.
struct Php(Child);

impl Drop for Php {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The bot on a free port; `None`, saying so, where there is no PHP.
fn php_bot(state: &Path) -> Option<(Php, SocketAddr)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/php-bot");
    // Another process may take the port between the look and the start: then the next one is tried.
    for _ in 0..10 {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new("php");
        command.args(["-S", &address.to_string(), "-t"]).arg(&folder).arg(folder.join("kakao/index.php"));
        command.env("BOT_STATE", state).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(child) = command.spawn() else {
            assert!(std::env::var_os("REQUIRE_ALL").is_none(), "php is missing");
            eprintln!("skipped: there is no php");
            return None;
        };
        let mut php = Php(child);
        while php.0.try_wait().unwrap().is_none() {
            if TcpStream::connect(address).is_ok() {
                return Some((php, address));
            }
            std::thread::yield_now();
        }
    }
    panic!("php finds no port");
}

#[test]
fn the_php_bot_in_its_folder_keeps_its_state_by_user_key() {
    let state = tempfile::tempdir().unwrap();
    let Some((_php, address)) = php_bot(state.path()) else { return };
    let bridge = Bridge::before(address, &[("bots.default.url", &format!("http://{address}/kakao"))]);
    let home = bridge
        .post("/keyboard", r#"{"userRequest":{"user":{"id":"u","properties":{"plusfriendUserKey":"Qw7-eRt_9YzA"}}}}"#);
    assert_eq!(labels(&home), ["오늘의 시간표", "반 목록", "학원 사진", "오시는 길", "상담 신청"]);

    let mut page = bridge.press(&home, "반 목록");
    let mut classes = labels(&page);
    while labels(&page).contains(&"다음 ▶".to_owned()) {
        page = bridge.press(&page, "다음 ▶");
        classes.extend(labels(&page));
    }
    assert_eq!(classes.iter().filter(|label| label.ends_with('반')).count(), 24);
    let class = bridge.press(&page, "24반");
    assert_eq!(text(&class), "24반 수업은 화요일과 목요일입니다.");

    let start = bridge.press(&class, "처음으로");
    let photo = bridge.press(&start, "학원 사진").to_string();
    assert!(
        photo.contains(&format!("http://{address}/kakao/photo.png")) && photo.contains("새로 꾸민 교실"),
        "{photo}"
    );
    assert!(bridge.press(&start, "오시는 길").to_string().contains("https://map.kakao.com/"));

    assert!(labels(&bridge.press(&start, "상담 신청")).is_empty());
    assert_eq!(text(&bridge.say("홍길동, 수학", &json!({}))), "상담을 신청했습니다.\n내용: 홍길동, 수학");

    // Who leaves the room in the middle is forgotten by the bot (E1).
    bridge.press(&start, "상담 신청");
    bridge.post("/leave", r#"{"userRequest":{"user":{"id":"u","properties":{"plusfriendUserKey":"Qw7-eRt_9YzA"}}}}"#);
    let begun = time::instant();
    while fs::read_dir(state.path()).unwrap().next().is_some() {
        assert!(begun.elapsed() < Duration::from_secs(10), "DELETE /chat_room did not reach the bot");
    }
}

#[test]
fn the_library_translates_one_reply() {
    let reply = r#"{"message":{"text":"오늘"},"keyboard":{"type":"buttons","buttons":["내일"]}}"#;
    let (response, degradations) = embed::translate(reply.as_bytes()).unwrap();
    let response: Value = serde_json::from_slice(&response).unwrap();
    assert_eq!((text(&response), labels(&response)), ("오늘", vec!["내일".to_owned()]));
    assert_eq!(degradations, "");
}

#[test]
fn the_calls_of_curl_md_are_answered() {
    let bot = echo_bot::legacy_server::start(echo_bot::EchoBot, "127.0.0.1:0").unwrap();
    let bridge = Bridge::before(bot, &[]);
    let mut calls = 0;
    for line in include_str!("../../examples/curl.md").lines().filter(|line| line.starts_with("curl ")) {
        let Some((head, rest)) = line.split_once(" -d '") else { continue };
        let body = rest.strip_suffix('\'').unwrap();
        assert!(!body.contains('\''), "{line}");
        SkillCall::parse(body.as_bytes()).unwrap();
        let path = head.split_once(":8080").unwrap().1.split(' ').next().unwrap();
        assert_eq!(bridge.post(path, body)["version"], "2.0");
        calls += 1;
    }
    assert_eq!(calls, 3);
}
