//! What one turn leaves behind: from it the log line, the metrics and the inspector are made, so they never disagree.
//!
//! No words, no user key, no callback token: the user is a keyed hash.

use std::time::Duration;

use crate::degradation::Degradations;
use crate::ids::BotId;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$each])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word for logs and metrics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

named! {
    /// What was to be done.
    PlanKind {
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
    /// What came of it.
    Outcome {
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

/// What one turn leaves behind.
#[derive(Debug, Clone)]
pub struct TurnRecord {
    /// `X-Request-Id` of the call, or one of our own.
    pub request_id: Box<str>,
    /// Which bot.
    pub bot: BotId,
    /// Keyed hash of the user key.
    pub user: u64,
    /// What was to be done.
    pub plan: PlanKind,
    /// What came of it.
    pub outcome: Outcome,
    /// How long the bot took, where it was asked.
    pub backend: Option<Duration>,
    /// From the first byte of the call to the end of the turn.
    pub total: Duration,
    /// From the first byte of the call to its answer: what the user waited.
    pub answered: Duration,
    /// Why the bot gave no usable reply: one of a fixed few words.
    pub problem: Option<&'static str>,
    /// How the answer differs from the reply.
    pub degradations: Degradations,
}

impl TurnRecord {
    /// The log line.
    pub fn log(&self) {
        let Self { request_id, bot, user, plan, outcome, backend, total, answered, problem, degradations } = self;
        let millis =
            |duration: &Duration| u64::try_from(duration.as_micros()).map_or(f64::MAX, |us| us as f64 / 1000.0);
        tracing::info!(
            target: "smartchat_bridge::turn",
            request_id = %request_id,
            bot = %bot,
            user = %format_args!("{user:016x}"),
            plan = plan.as_str(),
            outcome = outcome.as_str(),
            backend_ms = backend.as_ref().map(millis),
            answered_ms = millis(answered),
            total_ms = millis(total),
            problem = *problem,
            degradations = (!degradations.is_empty()).then(|| tracing::field::display(degradations)),
            "turn"
        );
    }
}
