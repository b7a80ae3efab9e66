//! Channel events on their way to a bot (E1, E2, E4): delivered in the background, in order per user, and never while
//! that user's `/message` is out.
//!
//! Each user with events has one small queue and one worker. It stands in the user's line from the moment the event is
//! known, so an event that waited for a user's first call reaches the bot before that call's words, as it did on the
//! old platform. The turn is kept while deliveries succeed and given back before a repeat, so that the user's own
//! messages pass meanwhile; a call that arrives makes the worker hurry, for a bot whose `/friend` hangs must not cost
//! the user their words (legacy.md 3: eight of 82 bots have a path that never answers). Any status is fine (half of all
//! bots have no such paths); a 404 or 405 is remembered, so that such a bot is not asked for a while.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Notify, oneshot};
use tokio::time::{sleep, sleep_until};

use crate::bot::Bot;
use crate::ids::UserKey;
use crate::net::CoreId;
use crate::shared::Shared;
use crate::store::outbox::Put;
use crate::store::{Begun, Turn};
use crate::telemetry::metrics::EventFate;
use crate::time::{self, Instant};
use crate::wire::legacy::Notice;

/// How long one try may take: what the old server gave a bot (legacy.md 1).
const TRY: Duration = Duration::from_secs(5);
/// How long events may hold up a call of their user that has arrived; as long as the home keyboard may (K1).
const HOLD_UP: Duration = Duration::from_secs(1);
/// Waits between the tries; their number is the number of repeats.
const WAITS: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(8)];

/// Sends `notice` of `user` on its way. Past the bound on events (S5) it is dropped and said so in the log.
///
/// When this returns the event stands in the user's line, before every turn of theirs that begins later.
pub(crate) fn deliver(shared: &Arc<Shared>, bot: &Arc<Bot>, core: CoreId, notice: Notice, user: UserKey) {
    if notice == Notice::FriendBlocked {
        // Should they come back, they are new (E3).
        if let Some(journal) = bot.sessions.journal() {
            journal.know(user, None);
        }
        if let Some(store) = bot.sessions.shared() {
            store.forget(&user);
        }
    }
    if bot.outbox.at_peace(notice, time::now()) {
        shared.metrics.event(core, EventFate::NoPath);
        return;
    }
    let Some(permits) = shared.events.try_acquire(&bot.events_share) else {
        tracing::warn!(bot = %bot.settings.id, ?notice, "a channel event was dropped: limits.events is reached");
        shared.metrics.event(core, EventFate::Bound);
        return;
    };
    let wake = match bot.outbox.put(user, notice, permits) {
        Put::First(wake) => wake,
        Put::Behind { dropped } => {
            if dropped {
                shared.metrics.event(core, EventFate::Bound);
            }
            return;
        }
    };
    let place_in_line = bot.sessions.begin(user, None);
    let worker = Worker { shared: Arc::clone(shared), bot: Arc::clone(bot), core, user, wake, turn: None, until: None };
    shared.tasks.track(worker.run(place_in_line));
}

/// Tells the bot of a new friend (E3), or of events that were left with the user (E4), before the words of the turn that
/// the caller holds: at most a second long. What fails then is tried again behind the turn.
///
/// When this returns they stand in the outbox. The future only waits: they go on where the caller gives up waiting, for an
/// event that is under way has to be put back, or nobody delivers those behind it.
pub(crate) fn announce(
    shared: &Arc<Shared>,
    bot: &Arc<Bot>,
    core: CoreId,
    notices: &[Notice],
    user: UserKey,
) -> impl Future<Output = ()> + use<> {
    let mut starts = None;
    for &notice in notices {
        if bot.outbox.at_peace(notice, time::now()) {
            shared.metrics.event(core, EventFate::NoPath);
        } else if let Some(permits) = shared.events.try_acquire(&bot.events_share) {
            // Where others wait already, their worker delivers it, too.
            if let Put::First(wake) = bot.outbox.put(user, notice, permits) {
                starts = Some(wake);
            }
        } else {
            tracing::warn!(bot = %bot.settings.id, "an event of a user who is here was dropped: limits.events is reached");
            shared.metrics.event(core, EventFate::Bound);
        }
    }
    let has_tried = starts.map(|wake| {
        let (tried, has_tried) = oneshot::channel();
        let worker =
            Worker { shared: Arc::clone(shared), bot: Arc::clone(bot), core, user, wake, turn: None, until: None };
        shared.tasks.track(worker.run_before_words(tried));
        has_tried
    });
    async move {
        if let Some(has_tried) = has_tried {
            let _tried = has_tried.await;
        }
    }
}

