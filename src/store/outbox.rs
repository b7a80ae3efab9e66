//! Channel events that wait for their way to a bot (E4): one small queue a user, and which kinds of event the bot is
//! spared. The delivery is in `events.rs`.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use foldhash::quality::RandomState;
use tokio::sync::Notify;

use crate::concurrency::Permit;
use crate::ids::UserKey;
use crate::mutex::lock;
use crate::time::{self, Moment};
use crate::wire::legacy::Notice;

use super::journal::{BotJournal, EVENT, FactKind};
use super::remote::RemoteStore;

/// How long a bot without such a path is not asked again.
const PEACE: Duration = Duration::from_secs(600);
/// Different users for whom a path that names its user is missing, before it counts as missing for all.
const USERS_WITHOUT_PATH: usize = 3;
/// Events of one user that wait at most; the oldest goes first, for the newest tells how things stand.
const PER_USER: usize = 8;

/// The events of one bot that are on their way.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queues: DashMap<UserKey, Queue, RandomState>,
    /// Until when this bot is not told of this kind of event: milliseconds, by kind.
    peace: [AtomicU64; 3],
    /// Users whose event was answered 404 since the last event of that kind that was not.
    missing: Mutex<HashSet<(Notice, UserKey)>>,
    journal: Option<BotJournal>,
    /// Where several processes share the store: there they stand with the user.
    shared: Option<Arc<RemoteStore>>,
}

/// One user's events, and what a call of theirs wakes.
#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<(Notice, [Permit; 2])>,
    /// The one that is being delivered.
    under_way: Option<Notice>,
    wake: Arc<Notify>,
}

/// The result of putting an event into the outbox.
#[derive(Debug)]
pub(crate) enum Put {
    /// It stands behind others of its user; whether the oldest of them had to go.
    Behind {
        /// True when it had to.
        dropped: bool,
    },
    /// It is the only one: the caller has to start a worker that listens to this wake.
    First(Arc<Notify>),
}

impl Outbox {
    /// Empty; what is put in is written to the journal, too, until it is delivered.
    #[must_use]
    pub(crate) fn new(journal: Option<BotJournal>, shared: Option<Arc<RemoteStore>>) -> Self {
        Self { journal, shared, ..Self::default() }
    }

    /// Under the lock of the queue: its states are written in their order.
    fn note(&self, user: &UserKey, queue: &Queue) {
        if self.journal.is_none() && self.shared.is_none() {
            return;
        }
        let left = queue.under_way.into_iter().chain(queue.events.iter().map(|(notice, _)| *notice));
        let value = encode_notices(left);
        let is_empty = queue.under_way.is_none() && queue.events.is_empty();
        if let Some(shared) = &self.shared {
            shared.stand(user, (!is_empty).then(|| value.clone()));
        }
        if let Some(journal) = &self.journal {
            let kept = (!is_empty).then(|| (time::now().plus(EVENT), value));
            journal.fact(FactKind::Outbox, user.as_str().as_bytes(), kept);
        }
    }

    /// A call of this user has arrived and stands behind their events, if there are any.
    pub(crate) fn wake(&self, user: &UserKey) {
        if let Some(queue) = self.queues.get(user) {
            queue.wake.notify_one();
        }
    }

    /// Forgets which events the bot has no path for: it is another bot now (S6).
    pub(crate) fn ask_again(&self) {
        for until in &self.peace {
            until.store(0, Ordering::Relaxed);
        }
    }

    fn peace(&self, notice: Notice) -> &AtomicU64 {
        let [added, blocked, left] = &self.peace;
        match notice {
            Notice::FriendAdded => added,
            Notice::FriendBlocked => blocked,
            Notice::RoomLeft => left,
        }
    }

    /// Whether the bot is spared this kind of event.
    #[must_use]
    pub(crate) fn at_peace(&self, notice: Notice, now: Moment) -> bool {
        now.as_millis() < self.peace(notice).load(Ordering::Relaxed)
    }

    /// The bot answered `user`'s event with 404 or 405. It is spared this kind of event for ten minutes once that is
    /// known to be about the path: a path that names a user says nothing of others until several users got the same.
    pub(crate) fn no_path(&self, notice: Notice, user: UserKey, now: Moment) {
        let names_user = match notice {
            Notice::FriendAdded => false,
            Notice::FriendBlocked | Notice::RoomLeft => true,
        };
        if names_user {
            let mut missing = lock(&self.missing);
            missing.insert((notice, user));
            if missing.iter().filter(|(kind, _)| *kind == notice).count() < USERS_WITHOUT_PATH {
                return;
            }
            missing.retain(|(kind, _)| *kind != notice);
        }
        self.peace(notice).store(now.plus(PEACE).as_millis(), Ordering::Relaxed);
    }

