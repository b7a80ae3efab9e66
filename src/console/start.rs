//! *시작하기*: what a first run still lacks, what goes into OpenBuilder, and how each bot is (C3).

use std::sync::Arc;

use maud::{Markup, html};

use super::checklist::{Facts, Seen, Standing, Step, steps};
use super::checks::{Checked, Checks};
use super::clock::day_and_time;
use super::frame::{self, Again, Place, Reader};
use super::talk::path_of;
use super::turns;
use super::why::{is_late, problem};
use crate::bot::Bot;
use crate::breaker::State;
use crate::check::report::{self, verdict};
use crate::config::settings::BotSettings;
use crate::messages::{Message, checklist as words, console};
use crate::shared::Shared;
use crate::telemetry::kept::KeptTurn;
use crate::telemetry::log;
use crate::telemetry::record::PlanKind;
use crate::telemetry::sightings::Sight;
use crate::time::Moment;

/// How often the page looks again while a check runs, in seconds.
const AGAIN: u32 = 2;
/// How many of a bot's last turns tell whether it is late.
const LAST: usize = 10;
/// How many blocks are shown by their id.
const BLOCKS: usize = 20;
/// The public host of the bridge, which it does not know itself.
const HOST: &str = "https://YOUR-HOST";

/// The page. `revealed`: the secret of the bot that is shown is shown, too.
pub(super) fn page(reader: Reader<'_>, shared: &Shared, checks: &Checks, wanted: &str, revealed: bool) -> Markup {
    let registry = shared.registry();
    let mut bots: Vec<&Arc<Bot>> = registry.iter().collect();
    bots.sort_unstable_by_key(|bot| bot.settings.id.as_str());
    let shown = bots.iter().find(|bot| bot.settings.id.as_str() == wanted).or(bots.first());
    let body = html! {
        h1 { (reader.text(console::start())) }
        p class="hint" { (reader.text(words::intro())) }
        @if bots.len() > 1 {
            nav class="card row" aria-label=(reader.text(words::bots())) {
                @for bot in &bots {
                    @let is_shown = shown.is_some_and(|shown| Arc::ptr_eq(shown, bot));
                    a class="button" href=(path_of(Place::Start.path(), &bot.settings.id)) aria-current=[is_shown.then_some("true")] {
                        (bot.settings.id.as_str()) " " (breaker_tag(reader, bot))
                    }
                }
            }
        }
        @if let Some(bot) = shown {
            (of_bot(reader, shared, checks, bot, bots.len() == 1, revealed))
        }
    };
    let again = checks.running().and(shown).map(|bot| look_again(reader, &bot.settings));
    frame::page_that_asks_again(reader, Some(Place::Start), console::start(), again.as_ref(), &body)
}

/// Each look has a number, for an address of its own.
fn look_again(reader: Reader<'_>, bot: &BotSettings) -> Again {
    let look = reader.visitor.asks("look").parse::<u32>().unwrap_or(0).wrapping_add(1);
    let address = format!("{}&look={look}#check", path_of(Place::Start.path(), &bot.id));
    Again { seconds: AGAIN, address: Some(address) }
}

fn of_bot(reader: Reader<'_>, shared: &Shared, checks: &Checks, bot: &Bot, alone: bool, revealed: bool) -> Markup {
    let id = bot.settings.id.as_str();
    let checked = checks.last(id);
    let (last_error, facts) = facts(bot, checked.as_deref());
    let steps = steps(&facts, |time| day_and_time(time.as_millis()));
    let done = steps.iter().filter(|step| step.standing == Standing::Good).count();
    html! {
        div class="grid two" {
            div {
                section id="checklist" data-renew class="card" aria-labelledby="steps" {
                    div class="head" {
                        h2 id="steps" { (id) }
                        span class="tag" { (reader.text(words::progress(done, steps.len()))) }
                    }
                    ol class="steps" { @for (place, step) in steps.iter().enumerate() { (of_step(reader, id, place, step)) } }
                }
                (check(reader, checks, id, checked.as_deref()))
            }
            div {
                (paste(reader, bot, alone, revealed))
                (state(reader, shared, bot, last_error.as_ref()))
            }
        }
    }
}

fn of_step(reader: Reader<'_>, bot: &str, place: usize, step: &Step) -> Markup {
    let (class, sign, name) = match step.standing {
        Standing::Good => ("good", "✓", words::good()),
        Standing::Bad => ("bad", "!", words::bad()),
        Standing::Open => ("open", "?", words::open()),
    };
    html! {
        li class={ "step " (class) } {
            span class="mark" aria-hidden="true" { (sign) }
            div {
                h3 { (reader.text(step.name.clone())) span class={ "tag " (class) } { (reader.text(name)) } }
                p { (reader.text(step.found.clone())) }
                @if let Some(remedy) = &step.remedy { p { b { "→ " } (reader.text(remedy.clone())) } }
                @if step.shows_in_turns {
                    p { a href=(turns::notable_of(bot)) { (reader.text(words::see_the_calls())) } }
                }
                @for (line, text) in step.lines.iter().enumerate() {
                    (copied(reader, &format!("step-{place}-{line}"), text))
                }
            }
        }
    }
}

