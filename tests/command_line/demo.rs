//! The demo and the server under it, from the outside.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use smartchat_bridge::time;

use super::support::skip;
use super::{program, run};

/// A running program; killed when it goes out of sight.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn demo(more: &[&str]) -> (Running, Vec<String>) {
    let arguments = ["demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let mut command = program(&[&arguments[..], more].concat());
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap());
    let mut out = BufReader::new(running.0.stdout.as_mut().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "the demo ended: {lines:?}");
        let last = line.contains("Ctrl-C");
        lines.push(line.trim().to_owned());
        if last {
            return (running, lines);
        }
    }
}

/// The word behind `before` in the demo's words.
fn word<'a>(lines: &'a [String], before: &str) -> &'a str {
    lines.iter().find_map(|line| line.split_once(before)?.1.split_whitespace().next()).unwrap()
}

#[test]
fn the_demo_serves_at_once_and_everything_it_prints_works() {
    let begun = time::instant();
    let (mut running, lines) = demo(&[]);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    let url = word(&lines, "bridge:");

    let curl = lines.iter().find(|line| line.starts_with("curl ")).unwrap();
    match Command::new("sh").args(["-c", curl]).output() {
        Ok(said) if said.status.code() != Some(127) => {
            let answer: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
            let text = answer["template"]["outputs"][0]["simpleText"]["text"].as_str().unwrap();
            assert!(text.contains("떡볶이"), "{answer}");
        }
        _ => skip("there is no curl"),
    }

    let talk = "\n오늘의 메뉴\n전체 메뉴 30가지\n돈가스\n처음으로\n가게 사진\n찾아오는 길\n주문 남기기\n김밥 두 줄\n고장 난 답 보기\n처음으로\n";
    let said = run(&["say", "--user", "DemoUser-002", "--url", url], talk.as_bytes());
    for seen in [
        "다음 ▶",
        "돈가스 하나 드릴까요?",
        "photo.png",
        "지도 보기",
        "주문을 받았습니다: 김밥 두 줄",
        "JSON이 깨져 있습니다",
        "무엇을 도와드릴까요?",
    ] {
        assert!(said.out(0).contains(seen), "{seen} in {}", said.out);
    }

    let admin = word(&lines, "operators:");
    assert_eq!(run(&["health", "--url", &format!("{admin}readyz")], b"").code, 0);
    let bot = word(&lines, "old bot:");
    assert!(run(&["config", "check", "--probe", "--bot", bot], b"").out(0).contains("8 buttons"));

    // A second one cannot have the port, and says what to do.
    let listen = url.trim_start_matches("http://").trim_end_matches("/skill");
    let taken = run(&["demo", "--listen", listen, "--admin", "127.0.0.1:0"], b"");
    assert!(taken.out(78).is_empty() && taken.err.contains(listen) && taken.err.contains("--listen"), "{}", taken.err);

    // SIGTERM ends it well.
    let id = running.0.id().to_string();
    assert!(Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status().unwrap().success());
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
}

#[test]
fn every_line_that_the_demo_suggests_works_in_the_order_given() {
    let (_running, lines) = demo(&[]);
    let url = word(&lines, "bridge:");
    for (words, ..) in smartchat_bridge::testing::TRY {
        assert!(lines.iter().any(|line| line.starts_with(&format!("{words}  -  "))), "{words} is not suggested");
        let said = run(&["say", "--user", "DemoUser-003", "--url", url, words], b"");
        assert!(said.out(0).starts_with('│'), "{words}: {said:?}");
        // Only what came late is shown without the bot.
        let unasked = said.err.contains("[SB41");
        assert_eq!(unasked, said.err.contains("[SB4105]"), "{words} leads nowhere: {said:?}");
        assert!(unasked == (*words == "답변 보기"), "{words}: {said:?}");
    }
}

#[test]
fn the_callback_that_the_demo_suggests_comes() {
    let (_running, lines) = demo(&[]);
    let line = lines.iter().find(|line| line.contains("--callback")).unwrap();
    // The demo's bridge knows this one address (callback.origins).
    if std::net::TcpListener::bind("127.0.0.1:9191").is_err() {
        return skip("another program listens at 127.0.0.1:9191");
    }
    let (said, words) = line.split_once(" \"").unwrap();
    let arguments: Vec<&str> = said.split(' ').skip(1).chain([words.trim_end_matches('"')]).collect();
    let said = run(&arguments, b"");
    assert!(said.out(0).contains("8초 걸렸습니다"), "{said:?}");
}

#[test]
fn say_tells_that_the_bot_was_not_asked_and_why() {
    let (_running, lines) = demo(&[]);
    let url = word(&lines, "bridge:");
    let say = |words: &[&str]| run(&[&["say", "--user", "DemoUser-004", "--url", url], words].concat(), b"");
    assert!(say(&["오늘의 메뉴"]).err.is_empty(), "the bot was asked");
    let reprompt = say(&["비행기"]);
    assert!(reprompt.out(0).contains("원하는 버튼을 선택하세요") && reprompt.err.contains("[SB4113]"), "{reprompt:?}");
    // A number that presses nothing says so; only a conversation has numbers.
    assert!(say(&["1"]).err.contains("only in a conversation"));
    let talk = run(&["say", "--user", "DemoUser-004", "--url", url], "비행기\n1\n".as_bytes());
    assert!(talk.err.contains("[SB4102]") && talk.err.matches("[SB41").count() == 1, "{talk:?}");
    assert!(say(&["--home"]).err.contains("[SB4101]"));
    assert!(say(&["전체 메뉴 30가지"]).err.is_empty() && say(&["다음 ▶"]).err.contains("[SB4103]"));
    assert!(say(&["--lang", "ko", "비행기"]).err.contains("봇에 보내지 않았습니다"));
}

#[test]
fn the_demo_speaks_one_language() {
    let (_running, english) = demo(&[]);
    let (_other, korean) = demo(&["--lang", "ko"]);
    let (english, korean) = (english.join("\n"), korean.join("\n"));
    assert!(english.contains("bridge:") && !english.contains("브리지") && !english.contains("차례대로"), "{english}");
    assert!(
        korean.contains("브리지:") && korean.contains("차례대로 해 볼 말") && !korean.contains("old bot"),
        "{korean}"
    );
}

#[test]
fn a_setting_of_the_demo_that_is_wrong_is_a_configuration_problem() {
    let ended = run(&["demo", "--set", "bots.default.overflow=cards"], b"");
    assert!(ended.out(78).is_empty() && ended.err.contains("carousel"));
}

#[test]
fn the_demo_bot_alone_is_an_old_bot_for_a_bridge_elsewhere() {
    let mut command = program(&["demo", "--bot-only", "--listen", "127.0.0.1:0"]);
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let bot = word(std::slice::from_ref(&line), "old bot:").to_owned();
    assert!(run(&["config", "check", "--probe", "--bot", &bot], b"").out(0).contains("8 buttons"));

    let listen = bot.trim_start_matches("http://");
    let taken = run(&["demo", "--bot-only", "--listen", listen], b"");
    assert!(taken.out(78).is_empty() && taken.err.contains("--listen"), "{}", taken.err);

    let id = running.0.id().to_string();
    assert!(Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status().unwrap().success());
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
}
