//! One sentence for why a turn came to its end, from its record alone.

use crate::backend_problem::BackendProblem;
use crate::degradation::Degradation;
use crate::messages::{Message, why as words};
use crate::telemetry::record::{Outcome, PlanKind, TurnEnd};

/// Why. What came of a turn says more than what was to be done, so it is looked at first.
#[must_use]
pub(crate) fn why(end: &TurnEnd) -> Message {
    let reason = end.problem.as_ref().map(|(reason, _)| problem(*reason));
    match end.outcome {
        Outcome::Answered => answered(end),
        Outcome::NoReply => reason.map_or_else(words::in_vain_untold, words::in_vain),
        Outcome::Outage if end.plan == PlanKind::Home => words::home_outage(),
        Outcome::Outage => words::outage(),
        Outcome::Busy => words::busy(),
        Outcome::Withdrawn if end.plan == PlanKind::Follow => words::follower_withdrawn(),
        Outcome::Withdrawn => words::withdrawn(),
        Outcome::Waits => words::waits(),
        Outcome::Parked => words::parked(),
        Outcome::Lost => reason.map_or_else(words::lost, words::lost_for),
        Outcome::Shared => words::shared(),
        Outcome::CalledBack => reason.map_or_else(words::called_back, words::called_back_in_vain),
        Outcome::CallbackFailed => words::callback_failed(),
        Outcome::Panicked => words::panicked(),
    }
}

fn answered(end: &TurnEnd) -> Message {
    let differences = end.degradations.iter().count();
    match end.plan {
        PlanKind::Ask if end.degradations.has(Degradation::NoMessage) => words::replied_without_message(),
        PlanKind::Ask => match differences {
            0 => words::replied(),
            1 => words::replied_one_otherwise(),
            more => words::replied_otherwise(more),
        },
        PlanKind::Home if differences > 0 => words::home_otherwise(differences),
        PlanKind::Home => words::home(),
        PlanKind::Reprompt => words::reprompt(),
        PlanKind::Page => words::page(),
        PlanKind::More => words::rest(),
        PlanKind::Late => words::late(),
        PlanKind::Handover => words::handover(),
        PlanKind::Leave => words::leave(),
        PlanKind::Follow => words::followed(),
        PlanKind::None => words::answered_at_once(),
    }
}

/// What the bot did instead of replying, as a part of a sentence.
#[must_use]
pub(crate) fn problem(problem: BackendProblem) -> Message {
    match problem {
        BackendProblem::Unresolved => words::dns(),
        BackendProblem::NoFiles => words::no_files(),
        BackendProblem::Queued => words::queued(),
        BackendProblem::Unreachable => words::unreachable(),
        BackendProblem::Tls => words::tls(),
        BackendProblem::Untrusted => words::untrusted(),
        BackendProblem::TimedOut => words::timed_out(),
        BackendProblem::Cut => words::cut(),
        BackendProblem::Malformed => words::malformed(),
        BackendProblem::TooLarge => words::too_large(),
        BackendProblem::Status => words::bad_status(),
        BackendProblem::Empty => words::empty(),
        BackendProblem::NotJson => words::not_json(),
        BackendProblem::NotAnObject => words::not_an_object(),
        BackendProblem::Foreign => words::foreign(),
        BackendProblem::TooDeep => words::too_deep(),
        BackendProblem::TooMany => words::too_many(),
        BackendProblem::TooLong => words::too_long(),
        BackendProblem::NoTime => words::no_time(),
    }
}

/// The shortest reply of the old platform, for those who have to write one (legacy.md 2).
const EXAMPLE: &str = r#"{"message":{"text":"…"}}"#;

/// What is to be done about a turn whose answer was none, or came late. `None` where nothing is.
#[must_use]
pub(crate) fn mend(end: &TurnEnd) -> Option<Message> {
    let Some((problem, detail)) = &end.problem else {
        return is_late(end.outcome).then(words::mend_late);
    };
    Some(match problem {
        BackendProblem::Unresolved => words::mend_name(),
        BackendProblem::NoFiles => words::mend_files(),
        BackendProblem::Queued | BackendProblem::NoTime => words::mend_queue(),
        BackendProblem::Unreachable => words::mend_address(),
        BackendProblem::Tls | BackendProblem::Untrusted => words::mend_tls(),
        BackendProblem::TimedOut => words::mend_hanging(),
        BackendProblem::Status if detail.starts_with("status 3") => words::mend_redirect(),
        BackendProblem::Status => words::mend_status(),
        BackendProblem::Cut
        | BackendProblem::Malformed
        | BackendProblem::Empty
        | BackendProblem::NotJson
        | BackendProblem::NotAnObject
        | BackendProblem::Foreign => words::mend_body(EXAMPLE),
        BackendProblem::TooLarge | BackendProblem::TooDeep | BackendProblem::TooMany | BackendProblem::TooLong => {
            words::mend_size()
        }
    })
}

