//! Short names for a keyboard's labels that are too long, so that each can be told from all others (K3).
//!
//! Labels of one menu often begin alike: a school's stops, a series' episodes. Cut at the end they would all look the
//! same. So the part that labels share is left out, and the part that tells them apart is kept: `청원고등학교_노원08_상계역방면`
//! becomes `청원고등학교_노…상계역방면`. The whole keyboard is looked at, not the page, because a page is turned back and forth.
//! Where that does not help, the labels are listed whole above the buttons and carry their numbers. Rejected: a number
//! behind the cut label, which reads like a part of it (`연애의 발…3` is not the third episode).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use unicode_segmentation::UnicodeSegmentation;

use super::labels::cut;
use super::text;
use crate::wire::limits;
use crate::wire::text::units;

/// Labels that share so many units at their beginning are alike: cut at the end, little of what differs would be left.
const ALIKE: usize = 9;
/// How often labels that still look alike are looked at again, each time behind what they share.
const ROUNDS: usize = 6;
/// Units of the end that are kept whole, at most: one is the ellipsis, two are left for the beginning.
const TAIL: usize = limits::LABEL - 3;
/// Of a longer end, units of the beginning and of what differs; two are ellipses.
const HEAD: usize = 4;
const WINDOW: usize = limits::LABEL - HEAD - 2;

/// The short names of a keyboard's labels.
#[derive(Debug)]
pub(super) struct ShownLabels {
    /// By place; `None` where the label fits as it is.
    names: Box<[Option<Box<str>>]>,
    /// By place: the label stands as it is in every answer.
    plain: Box<[bool]>,
    /// They carry numbers, and the whole labels have to be listed above them.
    pub(super) listed: bool,
}

impl ShownLabels {
    /// The short name of the label at `place`, which does not fit.
    pub(super) fn name(&self, place: usize) -> Option<&str> {
        self.names.get(place)?.as_deref()
    }

    /// Whether the label at `place` is shown as it is.
    pub(super) fn is_plain(&self, place: usize) -> bool {
        self.plain.get(place).copied().unwrap_or_default()
    }

    /// Names for these labels, pairwise different where the labels are.
    pub(super) fn of(labels: &[Box<str>]) -> Self {
        let lines: Vec<Cow<'_, str>> = labels.iter().map(|label| text::one_line(label)).collect();
        let fits = |line: &str| units(line) <= limits::LABEL && !text::is_blank(line);
        let mut naming = Naming { names: HashMap::new(), taken: HashSet::new() };
        let mut long: Vec<&str> = Vec::new();
        for line in &lines {
            if fits(line) {
                naming.taken.insert(line.to_string());
            } else if !text::is_blank(line) {
                long.push(line);
            }
        }
        long.sort_unstable();
        long.dedup();
        let mut alike: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in long {
            alike.entry(text::prefix(line, ALIKE)).or_default().push(line);
        }
        let distinct = alike.values().all(|group| match group.as_slice() {
            [_alone] => naming.round(group, &|line| cut(Cow::Borrowed(line)).into_owned(), 0),
            _ => {
                let shared = shared(group);
                naming.round(group, &|line| behind(line, shared), 0)
            }
        });
        let name = |(place, line): (usize, &Cow<'_, str>)| {
            if distinct {
                return naming.names.get(&**line).map(|name| Box::from(name.as_str()));
            }
            // Numbered, all of them: a number before some labels would count the others in silence.
            let number = format!("{}. ", place + 1);
            let rest = text::cut(line, limits::LABEL.saturating_sub(number.len()));
            Some(Box::from(format!("{number}{rest}").trim_end()))
        };
        let plain =
            labels.iter().zip(&lines).map(|(label, line)| distinct && **label == **line && fits(line)).collect();
        Self { names: lines.iter().enumerate().map(name).collect(), plain, listed: !distinct }
    }
}

struct Naming<'l> {
    /// The names of long lines.
    names: HashMap<&'l str, String>,
    /// Lines that are shown whole, and names that were given.
    taken: HashSet<String>,
}

