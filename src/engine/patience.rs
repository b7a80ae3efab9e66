//! How long a caller waits, and what becomes of a turn when they stop (S1 to S3, I7).
//!
//! A turn is polled inside the connection's own future. Only when its caller is answered early or hangs up is the
//! rest of it moved to a tracked task, whole, as the boxed future it is: the platform hangs up at five seconds, just
//! when a slow bot has acted, and hyper drops the handler then. Rejected: a task per call, which the quick nine of
//! ten do not need.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
// A bot that floods uses up the budget that tokio gives a task, and a timer without budget is never over.
use tokio::task::unconstrained;
use tokio::time::sleep_until;

use super::ticket::{Delivery, Expiry, Ticket};
use super::turn::{self, Call, Finished};
use crate::callback::CallbackUrl;
use crate::session::{Late, ReplyBody};
use crate::telemetry::log;
use crate::telemetry::record::{Outcome, PlanKind, TurnRecord};
use crate::time::{self, Instant};
use crate::wire::answer::Answer;

/// A callback token is good for a minute (openbuilder.md 3); a second is left for the way.
const TOKEN: Duration = Duration::from_secs(59);
/// How long a callback that nobody takes is tried. The token would last longer, but until it is given up the answer
/// is nowhere to be read, and a user who writes again should find it parked.
const PERSIST: Duration = Duration::from_secs(6);

/// Answers one call within its deadline.
pub async fn attend(call: Arc<Call>, request_id: Box<str>, callback: Option<CallbackUrl>) -> Bytes {
    let settings = &call.bot.settings;
    let first = match &callback {
        Some(_) => call.arrived + call.bot.callback.after,
        None => call.arrived + settings.deadline,
    };
    let calls_back = callback.is_some();
    let mut turn = UnderWay::new(Arc::clone(&call), request_id, callback);
    tokio::select! {
        biased;
        finished = turn.ended() => return turn.answered(finished),
        () = unconstrained(sleep_until(first)) => {}
    }
    if calls_back {
        if turn.ticket.acknowledge() {
            turn.go_on();
            return Bytes::from(Answer::UseCallback.to_bytes());
        }
        let finished = turn.ended().await;
        return turn.answered(finished);
    }
    let texts = &settings.policy.texts;
    match turn.ticket.expire() {
        Expiry::Claimed => {
            let finished = turn.ended().await;
            turn.answered(finished)
        }
        Expiry::Withdrawn => {
            turn.abandon(PlanKind::None, Outcome::Withdrawn);
            // What it waited for is this user's own earlier turn, nearly always: its answer is on the way.
            call.words_meanwhile(&texts.resend, call.bot.one_at_a_time.is_none())
        }
        Expiry::Idle => {
            turn.abandon(PlanKind::Follow, Outcome::Waits);
            call.words_meanwhile(&texts.wait, true)
        }
        Expiry::GoesOn => {
            turn.go_on();
            call.words_meanwhile(&texts.wait, true)
        }
    }
}

type Ending = Pin<Box<dyn Future<Output = Option<Finished>> + Send>>;

/// A turn and its caller. Dropped by a hang-up, it goes on by itself.
struct UnderWay {
    call: Arc<Call>,
    ticket: Arc<Ticket>,
    request_id: Box<str>,
    callback: Option<CallbackUrl>,
    ending: Option<Ending>,
}

impl UnderWay {
    fn new(call: Arc<Call>, request_id: Box<str>, callback: Option<CallbackUrl>) -> Self {
        let ticket = Arc::new(Ticket::default());
        let ending = Box::pin(survive(Arc::clone(&call), Arc::clone(&ticket)));
        Self { call, ticket, request_id, callback, ending: Some(ending) }
    }

    async fn ended(&mut self) -> Option<Finished> {
        match &mut self.ending {
            Some(ending) => {
                let finished = ending.as_mut().await;
                self.ending = None;
                finished
            }
            None => None,
        }
    }

    /// The caller gets the answer.
    fn answered(&self, finished: Option<Finished>) -> Bytes {
        let texts = &self.call.bot.settings.policy.texts;
        let Some(finished) = finished else {
            return self.call.words(&texts.resend, false);
        };
        let waited = elapsed(self.call.arrived);
        leave_record(&self.call, &self.request_id, &finished, finished.outcome, waited);
        finished.body
    }

    /// The turn is given up: it has not begun.
    fn abandon(&mut self, plan: PlanKind, outcome: Outcome) {
        self.ending = None;
        let finished = Finished::of(plan, outcome, Bytes::new(), &self.ticket);
        leave_record(&self.call, &self.request_id, &finished, outcome, elapsed(self.call.arrived));
    }

