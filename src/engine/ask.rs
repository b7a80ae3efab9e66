//! Asking the bot: one `POST /message` after the other, each at most once (I7), each only while a full deadline remains
//! before the bot is given up (S1).

use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;

use serde::de::IgnoredAny;
use tokio::task::unconstrained;
use tokio::time::sleep_until;

use super::call::Call;
use super::reply::Bodies;
use crate::backend_problem::BackendProblem;
use crate::fault::{Blame, Sent, chain};
use crate::legacy::api::{BackendError, RawReply};
use crate::net::lease::Lease;
use crate::session::ReplyBody;
use crate::time::{self, Instant};
use crate::wire::legacy::{MessageCall, MessageType};

/// The result of asking the bot in one turn.
pub(super) struct Asked {
    /// One body a message, in order.
    pub(super) bodies: Bodies,
    /// How long it took.
    pub(super) took: Duration,
    /// The problem of the last bad reply, with what came instead.
    pub(super) problem: Option<(BackendProblem, Box<str>)>,
    /// The bot could not be reached, or did not answer in time: it counts as sick, even if another message was answered
    /// (S4).
    pub(super) undelivered: bool,
    /// The bridge itself could not ask: that says nothing of the bot (S4).
    pub(super) own_shortage: bool,
}

/// The wait for a file that another connection gives back.
const FILES_BACKOFF: Duration = Duration::from_millis(20);

/// The moment at which the bot has had a full deadline, however late it was asked. That is told once (S4).
struct Overdue<F> {
    /// `None` once it has been told.
    at: Option<Instant>,
    tell: F,
}

impl<F: FnMut()> Overdue<F> {
    /// Waits for an answer, and tells when it is overdue.
    async fn watch<T>(&mut self, mut answer: impl Future<Output = T> + Unpin) -> T {
        if let Some(at) = self.at {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                () = unconstrained(sleep_until(at)) => {}
            }
            self.at = None;
            (self.tell)();
        }
        answer.await
    }
}

/// Asks the bot, and calls `tell_overdue` where that takes a full deadline. Where it gives no reply, `texts.no_reply`
/// stands in its place; `texts.resend` where a message was not sent, because those before it have taken its time.
/// Whether a body can be read is decided by its reader.
pub(super) async fn ask(
    call: &Call,
    lease: &Lease,
    messages: &[(MessageType, Cow<'_, str>)],
    tell_overdue: impl FnMut(),
) -> Asked {
    let texts = call.texts();
    let started = time::instant();
    let mut overdue = Overdue { at: Some(call.overdue_after(started)), tell: tell_overdue };
    let mut asked =
        Asked { bodies: Bodies::new(), took: Duration::ZERO, problem: None, undelivered: false, own_shortage: false };
    let mut now = started;
    for (kind, content) in messages {
        if now > call.last_send() {
            let why = "no full deadline remained for this message";
            asked.problem.get_or_insert_with(|| (BackendProblem::NoTime, why.into()));
            asked.bodies.push(ReplyBody::Unsent(texts.resend.clone()));
            break;
        }
        let message = MessageCall { user_key: &call.input.user, kind: *kind, content };
        if let Some(exchange) = &call.arrival.exchange {
            exchange.asks("POST", &call.bot.settings.path_of("/message"), &message.to_body());
        }
        let body = match send(call, lease, message, now, &mut overdue).await {
            Ok(raw) => {
                if let Some(exchange) = &call.arrival.exchange {
                    exchange.replied(raw.status, &raw.body, raw.cut_short);
                }
                whole(raw)
            }
            Err(error) => {
                if let Some(exchange) = &call.arrival.exchange {
                    exchange.failed(error.problem());
                }
                asked.own_shortage |= error.blame() == Blame::Us;
                asked.undelivered |= error.blame() != Blame::Us
                    && (error.sent() == Sent::Nothing || matches!(error, BackendError::TimedOut { .. }));
                Err((error.problem(), format!("{}: {}", call.bot.settings.place(), chain(&error)).into()))
            }
        };
        asked.bodies.push(body.unwrap_or_else(|problem| {
            asked.problem = Some(problem);
            ReplyBody::Words(texts.no_reply.clone())
        }));
        now = time::instant();
    }
    asked.took = now.saturating_duration_since(started);
    asked
}

/// Sends one message. Where nothing was sent for want of a file, it is tried again as soon as another connection gives
/// one back (I7).
async fn send(
    call: &Call,
    lease: &Lease,
    message: MessageCall<'_>,
    mut now: Instant,
    overdue: &mut Overdue<impl FnMut()>,
) -> Result<RawReply, BackendError> {
    loop {
        let until = call.give_up_after(now);
        let answered = overdue.watch(call.bot.api.message(call.arrival.core, lease, message, until)).await;
        if !matches!(answered, Err(BackendError::NoFiles(_))) || time::instant() > call.last_send() {
            return answered;
        }
        tokio::time::sleep(FILES_BACKOFF).await;
        now = time::instant();
        // The message has not left: a shortage of the bridge's own says nothing of the bot (S5).
        overdue.at = overdue.at.map(|_| call.overdue_after(now));
    }
}

/// Anything but 200 is no reply (legacy.md 1). A body that ended early counts only when it is whole all the same: a
/// cut one must not be completed by the lenient reading's closing braces.
fn whole(raw: RawReply) -> Result<ReplyBody, (BackendProblem, Box<str>)> {
    if raw.status != 200 {
        return Err((BackendProblem::Status, raw.status_line()));
    }
    if raw.cut_short && serde_json::from_slice::<IgnoredAny>(&raw.body).is_err() {
        let what_came = format!("{} bytes came, and more were announced", raw.body.len());
        return Err((BackendProblem::Cut, what_came.into()));
    }
    Ok(ReplyBody::Reply(raw.body))
}
