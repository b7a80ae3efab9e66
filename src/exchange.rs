//! The four messages of one turn, for a turn that somebody looks at (C4, C5): the call, the request to the bot, the bot's
//! reply, the answer.
//!
//! Only turns of the simulator and turns under capture have one; for all others the engine passes an empty `Option`.
//! What is kept is bounded: each of the four messages to 64 KiB with its true size beside it, and all exchanges of one
//! place together to the bytes of a [`Budget`]. User keys and the token of a callback are masked before anything is
//! kept, so no page and no export can show them. Headers are never given to it.

mod mask;

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde::de::IgnoredAny;
use siphasher::sip::SipHasher13;

use crate::backend_problem::BackendProblem;
use crate::ids::RequestId;
use crate::mutex::lock;
use crate::telemetry::record::{TurnEnd, TurnRecord};
use crate::time::Moment;

use mask::Mask;

/// Bytes that are kept of each of the four messages (C5).
pub(crate) const LONGEST: usize = 64 * 1024;
/// What an exchange counts besides its messages: itself, its names and the numbers of its end.
pub(crate) const OVERHEAD: usize = 2 * 1024;
/// What one exchange takes at the most: four messages, and the answer that follows an acknowledgement.
pub(crate) const MOST: usize = 5 * LONGEST + OVERHEAD;
/// Requests of one exchange: ten photos, and one event (I4, E1).
const REQUESTS: usize = 11;
/// Characters of a detail that operators read of a problem.
const DETAIL: usize = 1024;

/// A bound on the bytes that several exchanges keep together.
#[derive(Debug)]
pub(crate) struct Budget {
    used: AtomicUsize,
    bound: usize,
}

impl Budget {
    /// Nothing used of `bound` bytes.
    pub(crate) fn new(bound: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), bound })
    }

    /// Bytes that are used.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Acquire)
    }

    /// Whether so many bytes more fit.
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        self.used().saturating_add(bytes) <= self.bound
    }

    fn take(&self, bytes: usize) -> bool {
        let more = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.bound);
        self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }
}

/// Why a turn is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It is the simulator's own turn: it counts for nothing that real users notice (C4).
    Simulator,
    /// It is a real turn under capture (C5).
    Capture,
}

/// A message, masked, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Kept {
    /// Its bytes; fewer than `size` where it was too long, none where the budget was used up.
    pub(crate) bytes: Arc<[u8]>,
    /// How many it had.
    pub(crate) size: usize,
    /// Nothing of it is missing.
    pub(crate) is_whole: bool,
}

/// A request to the bot and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// `POST`, or `DELETE` for the end of a conversation (E1).
    pub(crate) method: &'static str,
    /// The path, masked.
    pub(crate) path: String,
    /// The body; empty where it has none.
    pub(crate) body: Kept,
    /// `None` while nothing came.
    pub(crate) came: Option<Came>,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Came {
    /// An answer, usable or not.
    Reply {
        /// The HTTP status.
        status: u16,
        /// The body as it came.
        body: Kept,
        /// It ended before its announced length.
        cut_short: bool,
    },
    /// None.
    Failed(BackendProblem),
}

/// For whom an answer was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerTo {
    /// The caller: what the user read first.
    Caller,
    /// The callback: what the user read later (S2).
    Callback,
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// To whom.
    pub(crate) to: AnswerTo,
    /// The body.
    pub(crate) body: Kept,
}

/// How the answers of this turn are shown, as far as the call decides it: a dry replay needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Manner {
    /// The OpenBuilder bot that called, which may have a block for quick replies (K3).
    pub(crate) openbuilder_bot: Option<Box<str>>,
    /// A group room (I10).
    pub(crate) room: bool,
}

/// The answer that the turn made of the bot's replies, whoever reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LaidOut {
    /// The body.
    pub(crate) body: Kept,
    /// It also shows or offers what came before this turn: late replies, the rest of another one.
    pub(crate) shows_more: bool,
}

/// A message was longer than is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotWhole;

