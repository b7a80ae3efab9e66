//! From a bot's reply to an answer that OpenBuilder shows (O1 to O5, K3, K4, I10).
//!
//! An answer is a slice of what there is to show, and every slice is made from the whole again: a parked rest is
//! the reply's own bytes and a number, no state of the translation has to be kept. The price is that part 30 of a
//! text at the bound lays out 29 parts for nothing, a few milliseconds that only such a text costs. The keyboard's
//! quick replies stand below every part, since a user who has read enough may press one at once; cards, carousels
//! and numbered lists are bubbles and come once, behind the words.

use std::borrow::Cow;
use std::ops::Range;

use smallvec::SmallVec;

use super::cards;
use super::keyboard::Keyboard;
use super::quick_replies::{self, ButtonLabel, RowContent};
use super::room;
use super::row::{Bubble, Row};
use super::text::{self, ELLIPSIS};
use super::view::{View, calls_human};
use crate::degradation::{Degradation, Degradations};
use crate::reading::Reading;
use crate::wire::answer::{Answer, Output, SimpleText, Template};
use crate::wire::limits;
use crate::wire::text::units;

/// Bytes of the bubbles of one part; with 32 KiB of quick replies the answer stays below 64 KiB (O5).
const BUBBLES_BYTES: usize = 31 * 1024 + 512;
const _: () = assert!(BUBBLES_BYTES + 32 * 1024 <= limits::ANSWER_BYTES);

/// Labels of a keyboard; most keyboards fit into one answer.
type Keys<'a> = SmallVec<[ButtonLabel<'a>; limits::QUICK_REPLIES]>;

/// The content of an answer, and which slice of it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// The replies, in the order they are read; often one, several after late answers or several photos.
    pub readings: &'a [Reading<'a>],
    /// The keyboard below them; `None` for free typing. (The readings' own keyboards were interned by the caller;
    /// here they do not count.)
    pub keyboard: Option<&'a Keyboard>,
    /// Which part of what does not fit into three bubbles (O5), from 0; past the end shows the last.
    pub part: u32,
    /// The label its page begins with (K4), from 0; past the end shows the last page.
    pub page: u32,
    /// Offer `답변 보기` (S3).
    pub late: bool,
    /// Offer `이어서 보기` of an older reply at this part, where this one has no rest of its own (O5).
    pub older_rest: Option<u32>,
}

/// The answer, and what is worth knowing about it.
#[derive(Debug, Clone)]
pub struct Translated<'a> {
    /// Obeys the schema for every input.
    pub response: Answer<'a>,
    /// How it differs from what the bot said (readings' degradations included).
    pub degradations: Degradations,
    /// How many parts there are; at least 1.
    pub parts: u32,
    /// The part shown.
    pub part: u32,
    /// The page of the keyboard that is shown.
    pub page: Page,
    /// Whether numbers were printed before the labels, so that numbers are understood (I5, I10).
    pub numbered: bool,
}

/// A page of a keyboard, named by the place of its first label (K4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Page {
    /// The label it begins with, from 0.
    pub start: u32,
    /// Where `◀ 이전` leads.
    pub previous: Option<u32>,
    /// Where `다음 ▶` leads: the label behind its last one.
    pub next: Option<u32>,
}

/// Shows a reply.
///
/// Everything is laid out as one row of bubbles, in order; the row is cut into parts, and one part is shown. The
/// row depends on the replies, the keyboard and the policy only, not on what is offered beside them, so that part
/// n + 1 asked for later begins where part n ended.
#[must_use]
pub fn reply<'a>(content: &Content<'a>, view: &View<'a>) -> Translated<'a> {
    show(content, view, Rest::Waits)
}

/// The same where there is no room to keep a rest: the words shown end in an ellipsis, and that is reported (O5).
#[must_use]
pub fn reply_without_rest<'a>(content: &Content<'a>, view: &View<'a>) -> Translated<'a> {
    show(content, view, Rest::Lost)
}

/// The fate of the parts behind the one that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// They wait behind `이어서 보기`.
    Waits,
    /// They are cut off.
    Lost,
}

