//! What each plan comes to: the bot is asked or not, something is shown, the session remembers it.
//!
//! Every method that ends a turn takes it by value, so that a turn cannot be ended twice, and claims the delivery
//! before it commits, so that what is parked is in the session before anybody can ask for it.

mod unasked;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::unconstrained;
use tokio::time::sleep_until;

use super::answer::{self, Heard, Shown};
use super::ask::{self, Said};
use super::ticket::{Delivery, Ticket};
use super::turn::{Call, Finished, Undo};
use crate::breaker::Change;
use crate::degradation::Degradation;
use crate::session::{Current, Late, Plan, Prompt, ReplyBody, Rest, Rules, Session, TEN_MINUTES};
use crate::store::{SharedAnswer, Turn};
use crate::telemetry::record::{Outcome, PlanKind};
use crate::time::{self, Moment};
use crate::translate::inbound::UserInput;
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound::{Content, Page};
use crate::wire::legacy::MessageType;
use crate::wire::mark::Mark;

/// Which failures of a message count for the breaker (S4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failures {
    /// All: the bot gave no usable reply.
    Count,
    /// Only those that say the bot is not there: it could not be reached, or did not answer in time (I5).
    CountUndelivered,
}

/// A turn under way.
pub(super) struct Life<'c> {
    call: &'c Call,
    ticket: &'c Ticket,
    turn: Turn,
    /// The home keyboard, where it had to be looked at.
    home: Option<Arc<Keyboard>>,
    /// Whether it was waited for already: once a turn (K1).
    waited: bool,
    /// The session as it was before an answer that goes by callback.
    before: Option<Session>,
}

impl<'c> Life<'c> {
    pub(super) fn new(call: &'c Call, ticket: &'c Ticket, turn: Turn) -> Self {
        Self { call, ticket, turn, home: None, waited: false, before: None }
    }

