//! A keyboard as quick replies (K3), in pages where ten places are not enough (K4).
//!
//! A page is named by its first label, not by a number: `답변 보기` and `이어서 보기` come and go between two page
//! turns and take places while they are there, so that a page may hold fewer labels than it did a moment ago. The
//! next page begins where the shown one ended, and no button is ever between two pages. Rejected: numbered pages
//! that always leave two places free, which makes every long keyboard a third longer for the rare offer.

use std::borrow::Cow;

use super::keyboard::Keyboard;
use super::labels::Names;
use super::outbound::{Page, number};
use super::text;
use super::view::View;
use crate::degradation::{Degradation, Degradations};
use crate::wire::answer::{Extra, QuickReply, SayAction};
use crate::wire::limits;
use crate::wire::mark::Mark;

/// Bytes that the labels of one answer take at most; with the four words of the bridge's own it stays under 32 KiB,
/// half of the answer (O5). One label takes up to 12 KiB, 1000 control characters twice.
const LABEL_BYTES: usize = 26 * 1024;
/// Units of the bridge's own words that are said when they are pressed; configured ones might be longer.
const OWN_WORDS: usize = 100;
/// Bytes of a block id that are believed; real ones have 24.
const BLOCK_ID_BYTES: usize = 128;

/// One label of a keyboard, with its place there.
#[derive(Debug, Clone, Copy)]
pub(super) struct ButtonLabel<'a> {
    /// Counted from 0 in the keyboard.
    pub(super) index: usize,
    /// Whole.
    pub(super) label: &'a str,
}

/// The words and the mark of a press, on a card or on a quick reply.
pub(super) struct Press<'a> {
    /// 1 to 1000 units.
    pub(super) message_text: Cow<'a, str>,
    /// `extra.sb`.
    pub(super) mark: Mark<'a>,
}

impl<'a> ButtonLabel<'a> {
    /// The words and the mark of pressing it; `shown` stands in for a label that has nothing to say.
    pub(super) fn press(self, keyboard: &Keyboard, shown: &Cow<'a, str>, degradations: &mut Degradations) -> Press<'a> {
        if keyboard.is_plain(self.index) {
            // It is short, and not blank: it stands as it is in all three places.
            let label = Cow::Borrowed(self.label);
            return Press { message_text: label.clone(), mark: Mark::Say(label) };
        }
        let message_text = text::cut(self.label, limits::LABEL_TRAVELS_WHOLE);
        if message_text == self.label && !self.label.is_empty() {
            let blank = text::is_blank(self.label);
            let message_text = if blank { shown.clone() } else { message_text };
            return Press { message_text, mark: Mark::Say(Cow::Borrowed(self.label)) };
        }
        degradations.add(Degradation::LabelToken);
        let index = number(self.index);
        let message_text = if text::is_blank(&message_text) { shown.clone() } else { message_text };
        Press { message_text, mark: Mark::Pick { keyboard: keyboard.id(), index } }
    }

    /// The name shown for it, and whether that differs from it by more than line breaks.
    pub(super) fn name(self, keyboard: &Keyboard, names: &mut Names<'a>) -> (Cow<'a, str>, bool) {
        if keyboard.is_plain(self.index) {
            (Cow::Borrowed(self.label), false)
        } else {
            names.key(self.label, keyboard.short_name(self.index))
        }
    }

    /// Bytes of it as a button, never less than it takes: words and mark, 14 units shown, the names of the fields.
    pub(super) fn bytes(self, block: Option<&str>) -> usize {
        self.bytes_of(json_bytes(self.label), block)
    }

    fn bytes_of(self, label: usize, block: Option<&str>) -> usize {
        let said = label.min(limits::LABEL_TRAVELS_WHOLE * 6);
        2 * said + 84 + 160 + block.map_or(0, str::len)
    }
}

/// Takes the names of the labels that are shown as they are, so that no other label can take them.
pub(super) fn reserve<'a>(names: &mut Names<'a>, keyboard: Option<&Keyboard>, keys: &[ButtonLabel<'a>]) {
    let plain = |key: &&ButtonLabel<'a>| keyboard.is_some_and(|keyboard| keyboard.is_plain(key.index));
    names.reserve(keys.iter().filter(plain).map(|key| key.label));
}

/// Bytes of a string in JSON, without its quotes.
fn json_bytes(text: &str) -> usize {
    let escaped = |byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(escaped).sum()
}

/// The block that quick replies name (K3), where it is usable.
pub(super) fn block<'a>(view: &View<'a>) -> Option<&'a str> {
    view.message_block.filter(|id| !id.is_empty() && id.len() <= BLOCK_ID_BYTES)
}

