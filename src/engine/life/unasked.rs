//! What is shown without asking the bot: the home keyboard, a page, what waits, a human, the end.

use std::sync::Arc;

use super::{Life, late_replies};
use crate::breaker::State;
use crate::engine::answer::{self, Heard};
use crate::engine::ticket::Delivery;
use crate::engine::turn::Finished;
use crate::events;
use crate::session::{Prompt, ReplyBody, Session};
use crate::telemetry::record::{Outcome, PlanKind};
use crate::time::{self, Moment};
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound::{self, Content, Page};
use crate::wire::legacy::Notice;

impl Life<'_> {
    /// Shows words of ours above `keyboard`, with what came late before them (S3), and ends the turn.
    pub(super) fn say(
        mut self,
        plan: PlanKind,
        outcome: Outcome,
        text: &str,
        keyboard: Option<Arc<Keyboard>>,
        page: u32,
        now: Moment,
    ) -> Finished {
        self.claim();
        // Above what came late stands what the user had; below it, what it brought (S3).
        // Who turns pages is offered it: its own keyboard would take the place of the pages.
        let offers = plan == PlanKind::Page && self.turn.session.has_late(now);
        let late_keyboard =
            if matches!(plan, PlanKind::Page | PlanKind::Home) { None } else { self.late_keyboard(now) };
        let (keyboard, page) = late_keyboard.map_or((keyboard, page), |own| (own, 0));
        let mut all = if offers { Vec::new() } else { late_replies(self.turn.session.take_late(now)) };
        all.push(ReplyBody::Words(text.into()));
        let view = self.call.view();
        let heard = Heard::of(&all, &view.policy.texts.no_reply);
        let shown = self.show(&heard, keyboard.as_deref(), page, offers, now);
        drop(heard);
        let mut finished = Finished::of(plan, outcome, shown.body.clone(), self.ticket);
        finished.degradations = shown.degradations;
        if finished.to == Delivery::Callback {
            finished.pieces = all.clone();
        }
        let _ = self.share(&finished, now);
        self.turn.session.show_again(keyboard, shown.page, shown.numbered, now);
        self.keep_rest(&shown, all, now);
        self.end(finished, now)
    }

    pub(in crate::engine) fn home(self) -> Finished {
        let texts = &self.call.bot.settings.policy.texts;
        let home = self.home.clone();
        let now = time::now();
        // Nothing is known of the bot but that it is out: words that invite to type would only lead to the same (S4).
        let out = !self.call.bot.home.is_known() && !matches!(self.call.bot.breaker.state(), State::Closed(_));
        let (outcome, text) = match &home {
            Some(_) => (Outcome::Answered, &texts.home),
            None if out => (Outcome::Outage, &texts.outage),
            None => (Outcome::Answered, &texts.home_text),
        };
        let mut life = self;
        life.claim();
        life.turn.session.show(home.clone(), Page::default(), false, now);
        life.say(PlanKind::Home, outcome, text, home, 0, now)
    }

    pub(in crate::engine) fn reprompt(mut self, prompt: Prompt) -> Finished {
        let texts = &self.call.bot.settings.policy.texts;
        let now = time::now();
        let text = match prompt {
            Prompt::Greet => &texts.home,
            Prompt::Choose => &texts.choose,
            Prompt::Expired => &texts.expired,
            Prompt::MediaRefused => &texts.media_refused,
            Prompt::Empty => &texts.empty,
            Prompt::NothingParked => &texts.nothing_parked,
        };
        let keyboard = self.keyboard(now);
        let unknown = self.turn.session.is_new();
        self.claim();
        if prompt == Prompt::Greet || prompt == Prompt::MediaRefused && unknown {
            self.turn.session.greet(keyboard.clone(), false, now);
        } else if unknown && keyboard.is_none() {
            // Nothing is known of this user and nothing was learnt: they stay unknown (I5).
            return self.aside(PlanKind::Reprompt, text, now);
        }
        let page = self.turn.session.page();
        self.say(PlanKind::Reprompt, Outcome::Answered, text, keyboard, page, now)
    }

    /// Words of ours that change nothing in the session.
    fn aside(self, plan: PlanKind, text: &str, now: Moment) -> Finished {
        let finished = Finished::of(plan, Outcome::Answered, self.call.words(text, false), self.ticket);
        self.end(finished, now)
    }

    pub(in crate::engine) fn page(self, page: u32) -> Finished {
        let now = time::now();
        let keyboard = self.keyboard(now);
        let text = &self.call.bot.settings.policy.texts.choose;
        let place = keyboard.as_deref().and_then(|k| outbound::place_of_page(k, page, &self.call.view()));
        let text = place.map_or_else(|| text.to_string(), |(page, pages)| format!("{text} ({page}/{pages})"));
        self.say(PlanKind::Page, Outcome::Answered, &text, keyboard, page, now)
    }

    /// The next part of a long reply (O5). A late reply is offered, not mixed in: its parts would be others'.
    pub(in crate::engine) fn more(mut self, part: u32) -> Finished {
        let now = time::now();
        self.claim();
        let view = self.call.view();
        let keyboard = self.keyboard(now);
        let rest = self.turn.session.rest(now);
        // A button of an older answer may name a part further on, of another reply: nothing in between is passed over.
        let part = rest.map_or(part, |rest| part.min(rest.next));
        let pieces = rest.map(|rest| rest.pieces.clone()).unwrap_or_default();
        let older_rest = self.turn.session.older_rest(now).map(|rest| rest.next);
        let heard = Heard::of(&pieces, &view.policy.texts.no_reply);
        let page = self.turn.session.page();
        let late = self.turn.session.has_late(now);
        let content =
            Content { readings: &heard.readings, keyboard: keyboard.as_deref(), part, page, late, older_rest };
        let shown = answer::show(&content, &view);
        drop(heard);
        let mut finished = Finished::of(PlanKind::More, Outcome::Answered, shown.body.clone(), self.ticket);
        finished.degradations = shown.degradations;
        if finished.to == Delivery::Callback {
            finished.pieces = pieces.clone();
        }
        self.turn.session.show_again(keyboard, shown.page, shown.numbered, now);
        if shown.part + 1 < shown.parts {
            self.turn.session.advance_rest(shown.part + 1, now);
        } else {
            self.turn.session.drop_rest(now);
        }
        self.end(finished, now)
    }

    /// What came late (S3). Its keyboard counts from now, unless a newer reply was shown since it was asked for.
    pub(in crate::engine) fn late(mut self) -> Finished {
        let now = time::now();
        let view = self.call.view();
        self.claim();
        let late = self.turn.session.take_late(now);
        let newest = late.last().map(|late| late.asked);
        let pieces: Vec<ReplyBody> = late.into_iter().flat_map(|late| late.pieces).collect();
        let heard = Heard::of(&pieces, &view.policy.texts.no_reply);
        let overtaken = newest.is_none_or(|asked| self.turn.session.shown_since(asked)) || !heard.is_usable();
        let keyboard = if overtaken {
            self.keyboard(now)
        } else {
            heard.labels().and_then(|labels| self.call.shared.keyboards.intern(labels))
        };
        let shown = self.show(&heard, keyboard.as_deref(), 0, false, now);
        drop(heard);
        let mut finished = Finished::of(PlanKind::Late, Outcome::Answered, shown.body.clone(), self.ticket);
        finished.degradations = shown.degradations;
        if finished.to == Delivery::Callback {
            finished.pieces = pieces.clone();
            finished.asked = newest.unwrap_or(now);
        }
        self.keep(keyboard, &shown, pieces, now);
        self.end(finished, now)
    }

    /// A human is called (K5): the button stands above the rest of the keyboard.
    pub(in crate::engine) fn hand_over(self, label: &str) -> Finished {
        let now = time::now();
        let keyboard = self.keyboard(now);
        let stands = keyboard.as_deref().is_some_and(|k| k.labels().iter().any(|l| l.trim() == label.trim()));
        let offered = if stands {
            keyboard.clone()
        } else {
            let others = keyboard.iter().flat_map(|k| k.labels()).map(|l| &**l);
            self.call.shared.keyboards.intern(&std::iter::once(label).chain(others).collect::<Vec<_>>())
        };
        let view = self.call.view();
        let content =
            Content { readings: &[], keyboard: offered.as_deref(), part: 0, page: 0, late: false, older_rest: None };
        let shown = answer::show(&content, &view);
        let mut finished = Finished::of(PlanKind::Handover, Outcome::Answered, shown.body, self.ticket);
        finished.degradations = shown.degradations;
        // Tapped twice while another turn was in flight: both read it.
        let _ = self.share(&finished, now);
        self.end(finished, now)
    }

    /// The conversation ends (E1): the bot is told, the session forgotten.
    pub(in crate::engine) fn leave(mut self) -> Finished {
        let texts = &self.call.bot.settings.policy.texts;
        let body = self.call.words(&texts.left, false);
        let finished = Finished::of(PlanKind::Leave, Outcome::Answered, body, self.ticket);
        // Testers leave nothing (I9).
        if !self.call.inbound.tester {
            events::deliver(&self.call.shared, &self.call.bot, self.call.core, Notice::RoomLeft, *self.turn.user());
        }
        self.turn.session = Session::default();
        self.turn.commit(time::now());
        finished
    }
}
