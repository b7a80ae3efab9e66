//! The life of a turn, from its place in the user's line to the committed session.
//!
//! [`run`] knows no caller: it returns an answer, never an error, and asks the call's delivery for whom the answer is.
//! So it reads the same whether the caller still waits, was told to wait, or has hung up. An answer is remembered as
//! shown after it has arrived: where a callback fails, nothing was shown, and the reply is parked.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::SemaphorePermit;
use tokio::task::unconstrained;
use tokio::time::sleep_until;

use super::ask::{self, Asked, Overdue};
use super::call::Call;
use super::debts::{self, Promise};
use super::delivery::{Event, Reader};
use super::local;
use super::memory;
use super::reply::{self, Below, BotReplies, LateReplies, Layout, ParsedReplies, Remember, Reply, Unread};
use crate::bot::Bot;
use crate::breaker::{Change, State};
use crate::callback::CallbackUrl;
use crate::degradation::Degradation;
use crate::events;
use crate::failpoint::{self, reach};
use crate::net::lease::Lease;
use crate::session::{
    Current, LateReply, LocalStep, Messages, Plan, Prompt, ReplyBody, Rest, Rules, Session, Step, TEN_MINUTES,
};
use crate::store::{Acquaintance, Begun, Follower, Following, Turn};
use crate::telemetry::record::{Outcome, PlanKind, TurnEnd};
use crate::time::{self, Moment};
use crate::translate::inbound::UserInput;
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound::{Content, Page};
use crate::wire::legacy::Notice;
use crate::wire::mark::Mark;

/// A callback token is good for a minute (openbuilder.md 3); a second is left for the way.
const TOKEN: Duration = Duration::from_secs(59);
/// How long a callback is tried. The user's next turn waits for it, so that no answer overtakes another (S2).
const CALLBACK: Duration = Duration::from_secs(3);

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
    let mut turn = match call.bot.sessions.begin(call.input.session, call.tap()) {
        Begun::Turn(turn) => turn,
        Begun::Queued(waiting) => waiting.await?,
        Begun::Follow(following) => return Box::pin(follow(call, following)).await,
        Begun::Full => return Some(call.busy()),
    };
    call.delivery.on(Event::ComeFirst).ok()?;
    if turn.is_unread() {
        Box::pin(memory::look_up(call, &mut turn)).await;
    }
    reach(failpoint::Step::Begun);
    let mut runner = TurnRunner { call, turn, home: None, home_waited_for: false };
    let plan = runner.decide().await;
    reach(failpoint::Step::Decided);
    let asks = matches!(plan.step, Step::Ask(_) | Step::Forward(_));
    let leave = if asks { LeaveToAsk::wait(&call.bot).await } else { LeaveToAsk::default() };
    if !call.delivery.begin() {
        return None;
    }
    Some(runner.carry_out(plan, leave).await)
}

/// Held until the bot has answered, and no longer: the steps after it, such as a callback, must not hold back other
/// users. Waiting for it is waiting in a line: nothing was sent yet (S1).
#[derive(Default)]
struct LeaveToAsk<'c> {
    /// Where only one message may be out at a time (I6).
    _alone: Option<SemaphorePermit<'c>>,
    /// A connection (I8).
    lease: Option<Lease>,
}

