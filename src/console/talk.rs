//! *대화* (C4): a conversation of the operator's own with a bot, drawn like KakaoTalk.

use std::sync::Arc;

use hyper::StatusCode;
use maud::{Markup, html};

use super::form::Form;
use super::frame::{self, Again, Place, Reader};
use super::phone::{self, FORM};
use super::replies::{self, Reply};
use super::{Console, Visit, refuse, wire};
use crate::ids::BotId;
use crate::messages::{Message, talk as words};
use crate::simulator::{Refusal, Said, Saved, Seen, Step, Switches, Talk};

/// What plays a saved conversation again.
const PLAY: &str = "smartchat-bridge test conversation.toml";
/// How the page looks again for what is awaited.
const AGAIN: Again = Again { seconds: 2, address: None };

/// Where a page of a bot is.
pub(super) fn path_of(page: &str, bot: &BotId) -> String {
    // Names of bots are plain (`BotId::parse`).
    format!("{page}?bot={}", bot.as_str())
}

/// The bot that is asked for, else the first by name; `None` where there is no such bot.
pub(super) fn chosen(visit: &Visit<'_>, name: &str) -> Option<BotId> {
    let registry = visit.shared.registry();
    if name.is_empty() {
        return registry.settings.bots.keys().next().cloned();
    }
    registry.named(name).map(|bot| bot.settings.id.clone())
}

/// Links to the same page of the other bots, where there are others.
pub(super) fn bots(visit: &Visit<'_>, reader: Reader<'_>, page: &str, here: &BotId) -> Markup {
    let registry = visit.shared.registry();
    html! {
        @if registry.settings.bots.len() > 1 {
            nav class="tabs" aria-label=(reader.text(words::which_bot())) {
                @for bot in registry.settings.bots.keys() {
                    a class="button" href=(path_of(page, bot)) aria-current=[(bot == here).then_some("true")] {
                        (bot.as_str())
                    }
                    " "
                }
            }
        }
    }
}

/// The page.
pub(super) fn page(console: &Console, visit: &Visit<'_>, reader: Reader<'_>, owner: &str) -> Reply {
    let Some(bot) = chosen(visit, reader.visitor.asks("bot")) else {
        return refuse(reader.visitor, StatusCode::NOT_FOUND, words::refused_no_bot());
    };
    let talk = match console.simulator.talk(visit.shared, owner, &bot) {
        Ok(talk) => talk,
        Err(refusal) => return refused(reader, refusal),
    };
    let steps = talk.steps();
    let seen: Vec<Seen> = steps.iter().map(|step| step.seen()).collect();
    let goes_on = seen.last().is_some_and(|seen| seen.is_awaited || seen.answer.is_none() || seen.end.is_none());
    let switches = steps.last().map(|step| step.switches.clone()).unwrap_or_default();
    let body = html! {
        h1 { (reader.text(words::talk())) }
        (bots(visit, reader, Place::Talk.path(), &bot))
        p class="alert" { (reader.text(words::really_acts())) }
        form id=(FORM) method="post" action=(Place::Talk.path()) {
            (reader.form_token())
            input type="hidden" name="bot" value=(bot.as_str());
            // The button that Enter presses in every field: it has to be the first of the form.
            button name="do" value="say" hidden { (reader.text(words::send())) }
        }
        div class="grid two" {
            section class="chat" aria-label=(reader.text(words::conversation())) {
                ol id="talk" class="talk" data-renew {
                    @if steps.is_empty() { li class="aside" { (reader.text(words::nothing_said())) } }
                    @for (step, seen) in steps.iter().zip(&seen) { (line(reader, step, seen)) }
                }
                div id="quick" data-renew {
                    @if let (Some(step), Some(seen)) = (steps.last(), seen.last()) {
                        @if let Some(shown) = seen.callback.as_ref().or(seen.answer.as_ref()) {
                            (phone::quick_replies(reader, step.number, shown))
                        }
                    }
                }
                // With a fragment in the address a browser would not give the focus.
                div class="say" {
                    input form=(FORM) name="words" aria-label=(reader.text(words::your_message())) autocomplete="off" autofocus;
                    button form=(FORM) name="do" value="say" class="primary" { (reader.text(words::send())) }
                }
            }
            div {
                (controls(reader, &switches))
                (file(visit, reader, &bot, &talk))
            }
        }
    };
    let again = goes_on.then_some(&AGAIN);
    let page = frame::page_that_asks_again(reader, Some(Place::Talk), words::talk(), again, &body);
    replies::page(StatusCode::OK, page)
}

