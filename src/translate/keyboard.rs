//! Keyboards: a list of labels with a name, and how it is laid out (K3, K4, I10).

use siphasher::sip::SipHasher13;
use std::hash::{Hash, Hasher};

use crate::wire::mark::KeyboardId;

/// A buttons keyboard as it is kept: whole labels in order, at least one. Shared between all users who were shown it.
#[derive(Debug, PartialEq, Eq)]
pub struct Keyboard {
    id: KeyboardId,
    labels: Box<[Box<str>]>,
}

impl Keyboard {
    /// A keyboard of these labels; `None` for no labels.
    #[must_use]
    pub fn new<S: AsRef<str>>(labels: &[S]) -> Option<Self> {
        if labels.is_empty() {
            return None;
        }
        Some(Self { id: id_of(labels), labels: labels.iter().map(|l| Box::from(l.as_ref())).collect() })
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

impl Keyboard {
    /// STUB
    #[must_use]
    pub fn find(&self, words: &str) -> Option<&str> {
        self.labels.iter().map(|l| &**l).find(|l| *l == words)
    }
    /// STUB
    #[must_use]
    pub fn numbered(&self, words: &str) -> Option<&str> {
        let n: usize = words.parse().ok()?;
        self.labels.get(n.checked_sub(1)?).map(|l| &**l)
    }
}
