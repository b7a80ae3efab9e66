//! Asking the bot: one `POST /message` after the other, each at most once (I7), each only while a full deadline remains
//! before the bot is given up (S1).

use std::borrow::Cow;
use std::time::Duration;

use serde::de::IgnoredAny;

use super::turn::Call;
use crate::fault::{Blame, Fault, Sent};
use crate::ids::UserKey;
use crate::legacy::api::{BackendError, RawReply};
use crate::session::ReplyBody;
use crate::time;
use crate::wire::legacy::{MessageCall, MessageType};

/// What the bot said to one turn's messages.
pub(super) struct Said {
    /// One piece a message, in order.
    pub(super) pieces: Vec<ReplyBody>,
    /// How long it took.
    pub(super) took: Duration,
    /// What was wrong with the last bad one: one of a fixed few words.
    pub(super) problem: Option<&'static str>,
    /// The bot could not be reached, or did not answer in time: whatever was said, it is not well (S4).
    pub(super) undelivered: bool,
    /// The bridge itself could not ask: that says nothing of the bot (S4).
    pub(super) own_shortage: bool,
}

/// The wait for a file that another connection gives back.
const FILES_BACKOFF: Duration = Duration::from_millis(20);

/// Asks the bot. Where it gives nothing usable, `texts.no_reply` stands in its place; `texts.resend` where a message
/// was not sent, because those before it have taken its time.
pub(super) async fn ask(call: &Call, user_key: &UserKey, messages: &[(MessageType, Cow<'_, str>)]) -> Said {
    let (bot, texts) = (&call.bot, &call.bot.settings.policy.texts);
    let started = time::instant();
    let mut said = Said {
        pieces: Vec::with_capacity(messages.len()),
        took: Duration::ZERO,
        problem: None,
        undelivered: false,
        own_shortage: false,
    };
    for (kind, content) in messages {
        let asked = time::instant();
        if asked > call.last_send() {
            said.problem.get_or_insert("no_time");
            said.pieces.push(ReplyBody::Words(texts.resend.clone()));
            break;
        }
        let message = || MessageCall { user_key, kind: *kind, content };
        let mut answered = bot.api.message(call.core, message(), call.cut_after(asked)).await;
        // Nothing was sent: it is tried again as soon as somebody gives a file back (I7).
        while matches!(answered, Err(BackendError::NoFiles(_))) && time::instant() <= call.last_send() {
            tokio::time::sleep(FILES_BACKOFF).await;
            answered = bot.api.message(call.core, message(), call.cut_after(time::instant())).await;
        }
        let piece = match answered {
            Ok(raw) => judge(raw),
            Err(error) if error.blame() == Blame::Us => {
                said.own_shortage = true;
                Err(error.code())
            }
            Err(error) => {
                said.undelivered |= error.sent() == Sent::Nothing || matches!(error, BackendError::TimedOut { .. });
                Err(error.code())
            }
        };
        said.pieces.push(piece.unwrap_or_else(|problem| {
            said.problem = Some(problem);
            ReplyBody::Words(texts.no_reply.clone())
        }));
    }
    said.took = time::instant().saturating_duration_since(started);
    said
}

/// Anything but 200 is no reply (legacy.md 1). A body that ended early counts only when it is whole all the same: a
/// cut one must not be completed by the lenient reading's closing braces.
fn judge(raw: RawReply) -> Result<ReplyBody, &'static str> {
    if raw.status != 200 {
        return Err("status");
    }
    if raw.cut_short && serde_json::from_slice::<IgnoredAny>(&raw.body).is_err() {
        return Err("cut");
    }
    match crate::reading::read(&raw.body) {
        Ok(_) => Ok(ReplyBody::Reply(raw.body)),
        Err(unreadable) => Err(unreadable.code()),
    }
}