impl<'c> LeaveToAsk<'c> {
    async fn wait(bot: &'c Bot) -> Self {
        let alone = match &bot.one_at_a_time {
            // The gate is never closed.
            Some(gate) => gate.acquire().await.ok(),
            None => None,
        };
        Self { _alone: alone, lease: lease(bot).await }
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
    let turn = match call.bot.sessions.begin(call.input.session, None) {
        Begun::Turn(turn) => Some(turn),
        Begun::Queued(waiting) => waiting.await,
        Begun::Follow(_) | Begun::Full => None,
    };
    let Some(mut turn) = turn else { return };
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
    let answer = following.await;
    let to = call.delivery.claim();
    let (body, outcome, taken) = match answer {
        Some((body, taken)) => (body, Outcome::Answered, Some(taken)),
        None => (call.words_meanwhile(&call.texts().resend, false), Outcome::Withdrawn, None),
    };
    let outcome = match (to, &call.arrival.callback) {
        (Reader::Caller, _) if took_it(call, &body).await => outcome,
        (Reader::Callback, Some(url)) if Box::pin(call_back(call, url, &body, None)).await => Outcome::CalledBack,
        (Reader::Caller | Reader::Callback | Reader::Nobody, _) => Outcome::Lost,
    };
    if let Some(taken) = taken.filter(|_| outcome != Outcome::Lost) {
        taken.delivered();
    }
    debts::settled(call);
    call.record(TurnEnd { plan: PlanKind::Follow, ..TurnEnd::of(outcome) });
    Some(body)
}

/// POSTs an answer to Kakao (S2); whether it arrived. What was promised is kept first, with what becomes of the session
/// (P4).
pub(super) async fn call_back(call: &Call, url: &CallbackUrl, body: &Bytes, promise: Option<&Promise>) -> bool {
    debts::answered(call, url, body, promise).await;
    reach(failpoint::Step::Post);
    let until = (call.arrival.at + TOKEN).min(time::instant() + CALLBACK);
    let posted = call.shared.callbacks.post(url, body.clone(), until).await;
    reach(failpoint::Step::Posted);
    if let Err(error) = &posted {
        let error = crate::fault::chain(error);
        tracing::warn!(bot = %call.bot.settings.id, error, "a callback could not be delivered; the answer is parked");
    }
    posted.is_ok()
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

    fn keyboard_of(&self, parsed: &ParsedReplies<'_>) -> Option<Arc<Keyboard>> {
        let labels = parsed.labels()?;
        // Nearly always the one they have just used, or seen: then it need not be looked up.
        let again = self.turn.session.last_keyboard().filter(|last| last.has_labels(labels));
        again.cloned().or_else(|| self.call.shared.keyboards.intern(labels))
    }

    async fn carry_out(mut self, plan: Plan<'c>, leave: LeaveToAsk<'c>) -> Bytes {
        let Plan { step, keyboard } = plan;
        let (messages, failures) = match step {
            Step::Ask(messages) => (messages, Failures::Count),
            Step::Forward(messages) => {
                // It uses up the pass of an unknown user (I5).
                self.turn.session.spend_greeting();
                (messages, Failures::CountUndelivered)
            }
            Step::Local(step) => {
                if step == LocalStep::Leave {
                    self.tell_that_the_user_left();
                }
                let (reply, said) = local::reply(&self, step, keyboard, time::now());
                let parsed = ParsedReplies::parse(&said.bodies, &self.call.texts().no_reply);
                return self.finish(reply, &said, parsed, TurnEnd::default()).await;
            }
        };
        self.ask(messages, leave, failures).await
    }

    /// The conversation is over (E1). Testers leave nothing (I9).
    fn tell_that_the_user_left(&self) {
        let Call { shared, bot, input, arrival, .. } = self.call;
        if !input.tester {
            events::deliver(shared, bot, arrival.core, Notice::RoomLeft, input.user);
        }
    }

    /// Asks the bot and shows what it says. Without a lease it is out, and not waited for (S4).
    async fn ask(self, messages: Messages<'_>, leave: LeaveToAsk<'_>, failures: Failures) -> Bytes {
        let texts = self.call.texts();
        let at = time::instant();
        let asked = time::moment_of(at);
        if at > self.call.last_send() {
            drop(leave);
            return self
                .without_bot(Outcome::Withdrawn, BotReplies::unsent(&texts.resend, asked), TurnEnd::default())
                .await;
        }
        let admitted = leave.lease.as_ref().and_then(|lease| Some((lease, self.call.bot.breaker.admit(asked)?)));
        let Some((lease, mut attempt)) = admitted else {
            drop(leave);
            let said = BotReplies::words(&texts.outage, asked);
            return self.without_bot(Outcome::Outage, said, TurnEnd::default()).await;
        };
        reach(failpoint::Step::Mark);
        self.turn.asking(asked);
        reach(failpoint::Step::Send);
        let Asked { bodies, took, problem, undelivered, own_shortage } = {
            let overdue = Overdue::of(self.call, at);
            let asking = ask::ask(self.call, lease, &messages, &overdue);
            tokio::pin!(asking);
            loop {
                let due = overdue.at();
                tokio::select! {
                    biased;
                    asked = &mut asking => break asked,
                    () = unconstrained(sleep_until(due)) => {}
                }
                // The bot has had a full deadline, however late it was asked: that counts, once (S4).
                if overdue.at() == due {
                    self.announce(attempt.failed(time::now()));
                    break asking.await;
                }
            }
        };
        reach(failpoint::Step::Reply);
        // The next steps may want the home keyboard, which waits in the same line.
        drop(leave);
        let said = BotReplies { bodies, asked };
        let mut parsed = ParsedReplies::parse(&said.bodies, &texts.no_reply);
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
            return self.without_bot(Outcome::NoReply, said, end).await;
        }
        let reply = Reply {
            plan: PlanKind::Ask,
            outcome: Outcome::Answered,
            part: 0,
            late: LateReplies::Above,
            below: Below::OfReply,
            remember: Remember::Shown,
            unread: Unread::Park,
        };
        self.finish(reply, &said, parsed, end).await
    }