/// Everything that is kept of one turn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Messages {
    /// The call's body.
    pub(crate) call: Kept,
    /// The requests to the bot, in order.
    pub(crate) requests: Vec<Request>,
    /// The answers, in order.
    pub(crate) answers: Vec<Answer>,
    /// What the turn made of the replies.
    pub(crate) laid_out: Option<LaidOut>,
    /// How it ended; `None` while it goes on.
    pub(crate) end: Option<Ended>,
    /// Bytes of requests and of replies that are kept: each of the two is one of the four messages.
    of_requests: usize,
    of_replies: usize,
}

/// How a turn ended, without the hash of its user.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    /// Plan, outcome, problem and differences.
    pub(crate) end: TurnEnd,
    /// How long the user waited, in milliseconds.
    pub(crate) answered_ms: u64,
    /// How long the turn took.
    pub(crate) total_ms: u64,
}

/// One turn that is looked at.
#[derive(Debug)]
pub(crate) struct Exchange {
    origin: Origin,
    /// Its number among all that this process has kept.
    pub(crate) number: u64,
    /// Finds its row in the list of turns: a hash, for a request id may be a header of the caller's.
    pub(crate) name: u64,
    /// When its call came.
    pub(crate) at: Moment,
    /// How its answers are shown.
    pub(crate) manner: Manner,
    mask: Mask,
    budget: Arc<Budget>,
    messages: Mutex<Messages>,
    taken: AtomicUsize,
}

/// What is known of a turn when it begins to be looked at.
#[derive(Debug)]
pub(crate) struct Beginning<'a> {
    /// Why it is looked at.
    pub(crate) origin: Origin,
    /// When its call came.
    pub(crate) at: Moment,
    /// Its name in the log.
    pub(crate) request_id: &'a RequestId,
    /// The call's body.
    pub(crate) call: &'a [u8],
    /// The user keys of this turn, of the user and of the room.
    pub(crate) keys: [&'a str; 2],
    /// How its answers are shown.
    pub(crate) manner: Manner,
}

/// A number for a turn's name in the log.
pub(crate) fn name_of(request_id: &RequestId) -> u64 {
    let mut hasher = SipHasher13::new();
    request_id.hash(&mut hasher);
    hasher.finish()
}

