//! The end of a turn, from a reply to the committed session.
//!
//! An answer is remembered as shown after it has arrived: where a callback fails, nothing was shown, and the reply is
//! parked. Rejected: to remember first and to undo it, which needs a second kind of write.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::call::{Call, CallbackTo};
use super::debts::{self, Promise};
use super::delivery::Reader;
use super::reply::{self, Below, BotReplies, LateReplies, Layout, ParsedReplies, Remember, Reply, Unread};
use super::turn::TurnRunner;
use crate::exchange::AnswerTo;
use crate::failpoint::{Step, reach};
use crate::session::{LateReply, ReplyBody, Rest, Session};
use crate::store::Follower;
use crate::telemetry::record::{Outcome, TurnEnd};
use crate::time::{self, Moment};
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound::{self, Content};

/// A callback token is good for a minute (openbuilder.md 3); a second is left for the way.
const TOKEN: Duration = Duration::from_secs(59);
/// How long a callback is tried. The user's next turn waits for it, so that no answer overtakes another (S2).
const CALLBACK: Duration = Duration::from_secs(3);

/// The end of a turn. What is computed for it is computed outside of any future: a turn that waits for its bot is not to
/// have the size of one that answers.
pub(super) enum Ended<'c> {
    /// The turn is over: its caller waited for the answer, as nearly all do.
    Now(Bytes),
    /// Somebody has to be waited for.
    Later(Pin<Box<dyn Future<Output = Bytes> + Send + 'c>>),
}

impl Ended<'_> {
    /// The answer, once the turn is over.
    pub(super) async fn answer(self) -> Bytes {
        match self {
            Self::Now(body) => body,
            Self::Later(body) => body.await,
        }
    }
}

/// An answer that was claimed for its reader and laid out.
struct Outgoing<'c> {
    runner: TurnRunner<'c>,
    remember: Remember,
    unread: Unread,
    layout: Layout,
    keyboard: Option<Arc<Keyboard>>,
    /// Late replies that stand above it.
    above: Vec<ReplyBody>,
    /// The session as it is once it was read.
    session: Session,
    end: TurnEnd,
    now: Moment,
}

impl<'c> TurnRunner<'c> {
    /// The end of every turn: the answer is claimed for its reader, laid out, shared, delivered, and then remembered as
    /// shown; an answer without a reader is parked.
    pub(super) fn finish(
        mut self,
        reply: Reply,
        said: &BotReplies,
        own: ParsedReplies<'_>,
        mut end: TurnEnd,
    ) -> Ended<'c> {
        let call = self.call;
        let to = call.delivery.claim();
        reach(Step::Claimed);
        let now = time::now();
        end.plan = reply.plan;
        let followers = self.turn.take_followers();
        if to == Reader::Nobody && reply.unread == Unread::Forget && followers.is_empty() {
            return Ended::Now(self.unread(reply.remember, end, now));
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
        let mut layout = reply::lay_out(&outbound::reply(&content, &call.view()));
        // A rest that cannot be kept is not offered. A rest that is being read is kept already.
        if layout.rest().is_some() && reply.remember != Remember::Part {
            let bytes: usize = above.iter().chain(&said.bodies).map(ReplyBody::size).sum();
            // Late replies that are shown make room themselves.
            let freed = self.turn.session.parked_bytes().saturating_sub(session.parked_bytes());
            if !self.turn.may_park(bytes.saturating_sub(freed)) {
                tracing::warn!(bot = %call.bot.settings.id, bytes, "the rest of a long reply is cut off: limits.parked is reached");
                layout = reply::lay_out(&outbound::reply_without_rest(&content, &call.view()));
            }
        }
        if let Some(exchange) = &call.arrival.exchange {
            let shows_more = !above.is_empty() || content.late || content.older_rest.is_some();
            exchange.laid_out(&layout.body, shows_more);
        }
        drop(parsed);
        end.degradations.join(layout.degradations);

        let promise = if to == Reader::Callback && call.debt.get().is_some() {
            let remember = |session: &mut Session| {
                let bodies = above.iter().chain(&said.bodies).cloned();
                keep_rest(session, reply.remember, &layout, bodies, now);
                note_shown(session, reply.remember, keyboard.clone(), &layout, now);
            };
            let promise = Box::new(self.promise(session.clone(), remember, reply.unread, said, now));
            self.turn.wrote_parked(&promise.failed);
            Some(promise)
        } else {
            None
        };
        reach(Step::Deliver);
        let Reply { outcome, remember, unread, .. } = reply;
        let outgoing = Outgoing { runner: self, remember, unread, layout, keyboard, above, session, end, now };
        if to == Reader::Caller && !call.half_closed.is_set() {
            // Whether they have it changes nothing: the caller has.
            drop(offer(followers, &outgoing.layout.body));
            return Ended::Now(outgoing.keep(said, true, outcome));
        }
        let said = said.clone();
        Ended::Later(Box::pin(async move {
            let body = &outgoing.layout.body;
            let (shown, outcome) = deliver(call, to, outcome, body, followers, promise.as_deref()).await;
            outgoing.keep(&said, shown, outcome)
        }))
    }

