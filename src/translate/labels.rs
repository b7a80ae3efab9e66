//! Labels as they are shown: one line, at most 14 units, and distinct within an answer (K3).

use std::borrow::Cow;

use smallvec::SmallVec;

use super::text;
use crate::wire::limits;

/// A label on one line, cut to 14 units; never blank.
pub(super) fn cut(line: Cow<'_, str>) -> Cow<'_, str> {
    match line {
        line if text::is_blank(&line) => Cow::Borrowed(text::ELLIPSIS),
        Cow::Borrowed(line) => text::cut(line, limits::LABEL),
        Cow::Owned(line) => Cow::Owned(text::cut(&line, limits::LABEL).into_owned()),
    }
}

/// The labels of one answer.
///
/// Two different labels never look alike: the later one gets a number. The same label twice stays as it is, as it
/// says the same words.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    /// A name, and the bot's whole label that it stands for; `None` for the bridge's own words. A list: an answer has a
    /// dozen names, and looking them through costs less than hashing one.
    shown: SmallVec<[(Cow<'a, str>, Option<&'a str>); 12]>,
}

impl<'a> Names<'a> {
    /// Takes the names of the labels that need no cutting, so that no cut label and no label of the bridge's own
    /// can take them.
    pub(super) fn reserve(&mut self, plain: impl Iterator<Item = &'a str>) {
        self.shown.extend(plain.map(|label| (Cow::Borrowed(label), Some(label))));
    }

    /// The name of a label of the bot, and whether it differs from the label by more than line breaks.
    pub(super) fn name(&mut self, whole: &'a str) -> (Cow<'a, str>, bool) {
        self.take(whole, Some(whole))
    }

    /// The name of a label of a keyboard, which has found a short name for it among all its labels.
    pub(super) fn key(&mut self, whole: &'a str, short: Option<&str>) -> (Cow<'a, str>, bool) {
        match short {
            Some(short) if self.is_free(short, Some(whole)) => {
                let name: Cow<'a, str> = Cow::Owned(short.to_owned());
                self.keep(Cow::clone(&name), Some(whole));
                (name, true)
            }
            _ => self.name(whole),
        }
    }

    /// The name of words of the bridge's own.
    pub(super) fn own(&mut self, words: &'a str) -> Cow<'a, str> {
        self.take(words, None).0
    }

    fn take(&mut self, whole: &'a str, owner: Option<&'a str>) -> (Cow<'a, str>, bool) {
        let line = text::one_line(whole);
        let shown = cut(line.clone());
        let is_cut = shown != line;
        if self.is_free(&shown, owner) {
            self.keep(shown.clone(), owner);
            return (shown, is_cut);
        }
        let mark = if is_cut { text::ELLIPSIS } else { " " };
        // One more number than there are names: one of them is free.
        for number in 2..=self.shown.len().saturating_add(2) {
            let suffix = format!("{mark}{number}");
            let room = limits::LABEL.saturating_sub(suffix.chars().count()).max(2);
            let numbered = Cow::Owned(format!("{}{suffix}", text::prefix(&line, room).trim_end()));
            if self.is_free(&numbered, owner) {
                self.keep(Cow::clone(&numbered), owner);
                return (numbered, true);
            }
        }
        (shown, is_cut)
    }

    /// A free name is taken; the first owner stays.
    fn keep(&mut self, name: Cow<'a, str>, owner: Option<&'a str>) {
        if self.owner(&name).is_none() {
            self.shown.push((name, owner));
        }
    }

    fn owner(&self, name: &str) -> Option<Option<&'a str>> {
        self.shown.iter().find(|(shown, _)| shown == name).map(|(_, owner)| *owner)
    }

    /// Whether a name is still free, or belongs to this very label.
    fn is_free(&self, name: &str, owner: Option<&str>) -> bool {
        self.owner(name).is_none_or(|taken| taken.is_some() && taken == owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::text::units;

    #[test]
    fn labels_alike_after_cutting_are_numbered() {
        let mut names = Names::default();
        let first = "컴퓨터공학과 학생회 공지사항 1";
        let second = "컴퓨터공학과 학생회 공지사항 2";
        assert_eq!(names.name(first), ("컴퓨터공학과 학생회 공지…".into(), true));
        assert_eq!(names.name(second), ("컴퓨터공학과 학생회 공…2".into(), true));
        assert_eq!(names.name(first), ("컴퓨터공학과 학생회 공지…".into(), true));
        assert_eq!(names.name(second), ("컴퓨터공학과 학생회 공…2".into(), true));
    }

    #[test]
    fn the_same_label_twice_stays_as_it_is() {
        let mut names = Names::default();
        assert_eq!(names.name("학식"), ("학식".into(), false));
        assert_eq!(names.name("학식"), ("학식".into(), false));
        assert_eq!(names.name("학식 "), ("학식 2".into(), true));
    }

    #[test]
    fn a_label_is_cut_between_graphemes_and_never_blank() {
        let family = "👨‍👩‍👧‍👦";
        assert_eq!(cut(format!("{family}{family}").into()), format!("{family}…"));
        let nfd = "\u{1112}\u{1161}\u{11ab}".repeat(6);
        assert_eq!(cut(nfd.into()), format!("{}…", "\u{1112}\u{1161}\u{11ab}".repeat(4)));
        let zalgo = format!("가{}", "\u{301}".repeat(20));
        assert_eq!(units(&cut(zalgo.into())), 14);
        assert_eq!(cut("".into()), "…");
    }
}
