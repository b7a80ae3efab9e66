//! Keyboards: a list of labels with a name, and how words find a label in it (I5, K3, I10).

use siphasher::sip::SipHasher13;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use unicode_normalization::UnicodeNormalization;

use super::distinct::ShownLabels;
use crate::wire::mark::KeyboardId;

/// A buttons keyboard as it is kept: whole labels in order, at least one. Shared between all users who were shown it.
#[derive(Debug)]
pub struct Keyboard {
    id: KeyboardId,
    labels: Box<[Box<str>]>,
    /// Made when it is first shown or searched: a keyboard is shared by all users who see it.
    shown: OnceLock<ShownLabels>,
    /// Folded, made when words are first looked for that are none of the labels.
    folded: OnceLock<Box<[String]>>,
    /// Where its bytes are counted for as long as it lives.
    counted: Option<Arc<AtomicUsize>>,
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        if let Some(total) = &self.counted {
            total.fetch_sub(self.size(), Ordering::Relaxed);
        }
    }
}

impl PartialEq for Keyboard {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.labels == other.labels
    }
}

impl Eq for Keyboard {}

impl Keyboard {
    /// A keyboard of these labels; `None` for no labels.
    #[must_use]
    pub fn new<S: AsRef<str>>(labels: &[S]) -> Option<Self> {
        if labels.is_empty() {
            return None;
        }
        Some(Self {
            id: id_of(labels),
            labels: labels.iter().map(|l| Box::from(l.as_ref())).collect(),
            shown: OnceLock::new(),
            folded: OnceLock::new(),
            counted: None,
        })
    }

    /// The same, its bytes counted in `total` for as long as it lives (S5).
    #[must_use]
    pub fn counted(mut self, total: &Arc<AtomicUsize>) -> Self {
        if self.counted.is_none() {
            total.fetch_add(self.size(), Ordering::Relaxed);
            self.counted = Some(Arc::clone(total));
        }
        self
    }

    /// About how many bytes it takes: the labels, their short names, and the memory around both.
    fn size(&self) -> usize {
        size_of::<Self>() + self.labels.iter().map(|label| 2 * label.len() + 5 * size_of::<Box<str>>()).sum::<usize>()
    }

    /// Its name: the same for the same labels in the same order, after a restart too.
    #[must_use]
    pub fn id(&self) -> KeyboardId {
        self.id
    }

    /// Its labels.
    #[must_use]
    pub fn labels(&self) -> &[Box<str>] {
        &self.labels
    }

    /// Whether its labels are these, in this order.
    #[must_use]
    pub(crate) fn has_labels<S: AsRef<str>>(&self, labels: &[S]) -> bool {
        self.labels.len() == labels.len() && self.labels.iter().zip(labels).all(|(own, label)| **own == *label.as_ref())
    }

    fn shown(&self) -> &ShownLabels {
        self.shown.get_or_init(|| ShownLabels::of(&self.labels))
    }

    /// The short name of the label at `place`, where it does not fit as it is (K3).
    pub(super) fn short_name(&self, place: usize) -> Option<&str> {
        self.shown().name(place)
    }

    /// Whether the label at `place` is shown as it is.
    pub(super) fn is_plain(&self, place: usize) -> bool {
        self.shown().is_plain(place)
    }

    /// Whether its labels cannot be told apart when they are shortened: then they carry numbers, and stand whole in a
    /// list above (K3).
    pub(super) fn is_listed(&self) -> bool {
        self.shown().listed
    }

    /// The label these words mean, exactly as the bot wrote it: the very words first, else the first label that is
    /// the same when folded, else the one that is shown so (I5).
    #[must_use]
    pub fn find(&self, words: &str) -> Option<&str> {
        if let Some(label) = self.labels.iter().find(|label| ***label == *words) {
            return Some(label);
        }
        let folded = fold(words);
        if folded.is_empty() {
            return None;
        }
        let labels = self.folded.get_or_init(|| self.labels.iter().map(|label| fold(label)).collect());
        if let Some(place) = labels.iter().position(|label| *label == folded) {
            return self.labels.get(place).map(AsRef::as_ref);
        }
        let is_shown_so = |place| self.short_name(place).is_some_and(|name| fold(name) == folded);
        let place = (0..self.labels.len()).find(|place| is_shown_so(*place))?;
        self.labels.get(place).map(AsRef::as_ref)
    }

    /// The label with the number these words are, counted from 1: `3`, `3번`, `3.`, `3)`. For keyboards whose
    /// numbers the bridge printed (I5, I10).
    #[must_use]
    pub fn numbered(&self, words: &str) -> Option<&str> {
        let words = words.trim();
        let number = words.strip_suffix(['번', '.', ')']).unwrap_or(words).trim_end();
        let mut place = 0_usize;
        for c in number.nfkc() {
            let digit = usize::try_from(c.to_digit(10)?).ok()?;
            place = place.checked_mul(10)?.checked_add(digit)?;
        }
        self.labels.get(place.checked_sub(1)?).map(AsRef::as_ref)
    }
}

/// Words as they are compared when they are not the very same: NFC, lower case, without white space. Phones type
/// decomposed Hangul and capital first letters that the bot's label does not have (I5).
#[must_use]
pub fn fold(words: &str) -> String {
    words.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).nfc().collect()
}

/// The id a keyboard of these labels has. The hash has fixed keys: it names content, it guards nothing.
#[must_use]
pub fn id_of<S: AsRef<str>>(labels: &[S]) -> KeyboardId {
    let mut hasher = SipHasher13::new();
    for label in labels {
        label.as_ref().hash(&mut hasher);
    }
    KeyboardId(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_find_their_label_exactly_before_folded() {
        let keyboard = Keyboard::new(&["a b", "AB", "한식 메뉴"]).unwrap();
        assert_eq!(keyboard.find("AB"), Some("AB"));
        assert_eq!(keyboard.find("ab"), Some("a b"));
        assert_eq!(keyboard.find("한식메뉴"), Some("한식 메뉴"));
        let decomposed: String = "한식 메뉴".nfd().collect();
        assert_eq!(keyboard.find(&decomposed), Some("한식 메뉴"));
        assert_eq!(keyboard.find("한식"), None);
        assert_eq!(keyboard.find(" "), None);
    }

    #[test]
    fn numbers_count_from_one() {
        let keyboard = Keyboard::new(&["가", "나", "다"]).unwrap();
        for three in ["3", " 3 ", "3번", "3 번", "3.", "3)", "３", "03"] {
            assert_eq!(keyboard.numbered(three), Some("다"), "{three}");
        }
        for none in ["0", "4", "", "번", "3개", "-1", "+3", "99999999999999999999999"] {
            assert_eq!(keyboard.numbered(none), None, "{none}");
        }
    }
}
