//! Asking the bot: one `POST /message` after the other, each at most once (I7), all before the cut.

use std::borrow::Cow;
use std::time::Duration;

use serde::de::IgnoredAny;

use crate::bot::Bot;
use crate::ids::UserKey;
use crate::legacy::api::RawReply;
use crate::net::CoreId;
use crate::session::Piece;
use crate::time::{self, Instant};
use crate::wire::legacy::{MessageCall, MessageType};

/// What the bot said to one turn's messages.
pub(super) struct Said {
    /// One piece a message, in order.
    pub(super) pieces: Vec<Piece>,
    /// How long it took.
    pub(super) took: Duration,
    /// What was wrong with the last bad one: one of a fixed few words.
    pub(super) problem: Option<&'static str>,
}

/// Asks the bot. Where it gives nothing usable, `no_reply` stands in its place.
pub(super) async fn ask(
    bot: &Bot,
    core: CoreId,
    user_key: &UserKey,
    messages: &[(MessageType, Cow<'_, str>)],
    cut: Instant,
    no_reply: &str,
) -> Said {
    let started = time::instant();
    let mut said = Said { pieces: Vec::with_capacity(messages.len()), took: Duration::ZERO, problem: None };
    for (kind, content) in messages {
        let call = MessageCall { user_key, kind: *kind, content };
        let piece = match bot.api.message(core, call, cut).await {
            Ok(raw) => judge(raw),
            Err(error) => Err(error.code()),
        };
        said.pieces.push(piece.unwrap_or_else(|problem| {
            said.problem = Some(problem);
            Piece::Words(no_reply.into())
        }));
    }
    said.took = time::instant().saturating_duration_since(started);
    said
}

/// Anything but 200 is no reply (legacy.md 1). A body that ended early counts only when it is whole all the same: a
/// cut one must not be completed by the lenient reading's closing braces.
fn judge(raw: RawReply) -> Result<Piece, &'static str> {
    if raw.status != 200 {
        return Err("status");
    }
    if raw.cut_short && serde_json::from_slice::<IgnoredAny>(&raw.body).is_err() {
        return Err("cut");
    }
    match crate::reading::read(&raw.body) {
        Ok(_) => Ok(Piece::Reply(raw.body)),
        Err(unreadable) => Err(unreadable.code()),
    }
}
