//! The life of a turn, from its place in the user's line to its answer; `finish.rs` goes on from there.
//!
//! [`run`] knows no caller: it returns an answer, never an error, and asks the call's delivery for whom the answer is.
//! So it reads the same whether the caller still waits, was told to wait, or has hung up.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::SemaphorePermit;

use super::ask::{self, Asked};
use super::call::Call;
use super::debts;
use super::delivery::{Event, Reader};
use super::finish::{Ended, call_back, took_it};
use super::local;
use super::memory;
use super::reply::{Below, BotReplies, ParsedReplies, Remember, Reply, Unread};
use super::simulated;
use crate::bot::Bot;
use crate::breaker::{Attempt, Change, State};
use crate::degradation::Degradation;
use crate::events;
use crate::failpoint::{self, reach};
use crate::net::lease::Lease;
use crate::session::{Current, LocalStep, Messages, Plan, Prompt, ReplyBody, Rules, Step, TEN_MINUTES};
use crate::store::remote::Gate;
use crate::store::{Acquaintance, Begun, Following, Turn};
use crate::telemetry::record::{Outcome, PlanKind, TurnEnd};
use crate::time::{self, Moment};
use crate::translate::inbound::UserInput;
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound::Page;
use crate::wire::legacy::Notice;
use crate::wire::mark::Mark;

/// Which failures of a message count for the breaker (S4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failures {
    /// All: the bot gave no usable reply.
    Count,
    /// Only those that say the bot is not there: it could not be reached, or did not answer in time (I5).
    CountUndelivered,
}

/// Lives one turn. `None` when it was taken out of the line before it began; then nothing was sent and nothing kept.
pub(super) async fn run(call: &Call) -> Option<Bytes> {
    let turn = match call.bot.sessions.begin(call.input.session, call.tap()) {
        Begun::Turn(turn) => turn,
        Begun::Queued(waiting) => waiting.await?,
        Begun::Follow(following) => return Box::pin(follow(call, following)).await,
        Begun::Full => return Some(call.busy()),
        Begun::Asks(entering) => match entering.await {
            Begun::Turn(turn) => turn,
            Begun::Follow(following) => return Box::pin(follow(call, following)).await,
            Begun::Queued(_) | Begun::Full | Begun::Asks(_) => return Some(call.busy()),
        },
    };
    call.delivery.on(Event::ComeFirst).ok()?;
    let mut runner = TurnRunner { call, turn, home: None, home_waited_for: false };
    if runner.turn.is_unread() {
        Box::pin(memory::look_up(call, &mut runner.turn)).await;
    }
    reach(failpoint::Step::Begun);
    let Plan { step, keyboard } = runner.decide().await;
    reach(failpoint::Step::Decided);
    let (messages, failures) = match step {
        Step::Ask(messages) => (messages, Failures::Count),
        Step::Forward(messages) => (messages, Failures::CountUndelivered),
        Step::Local(step) => {
            if !call.delivery.begin() {
                return None;
            }
            return Some(runner.answer_locally(step, keyboard).answer().await);
        }
    };
    let leave = LeaveToAsk::wait(&call.bot).await;
    if !call.delivery.begin() {
        return None;
    }
    if failures == Failures::CountUndelivered {
        // It uses up the pass of an unknown user (I5).
        runner.turn.session.spend_greeting();
    }
    let heard = runner.ask(&messages, &leave).await;
    // The next steps may want the home keyboard, which waits in the same line.
    drop(leave);
    let ended = match heard {
        Ok(heard) => runner.finish_heard(heard, failures),
        Err(words) => runner.finish_without_bot(words, TurnEnd::default()),
    };
    Some(ended.answer().await)
}

/// Held until the bot has answered, and no longer: the steps after it, such as a callback, must not hold back other
/// users. Waiting for it is waiting in a line: nothing was sent yet (S1).
#[derive(Default)]
struct LeaveToAsk<'c> {
    /// Where only one message may be out at a time (I6).
    _alone: Option<SemaphorePermit<'c>>,
    /// The same among all processes that share the store.
    _alone_of_all: Option<Box<Gate>>,
    /// A connection (I8).
    lease: Option<Lease>,
}