/// Whether all of these fit into one answer that has `taken` other quick replies.
pub(super) fn fit(keys: &[ButtonLabel<'_>], taken: usize, block: Option<&str>) -> bool {
    // No byte takes more than six as JSON: most keyboards are known to fit without looking at their words.
    let at_most = |key: &ButtonLabel<'_>| key.bytes_of(key.label.len().saturating_mul(6), block);
    keys.len().saturating_add(taken) <= limits::QUICK_REPLIES
        && (keys.iter().map(at_most).sum::<usize>() <= LABEL_BYTES
            || keys.iter().map(|key| key.bytes(block)).sum::<usize>() <= LABEL_BYTES)
}

/// Where the page that begins at `start` ends, beside `taken` quick replies of the bridge's own: with nothing taken 9
/// labels and `다음 ▶`; 8 and both; `◀ 이전` and up to 9. Fewer where labels are so long that ten of them would burst
/// the answer; one always fits, for it takes less than half of the bound.
fn end(keys: &[ButtonLabel<'_>], start: usize, taken: usize, block: Option<&str>) -> usize {
    let rest = keys.get(start..).unwrap_or_default();
    let places = limits::QUICK_REPLIES - taken - usize::from(start > 0);
    let mut bytes = 0;
    let fitting = rest.iter().take(places).take_while(|key| {
        bytes += key.bytes(block);
        bytes <= LABEL_BYTES
    });
    let fitting = fitting.count();
    let needs_next = fitting < rest.len();
    // `다음 ▶` takes the last place, where every one was filled.
    start + if needs_next && fitting == places { fitting - 1 } else { fitting }.max(1).min(rest.len())
}

/// Which of how many pages the one that begins with the key at `page` is, counted from 1; `None` where there is only
/// one. A page that begins elsewhere, because something of the bridge's own took a place, counts as the one it is in.
pub(super) fn place_of_page(keys: &[ButtonLabel<'_>], page: u32, view: &View<'_>) -> Option<(usize, usize)> {
    if fit(keys, 0, block(view)) {
        return None;
    }
    let starts = starts(keys, block(view));
    let page = usize::try_from(page).unwrap_or(usize::MAX);
    let place = starts.iter().rposition(|start| *start <= page)?;
    Some((place + 1, starts.len()))
}

/// Where pages begin while nothing of the bridge's own is offered: `◀ 이전` goes back to one of these.
fn starts(keys: &[ButtonLabel<'_>], block: Option<&str>) -> Vec<usize> {
    let mut starts = vec![0];
    loop {
        let next = end(keys, starts.last().copied().unwrap_or_default(), 0, block);
        if next >= keys.len() {
            return starts;
        }
        starts.push(next);
    }
}

/// The input of an answer's quick replies.
pub(super) struct RowContent<'a> {
    /// `이어서 보기`: the part it shows.
    pub(super) more: Option<u32>,
    /// `답변 보기`.
    pub(super) late: bool,
    /// The keyboard.
    pub(super) keyboard: Option<&'a Keyboard>,
    /// The label its page begins with.
    pub(super) page: u32,
}

/// Quick replies, and which page they are.
pub(super) struct QuickReplyRow<'a> {
    pub(super) quick_replies: Vec<QuickReply<'a>>,
    pub(super) page: Page,
    pub(super) degradations: Degradations,
}

/// Lays out quick replies: the bridge's own first, then `◀ 이전`, the labels in their order, `다음 ▶`.
pub(super) fn lay<'a>(row: &RowContent<'_>, keys: &[ButtonLabel<'a>], view: &View<'a>) -> QuickReplyRow<'a> {
    let texts = &view.policy.texts;
    let block = block(view);
    let taken = usize::from(row.more.is_some()) + usize::from(row.late);
    let (start, finish, previous) = if fit(keys, taken, block) {
        (0, keys.len(), None)
    } else {
        let starts = starts(keys, block);
        let last = starts.last().copied().unwrap_or_default();
        let start = usize::try_from(row.page).unwrap_or(usize::MAX);
        let start = if start < keys.len() { start } else { last };
        (start, end(keys, start, taken, block), starts.into_iter().rev().find(|before| *before < start))
    };
    let shown = keys.get(start..finish).unwrap_or_default();
    let next = (finish < keys.len()).then_some(finish);
    let mut degradations = Degradations::NONE;
    if previous.or(next).is_some() {
        degradations.add(Degradation::Pages);
    }

    let mut names = Names::default();
    reserve(&mut names, row.keyboard, shown);
    let mut own = |words: &'a str, mark: Mark<'a>| {
        let label = names.own(words);
        let message_text = if text::is_blank(words) { label.clone() } else { text::cut(words, OWN_WORDS) };
        quick_reply(label, message_text, mark, block)
    };
    let turn = |to: Option<usize>| Some(Mark::Page { keyboard: row.keyboard?.id(), page: number(to?) });
    let mut quick_replies = Vec::with_capacity(limits::QUICK_REPLIES);
    if let Some(part) = row.more {
        quick_replies.push(own(&texts.more_label, Mark::More { part }));
    }
    if row.late {
        quick_replies.push(own(&texts.late_label, Mark::Late));
    }
    if let Some(mark) = turn(previous) {
        quick_replies.push(own(&texts.previous_label, mark));
    }
    let forward = turn(next).map(|mark| own(&texts.next_label, mark));
    if let Some(keyboard) = row.keyboard {
        for key in shown {
            let (label, is_cut) = key.name(keyboard, &mut names);
            if is_cut {
                degradations.add(Degradation::LabelCut);
            }
            let press = key.press(keyboard, &label, &mut degradations);
            quick_replies.push(quick_reply(label, press.message_text, press.mark, block));
        }
    }
    quick_replies.extend(forward);
    let page = Page { start: number(start), previous: previous.map(number), next: next.map(number) };
    QuickReplyRow { quick_replies, page, degradations }
}

fn quick_reply<'a>(
    label: Cow<'a, str>,
    message_text: Cow<'a, str>,
    mark: Mark<'a>,
    block: Option<&'a str>,
) -> QuickReply<'a> {
    let extra = Extra { sb: mark };
    let action = match block {
        Some(block_id) => SayAction::Block { block_id: Cow::Borrowed(block_id), message_text, extra },
        None => SayAction::Message { message_text, extra },
    };
    QuickReply { label, action }
}