fn line(reader: Reader<'_>, step: &Step, seen: &Seen) -> Markup {
    let how = how(reader, &step.switches);
    html! {
        @match &step.said {
            Said::Enter => li class="aside" { (reader.text(words::entered())) },
            Said::Leave => li class="aside" { (reader.text(words::left_the_room())) },
            Said::Words(said) => li class="said" { (said) },
            Said::Press(press) => li class="said" { (press.words) },
            Said::Photo(url) => li class="said" { (phone::link(url, &reader.text(words::a_photo()))) },
        }
        @if !how.is_empty() { li class="aside" { (how.join(" · ")) } }
        li class="came" {
            @match &seen.answer {
                None => p class="hint" { (reader.text(words::no_answer_yet())) },
                Some(answer) if answer.is_awaited => p class="hint" { (reader.text(words::callback_awaited())) },
                Some(answer) => (phone::answer(reader, step.number, answer)),
            }
            @if let Some(late) = &seen.callback {
                p class="hint" { (reader.text(words::came_by_callback())) }
                (phone::answer(reader, step.number, late))
            }
            @match &seen.end {
                Some(ended) => (super::why_of(reader, &ended.end)),
                None => p class="why" { (reader.text(words::bot_works())) },
            }
            details class="wire" {
                summary { (reader.text(words::four_messages())) }
                @if let Some(ended) = &seen.end { (wire::differences(reader, ended.end.degradations)) }
                (wire::four(reader, &seen.messages))
            }
        }
    }
}

/// The switches of a step, in words.
fn how(reader: Reader<'_>, switches: &Switches) -> Vec<String> {
    let flags = [
        (switches.is_tester, words::as_tester()),
        (switches.in_room, words::in_room()),
        (switches.offers_callback, words::with_callback()),
    ];
    let flags = flags.into_iter().filter(|(on, _)| *on).map(|(_, word)| word);
    let block = switches.block.as_deref().map(words::from_block);
    let last_block = switches.last_block.as_deref().map(words::after_block);
    flags.chain(block).chain(last_block).map(|word| reader.text(word)).collect()
}

fn controls(reader: Reader<'_>, switches: &Switches) -> Markup {
    let flags = [
        ("tester", switches.is_tester, words::switch_tester()),
        ("callback", switches.offers_callback, words::switch_callback()),
        ("room", switches.in_room, words::switch_room()),
    ];
    let blocks = [
        ("block", &switches.block, words::switch_block()),
        ("last_block", &switches.last_block, words::switch_last_block()),
    ];
    html! {
        section class="card" {
            p class="row" {
                button form=(FORM) name="do" value="enter" { (reader.text(words::enter())) }
                button form=(FORM) name="do" value="leave" { (reader.text(words::leave())) }
                button form=(FORM) name="do" value="again" { (reader.text(words::again())) }
            }
            label for="photo" { (reader.text(words::photo())) }
            input id="photo" form=(FORM) name="photo" inputmode="url" autocomplete="off";
            p { button form=(FORM) name="do" value="photo" { (reader.text(words::send_photo())) } }
        }
        section class="card" {
            h2 { (reader.text(words::switches())) }
            @for (name, on, word) in flags {
                label class="check" {
                    input type="checkbox" form=(FORM) name=(name) value="1" checked[on];
                    (reader.text(word))
                }
            }
            @for (name, block, word) in blocks {
                label for=(name) { (reader.text(word)) }
                input id=(name) form=(FORM) name=(name) value=(block.as_deref().unwrap_or_default()) autocomplete="off";
            }
            p class="hint" { (reader.text(words::counts_for_nothing())) }
        }
    }
}