impl<'c> LeaveToAsk<'c> {
    async fn wait(bot: &'c Bot) -> Self {
        let (alone, of_all) = match &bot.one_at_a_time {
            Some(gate) => {
                // The gate is never closed.
                let alone = gate.acquire().await.ok();
                let of_all = match &bot.gate_of_all {
                    Some(store) => Box::pin(store.gate()).await.map(Box::new),
                    None => None,
                };
                (alone, of_all)
            }
            None => (None, None),
        };
        Self { _alone: alone, _alone_of_all: of_all, lease: lease(bot).await }
    }
}

/// Leave to ask the bot, in order of arrival (I8). No turn waits for a bot that is out: its connections may all hang,
/// and the user reads the outage words at once (S4).
async fn lease(bot: &Bot) -> Option<Lease> {
    match bot.breaker.state() {
        State::Closed(_) => Some(bot.api.connections().acquire().await),
        State::Open(_) | State::Probing => bot.api.connections().try_acquire(),
    }
}

/// Keeps, behind the user's earlier turns, that a message was not sent: its callback failed, and nothing else tells it
/// (S1, S3).
pub(super) async fn park_unsent(call: &Call) {
    let Some(mut turn) = call.bot.sessions.begin(call.input.session, None).turn().await else { return };
    if turn.is_unread() {
        memory::look_up(call, &mut turn).await;
    }
    let now = time::now();
    let mut runner = TurnRunner { call, turn, home: None, home_waited_for: false };
    runner.park(&BotReplies::unsent(&call.texts().resend, now), now);
    runner.turn.commit(None, now);
}

/// The same tap is in flight already: its answer is this call's too (I3). Without one, its message was not sent, or its
/// fate is unknown: the user is asked to send it again.
async fn follow(call: &Call, following: Following) -> Option<Bytes> {
    call.delivery.on(Event::Follow).ok()?;
    // Whoever is followed may be in a process that died, and the word of it may be lost: nobody waits for ever, and what is
    // left of a callback's minute is enough to say so.
    let answer = tokio::time::timeout_at(call.give_up(), following).await.ok().flatten();
    let to = call.delivery.claim();
    let (body, outcome, taken) = match answer {
        Some((body, taken)) => (body, Outcome::Answered, Some(taken)),
        None => (call.words_meanwhile(&call.texts().resend, false), Outcome::Withdrawn, None),
    };
    let outcome = match (to, &call.arrival.callback) {
        (Reader::Caller, _) if took_it(call, &body).await => outcome,
        (Reader::Callback, Some(to)) if Box::pin(call_back(call, to, &body, None)).await => Outcome::CalledBack,
        (Reader::Caller | Reader::Callback | Reader::Nobody, _) => Outcome::Lost,
    };
    if let Some(taken) = taken.filter(|_| outcome != Outcome::Lost) {
        taken.delivered();
    }
    debts::settled(call);
    call.record(TurnEnd { plan: PlanKind::Follow, ..TurnEnd::of(outcome) });
    Some(body)
}

/// What asking the bot has brought.
struct Heard {
    /// When it was asked.
    at: Moment,
    attempt: Attempt,
    asked: Asked,
}

/// Words of ours in place of the bot's, and why.
struct WordsInstead {
    outcome: Outcome,
    said: BotReplies,
}

/// A turn under way.
pub(super) struct TurnRunner<'c> {
    pub(super) call: &'c Call,
    pub(super) turn: Turn,
    /// The home keyboard, where it had to be looked at.
    home: Option<Arc<Keyboard>>,
    /// Whether it was waited for already: once a turn (K1).
    home_waited_for: bool,
}