    fn announce(&self, change: Option<Change>) {
        if let Some(change) = change {
            self.call.shared.announce(&self.call.bot, change);
        }
    }

    /// The bot gave nothing usable (O4), or was not asked (S1, S4): the user reads so, above the keyboard that counts.
    /// The session stays where it was, but the keyboard shown counts from now.
    async fn without_bot(mut self, outcome: Outcome, said: BotReplies, end: TurnEnd) -> Bytes {
        // Before the answer is claimed: it takes up to a second, and a turn that has claimed must answer at once.
        if matches!(self.turn.session.current(time::now()), Current::Home(_)) && self.home.is_none() {
            Box::pin(self.fetch_home()).await;
        }
        let now = time::now();
        let plan = if outcome == Outcome::Withdrawn { PlanKind::None } else { PlanKind::Ask };
        let (keyboard, page) = self.current_keyboard(now);
        let reply = Reply {
            plan,
            outcome,
            part: 0,
            late: LateReplies::Above,
            below: Below::Current(keyboard, page),
            remember: Remember::ShownAgain,
            unread: Unread::Park,
        };
        let parsed = ParsedReplies::parse(&said.bodies, &self.call.texts().no_reply);
        self.finish(reply, &said, parsed, end).await
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

    /// The end of every turn: the answer is claimed for its reader, laid out, shared, delivered, and then remembered as
    /// shown; an answer without a reader is parked.
    async fn finish(mut self, reply: Reply, said: &BotReplies, own: ParsedReplies<'_>, mut end: TurnEnd) -> Bytes {
        let call = self.call;
        let to = call.delivery.claim();
        reach(failpoint::Step::Claimed);
        let now = time::now();
        end.plan = reply.plan;
        let followers = self.turn.take_followers();
        if to == Reader::Nobody && reply.unread == Unread::Forget && followers.is_empty() {
            return self.unread(reply.remember, end, now);
        }
        // The session as it is once the answer has been read.
        let mut session = self.turn.session.clone();
        let taken = match reply.late {
            LateReplies::Above if to == Reader::Nobody => Vec::new(),
            LateReplies::Above | LateReplies::These => session.take_late(now),
            LateReplies::Offered | LateReplies::Untouched => Vec::new(),
        };
        let newer = taken.last().is_some_and(|newest| !session.shown_since(newest.asked));
        let above: Vec<ReplyBody> = match reply.late {
            // A "no reply" that came late is shown only when the user asks for it, not above another answer. That a message
            // was not sent is always shown: nothing else tells it.
            LateReplies::Above => {
                let bodies = taken.into_iter().flat_map(|late| late.bodies);
                bodies.filter(|body| !matches!(body, ReplyBody::Words(_))).collect()
            }
            LateReplies::These | LateReplies::Offered | LateReplies::Untouched => Vec::new(),
        };
        let parsed = ParsedReplies::parse(&above, &call.texts().no_reply);
        let (keyboard, page) = match reply.below {
            Below::OfReplyOr(keyboard) if !own.is_usable() => (keyboard, 0),
            Below::OfReply | Below::OfReplyOr(_) => (self.keyboard_of(&own), 0),
            Below::Current(..) if newer && parsed.is_usable() => (self.keyboard_of(&parsed), 0),
            Below::Current(keyboard, page) | Below::Only(keyboard, page) => (keyboard, page),
        };
        let parsed = parsed.then(own);
        let older_rest = match reply.remember {
            Remember::Part => session.older_rest(now),
            Remember::Nothing => None,
            Remember::Shown | Remember::ShownAgain | Remember::Greeted | Remember::End => session.rest(now),
        };
        let content = Content {
            readings: parsed.readings(),
            keyboard: keyboard.as_deref(),
            part: reply.part,
            page,
            late: reply.late == LateReplies::Offered && session.has_late(now),
            older_rest: older_rest.map(|rest| rest.next),
        };
        let mut layout = reply::lay_out(&content, &call.view());
        // A rest that cannot be kept is not offered. A rest that is being read is kept already.
        if layout.rest().is_some() && reply.remember != Remember::Part {
            let bytes: usize = above.iter().chain(&said.bodies).map(ReplyBody::size).sum();
            // Late replies that are shown make room themselves.
            let freed = self.turn.session.parked_bytes().saturating_sub(session.parked_bytes());
            if !self.turn.may_park(bytes.saturating_sub(freed)) {
                tracing::warn!(bot = %call.bot.settings.id, bytes, "the rest of a long reply is cut off: limits.parked is reached");
                layout = reply::lay_out_without_rest(&content, &call.view());
            }
        }
        drop(parsed);
        end.degradations.join(layout.degradations);

        let promise = if to == Reader::Callback && call.debt.get().is_some() {
            Some(Box::new(self.promise(
                &session,
                (reply.remember, reply.unread),
                keyboard.clone(),
                &layout,
                &above,
                said,
                now,
            )))
        } else {
            None
        };
        reach(failpoint::Step::Deliver);
        let (shown, outcome) = deliver(call, to, reply.outcome, &layout.body, followers, promise.as_deref()).await;
        end.outcome = outcome;
        if shown {
            let bodies = above.into_iter().chain(said.bodies.iter().cloned());
            keep_rest(&mut session, reply.remember, &layout, bodies, now);
            remember(&mut session, reply.remember, keyboard, &layout, now);
            self.turn.session = session;
        } else if reply.unread == Unread::Forget {
            // Nothing is kept of it, and nothing needs to be: the user taps again.
            if outcome == Outcome::Parked {
                end.outcome = Outcome::Lost;
            }
        } else if !self.park(said, now) {
            end.outcome = Outcome::Lost;
        }
        reach(failpoint::Step::Commit);
        self.turn.commit(Some(&layout.body), now);
        reach(failpoint::Step::Committed);
        debts::settled(call);
        call.record(end);
        layout.body
    }

    /// What becomes of the session when the answer is called back, and when that fails (P4).
    #[allow(clippy::too_many_arguments, reason = "what `finish` has at hand")]
    fn promise(
        &self,
        session: &Session,
        (remembered, unread): (Remember, Unread),
        keyboard: Option<Arc<Keyboard>>,
        layout: &Layout,
        above: &[ReplyBody],
        said: &BotReplies,
        now: Moment,
    ) -> Promise {
        let mut shown = session.clone();
        let bodies = above.iter().chain(&said.bodies).cloned();
        keep_rest(&mut shown, remembered, layout, bodies, now);
        remember(&mut shown, remembered, keyboard, layout, now);
        let mut failed = self.turn.session.clone();
        if unread == Unread::Park {
            let bodies = said.to_park(&self.call.texts().no_reply);
            failed.park(LateReply { bodies, asked: said.asked, came: now });
        }
        Promise { asked: said.asked, failed, shown }
    }

    /// The answer has no reader: nothing was shown, and parked replies stay parked. Only a user who has left is
    /// forgotten.
    fn unread(mut self, remember: Remember, mut end: TurnEnd, now: Moment) -> Bytes {
        if remember == Remember::End {
            self.turn.session = Session::default();
        }
        self.turn.commit(None, now);
        end.outcome = Outcome::Lost;
        self.call.record(end);
        Bytes::new()
    }

    /// Keeps a reply until the user asks for it (S3); false where there is no room for it.
    fn park(&mut self, said: &BotReplies, now: Moment) -> bool {
        let bodies = said.to_park(&self.call.texts().no_reply);
        let bytes = bodies.iter().map(ReplyBody::size).sum();
        let fits = self.turn.may_park(bytes);
        if fits {
            self.turn.session.park(LateReply { bodies, asked: said.asked, came: now });
        } else {
            tracing::warn!(bot = %self.call.bot.settings.id, bytes, "a late reply could not be parked: limits.parked is reached");
        }
        fits
    }
}

/// Gives an answer to its reader and to those who made the same tap (I3); gives whether any of them has it, and the
/// outcome.
async fn deliver(
    call: &Call,
    to: Reader,
    outcome: Outcome,
    body: &Bytes,
    followers: Vec<Follower>,
    promise: Option<&Promise>,
) -> (bool, Outcome) {
    let offered: Vec<_> = followers.into_iter().filter_map(|follower| follower.offer(body.clone())).collect();
    let missed = match (to, &call.arrival.callback) {
        (Reader::Caller, _) if took_it(call, body).await => return (true, outcome),
        (Reader::Callback, Some(url)) if Box::pin(call_back(call, url, body, promise)).await => {
            return (true, Outcome::CalledBack);
        }
        (Reader::Callback, _) => Outcome::CallbackFailed,
        (Reader::Caller | Reader::Nobody, _) if outcome == Outcome::Answered => Outcome::Parked,
        (Reader::Caller | Reader::Nobody, _) => outcome,
    };
    for taken in offered {
        // An error means that they have gone.
        if taken.await.is_ok() {
            return (true, Outcome::Shared);
        }
    }
    (false, missed)
}

/// Whether the caller has the answer. Usually this needs no look: they wait for it.
async fn took_it(call: &Call, body: &Bytes) -> bool {
    match &call.arrival.peer {
        Some(peer) if call.half_closed.is_set() => {
            call.half_closed.hand_over(body.clone());
            peer.took_it().await
        }
        Some(_) | None => true,
    }
}

/// Keeps what of a reply is still to come (O5).
fn keep_rest(
    session: &mut Session,
    remember: Remember,
    layout: &Layout,
    bodies: impl Iterator<Item = ReplyBody>,
    now: Moment,
) {
    match (remember, layout.rest()) {
        (Remember::Part, Some(next)) => session.advance_rest(next, now),
        (Remember::Part, None) => session.drop_rest(now),
        (Remember::Nothing | Remember::End, _) | (_, None) => {}
        (Remember::Shown | Remember::ShownAgain | Remember::Greeted, Some(next)) => {
            session.keep_rest(Rest { bodies: bodies.collect(), next, at: now });
        }
    }
}

/// Notes down what was shown (K2).
fn remember(session: &mut Session, remember: Remember, keyboard: Option<Arc<Keyboard>>, layout: &Layout, now: Moment) {
    let Layout { page, numbered, .. } = *layout;
    match remember {
        Remember::Shown => session.show(keyboard, page, numbered, now),
        Remember::ShownAgain | Remember::Part => session.show_again(keyboard, page, numbered, now),
        Remember::Greeted => session.greet(keyboard, page, numbered, now),
        Remember::Nothing => {}
        Remember::End => *session = Session::default(),
    }
}
