//! A keyboard as quick replies (K3), in pages where ten places are not enough (K4).
//!
//! Where a page ends depends on the keyboard alone. `답변 보기` and `이어서 보기` come and go between two page
//! turns; were their places filled with labels while they are away, the next page would begin too late and a
//! button would be lost between two pages. So a keyboard in pages always leaves them their two places, and a
//! keyboard that fits whole beside what is shown at the moment has no pages: it shows everything. Rejected: marks
//! that name a page by its first label, which pages would then have no numbers, and typed `다음 ▶` no meaning.

use std::borrow::Cow;
use std::ops::Range;

use super::keyboard::Keyboard;
use super::labels::Names;
use super::text;
use super::view::View;
use crate::degradation::{Degradation, Degradations};
use crate::wire::answer::{Extra, QuickReply, QuickReplyAction};
use crate::wire::limits;
use crate::wire::mark::Mark;

/// Places of a page for labels and `다음 ▶`, `◀ 이전`: two are left for `이어서 보기` and `답변 보기`.
const PLACES: usize = limits::QUICK_REPLIES - 2;
/// Bytes that the labels of one answer take at most; with the four words of the bridge's own it stays under 32 KiB,
/// half of the answer (O5). One label takes up to 12 KiB, 1000 control characters twice.
const LABEL_BYTES: usize = 26 * 1024;
/// Units of the bridge's own words that are said when they are pressed; configured ones might be longer.
const OWN_WORDS: usize = 100;
/// Bytes of a block id that are believed; real ones have 24.
const BLOCK_ID_BYTES: usize = 128;

/// One label of a keyboard, with its place there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'a> {
    /// Counted from 0 in the keyboard.
    pub(super) index: usize,
    /// Whole.
    pub(super) label: &'a str,
}

/// What a press says and carries, whether on a card or on a quick reply.
pub(super) struct Press<'a> {
    /// 1 to 1000 units.
    pub(super) message_text: Cow<'a, str>,
    /// `extra.sb`.
    pub(super) mark: Mark<'a>,
}

