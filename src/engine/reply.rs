//! The answer of a turn: replies read once, laid out as an answer.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use smallvec::{SmallVec, smallvec};

use crate::backend_problem::BackendProblem;
use crate::degradation::Degradations;
use crate::reading::{self, Reading};
use crate::session::ReplyBody;
use crate::telemetry::record::{Outcome, PlanKind};
use crate::time::Moment;
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound::{self, Content, Page, Translated};
use crate::translate::view::View;
use crate::wire::legacy::Keys;

/// An answer before it is laid out, as data. [`super::turn::TurnRunner::finish`] carries it out.
pub(super) struct Reply {
    /// The plan of the turn.
    pub(super) plan: PlanKind,
    /// The outcome when it is read.
    pub(super) outcome: Outcome,
    /// Which part of it, where it does not fit (O5).
    pub(super) part: u32,
    /// Where replies go that came late before it (S3).
    pub(super) late: LateReplies,
    /// The keyboard below it.
    pub(super) below: Below,
    /// How the session changes once it was read.
    pub(super) remember: Remember,
    /// What to do when it has no reader.
    pub(super) unread: Unread,
}

impl Reply {
    /// An answer of ours, from which the others differ in one thing or two.
    pub(super) fn new(plan: PlanKind, below: Below) -> Self {
        Self {
            plan,
            outcome: Outcome::Answered,
            part: 0,
            late: LateReplies::Above,
            below,
            remember: Remember::ShownAgain,
            unread: Unread::Forget,
        }
    }
}

/// Bodies of replies in the order in which they are shown; nearly always one.
pub(super) type Bodies = SmallVec<[ReplyBody; 1]>;

/// Bodies of replies, in order, and when they were asked for.
#[derive(Clone)]
pub(super) struct BotReplies {
    pub(super) bodies: Bodies,
    pub(super) asked: Moment,
}

/// Where late replies go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LateReplies {
    /// They stand above this answer.
    Above,
    /// They are offered beside it.
    Offered,
    /// They are this answer.
    These,
    /// They are left alone.
    Untouched,
}

/// The keyboard below an answer.
#[derive(Debug, Clone)]
pub(super) enum Below {
    /// That of the last usable reply; free typing where it has none (K2).
    OfReply,
    /// That of the last usable reply; this one where there is no usable reply.
    OfReplyOr(Option<Arc<Keyboard>>),
    /// This one, from this label on. It gives way to that of a late reply which stands above.
    Current(Option<Arc<Keyboard>>, u32),
    /// This one and no other.
    Only(Option<Arc<Keyboard>>, u32),
}

/// How the session changes after an answer was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remember {
    /// A reply, or the home keyboard, was shown (K2).
    Shown,
    /// The keyboard was shown again.
    ShownAgain,
    /// An unknown user was shown the home keyboard (I5).
    Greeted,
    /// A part of the rest of a long reply was shown (O5).
    Part,
    /// Nothing.
    Nothing,
    /// The conversation is over: everything is forgotten (E1).
    End,
}

/// What to do with an answer that has no reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is kept until the user asks for it (S3).
    Park,
    /// Nothing has changed: parked replies stay parked.
    Forget,
}

impl BotReplies {
    /// Words of ours in place of a reply.
    pub(super) fn words(text: &str, now: Moment) -> Self {
        Self { bodies: smallvec![ReplyBody::Words(text.into())], asked: now }
    }

    /// Words of ours where the user's message was not sent.
    pub(super) fn unsent(text: &str, now: Moment) -> Self {
        Self { bodies: smallvec![ReplyBody::Unsent(text.into())], asked: now }
    }

    /// The same to be read later: a reply that cannot be read is `no_reply`, because it says nothing.
    pub(super) fn to_park(&self, no_reply: &str) -> Vec<ReplyBody> {
        let readable = |body: &ReplyBody| match body {
            ReplyBody::Reply(bytes) if reading::read(bytes).is_err() => ReplyBody::Words(no_reply.into()),
            ReplyBody::Reply(_) | ReplyBody::Words(_) | ReplyBody::Unsent(_) | ReplyBody::Interrupted(_) => {
                body.clone()
            }
        };
        self.bodies.iter().map(readable).collect()
    }
}

