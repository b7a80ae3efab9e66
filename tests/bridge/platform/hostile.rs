//! What an attacker sends.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::support::*;

#[test]
fn i1_no_user_key_breaks_out_of_its_path_segment_or_into_another_session() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "channel_key = \"kakao-admin-key-of-shop\"");
    let odd = [
        "/../admin".to_owned(),
        "../../../../x".to_owned(),
        "%2e%2e%2fadmin".to_owned(),
        "Qw7-eRt_9Yz/".to_owned(),
        "Qw7-eRt_9YzA?".to_owned(),
        "Qw7-eRt_9Yz\u{0}".to_owned(),
        "Qw7-eRt_9Yz\r".to_owned(),
        "Qw7-eRt_9YzＡ".to_owned(),
        " Qw7-eRt_9YzA".to_owned(),
        "a".repeat(10_000),
        "🙂".repeat(3),
    ];
    for (number, key) in odd.iter().enumerate() {
        let say = Say::words(key, "안녕").app_user(&number.to_string());
        assert_eq!(bridge.say(&say).status, 200);
        bridge.tell(&blocked(&number.to_string()));
    }
    let asked = bot.wait_for(odd.len() * 2);
    let mut users: Vec<String> = Vec::new();
    for line in &asked {
        let user = line
            .strip_prefix("DELETE /friend/")
            .or_else(|| line.strip_prefix("POST /message ")?.strip_suffix(" text 안녕"));
        let user = user.unwrap_or_else(|| panic!("{line}"));
        assert!(
            user.len() == 12 && user.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
            "{line}"
        );
        assert_ne!(user, MINA);
        users.push(user.to_owned());
    }
    users.sort();
    users.dedup();
    assert_eq!(users.len(), odd.len(), "each is a user of their own");
}

#[test]
fn what_is_no_skill_call_is_refused_by_path_and_reaches_no_bot() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "");
    let deep = format!("{{\"userRequest\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000));
    for body in ["", "null", "[]", "{}", "{\"userRequest\":5}", "{\"userRequest\":{}}", "\u{0}", &deep] {
        assert_eq!(bridge.post("/skill", &[], body).status, 400, "{}", body.get(..30).unwrap_or(body));
    }
    let large = Say::words(MINA, &"가".repeat(200_000)).body();
    assert_eq!(bridge.post("/skill", &[], &large).status, 413);
    assert_eq!(get(bridge.public, "/skill").status, 405);
    assert_eq!(get(bridge.public, "/metrics").status, 404);
    assert!(bot.asked().is_empty());
}

#[test]
fn huge_heads_are_refused_and_harm_nobody() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "");
    let mut many = String::new();
    for number in 0..5_000 {
        let _ = write!(many, "x-{number}: 1\r\n");
    }
    let long = format!("x-long: {}\r\n", "a".repeat(1_000_000));
    for headers in [many, long] {
        let answer = http::exchange(
            bridge.public,
            format!("POST /skill HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: 0\r\n\r\n"),
        );
        assert_eq!(answer.status, 431, "{answer:?}");
    }
    assert_eq!(bridge.say(&Say::words(MINA, "안녕")).text(), "봇: 안녕");
}

#[test]
fn no_second_request_is_smuggled_in_a_body() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "");
    let hidden = Say::words(MINA, "밀수").body();
    let hidden = format!("POST /skill HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len());
    let length = hidden.len() + 5;
    let requests = [
        // Length and chunks at once: whichever counts, the other's reading must not become a request.
        format!(
            "POST /skill HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"
        ),
        format!(
            "POST /skill HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: {length}\r\n\r\n0\r\n\r\n{hidden}"
        ),
        format!("POST /skill HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!(
            "POST /skill HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\nContent-Length: {length}\r\n\r\n0\r\n\r\n{hidden}"
        ),
        format!(
            "POST /skill HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\nContent-Length: {length}\r\n\r\n0\r\n\r\n{hidden}"
        ),
        format!("POST /skill HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: {length}\r\n\r\n{hidden}"),
        format!("POST /skill HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n{hidden}"),
        format!("POST /skill HTTP/1.1\r\nHost: x\r\nContent-Length: 0, {length}\r\n\r\n{hidden}"),
    ];
    for request in requests {
        let mut stream = TcpStream::connect(bridge.public).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut all = Vec::new();
        let _read = stream.read_to_end(&mut all);
        let all = String::from_utf8_lossy(&all);
        let head = request.split("\r\n\r\n").next().unwrap();
        assert!(bot.asked().is_empty(), "{head}\n{all}");
        // One refusal, and no answer to what was hidden.
        assert!(all.starts_with("HTTP/1.1 400 ") && all.matches("HTTP/1.1 ").count() == 1, "{head}\n{all}");
    }
}

#[test]
fn e2_the_webhook_is_answered_within_three_seconds_even_to_a_caller_who_dawdles() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "channel_key = \"kakao-admin-key-of-shop\"");
    let head = "POST /channel HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 99\r\n\r\n{";
    let answer = http::exchange(bridge.public, head);
    assert_eq!(answer.status, 408, "{answer:?}");
    assert!(answer.took < Duration::from_secs(3), "{:?}", answer.took);
}

