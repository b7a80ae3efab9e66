//! The examples run: each old bot behind a bridge, asked as OpenBuilder asks.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use smartchat_bridge::wire::skill::SkillCall;

use crate::support::*;

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

/// A bridge before the bot at `bot`.
fn before(bot: SocketAddr, keys: &[(&str, &str)]) -> Bridge {
    Bridge::before(&format!("http://{bot}"), keys)
}

fn say(bridge: &Bridge, words: &str) -> Answer {
    bridge.say(&Say::words(MINA, words))
}

fn press(bridge: &Bridge, answer: &Answer, label: &str) -> Answer {
    bridge.say(&Say::tap(MINA, answer, label))
}

#[test]
fn the_echo_bot_repeats_what_it_hears() {
    let bot = echo_bot::legacy_server::start(echo_bot::EchoBot, "127.0.0.1:0").unwrap();
    let bridge = before(bot, &[]);
    say(&bridge, "안녕");
    assert_eq!(say(&bridge, "다시 안녕").text(), "다시 안녕");
}

#[test]
fn all_of_a_hundred_buttons_can_be_reached() {
    let bot = hundred_buttons::legacy_server::start(hundred_buttons::HundredButtons, "127.0.0.1:0").unwrap();
    let bridge = before(bot, &[]);
    let mut page = bridge.say(&Say::words(MINA, "").at("/keyboard"));
    let mut seen = Vec::new();
    loop {
        seen.extend(page.quick_replies().into_iter().filter(|label| label.ends_with("호점")));
        if !page.quick_replies().contains(&"다음 ▶".to_owned()) {
            break;
        }
        page = press(&bridge, &page, "다음 ▶");
    }
    assert_eq!(seen.len(), 100);
    assert_eq!(press(&bridge, &page, "100호점").text(), "100호점은 9시에 엽니다.");
}

#[test]
fn the_answer_of_the_slow_bot_is_kept_until_it_is_asked_for() {
    let bot = slow_bot::SlowBot(Duration::from_millis(600));
    let bot = slow_bot::legacy_server::start(bot, "127.0.0.1:0").unwrap();
    let bridge = before(bot, &[("bots.default.deadline", "200ms"), ("callback.after", "100ms")]);
    let mut answer = say(&bridge, "오래 걸리는 질문");
    eventually("the answer is shown", || {
        answer = press(&bridge, &answer, "답변 보기");
        answer.text().contains("오래 기다리셨습니다.")
    });
    assert_eq!(answer.quick_replies(), ["오래 걸리는 질문"]);
}

#[test]
fn the_flaky_bot_is_left_alone_and_comes_back() {
    let bot = flaky_bot::FlakyBot(AtomicU32::new(3));
    let bot = flaky_bot::legacy_server::start(bot, "127.0.0.1:0").unwrap();
    let bridge = before(bot, &[("bots.default.breaker.failures", "3"), ("bots.default.breaker.open", "500ms")]);
    let mut heard = Vec::new();
    eventually("it is well again", || {
        heard.push(say(&bridge, "안녕").text());
        heard.last().is_some_and(|words| words == "다시 괜찮습니다.")
    });
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
            skip("there is no php");
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
    let bridge = before(address, &[("bots.default.url", &format!("http://{address}/kakao"))]);
    let home = bridge.say(&Say::words(MINA, "").at("/keyboard"));
    assert_eq!(home.quick_replies(), ["오늘의 시간표", "반 목록", "학원 사진", "오시는 길", "상담 신청"]);

    let mut page = press(&bridge, &home, "반 목록");
    let mut classes = page.quick_replies();
    while page.quick_replies().contains(&"다음 ▶".to_owned()) {
        page = press(&bridge, &page, "다음 ▶");
        classes.extend(page.quick_replies());
    }
    assert_eq!(classes.iter().filter(|label| label.ends_with('반')).count(), 24);
    let class = press(&bridge, &page, "24반");
    assert_eq!(class.text(), "24반 수업은 화요일과 목요일입니다.");

    let start = press(&bridge, &class, "처음으로");
    let photo = press(&bridge, &start, "학원 사진").body;
    assert!(
        photo.contains(&format!("http://{address}/kakao/photo.png")) && photo.contains("새로 꾸민 교실"),
        "{photo}"
    );
    assert!(press(&bridge, &start, "오시는 길").body.contains("https://map.kakao.com/"));

    assert!(press(&bridge, &start, "상담 신청").quick_replies().is_empty());
    assert_eq!(say(&bridge, "홍길동, 수학").text(), "상담을 신청했습니다.\n내용: 홍길동, 수학");

    // Who leaves the room in the middle is forgotten by the bot (E1).
    press(&bridge, &start, "상담 신청");
    bridge.say(&Say::words(MINA, "").at("/leave"));
    eventually("DELETE /chat_room reaches the bot", || fs::read_dir(state.path()).unwrap().next().is_none());
}

#[test]
fn the_library_translates_one_reply() {
    let reply = r#"{"message":{"text":"오늘"},"keyboard":{"type":"buttons","buttons":["내일"]}}"#;
    let (response, degradations) = embed::translate(reply.as_bytes()).unwrap();
    let response = Answer::called_back(&serde_json::from_slice(&response).unwrap());
    assert_eq!((response.text(), response.quick_replies()), ("오늘".into(), vec!["내일".into()]));
    assert_eq!(degradations, "");
}

#[test]
fn the_calls_of_curl_md_are_answered() {
    let bot = echo_bot::legacy_server::start(echo_bot::EchoBot, "127.0.0.1:0").unwrap();
    let bridge = before(bot, &[]);
    let mut calls = 0;
    for line in include_str!("../../examples/curl.md").lines().filter(|line| line.starts_with("curl ")) {
        let Some((head, rest)) = line.split_once(" -d '") else { continue };
        let body = rest.strip_suffix('\'').unwrap();
        assert!(!body.contains('\''), "{line}");
        SkillCall::parse(body.as_bytes()).unwrap();
        let path = head.split_once(":8080").unwrap().1.split(' ').next().unwrap();
        bridge.post(path, &[], body).valid(line);
        calls += 1;
    }
    assert_eq!(calls, 3);
}
