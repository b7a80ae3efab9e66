//! Channel events that wait for their way to a bot (E4): one small queue a user, and which kinds of event the bot is
//! spared. Who delivers them is in `events.rs`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use tokio::sync::Notify;

use crate::gauge::Place;
use crate::ids::UserKey;
use crate::time::Moment;
use crate::wire::legacy::Notice;

/// How long a bot without such a path is left in peace.
const PEACE: Duration = Duration::from_secs(600);
/// Events of one user that wait at most; the oldest goes first, for the newest tells how things stand.
const PER_USER: usize = 8;

/// The events of one bot that are on their way.
#[derive(Debug, Default)]
pub struct Outbox {
    queues: DashMap<UserKey, Queue>,
    /// Until when this bot is not told of this kind of event: milliseconds, by kind.
    peace: [AtomicU64; 3],
}

/// One user's events, and the bell that a call of theirs rings.
#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<(Notice, Place)>,
    bell: Arc<Notify>,
}

/// What became of an event that was put into the outbox.
#[derive(Debug)]
pub enum Put {
    /// It stands behind others of its user; whether the oldest of them had to go.
    Behind {
        /// True when it had to.
        dropped: bool,
    },
    /// It is the only one: somebody has to work it off, and to listen to this bell.
    First(Arc<Notify>),
}

impl Outbox {
    /// A call of this user has arrived and stands behind their events, if there are any.
    pub fn hurry(&self, user: &UserKey) {
        if let Some(queue) = self.queues.get(user) {
            queue.bell.notify_one();
        }
    }

    /// Forgets which events the bot has no path for: it is another bot now (S6).
    pub fn ask_again(&self) {
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
    pub fn at_peace(&self, notice: Notice, now: Moment) -> bool {
        now.as_millis() < self.peace(notice).load(Ordering::Relaxed)
    }

    /// Spares the bot this kind of event for ten minutes: it has no such path.
    pub fn leave_in_peace(&self, notice: Notice, now: Moment) {
        self.peace(notice).store(now.plus(PEACE).as_millis(), Ordering::Relaxed);
    }

    /// Puts an event behind the user's others.
    #[must_use]
    pub fn put(&self, user: UserKey, notice: Notice, place: Place) -> Put {
        match self.queues.entry(user) {
            Entry::Occupied(mut queue) => {
                let events = &mut queue.get_mut().events;
                let dropped = events.len() >= PER_USER && events.pop_front().is_some();
                events.push_back((notice, place));
                Put::Behind { dropped }
            }
            Entry::Vacant(vacant) => {
                let queue = Queue { events: VecDeque::from([(notice, place)]), bell: Arc::default() };
                Put::First(Arc::clone(&vacant.insert(queue).bell))
            }
        }
    }

    /// The user's next event; without one the queue goes, under its lock, so that a newcomer starts a new worker.
    #[must_use]
    pub fn next(&self, user: UserKey) -> Option<(Notice, Place)> {
        match self.queues.entry(user) {
            Entry::Occupied(mut queue) => {
                let next = queue.get_mut().events.pop_front();
                if next.is_none() {
                    queue.remove();
                }
                next
            }
            Entry::Vacant(_) => None,
        }
    }
}
