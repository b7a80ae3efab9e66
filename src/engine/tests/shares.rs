//! What is common to all bots: bounds of which each has a share (S5), and the threads that serve them (S6).

use super::*;

const TWO_BOTS: (&str, &str) = ("bots.other.url", "http://127.0.0.1:2");

#[tokio::test(start_paused = true)]
async fn s5_a_bot_with_all_its_turns_in_flight_leaves_the_others_theirs() {
    let bridge = Bridge::new(&[TWO_BOTS, ("limits.turns", "8")], |_| (ms(0), Act::Hang));
    let bots = bridge.shared.registry();
    let [greedy, other] =
        ["default", "other"].map(|id| bots.iter().find(|bot| bot.settings.id.as_str() == id).unwrap());
    // Half of the bound is common to all, the other half is divided.
    let taken: Vec<_> = std::iter::from_fn(|| bridge.shared.try_acquire(greedy)).collect();
    assert_eq!(taken.len(), 6);
    let left: Vec<_> = std::iter::from_fn(|| bridge.shared.try_acquire(other)).collect();
    assert_eq!(left.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn s5_the_events_of_one_bot_leave_room_for_those_of_another() {
    let bridge = Bridge::new(&[TWO_BOTS, ("limits.events", "8")], |_| (ms(0), Act::Hang));
    let bots = bridge.shared.registry();
    let [greedy, other] =
        ["default", "other"].map(|id| bots.iter().find(|bot| bot.settings.id.as_str() == id).unwrap());
    let deliver = |bot: &Arc<crate::bot::Bot>| {
        for number in 0..20 {
            let user = UserKey::parse(&format!("{number:012}")).unwrap();
            events::deliver(&bridge.shared, bot, CoreId(0), Notice::FriendAdded, user);
        }
    };
    deliver(greedy);
    assert_eq!(bridge.shared.events.count(), 6);
    deliver(other);
    assert_eq!(bridge.shared.events.count(), 8);
    sleep(ms(1_000)).await;
    assert_eq!(bridge.shared.events.count(), 0);
}

/// A thread of the start goes on with the count and the kept connections of its own, whatever the newest file says.
#[tokio::test(start_paused = true)]
async fn s6_a_reload_with_fewer_workers_keeps_room_for_the_connections_of_every_thread() {
    let bridge = Bridge::new(&[("workers", "4")], |words| (ms(10), says(words)));
    let elsewhere = settings(&[("workers", "1"), ("bots.default.url", "http://127.0.0.1:3")]);
    bridge.shared.install(bridge.shared.prepare(elsewhere).ok().unwrap());
    // Four workers, and the thread of the operators' listener.
    assert_eq!(*bridge.bot.set_up.lock().unwrap(), [5, 5]);
}

#[tokio::test(start_paused = true)]
async fn s6_turns_in_flight_stay_counted_when_a_reload_changes_their_bound() {
    let bridge = Bridge::new(&[("bots.default.turns", "5")], |words| (ms(10), says(words)));
    let bot = || Arc::clone(bridge.shared.registry().iter().next().unwrap());
    let in_flight = bot().turns.try_acquire();
    bridge.shared.install(bridge.shared.prepare(settings(&[("bots.default.turns", "1")])).ok().unwrap());
    assert!(bot().turns.try_acquire().is_none());
    drop(in_flight);
    assert!(bot().turns.try_acquire().is_some());
}

/// The operator gives the bot another address while it is out: the alarm of the old one must not stay open.
#[tokio::test]
async fn s4_an_outage_that_ends_with_another_address_is_told_to_have_ended() {
    use std::io::{Read, Write};
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
    let failing = [("alert.url", &*url), ("bots.default.breaker.failures", "1")];
    let bridge = Bridge::new(&failing, |_| (ms(1), Act::Cut));
    bridge.call("안녕", None, None).await;
    let elsewhere = [failing[0], failing[1], ("bots.default.url", "http://127.0.0.1:3")];
    bridge.shared.install(bridge.shared.prepare(settings(&elsewhere)).ok().unwrap());
    let [outage, recovered] = tokio::task::spawn_blocking(|| alerts.join().unwrap()).await.unwrap();
    assert!(outage.contains("outage") && recovered.contains("recovered"), "{outage}\n{recovered}");
}
