//! Words measured, cut and split in UTF-16 units (O1), never inside a grapheme cluster that fits.
//!
//! Splitting goes window by window from the front, so it is linear and the same text always splits the same way:
//! part n asked for later fits part n - 1 shown before. Rejected: evening out the pieces, which looks nicer for two
//! pieces and moves every seam when a word is added at the end.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use crate::wire::text::{begins_visibly, fits, units};

/// The sign for text that was cut.
pub(super) const ELLIPSIS: &str = "…";

/// Whether there is nothing to read in it.
pub(super) fn is_blank(text: &str) -> bool {
    !begins_visibly(text) && text.chars().all(char::is_whitespace)
}

/// The longest beginning of at most `limit` units (`limit` at least 2) that ends between two graphemes; a first
/// grapheme that is longer than `limit` by itself is cut between two characters.
pub(super) fn prefix(text: &str, limit: usize) -> &str {
    match end_of_units(text, limit) {
        None => text,
        Some(end) => text.get(..grapheme_end(text, end)).unwrap_or(text),
    }
}

/// The text, or as much of it as fits into `limit` units (at least 3) with an ellipsis behind it.
pub(super) fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    if end_of_units(text, limit).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}{ELLIPSIS}", prefix(text, limit.saturating_sub(1)).trim_end()))
}

/// The text in pieces of at most `limit` units (at least 2), none of them blank. Only white space at the seams is
/// left out, and a blank text has no pieces.
pub(super) fn split(text: &str, limit: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(end) = end_of_units(rest, limit) {
        let Some((piece, behind)) = rest.split_at_checked(last_seam(rest, end)) else {
            break;
        };
        if !is_blank(piece) {
            pieces.push(piece);
        }
        rest = skip_white_space(behind);
    }
    if !is_blank(rest) {
        pieces.push(rest);
    }
    pieces
}

/// [`split`] that borrows where the text does.
pub(super) fn split_cow(text: Cow<'_, str>, limit: usize) -> Vec<Cow<'_, str>> {
    match text {
        Cow::Borrowed(text) => split(text, limit).into_iter().map(Cow::Borrowed).collect(),
        Cow::Owned(text) if end_of_units(&text, limit).is_none() && !is_blank(&text) => {
            vec![Cow::Owned(text)]
        }
        Cow::Owned(text) => split(&text, limit).into_iter().map(|piece| Cow::Owned(piece.to_owned())).collect(),
    }
}

/// Head and tail of a text, the tail of at most `limit` units (at least 2) and beginning at the best seam there is.
/// The head is empty where the whole text fits; neither ends with white space.
pub(super) fn split_tail(text: &str, limit: usize) -> (&str, &str) {
    let text = text.trim_end();
    let all = units(text);
    if all <= limit {
        return ("", text);
    }
    let from = end_of_units(text, all - limit).unwrap_or(text.len());
    // `end_of_units` may stop a unit early, before a surrogate pair; then one character more belongs to the head.
    let from = match text.get(from..) {
        Some(tail) if units(tail) > limit => from + tail.chars().next().map_or(0, char::len_utf8),
        _ => from,
    };
    let mut best: Option<Run> = None;
    for run in white_runs(text).into_iter().filter(|run| run.end >= from && run.start > 0) {
        if best.is_none_or(|best| run.kind > best.kind) {
            best = Some(run);
        }
    }
    let (head_end, tail_start) = match best {
        Some(run) => (run.start, run.end),
        None => {
            let boundary = text.grapheme_indices(true).map(|(at, _)| at).find(|at| *at >= from).unwrap_or(from);
            (boundary, boundary)
        }
    };
    (text.get(..head_end).unwrap_or_default(), text.get(tail_start..).unwrap_or(text))
}

/// A label as it can stand on a button: one line, no control characters, no white space around it.
pub(super) fn one_line(label: &str) -> Cow<'_, str> {
    let breaks = |c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}';
    // The first bytes of all that breaks a line, and of a few that do not.
    let may_break = |byte: &u8| matches!(byte, 0..0x20 | 0x7F | 0xC2 | 0xE2);
    let label = label.trim();
    if !label.as_bytes().iter().any(may_break) || !label.contains(breaks) {
        return Cow::Borrowed(label);
    }
    Cow::Owned(label.split(breaks).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned())
}

/// Where the first `limit` units end, in bytes; `None` where the text has no more than that.
fn end_of_units(text: &str, limit: usize) -> Option<usize> {
    if fits(text, limit) {
        return None;
    }
    let mut counted = 0;
    for (at, c) in text.char_indices() {
        counted += c.len_utf16();
        if counted > limit {
            return Some(at);
        }
    }
    None
}

/// The window up to `end` and the one character behind it, which decides whether a grapheme ends at `end`.
fn window(text: &str, end: usize) -> &str {
    let next = text.get(end..).and_then(|behind| behind.chars().next()).map_or(0, char::len_utf8);
    text.get(..end + next).unwrap_or(text)
}

/// The last grapheme boundary up to `end`; `end` itself where the first grapheme is longer.
fn grapheme_end(text: &str, end: usize) -> usize {
    let boundaries = window(text, end).grapheme_indices(true).map(|(at, _)| at);
    boundaries.skip(1).take_while(|at| *at <= end).last().unwrap_or(end)
}