impl<'l> Naming<'l> {
    /// Names sorted, different lines by `name`; those that come out alike are named again behind what they share.
    /// False when some cannot be told apart.
    fn round(&mut self, lines: &[&'l str], name: &dyn Fn(&str) -> String, round: usize) -> bool {
        let mut groups: BTreeMap<String, Vec<&'l str>> = BTreeMap::new();
        for line in lines {
            groups.entry(name(line)).or_default().push(line);
        }
        for (name, group) in groups {
            if let [line] = group.as_slice()
                && self.taken.insert(name.clone())
            {
                self.names.insert(line, name);
                continue;
            }
            let shared = shared(&group);
            if round >= ROUNDS || !self.round(&group, &|line| behind(line, shared), round + 1) {
                return false;
            }
        }
        true
    }
}

/// Bytes that sorted lines share at their beginning, up to a border between characters as they are seen and not inside
/// a number.
fn shared(sorted: &[&str]) -> usize {
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else { return 0 };
    let mut shared = 0;
    for grapheme in first.graphemes(true) {
        if !last.get(shared..).is_some_and(|rest| rest.starts_with(grapheme)) {
            break;
        }
        shared += grapheme.len();
    }
    let head = first.get(..shared).unwrap_or_default();
    head.trim_end_matches(|c: char| c.is_ascii_digit()).len()
}

/// The beginning of a line, and what stands behind its first `shared` bytes.
fn behind(line: &str, shared: usize) -> String {
    let tail = line.get(shared..).unwrap_or_default();
    let tail_units = units(tail);
    if tail_units <= TAIL {
        let head = text::prefix(line, limits::LABEL - 1 - tail_units);
        return format!("{}{}{tail}", head.trim_end(), text::ELLIPSIS);
    }
    let (head, window) = (text::prefix(line, HEAD), text::prefix(tail, WINDOW));
    format!("{}{}{}{}", head.trim_end(), text::ELLIPSIS, window.trim_end(), text::ELLIPSIS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(labels: &[&str]) -> Vec<String> {
        let labels: Vec<Box<str>> = labels.iter().map(|label| Box::from(*label)).collect();
        let shown = ShownLabels::of(&labels);
        let name = |place: usize| shown.name(place).map_or_else(|| labels[place].to_string(), str::to_owned);
        (0..labels.len()).map(name).collect()
    }

    #[test]
    fn what_tells_labels_apart_is_kept() {
        assert_eq!(
            names(&[
                "청원고등학교_노원08_상계역방면",
                "청원고등학교_노원08_중계동방면",
                "청원고등학교_노원09_상계역방면"
            ]),
            ["청원고등학…08_상계역방면", "청원고등학…08_중계동방면", "청원고등학…09_상계역방면"]
        );
        assert_eq!(
            names(&["【KBS2】.연애의 발견.13회", "【KBS2】.연애의 발견.14회", "【KBS2】.연애의 발견.4회"]),
            ["【KBS2】.연애의…13회", "【KBS2】.연애의…14회", "【KBS2】.연애의…4회"]
        );
    }

    #[test]
    fn a_label_alone_is_cut_at_its_end() {
        assert_eq!(names(&["아주 길고 긴 이름의 버튼입니다", "짧은 것"]), ["아주 길고 긴 이름의 버…", "짧은 것"]);
    }

    proptest! {
        #[test]
        fn names_fit_and_differ_where_labels_do(
            stem in "[가-힣a-c0-1 _]{0,30}",
            ends in prop::collection::vec("[가-다a-b0-1 _]{0,18}", 1..40),
        ) {
            let labels: Vec<Box<str>> = ends.iter().map(|end| Box::from(format!("{stem}{end}"))).collect();
            let shown = ShownLabels::of(&labels);
            let mut seen: HashMap<String, String> = HashMap::new();
            for (place, label) in labels.iter().enumerate() {
                let line = text::one_line(label);
                let name = shown.name(place).map_or_else(|| line.to_string(), str::to_owned);
                if text::is_blank(&line) { continue; }
                prop_assert!(units(&name) <= limits::LABEL, "{name}");
                if !shown.listed {
                    let other = seen.insert(name.clone(), line.to_string());
                    prop_assert!(other.as_deref().is_none_or(|other| other == line), "{name}: {other:?} and {line}");
                }
            }
            if shown.listed {
                let different: HashSet<&str> = (0..labels.len()).filter_map(|place| shown.name(place)).collect();
                prop_assert_eq!(different.len(), labels.len());
            }
        }
    }
}
