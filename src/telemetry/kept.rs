//! The last turns of each bot, for the console (C5), for `/turns` and for `support`.
//!
//! The thread that writes log lines notes them, so a turn pays nothing for it and no core meets another here. A record is
//! kept as it came: nothing is made of it before somebody asks. Of what is told nothing is a user's: no key, not even
//! its hash, no request id, no words.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::record::{Outcome, TurnRecord};
use crate::ids::BotId;
use crate::mutex::lock;

/// Turns of a bot that are kept whatever came of them.
const RECENT: usize = 128;
/// Notable ones that are kept beyond these, so that a busy bot's failures do not go by unseen.
const NOTABLE: usize = 128;
/// Notable turns of all bots that `/turns` tells. Older ones are in the log.
const TOLD: usize = 100;

/// The last turns of a process.
#[derive(Debug, Default)]
pub(super) struct KeptTurns(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// The number of the newest turn; the first has 1.
    newest: u64,
    bots: HashMap<BotId, Rings, foldhash::fast::RandomState>,
}

/// Those of one bot. A record stands in one of the two: what falls out of the first goes to the second, if it is
/// notable; so nothing is ever copied.
#[derive(Debug)]
struct Rings {
    recent: VecDeque<KeptTurn>,
    notable: VecDeque<KeptTurn>,
}

/// One turn, with its place in the order of all.
#[derive(Debug, Clone)]
pub(crate) struct KeptTurn {
    pub(crate) number: u64,
    pub(crate) at: SystemTime,
    pub(crate) record: TurnRecord,
}

/// A part of the list.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// The newest come first.
    pub(crate) turns: Vec<KeptTurn>,
    /// The number of the newest turn of all, to ask for what comes behind it.
    pub(crate) newest: u64,
}

/// A notable turn as `/turns` tells it.
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

impl TurnRecord {
    /// Whether the user read something else than the bot's reply as it was.
    #[must_use]
    pub(crate) fn is_notable(&self) -> bool {
        let end = &self.end;
        let as_usual = matches!(end.outcome, Outcome::Answered | Outcome::Shared | Outcome::CalledBack);
        !as_usual || end.problem.is_some() || !end.degradations.is_empty()
    }
}

impl KeptTurns {
    /// Keeps a turn.
    pub(super) fn note(&self, at: SystemTime, record: TurnRecord) {
        let mut kept = lock(&self.0);
        kept.newest += 1;
        let number = kept.newest;
        if !kept.bots.contains_key(&record.bot) {
            kept.bots.insert(record.bot.clone(), Rings::new());
        }
        if let Some(rings) = kept.bots.get_mut(&record.bot) {
            rings.push(KeptTurn { number, at, record });
        }
    }

    /// At most `most` of those that came behind the one of number `after` and are wanted.
    pub(super) fn list(&self, after: u64, most: usize, wanted: impl Fn(&TurnRecord) -> bool) -> Listed {
        let kept = lock(&self.0);
        let mut found: Vec<&KeptTurn> = Vec::new();
        for rings in kept.bots.values() {
            // The newest stand at the end of a ring, and no ring has more wanted ones than `most` of all.
            let newest_first = rings.recent.iter().rev().chain(rings.notable.iter().rev());
            let newer = newest_first.take_while(|turn| turn.number > after);
            found.extend(newer.filter(|turn| wanted(&turn.record)).take(most));
        }
        found.sort_unstable_by_key(|turn| std::cmp::Reverse(turn.number));
        Listed { turns: found.into_iter().take(most).cloned().collect(), newest: kept.newest }
    }

    /// The last notable ones, the oldest first.
    pub(super) fn notable(&self) -> Vec<NotableTurn> {
        let listed = self.list(0, TOLD, TurnRecord::is_notable);
        listed.turns.iter().rev().map(NotableTurn::of).collect()
    }
}

impl Rings {
    fn new() -> Self {
        Self { recent: VecDeque::with_capacity(RECENT), notable: VecDeque::new() }
    }