/// The user was told to wait, because the bot had not answered in time.
#[must_use]
pub(crate) fn is_late(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Parked | Outcome::Waits | Outcome::Shared)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::degradation::Degradations;
    use crate::messages::Language;
    use std::collections::BTreeSet;

    fn end(plan: PlanKind, outcome: Outcome) -> TurnEnd {
        TurnEnd { plan, outcome, ..TurnEnd::default() }
    }

    /// Every turn there can be: plan, outcome, a problem or none, no difference, one, two, no message.
    fn all() -> impl Iterator<Item = TurnEnd> {
        let problems = || std::iter::once(None).chain(BackendProblem::ALL.iter().copied().map(Some));
        let mut two = Degradations::from(Degradation::Bom);
        two.add(Degradation::TextSplit);
        let differences = [Degradations::NONE, Degradation::Bom.into(), two, Degradation::NoMessage.into()];
        let pairs = PlanKind::ALL.iter().flat_map(|plan| Outcome::ALL.iter().map(|outcome| (*plan, *outcome)));
        pairs.filter(|(plan, outcome)| plan.can_come_to(*outcome)).flat_map(move |(plan, outcome)| {
            problems().flat_map(move |problem| {
                differences.map(|degradations| {
                    let problem = problem.map(|problem| (problem, "secret detail".into()));
                    TurnEnd { problem, degradations, ..end(plan, outcome) }
                })
            })
        })
    }

    #[test]
    fn every_turn_has_one_whole_sentence_in_both_languages() {
        let mut count = 0;
        for end in all() {
            for language in [Language::English, Language::Korean] {
                let why = why(&end).text(language);
                let is_whole = why.ends_with(['.', ')']) && !why.contains('{') && why.len() > 10;
                assert!(is_whole, "{end:?}: {why}");
                assert!(!why.contains("secret detail"), "{why}");
            }
            count += 1;
        }
        assert!(count > 3000, "{count}");
    }

    #[test]
    fn what_came_of_a_turn_can_be_told_from_its_sentence() {
        // Withdrawn reads alike whatever was planned; the rest of the outcomes, and of the plans that were answered, do
        // not.
        let outcomes = Outcome::ALL.iter().map(|outcome| why(&end(PlanKind::Ask, *outcome)));
        assert_eq!(outcomes.collect::<BTreeSet<_>>().len(), Outcome::ALL.len());
        let plans = PlanKind::ALL.iter().map(|plan| why(&end(*plan, Outcome::Answered)));
        assert_eq!(plans.collect::<BTreeSet<_>>().len(), PlanKind::ALL.len());
        let problems = BackendProblem::ALL.iter().map(|one| problem(*one));
        assert_eq!(problems.collect::<BTreeSet<_>>().len(), BackendProblem::ALL.len());
    }

    #[test]
    fn a_failure_says_what_the_bot_did() {
        let failed =
            |outcome| TurnEnd { problem: Some((BackendProblem::Status, "500".into())), ..end(PlanKind::Ask, outcome) };
        for outcome in [Outcome::NoReply, Outcome::Lost, Outcome::CalledBack] {
            let why = why(&failed(outcome)).text(Language::Korean);
            assert!(why.contains("200이 아님"), "{why}");
        }
    }

    #[test]
    fn who_waited_or_read_nothing_usable_has_something_to_be_done() {
        for problem in BackendProblem::ALL {
            let failed = TurnEnd { problem: Some((*problem, "".into())), ..end(PlanKind::Ask, Outcome::NoReply) };
            assert!(mend(&failed).is_some(), "{problem:?}");
        }
        for outcome in Outcome::ALL {
            assert_eq!(mend(&end(PlanKind::Ask, *outcome)).is_some(), is_late(*outcome), "{outcome:?}");
        }
        let status = |detail: &str| {
            let problem = Some((BackendProblem::Status, detail.into()));
            mend(&TurnEnd { problem, ..end(PlanKind::Ask, Outcome::NoReply) }).unwrap().text(Language::Korean)
        };
        assert!(status("status 301, Location http://bot/message/").contains("리디렉션"));
        assert!(status("status 500").contains("로그"));
    }
}