/// The conversation as a file.
fn save(visit: &Visit<'_>, bot: &BotId, talk: &Talk) -> Saved {
    talk.save(bot.as_str(), visit.shared.registry().settings.bots.len() == 1)
}

fn file(visit: &Visit<'_>, reader: Reader<'_>, bot: &BotId, talk: &Talk) -> Markup {
    let saved = save(visit, bot, talk);
    html! {
        @if !talk.steps().is_empty() {
            section class="card" {
                p {
                    a class="button" href=(path_of("/console/talk/file", bot)) download { (reader.text(words::save())) }
                }
                p class="hint" { (reader.text(words::save_how())) ": " code { (PLAY) } }
                @if saved.left_out > 0 {
                    p class="hint" { (reader.text(words::left_out(saved.left_out.to_string()))) }
                }
            }
        }
    }
}

/// The answer that downloads it.
pub(super) fn saved(console: &Console, visit: &Visit<'_>, reader: Reader<'_>, owner: &str) -> Reply {
    let Some(bot) = chosen(visit, reader.visitor.asks("bot")) else {
        return refuse(reader.visitor, StatusCode::NOT_FOUND, words::refused_no_bot());
    };
    match console.simulator.talk(visit.shared, owner, &bot) {
        Ok(talk) => replies::file("conversation.toml", save(visit, &bot, &talk).toml),
        Err(refusal) => refused(reader, refusal),
    }
}

/// Something is said.
pub(super) async fn act(console: &Console, visit: &Visit<'_>, reader: Reader<'_>, owner: &str, form: &Form) -> Reply {
    let Some(bot) = chosen(visit, form.field("bot")) else {
        return refuse(reader.visitor, StatusCode::NOT_FOUND, words::refused_no_bot());
    };
    if form.field("press").is_empty() && form.field("do") == "again" {
        console.simulator.forget(owner, &bot);
        return replies::see(&path_of(Place::Talk.path(), &bot));
    }
    let talk = match console.simulator.talk(visit.shared, owner, &bot) {
        Ok(talk) => talk,
        Err(refusal) => return refused(reader, refusal),
    };
    let Some(said) = said(&talk, form) else {
        return refuse(reader.visitor, StatusCode::CONFLICT, words::refused_no_button());
    };
    let block = |name: &str| Some(form.field(name).trim()).filter(|block| !block.is_empty()).map(Box::from);
    let switches = Switches {
        is_tester: !form.field("tester").is_empty(),
        offers_callback: !form.field("callback").is_empty(),
        in_room: !form.field("room").is_empty(),
        block: block("block"),
        last_block: block("last_block"),
    };
    match Box::pin(talk.step(visit.shared, visit.core, said, switches)).await {
        Ok(_step) => replies::see(&path_of(Place::Talk.path(), &bot)),
        Err(refusal) => refused(reader, refusal),
    }
}

/// What a form says; `None` where its button is not there.
fn said(talk: &Arc<Talk>, form: &Form) -> Option<Said> {
    let press = form.field("press");
    if !press.is_empty() {
        let (step, place) = press.split_once('.')?;
        return talk.press(step.parse().ok()?, place.parse().ok()?).map(Said::Press);
    }
    Some(match form.field("do") {
        "enter" => Said::Enter,
        "leave" => Said::Leave,
        "photo" => Said::Photo(form.field("photo").trim().to_owned()),
        _ => Said::Words(form.field("words").to_owned()),
    })
}

fn refused(reader: Reader<'_>, refusal: Refusal) -> Reply {
    let (status, why): (StatusCode, Message) = match refusal {
        Refusal::NoBot => (StatusCode::NOT_FOUND, words::refused_no_bot()),
        Refusal::Busy => (StatusCode::CONFLICT, words::refused_busy()),
        Refusal::Full => (StatusCode::SERVICE_UNAVAILABLE, words::refused_full()),
        Refusal::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, words::refused_too_long()),
        Refusal::Stopping => (StatusCode::SERVICE_UNAVAILABLE, words::refused_stopping()),
        Refusal::NoCall => (StatusCode::BAD_REQUEST, words::refused_no_call()),
    };
    refuse(reader.visitor, status, why)
}