/// Replies, each read once.
#[derive(Default)]
pub(super) struct ParsedReplies<'a> {
    readings: SmallVec<[Reading<'a>; 1]>,
    /// Which of them the bot has said.
    usable: SmallVec<[bool; 8]>,
    /// Why the last unreadable one is none, and where it breaks.
    pub(super) problem: Option<(BackendProblem, Box<str>)>,
}

impl<'a> ParsedReplies<'a> {
    /// Reads bodies in order; a reply that cannot be read becomes `no_reply`, once for several in a row (O4).
    pub(super) fn parse(bodies: &'a [ReplyBody], no_reply: &'a str) -> Self {
        let mut parsed = Self::default();
        for body in bodies {
            match body {
                ReplyBody::Words(words) | ReplyBody::Unsent(words) | ReplyBody::Interrupted(words) => {
                    parsed.push(Reading::words(words), false);
                }
                ReplyBody::Reply(bytes) => match reading::read(bytes) {
                    Ok(reading) => parsed.push(reading, true),
                    Err(unreadable) => {
                        parsed.problem = Some((unreadable.problem(), unreadable.to_string().into()));
                        parsed.push(Reading::words(no_reply), false);
                    }
                },
            }
        }
        parsed
    }

    fn push(&mut self, reading: Reading<'a>, usable: bool) {
        let repeats = !usable && self.readings.last().is_some_and(|last| last.text == reading.text);
        if !repeats {
            self.readings.push(reading);
            self.usable.push(usable);
        }
    }

    /// These, and `others` behind them.
    pub(super) fn then<'longer: 'a>(mut self, others: ParsedReplies<'longer>) -> Self {
        for reading in others.readings {
            self.readings.push(reading);
        }
        self.usable.extend(others.usable);
        self
    }

    /// Whether the bot has said anything that could be read.
    pub(super) fn is_usable(&self) -> bool {
        self.usable.contains(&true)
    }

    /// The labels of the last usable reply's keyboard; `None` for free typing (K2).
    pub(super) fn labels(&self) -> Option<&[Cow<'a, str>]> {
        let last = self.readings.iter().zip(&self.usable).rev().find(|(_, usable)| **usable)?;
        match &last.0.keyboard {
            Some(Keys::Buttons(labels)) => Some(labels),
            Some(Keys::Text) | None => None,
        }
    }

    /// The replies, read.
    pub(super) fn readings(&self) -> &[Reading<'a>] {
        &self.readings
    }
}

/// An answer, and what is worth knowing about it.
pub(super) struct Layout {
    pub(super) body: Bytes,
    pub(super) degradations: Degradations,
    pub(super) parts: u32,
    pub(super) part: u32,
    pub(super) page: Page,
    pub(super) numbered: bool,
}

impl Layout {
    /// The part that is still to come (O5).
    pub(super) fn rest(&self) -> Option<u32> {
        (self.part + 1 < self.parts).then_some(self.part + 1)
    }
}

/// Writes the answer down.
pub(super) fn lay_out(translated: &Translated<'_>) -> Layout {
    Layout {
        body: translated.response.to_bytes(),
        degradations: translated.degradations,
        parts: translated.parts,
        part: translated.part,
        page: translated.page,
        numbered: translated.numbered,
    }
}

/// Words of ours above `keyboard`; `late` offers the late answer (S3).
pub(super) fn words(text: &str, keyboard: Option<&Keyboard>, page: u32, late: bool, view: &View<'_>) -> Layout {
    let readings = [Reading::words(text)];
    let content = Content { readings: &readings, keyboard, part: 0, page, late, older_rest: None };
    lay_out(&outbound::reply(&content, view))
}
