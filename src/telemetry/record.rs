//! The record of a turn: from it the log line and the metrics are made, so they never disagree.
//!
//! No words, no user key, no callback token: the user is a keyed hash.

use std::time::Duration;

use tracing::Level;

use crate::backend_problem::BackendProblem;
use crate::degradation::{Degradation, Degradations};
use crate::ids::{BotId, RequestId};
use crate::named::named;

named! {
    /// The plan of a turn.
    pub(crate) enum PlanKind {
        /// It never came to a plan: a bound was reached or the deadline passed in the line.
        None "none",
        /// The bot was asked.
        Ask "ask",
        /// The home keyboard was shown.
        Home "home",
        /// The current keyboard was shown again.
        Reprompt "reprompt",
        /// Another page of it.
        Page "page",
        /// The rest of a long reply.
        More "more",
        /// A late reply.
        Late "late",
        /// A human was called.
        Handover "handover",
        /// The conversation ended.
        Leave "leave",
        /// The same tap was in flight already.
        Follow "follow",
    }
}

named! {
    /// The outcome of a turn.
    pub(crate) enum Outcome {
        /// The user read the answer in time.
        Answered "answered",
        /// The bot gave no usable reply; the user read so in time.
        NoReply "no_reply",
        /// The breaker was open.
        Outage "outage",
        /// Past a bound.
        Busy "busy",
        /// The deadline passed in the line; the user was asked to send again.
        Withdrawn "withdrawn",
        /// The call only waited for another turn's answer, which takes longer; the user may ask again.
        Waits "waits",
        /// The answer came late and is parked.
        Parked "parked",
        /// It came late and there was no room to park it, or nothing to park.
        Lost "lost",
        /// It came late, and a second call that waited for it took it.
        Shared "shared",
        /// It was delivered by callback.
        CalledBack "called_back",
        /// The callback failed; the answer is parked.
        CallbackFailed "callback_failed",
        /// A bug of ours: the turn panicked.
        Panicked "panicked",
    }
}

impl PlanKind {
    /// Whether a turn of this plan can come to this. These pairs stand in `/metrics` from the start, the others never.
    #[must_use]
    pub(crate) const fn can_come_to(self, outcome: Outcome) -> bool {
        use Outcome::{
            Answered, Busy, CallbackFailed, CalledBack, Lost, NoReply, Outage, Panicked, Parked, Shared, Waits,
            Withdrawn,
        };
        let not_read_by_its_caller = matches!(outcome, CalledBack | CallbackFailed | Shared | Lost);
        match self {
            Self::None => not_read_by_its_caller || matches!(outcome, Busy | Withdrawn | Waits | Panicked),
            Self::Ask => not_read_by_its_caller || matches!(outcome, Answered | NoReply | Outage | Parked),
            Self::Home => not_read_by_its_caller || matches!(outcome, Answered | Outage),
            Self::Reprompt | Self::Page | Self::More | Self::Late | Self::Handover | Self::Leave => {
                not_read_by_its_caller || matches!(outcome, Answered)
            }
            Self::Follow => matches!(outcome, Answered | Withdrawn | Waits | CalledBack | Lost),
        }
    }
}

/// The end of a turn.
#[derive(Debug, Clone)]
pub(crate) struct TurnEnd {
    /// The plan of a turn.
    pub(crate) plan: PlanKind,
    /// The outcome of a turn.
    pub(crate) outcome: Outcome,
    /// How long the bot took, where it was asked.
    pub(crate) backend: Option<Duration>,
    /// Why the bot gave no usable reply, and for operators what came. Never words of users.
    pub(crate) problem: Option<(BackendProblem, Box<str>)>,
    /// How the answer differs from the reply.
    pub(crate) degradations: Degradations,
}

impl Default for TurnEnd {
    fn default() -> Self {
        Self {
            plan: PlanKind::None,
            outcome: Outcome::Answered,
            backend: None,
            problem: None,
            degradations: Degradations::NONE,
        }
    }
}

impl TurnEnd {
    /// A turn that came to `outcome` before it came to a plan.
    #[must_use]
    pub(crate) fn of(outcome: Outcome) -> Self {
        Self { outcome, ..Self::default() }
    }

    /// Whether the bot gave a usable reply, in time or late.
    #[must_use]
    pub(crate) const fn has_reply(&self) -> bool {
        self.backend.is_some() && !self.degradations.has(Degradation::NoReply)
    }
}

/// The record of a turn.
#[derive(Debug, Clone)]
pub(crate) struct TurnRecord {
    /// `X-Request-Id` of the call, or one of our own.
    pub(crate) request_id: RequestId,
    /// Which bot.
    pub(crate) bot: BotId,
    /// Keyed hash of the user key.
    pub(crate) user: u64,
    /// From the first byte of the call to the end of the turn.
    pub(crate) total: Duration,
    /// From the first byte of the call to its answer: the time that the user waited.
    pub(crate) answered: Duration,
    /// Its end.
    pub(crate) end: TurnEnd,
}

/// Emits the line of a turn at a level that is known when it is compiled.
macro_rules! line_of_turn {
    ($level:ident, $record:expr) => {{
        let TurnRecord { request_id, bot, user, total, answered, end } = $record;
        let problem = end.problem.as_ref();
        tracing::$level!(
            target: "smartchat_bridge::turn",
            request_id = %request_id,
            bot = %bot,
            user = %format_args!("{user:016x}"),
            plan = end.plan.as_str(),
            outcome = end.outcome.as_str(),
            backend_ms = end.backend.as_ref().map(millis),
            answered_ms = millis(answered),
            total_ms = millis(total),
            problem = problem.map(|(problem, _)| problem.as_str()),
            detail = problem.map(|(_, detail)| &**detail),
            degradations = (!end.degradations.is_empty()).then(|| tracing::field::display(end.degradations)),
            "turn"
        );
    }};
}

impl TurnRecord {
    /// The log line: a warning where the user has read that the bot gave no answer.
    pub(crate) fn log(&self) {
        if self.level() == Level::WARN { line_of_turn!(warn, self) } else { line_of_turn!(info, self) }
    }

    /// Its level.
    pub(super) fn level(&self) -> Level {
        let failed = matches!(self.end.outcome, Outcome::NoReply | Outcome::Panicked | Outcome::Lost);
        if failed { Level::WARN } else { Level::INFO }
    }
}

fn millis(duration: &Duration) -> f64 {
    u64::try_from(duration.as_micros()).map_or(f64::MAX, |micros| micros as f64 / 1000.0)
}
