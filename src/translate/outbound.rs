//! From a bot's reply to an answer that OpenBuilder shows (O1 to O5, K3, K4, I10).

use super::degradation::Degradations;
use super::keyboard::Keyboard;
use super::view::View;
use crate::reading::Reading;
use crate::wire::answer::{Answer, Template};

/// What is to be shown, and which slice of it.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// The replies, in the order they are read; often one, several after late answers or several photos.
    pub readings: &'a [Reading<'a>],
    /// The keyboard below them; `None` for free typing. (The readings' own keyboards were interned by the caller;
    /// here they do not count.)
    pub keyboard: Option<&'a Keyboard>,
    /// Which part of what does not fit into three bubbles (O5), from 0; past the end shows the last.
    pub part: u32,
    /// Which page of the keyboard (K4), from 0; past the end shows the last.
    pub page: u32,
    /// Offer `답변 보기` (S3).
    pub late: bool,
    /// Offer `이어서 보기` of an older reply at this part, where this one has no rest of its own (O5).
    pub older_rest: Option<u32>,
}

/// The answer, and what is worth knowing about it.
#[derive(Debug, Clone)]
pub struct Translated<'a> {
    /// Obeys the schema, whatever came in.
    pub response: Answer<'a>,
    /// How it differs from what the bot said (readings' degradations included).
    pub degradations: Degradations,
    /// How many parts there are; at least 1.
    pub parts: u32,
    /// The part shown.
    pub part: u32,
    /// How many pages the keyboard has; 1 without a keyboard.
    pub pages: u32,
    /// The page shown.
    pub page: u32,
    /// Whether numbers were printed before the labels, so that numbers are understood (I5, I10).
    pub numbered: bool,
}

/// Shows a reply.
#[must_use]
pub fn reply<'a>(content: &Content<'a>, view: &View<'a>) -> Translated<'a> {
    let _ = (content, view);
    Translated {
        response: Answer::Bubbles(Template::default()),
        degradations: Degradations::NONE,
        parts: 1,
        part: 0,
        pages: 1,
        page: 0,
        numbered: false,
    }
}