    /// The bot has this path: the 404s before were about single users.
    pub(crate) fn has_path(&self, notice: Notice) {
        lock(&self.missing).retain(|(kind, _)| *kind != notice);
    }

    /// Puts an event behind the user's others.
    #[must_use]
    pub(crate) fn put(&self, user: UserKey, notice: Notice, permits: [Permit; 2]) -> Put {
        match self.queues.entry(user) {
            Entry::Occupied(mut queue) => {
                let events = &mut queue.get_mut().events;
                let dropped = events.len() >= PER_USER && events.pop_front().is_some();
                events.push_back((notice, permits));
                self.note(&user, queue.get());
                Put::Behind { dropped }
            }
            Entry::Vacant(vacant) => {
                let queue = Queue { events: VecDeque::from([(notice, permits)]), ..Queue::default() };
                self.note(&user, &queue);
                Put::First(Arc::clone(&vacant.insert(queue).wake))
            }
        }
    }

    /// The event that was taken last could not be delivered: it is the next one again.
    pub(crate) fn put_back(&self, user: UserKey, notice: Notice, permits: [Permit; 2]) {
        if let Some(mut queue) = self.queues.get_mut(&user) {
            queue.under_way = None;
            queue.events.push_front((notice, permits));
        }
    }

    /// The user's next event; without one the queue goes, under its lock, so that a newcomer starts a new worker.
    #[must_use]
    pub(crate) fn next(&self, user: UserKey) -> Option<(Notice, [Permit; 2])> {
        match self.queues.entry(user) {
            Entry::Occupied(mut queue) => {
                let own = queue.get_mut();
                let next = own.events.pop_front();
                if std::mem::replace(&mut own.under_way, next.as_ref().map(|(notice, _)| *notice)).is_some() {
                    self.note(&user, own);
                }
                if next.is_none() {
                    queue.remove();
                }
                next
            }
            Entry::Vacant(_) => None,
        }
    }
}

/// Events as they lie on a disk: a version, and a byte each.
pub(super) fn encode_notices(notices: impl Iterator<Item = Notice>) -> Vec<u8> {
    let byte = |notice| match notice {
        Notice::FriendAdded => 1,
        Notice::FriendBlocked => 2,
        Notice::RoomLeft => 3,
    };
    std::iter::once(1).chain(notices.map(byte)).collect()
}

/// Reads them back, those that are known.
pub(crate) fn decode_notices(value: &[u8]) -> Vec<Notice> {
    let Some((1, notices)) = value.split_first() else { return Vec::new() };
    let notice = |byte: &u8| match byte {
        1 => Some(Notice::FriendAdded),
        2 => Some(Notice::FriendBlocked),
        3 => Some(Notice::RoomLeft),
        _ => None,
    };
    notices.iter().filter_map(notice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_missing_user_silences_nothing_and_three_silence_that_event() {
        let outbox = Outbox::default();
        let now = Moment::from_millis(1_000_000);
        let user = |number: usize| UserKey::parse(&format!("{number:012}")).unwrap();
        for _ in 0..10 {
            outbox.no_path(Notice::FriendBlocked, user(1), now);
        }
        outbox.no_path(Notice::FriendBlocked, user(2), now);
        assert!(!outbox.at_peace(Notice::FriendBlocked, now));
        // Another user's event finds the path: the two were merely unknown to the bot.
        outbox.has_path(Notice::FriendBlocked);
        for number in 3..5 {
            outbox.no_path(Notice::FriendBlocked, user(number), now);
        }
        assert!(!outbox.at_peace(Notice::FriendBlocked, now));
        outbox.no_path(Notice::FriendBlocked, user(5), now);
        assert!(outbox.at_peace(Notice::FriendBlocked, now) && !outbox.at_peace(Notice::RoomLeft, now));
        assert!(!outbox.at_peace(Notice::FriendBlocked, now.plus(PEACE)));
    }

    #[test]
    fn a_path_that_names_nobody_is_missing_at_once() {
        let outbox = Outbox::default();
        let now = Moment::from_millis(1_000_000);
        outbox.no_path(Notice::FriendAdded, UserKey::parse("Qw7-eRt_9YzA").unwrap(), now);
        assert!(outbox.at_peace(Notice::FriendAdded, now));
    }
}
