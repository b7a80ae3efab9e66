//! What a line of the log tells an operator, and what it cannot be made to say.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::*;

fn bridge(url: &str, more: &[&str]) -> Program {
    Program::before(url, &[&["--set", "log.format=json"], more].concat())
}

/// The line of the turn that a tap of `words` makes.
fn turn_of(bridge: &Program, words: &str) -> Value {
    let mut call = Say::words("Qw7-eRt_9YzA", words).call;
    call["action"]["clientExtra"] = json!({ "sb": { "v": 1, "w": words } });
    assert_eq!(post(bridge.public, "/skill", &[], &call).status, 200);
    serde_json::from_str(&bridge.wait_for("\"plan\":\"ask\"")).unwrap()
}

#[test]
fn a_turn_without_a_reply_is_a_warning_that_says_what_came() {
    for (answer, problem, details) in [
        (
            "HTTP/1.1 301 Moved\r\nLocation: https://shop.example/kakao/message?content=secret\r\nContent-Length: 0\r\n\r\n",
            "status",
            vec!["status 301, Location https://shop.example/kakao/message"],
        ),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nnein!", "status", vec!["status 404"]),
        ("HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"message\": <b>oops</b>", "not_json", vec!["byte "]),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n<html>secret words</html>\r\n",
            "not_json",
            vec!["an HTML page, not JSON"],
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 46\r\n\r\nPHP Fatal error:  secret in /bot.php on line 3",
            "not_json",
            vec!["an error message of PHP, not JSON"],
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"message\":{\"text\":", "cut", vec!["19 bytes came"]),
        ("what is this", "malformed", vec!["127.0.0.1:", "not HTTP"]),
    ] {
        let bot = Bot::new(move |_| raw(answer));
        let bridge = bridge(&bot.url(), &[]);
        let line = turn_of(&bridge, "사용자의 말");
        assert_eq!((&line["level"], &line["outcome"]), (&json!("WARN"), &json!("no_reply")), "{line}");
        assert_eq!(line["problem"], problem, "{line}");
        for detail in details {
            assert!(line["detail"].as_str().unwrap().contains(detail), "{line}");
        }
        assert!(!line.to_string().contains("사용자의 말") && !line.to_string().contains("secret"), "{line}");
    }
}

#[test]
fn notable_turns_are_listed_for_operators_without_anything_of_a_user() {
    let bot = Bot::answering(|asked| if asked.content() == "고장" { status(500, "") } else { words("답") });
    let bridge = bridge(&bot.url(), &[]);
    turn_of(&bridge, "안녕");
    turn_of(&bridge, "고장");
    let listed = until("the turn", || {
        let turns: Vec<Value> = serde_json::from_str(&bridge.look("/turns").body).unwrap();
        (!turns.is_empty()).then_some(turns)
    });
    assert_eq!(listed.len(), 1, "a usual turn is not notable: {listed:?}");
    let turn = &listed[0];
    assert_eq!((&turn["outcome"], &turn["problem"]), (&"no_reply".into(), &"status".into()), "{turn}");
    assert!(!turn.to_string().contains("고장") && turn.get("user").is_none(), "{turn}");
}

#[test]
fn a_bot_that_is_not_there_is_named_with_its_address_and_the_systems_words() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bridge = bridge(&format!("http://{free}"), &[]);
    let line = turn_of(&bridge, "가");
    assert_eq!(line["problem"], "connect");
    let detail = line["detail"].as_str().unwrap();
    assert!(detail.contains(&free.to_string()) && detail.contains("refused"), "{detail}");
}

