//! Keyboards in group rooms, where there are no quick replies (I10): a numbered list, answered by number or words.

use super::quick_replies::ButtonLabel;
use super::text;
use super::view::{Texts, View};
use crate::wire::limits;

/// Units that every text in a room leaves free for [`hint`], so that it always finds a place in the part it is for
/// and the parts do not move when it comes and goes.
pub(super) const HINT_UNITS: usize = 120;

/// The list, in pieces of at most `limit` units, and split inside a label only where that is longer by itself. The
/// numbers are those of the whole keyboard, by which [`super::keyboard::Keyboard::numbered`] understands them.
pub(super) fn list(keys: &[ButtonLabel<'_>], limit: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut units = 0;
    for key in keys {
        let line = format!("{}. {}", key.index.saturating_add(1), text::one_line(key.label));
        for line in text::split(&line, limit) {
            let more = crate::wire::text::units(line);
            if units + 1 + more > limit && !piece.is_empty() {
                pieces.push(std::mem::take(&mut piece));
                units = 0;
            }
            if !piece.is_empty() {
                piece.push('\n');
                units += 1;
            }
            piece.push_str(line);
            units += more;
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// The line that says what to send for the rest and for a late answer; nothing where there is neither.
pub(super) fn hint(more: bool, late: bool, view: &View<'_>) -> Option<String> {
    let Texts { say, more_label, late_label, .. } = &view.policy.texts;
    let words = [more.then_some(more_label), late.then_some(late_label)];
    let words: Vec<_> = words.into_iter().flatten().map(|words| text::one_line(words)).collect();
    if words.is_empty() {
        return None;
    }
    let hint = format!("{} {}", text::one_line(say), words.join(", "));
    // Two units are for the blank line before it.
    let hint = text::cut(hint.trim(), HINT_UNITS - 2).into_owned();
    (!text::is_blank(&hint)).then_some(hint)
}

/// Units of a text bubble in a room.
pub(super) const TEXT: usize = limits::SIMPLE_TEXT - HINT_UNITS;
