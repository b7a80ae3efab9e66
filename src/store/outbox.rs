//! Channel events that wait for their way to a bot (E4): one small queue a user, and which kinds of event the bot is
//! spared. Who delivers them is in `events.rs`.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

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
    queues: DashMap<UserKey, VecDeque<(Notice, Place)>>,
    /// Until when this bot is not told of this kind of event: milliseconds, by kind.
    peace: [AtomicU64; 3],
}

impl Outbox {
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

    /// Puts an event behind the user's others. False when there was no queue: then somebody has to work it off.
    #[must_use]
    pub fn push(&self, user: UserKey, notice: Notice, place: Place) -> bool {
        match self.queues.entry(user) {
            Entry::Occupied(mut queue) => {
                let queue = queue.get_mut();
                if queue.len() >= PER_USER {
                    queue.pop_front();
                }
                queue.push_back((notice, place));
                true
            }
            Entry::Vacant(queue) => {
                queue.insert(VecDeque::from([(notice, place)]));
                false
            }
        }
    }

    /// The user's next event; without one the queue goes, under its lock, so that a newcomer starts a new worker.
    #[must_use]
    pub fn next(&self, user: UserKey) -> Option<(Notice, Place)> {
        match self.queues.entry(user) {
            Entry::Occupied(mut queue) => {
                let next = queue.get_mut().pop_front();
                if next.is_none() {
                    queue.remove();
                }
                next
            }
            Entry::Vacant(_) => None,
        }
    }
}