    /// The caller has been answered: the rest of the turn becomes a task.
    fn go_on(&mut self) {
        let Some(ending) = self.ending.take() else { return };
        let (call, ticket) = (Arc::clone(&self.call), Arc::clone(&self.ticket));
        let (request_id, callback) = (std::mem::take(&mut self.request_id), self.callback.take());
        let waited = elapsed(call.arrived);
        let tasks = self.call.shared.tasks.clone();
        tasks.track(async move {
            let Some(finished) = outlast(&call, &ticket, ending, callback.is_some()).await else { return };
            let mut finished = finished;
            if let (Delivery::Callback, Some(url)) = (finished.to, &callback) {
                finished.outcome = call_back(&call, url, &mut finished).await;
            }
            leave_record(&call, &request_id, &finished, finished.outcome, waited);
        });
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.ending.is_some() {
            if self.ticket.is_idle() {
                // Nothing of its own to finish; and it must not be given what another call may still read.
                return self.abandon(PlanKind::Follow, Outcome::Waits);
            }
            self.ticket.hang_up();
            self.go_on();
        }
    }
}

/// One turn, with a panic of ours caught: one bug must not drop every user of this core.
async fn survive(call: Arc<Call>, ticket: Arc<Ticket>) -> Option<Finished> {
    match AssertUnwindSafe(turn::run(&call, &ticket)).catch_unwind().await {
        Ok(finished) => finished,
        Err(_) => {
            tracing::error!(bot = %call.bot.settings.id, "a turn panicked: this is a bug of the bridge, please report it");
            let body = call.words(&call.bot.settings.policy.texts.no_reply, false);
            Some(Finished::of(PlanKind::None, Outcome::Panicked, body, &ticket))
        }
    }
}

/// Waits for the end of a turn whose caller has gone. A turn that is still in the line when nothing may be sent any more
/// is taken out; with a callback the user is asked to send again (S1).
async fn outlast(call: &Call, ticket: &Ticket, mut ending: Ending, calls_back: bool) -> Option<Finished> {
    tokio::select! {
        biased;
        finished = &mut ending => return finished,
        () = unconstrained(sleep_until(call.last_send())) => {}
    }
    if !calls_back {
        // Who hung up in the line is not asked for after the time the bot is given: nothing was sent (S1).
        return if ticket.withdraw() { None } else { ending.await };
    }
    if ticket.withdraw() {
        drop(ending);
        let body = call.words(&call.bot.settings.policy.texts.resend, false);
        let mut finished = Finished::of(PlanKind::None, Outcome::Withdrawn, body, ticket);
        finished.to = Delivery::Callback;
        return Some(finished);
    }
    ending.await
}

/// Delivers by callback (S2); what cannot be delivered is parked.
async fn call_back(call: &Call, url: &CallbackUrl, finished: &mut Finished) -> Outcome {
    let until = (call.arrived + TOKEN).min(time::instant() + PERSIST);
    let error = match call.shared.callbacks.post(url, finished.body.clone(), until).await {
        Ok(_) => return Outcome::CalledBack,
        Err(error) => error,
    };
    tracing::warn!(bot = %call.bot.settings.id, %error, "a callback could not be delivered; the answer is parked");
    let sessions = &call.bot.sessions;
    let bytes: usize = finished.pieces.iter().map(ReplyBody::size).sum();
    if finished.pieces.is_empty() || !sessions.may_park(bytes) {
        return Outcome::Lost;
    }
    let (now, undo) = (time::now(), finished.undo.take());
    let late = Late { pieces: std::mem::take(&mut finished.pieces), asked: finished.asked, came: now };
    // Not a turn: the user may be in the middle of the next one, which may take as long as this one did.
    let parks = Arc::clone(sessions).amend(
        &call.inbound.user,
        Box::new(move |session| {
            if let Some(undo) = undo {
                session.unshow(&undo.before, undo.at);
            }
            session.park(late);
        }),
        now,
    );
    if parks { Outcome::CallbackFailed } else { Outcome::Lost }
}

fn elapsed(since: Instant) -> Duration {
    time::instant().saturating_duration_since(since)
}

fn leave_record(call: &Call, request_id: &str, finished: &Finished, outcome: Outcome, answered: Duration) {
    let record = TurnRecord {
        request_id: Box::from(request_id),
        bot: call.bot.settings.id.clone(),
        user: call.shared.log_name(&call.inbound.user),
        plan: finished.plan,
        outcome,
        backend: finished.backend,
        total: elapsed(call.arrived),
        answered,
        problem: finished.problem,
        degradations: finished.degradations,
    };
    call.bot.metrics.turn(call.core, &record);
    log::turn(call.core, record);
}

/// Answers a call that is past a bound (S5) with `words`, and leaves its record.
#[must_use]
pub fn refuse(call: &Call, request_id: &str, words: &str) -> Bytes {
    let body = call.words(words, false);
    let finished = Finished::of(PlanKind::None, Outcome::Busy, body, &Ticket::default());
    leave_record(call, request_id, &finished, Outcome::Busy, elapsed(call.arrived));
    finished.body
}