/// A text to be pasted elsewhere.
fn copied(reader: Reader<'_>, id: &str, text: &str) -> Markup {
    html! {
        div class="paste" {
            pre id=(id) { (text) }
            button type="button" hidden data-copy=(id) data-done=(reader.text(words::copied())) {
                (reader.text(words::copy()))
            }
        }
    }
}

fn paste(reader: Reader<'_>, bot: &Bot, alone: bool, revealed: bool) -> Markup {
    let settings = &bot.settings;
    let path = if alone { "/skill".to_owned() } else { format!("/bots/{}/skill", settings.id) };
    html! {
        section class="card" aria-labelledby="paste" {
            h2 id="paste" { (reader.text(words::paste())) }
            h3 { (reader.text(words::skill_url())) }
            (copied(reader, "skill-url", &format!("{HOST}{path}")))
            p class="hint" { (reader.text(words::your_host())) }
            @if let Some(secret) = &settings.secret {
                h3 { (reader.text(words::header_name())) }
                (copied(reader, "header-name", secret.header.as_str()))
                h3 { (reader.text(words::header_value())) }
                @if revealed {
                    @for (place, value) in secret.values.iter().enumerate() {
                        (copied(reader, &format!("header-value-{place}"), &String::from_utf8_lossy(value.expose())))
                    }
                } @else {
                    form method="post" action="/console/secret" {
                        (reader.form_token())
                        input type="hidden" name="bot" value=(settings.id.as_str());
                        button { (reader.text(words::show_value())) }
                    }
                }
            }
            @if let Some(line) = bot.advice.line() {
                p { (reader.text(words::block_line())) }
                (copied(reader, "block-line", line))
            }
        }
    }
}

fn check(reader: Reader<'_>, checks: &Checks, bot: &str, checked: Option<&Checked>) -> Markup {
    let running = checks.running();
    html! {
        section class="card" aria-labelledby="check" {
            h2 id="check" { (reader.text(words::check())) }
            p class="hint" { (reader.text(words::check_intro())) }
            form method="post" action="/console/check" {
                (reader.form_token())
                input type="hidden" name="bot" value=(bot);
                div class="row" {
                    div {
                        label for="words" { (reader.text(words::check_message())) }
                        input id="words" name="words" maxlength="200" autocomplete="off";
                    }
                    button id="check-begin" data-renew class="primary" disabled[running.is_some()] {
                        (reader.text(words::check_begin()))
                    }
                }
            }
            div id="check-found" data-renew {
                @if let Some(running) = &running {
                    p class="alert" role="status" {
                        @if running == bot { (reader.text(words::check_runs())) }
                        @else { (reader.text(words::check_runs_elsewhere(running))) }
                    }
                }
                @if let Some(checked) = checked { (found(reader, checked)) }
            }
        }
    }
}

fn found(reader: Reader<'_>, checked: &Checked) -> Markup {
    html! {
        h3 id="checked" { (reader.text(words::check_was(day_and_time(checked.at.as_millis())))) }
        @match &checked.report {
            Some(report) => {
                @for message in verdict(std::slice::from_ref(report), false) { p { (reader.text(message)) } }
                @if checked.only_home { p { (reader.text(words::check_of_home_only())) } }
                div class="report" { (report::section(report, reader.language())) }
            }
            None => p class="alert" { (reader.text(words::check_too_long())) }
        }
    }
}

fn state(reader: Reader<'_>, shared: &Shared, bot: &Bot, last_error: Option<&KeptTurn>) -> Markup {
    let users = bot.sessions.local().stats();
    let none = || reader.text(words::none());
    let last_reply = bot.metrics.last_reply().map_or_else(none, |time| day_and_time(time.as_millis()));
    html! {
        section id="bot-state" data-renew class="card" aria-labelledby="state" {
            div class="head" { h2 id="state" { (reader.text(words::state())) } (breaker_tag(reader, bot)) }
            dl class="facts" {
                dt { (reader.text(words::address())) }
                dd { code { (bot.settings.url.as_str()) } }
                dt { (reader.text(words::breaker())) }
                dd { (reader.text(breaker(bot))) }
                dt { (reader.text(words::failures())) }
                dd { (bot.breaker.failures_in_a_row()) }
                dt { (reader.text(words::last_reply())) }
                dd { (last_reply) }
                dt { (reader.text(words::last_error())) }
                dd { (last_error.map_or_else(|| html! { (none()) }, |turn| error(reader, turn))) }
                dt { (reader.text(words::users())) }
                dd { (users.sessions) }
                dt { (reader.text(words::kept_replies())) }
                dd { (users.parked) }
                dt { (reader.text(words::blocks())) }
                dd { (blocks(reader, bot)) }
                dt { (reader.text(words::store())) }
                dd { (reader.text(store(shared))) }
                dt { (reader.text(words::configuration())) }
                dd { (reader.text(configuration(shared))) }
            }
        }
    }
}