    /// Decides what happens next; the home keyboard is fetched only where the decision needs it (K1).
    pub(super) async fn plan(&mut self) -> Plan<'c> {
        let says = &self.call.inbound.says;
        let by_itself = matches!(
            says,
            UserInput::Leave | UserInput::Nothing | UserInput::Tap(Mark::Say(_) | Mark::More { .. } | Mark::Late)
        );
        let at_home = matches!(self.turn.session.current(time::now()), Current::Home(_));
        let by_token = matches!(says, UserInput::Tap(Mark::Pick { .. } | Mark::Page { .. }));
        if *says == UserInput::Home || by_token || at_home && !by_itself {
            self.fetch_home().await;
        }
        let settings = &self.call.bot.settings;
        let inbound = &self.call.inbound;
        let now = time::now();
        let rules = Rules {
            recently_started: now.since(self.call.shared.started) < TEN_MINUTES,
            free_text: settings.free_text,
            texts: &settings.policy.texts,
            handover: &settings.policy.handover,
            unbound: inbound.last_block.as_deref().is_some_and(|block| self.call.bot.foreign_block(block)),
            arrived: time::moment_of(self.call.arrived),
        };
        let plan = self.turn.session.plan(says.borrowed(), self.home.as_deref(), &rules, now);
        // Before words are kept from the bot: an answer the user has not seen yet, and will see above this one, may
        // have moved the bot on to where they are welcome.
        if matches!(plan, Plan::Reprompt(Prompt::Greet | Prompt::Choose | Prompt::Expired | Prompt::MediaRefused))
            && let Some(keyboard) = self.late_keyboard(now)
        {
            let mut ahead = self.turn.session.clone();
            ahead.show(keyboard, Page::default(), false, now);
            let rules = Rules { arrived: now, ..rules };
            return ahead.plan(says.borrowed(), None, &rules, now);
        }
        plan
    }

    /// The keyboard of the newest late reply, free typing included, where it will count once that is shown (S3).
    fn late_keyboard(&self, now: Moment) -> Option<Option<Arc<Keyboard>>> {
        let session = &self.turn.session;
        let newest = session.late(now).last()?.asked;
        if session.shown_since(newest) {
            return None;
        }
        let pieces: Vec<ReplyBody> = session.late(now).flat_map(|late| late.pieces.iter().cloned()).collect();
        let heard = Heard::of(&pieces, &self.call.view().policy.texts.no_reply);
        heard.is_usable().then(|| heard.labels().and_then(|labels| self.call.shared.keyboards.intern(labels)))
    }

    /// Who gets the answer. Before anything is noted down as shown, for a callback may fail.
    fn claim(&mut self) -> Delivery {
        let to = self.ticket.claim();
        if to == Delivery::Callback && self.before.is_none() {
            self.before = Some(self.turn.session.clone());
        }
        to
    }

    /// Ends the turn: the session is kept as it is now.
    fn end(mut self, mut finished: Finished, now: Moment) -> Finished {
        finished.undo = self.before.take().map(|before| Undo { before, at: now });
        self.turn.commit(now);
        finished
    }

    /// Nobody reads it: nothing was shown, and what waits goes on waiting.
    pub(super) fn unread(self) -> Finished {
        Finished::of(PlanKind::None, Outcome::Lost, Bytes::new(), self.ticket)
    }

    async fn fetch_home(&mut self) {
        let fetcher = self.call.shared.fetcher(&self.call.bot, self.call.core);
        let waited = std::mem::replace(&mut self.waited, true);
        let until = if waited { time::instant() } else { self.call.cut };
        self.home = self.call.bot.home.keyboard(&fetcher, until).await;
    }

    /// The keyboard that counts now.
    fn keyboard(&self, now: Moment) -> Option<Arc<Keyboard>> {
        match self.turn.session.current(now) {
            Current::Free => None,
            Current::Shown(_) => self.turn.session.last_keyboard().cloned(),
            Current::Home(_) => self.home.clone(),
        }
    }

    /// Asks the bot what matches no button. The pass of a user whom nobody knew is used up by it (I5).
    pub(super) async fn forward(mut self, messages: Vec<(MessageType, Cow<'_, str>)>) -> Finished {
        self.turn.session.spend_greeting();
        self.ask(messages, Failures::CountUndelivered).await
    }

    /// Asks the bot and shows what it says.
    pub(super) async fn ask(self, messages: Vec<(MessageType, Cow<'_, str>)>, failures: Failures) -> Finished {
        let texts = &self.call.bot.settings.policy.texts;
        let asked = time::now();
        if time::instant() > self.call.last_send() {
            return self.not_sent();
        }
        let Some(mut permit) = self.call.bot.breaker.admit(asked) else {
            let pieces = vec![ReplyBody::Words(texts.outage.clone())];
            return self.without_bot(Outcome::Outage, &texts.outage, pieces, asked).await;
        };
        self.turn.asking();
        let Said { pieces, took, problem, undelivered, own_shortage } = {
            let asking = ask::ask(self.call, self.turn.user(), &messages);
            tokio::pin!(asking);
            tokio::select! {
                biased;
                said = &mut asking => said,
                // The bot has had a full deadline, however late it was asked: that counts, once (S4).
                () = unconstrained(sleep_until(self.call.overdue_after(time::instant()))) => {
                    self.announce(permit.failed(time::now()));
                    asking.await
                }
            }
        };
        let heard = pieces.iter().any(|piece| matches!(piece, ReplyBody::Reply(_)));
        if heard {
            self.announce(permit.succeeded());
        } else if undelivered || failures == Failures::Count && !own_shortage {
            self.announce(permit.failed(time::now()));
        }
        let dropped = self.call.inbound.dropped > 0;
        let mut finished = if heard {
            self.tell(pieces, asked)
        } else {
            self.without_bot(Outcome::NoReply, &texts.no_reply, pieces, asked).await
        };
        finished.backend = Some(took);
        finished.problem = problem;
        if dropped {
            finished.degradations.add(Degradation::ImagesDropped);
        }
        finished
    }

    /// Too little time is left: nothing is sent, and the user is asked to send it again (S1).
    fn not_sent(mut self) -> Finished {
        let now = time::now();
        if self.claim() == Delivery::Park {
            // The caller hung up in the line; they have been told nothing, so they are told when they ask.
            let texts = &self.call.bot.settings.policy.texts;
            let pieces = vec![ReplyBody::Words(texts.resend.clone())];
            let outcome = self.park(&pieces, now, now);
            let finished = Finished::of(PlanKind::None, outcome, Bytes::new(), self.ticket);
            return self.end(finished, now);
        }
        let keyboard = self.keyboard(now);
        let page = self.turn.session.page();
        let text = &self.call.bot.settings.policy.texts.resend;
        self.say(PlanKind::None, Outcome::Withdrawn, text, keyboard, page, now)
    }

    fn announce(&self, change: Option<Change>) {
        if let Some(change) = change {
            self.call.shared.announce(&self.call.bot, change);
        }
    }

    /// Shows a usable reply: to the caller, to one who makes the same tap, or later (S3).
    fn tell(mut self, pieces: Vec<ReplyBody>, asked: Moment) -> Finished {
        let now = time::now();
        let to = self.claim();
        let view = self.call.view();
        let before = if to == Delivery::Park { Vec::new() } else { late_replies(self.turn.session.take_late(now)) };
        let all: Vec<ReplyBody> = before.into_iter().chain(pieces.iter().cloned()).collect();
        let heard = Heard::of(&all, &view.policy.texts.no_reply);
        let keyboard = heard.labels().and_then(|labels| self.call.shared.keyboards.intern(labels));
        let shown = self.show(&heard, keyboard.as_deref(), 0, false, now);
        drop(heard);
        let mut finished = Finished {
            body: shown.body.clone(),
            to,
            plan: PlanKind::Ask,
            outcome: Outcome::Answered,
            backend: None,
            problem: None,
            degradations: shown.degradations,
            // A callback that fails gives back what was late before, too.
            pieces: if to == Delivery::Callback { all.clone() } else { pieces },
            asked,
            undo: None,
        };
        let taken = self.share(&finished, now);
        if to == Delivery::Park && taken == 0 {
            finished.outcome = self.park(&finished.pieces, asked, now);
        } else {
            if to == Delivery::Park {
                finished.outcome = Outcome::Shared;
            }
            self.keep(keyboard, &shown, all, now);
        }
        self.end(finished, now)
    }

    /// Lays out what was heard, from its beginning, above `keyboard`. `late` offers `답변 보기`; the rest of an older
    /// reply is offered where one waits (O5).
    fn show(&self, heard: &Heard<'_>, keyboard: Option<&Keyboard>, page: u32, late: bool, now: Moment) -> Shown {
        let older_rest = self.turn.session.rest(now).map(|rest| rest.next);
        let content = Content { readings: &heard.readings, keyboard, part: 0, page, late, older_rest };
        answer::show(&content, &self.call.view())
    }

    /// Hands the answer to who made the same tap (I3); how many took it.
    fn share(&self, finished: &Finished, now: Moment) -> usize {
        let late = Late { pieces: finished.pieces.clone(), asked: finished.asked, came: now };
        self.turn.share(&SharedAnswer { body: finished.body.clone(), late, owed: finished.to == Delivery::Park })
    }

    /// Keeps a reply until the user asks for it (S3).
    fn park(&mut self, pieces: &[ReplyBody], asked: Moment, now: Moment) -> Outcome {
        let bytes = pieces.iter().map(ReplyBody::size).sum();
        if !self.turn.may_park(bytes) {
            tracing::warn!(bot = %self.call.bot.settings.id, bytes, "a late reply could not be parked: limits.parked is reached");
            return Outcome::Lost;
        }
        self.turn.session.park(Late { pieces: pieces.to_vec(), asked, came: now });
        Outcome::Parked
    }

    /// Remembers what was shown, and what of it is still to come (K2, O5).
    fn keep(&mut self, keyboard: Option<Arc<Keyboard>>, shown: &Shown, pieces: Vec<ReplyBody>, now: Moment) {
        self.turn.session.show(keyboard, shown.page, shown.numbered, now);
        self.keep_rest(shown, pieces, now);
    }

    fn keep_rest(&mut self, shown: &Shown, pieces: Vec<ReplyBody>, now: Moment) {
        let next = shown.part + 1;
        if next >= shown.parts {
            return;
        }
        if self.turn.may_park(pieces.iter().map(ReplyBody::size).sum()) {
            self.turn.session.keep_rest(Rest { pieces, next, at: now });
        } else {
            tracing::warn!(bot = %self.call.bot.settings.id, "the rest of a long reply is not kept: limits.parked is reached");
        }
    }

    /// The bot gave nothing usable (O4), or was not asked (S4): the user reads so, above the keyboard that counts. The
    /// session stays where it was, but what is shown counts from now.
    async fn without_bot(mut self, outcome: Outcome, text: &str, pieces: Vec<ReplyBody>, asked: Moment) -> Finished {
        // Before the claim: it takes up to a second, and whoever has claimed must answer at once.
        if matches!(self.turn.session.current(time::now()), Current::Home(_)) && self.home.is_none() {
            self.fetch_home().await;
        }
        let now = time::now();
        let mut finished = if self.claim() == Delivery::Park {
            let body = self.call.words(text, false);
            let mut finished = Finished::of(PlanKind::Ask, outcome, body, self.ticket);
            (finished.pieces, finished.asked) = (pieces, asked);
            if self.share(&finished, now) == 0 {
                // Told when they ask for it: `답변 보기` must not lead to nothing.
                let _ = self.park(&finished.pieces, asked, now);
            }
            self.end(finished, now)
        } else {
            let keyboard = self.keyboard(now);
            let page = self.turn.session.page();
            self.say(PlanKind::Ask, outcome, text, keyboard, page, now)
        };
        if outcome == Outcome::NoReply {
            finished.degradations.join(answer::no_reply());
        }
        finished
    }
}

/// What came late, oldest first. A "no reply" that came late is told only to who asks for it, not before another
/// answer.
fn late_replies(late: Vec<Late>) -> Vec<ReplyBody> {
    late.into_iter().flat_map(|late| late.pieces).filter(|piece| matches!(piece, ReplyBody::Reply(_))).collect()
}