/// How good a place to split is, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Seam {
    Blank,
    Sentence,
    Line,
    Paragraph,
}

/// White space between words, in bytes.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    end: usize,
    kind: Seam,
}

/// All white space in a text. A blank with a combining mark on it is a grapheme to be seen, not white space.
fn white_runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let (mut breaks, mut behind) = (0, "");
    for (at, grapheme) in text.grapheme_indices(true) {
        let end = at + grapheme.len();
        if !is_blank(grapheme) {
            behind = grapheme;
            continue;
        }
        let is_break = grapheme.contains(['\n', '\r', '\u{2028}', '\u{2029}']);
        match runs.last_mut().filter(|run| run.end == at) {
            Some(run) => run.end = end,
            None => {
                breaks = 0;
                let ends_sentence = behind.ends_with(['.', '!', '?', '。', '！', '？', '…']);
                let kind = if ends_sentence { Seam::Sentence } else { Seam::Blank };
                runs.push(Run { start: at, end, kind });
            }
        }
        breaks += usize::from(is_break);
        if let Some(run) = runs.last_mut() {
            match breaks {
                0 => {}
                1 => run.kind = run.kind.max(Seam::Line),
                _ => run.kind = Seam::Paragraph,
            }
        }
    }
    runs
}

/// Where to end a piece that must end by `end`: the best seam in the second half of the window, else the last seam,
/// else the last grapheme.
fn last_seam(text: &str, end: usize) -> usize {
    let mut best: Option<Run> = None;
    let mut last = None;
    for run in white_runs(window(text, end)).into_iter().filter(|run| run.start > 0 && run.start <= end) {
        if run.start >= end / 2 && best.is_none_or(|best| run.kind >= best.kind) {
            best = Some(run);
        }
        last = Some(run);
    }
    best.or(last).map_or_else(|| grapheme_end(text, end), |run| run.start)
}

/// The text without white space at its beginning.
fn skip_white_space(text: &str) -> &str {
    let mut graphemes = text.graphemes(true);
    loop {
        let rest = graphemes.as_str();
        // The first character is looked at first: a grapheme may be as long as the text.
        if !rest.starts_with(char::is_whitespace) || !graphemes.next().is_some_and(is_blank) {
            return rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_split_at_the_best_seam_of_the_second_half() {
        assert_eq!(split("aaaa bbb\n\nc ddddd", 13), ["aaaa bbb", "c ddddd"]);
        assert_eq!(split("aaaa bbb\nc ddddd", 13), ["aaaa bbb", "c ddddd"]);
        assert_eq!(split("aaa bbb. c ddddddd", 13), ["aaa bbb.", "c ddddddd"]);
        assert_eq!(split("aaaa bbbb cccc", 12), ["aaaa bbbb", "cccc"]);
        assert_eq!(split("aaaabbbbcccc", 5), ["aaaab", "bbbcc", "cc"]);
        assert_eq!(split("a bbbbbbbbbbbbb", 8), ["a", "bbbbbbbb", "bbbbb"]);
    }

    #[test]
    fn blank_pieces_are_left_out() {
        assert!(split("", 5).is_empty() && split(" \n ", 2).is_empty());
        assert_eq!(split("abc          ", 5), ["abc"]);
        assert_eq!(split("          abc", 5), ["abc"]);
    }

    #[test]
    fn a_grapheme_is_split_only_when_it_does_not_fit() {
        let family = "👨‍👩‍👧‍👦";
        assert_eq!(units(family), 11);
        assert_eq!(split(&format!("{family}{family}"), 14), [family, family]);
        assert_eq!(split("가\u{301}\u{301}\u{301}", 2), ["가\u{301}", "\u{301}\u{301}"]);
        assert_eq!(split("𠮷𠮷𠮷", 3), ["𠮷", "𠮷", "𠮷"]);
        // A blank that carries a mark is not white space.
        assert_eq!(split("aaa \u{301}b", 3), ["aaa", " \u{301}b"]);
    }

    #[test]
    fn a_tail_begins_at_the_best_seam_it_can() {
        assert_eq!(split_tail("aaaa", 4), ("", "aaaa"));
        assert_eq!(split_tail("aaaa bb cc\ndd ee", 8), ("aaaa bb cc", "dd ee"));
        assert_eq!(split_tail("aaaa bb cc", 6), ("aaaa", "bb cc"));
        assert_eq!(split_tail("aaaaaa", 4), ("aa", "aaaa"));
        assert_eq!(split_tail("a𠮷𠮷", 3), ("a𠮷", "𠮷"));
        assert_eq!(split_tail("aaaaaa   ", 4), ("aa", "aaaa"));
    }

    #[test]
    fn a_label_becomes_one_line() {
        assert_eq!(one_line(" 학식\r\n(조식)\t"), "학식 (조식)");
        assert_eq!(one_line("\n"), "");
    }

    #[test]
    fn a_cut_text_ends_with_an_ellipsis_within_the_limit() {
        assert_eq!(cut("가나다라", 4), "가나다라");
        assert_eq!(cut("가나다라마", 4), "가나다…");
        assert_eq!(cut("가나 다라", 4), "가나…");
    }
}
