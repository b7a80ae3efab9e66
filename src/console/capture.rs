//! Capture (C5): the four messages of real turns, for ten minutes; pairing; and dry replay.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use maud::{Markup, html};

use super::form::Form;
use super::frame::{self, Again, Place, Reader};
use super::replies::{self, Reply};
use super::talk::{bots, chosen, path_of};
use super::{Visit, clock, refuse, wire};
use crate::bot::Bot;
use crate::capture::{Code, Standing, Whom};
use crate::exchange::{Exchange, name_of};
use crate::ids::BotId;
use crate::messages::{Message, capture as words, console as own_words, talk};
use crate::shared::Shared;
use crate::simulator::replay::{Mark, NoReplay, Replay, replay};
use crate::telemetry::kept::KeptTurn;
use crate::telemetry::log;
use crate::time::{self, Moment};

/// How the page looks again for the user who types the code.
const AGAIN: Again = Again { seconds: 3, address: None };

/// The time of day of a moment.
fn time_of_day(at: Moment) -> String {
    clock::time_of_day(at.as_millis())
}

/// Where these pages are.
pub(super) const PATH: &str = "/console/capture";
/// Where one turn is.
pub(super) const TURN: &str = "/console/capture/turn";

/// The bot of a page or form.
fn bot_of(visit: &Visit<'_>, name: &str) -> Option<Arc<Bot>> {
    let bot = chosen(visit, name)?;
    visit.shared.registry().named(bot.as_str()).map(Arc::clone)
}

/// The page.
pub(super) fn page(visit: &Visit<'_>, reader: Reader<'_>) -> Reply {
    let Some(bot) = bot_of(visit, reader.visitor.asks("bot")) else {
        return refuse(reader.visitor, StatusCode::NOT_FOUND, talk::refused_no_bot());
    };
    let (id, now) = (&bot.settings.id, time::now());
    let standing = bot.capture.standing(now);
    let kept = bot.capture.kept(now);
    let body = html! {
        h1 { (reader.text(words::capture())) }
        (bots(visit, reader, PATH, id))
        p { (reader.text(words::what_it_is())) }
        div id="capture" data-renew {
            (state(reader, id, &standing))
            @if standing.watch.is_none() { (begin(reader, id, &standing)) }
            (list(reader, id, &kept))
        }
    };
    let waits = standing.pairing.is_some() && standing.watch.is_none();
    let again = waits.then_some(&AGAIN);
    let page = frame::page_that_asks_again(reader, Some(Place::Turns), words::capture(), again, &body);
    replies::page(StatusCode::OK, page)
}

/// A form with one button.
fn button(reader: Reader<'_>, bot: &BotId, act: &str, word: Message, before: &Markup) -> Markup {
    html! {
        form method="post" action=(PATH) {
            (reader.form_token())
            input type="hidden" name="bot" value=(bot.as_str());
            input type="hidden" name="do" value=(act);
            (before)
            button { (reader.text(word)) }
        }
    }
}

fn state(reader: Reader<'_>, bot: &BotId, standing: &Standing) -> Markup {
    let none = html! {};
    html! {
        @match (standing.watch, standing.erase) {
            (Some((whom, until)), _) => section class="card" {
                p class="alert" role="status" {
                    @let until = time_of_day(until);
                    @match whom {
                        Whom::User(_) => (reader.text(words::on_one(until))),
                        Whom::Everybody => (reader.text(words::on_everybody(until))),
                    }
                }
                (button(reader, bot, "stop", words::stop(), &none))
            },
            (None, Some(erase)) => section class="card" {
                p role="status" { (reader.text(words::erased_at(time_of_day(erase)))) }
                (button(reader, bot, "erase", words::erase(), &none))
            },
            (None, None) => p class="hint" role="status" { (reader.text(words::is_off())) },
        }
    }
}

