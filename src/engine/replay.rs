//! Dry replay (C5): the replies of an earlier turn, read and translated again with today's configuration. It asks nobody
//! and changes nothing.

use bytes::Bytes;

use super::reply::{self, ParsedReplies};
use crate::backend_problem::BackendProblem;
use crate::degradation::{Degradation, Degradations};
use crate::session::ReplyBody;
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound::{self, Content};
use crate::translate::view::View;

/// An answer, made again.
#[derive(Debug, Clone)]
pub(crate) struct Replayed {
    /// Its body.
    pub(crate) answer: Bytes,
    /// How it differs from the replies.
    pub(crate) degradations: Degradations,
    /// Why the last reply that cannot be read is none.
    pub(crate) problem: Option<(BackendProblem, Box<str>)>,
}

/// Translates `replies`, in order, as the first answer to them; `None` stands for one that was none. Total.
pub(crate) fn replay(replies: Vec<Option<Bytes>>, view: &View<'_>) -> Replayed {
    let none = || ReplyBody::Words(view.policy.texts.no_reply.clone());
    let bodies: Vec<ReplyBody> = replies.into_iter().map(|reply| reply.map_or_else(none, ReplyBody::Reply)).collect();
    let mut parsed = ParsedReplies::parse(&bodies, &view.policy.texts.no_reply);
    let problem = parsed.problem.take();
    let keyboard = parsed.labels().and_then(Keyboard::new);
    let content = Content {
        readings: parsed.readings(),
        keyboard: keyboard.as_ref(),
        part: 0,
        page: 0,
        late: false,
        older_rest: None,
    };
    let layout = reply::lay_out(&outbound::reply(&content, view));
    let mut degradations = layout.degradations;
    if !parsed.is_usable() {
        degradations.add(Degradation::NoReply);
    }
    Replayed { answer: layout.body, degradations, problem }
}
