//! How long a caller waits, and what becomes of a turn when they stop (S1 to S3, I7).
//!
//! A turn is polled inside the connection's own future. Only when its caller is answered early or hangs up is the
//! rest of it moved to a tracked task, whole, as the boxed future it is: the platform hangs up at five seconds, just
//! when a slow bot has acted, and hyper drops the handler then. Rejected: a task per call, which the quick nine of
//! ten do not need.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
// A bot that floods uses up the budget that tokio gives a task, and a timer without budget is never over.
use tokio::task::unconstrained;
use tokio::time::sleep_until;

use super::call::{Call, CallbackTo};
use super::debts;
use super::delivery::{Event, State};
use super::turn;
use crate::backend_problem::BackendProblem;
use crate::net::peer::Closed;
use crate::telemetry::record::{Outcome, PlanKind, TurnEnd};
use crate::wire::answer::Answer;

/// Answers one call within its deadline.
pub(crate) async fn serve(call: Arc<Call>) -> Bytes {
    let mut turn = AttendedTurn::new(Arc::clone(&call));
    let by = call.first_answer_by();
    tokio::select! {
        biased;
        // First: where the bot's answer and the caller's end have come in the same moment, nobody reads the answer.
        closed = closed(&call) => {
            if closed == Closed::Reset {
                // Dropping the turn is hanging up.
                return Bytes::new();
            }
            call.half_closed.set();
            tokio::select! {
                biased;
                answer = turn.ended() => return answer,
                answer = call.half_closed.answer() => {
                    turn.finish_detached();
                    return answer;
                }
                () = unconstrained(sleep_until(by)) => {}
            }
        }
        answer = turn.ended() => return answer,
        () = unconstrained(sleep_until(by)) => {}
    }
    let texts = call.texts();
    let event = match &call.arrival.callback {
        Some(_) => Event::Acknowledge,
        // Most callers who have closed their side are gone: a message in the line must not depend on their reading.
        None if call.half_closed.is_set() => Event::HangUp,
        None => Event::Deadline,
    };
    match call.delivery.on(event) {
        // The answer is claimed for the caller: it is there at once, or in doubt.
        Err(_) => tokio::select! {
            answer = turn.ended() => answer,
            answer = call.half_closed.answer() => {
                turn.finish_detached();
                answer
            }
        },
        Ok(_) if event == Event::Acknowledge => {
            if let Some(CallbackTo::Kakao(url)) = call.arrival.callback.as_ref().filter(|_| debts::keeps(&call.bot)) {
                Box::pin(debts::owe(&call, url)).await;
            }
            turn.finish_detached();
            Answer::UseCallback.to_bytes()
        }
        Ok(State::Running(_)) => {
            turn.finish_detached();
            call.words_meanwhile(&texts.wait, true)
        }
        // It waited for the answer of another turn: the user may simply ask again.
        Ok(State::Following(_)) => {
            turn.give_up(followed());
            call.words_meanwhile(&texts.wait, true)
        }
        Ok(_) if call.waits_for_late() => {
            turn.give_up(TurnEnd::of(Outcome::Waits));
            call.words_meanwhile(&texts.wait, true)
        }
        // It keeps its place in the line. A caller who still reads finds its outcome behind the tap (I7).
        Ok(_) if event == Event::HangUp => {
            turn.finish_detached();
            call.words_meanwhile(&texts.wait, true)
        }
        Ok(state) => {
            turn.give_up(unsent(state));
            // Behind this user's own earlier turn its answer is on the way; else it waited for others.
            call.words_meanwhile(&texts.resend, !matches!(state, State::First(_)))
        }
    }
}

/// Waits until the caller has closed their side.
async fn closed(call: &Call) -> Closed {
    match &call.arrival.peer {
        Some(peer) => peer.closed().await,
        None => std::future::pending().await,
    }
}

/// The end of a turn that was taken out of the line.
fn unsent(state: State) -> TurnEnd {
    let busy = || (BackendProblem::Queued, Box::from("the bot was busy with others until no full deadline remained"));
    TurnEnd { problem: matches!(state, State::First(_)).then(busy), ..TurnEnd::of(Outcome::Withdrawn) }
}

/// The end of a call that waited for the answer of another turn.
fn followed() -> TurnEnd {
    TurnEnd { plan: PlanKind::Follow, ..TurnEnd::of(Outcome::Waits) }
}

type Ending = Pin<Box<dyn Future<Output = Option<Bytes>> + Send>>;

/// A turn and its caller. Dropped by a hang-up, it goes on by itself.
struct AttendedTurn {
    call: Arc<Call>,
    ending: Option<Ending>,
}

impl AttendedTurn {
    fn new(call: Arc<Call>) -> Self {
        // Written into its box as it is made: `Box::pin` would make it elsewhere and copy them.
        let ending = Box::into_pin(Box::write(Box::new_uninit(), catch_panic(Arc::clone(&call))));
        Self { call, ending: Some(ending) }
    }

    async fn ended(&mut self) -> Bytes {
        let Some(ending) = &mut self.ending else { return Bytes::new() };
        let answer = ending.as_mut().await;
        self.ending = None;
        answer.unwrap_or_else(|| self.call.words(&self.call.texts().resend))
    }

    /// The turn is given up: it has not begun.
    fn give_up(&mut self, end: TurnEnd) {
        self.ending = None;
        self.call.record(end);
    }

    /// The caller has been answered: the rest of the turn becomes a task.
    fn finish_detached(&mut self) {
        if let Some(ending) = self.ending.take() {
            self.call.shared.tasks.track(run_to_end(Arc::clone(&self.call), ending));
        }
    }
}

impl Drop for AttendedTurn {
    fn drop(&mut self) {
        if self.ending.is_none() {
            return;
        }
        match self.call.delivery.on(Event::HangUp) {
            Ok(State::Following(_)) => self.give_up(followed()),
            Ok(_) | Err(_) => self.finish_detached(),
        }
    }
}

/// One turn, with a panic of ours caught: one bug must not drop every user of this core.
async fn catch_panic(call: Arc<Call>) -> Option<Bytes> {
    if let Ok(answer) = AssertUnwindSafe(turn::run(&call)).catch_unwind().await {
        return answer;
    }
    tracing::error!(bot = %call.bot.settings.id, "a turn panicked: this is a bug of the bridge, please report it");
    let body = call.words(&call.texts().no_reply);
    let _parked_by_nobody = Box::pin(call.deliver_alone(&body)).await;
    call.record(TurnEnd::of(Outcome::Panicked));
    Some(body)
}

/// Waits for the end of a turn whose caller has gone. With a callback, a turn that is still in the line when nothing
/// may be sent any more is taken out, and the user is asked to send again (S1). A user whose caller hung up in the line
/// finds that request behind `답변 보기`, after their turn.
async fn run_to_end(call: Arc<Call>, mut ending: Ending) {
    if call.arrival.callback.is_some() {
        tokio::select! {
            biased;
            _ended = &mut ending => return,
            () = unconstrained(sleep_until(call.last_send())) => {}
        }
        if let Ok(state) = call.delivery.on(Event::Withdraw) {
            drop(ending);
            if !Box::pin(call.deliver_alone(&call.words(&call.texts().resend))).await {
                Box::pin(turn::park_unsent(&call)).await;
            }
            return call.record(unsent(state));
        }
    }
    ending.await;
}