fn begin(reader: Reader<'_>, bot: &BotId, standing: &Standing) -> Markup {
    let none = html! {};
    let second_yes = html! {
        label class="check" {
            input type="checkbox" name="yes" value="1" required;
            (reader.text(words::everybody_yes()))
        }
    };
    html! {
        div class="grid two" {
            section class="card" {
                h2 { (reader.text(words::pair_title())) }
                p { (reader.text(words::pair_how())) }
                @if let Some((code, until)) = &standing.pairing {
                    p { (reader.text(words::code_is(time_of_day(*until)))) }
                    div class="paste" {
                        pre class="code" { code id="code" { (code.as_str()) } }
                        button type="button" data-copy="code" data-done=(reader.text(words::copied())) hidden {
                            (reader.text(words::copy()))
                        }
                    }
                }
                (button(reader, bot, "pair", words::pair(), &none))
            }
            section class="card" {
                h2 { (reader.text(words::everybody_title())) }
                (button(reader, bot, "everybody", words::everybody(), &second_yes))
            }
        }
    }
}

fn list(reader: Reader<'_>, bot: &BotId, kept: &[Arc<Exchange>]) -> Markup {
    html! {
        h2 { (reader.text(words::kept())) }
        @if kept.is_empty() { p class="empty" { (reader.text(words::none_kept())) } }
        ul class="turns" {
            @for exchange in kept.iter().rev() {
                li class="turn" {
                    div class="top" {
                        a href=(turn_of(bot, exchange)) { (time_of_day(exchange.at)) }
                    }
                    @match exchange.end() {
                        Some(end) => (super::why_of(reader, &end)),
                        None => p class="why" { (reader.text(words::goes_on())) },
                    }
                }
            }
        }
    }
}

fn turn_of(bot: &BotId, exchange: &Exchange) -> String {
    format!("{}&turn={}", path_of(TURN, bot), exchange.number)
}

/// One turn: its four messages, and what today's configuration would make of it.
pub(super) fn turn(visit: &Visit<'_>, reader: Reader<'_>) -> Reply {
    let gone = || refuse(reader.visitor, StatusCode::NOT_FOUND, words::gone());
    let Some(bot) = bot_of(visit, reader.visitor.asks("bot")) else { return gone() };
    let kept = bot.capture.kept(time::now());
    let number = reader.visitor.asks("turn").parse().ok();
    let Some(exchange) = kept.iter().find(|exchange| Some(exchange.number) == number) else { return gone() };
    let again = !reader.visitor.asks("again").is_empty();
    let id = &bot.settings.id;
    let body = html! {
        h1 { (reader.text(words::one_turn())) }
        p { (time_of_day(exchange.at)) " · " (id.as_str()) " · " a href=(path_of(PATH, id)) { (reader.text(words::back())) } }
        @if let Some(end) = exchange.end() {
            (super::why_of(reader, &end))
            (wire::differences(reader, end.degradations))
        }
        section class="card" { (wire::four(reader, &exchange.messages())) }
        section class="card" id="again" {
            h2 { (reader.text(words::replay_title())) }
            p { (reader.text(words::replay_what())) }
            @if again {
                (replayed(reader, &replay(exchange, &bot.settings)))
            } @else {
                p { a class="button" href=(format!("{}&again=1#again", turn_of(id, exchange))) { (reader.text(words::replay())) } }
            }
        }
    };
    replies::page(StatusCode::OK, frame::page(reader, Some(Place::Turns), words::one_turn(), &body))
}

fn replayed(reader: Reader<'_>, replayed: &Result<Replay, NoReplay>) -> Markup {
    let replay = match replayed {
        Ok(replay) => replay,
        Err(why) => {
            let why = match why {
                NoReplay::GoesOn => words::replay_goes_on(),
                NoReplay::NoReply => words::replay_no_reply(),
                NoReplay::TooLong => words::replay_too_long(),
            };
            return html! { p { (reader.text(why)) } };
        }
    };
    let verdict = if replay.is_same() { words::replay_same() } else { words::replay_differs() };
    html! {
        p role="status" { b { (reader.text(verdict)) } }
        @if replay.showed_more { p class="hint" { (reader.text(words::replay_more())) } }
        @if let Some((problem, _)) = &replay.problem {
            p { (reader.text(talk::no_reply(problem.as_str()))) }
        }
        pre class="lines" {
            @for line in &replay.lines {
                @match line.mark {
                    Mark::Both => span { "  " (line.text) "\n" },
                    Mark::Then => del { "− " (line.text) "\n" },
                    Mark::Today => ins { "+ " (line.text) "\n" },
                }
            }
        }
        (wire::differences(reader, replay.degradations))
    }
}

