//! Reading what a bot answered with status 200 (legacy.md 3 and 4, O4): bytes in, meaning out.
//!
//! Two readers, one meaning. `strict` is a single serde pass that borrows from the body and takes nine replies
//! of ten; it gives up at the first thing that is not exactly the documented form. `lenient` then starts over,
//! with an own small JSON model, because what real bots send is often not JSON: two documents joined, raw line
//! breaks in strings, a brace short, CP949. It keeps what is good and names what is not; every way in which it
//! went beyond the strict form is a [`Degradation`](crate::degradation::Degradation).
//!
//! The decisions of this module, and why:
//! - Text and labels are kept exactly, white space included: a label is sent back to the bot word for word. Only
//!   what has nothing visible in it counts as absent.
//! - A body that is plain words, HTML, a number or a list is [`Unreadable`]: error pages with secrets were recorded
//!   (legacy.md 3), and they must never reach a user. For the same reason a JSON document is not searched for
//!   behind other words.
//! - An object with members but none of the legacy API's is [`Unreadable::Foreign`]: the bot did not reply. `{}` and
//!   an empty or null `message` are good replies with nothing in them (O4 decides what is shown).
//! - `"message": "words"` is shown, unless a member that status bodies have stands beside it, as in the recorded
//!   `{"http_status_code":200,"code":0,"message":"SUCCESS"}`, and nothing else of the legacy API does.
//! - A link without URL leads nowhere, but its label is a word of the reply: it goes to the end of the text. In the
//!   same way a second photo or link is written out. Nothing is lost (docs/behaviour.md, rule 2).
//! - Rejected: `serde_json::Value` with repairs on the text before it. Each repair is a guess about where strings
//!   end, and only a parser knows.

use std::borrow::Cow;

use crate::backend_problem::BackendProblem;
use crate::degradation::Degradations;
use crate::wire::legacy::Keys;
use crate::wire::limits;
use crate::wire::text::begins_visibly;

mod bytes;
mod content;
mod document;
mod keys;
mod lenient;
mod php;
mod strict;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

/// The content of a reply, as far as it can be read. Absent fields are `None`; empty strings count as absent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading<'a> {
    /// `message.text`.
    pub text: Option<Cow<'a, str>>,
    /// `message.photo`.
    pub photo: Option<Photo<'a>>,
    /// `message.message_button`.
    pub link: Option<Link<'a>>,
    /// `keyboard`; `None` where the bot gave none, which means free typing (K2).
    pub keyboard: Option<Keys<'a>>,
    /// How the reply had to be read.
    pub degradations: Degradations,
}

/// A picture. The URL is as the bot wrote it, trimmed; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo<'a> {
    /// Where it lies.
    pub url: Cow<'a, str>,
    /// Declared width and height, where both are usable (positive).
    pub size: Option<(u32, u32)>,
}

/// A link button. URL trimmed and never empty; the label may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link<'a> {
    /// The label that is shown.
    pub label: Cow<'a, str>,
    /// Where it leads.
    pub url: Cow<'a, str>,
}

/// The answer to `GET /keyboard`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home<'a> {
    /// The home keyboard.
    pub keys: Keys<'a>,
    /// How the answer had to be read.
    pub degradations: Degradations,
}

/// Reads the body of a 200 answer to `POST /message`. A reply without any content is good ([`Reading::is_empty`]).
///
/// Total, and linear in the body's length, which the caller bounds by [`limits::REPLY_BYTES`].
///
/// # Errors
/// [`Unreadable`]: the bot gave no reply (legacy.md 4, step 6).
pub fn read(body: &[u8]) -> Result<Reading<'_>, Unreadable> {
    match strict::reply(body) {
        Some(reading) => Ok(reading),
        None => lenient::read(body, lenient::ReplyKind::Message),
    }
}

