//! Whatever arrives, from callers and from bots: a clear refusal or sensible words, in time, and in bounded memory.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};
use smartchat_bridge::translate::view::Texts;

use crate::support::http::request;
use crate::support::*;

/// What a user reads must be there by then.
const AT_ONCE: Duration = Duration::from_secs(5);
/// What all tests of this file together may add; the bridge's own bounds are far below.
const ROOM_MIB: usize = 96;

fn bridge() -> Bridge {
    Bridge::before(&Bot::echo("봇").url(), &[])
}

fn good() -> Vec<u8> {
    Say::words(&newcomer(), "안녕").body().into_bytes()
}

#[track_caller]
fn refused(response: &Answer, status: u16, about: &str) -> Value {
    assert_eq!(response.status, status, "{about}: {}", response.body);
    let said = response.json();
    assert!(said["error"].as_str().is_some_and(|error| !error.is_empty() && error.len() < 300), "{about}: {said}");
    said
}

#[track_caller]
fn still_well(bridge: &Bridge) {
    bridge.send(good()).valid("a good call afterwards");
}

#[test]
fn what_is_no_skill_call_is_told_where_it_is_wrong() {
    let bridge = bridge();
    for body in ["", " ", "null", "[]", "7", "\"x\"", "{", "{}", "not json", "{\"userRequest\":", "\u{feff}", "<a/>"] {
        refused(&bridge.send(body.as_bytes()), 400, body);
    }
    for (body, path) in [
        (r"{}", "userRequest"),
        (r#"{"userRequest":null}"#, "userRequest"),
        (r#"{"userRequest":{}}"#, "userRequest.user"),
        (r#"{"userRequest":{"user":{}}}"#, "userRequest.user.id"),
        (r#"{"userRequest":{"user":{"id":""}}}"#, "userRequest.user.id"),
        (r#"{"userRequest":{"user":{"id":7}}}"#, "userRequest.user.id"),
        (r#"{"userRequest":{"user":{"id":"u"},"utterance":{}}}"#, "userRequest.utterance"),
        (r#"{"userRequest":{"user":{"id":"u","properties":[]}}}"#, "userRequest.user.properties"),
        (r#"{"userRequest":7}"#, "userRequest"),
    ] {
        let said = refused(&bridge.send(body.as_bytes()), 400, body);
        assert_eq!(said["path"], path, "{body}: {said}");
    }
    still_well(&bridge);
}

/// Every place in a document, as keys from the top.
fn places(value: &Value, way: &[String], found: &mut Vec<Vec<String>>) {
    if let Value::Object(members) = value {
        for (name, member) in members {
            let way: Vec<String> = way.iter().cloned().chain([name.clone()]).collect();
            places(member, &way, found);
            found.push(way);
        }
    }
}

#[test]
fn a_wrong_type_anywhere_is_answered_or_refused_by_its_path() {
    let bridge = bridge();
    let mut client = bridge.client();
    let mut call = Say::photo(&newcomer(), "https://talk.kakaocdn.net/dna/a/b/i_c.jpg").call;
    call["flow"] = json!({ "trigger": { "type": "TEXT_INPUT" }, "lastBlock": { "id": "x", "name": "y" } });
    call["userRequest"]["callbackUrl"] = json!("http://127.0.0.1:9/v1/bots/x");
    call["userRequest"]["chat"] = json!({ "id": "r", "type": "botGroupKey" });
    let mut ways = Vec::new();
    places(&call, &[], &mut ways);
    assert!(ways.len() > 30);
    for way in ways {
        for wrong in
            [json!(null), json!(7), json!(-1.5e300), json!(true), json!("\u{0}"), json!([1]), json!({ "a": 1 })]
        {
            let mut spoilt = call.clone();
            let place = way.iter().fold(&mut spoilt, |value, name| &mut value[name.as_str()]);
            *place = wrong.clone();
            let about = format!("{} = {wrong}", way.join("."));
            let response = client.post("/skill", spoilt.to_string().as_bytes()).expect(&about);
            if response.status == 200 {
                response.valid(&about);
            } else {
                let said = refused(&response, 400, &about);
                let path = said["path"].as_str().unwrap_or_default();
                assert!(path.starts_with(&way[0]), "{about}: {said}");
            }
        }
    }
}

#[test]
fn a_body_over_the_bound_is_413_however_it_is_framed() {
    let bridge = bridge();
    let before = resident("self") >> 20;
    for framing in ["Content-Length: 3145728", "Transfer-Encoding: chunked"] {
        let mut client = bridge.client();
        let head = format!("POST /skill HTTP/1.1\r\nHost: b\r\nContent-Type: application/json\r\n{framing}\r\n\r\n");
        client.write(head.as_bytes()).unwrap();
        let block = [b' '; 0x4000];
        for _ in 0..192 {
            let sent = if framing.starts_with('C') {
                client.write(&block)
            } else {
                client.write(b"4000\r\n").and_then(|()| client.write(&block)).and_then(|()| client.write(b"\r\n"))
            };
            if sent.is_err() {
                break;
            }
        }
        refused(&client.read().expect("the refusal is read"), 413, framing);
    }
    let mut client = bridge.client();
    client.write(b"POST /skill HTTP/1.1\r\nHost: b\r\nContent-Length: 10485760\r\n\r\n").unwrap();
    refused(&client.read().expect("an announced length is enough to refuse"), 413, "announced");
    assert!((resident("self") >> 20) < before + ROOM_MIB);
    still_well(&bridge);
}

#[test]
fn who_sends_too_much_reads_the_refusal() {
    let bridge = bridge();
    let body = vec![b' '; 3 * 1024 * 1024];
    for _ in 0..30 {
        refused(&bridge.send(&body), 413, "three megabytes");
    }
    still_well(&bridge);
}

#[test]
fn deep_nesting_is_refused_and_harms_nothing() {
    let bridge = bridge();
    // The bound on bodies is wider here, so that it is the nesting that is judged.
    let wide = Bridge::before(&Bot::echo("봇").url(), &[("limits.body", "4MiB")]);
    for (bridge, bound) in [(&bridge, 256 * 1024), (&wide, 4 * 1024 * 1024)] {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let inner = if open == "[" { "" } else { "1" };
            let deep = format!("{}{inner}{}", open.repeat(100_000), close.repeat(100_000));
            let member = format!(r#"{{"x":{deep},"userRequest":{{"user":{{"id":"u"}},"utterance":"x"}}}}"#);
            let extra = format!(
                r#"{{"action":{{"clientExtra":{deep},"params":{{"p":{deep}}}}},"userRequest":{{"user":{{"id":"u"}},"utterance":"x"}}}}"#
            );
            for body in [deep.clone(), open.repeat(100_000), member, extra] {
                let status = if body.len() > bound { 413 } else { 400 };
                refused(&bridge.send(body.as_bytes()), status, "deep");
            }
        }
        still_well(bridge);
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let bridge = bridge();
    let spoil = |at: &str| {
        let mut body = br#"{"userRequest":{"user":{"id":"u"},"utterance":"x"},"other":"x"}"#.to_vec();
        let place = body.windows(at.len()).position(|window| window == at.as_bytes()).unwrap() + at.len();
        body.insert(place, 0xff);
        body
    };
    for at in [r#""utterance":""#, r#""id":""#, r#""other":""#, "{"] {
        refused(&bridge.send(spoil(at)), 400, at);
    }
    // A lone surrogate is no text either.
    let lone = br#"{"userRequest":{"user":{"id":"u"},"utterance":"\ud800"}}"#;
    let said = refused(&bridge.send(lone), 400, "a lone surrogate");
    assert_eq!(said["path"], "userRequest.utterance");
    still_well(&bridge);
}

#[test]
fn paths_and_methods_are_told_apart() {
    let bridge = bridge();
    let mut client = bridge.client();
    for path in ["/", "/skills", "/skill/x", "/bots/other/skill", "/bots//skill", "/../skill", "/%73kill", "/metrics"] {
        refused(&client.post(path, &good()).expect(path), 404, path);
    }
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        let response = client.request(method, "/skill", &[], b"").expect(method);
        refused(&response, 405, method);
        assert_eq!(response.header("allow"), Some("POST"), "{method}");
    }
    assert_eq!(client.request("GET", "/healthz", &[], b"").unwrap().status, 200);
    assert_eq!(client.request("POST", "/healthz", &[], b"").unwrap().header("allow"), Some("GET, HEAD"));
    client.post("/skill?x=1", &good()).unwrap().valid("a query is ignored");
    client.post("/skill/", &good()).unwrap().valid("a slash at the end is forgiven");
}

#[test]
fn chunked_bodies_and_odd_headers_are_read() {
    let bridge = bridge();
    let mut client = bridge.client();
    let body = good();
    let mut bytes = b"POST /skill HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in body.chunks(7) {
        bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\nTrailer: x\r\n\r\n");
    client.write(&bytes).unwrap();
    client.read().unwrap().valid("chunked");

    for content_type in ["text/plain", "application/json; charset=euc-kr", "", "\u{1f600}"] {
        let response = client.request("POST", "/skill", &[("Content-Type", content_type)], &body).unwrap();
        response.valid(content_type);
    }
    // Two calls in one packet: two answers, in order.
    let two = [request("POST", "/skill", &[], &good()), request("POST", "/skill", &[], &good())].concat();
    client.write(&two).unwrap();
    client.read().unwrap().valid("first of two");
    client.read().unwrap().valid("second of two");
}

#[test]
fn a_length_that_lies_harms_nobody_else() {
    let bridge = bridge();
    let body = good();
    let announce = |length: usize| format!("POST /skill HTTP/1.1\r\nHost: b\r\nContent-Length: {length}\r\n\r\n");

    // Longer than what comes.
    let mut client = bridge.client();
    client.write(announce(body.len() + 100).as_bytes()).unwrap();
    client.write(&body).unwrap();
    client.half_close();
    refused(&client.read().unwrap(), 400, "too long");
    // Shorter: half a document, and what follows is no request.
    let mut client = bridge.client();
    client.write(announce(body.len() / 2).as_bytes()).unwrap();
    client.write(&body).unwrap();
    refused(&client.read().unwrap(), 400, "too short");
    assert_eq!(client.read().unwrap().status, 400);
    assert!(client.read().is_none(), "the connection goes on");
    // Nonsense, both framings at once, two lengths.
    for framing in [
        "Content-Length: -1",
        "Content-Length: 1e3",
        "Content-Length: 99999999999999999999999",
        "Content-Length: 3\r\nContent-Length: 4",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
    ] {
        let mut client = bridge.client();
        client.write(format!("POST /skill HTTP/1.1\r\nHost: b\r\n{framing}\r\n\r\nabc").as_bytes()).unwrap();
        client.half_close();
        assert_eq!(client.read().expect(framing).status, 400, "{framing}");
        assert!(client.read().is_none(), "{framing}: the connection goes on");
    }
    still_well(&bridge);
}

#[test]
fn a_body_that_does_not_come_is_given_up() {
    let bridge = bridge();
    let mut client = bridge.client();
    client.write(b"POST /skill HTTP/1.1\r\nHost: b\r\nContent-Length: 100\r\n\r\n{\"userRequest\":").unwrap();
    let (response, took) = timed(|| client.read());
    assert!(took < Duration::from_secs(8), "{took:?}");
    refused(&response.unwrap(), 408, "slow");
    still_well(&bridge);
}

#[test]
fn a_head_that_does_not_come_or_does_not_end_is_given_up() {
    let bridge = Bridge::before(&Bot::echo("봇").url(), &[("limits.header_timeout", "500ms")]);
    let mut client = bridge.client();
    client.write(b"POST /skill HTTP/1.1\r\nHo").unwrap();
    let (response, took) = timed(|| client.read());
    assert!(took < AT_ONCE && response.is_none(), "{response:?} after {took:?}");

    let mut client = bridge.client();
    client.write(b"POST /skill HTTP/1.1\r\n").unwrap();
    let line = format!("X-Endless: {}\r\n", "a".repeat(8000));
    let mut sent = 0;
    while sent < 64 * 1024 * 1024 && client.write(line.as_bytes()).is_ok() {
        sent += line.len();
    }
    assert!(sent < 64 * 1024 * 1024, "nobody stopped an endless head");
    still_well(&bridge);
}

#[test]
fn a_thousand_bad_calls_do_not_spoil_the_connection() {
    let bridge = bridge();
    let before = resident("self") >> 20;
    let mut client = bridge.client();
    for number in 0..1000 {
        let body = ["", "{", r#"{"userRequest":{}}"#, "\u{0}\u{1}"][number % 4];
        refused(&client.post("/skill", body.as_bytes()).expect("the connection stays"), 400, body);
    }
    client.post("/skill", &good()).unwrap().valid("the good call after them");
    assert!((resident("self") >> 20) < before + ROOM_MIB);
}

#[test]
fn a_client_that_only_connects_costs_nothing() {
    let bridge = bridge();
    let idle: Vec<Client> = (0..200).map(|_| bridge.client()).collect();
    still_well(&bridge);
    drop(idle);
    let mut garbage = bridge.client();
    garbage.write(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, b'\r', b'\n', b'\r', b'\n']).unwrap();
    assert!(garbage.read().is_some_and(|response| response.status == 400));
    still_well(&bridge);
}

#[test]
fn whatever_a_bot_sends_the_user_reads_something_in_time() {
    let bot = Bot::answering(|asked| {
        static BLOCK: [u8; 64 * 1024] = [b'a'; 64 * 1024];
        match &*asked.content() {
            "100 MB" => {
                let head = "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n{\"message\":{\"text\":\"";
                bot::pour(head, BLOCK, 1600)
            }
            "100 MB in chunks" => {
                let chunk = [b"10000\r\n".as_slice(), &BLOCK, b"\r\n"].concat();
                bot::pour("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk, 1600)
            }
            "100 MB without an end" => bot::pour("HTTP/1.1 200 OK\r\n\r\n", BLOCK, 1600),
            "endless headers" => {
                bot::pour("HTTP/1.1 200 OK\r\n", format!("X-Endless: {}\r\n", "a".repeat(8000)), 10_000)
            }
            "endless status line" => bot::pour("HTTP/1.1 200 ", BLOCK, 1600),
            "endless interim answers" => bot::pour("", "HTTP/1.1 100 Continue\r\n\r\n", 200_000),
            "a body that never ends" => Reply::by(|stream| {
                let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
                stream.write_all(head).is_ok()
                    && std::iter::repeat_with(|| ms(20)).all(|pause| {
                        std::thread::sleep(pause);
                        stream.write_all(b" ").is_ok()
                    })
            }),
            "no HTTP" => raw("SSH-2.0-OpenSSH\r\n\r\n"),
            "a negative length" => raw("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"),
            "half of it" => raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"message\":{\"text\":\"a"),
            "deep" => reply("[".repeat(500_000)),
            "deep inside" => reply(format!("{{\"message\":{{\"text\":{}", "[".repeat(500_000))),
            "many members" => reply(format!("{{{}\"z\":1}}", "\"a\":1,".repeat(100_000))),
            "a million buttons" => {
                let buttons = vec!["\"가\""; 100_000].join(",");
                reply(format!(r#"{{"keyboard":{{"type":"buttons","buttons":[{buttons}]}}}}"#))
            }
            "a gzip bomb" => {
                let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 900\r\n\r\n";
                bot::pour(head, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0], 100)
            }
            "nothing" => hang_up(),
            other => panic!("{other}"),
        }
    });
    let more = [
        ("bots.default.deadline", "1500ms"),
        ("bots.default.late", "2s"),
        ("callback.after", "1s"),
        ("bots.default.breaker.failures", "1000"),
    ];
    let bridge = Bridge::before(&bot.url(), &more);
    let texts = Texts::default();
    let before = resident("self") >> 20;
    for (content, usable) in [
        ("100 MB", false),
        ("100 MB in chunks", false),
        ("100 MB without an end", false),
        ("endless headers", false),
        ("endless status line", false),
        ("endless interim answers", false),
        ("a body that never ends", false),
        ("no HTTP", false),
        ("a negative length", false),
        ("half of it", false),
        ("deep", false),
        ("deep inside", false),
        ("many members", true),
        ("a million buttons", true),
        ("a gzip bomb", false),
        ("nothing", false),
    ] {
        let call = Say::words(&newcomer(), content).to_string();
        let (response, took) = timed(|| bridge.send(call.as_bytes()));
        assert!(took < AT_ONCE, "{content}: {took:?}");
        let words = response.valid(content).text();
        let ours = words.contains(&*texts.no_reply) || words.contains(&*texts.wait);
        assert!(usable || ours, "{content}: {words}");
        assert!(!words.is_empty(), "{content}");
        let now = resident("self") >> 20;
        assert!(now < before + ROOM_MIB, "{content}: from {before} to {now} MiB");
    }
}
