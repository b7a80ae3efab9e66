//! What `serve` says at its start.

use std::io::Read;
use std::net::TcpListener;
use std::time::Instant;

use super::*;

const LISTEN: [&str; 4] = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

#[test]
fn a_start_says_what_the_bot_answers_in_the_log_and_to_who_starts_it() {
    let bot = old_bot("bot");
    let url = bot.url();
    let mut bridge = Program::start(&[&["--bot", &url], &LISTEN[..]].concat(), &[]);
    let line = bridge.wait_for("SB3001");
    assert!(line.contains(&format!("GET {url}/keyboard answers with status 200 and 2 buttons")), "{line}");
    assert!(line.contains("\"level\":\"INFO\"") && line.contains("\"bot\":\"default\""), "{line}");
    let printed = bridge.printed_until("SB3001");
    assert!(printed.contains(&format!("The bridge serves at http://{}/skill", bridge.public)), "{printed}");
    assert!(printed.contains(&format!("default: [SB3001] GET {url}/keyboard answers")), "{printed}");
}

#[test]
fn a_bot_that_is_up_a_little_later_than_the_bridge_alarms_nobody() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut bridge = Program::start(&[&["--bot", &format!("http://{free}")], &LISTEN[..]].concat(), &[]);
    let _bot = old_bot_at(free, "bot");
    let printed = bridge.printed_until("default: ");
    assert!(printed.contains("[SB3001]"), "{printed}");
    assert!(!bridge.whole_log().contains("SB3209"));
}

#[test]
fn a_start_that_is_open_beyond_this_machine_is_a_warning_and_one_with_a_secret_is_not() {
    let bot = old_bot("bot");
    let url = bot.url();
    let open = ["--bot", &url, "--listen", "0.0.0.0:0", "--admin", "127.0.0.1:0", "--set", "bots.default.open=true"];
    let secret = ("BRIDGE_BOTS__DEFAULT__SECRET__VALUES", "0123456789abcdef");
    let header = ("BRIDGE_BOTS__DEFAULT__SECRET__HEADER", "x-skill-secret");
    let log = Program::start(&open, &[]).whole_log();
    let line = log.lines().find(|line| line.contains("SB1409")).unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains("\"level\":\"WARN\"") && line.contains("bots.default.secret.header"), "{line}");
    assert!(!Program::start(&open, &[secret, header]).whole_log().contains("SB1409"));
}

#[test]
fn a_start_speaks_the_language_of_who_starts_it_and_the_log_english() {
    let bot = old_bot("bot");
    let url = bot.url();
    let mut bridge =
        Program::start(&[&["--bot", &url], &LISTEN[..]].concat(), &[("LC_ALL", ""), ("LANG", "ko_KR.UTF-8")]);
    let printed = bridge.printed_until("SB3001");
    assert!(printed.contains("브리지가") && printed.contains("응답 200, 버튼 2개"), "{printed}");
    assert!(bridge.whole_log().is_ascii());
}

#[test]
fn a_bot_that_is_not_there_or_hangs_delays_no_start_and_ends_none() {
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hanging_at = format!("bots.hangs.url=http://{}", hanging.local_addr().unwrap());
    let nobody_at = format!("bots.gone.url=http://{nobody}");
    let started = Instant::now();
    let bridge = Program::start(&[&["--set", &hanging_at, "--set", &nobody_at], &LISTEN[..]].concat(), &[]);
    // It has taken the question and keeps silent.
    let (mut asked, _) = hanging.accept().unwrap();
    asked.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(bridge.look("/healthz").status, 200);
    assert!(started.elapsed() < PATIENCE / 2, "{:?}", started.elapsed());
    let line = bridge.wait_for("SB3209");
    assert!(line.contains("\"level\":\"WARN\"") && line.contains("\"bot\":\"gone\""), "{line}");
    let line = bridge.wait_for("SB3211");
    assert!(line.contains("\"bot\":\"hangs\"") && line.contains("within 5 s"), "{line}");
    let mut request = String::new();
    asked.read_to_string(&mut request).unwrap();
    // As Kakao asked (legacy.md 2), and once.
    assert!(request.starts_with("GET /keyboard HTTP/1.1\r\n") && request.contains("User-Agent: KakaoTalk/Bot 2.0"));
    assert_eq!(request.matches("GET ").count(), 1, "{request}");
    assert_eq!(bridge.look("/healthz").status, 200);
}
