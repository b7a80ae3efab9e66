//! From what the bot said, or we say in its place, to the bytes of an answer.

use bytes::Bytes;

use crate::degradation::{Degradation, Degradations};
use crate::reading::{self, Reading};
use crate::session::ReplyBody;
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound::{self, Content, Page};
use crate::translate::view::View;
use crate::wire::legacy::Keys;

/// Replies, read once.
pub(super) struct Heard<'a> {
    pub(super) readings: Vec<Reading<'a>>,
    usable: Vec<bool>,
}

impl<'a> Heard<'a> {
    /// Reads pieces in order; what cannot be read becomes `no_reply`, once for several in a row (O4).
    pub(super) fn of(pieces: &'a [ReplyBody], no_reply: &'a str) -> Self {
        let mut heard = Self { readings: Vec::with_capacity(pieces.len()), usable: Vec::with_capacity(pieces.len()) };
        for piece in pieces {
            let (reading, usable) = match piece {
                ReplyBody::Words(words) => (Reading::words(words), false),
                ReplyBody::Reply(bytes) => match reading::read(bytes) {
                    Ok(reading) => (reading, true),
                    Err(_) => (Reading::words(no_reply), false),
                },
            };
            let repeats = !usable && heard.readings.last().is_some_and(|last| last.text == reading.text);
            if !repeats {
                heard.readings.push(reading);
                heard.usable.push(usable);
            }
        }
        heard
    }

    /// Whether the bot said anything that could be read.
    pub(super) fn is_usable(&self) -> bool {
        self.usable.contains(&true)
    }

    /// The labels of the last reply's keyboard; `None` for free typing (K2).
    pub(super) fn labels(&self) -> Option<&[std::borrow::Cow<'a, str>]> {
        let last = self.readings.iter().zip(&self.usable).rev().find(|(_, usable)| **usable)?;
        match &last.0.keyboard {
            Some(Keys::Buttons(labels)) => Some(labels),
            Some(Keys::Text) | None => None,
        }
    }
}

/// What was shown.
pub(super) struct Shown {
    pub(super) body: Bytes,
    pub(super) degradations: Degradations,
    pub(super) parts: u32,
    pub(super) part: u32,
    pub(super) page: Page,
    pub(super) numbered: bool,
}

/// Shows `content`.
pub(super) fn show(content: &Content<'_>, view: &View<'_>) -> Shown {
    let translated = outbound::reply(content, view);
    Shown {
        body: Bytes::from(translated.response.to_bytes()),
        degradations: translated.degradations,
        parts: translated.parts,
        part: translated.part,
        page: translated.page,
        numbered: translated.numbered,
    }
}

/// Shows words of ours above `keyboard`; `late` offers the late answer (S3).
pub(super) fn words(text: &str, keyboard: Option<&Keyboard>, page: u32, late: bool, view: &View<'_>) -> Shown {
    let readings = [Reading::words(text)];
    show(&Content { readings: &readings, keyboard, part: 0, page, late, older_rest: None }, view)
}

/// The degradation of an answer that says the bot gave none.
pub(super) fn no_reply() -> Degradations {
    Degradations::from(Degradation::NoReply)
}
