//! Callers who bring no call: they hold a bounded amount of everything, and keep nobody out.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::support::*;

/// Connections that have sent `bytes` and then say nothing more.
fn strangers(to: SocketAddr, count: usize, bytes: &[u8]) -> Vec<TcpStream> {
    let connect = |_| {
        let mut stream = TcpStream::connect(to).unwrap();
        // One that is closed meanwhile takes no more.
        let _closed = stream.write_all(bytes);
        stream
    };
    (0..count).map(connect).collect()
}

/// How many of them the bridge has closed.
fn closed(strangers: &[TcpStream]) -> usize {
    let is_closed = |stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        match stream.peek(&mut [0; 1]) {
            Ok(_) => true,
            Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
        }
    };
    strangers.iter().map(is_closed).filter(|closed| *closed).count()
}

fn half_a_head(bytes: usize) -> Vec<u8> {
    let mut head = b"POST /skill HTTP/1.1\r\nHost: a\r\nX-Filler: ".to_vec();
    head.resize(bytes, b'x');
    head
}

#[test]
fn unfinished_heads_hold_no_more_than_the_bound_and_calls_are_answered_meanwhile() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "[limits]\npending = \"1MiB\"");
    let heads = strangers(bridge.public, 300, &half_a_head(60_000));
    // Two threads with 1 MiB each hold 34 of them.
    eventually("the others are closed", || closed(&heads) >= 300 - 36);
    for user in [MINA, JUN] {
        assert_eq!(bridge.say(&Say::words(user, "안녕")).status, 200);
    }
}

#[test]
fn unfinished_bodies_hold_no_more_than_the_bound() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "[limits]\npending = \"1MiB\"");
    let mut body = b"POST /skill HTTP/1.1\r\nHost: a\r\nContent-Length: 250000\r\n\r\n".to_vec();
    body.resize(240_000, b' ');
    let bodies = strangers(bridge.public, 60, &body);
    eventually("the others are closed", || closed(&bodies) >= 60 - 10);
    assert_eq!(bridge.say(&Say::words(MINA, "안녕")).status, 200);
}

#[test]
fn who_has_no_right_address_or_secret_is_refused_before_the_body() {
    let bot = Bot::echo("봇");
    for own in [
        "allow = [\"127.0.0.0/31\"]\n[access]\ntrusted_proxies = [\"127.0.0.1\"]",
        "secret = { header = \"x-skill-secret\", values = [\"0123456789abcdef\"] }",
    ] {
        let bridge = Bridge::of(&bot, own);
        let mut stream = TcpStream::connect(bridge.public).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        stream
            .write_all(
                b"POST /skill HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nContent-Length: 200000\r\n\r\n{",
            )
            .unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap_or_else(|error| panic!("{own}: {error}"));
        assert!(answer.starts_with(b"HTTP/1.1 40"), "{own}: {}", String::from_utf8_lossy(&answer));
    }
}

#[test]
fn of_several_bots_the_path_says_whose_secret_comes_before_the_body() {
    let bot = Bot::echo("봇");
    let own = |name: &str| {
        let secret = format!("secret = {{ header = \"x-skill-secret\", values = [\"secret-of-{name}-0123\"] }}");
        format!("[bots.{name}]\nurl = \"{}\"\n{secret}\n", bot.url())
    };
    let bridge = Bridge::start(&(own("shop") + &own("school")));
    let mut stream = TcpStream::connect(bridge.public).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    let head = "POST /bots/shop/skill HTTP/1.1\r\nHost: a\r\nx-skill-secret: secret-of-school-0123\r\n";
    stream.write_all(format!("{head}Content-Length: 200000\r\n\r\n{{").as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 401");
}

#[test]
fn silent_connections_give_way_to_calls_probes_and_metrics() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "[limits]\nconnections = 8");
    let _public = strangers(bridge.public, 200, b"");
    let _admin = strangers(bridge.admin, 200, b"");
    for user in [MINA, JUN] {
        assert_eq!(bridge.say(&Say::words(user, "안녕")).status, 200);
        assert_eq!(get(bridge.public, "/healthz").status, 200);
        assert_eq!(get(bridge.public, "/readyz").status, 200);
        assert_eq!(get(bridge.admin, "/metrics").status, 200);
    }
}

#[test]
fn health_and_readiness_are_answered_when_all_places_are_taken_by_calls() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "[limits]\nconnections = 2");
    let kept: Vec<TcpStream> = [MINA, JUN]
        .into_iter()
        .map(|user| {
            let mut stream = TcpStream::connect(bridge.public).unwrap();
            let body = Say::words(user, "안녕").body();
            let head = format!("POST /skill HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            stream
        })
        .collect();
    assert_eq!(get(bridge.public, "/healthz").status, 200);
    assert_eq!(get(bridge.public, "/readyz").status, 200);
    assert_eq!(bridge.post("/skill", &[], Say::words(MINA, "안녕")).status, 429);
    drop(kept);
    eventually("places are free again", || bridge.post("/skill", &[], Say::words(MINA, "안녕")).status == 200);
}

#[test]
fn a_stop_is_not_held_by_half_a_call_or_by_who_does_not_read() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "");
    let _heads = strangers(bridge.public, 20, &half_a_head(100));
    let _bodies = strangers(bridge.public, 20, b"POST /skill HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{");
    let _silent = strangers(bridge.public, 20, b"");
    assert_eq!(bridge.say(&Say::words(MINA, "안녕")).status, 200);
    let begun = Instant::now();
    bridge.stop();
    // The grace of this bridge is 5 s; a body may take as long.
    assert!(begun.elapsed() < Duration::from_millis(4_500), "{:?}", begun.elapsed());
}

/// Requests one after the other on a connection whose answers nobody reads, until it takes no more.
fn unread_answers(to: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let many = request.repeat(100);
    let until = Instant::now() + PATIENCE;
    while stream.write_all(many.as_bytes()).is_ok() {
        assert!(Instant::now() < until, "all of it was taken");
    }
    stream
}

#[test]
fn s6_nobody_who_does_not_read_holds_a_stop_longer_than_two_seconds() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "");
    let body = Say::words(MINA, "안녕").body();
    let _probe = unread_answers(bridge.public, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    let call = format!("POST /skill HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let _calls = unread_answers(bridge.public, &call);
    let (_, took) = timed(|| bridge.stop());
    // A second for what a busy machine needs besides; the grace is 5 s.
    assert!(took < ms(3_000), "{took:?}");
}