impl<'a> Key<'a> {
    /// What pressing it says and carries; `shown` stands in for a label that has nothing to say.
    pub(super) fn press(self, keyboard: &Keyboard, shown: &Cow<'a, str>, degradations: &mut Degradations) -> Press<'a> {
        let message_text = text::cut(self.label, limits::LABEL_TRAVELS_WHOLE);
        if message_text == self.label && !self.label.is_empty() {
            let blank = text::is_blank(self.label);
            let message_text = if blank { shown.clone() } else { message_text };
            return Press { message_text, mark: Mark::Say(Cow::Borrowed(self.label)) };
        }
        degradations.add(Degradation::LabelToken);
        let index = u32::try_from(self.index).unwrap_or(u32::MAX);
        let message_text = if text::is_blank(&message_text) { shown.clone() } else { message_text };
        Press { message_text, mark: Mark::Pick { keyboard: keyboard.id(), index } }
    }

    /// Bytes of it as a button, never less than it takes: words and mark, 14 units shown, the names of the fields.
    pub(super) fn bytes(self, block: Option<&str>) -> usize {
        let said = json_bytes(self.label).min(limits::LABEL_TRAVELS_WHOLE * 6);
        2 * said + 84 + 160 + block.map_or(0, str::len)
    }
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
pub(super) fn fit(keys: &[Key<'_>], taken: usize, block: Option<&str>) -> bool {
    keys.len().saturating_add(taken) <= limits::QUICK_REPLIES
        && keys.iter().map(|key| key.bytes(block)).sum::<usize>() <= LABEL_BYTES
}

/// The pages of a keyboard that has some: 7 labels and `다음 ▶`; 6 and both; `◀ 이전` and up to 7. Fewer where
/// labels are so long that ten of them would burst the answer.
fn pages(keys: &[Key<'_>], block: Option<&str>) -> Vec<Range<usize>> {
    let mut pages: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    while start < keys.len() {
        let rest = keys.get(start..).unwrap_or_default();
        let turns = usize::from(start > 0) + usize::from(start == 0 || rest.len() > PLACES - 1);
        let mut bytes = 0;
        let fitting = rest.iter().take(PLACES - turns).take_while(|key| {
            bytes += key.bytes(block);
            bytes <= LABEL_BYTES
        });
        // One label always fits: it takes less than half of the bound.
        let end = start + fitting.count().max(1);
        pages.push(start..end);
        start = end;
    }
    pages
}

/// What the quick replies of an answer are made of.
pub(super) struct Asked<'a> {
    /// `이어서 보기`: the part it shows.
    pub(super) more: Option<u32>,
    /// `답변 보기`.
    pub(super) late: bool,
    /// The keyboard.
    pub(super) keyboard: Option<&'a Keyboard>,
    /// Which page of them.
    pub(super) page: u32,
}

/// Quick replies, and which page of how many they are.
pub(super) struct Laid<'a> {
    pub(super) quick_replies: Vec<QuickReply<'a>>,
    pub(super) page: u32,
    pub(super) pages: u32,
    pub(super) degradations: Degradations,
}

/// Lays out quick replies: the bridge's own first, then `◀ 이전`, the labels in their order, `다음 ▶`.
pub(super) fn lay<'a>(asked: &Asked<'_>, keys: &[Key<'a>], view: &View<'a>) -> Laid<'a> {
    let texts = &view.policy.texts;
    let block = block(view);
    let taken = usize::from(asked.more.is_some()) + usize::from(asked.late);
    let ranges = if fit(keys, taken, block) { std::iter::once(0..keys.len()).collect() } else { pages(keys, block) };
    let last = ranges.len().saturating_sub(1);
    let page = usize::try_from(asked.page).unwrap_or(usize::MAX).min(last);
    let shown = ranges.get(page).cloned().and_then(|range| keys.get(range)).unwrap_or_default();
    let mut degradations = Degradations::NONE;
    if last > 0 {
        degradations.add(Degradation::Pages);
    }

    let mut names = Names::default();
    names.reserve(shown.iter().map(|key| key.label));
    let mut own = |words: &'a str, mark: Mark<'a>| {
        let label = names.own(words);
        let message_text = if text::is_blank(words) { label.clone() } else { text::cut(words, OWN_WORDS) };
        quick_reply(label, message_text, mark, block)
    };
    let turn = |to: Option<usize>| {
        let page = u32::try_from(to.filter(|to| *to <= last)?).ok()?;
        Some(Mark::Page { keyboard: asked.keyboard?.id(), page })
    };
    let mut quick_replies = Vec::with_capacity(limits::QUICK_REPLIES);
    if let Some(part) = asked.more {
        quick_replies.push(own(&texts.more_label, Mark::More { part }));
    }
    if asked.late {
        quick_replies.push(own(&texts.late_label, Mark::Late));
    }
    if let Some(mark) = turn(page.checked_sub(1)) {
        quick_replies.push(own(&texts.previous_label, mark));
    }
    let next = turn(page.checked_add(1)).map(|mark| own(&texts.next_label, mark));
    if let Some(keyboard) = asked.keyboard {
        for key in shown {
            let (label, is_cut) = names.name(key.label);
            if is_cut {
                degradations.add(Degradation::LabelCut);
            }
            let press = key.press(keyboard, &label, &mut degradations);
            quick_replies.push(quick_reply(label, press.message_text, press.mark, block));
        }
    }
    quick_replies.extend(next);
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Laid { quick_replies, page: number(page), pages: number(ranges.len()), degradations }
}

fn quick_reply<'a>(
    label: Cow<'a, str>,
    message_text: Cow<'a, str>,
    mark: Mark<'a>,
    block: Option<&'a str>,
) -> QuickReply<'a> {
    let extra = Extra { sb: mark };
    let action = match block {
        Some(block_id) => QuickReplyAction::Block { block_id: Cow::Borrowed(block_id), message_text, extra },
        None => QuickReplyAction::Message { message_text, extra },
    };
    QuickReply { label, action }
}
