//! The life of a turn, from its place in the line to the committed session.
//!
//! [`run`] knows no caller: it returns an answer, never an error, and asks its [`Ticket`] at the end for whom the
//! answer is. So it reads the same whether the caller still waits, was told to wait, or has hung up.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::answer;
use super::life::{Failures, Life};
use super::ticket::{Delivery, Ticket};
use crate::bot::Bot;
use crate::concurrency::Permit;
use crate::degradation::Degradations;
use crate::net::CoreId;
use crate::session::{Current, Late, Plan, ReplyBody, Session};
use crate::shared::Shared;
use crate::store::{Begun, SharedAnswer, TapId};
use crate::telemetry::record::{Outcome, PlanKind};
use crate::time::{self, Instant, Moment};
use crate::translate::inbound::{Inbound, UserInput};
use crate::translate::view::View;
use crate::wire::mark::Mark;

/// A message that leaves so soon after its call has not waited in a line: a thread's delay, and no more.
const AT_ONCE: Duration = Duration::from_millis(100);

/// One call, admitted and understood.
pub struct Call {
    /// What all bots share.
    pub shared: Arc<Shared>,
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
    pub places: Vec<Permit>,
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
    pub pieces: Vec<ReplyBody>,
    /// When the bot was asked.
    pub asked: Moment,
    /// What the session was before an answer that goes by callback was noted down as shown.
    pub undo: Option<Undo>,
}

/// How to take back that something was shown, when it never arrives (S2).
#[derive(Debug)]
pub struct Undo {
    /// What counted before.
    pub before: Session,
    /// When it was noted down.
    pub at: Moment,
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

    /// The last moment at which a message may leave: from then on less than a full deadline remains before the bot is
    /// given up (S1). A call that has not been answered yet may always ask within its own deadline.
    #[must_use]
    pub fn last_send(&self) -> Instant {
        let deadline = self.bot.settings.deadline;
        let first_answer = self.arrived + deadline;
        self.cut.checked_sub(deadline).map_or(first_answer, |last| last.max(first_answer))
    }

    /// When a bot that is asked at `asked` has had a full deadline (S4). What left at once shares the caller's own.
    #[must_use]
    pub fn overdue_after(&self, asked: Instant) -> Instant {
        let since = if asked <= self.arrived + AT_ONCE { self.arrived } else { asked };
        since + self.bot.settings.deadline
    }

    /// When the bot is given up that is asked at `asked`: it has a full deadline in any case (S1).
    #[must_use]
    pub fn cut_after(&self, asked: Instant) -> Instant {
        self.cut.max(asked + self.bot.settings.deadline)
    }

    /// Words of ours as an answer, without a session: past a bound, or while the bot still works.
    #[must_use]
    pub fn words(&self, text: &str, late: bool) -> Bytes {
        answer::words(text, None, 0, late, &self.view()).body
    }

    /// Words of ours while this user's turn goes on: beside `답변 보기` stands the keyboard that counts, so that a bot
    /// that hangs on one path does not lock its user out of the others (S3).
    #[must_use]
    pub fn words_meanwhile(&self, text: &str, late: bool) -> Bytes {
        let session = self.bot.sessions.look(&self.inbound.user);
        let (keyboard, page) = match session.current(time::now()) {
            Current::Free => (None, 0),
            Current::Shown(_) => (session.last_keyboard().cloned(), session.page()),
            Current::Home(_) => (self.bot.home.last(), 0),
        };
        answer::words(text, keyboard.as_deref(), page, late, &self.view()).body
    }

    /// Whether it wants nothing but what is late: tapped, or typed where nothing can be tapped (I10).
    fn waits_for_late(&self) -> bool {
        match &self.inbound.says {
            UserInput::Tap(mark) => *mark == Mark::Late,
            UserInput::Words(words) => **words == *self.view().policy.texts.late_label,
            UserInput::Media(_) | UserInput::Home | UserInput::Nothing | UserInput::Leave => false,
        }
    }

    fn tap(&self) -> Option<TapId> {
        // FNV-1a over the tap's words: it only has to tell taps of one user in flight apart.
        let UserInput::Tap(Mark::Say(words)) = &self.inbound.says else { return None };
        let hash = words.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        TapId::new(hash.max(1))
    }
}

/// Lives one turn. `None` when it was taken out of the line before it began; then nothing was sent and nothing kept.
pub async fn run(call: &Call, ticket: &Ticket) -> Option<Finished> {
    let turn = loop {
        match Arc::clone(&call.bot.sessions).begin(call.inbound.user, call.tap()) {
            Begun::Turn(turn) => break turn,
            Begun::Queued(queued) => {
                if call.waits_for_late() {
                    ticket.idle();
                }
                break queued.await?;
            }
            Begun::Follow(answer) => {
                ticket.idle();
                if let Some(shared) = answer.await {
                    return Some(follow(ticket, shared));
                }
                // The first tap was taken out of the line, or died: this one stands for itself.
                ticket.busy();
            }
            Begun::Full => return Some(bounded(call, ticket)),
        }
    };
    let mut life = Life::new(call, ticket, turn);
    let plan = life.plan().await;
    // Held until the bot has answered. Waiting for it is waiting in a line: nothing was sent yet (I6, S1).
    let alone = match (&plan, &call.bot.one_at_a_time) {
        (Plan::Ask(_) | Plan::Forward(_), Some(gate)) => Some(gate.acquire().await),
        _ => None,
    };
    if !ticket.begin() {
        return None;
    }
    let finished = match plan {
        Plan::Ask(messages) => life.ask(messages, Failures::Count).await,
        Plan::Forward(messages) => life.forward(messages).await,
        Plan::Leave => life.leave(),
        // Whoever hung up has read nothing: what waits for them goes on waiting.
        _ if ticket.is_unread() => life.unread(),
        Plan::Home => life.home(),
        Plan::Reprompt(prompt) => life.reprompt(prompt),
        Plan::Page(page) => life.page(page),
        Plan::More(part) => life.more(part),
        Plan::Late => life.late(),
        Plan::Handover(label) => life.hand_over(&label),
    };
    drop(alone);
    Some(finished)
}

/// The same tap was in flight already: its answer is this call's too (I3).
fn follow(ticket: &Ticket, shared: SharedAnswer) -> Finished {
    let SharedAnswer { body, late: Late { pieces, asked, .. }, .. } = shared;
    let mut finished = Finished::of(PlanKind::Follow, Outcome::Answered, body, ticket);
    (finished.pieces, finished.asked) = (pieces, asked);
    finished
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
            undo: None,
        }
    }
}
