//! The life of a turn (design.md 4), from its place in the line to the committed session.
//!
//! [`run`] knows no caller: it returns an answer, never an error, and asks its [`Ticket`] at the end for whom the
//! answer is. So it reads the same whether the caller still waits, was told to wait, or has hung up.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::answer;
use super::life::Life;
use super::ticket::{Delivery, Ticket};
use crate::bot::{Bot, House};
use crate::degradation::Degradations;
use crate::gauge::Place;
use crate::net::CoreId;
use crate::session::{Piece, Plan};
use crate::store::{Begun, Shared, TapId};
use crate::telemetry::record::{Outcome, PlanKind};
use crate::time::{self, Instant, Moment};
use crate::translate::inbound::{Inbound, Says};
use crate::translate::view::View;
use crate::wire::mark::Mark;

/// One call, admitted and understood.
pub struct Call {
    /// What all bots share.
    pub house: Arc<House>,
    /// On which core it came in.
    pub core: CoreId,
    /// For whom.
    pub bot: Arc<Bot>,
    /// What the user means.
    pub inbound: Inbound<'static>,
    /// Quick replies by block, for this call's `bot.id` (K3).
    pub message_block: Option<Box<str>>,
    /// Its first byte.
    pub arrived: Instant,
    /// When the bot is given up.
    pub cut: Instant,
    /// Its place among the turns in flight (S5), given back when the turn ends.
    pub places: Vec<Place>,
}

/// What a turn came to.
#[derive(Debug)]
pub struct Finished {
    /// What the user reads.
    pub body: Bytes,
    /// Where it goes.
    pub to: Delivery,
    /// What was to be done.
    pub plan: PlanKind,
    /// What came of it.
    pub outcome: Outcome,
    /// How long the bot took.
    pub backend: Option<Duration>,
    /// Why it gave nothing usable.
    pub problem: Option<&'static str>,
    /// How the answer differs from the reply.
    pub degradations: Degradations,
    /// What the answer was made from, should a callback fail and it have to be parked.
    pub pieces: Vec<Piece>,
    /// When the bot was asked.
    pub asked: Moment,
}

impl Call {
    /// How this call's answers are shown.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View {
            policy: &self.bot.settings.policy,
            message_block: self.message_block.as_deref(),
            room: self.inbound.room,
        }
    }

    /// Words of ours as an answer, without a session: past a bound, or while the bot still works.
    #[must_use]
    pub fn words(&self, text: &str, late: bool) -> Bytes {
        answer::words(text, None, 0, late, &self.view()).body
    }

    fn tap(&self) -> Option<TapId> {
        // FNV-1a over the tap's words: it only has to tell taps of one user in flight apart.
        let Says::Tap(Mark::Say(words)) = &self.inbound.says else { return None };
        let hash = words.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        TapId::new(hash.max(1))
    }
}

/// Lives one turn. `None` when it was taken out of the line before it began; then nothing was sent and nothing kept.
pub async fn run(call: &Call, ticket: &Ticket) -> Option<Finished> {
    let waits_for_late = matches!(call.inbound.says, Says::Tap(Mark::Late));
    let turn = match Arc::clone(&call.bot.sessions).begin(call.inbound.user, call.tap()) {
        Begun::Turn(turn) => turn,
        Begun::Queued(queued) => {
            if waits_for_late {
                ticket.idle();
            }
            queued.await?
        }
        Begun::Follow(answer) => {
            ticket.idle();
            return follow(call, ticket, answer.await);
        }
        Begun::Full => return Some(bounded(call, ticket)),
    };
    let mut life = Life::new(call, ticket, turn);
    let plan = life.plan().await;
    // Held until the bot has answered. Waiting for it is waiting in a line: nothing was sent yet (I6, S1).
    let alone = match (&plan, &call.bot.one_at_a_time) {
        (Plan::Ask(_), Some(gate)) => Some(gate.acquire().await),
        _ => None,
    };
    if !ticket.begin() {
        return None;
    }
    let finished = match plan {
        Plan::Ask(messages) => life.ask(messages).await,
        Plan::Home => life.home(),
        Plan::Reprompt(prompt) => life.reprompt(prompt),
        Plan::Page(page) => life.page(page),
        Plan::More(part) => life.more(part),
        Plan::Late => life.late(),
        Plan::Handover(label) => life.hand_over(&label),
        Plan::Leave => life.leave(),
    };
    drop(alone);
    Some(finished)
}

/// The same tap was in flight already: its answer is this call's too (I3).
fn follow(call: &Call, ticket: &Ticket, shared: Option<Shared>) -> Option<Finished> {
    if !ticket.begin() {
        return None;
    }
    let texts = &call.view().policy.texts;
    // It was taken out of the line before it began: nothing was sent (S1).
    let shared = shared.unwrap_or_else(|| Shared { body: call.words(&texts.resend, false), pieces: Vec::new() });
    let mut finished = Finished::of(PlanKind::Follow, Outcome::Answered, shared.body, ticket);
    finished.pieces = shared.pieces;
    Some(finished)
}

fn bounded(call: &Call, ticket: &Ticket) -> Finished {
    let body = call.words(&call.view().policy.texts.busy, false);
    Finished::of(PlanKind::None, Outcome::Busy, body, ticket)
}

impl Finished {
    pub(super) fn of(plan: PlanKind, outcome: Outcome, body: Bytes, ticket: &Ticket) -> Self {
        Self {
            body,
            to: ticket.claim(),
            plan,
            outcome,
            backend: None,
            problem: None,
            degradations: Degradations::NONE,
            pieces: Vec::new(),
            asked: time::now(),
        }
    }
}