impl Exchange {
    /// Begins to keep a turn; `None` where the budget is used up.
    pub(crate) fn begin(beginning: Beginning<'_>, budget: &Arc<Budget>) -> Option<Arc<Self>> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if !budget.take(OVERHEAD) {
            return None;
        }
        let Beginning { origin, at, request_id, call, keys, manner } = beginning;
        let exchange = Self {
            origin,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            name: name_of(request_id),
            at,
            manner,
            mask: Mask::of_call(call, &keys),
            budget: Arc::clone(budget),
            messages: Mutex::default(),
            taken: AtomicUsize::new(OVERHEAD),
        };
        // Calls are read more leniently than whole documents (`wire/skill.rs`): what cannot be masked is not kept.
        let call = match exchange.mask.has_read_the_call {
            true => exchange.keep(call, LONGEST),
            false => Kept { size: call.len(), ..Kept::default() },
        };
        lock(&exchange.messages).call = call;
        Some(Arc::new(exchange))
    }

    /// Whether the turn is the simulator's own.
    pub(crate) fn is_simulated(&self) -> bool {
        self.origin == Origin::Simulator
    }

    /// A request leaves for the bot.
    pub(crate) fn asks(&self, method: &'static str, path: &str, body: &[u8]) {
        let room = LONGEST.saturating_sub(lock(&self.messages).of_requests);
        let body = self.keep(body, room);
        let path = self.words(path, DETAIL);
        let mut messages = lock(&self.messages);
        if messages.requests.len() < REQUESTS {
            messages.of_requests += body.bytes.len();
            messages.requests.push(Request { method, path, body, came: None });
        }
    }

    /// The bot has answered the last request.
    pub(crate) fn replied(&self, status: u16, body: &[u8], cut_short: bool) {
        let room = LONGEST.saturating_sub(lock(&self.messages).of_replies);
        let body = self.keep(body, room);
        let mut messages = lock(&self.messages);
        messages.of_replies += body.bytes.len();
        messages.came(Came::Reply { status, body, cut_short });
    }

    /// The bot has not.
    pub(crate) fn failed(&self, problem: BackendProblem) {
        lock(&self.messages).came(Came::Failed(problem));
    }

    /// The turn made this answer; `shows_more`: not of its own replies alone.
    pub(crate) fn laid_out(&self, body: &[u8], shows_more: bool) {
        let body = self.keep(body, LONGEST);
        lock(&self.messages).laid_out = Some(LaidOut { body, shows_more });
    }

    /// An answer was given.
    pub(crate) fn answered(&self, to: AnswerTo, body: &[u8]) {
        // One to the caller and one to the callback: there are no more.
        if lock(&self.messages).answer(to).is_some() {
            return;
        }
        let known = self.same_as_laid_out(body);
        let body = known.unwrap_or_else(|| self.keep(body, LONGEST));
        lock(&self.messages).answers.push(Answer { to, body });
    }

    /// The turn has ended.
    pub(crate) fn ended(&self, record: &TurnRecord) {
        let millis = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let mut end = record.end.clone();
        end.problem = end.problem.map(|(problem, detail)| (problem, self.words(&detail, DETAIL).into()));
        let ended = Ended { end, answered_ms: millis(record.answered), total_ms: millis(record.total) };
        lock(&self.messages).end = Some(ended);
    }

    /// Everything as it is now.
    pub(crate) fn messages(&self) -> Messages {
        lock(&self.messages).clone()
    }

    /// How it ended, where it has.
    pub(crate) fn end(&self) -> Option<TurnEnd> {
        lock(&self.messages).end.as_ref().map(|ended| ended.end.clone())
    }

    /// Nearly every answer is the one that was laid out: it is kept once.
    fn same_as_laid_out(&self, body: &[u8]) -> Option<Kept> {
        let masked = self.mask.masked(body, LONGEST);
        let messages = lock(&self.messages);
        let laid_out = &messages.laid_out.as_ref()?.body;
        (laid_out.size == body.len() && *laid_out.bytes == *masked.bytes).then(|| laid_out.clone())
    }

    fn words(&self, words: &str, room: usize) -> String {
        String::from_utf8_lossy(&self.mask.masked(words.as_bytes(), room).bytes).into_owned()
    }

    fn keep(&self, bytes: &[u8], room: usize) -> Kept {
        let masked = self.mask.masked(bytes, room.min(LONGEST));
        let (size, taken) = (bytes.len(), masked.bytes.len());
        if !self.budget.take(taken) {
            return Kept { bytes: Arc::default(), size, is_whole: false };
        }
        self.taken.fetch_add(taken, Ordering::AcqRel);
        Kept { bytes: masked.bytes.into(), size, is_whole: masked.is_whole }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.taken.load(Ordering::Acquire), Ordering::AcqRel);
    }
}

impl Messages {
    fn came(&mut self, came: Came) {
        if let Some(request) = self.requests.last_mut().filter(|request| request.came.is_none()) {
            request.came = Some(came);
        }
    }

    /// What came of each message to the bot, in order: its reply, or `None` where it was none (legacy.md 1). An error
    /// where a reply is not whole here, because it was longer than is kept.
    ///
    /// # Errors
    /// [`NotWhole`].
    pub(crate) fn replies(&self) -> Result<Vec<Option<&Kept>>, NotWhole> {
        let messages = self.requests.iter().filter(|request| request.method == "POST");
        let reply = |request| match request {
            &Request { came: Some(Came::Reply { status: 200, ref body, cut_short }), .. } => {
                if !body.is_whole {
                    return Err(NotWhole);
                }
                // One that ended early counts only when it is a whole document all the same (`engine/ask.rs`).
                let is_document = || serde_json::from_slice::<IgnoredAny>(&body.bytes).is_ok();
                Ok((!cut_short || is_document()).then_some(body))
            }
            _ => Ok(None),
        };
        messages.map(reply).collect()
    }

    /// The answer to the caller, or to the callback.
    pub(crate) fn answer(&self, to: AnswerTo) -> Option<&Kept> {
        self.answers.iter().find(|answer| answer.to == to).map(|answer| &answer.body)
    }
}

#[cfg(test)]
mod tests;