fn show<'a>(content: &Content<'a>, view: &View<'a>, rest: Rest) -> Translated<'a> {
    let mut row = Row::new(view);
    for reading in content.readings {
        row.reading(reading);
    }
    let labels = content.keyboard.map(Keyboard::labels).unwrap_or_default();
    let (human, keys): (Keys<'a>, Keys<'a>) = labels
        .iter()
        .enumerate()
        .map(|(index, label)| ButtonLabel { index, label })
        .partition(|key| calls_human(&view.policy.handover, key.label));
    if row.bubbles.is_empty() {
        // A page turn has no replies and lacks nothing.
        if !content.readings.is_empty() || content.keyboard.is_none() {
            row.degradations.add(Degradation::NoMessage);
        }
        // Where all labels are on the hand-over card, that says enough.
        if !keys.is_empty() || human.is_empty() {
            row.instead(content.keyboard.is_some());
        }
    }
    if view.room || content.keyboard.is_some_and(Keyboard::is_listed) {
        // The list first: it belongs below the text.
        row.list(&keys);
    }
    row.handover(&human);
    let on_cards = content.keyboard.filter(|_| !view.room && cards::wanted(&keys, view));
    if let Some(keyboard) = on_cards {
        row.carousels(keyboard, &keys);
    }

    let mut parts = parts(&row.bubbles, view.room);
    let last = parts.len().saturating_sub(1);
    let part = usize::try_from(content.part).unwrap_or(usize::MAX).min(last);
    let range = parts.get(part).cloned().unwrap_or_default();
    let Row { mut bubbles, mut degradations, .. } = row;
    let numbered = bubbles.get(range.clone()).is_some_and(|shown| shown.iter().any(|bubble| bubble.numbered));
    let mut outputs: SmallVec<[Output<'a>; limits::OUTPUTS]> =
        bubbles.drain(range).map(|bubble| bubble.output).collect();
    let more = match rest {
        _ if part == last => content.older_rest,
        Rest::Waits => {
            degradations.add(Degradation::Parked);
            Some(number(part + 1))
        }
        Rest::Lost => {
            degradations.add(Degradation::TextCut);
            parts.truncate(part + 1);
            end_in_ellipsis(&mut outputs);
            content.older_rest
        }
    };
    if view.room
        && let Some(hint) = room::hint(more.is_some(), content.late, view)
    {
        add_hint(&mut outputs, hint);
    }
    let mut quick_replies = Vec::new();
    let mut page = Page::default();
    if !view.room {
        let keys = if on_cards.is_some() { &[] } else { keys.as_slice() };
        let asked = RowContent { more, late: content.late, keyboard: content.keyboard, page: content.page };
        let laid = quick_replies::lay(&asked, keys, view);
        degradations.join(laid.degradations);
        page = laid.page;
        quick_replies = laid.quick_replies;
    }
    Translated {
        response: Answer::Bubbles(Template { outputs, quick_replies }),
        degradations,
        parts: number(parts.len()),
        part: number(part),
        page,
        numbered,
    }
}

/// Which of how many pages the one that begins with label `page` is, counted from 1; `None` where there is only one.
#[must_use]
pub fn place_of_page(keyboard: &Keyboard, page: u32, view: &View<'_>) -> Option<(usize, usize)> {
    let keys = keyboard.labels().iter().enumerate().map(|(index, label)| ButtonLabel { index, label });
    let keys: Vec<ButtonLabel<'_>> = keys.filter(|key| !calls_human(&view.policy.handover, key.label)).collect();
    if view.room || cards::wanted(&keys, view) {
        return None;
    }
    quick_replies::place_of_page(&keys, page, view)
}

/// A count as marks and sessions hold it; none of a keyboard or reply comes near the bound.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Bubbles to parts: at most three, at most [`BUBBLES_BYTES`]. In a room the third is a text, which has room for
/// the hint; where there are two, the hint can be the third.
fn parts(bubbles: &[Bubble<'_>], room: bool) -> SmallVec<[Range<usize>; 4]> {
    let mut parts: SmallVec<[Range<usize>; 4]> = SmallVec::new();
    let mut bytes = 0;
    for (place, bubble) in bubbles.iter().enumerate() {
        let is_text = matches!(bubble.output, Output::SimpleText(_));
        let places = if room && !is_text { limits::OUTPUTS - 1 } else { limits::OUTPUTS };
        match parts.last_mut().filter(|part| part.len() < places && bytes + bubble.bytes <= BUBBLES_BYTES) {
            Some(part) => {
                part.end = place + 1;
                bytes += bubble.bytes;
            }
            None => {
                parts.push(place..place + 1);
                bytes = bubble.bytes;
            }
        }
    }
    parts
}

/// Shows that there was more.
fn end_in_ellipsis(outputs: &mut SmallVec<[Output<'_>; limits::OUTPUTS]>) {
    if let Some(Output::SimpleText(last)) = outputs.last_mut() {
        let longer = format!("{}{ELLIPSIS}", last.text);
        last.text = Cow::Owned(text::cut(&longer, limits::SIMPLE_TEXT).into_owned());
    } else if outputs.len() < limits::OUTPUTS {
        // Behind three pictures there is no place for it.
        outputs.push(Output::SimpleText(SimpleText { text: Cow::Borrowed(ELLIPSIS) }));
    }
}

/// Adds the hint below the last text, or as a bubble of its own.
fn add_hint(outputs: &mut SmallVec<[Output<'_>; limits::OUTPUTS]>, hint: String) {
    if let Some(Output::SimpleText(last)) = outputs.last_mut()
        && units(&last.text) + 2 + units(&hint) <= limits::SIMPLE_TEXT
    {
        last.text = Cow::Owned(format!("{}\n\n{hint}", last.text));
        return;
    }
    outputs.push(Output::SimpleText(SimpleText { text: Cow::Owned(hint) }));
}