    /// What becomes of the session when the answer is called back, and when that fails (P4).
    fn promise(
        &self,
        mut shown: Session,
        remember: impl FnOnce(&mut Session),
        unread: Unread,
        said: &BotReplies,
        now: Moment,
    ) -> Promise {
        remember(&mut shown);
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
    pub(super) fn park(&mut self, said: &BotReplies, now: Moment) -> bool {
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

impl Outgoing<'_> {
    /// Keeps what was shown, or parks what was not, and lets the user's next turn begin.
    fn keep(self, said: &BotReplies, shown: bool, outcome: Outcome) -> Bytes {
        let Self { mut runner, remember, unread, layout, keyboard, above, mut session, mut end, now, .. } = self;
        end.outcome = outcome;
        if shown {
            let bodies = above.into_iter().chain(said.bodies.iter().cloned());
            keep_rest(&mut session, remember, &layout, bodies, now);
            note_shown(&mut session, remember, keyboard, &layout, now);
            runner.turn.session = session;
        } else if unread == Unread::Forget {
            // Nothing is kept of it, and nothing needs to be: the user taps again.
            if outcome == Outcome::Parked {
                end.outcome = Outcome::Lost;
            }
        } else if !runner.park(said, now) {
            end.outcome = Outcome::Lost;
        }
        let TurnRunner { call, turn, .. } = runner;
        reach(Step::Commit);
        turn.commit(Some(&layout.body), now);
        reach(Step::Committed);
        debts::settled(call);
        call.record(end);
        layout.body
    }
}

/// Offers an answer to those who made the same tap (I3); each says when they have it.
fn offer(followers: Vec<Follower>, body: &Bytes) -> Vec<oneshot::Receiver<()>> {
    followers.into_iter().filter_map(|follower| follower.offer(body.clone())).collect()
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
    let offered = offer(followers, body);
    let missed = match (to, &call.arrival.callback) {
        (Reader::Caller, _) if took_it(call, body).await => return (true, outcome),
        (Reader::Callback, Some(to)) if Box::pin(call_back(call, to, body, promise)).await => {
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
pub(super) async fn took_it(call: &Call, body: &Bytes) -> bool {
    match &call.arrival.peer {
        Some(peer) if call.half_closed.is_set() => {
            call.half_closed.hand_over(body.clone());
            peer.took_it().await
        }
        Some(_) | None => true,
    }
}

/// POSTs an answer to Kakao (S2); whether it arrived. What was promised is kept first, with what becomes of the session
/// (P4).
pub(super) async fn call_back(call: &Call, to: &CallbackTo, body: &Bytes, promise: Option<&Promise>) -> bool {
    if let Some(exchange) = &call.arrival.exchange {
        exchange.answered(AnswerTo::Callback, body);
    }
    let CallbackTo::Kakao(url) = to else { return true };
    debts::answered(call, url, body, promise).await;
    reach(Step::Post);
    let until = (call.arrival.at + TOKEN).min(time::instant() + CALLBACK);
    let posted = call.shared.callbacks.post(url, body.clone(), until).await;
    reach(Step::Posted);
    if let Err(error) = &posted {
        let error = crate::fault::chain(error);
        tracing::warn!(bot = %call.bot.settings.id, error, "a callback could not be delivered; the answer is parked");
    }
    posted.is_ok()
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
fn note_shown(
    session: &mut Session,
    remember: Remember,
    keyboard: Option<Arc<Keyboard>>,
    layout: &Layout,
    now: Moment,
) {
    let Layout { page, numbered, .. } = *layout;
    match remember {
        Remember::Shown => session.show(keyboard, page, numbered, now),
        Remember::ShownAgain | Remember::Part => session.show_again(keyboard, page, numbered, now),
        Remember::Greeted => session.greet(keyboard, page, numbered, now),
        Remember::Nothing => {}
        Remember::End => *session = Session::default(),
    }
}
