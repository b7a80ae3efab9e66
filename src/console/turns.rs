//! *호출*: the list of turns, why each came to its end, and what differs (C5).

use std::time::Duration;

use maud::{Markup, html};
use url::form_urlencoded;

use super::capture::Captured;
use super::clock::{day_and_time, time_of_day};
use super::frame::{self, Place, Reader};
use super::visitor::Visitor;
use super::why::is_late;
use crate::check;
use crate::degradation::Degradation;
use crate::messages::{Message, capture, console as words};
use crate::shared::Shared;
use crate::telemetry::kept::{KeptTurn, Listed};
use crate::telemetry::log;
use crate::telemetry::record::{Outcome, PlanKind, TurnRecord};

/// Turns of one page, and of one look for newer ones.
const SHOWN: usize = 100;
/// Which turns are wanted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Filter {
    bot: String,
    outcome: Option<Outcome>,
    difference: Option<Degradation>,
    notable: bool,
}

impl Filter {
    /// From a query; what is unknown in it filters nothing.
    fn of(visitor: &Visitor) -> Self {
        let (outcome, difference) = (visitor.asks("outcome"), visitor.asks("difference"));
        Self {
            bot: visitor.asks("bot").to_owned(),
            outcome: Outcome::ALL.iter().copied().find(|known| known.as_str() == outcome),
            difference: Degradation::ALL.iter().copied().find(|known| known.code() == difference),
            notable: !visitor.asks("notable").is_empty(),
        }
    }

    fn wants(&self, record: &TurnRecord) -> bool {
        (self.bot.is_empty() || self.bot == record.bot.as_str())
            && self.outcome.is_none_or(|outcome| outcome == record.end.outcome)
            && self.difference.is_none_or(|difference| record.end.degradations.has(difference))
            && (!self.notable || record.is_notable())
    }

    /// The same as a query.
    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let named = [
            ("bot", self.bot.as_str()),
            ("outcome", self.outcome.map_or("", Outcome::as_str)),
            ("difference", self.difference.map_or("", Degradation::code)),
            ("notable", if self.notable { "1" } else { "" }),
        ];
        query.extend_pairs(named.iter().filter(|(_, value)| !value.is_empty())).finish()
    }
}

/// Where the notable turns of a bot are.
pub(super) fn notable_of(bot: &str) -> String {
    let filter = Filter { bot: bot.to_owned(), notable: true, ..Filter::default() };
    format!("{}?{}", Place::Turns.path(), filter.query())
}

/// The page.
pub(super) fn page(reader: Reader<'_>, shared: &Shared) -> Markup {
    let filter = Filter::of(reader.visitor);
    let listed = log::turns(0, SHOWN, |record| filter.wants(record));
    let registry = shared.registry();
    let mut bots: Vec<&str> = registry.iter().map(|bot| bot.settings.id.as_str()).collect();
    bots.sort_unstable();
    let body = html! {
        div class="head" {
            h1 { (reader.text(words::turns())) }
            span class="live" id="live" hidden role="status" data-on=(reader.text(words::live()))
                data-off=(reader.text(words::not_live())) {}
        }
        p class="hint" {
            (reader.text(words::turns_intro())) " "
            a href=(super::capture::PATH) { (reader.text(capture::capture())) }
        }
        (form(reader, &filter, &bots))
        (list(reader, &filter, &Captured::of(shared), &listed))
        p class="empty" id="empty" hidden[!listed.turns.is_empty()] { (reader.text(words::no_turns())) }
    };
    frame::page(reader, Some(Place::Turns), words::turns(), &body)
}

/// What is newer than a number, for a page that is looked at.
pub(super) fn rows(reader: Reader<'_>, shared: &Shared) -> Markup {
    let filter = Filter::of(reader.visitor);
    let after = reader.visitor.asks("after").parse().unwrap_or(0);
    let captured = Captured::of(shared);
    list(reader, &filter, &captured, &log::turns(after, SHOWN, |record| filter.wants(record)))
}

