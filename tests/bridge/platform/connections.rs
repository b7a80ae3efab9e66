//! `connections` of a bot, from a call to its socket (I8).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::support::*;

/// How long anything may take before the test says that it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

const BUSY: &str = r#"bridge_backend_connections{bot="shop",state="busy"}"#;
const IDLE: &str = r#"bridge_backend_connections{bot="shop",state="idle"}"#;
const QUEUE: &str = r#"bridge_backend_queue{bot="shop"}"#;

/// Messages as the bot hears them, each with the leave to answer it.
type Heard = Receiver<(String, Sender<()>)>;

/// A bot that says what it hears, and answers each message when it is told to.
fn patient() -> (Bot, Heard, Arc<AtomicUsize>) {
    let (hears, heard) = channel();
    let (hears, most) = (std::sync::Mutex::new(hears), Arc::new(AtomicUsize::new(0)));
    let (under_way, highest) = (AtomicUsize::new(0), Arc::clone(&most));
    let bot = Bot::new(move |asked| {
        highest.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        if asked.path == "/message" {
            let (answers, answer) = channel();
            let _ = hears.lock().unwrap().send((asked.content(), answers));
            let _ = answer.recv();
        }
        under_way.fetch_sub(1, Ordering::SeqCst);
        if asked.path == "/keyboard" { text() } else { words(&asked.content()) }
    });
    (bot, heard, most)
}

#[test]
fn i8_six_users_of_a_bot_with_two_connections_are_answered_in_order_of_arrival() {
    let (bot, heard, most) = patient();
    let bridge = Bridge::of(&bot, "connections = 2");
    bridge.say(&Say::welcome(MINA));
    thread::scope(|scope| {
        let mut users = Vec::new();
        for user in 0..6_u32 {
            let bridge = &bridge;
            let say = move || bridge.say(&Say::words(&format!("Us-{user:09}"), &user.to_string())).text();
            users.push(scope.spawn(say));
            let (busy, waiting) = (f64::from(user.min(1) + 1), f64::from(user.saturating_sub(1)));
            eventually("it is out, or in the line", || (bridge.metric(BUSY), bridge.metric(QUEUE)) == (busy, waiting));
        }
        let mut out = vec![heard.recv_timeout(PATIENCE).unwrap(), heard.recv_timeout(PATIENCE).unwrap()];
        out.sort_by(|one, other| one.0.cmp(&other.0));
        let mut order = Vec::new();
        while !out.is_empty() {
            let (content, answer) = out.remove(0);
            order.push(content);
            answer.send(()).unwrap();
            if order.len() + out.len() < 6 {
                out.push(heard.recv_timeout(PATIENCE).unwrap());
            }
        }
        assert_eq!(order, ["0", "1", "2", "3", "4", "5"]);
        for (user, answer) in users.into_iter().enumerate() {
            assert_eq!(answer.join().unwrap(), user.to_string());
        }
    });
    assert_eq!(most.load(Ordering::SeqCst), 2, "calls at the bot at once");
    assert_eq!((bridge.metric(BUSY), bridge.metric(QUEUE)), (0.0, 0.0));
    eventually("who is silent for a second keeps no connection", || bridge.metric(IDLE) == 0.0);
}

#[test]
fn s1_who_waits_for_a_connection_too_long_reads_so_and_the_bot_is_not_blamed() {
    let (bot, heard, _) = patient();
    let bridge =
        Bridge::of(&bot, "connections = 1\ndeadline = \"600ms\"\nbreaker.failures = 2\n[callback]\nafter = \"500ms\"");
    bridge.say(&Say::welcome(MINA));
    thread::scope(|scope| {
        let first = scope.spawn(|| bridge.say(&Say::words(MINA, "천천히")).text());
        let (_, answer) = heard.recv_timeout(PATIENCE).unwrap();
        for _ in 0..3 {
            let text = bridge.say(&Say::words(JUN, "안녕")).text();
            assert_eq!(text, "앞선 답변이 늦어져 이번 메시지를 전달하지 못했습니다. 다시 보내 주세요.");
        }
        assert_eq!(first.join().unwrap(), "답변을 준비하고 있습니다. 잠시 후 다시 확인해 주세요.");
        answer.send(()).unwrap();
    });
    assert_eq!(bridge.metric(r#"bridge_backend_up{bot="shop"}"#), 1.0);
    assert_eq!(bridge.metric(r#"bridge_turns_total{bot="shop",plan="none",outcome="withdrawn"}"#), 3.0);
    assert_eq!(bot.asked(), [format!("POST /message {MINA} text 천천히")]);
    eventually("the log says why", || logs::lines().contains("problem=\"queue\""));
}