/// Something is to begin or to end.
pub(super) fn act(visit: &Visit<'_>, reader: Reader<'_>, form: &Form) -> Reply {
    let Some(bot) = bot_of(visit, form.field("bot")) else {
        return refuse(reader.visitor, StatusCode::NOT_FOUND, talk::refused_no_bot());
    };
    let now = time::now();
    match form.field("do") {
        "pair" => match Code::random() {
            Some(code) => bot.capture.wait_for(code, now),
            None => return refuse(reader.visitor, StatusCode::SERVICE_UNAVAILABLE, own_words::no_randomness()),
        },
        "everybody" if form.field("yes").is_empty() => {
            return refuse(reader.visitor, StatusCode::BAD_REQUEST, words::second_yes_missing());
        }
        "everybody" => drop(bot.start_capture(Whom::Everybody, now)),
        "user" => match user_of(&bot.settings.id, form.field("turn")) {
            Some(user) => drop(bot.start_capture(Whom::User(user), now)),
            None => return refuse(reader.visitor, StatusCode::NOT_FOUND, words::gone()),
        },
        "stop" => bot.stop_capture(now),
        "erase" => bot.erase_captured(),
        _ => return refuse(reader.visitor, StatusCode::BAD_REQUEST, own_words::form_not_read()),
    }
    replies::see(&path_of(PATH, &bot.settings.id))
}

/// The turns whose messages are kept, to be found from the list of all turns.
#[derive(Debug, Default)]
pub(super) struct Captured(HashMap<(BotId, u64), u64>);

impl Captured {
    /// Those of now.
    pub(super) fn of(shared: &Shared) -> Self {
        let now = time::now();
        let of_bot = |bot: &Arc<Bot>| {
            let id = bot.settings.id.clone();
            bot.capture.kept(now).into_iter().map(move |exchange| ((id.clone(), exchange.name), exchange.number))
        };
        Self(shared.registry().iter().flat_map(of_bot).collect())
    }

    /// What a row of the list offers: the turn's messages, or to keep those of its user from now on.
    pub(super) fn of_row(&self, reader: Reader<'_>, turn: &KeptTurn) -> Markup {
        let bot = &turn.record.bot;
        let kept = self.0.get(&(bot.clone(), name_of(&turn.record.request_id)));
        html! {
            @if let Some(number) = kept {
                p { a href=(format!("{}&turn={number}", path_of(TURN, bot))) { (reader.text(talk::four_messages())) } }
            } @else {
                details class="wire" {
                    summary { (reader.text(talk::four_messages())) }
                    p class="hint" { (reader.text(words::not_kept())) }
                    @let number = html! { input type="hidden" name="turn" value=(turn.number); };
                    (button(reader, bot, "user", words::this_user(), &number))
                }
            }
        }
    }
}

/// Who spoke in the turn of this number in the list.
fn user_of(bot: &BotId, number: &str) -> Option<u64> {
    let before = number.parse::<u64>().ok()?.checked_sub(1)?;
    let listed = log::turns(before, usize::MAX, |record| record.bot == *bot);
    listed.turns.iter().find(|turn| turn.number == before + 1).map(|turn| turn.record.user)
}

/// Whether the messages of anybody are kept now, of which bot, and for how long yet.
pub(super) fn under_way(visit: &Visit<'_>) -> Option<(BotId, Duration)> {
    let (registry, now) = (visit.shared.registry(), time::now());
    registry.iter().filter(|bot| bot.capture.is_on()).find_map(|bot| {
        let (_, until) = bot.capture.standing(now).watch?;
        Some((bot.settings.id.clone(), until.since(now)))
    })
}