/// Delivers one user's events, one after the other.
struct Worker {
    shared: Arc<Shared>,
    bot: Arc<Bot>,
    core: CoreId,
    user: UserKey,
    wake: Arc<Notify>,
    /// Held while deliveries succeed.
    turn: Option<Turn>,
    /// When the turn must be given back, once the user was waited for by a call of theirs.
    until: Option<Instant>,
}

impl Worker {
    /// Delivers what it can within a second, while a turn of the user is held by whom `tried` tells when that is over; the
    /// rest behind that turn.
    async fn run_before_words(self, tried: oneshot::Sender<()>) {
        let until = time::instant() + HOLD_UP;
        while let Some((notice, permits)) = self.bot.outbox.next(self.user) {
            let trying = self.bot.api.notify(self.core, notice, &self.user, until);
            match AssertUnwindSafe(trying).catch_unwind().await {
                Ok(Ok(status)) => self.told(notice, status),
                Ok(Err(_)) | Err(_) => {
                    self.bot.outbox.put_back(self.user, notice, permits);
                    let place_in_line = self.bot.sessions.begin(self.user, None);
                    let _the_turn_may_have_gone = tried.send(());
                    return self.run(place_in_line).await;
                }
            }
        }
    }

    async fn run(mut self, place_in_line: Begun) {
        let mut place_in_line = Some(place_in_line);
        while let Some((notice, _permits)) = self.bot.outbox.next(self.user) {
            let mut waits = WAITS.iter();
            loop {
                // A worker that dies would leave its queue behind, and this user without events for ever.
                let trying = AssertUnwindSafe(self.tell(notice, place_in_line.take())).catch_unwind();
                let Ok(tried) = trying.await else {
                    tracing::error!(bot = %self.bot.settings.id, "an event panicked: this is a bug of the bridge, please report it");
                    self.give_back();
                    break;
                };
                let problem = match tried {
                    Ok(status) => {
                        self.told(notice, status);
                        break;
                    }
                    Err(problem) => problem,
                };
                self.give_back();
                let Some(wait) = waits.next() else {
                    tracing::warn!(bot = %self.bot.settings.id, ?notice, problem, "a channel event could not be delivered");
                    self.shared.metrics.event(self.core, EventFate::Undelivered);
                    break;
                };
                sleep(*wait).await;
            }
            if self.until.is_some_and(|until| time::instant() >= until) {
                self.give_back();
            }
        }
    }

    /// One try, within the user's turn.
    async fn tell(&mut self, notice: Notice, place_in_line: Option<Begun>) -> Result<u16, &'static str> {
        if self.turn.is_none() {
            let begun = place_in_line.unwrap_or_else(|| {
                // Calls that woke the worker until now stand before it in the line, or are served already.
                let _stale = self.wake.notified().now_or_never();
                self.bot.sessions.begin(self.user, None)
            });
            self.turn = begun.turn().await;
        }
        if self.turn.is_none() {
            return Err("busy");
        }
        let trying = self.bot.api.notify(self.core, notice, &self.user, time::instant() + TRY);
        tokio::select! {
            biased;
            told = trying => told.map_err(|error| error.code()),
            () = held_up(&self.wake, &mut self.until) => Err("hurried"),
        }
    }

    fn give_back(&mut self) {
        self.turn = None;
        self.until = None;
    }

    fn told(&self, notice: Notice, status: u16) {
        let Self { shared, bot, core, user, .. } = self;
        if matches!(status, 404 | 405) {
            bot.outbox.no_path(notice, *user, time::now());
        } else {
            bot.outbox.has_path(notice);
        }
        shared.metrics.event(*core, EventFate::Delivered);
        tracing::info!(bot = %bot.settings.id, ?notice, user = %format_args!("{:016x}", shared.log_name(user)), status, "event");
    }
}

/// Ends when a call has waited for the events long enough.
async fn held_up(wake: &Notify, until: &mut Option<Instant>) {
    let until = match until {
        Some(until) => *until,
        None => {
            wake.notified().await;
            *until.insert(time::instant() + HOLD_UP)
        }
    };
    sleep_until(until).await;
}