impl<'c> TurnRunner<'c> {
    /// Decides what happens next; the home keyboard is fetched only where the decision needs it (K1).
    async fn decide(&mut self) -> Plan<'c> {
        let says = &self.call.input.says;
        let by_itself = matches!(
            says,
            UserInput::Leave | UserInput::Nothing | UserInput::Tap(Mark::Say(_) | Mark::More { .. } | Mark::Late)
        );
        let mut now = time::now();
        let at_home = matches!(self.turn.session.current(now), Current::Home(_));
        let by_token = matches!(says, UserInput::Tap(Mark::Pick { .. } | Mark::Page { .. }));
        if *says == UserInput::Home || by_token || at_home && !by_itself {
            Box::pin(self.fetch_home()).await;
            now = time::now();
        }
        let settings = &self.call.bot.settings;
        let rules = Rules {
            recently_started: self.call.shared.began_empty() && now.since(self.call.shared.started) < TEN_MINUTES,
            free_text: settings.free_text,
            texts: &settings.policy.texts,
            handover: &settings.policy.handover,
            // Of whom the store cannot say what they were shown, nothing is kept from the bot (P6).
            unbound: self.call.input.unbound || self.turn.acquaintance() == Acquaintance::Unsure,
            arrived: time::moment_of(self.call.arrival.at),
        };
        let plan = self.turn.session.plan(says.borrowed(), self.home.as_ref(), &rules, now);
        // Before words are kept from the bot: an answer the user has not seen yet, and will see above this one, may
        // have moved the bot on to where they are welcome.
        if matches!(
            plan.step,
            Step::Local(LocalStep::Reprompt(Prompt::Greet | Prompt::Choose | Prompt::Expired | Prompt::MediaRefused))
        ) && let Some(keyboard) = self.late_keyboard(now)
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
        let bodies: Vec<ReplyBody> = session.late(now).flat_map(|late| late.bodies.iter().cloned()).collect();
        let parsed = ParsedReplies::parse(&bodies, &self.call.texts().no_reply);
        parsed.is_usable().then(|| self.keyboard_of(&parsed))
    }

    pub(super) fn keyboard_of(&self, parsed: &ParsedReplies<'_>) -> Option<Arc<Keyboard>> {
        let labels = parsed.labels()?;
        // Nearly always the one they have just used, or seen: then it need not be looked up.
        let again = self.turn.session.last_keyboard().filter(|last| last.has_labels(labels));
        again.cloned().or_else(|| self.call.shared.keyboards.intern(labels))
    }

    fn answer_locally(self, step: LocalStep<'c>, keyboard: Option<Arc<Keyboard>>) -> Ended<'c> {
        if step == LocalStep::Leave {
            self.tell_that_the_user_left();
        }
        let (reply, said) = local::reply(&self, step, keyboard, time::now());
        let parsed = ParsedReplies::parse(&said.bodies, &self.call.texts().no_reply);
        self.finish(reply, &said, parsed, TurnEnd::default())
    }

    /// The conversation is over (E1). Testers leave nothing (I9).
    fn tell_that_the_user_left(&self) {
        let Call { shared, bot, input, arrival, .. } = self.call;
        if input.tester {
            return;
        }
        if let Some(exchange) = arrival.exchange.as_ref().filter(|exchange| exchange.is_simulated()) {
            simulated::tell(shared, bot, arrival.core, Notice::RoomLeft, input.user, Arc::clone(exchange));
        } else {
            events::deliver(shared, bot, arrival.core, Notice::RoomLeft, input.user);
        }
    }

    /// Asks the bot. Without a lease it is out, and not waited for (S4).
    async fn ask(&self, messages: &Messages<'_>, leave: &LeaveToAsk<'_>) -> Result<Heard, WordsInstead> {
        let texts = self.call.texts();
        let now = time::instant();
        let at = time::moment_of(now);
        if now > self.call.last_send() || !self.turn.may_ask(at) {
            return Err(WordsInstead { outcome: Outcome::Withdrawn, said: BotReplies::unsent(&texts.resend, at) });
        }
        let admitted = leave.lease.as_ref().and_then(|lease| Some((lease, self.call.bot.breaker.admit(at)?)));
        let Some((lease, mut attempt)) = admitted else {
            return Err(WordsInstead { outcome: Outcome::Outage, said: BotReplies::words(&texts.outage, at) });
        };
        reach(failpoint::Step::Mark);
        self.turn.asking(at);
        reach(failpoint::Step::Send);
        let overdue = || self.announce(attempt.failed(time::now()));
        let asked = ask::ask(self.call, lease, messages, overdue).await;
        reach(failpoint::Step::Reply);
        Ok(Heard { at, attempt, asked })
    }

    /// Shows what the bot said.
    fn finish_heard(self, heard: Heard, failures: Failures) -> Ended<'c> {
        let Heard { at, mut attempt, asked: Asked { bodies, took, problem, undelivered, own_shortage } } = heard;
        let said = BotReplies { bodies, asked: at };
        let mut parsed = ParsedReplies::parse(&said.bodies, &self.call.texts().no_reply);
        let problem = parsed.problem.take().or(problem);
        if parsed.is_usable() {
            self.announce(attempt.succeeded());
        } else if undelivered || failures == Failures::Count && !own_shortage {
            self.announce(attempt.failed(time::now()));
        }
        let mut end = TurnEnd { backend: Some(took), problem, ..TurnEnd::default() };
        if self.call.input.dropped > 0 {
            end.degradations.add(Degradation::ImagesDropped);
        }
        if !parsed.is_usable() {
            drop(parsed);
            end.degradations.add(Degradation::NoReply);
            return self.finish_without_bot(WordsInstead { outcome: Outcome::NoReply, said }, end);
        }
        let reply =
            Reply { remember: Remember::Shown, unread: Unread::Park, ..Reply::new(PlanKind::Ask, Below::OfReply) };
        self.finish(reply, &said, parsed, end)
    }

    fn announce(&self, change: Option<Change>) {
        if let Some(change) = change.filter(|_| !self.call.is_simulated()) {
            self.call.shared.announce(&self.call.bot, change);
        }
    }

    /// The bot gave nothing usable (O4), or was not asked (S1, S4): the user reads so, above the keyboard that counts.
    /// The session stays where it was, but the keyboard shown counts from now.
    fn finish_without_bot(mut self, words: WordsInstead, end: TurnEnd) -> Ended<'c> {
        Ended::Later(Box::pin(async move {
            // Before the answer is claimed: it takes up to a second, and a turn that has claimed must answer at once.
            if matches!(self.turn.session.current(time::now()), Current::Home(_)) && self.home.is_none() {
                self.fetch_home().await;
            }
            let WordsInstead { outcome, said } = words;
            let now = time::now();
            let plan = if outcome == Outcome::Withdrawn { PlanKind::None } else { PlanKind::Ask };
            let (keyboard, page) = self.current_keyboard(now);
            let reply = Reply { outcome, unread: Unread::Park, ..Reply::new(plan, Below::Current(keyboard, page)) };
            let parsed = ParsedReplies::parse(&said.bodies, &self.call.texts().no_reply);
            self.finish(reply, &said, parsed, end).answer().await
        }))
    }

    async fn fetch_home(&mut self) {
        let fetcher = self.call.shared.fetcher(&self.call.bot, self.call.arrival.core);
        let waited = std::mem::replace(&mut self.home_waited_for, true);
        let until = if waited { time::instant() } else { self.call.give_up() };
        self.home = self.call.bot.home.keyboard(&fetcher, until).await;
    }

    /// The keyboard that counts now, and the page of it that was shown last.
    fn current_keyboard(&self, now: Moment) -> (Option<Arc<Keyboard>>, u32) {
        match self.turn.session.current(now) {
            Current::Free => (None, 0),
            Current::Shown(keyboard) => (Some(Arc::clone(keyboard)), self.turn.session.page()),
            Current::Home(_) => (self.home.clone(), 0),
        }
    }

    /// The page that was shown last of the keyboard that counts.
    pub(super) fn shown_page(&self, now: Moment) -> u32 {
        self.current_keyboard(now).1
    }
}
