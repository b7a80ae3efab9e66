//! Reading what a bot answered (legacy.md 4): strict first and borrowing, lenient second.

use std::borrow::Cow;

use crate::translate::degradation::Degradations;
use crate::wire::legacy::Keys;

/// What a reply says, as far as it can be read. Absent fields are `None`; empty strings count as absent.
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
    /// What is shown.
    pub label: Cow<'a, str>,
    /// Where it leads.
    pub url: Cow<'a, str>,
}