/// Reads the body of a 200 answer to `GET /keyboard`.
///
/// # Errors
/// [`Unreadable`]: the bot gave no keyboard; K1 says what serves instead.
pub fn read_home(body: &[u8]) -> Result<Home<'_>, Unreadable> {
    let reading = match strict::home(body) {
        Some(reading) => reading,
        None => lenient::read(body, lenient::ReplyKind::Home)?,
    };
    Ok(Home { keys: reading.keyboard.unwrap_or(Keys::Text), degradations: reading.degradations })
}

/// Why a body is no reply. The text holds nothing of the body: it may be an error page with secrets (legacy.md 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing, or white space only.
    #[error("the body is empty")]
    Empty,
    /// Plain words, HTML, or JSON beyond repair.
    #[error("the body is {looks} (byte {at} of it cannot be read)")]
    NotJson {
        /// Where the trouble is: bytes from the start of the decoded text.
        at: usize,
        /// The kind of document it looks like.
        looks: Looks,
    },
    /// JSON, but a number, a string or a list.
    #[error("the body is JSON, but not an object")]
    NotAnObject,
    /// An object with members, none of which is the legacy API's, or a status body.
    #[error("the body is a JSON object, but has nothing of a reply in it")]
    Foreign,
    /// Nested deeper than [`limits::DEPTH`].
    #[error("the JSON is nested deeper than {} levels", limits::DEPTH)]
    TooDeep,
    /// More values than any reply has.
    #[error("the JSON has more than {} values", document::VALUES)]
    TooMany,
    /// Decompressed, it is larger than [`limits::REPLY_BYTES`].
    #[error("the body is longer than {} bytes when decompressed", limits::REPLY_BYTES)]
    TooLong,
}

/// The kind of a body that is not JSON; never words of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Looks {
    /// A page for a browser: of the web server, of a framework, of another path.
    #[error("an HTML page, not JSON")]
    Html,
    /// A message of PHP: the bot itself has failed.
    #[error("an error message of PHP, not JSON")]
    Php,
    /// Neither.
    #[error("not JSON")]
    Other,
}

impl Unreadable {
    /// Its name in logs and metrics.
    #[must_use]
    pub const fn problem(&self) -> BackendProblem {
        match self {
            Self::Empty => BackendProblem::Empty,
            Self::NotJson { .. } => BackendProblem::NotJson,
            Self::NotAnObject => BackendProblem::NotAnObject,
            Self::Foreign => BackendProblem::Foreign,
            Self::TooDeep => BackendProblem::TooDeep,
            Self::TooMany => BackendProblem::TooMany,
            Self::TooLong => BackendProblem::TooLong,
        }
    }

    /// Its word for logs and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.problem().as_str()
    }
}

impl<'a> Reading<'a> {
    /// Our own words, as if a bot had said them.
    #[must_use]
    pub fn words(text: &'a str) -> Self {
        Self { text: visible(Cow::Borrowed(text)), ..Self::default() }
    }

    /// Whether there is nothing to show above a keyboard: no text, photo or link.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_none() && self.photo.is_none() && self.link.is_none()
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Reading<'static> {
        Reading {
            text: self.text.map(owned),
            photo: self.photo.map(|photo| Photo { url: owned(photo.url), size: photo.size }),
            link: self.link.map(|link| Link { label: owned(link.label), url: owned(link.url) }),
            keyboard: self.keyboard.map(owned_keys),
            degradations: self.degradations,
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

fn owned_keys(keys: Keys<'_>) -> Keys<'static> {
    match keys {
        Keys::Text => Keys::Text,
        Keys::Buttons(labels) => Keys::Buttons(labels.into_iter().map(owned).collect()),
    }
}

/// The text, unless there is nothing to see in it.
fn visible(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    (!is_blank(&text)).then_some(text)
}

/// The URL without white space around it, unless nothing is left.
fn url(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let trimmed = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(is_space)),
        Cow::Owned(text) if text.trim_matches(is_space).len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(is_space).to_owned()),
    };
    (!trimmed.is_empty()).then_some(trimmed)
}

fn is_blank(text: &str) -> bool {
    !begins_visibly(text) && text.chars().all(is_space)
}

/// White space, and the characters of no width that editors and web forms leave behind.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}