fn form(reader: Reader<'_>, filter: &Filter, bots: &[&str]) -> Markup {
    let any = || html! { option value="" { (reader.text(words::any())) } };
    html! {
        form class="card" method="get" action=(Place::Turns.path()) {
            div class="row" {
                div {
                    label for="bot" { (reader.text(words::bot())) }
                    select id="bot" name="bot" {
                        (any())
                        @for bot in bots { option value=(bot) selected[filter.bot == *bot] { (bot) } }
                    }
                }
                div {
                    label for="outcome" { (reader.text(words::outcome())) }
                    select id="outcome" name="outcome" {
                        (any())
                        @for known in Outcome::ALL {
                            option value=(known.as_str()) selected[filter.outcome == Some(*known)] {
                                (reader.text(outcome(*known)))
                            }
                        }
                    }
                }
                div {
                    label for="difference" { (reader.text(words::difference())) }
                    select id="difference" name="difference" {
                        (any())
                        @for known in Degradation::ALL {
                            option value=(known.code()) selected[filter.difference == Some(*known)] { (known.code()) }
                        }
                    }
                }
                div {
                    label class="check" {
                        input type="checkbox" name="notable" value="1" checked[filter.notable];
                        (reader.text(words::notable_only()))
                    }
                }
                div {
                    button class="primary" { (reader.text(words::filter())) } " "
                    a class="button" href=(format!("?{}", filter.query())) { (reader.text(words::load_again())) }
                }
            }
        }
    }
}

fn list(reader: Reader<'_>, filter: &Filter, captured: &Captured, listed: &Listed) -> Markup {
    let poll = format!("/console/turns/rows?{}", filter.query());
    html! {
        ol class="turns" data-poll=(poll) data-newest=(listed.newest) data-state="live" data-empty="empty" {
            @for turn in &listed.turns { (row(reader, captured, turn)) }
        }
    }
}

fn row(reader: Reader<'_>, captured: &Captured, turn: &KeptTurn) -> Markup {
    let (record, end) = (&turn.record, &turn.record.end);
    let differs = !end.degradations.is_empty();
    let weight = if is_bad(end.outcome) {
        "bad"
    } else if differs || is_late(end.outcome) {
        "differs"
    } else {
        ""
    };
    let tag = match weight {
        "bad" => "bad",
        _ if is_late(end.outcome) => "open",
        _ => "good",
    };
    html! {
        li class={ "turn " (weight) } id={ "turn-" (turn.number) } {
            div class="top" {
                time datetime=(humantime::format_rfc3339_millis(turn.at)) title=(day_and_time(turn.at_millis())) {
                    (time_of_day(turn.at_millis()))
                }
                b { (record.bot.as_str()) }
                span class={ "tag " (tag) } { (reader.text(outcome(end.outcome))) }
                span class="tag" { (reader.text(plan(end.plan))) }
                span class="times" { (times(reader, record)) }
            }
            (super::why_of(reader, end))
            @if let Some((problem, detail)) = &end.problem {
                p class="hint" {
                    (reader.text(words::what_came())) ": " code { (problem.as_str()) }
                    @if !detail.is_empty() { " " code { (detail) } }
                }
            }
            @if differs {
                ul {
                    @for difference in end.degradations.iter() { (one_difference(reader, difference)) }
                }
            }
            (captured.of_row(reader, turn))
        }
    }
}

pub(super) fn one_difference(reader: Reader<'_>, difference: Degradation) -> Markup {
    let meaning = reader.language().pick(difference.english(), difference.korean());
    html! {
        li {
            code { (difference.code()) } " " (meaning)
            // Why there was no reply is told beside the turn, with what to do.
            @if difference != Degradation::NoReply {
                br;
                span class="hint" { (reader.text(words::in_the_bot(check::mends(difference)))) }
            }
        }
    }
}

