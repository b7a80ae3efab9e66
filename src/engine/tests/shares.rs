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
