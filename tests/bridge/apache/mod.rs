//! An old PHP bot under Apache prefork as Debian ships it: the most common old server, and the one that idle
//! connections starve (I8, legacy.md 3).
//!
//! Wants Debian's `apache2-bin` and `libapache2-mod-php`; without them the test says so and passes, with
//! `REQUIRE_ALL=1` it fails.

mod folders;
mod server;

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::json;
use server::Apache;

use crate::support::*;

/// What every user says, and a piece of what the bot says to it.
const TALK: [(&str, &str); 2] = [("오늘의 시간표", "3시 초등 수학"), ("오시는 길", "시장 건너편")];

/// `deadline`: whoever has read nothing by then reads "wait".
const DEADLINE: Duration = Duration::from_millis(4500);

/// What a crowd of users lived through.
#[derive(Debug, Default)]
struct Figures {
    messages: usize,
    /// Messages whose first answer was not the bot's reply.
    without_reply: usize,
    slowest: Duration,
}

/// So many users at once say one thing after the other; `say` tells whether the bot's reply came back.
fn crowd<T>(users: usize, user: impl Fn() -> T, say: impl Fn(&mut T, &str, &str) -> bool + Sync) -> Figures
where
    T: Send,
{
    let together = Barrier::new(users);
    let talk = |mut user: T| {
        together.wait();
        TALK.map(|(words, reply)| timed(|| say(&mut user, words, reply)))
    };
    let mut figures = Figures::default();
    thread::scope(|scope| {
        let talk = &talk;
        let all: Vec<_> = (0..users).map(|_| user()).map(|user| scope.spawn(move || talk(user))).collect();
        for (replied, took) in all.into_iter().flat_map(|user| user.join().unwrap()) {
            figures.messages += 1;
            figures.without_reply += usize::from(!replied);
            figures.slowest = figures.slowest.max(took);
        }
    });
    figures
}

/// Users of the bridge before a fresh Apache.
fn through_the_bridge(users: usize) -> Option<Figures> {
    let apache = Apache::start()?;
    let bridge = Bridge::before(&format!("http://{}/kakao", apache.address), &[]);
    let say = |(caller, client): &mut (String, Client), words: &str, reply: &str| {
        client.say(&Say::words(caller, words)).expect("a response").text().contains(reply)
    };
    Some(crowd(users, || (newcomer(), bridge.client()), say))
}

/// The same users at a fresh Apache itself, each message with a connection of its own that is closed after it.
fn with_connection_close(users: usize) -> Option<Figures> {
    let apache = Apache::start()?;
    let say = |caller: &mut String, words: &str, reply: &str| {
        let message = json!({ "user_key": caller, "type": "text", "content": words }).to_string();
        let headers = [("Content-Type", "application/json; charset=utf-8"), ("Connection", "close")];
        let answer = Client::connect(apache.address).request("POST", "/kakao/message", &headers, message.as_bytes());
        answer.expect("a response").json()["message"]["text"].as_str().unwrap().contains(reply)
    };
    Some(crowd(users, newcomer, say))
}

#[test]
fn nobody_waits_for_a_php_bot_under_apache_prefork_longer_than_with_connections_that_close() {
    for users in [8, 60] {
        let Some(closing) = with_connection_close(users) else { return };
        let Some(bridged) = through_the_bridge(users) else { return };
        println!("apache prefork, {users} users: Connection: close {closing:?}; through the bridge {bridged:?}");
        assert_eq!((closing.messages, closing.without_reply), (users * TALK.len(), 0), "{closing:?}");
        assert_eq!((bridged.messages, bridged.without_reply), (users * TALK.len(), 0), "{bridged:?}");
        assert!(closing.slowest < DEADLINE && bridged.slowest < DEADLINE, "{closing:?}, {bridged:?}");
    }
}