/// The ids of blocks, to be compared with those in OpenBuilder's addresses.
fn blocks(reader: Reader<'_>, bot: &Bot) -> Markup {
    let known = bot.blocks.load();
    let mut ids: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    ids.sort_unstable();
    html! {
        @if ids.is_empty() { (reader.text(words::none())) }
        @for id in ids.iter().take(BLOCKS) { code { (id) } " " }
        @if ids.len() > BLOCKS { "… (" (ids.len()) ")" }
    }
}

/// An error in full: operators look for its very words in the bot's log.
fn error(reader: Reader<'_>, turn: &KeptTurn) -> Markup {
    html! {
        @if let Some((reason, detail)) = &turn.record.end.problem {
            (day_and_time(turn.at_millis())) " " (reader.text(problem(*reason))) br;
            code { (reason.as_str()) } @if !detail.is_empty() { " " code { (detail) } }
        }
    }
}

fn breaker(bot: &Bot) -> Message {
    match bot.breaker.state() {
        State::Closed(_) => words::breaker_closed(),
        State::Open(_) => words::breaker_open(),
        State::Probing => words::breaker_probing(),
    }
}

fn breaker_tag(reader: Reader<'_>, bot: &Bot) -> Markup {
    let (class, name) = match bot.breaker.state() {
        State::Closed(0) => ("good", words::well()),
        State::Closed(_) => ("open", words::failing_sometimes()),
        State::Open(_) | State::Probing => ("bad", words::out()),
    };
    html! { span class={ "tag " (class) } { (reader.text(name)) } }
}

fn store(shared: &Shared) -> Message {
    let local = shared.journal().map(|journal| journal.stats().trouble.map(|(trouble, _)| trouble.as_str()));
    let remote = || shared.remote().map(|remote| remote.stats().trouble.map(|(trouble, _)| trouble.as_str()));
    match local.or_else(remote) {
        None => words::store_none(),
        Some(None) => words::store_well(),
        Some(Some(trouble)) => words::store_trouble(trouble),
    }
}

fn configuration(shared: &Shared) -> Message {
    let waits = shared.waits_for_restart();
    if !shared.last_reload().well {
        words::configuration_refused()
    } else if waits.is_empty() {
        words::configuration_well()
    } else {
        words::configuration_waits(waits.join(", "))
    }
}

/// What is known of a bot, and the last turn in which it failed.
fn facts(bot: &Bot, checked: Option<&Checked>) -> (Option<KeptTurn>, Facts) {
    let settings = &bot.settings;
    let failed = log::turns(0, 1, |record| record.bot == settings.id && record.end.problem.is_some());
    let last_error = failed.turns.into_iter().next();
    let last_problem =
        last_error.as_ref().and_then(|turn| turn.record.end.problem.as_ref()).map(|(problem, _)| *problem);
    let asked = log::turns(0, LAST, |record| record.bot == settings.id && record.end.plan == PlanKind::Ask);
    let last_reply = bot.metrics.last_reply();
    let seen = |sight: Sight| -> Option<Moment> { bot.seen.last(sight) };
    let facts = Facts {
        bot: settings.id.as_str().to_owned(),
        home_known: bot.home.is_known(),
        last_reply,
        failures: bot.breaker.failures_in_a_row(),
        asked: asked.turns.len(),
        late: asked.turns.iter().filter(|turn| is_late(turn.record.end.outcome)).count(),
        last_problem,
        // A reply that came after the check says more than it.
        checked: checked
            .filter(|checked| last_reply.is_none_or(|reply| reply < checked.at))
            .map(|checked| checked.report.as_ref().is_some_and(|report| report.reached)),
        header: settings.secret.as_ref().map(|secret| secret.header.as_str().to_owned()),
        has_addresses: !settings.allow.is_empty(),
        seen: Seen {
            real: seen(Sight::Real),
            tester: seen(Sight::Tester),
            welcome: seen(Sight::Welcome),
            keyless: seen(Sight::Keyless),
            callback: seen(Sight::Callback),
            no_secret: seen(Sight::NoSecret),
            other_secret: seen(Sight::OtherSecret),
        },
    };
    (last_error, facts)
}