    fn push(&mut self, turn: KeptTurn) {
        let oldest = if self.recent.len() >= RECENT { self.recent.pop_front() } else { None };
        self.recent.push_back(turn);
        if let Some(oldest) = oldest.filter(|turn| turn.record.is_notable()) {
            if self.notable.len() >= NOTABLE {
                self.notable.pop_front();
            }
            self.notable.push_back(oldest);
        }
    }
}

impl KeptTurn {
    /// When it ended, in milliseconds since the Unix epoch.
    #[must_use]
    pub(crate) fn at_millis(&self) -> u64 {
        self.at.duration_since(UNIX_EPOCH).map_or(0, millis)
    }
}

impl NotableTurn {
    fn of(turn: &KeptTurn) -> Self {
        let (record, end) = (&turn.record, &turn.record.end);
        Self {
            at_millis: turn.at_millis(),
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

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RequestId;
    use crate::telemetry::record::TurnEnd;

    fn record(bot: &str, outcome: Outcome) -> TurnRecord {
        TurnRecord {
            request_id: RequestId::Given("someones-id".into()),
            bot: BotId::parse(bot).unwrap(),
            user: 7,
            total: Duration::from_millis(20),
            answered: Duration::from_millis(12),
            end: TurnEnd::of(outcome),
        }
    }

    fn at(second: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(second)
    }

    fn numbers(listed: &Listed) -> Vec<u64> {
        listed.turns.iter().map(|turn| turn.number).collect()
    }

    #[test]
    fn the_last_hundred_notable_turns_are_told_without_anything_of_a_user() {
        let turns = KeptTurns::default();
        turns.note(UNIX_EPOCH, record("shop", Outcome::Answered));
        assert!(turns.notable().is_empty(), "a usual turn is not notable");
        for second in 0..150 {
            turns.note(at(second), record("shop", Outcome::NoReply));
        }
        let told = turns.notable();
        assert_eq!((told.len(), told[0].at_millis, told[99].at_millis), (TOLD, 50_000, 149_000));
        let told = serde_json::to_string(&told).unwrap();
        assert!(told.contains(r#""outcome":"no_reply","answered_ms":12"#), "{told}");
        assert!(!told.contains("someones-id") && !told.contains("user"), "{told}");
    }

    #[test]
    fn a_failure_outlasts_thousands_of_usual_turns_and_all_of_it_is_bounded() {
        let turns = KeptTurns::default();
        turns.note(at(0), record("shop", Outcome::NoReply));
        for second in 1..10_000 {
            turns.note(at(second), record("shop", Outcome::Answered));
        }
        let all = turns.list(0, 1_000, |_| true);
        assert_eq!((all.turns.len(), all.newest), (RECENT + 1, 10_000));
        assert_eq!((all.turns[0].number, all.turns[RECENT].number), (10_000, 1));
        for second in 0..10_000 {
            turns.note(at(second), record("shop", Outcome::Busy));
        }
        assert_eq!(turns.list(0, 1_000, |_| true).turns.len(), RECENT + NOTABLE);
    }

    #[test]
    fn a_list_goes_on_behind_a_number_and_over_all_bots_in_their_order() {
        let turns = KeptTurns::default();
        for (second, bot) in ["shop", "school", "shop", "school"].iter().enumerate() {
            turns.note(at(second as u64), record(bot, Outcome::Answered));
        }
        assert_eq!(numbers(&turns.list(0, 9, |_| true)), [4, 3, 2, 1]);
        assert_eq!(numbers(&turns.list(2, 9, |_| true)), [4, 3]);
        assert_eq!(numbers(&turns.list(0, 3, |_| true)), [4, 3, 2]);
        assert_eq!(numbers(&turns.list(0, 9, |record| record.bot.as_str() == "shop")), [3, 1]);
        let none = turns.list(4, 9, |_| true);
        assert!(none.turns.is_empty() && none.newest == 4);
    }
}
