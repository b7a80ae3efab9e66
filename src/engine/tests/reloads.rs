//! What a reload keeps, and from when on it counts (S6).

use super::*;
use crate::bot;

/// Another address of the same bot.
const MOVED: (&str, &str) = ("bots.default.url", "http://127.0.0.1:2");

impl Bridge {
    fn reload(&self, keys: &[(&str, &str)]) {
        self.shared.install(self.shared.prepare(settings(keys)).ok().unwrap());
    }

    fn as_it_is(&self) -> Arc<bot::Bot> {
        Arc::clone(self.shared.registry().iter().next().unwrap())
    }

    fn someone_says(&self, user: usize, words: &str) -> JoinHandle<Read> {
        let key = format!("someone-{user:0>4}");
        let user = json!({ "properties": { "plusfriendUserKey": key } });
        spawn(self.call_with(&json!({ "userRequest": { "utterance": words, "user": user } })))
    }
}

#[tokio::test(start_paused = true)]
async fn s4_an_outage_goes_on_when_the_bot_gets_another_address_and_ends_with_its_first_reply() {
    let keys = [("bots.default.breaker.failures", "1")];
    let bridge = Bridge::new(&keys, |words| (ms(1), if words == "하나" { Act::Cut } else { says(words) }));
    assert_eq!(bridge.say("하나").await.unwrap().text(), NO_REPLY);
    assert!(matches!(bridge.breaker(), State::Open(_)));
    bridge.reload(&[keys[0], MOVED]);
    assert!(matches!(bridge.breaker(), State::Open(_)), "its end was not told, so it is not over");
    assert_eq!(bridge.say("둘").await.unwrap().text(), "둘", "the next turn is the probe");
    assert_eq!(bridge.breaker(), State::Closed(0));
}

#[tokio::test(start_paused = true)]
async fn s6_a_reload_that_is_refused_leaves_the_bot_in_peace() {
    let bridge = Bridge::new(&[], |words| (ms(1), says(words)));
    let (bot, now) = (bridge.as_it_is(), time::now());
    bot.outbox.no_path(Notice::FriendAdded, UserKey::parse("Qw7-eRt_9YzA").unwrap(), now);
    let prepared = bridge.shared.prepare(settings(&[MOVED])).ok().unwrap();
    assert!(bot.outbox.at_peace(Notice::FriendAdded, now), "what is only prepared changes nothing");
    bridge.shared.install(prepared);
    assert!(!bridge.as_it_is().outbox.at_peace(Notice::FriendAdded, now), "it is another bot now");
}

#[tokio::test(start_paused = true)]
async fn s6_turns_in_flight_count_for_another_bound_on_turns() {
    let bridge = Bridge::new(&[("bots.default.turns", "1")], |words| (ms(2_000), says(words)));
    let first = bridge.someone_says(1, "하나");
    sleep(ms(100)).await;
    bridge.reload(&[("bots.default.turns", "2")]);
    assert_eq!(bridge.as_it_is().turns.count(), 1);
    let second = bridge.someone_says(2, "둘");
    assert!(bridge.shared.try_acquire(&bridge.as_it_is()).is_none(), "two are in flight");
    assert_eq!((first.await.unwrap().text(), second.await.unwrap().text()), ("하나".into(), "둘".into()));
    assert_eq!(bridge.as_it_is().turns.count(), 0);
    bridge.is_quiet();
}

/// The operator gives the bot another address while it is out. A reload runs on a thread of its own, without a runtime.
#[tokio::test]
async fn s4_the_end_of_an_outage_is_told_when_the_bot_answers_at_its_new_address() {
    use std::io::{Read as _, Write as _};
    let sink = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/alert", sink.local_addr().unwrap());
    let alerts = std::thread::spawn(move || {
        let read = |_| {
            let (mut wire, _) = sink.accept().unwrap();
            let mut heard = Vec::new();
            while !heard.ends_with(b"}") {
                let mut bytes = [0; 2048];
                let count = wire.read(&mut bytes).unwrap();
                assert!(count > 0);
                heard.extend_from_slice(&bytes[..count]);
            }
            wire.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            String::from_utf8(heard).unwrap()
        };
        [0, 1].map(read)
    });
    let keys = [("alert.url", &*url), ("bots.default.breaker.failures", "1")];
    let bridge = Bridge::new(&keys, |words| (ms(1), if words == "하나" { Act::Cut } else { says(words) }));
    assert_eq!(bridge.say("하나").await.unwrap().text(), NO_REPLY);
    std::thread::scope(|threads| {
        drop(threads.spawn(|| bridge.reload(&[keys[0], keys[1], MOVED])));
    });
    assert_eq!(bridge.say("둘").await.unwrap().text(), "둘");
    let [outage, recovered] = tokio::task::spawn_blocking(|| alerts.join().unwrap()).await.unwrap();
    assert!(outage.contains("outage") && recovered.contains("recovered"), "{outage}\n{recovered}");
}