#[test]
fn a_refusal_says_which_bot_which_header_and_who_called() {
    let bot = old_bot("봇");
    let secret =
        ["--set", "bots.default.secret.header=x-skill-secret", "--set", "bots.default.secret.values=twelve-chars"];
    let call = Say::words("Qw7-eRt_9YzA", "x").call;
    // A bridge each: lines of one reason come once a second.
    let refused = |headers: &[(&str, &str)]| -> Value {
        let bridge = bridge(&bot.url(), &secret);
        assert_eq!(post(bridge.public, "/skill", headers, &call).status, 401);
        serde_json::from_str(&bridge.wait_for("\"refused\"")).unwrap()
    };
    let line = refused(&[]);
    assert_eq!((&line["bot"], &line["reason"]), (&json!("default"), &json!("unauthorized")), "{line}");
    assert!(line["detail"].as_str().unwrap().contains("no header x-skill-secret"), "{line}");
    let line = refused(&[("x-skill-secret", "nine-char"), ("X-Forwarded-For", "198.51.100.7, 203.0.113.9")]);
    let detail = line["detail"].as_str().unwrap();
    assert!(detail.contains("9 bytes came") && detail.contains("12"), "{detail}");
    assert!(!line.to_string().contains("nine-char") && !line.to_string().contains("twelve-chars"), "{line}");
    assert_eq!((&line["peer"], &line["forwarded_for"]), (&json!("127.0.0.1"), &json!("198.51.100.7, 203.0.113.9")));
}

#[test]
fn an_address_that_is_not_admitted_is_told_as_it_was_judged() {
    let bot = old_bot("봇");
    let bridge =
        bridge(&bot.url(), &["--set", "access.allow=203.0.113.0/24", "--set", "access.trusted_proxies=127.0.0.1/32"]);
    let forwarded = [("X-Forwarded-For", "198.51.100.7")];
    assert_eq!(post(bridge.public, "/skill", &forwarded, &Say::words("Qw7-eRt_9YzA", "x").call).status, 403);
    let line: Value = serde_json::from_str(&bridge.wait_for("\"refused\"")).unwrap();
    assert!(line["detail"].as_str().unwrap().starts_with("198.51.100.7 "), "{line}");
}

#[test]
fn nothing_that_comes_from_outside_can_forge_a_line() {
    let bot = old_bot("봇");
    // A right-to-left override, the control character CSI, a line end; percent signs stay percent signs.
    let wild = "/sk\u{202e}lli\u{9b}31m%0d%0aINFO";
    for format in ["json", "pretty"] {
        let url = bot.url();
        let mut bridge = bridge(&url, &["--set", &format!("log.format={format}")]);
        assert_eq!(bridge.post(wild, &[], "{}").status, 404);
        let id = "id\u{202e}\u{9b}2J";
        let answer = bridge.post("/skill", &[("X-Request-Id", id)], Say::words(MINA, "급식"));
        assert_eq!(answer.status, 200);
        let log = bridge.whole_log();
        assert!(log.contains("turn"), "{log}");
        let wild =
            |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!log.contains(wild), "{format}: {log:?}");
    }
}

/// Whatever Kakao answers to a callback stands in its warning, and stays one line of what it is.
#[test]
fn words_of_kakao_cannot_forge_a_line() {
    let bot = answering(|_| words("늦은 답").after(ms(300)));
    for format in ["json", "pretty"] {
        let message = "no\u{202e}\u{9b}31m\u{7}\u{2028}\nINFO forged=1";
        let kakao = Bot::new(move |_| reply(serde_json::json!({ "status": "FAIL", "message": message })));
        let format = format!("log.format={format}");
        let origins = format!("callback.origins=[\"{}\"]", kakao.url());
        let mut bridge = bridge(&bot.url(), &["--set", &format, "--set", &origins, "--set", "callback.after=100ms"]);
        let url = format!("{}/v1/bots/64a1f0c27b3d9e5a10c4e8b2/callback/token", kakao.url());
        assert!(bridge.say(&Say::words(MINA, "급식").callback(&url)).is_acknowledgement());
        let line = bridge.wait_for("a callback could not be delivered");
        assert!(line.contains("forged=1"), "it stands in the line that tells of it: {line}");
        let log = bridge.whole_log();
        let wild =
            |c: char| c.is_control() && c != '\n' || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!log.contains(wild), "{format}: {log:?}");
    }
}