fn times(reader: Reader<'_>, record: &TurnRecord) -> String {
    let millis = |time: Duration| time.as_millis().to_string();
    let mut told = vec![words::answered_in(millis(record.answered))];
    told.extend(record.end.backend.map(|time| words::bot_took(millis(time))));
    if record.total.as_millis() > record.answered.as_millis() + 1 {
        told.push(words::took_in_all(millis(record.total)));
    }
    told.into_iter().map(|time| reader.text(time)).collect::<Vec<_>>().join(" · ")
}

/// The user lost something, or read that something is wrong.
fn is_bad(outcome: Outcome) -> bool {
    match outcome {
        Outcome::NoReply | Outcome::Outage | Outcome::Busy | Outcome::Withdrawn | Outcome::Lost => true,
        Outcome::CallbackFailed | Outcome::Panicked => true,
        Outcome::Answered | Outcome::Waits | Outcome::Parked | Outcome::Shared | Outcome::CalledBack => false,
    }
}

/// An outcome in words.
pub(super) fn outcome(outcome: Outcome) -> Message {
    match outcome {
        Outcome::Answered => words::outcome_answered(),
        Outcome::NoReply => words::outcome_no_reply(),
        Outcome::Outage => words::outcome_outage(),
        Outcome::Busy => words::outcome_busy(),
        Outcome::Withdrawn => words::outcome_withdrawn(),
        Outcome::Waits => words::outcome_waits(),
        Outcome::Parked => words::outcome_parked(),
        Outcome::Lost => words::outcome_lost(),
        Outcome::Shared => words::outcome_shared(),
        Outcome::CalledBack => words::outcome_called_back(),
        Outcome::CallbackFailed => words::outcome_callback_failed(),
        Outcome::Panicked => words::outcome_panicked(),
    }
}

/// A plan in words.
fn plan(plan: PlanKind) -> Message {
    match plan {
        PlanKind::None => words::plan_none(),
        PlanKind::Ask => words::plan_ask(),
        PlanKind::Home => words::plan_home(),
        PlanKind::Reprompt => words::plan_reprompt(),
        PlanKind::Page => words::plan_page(),
        PlanKind::More => words::plan_more(),
        PlanKind::Late => words::plan_late(),
        PlanKind::Handover => words::plan_handover(),
        PlanKind::Leave => words::plan_leave(),
        PlanKind::Follow => words::plan_follow(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{BotId, RequestId};
    use crate::telemetry::record::TurnEnd;

    fn record(bot: &str, end: TurnEnd) -> TurnRecord {
        TurnRecord {
            request_id: RequestId::Given("id".into()),
            bot: BotId::parse(bot).unwrap(),
            user: 7,
            total: Duration::from_millis(20),
            answered: Duration::from_millis(12),
            end,
        }
    }

    #[test]
    fn a_filter_wants_what_fits_all_of_it() {
        let differs = TurnEnd { degradations: Degradation::Bom.into(), ..TurnEnd::of(Outcome::Answered) };
        let (usual, differs) = (record("shop", TurnEnd::of(Outcome::Answered)), record("shop", differs));
        let failed = record("school", TurnEnd::of(Outcome::NoReply));
        let wanted = |filter: &Filter| [&usual, &differs, &failed].map(|record| filter.wants(record));
        assert_eq!(wanted(&Filter::default()), [true, true, true]);
        assert_eq!(wanted(&Filter { bot: "shop".into(), ..Filter::default() }), [true, true, false]);
        assert_eq!(wanted(&Filter { outcome: Some(Outcome::NoReply), ..Filter::default() }), [false, false, true]);
        assert_eq!(wanted(&Filter { difference: Some(Degradation::Bom), ..Filter::default() }), [false, true, false]);
        assert_eq!(wanted(&Filter { notable: true, ..Filter::default() }), [false, true, true]);
        let none = Filter { bot: "shop".into(), outcome: Some(Outcome::NoReply), ..Filter::default() };
        assert_eq!(wanted(&none), [false, false, false]);
    }
}
