//! Channel events on their way to a bot (E1, E2, E4): delivered in the background, in order per user, and never while
//! that user's `/message` is out.
//!
//! Each user with events has one small queue and one worker, which takes the user's turn for the length of one try
//! only: between tries the user's own messages pass. Any status is fine (legacy.md 3: half of all bots have no such
//! paths); a 404 or 405 is remembered, so that such a bot is left in peace for a while.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use futures_util::FutureExt;
use tokio::time::sleep;

use crate::bot::{Bot, House, Place};
use crate::ids::UserKey;
use crate::net::CoreId;
use crate::store::Begun;
use crate::time::{self, Moment};
use crate::wire::legacy::Notice;

/// How long one try may take: what the old server gave a bot (legacy.md 1).
const TRY: Duration = Duration::from_secs(5);
/// Waits between the tries; their number is the number of repeats.
const WAITS: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(8)];
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

    fn at_peace(&self, notice: Notice, now: Moment) -> bool {
        now.as_millis() < self.peace(notice).load(Ordering::Relaxed)
    }

    /// The user's next event; without one the queue goes, under its lock, so that a newcomer starts a new worker.
    fn next(&self, user: UserKey) -> Option<(Notice, Place)> {
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

/// Sends `notice` of `user` on its way. Past the bound on events (S5) it is dropped and said so in the log.
pub fn deliver(house: &Arc<House>, bot: &Arc<Bot>, core: CoreId, notice: Notice, user: UserKey) {
    if bot.outbox.at_peace(notice, time::now()) {
        return;
    }
    let Some(place) = house.events.enter() else {
        tracing::warn!(bot = %bot.settings.id, ?notice, "a channel event was dropped: limits.events is reached");
        return;
    };
    let works_already = match bot.outbox.queues.entry(user) {
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
    };
    if !works_already {
        let (house_of_task, bot) = (Arc::clone(house), Arc::clone(bot));
        house.tasks.track(async move {
            while let Some((notice, _place)) = bot.outbox.next(user) {
                // A worker that dies would leave its queue behind, and this user without events for ever.
                let told = AssertUnwindSafe(tell(&house_of_task, &bot, core, notice, user)).catch_unwind().await;
                if told.is_err() {
                    tracing::error!(bot = %bot.settings.id, "an event panicked: this is a bug of the bridge, please report it");
                }
            }
        });
    }
}

async fn tell(house: &House, bot: &Bot, core: CoreId, notice: Notice, user: UserKey) {
    let mut waits = WAITS.iter();
    loop {
        let told = {
            let turn = match Arc::clone(&bot.sessions).begin(user, None) {
                Begun::Turn(turn) => Some(turn),
                Begun::Queued(queued) => queued.await,
                Begun::Follow(_) | Begun::Full => None,
            };
            match turn {
                Some(_turn) => bot.api.notify(core, notice, &user, time::instant() + TRY).await.map_err(|e| e.code()),
                None => Err("busy"),
            }
        };
        match told {
            Ok(status) => {
                if matches!(status, 404 | 405) {
                    bot.outbox.peace(notice).store(time::now().plus(PEACE).as_millis(), Ordering::Relaxed);
                }
                tracing::info!(bot = %bot.settings.id, ?notice, user = %format_args!("{:016x}", house.log_name(&user)), status, "event");
                return;
            }
            Err(problem) => {
                let Some(wait) = waits.next() else {
                    tracing::warn!(bot = %bot.settings.id, ?notice, problem, "a channel event could not be delivered");
                    return;
                };
                sleep(*wait).await;
            }
        }
    }
}