#[test]
fn texts_of_a_call_reach_no_header_and_no_other_field() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "");
    let words = "\",\"user_key\":\"Zx1_aSd-3FgH\",\"x\":\"\r\nX-Evil: 1\r\n\r\n\u{0}";
    bridge.say(&Say::words(MINA, words));
    let call = bot.calls().into_iter().find(|call| call.path == "/message").unwrap();
    assert!(call.header("x-evil").is_none());
    let body: serde_json::Value = call.json();
    assert_eq!(body, json!({ "user_key": MINA, "type": "text", "content": words.trim() }));
}

#[test]
fn a_million_app_user_ids_are_bounded() {
    // The bound itself is a test of `store::contacts`; here only that the door keeps answering.
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "channel_key = \"kakao-admin-key-of-shop\"");
    for id in 0..300 {
        bridge.tell(&added(&id.to_string()));
        bridge.say(&Say::words(MINA, "x").app_user(&format!("other-{id}")));
    }
    assert_eq!(bridge.metric("bridge_channel_events_total{fate=\"waits\"}"), 300.0);
    assert!(bot.asked().iter().all(|line| line.starts_with("POST /message")));
}

#[test]
fn s1_a_bot_that_floods_with_100_continue_does_not_make_users_wait_past_the_deadline() {
    // Only its messages flood: a home keyboard that does is waited for first, and then no message leaves.
    let bot = Bot::new(|asked| {
        if asked.path == "/keyboard" {
            return text();
        }
        let flood = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
        Reply::by(move |stream| {
            while stream.write_all(&flood).is_ok() {}
            false
        })
    });
    let own = "deadline = \"500ms\"\nlate = \"60s\"\n[callback]\nafter = \"50ms\"";
    let bridge = Bridge::of(&bot, own);
    let begun = std::time::Instant::now();
    assert_eq!(bridge.say(&Say::words(MINA, "안녕")).status, 200);
    assert_eq!(bot.messages().len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // The flood itself is cut by its bytes, long before the bot would be given up.
    eventually("the turn has ended", || bridge.metric("bridge_turns_in_flight{bot=\"shop\"}") == 0.0);
}

/// Says what was said, after 300 ms.
fn slow_echo() -> Bot {
    Bot::new(|asked| match &*asked.path {
        "/keyboard" => text(),
        _ => words(&asked.content()).after(ms(300)),
    })
}

#[test]
fn a_caller_that_half_closes_after_its_request_reads_the_answer_and_reads_it_once() {
    let bot = slow_echo();
    let bridge = Bridge::of(&bot, "");
    for number in 0..10 {
        let words = format!("말 {number}");
        let mut caller = bridge.client();
        caller.send(&Say::words(MINA, &words));
        caller.half_close();
        assert_eq!(caller.read().expect("an answer").valid(&words).text(), words);
    }
    let answer = bridge.say(&Say::words(MINA, "끝"));
    assert_eq!(answer.text(), "끝");
}

#[test]
fn a_caller_that_is_gone_has_not_read_the_answer_and_reads_it_with_the_next() {
    let bot = slow_echo();
    let bridge = Bridge::of(&bot, "");
    for number in 0..10 {
        let words = format!("말 {number}");
        let mut caller = bridge.client();
        caller.send(&Say::words(MINA, &words));
        bot.wait_for(2 * number + 1);
        drop(caller);
        let next = bridge.say(&Say::words(MINA, "다음"));
        assert_eq!(next.text(), format!("{words}\n다음"));
    }
}

/// The kernel tells of a reset once, to whoever asks first.
#[test]
fn a_caller_that_resets_has_not_read_the_answer_and_reads_it_with_the_next() {
    let bot = slow_echo();
    let bridge = Bridge::of(&bot, "");
    for number in 0..10 {
        let words = format!("말 {number}");
        let mut caller = TcpStream::connect(bridge.public).unwrap();
        caller.write_all(&http::request("POST", "/skill", &[], Say::words(MINA, &words).body().as_bytes())).unwrap();
        bot.wait_for(2 * number + 1);
        socket2::SockRef::from(&caller).set_linger(Some(Duration::ZERO)).unwrap();
        drop(caller);
        let next = bridge.say(&Say::words(MINA, "다음"));
        assert_eq!(next.text(), format!("{words}\n다음"));
    }
}

#[test]
fn words_of_ours_to_a_caller_that_is_gone_are_lost_and_not_parked() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => text(),
        _ => reply(r#"{"message":{"text":"늦은 급식"}}"#).after(ms(1_500)),
    });
    let bridge = Bridge::of(&bot, "");
    std::thread::scope(|threads| {
        threads.spawn(|| bridge.say(&Say::words(MINA, "급식")));
        eventually("the bot is asked", || bot.asked().iter().any(|line| line.starts_with("POST /message")));
        // The home keyboard waits behind it, and nobody waits for the home keyboard.
        bridge.client().send(&Say::words(MINA, "홈").at("/keyboard"));
    });
    let home = |outcome: &str| {
        bridge.metric(&format!("bridge_turns_total{{bot=\"shop\",plan=\"home\",outcome=\"{outcome}\"}}"))
    };
    eventually("the turn has ended", || home("lost") == 1.0);
    assert_eq!(bridge.metric("bridge_parked{bot=\"shop\"}"), 0.0);
}
