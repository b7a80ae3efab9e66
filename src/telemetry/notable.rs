//! The last turns that an operator would ask about, for the operators' listener and for `support`.
//!
//! The thread that writes log lines notes them, so a turn pays nothing for it and no core meets another here. Nothing of
//! a user is in them: no key, not even its hash, no request id, no words.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::record::{Outcome, TurnRecord};
use crate::mutex::lock;

/// Turns that are kept. Older ones are in the log.
const KEPT: usize = 100;

/// The last notable turns of a process, with their times. A record is kept as it came: nothing is made of it before
/// somebody asks.
#[derive(Debug, Default)]
pub(super) struct NotableTurns(Mutex<VecDeque<(SystemTime, TurnRecord)>>);

/// One of them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NotableTurn {
    /// Milliseconds since the Unix epoch.
    at_millis: u64,
    bot: String,
    plan: &'static str,
    outcome: &'static str,
    answered_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    degradations: Vec<&'static str>,
}

/// Whether the user read something else than the bot's reply as it was.
fn is_notable(record: &TurnRecord) -> bool {
    let end = &record.end;
    let as_usual = matches!(end.outcome, Outcome::Answered | Outcome::Shared | Outcome::CalledBack);
    !as_usual || end.problem.is_some() || !end.degradations.is_empty()
}

impl NotableTurns {
    /// Keeps the turn if it is one.
    pub(super) fn note(&self, at: SystemTime, record: TurnRecord) {
        if !is_notable(&record) {
            return;
        }
        let mut turns = lock(&self.0);
        if turns.len() >= KEPT {
            turns.pop_front();
        }
        turns.push_back((at, record));
    }

    /// All that are kept, the oldest first.
    pub(super) fn list(&self) -> Vec<NotableTurn> {
        lock(&self.0).iter().map(|(at, record)| NotableTurn::of(*at, record)).collect()
    }
}

impl NotableTurn {
    fn of(at: SystemTime, record: &TurnRecord) -> Self {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let end = &record.end;
        Self {
            at_millis: at.duration_since(UNIX_EPOCH).map_or(0, millis),
            bot: record.bot.as_str().to_owned(),
            plan: end.plan.as_str(),
            outcome: end.outcome.as_str(),
            answered_ms: millis(record.answered),
            backend_ms: end.backend.map(millis),
            problem: end.problem.as_ref().map(|(problem, _)| problem.as_str()),
            degradations: end.degradations.iter().map(|degradation| degradation.code()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{BotId, RequestId};
    use crate::telemetry::record::TurnEnd;

    fn record(outcome: Outcome) -> TurnRecord {
        TurnRecord {
            request_id: RequestId::Given("someones-id".into()),
            bot: BotId::parse("shop").unwrap(),
            user: 7,
            total: Duration::from_millis(20),
            answered: Duration::from_millis(12),
            end: TurnEnd::of(outcome),
        }
    }

    #[test]
    fn the_last_hundred_notable_turns_are_kept_without_anything_of_a_user() {
        let turns = NotableTurns::default();
        turns.note(UNIX_EPOCH, record(Outcome::Answered));
        assert!(turns.list().is_empty(), "a usual turn is not notable");
        for second in 0..150 {
            turns.note(UNIX_EPOCH + Duration::from_secs(second), record(Outcome::NoReply));
        }
        let kept = turns.list();
        assert_eq!((kept.len(), kept[0].at_millis, kept[99].at_millis), (KEPT, 50_000, 149_000));
        let told = serde_json::to_string(&kept).unwrap();
        assert!(told.contains(r#""outcome":"no_reply","answered_ms":12"#), "{told}");
        assert!(!told.contains("someones-id") && !told.contains("user"), "{told}");
    }
}
