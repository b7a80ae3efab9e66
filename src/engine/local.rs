//! Answers that do not ask the bot: the home keyboard, a page, a late reply, a rest, the hand-over, the end.

use std::sync::Arc;

use super::reply::{Below, Bodies, BotReplies, LateReplies, Remember, Reply};
use super::turn::TurnRunner;
use crate::breaker;
use crate::session::{LocalStep, Prompt};
use crate::store::Acquaintance;
use crate::telemetry::record::{Outcome, PlanKind};
use crate::time::Moment;
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound;

/// The answer of `step` under `keyboard`, by which it was decided.
pub(super) fn reply(
    runner: &TurnRunner<'_>,
    step: LocalStep<'_>,
    keyboard: Option<Arc<Keyboard>>,
    now: Moment,
) -> (Reply, BotReplies) {
    match step {
        LocalStep::Home => home(runner, keyboard, now),
        LocalStep::Reprompt(prompt) => reprompt(runner, prompt, keyboard, now),
        LocalStep::Page(page) => turned_page(runner, keyboard, page, now),
        LocalStep::More(part) => more(runner, keyboard, part, now),
        LocalStep::Late => late(runner, keyboard, now),
        LocalStep::Handover(label) => hand_over(runner, &label, keyboard, now),
        LocalStep::Leave => leave(runner, now),
    }
}

fn home(runner: &TurnRunner<'_>, keyboard: Option<Arc<Keyboard>>, now: Moment) -> (Reply, BotReplies) {
    let (bot, texts) = (&runner.call.bot, runner.call.texts());
    // Nothing is known of the bot but that it is out: words that invite to type would only lead to the same (S4).
    let out = !bot.home.is_known() && !matches!(bot.breaker.state(), breaker::State::Closed(_));
    let (outcome, text) = match &keyboard {
        Some(_) => (Outcome::Answered, &texts.home),
        None if out => (Outcome::Outage, &texts.outage),
        None => (Outcome::Answered, &texts.home_text),
    };
    let reply = Reply { outcome, remember: Remember::Shown, ..Reply::new(PlanKind::Home, Below::Only(keyboard, 0)) };
    (reply, BotReplies::words(text, now))
}

fn reprompt(
    runner: &TurnRunner<'_>,
    prompt: Prompt,
    keyboard: Option<Arc<Keyboard>>,
    now: Moment,
) -> (Reply, BotReplies) {
    let texts = runner.call.texts();
    let text = match prompt {
        Prompt::Greet => &texts.home,
        Prompt::Choose => &texts.choose,
        Prompt::Expired => &texts.expired,
        Prompt::MediaRefused => &texts.media_refused,
        Prompt::Empty => &texts.empty,
        // What waits for them lies where it cannot be looked for now (P6).
        Prompt::NothingParked if runner.turn.acquaintance() == Acquaintance::Unsure => &texts.wait,
        Prompt::NothingParked => &texts.nothing_parked,
    };
    let unknown = runner.turn.session.is_new();
    let greets = prompt == Prompt::Greet || prompt == Prompt::MediaRefused && unknown;
    let (late, remember) = if greets {
        (LateReplies::Above, Remember::Greeted)
    } else if unknown && keyboard.is_none() {
        // Nothing is known of this user and nothing was learnt: they stay unknown (I5).
        (LateReplies::Untouched, Remember::Nothing)
    } else {
        (LateReplies::Above, Remember::ShownAgain)
    };
    let below = Below::Current(keyboard, runner.shown_page(now));
    (Reply { late, remember, ..Reply::new(PlanKind::Reprompt, below) }, BotReplies::words(text, now))
}

/// A user who turns pages is offered late replies. They are not shown above the page: their keyboard would take the
/// place of the pages.
fn turned_page(
    runner: &TurnRunner<'_>,
    keyboard: Option<Arc<Keyboard>>,
    page: u32,
    now: Moment,
) -> (Reply, BotReplies) {
    let text = &runner.call.texts().choose;
    let place = keyboard.as_deref().and_then(|keyboard| outbound::place_of_page(keyboard, page, &runner.call.view()));
    let text = place.map_or_else(|| text.to_string(), |(page, pages)| format!("{text} ({page}/{pages})"));
    let reply = Reply { late: LateReplies::Offered, ..Reply::new(PlanKind::Page, Below::Only(keyboard, page)) };
    (reply, BotReplies::words(&text, now))
}

/// The next part of a long reply (O5). A late reply is offered, not mixed in: its parts would be others'.
fn more(runner: &TurnRunner<'_>, keyboard: Option<Arc<Keyboard>>, part: u32, now: Moment) -> (Reply, BotReplies) {
    let rest = runner.turn.session.rest(now);
    // A button of an older answer may name a part further on, of another reply: nothing in between is passed over.
    let part = rest.map_or(part, |rest| part.min(rest.next));
    let bodies = rest.map(|rest| rest.bodies.iter().cloned().collect()).unwrap_or_default();
    let below = Below::Only(keyboard, runner.shown_page(now));
    let (late, remember) = (LateReplies::Offered, Remember::Part);
    (Reply { part, late, remember, ..Reply::new(PlanKind::More, below) }, BotReplies { bodies, asked: now })
}

/// Shows the late replies (S3). The keyboard of the last one counts from now, unless a newer reply was shown since it
/// was asked for.
fn late(runner: &TurnRunner<'_>, keyboard: Option<Arc<Keyboard>>, now: Moment) -> (Reply, BotReplies) {
    let session = &runner.turn.session;
    let asked = session.late(now).last().map_or(now, |newest| newest.asked);
    let bodies: Bodies = session.late(now).flat_map(|late| late.bodies.iter().cloned()).collect();
    let below = if session.shown_since(asked) { Below::Only(keyboard, 0) } else { Below::OfReplyOr(keyboard) };
    let (late, remember) = (LateReplies::These, Remember::Shown);
    (Reply { late, remember, ..Reply::new(PlanKind::Late, below) }, BotReplies { bodies, asked })
}

/// A human is called (K5): the button stands above the rest of the keyboard.
fn hand_over(
    runner: &TurnRunner<'_>,
    label: &str,
    keyboard: Option<Arc<Keyboard>>,
    now: Moment,
) -> (Reply, BotReplies) {
    let labels = || keyboard.iter().flat_map(|keyboard| keyboard.labels());
    let stands = labels().any(|own| own.trim() == label.trim());
    let offered = if stands {
        keyboard
    } else {
        let with_it: Vec<&str> = std::iter::once(label).chain(labels().map(|own| &**own)).collect();
        runner.call.shared.keyboards.intern(&with_it)
    };
    let (late, remember) = (LateReplies::Untouched, Remember::Nothing);
    let reply = Reply { late, remember, ..Reply::new(PlanKind::Handover, Below::Only(offered, 0)) };
    (reply, BotReplies { bodies: Bodies::new(), asked: now })
}

/// The conversation ends (E1).
fn leave(runner: &TurnRunner<'_>, now: Moment) -> (Reply, BotReplies) {
    let (late, remember) = (LateReplies::Untouched, Remember::End);
    let reply = Reply { late, remember, ..Reply::new(PlanKind::Leave, Below::Only(None, 0)) };
    (reply, BotReplies::words(&runner.call.texts().left, now))
}
