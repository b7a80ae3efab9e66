//! Keyboards are shared: a million users of one menu hold one copy of it.
//!
//! Interned by id, weakly: when the last session forgets a keyboard, it goes. The id is a hash of content, so a
//! hit is compared before it is trusted; on a collision the newcomer simply is not shared.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

use crate::concurrency::share_of;
use crate::translate::keyboard::{Keyboard, id_of};
use crate::wire::mark::KeyboardId;

/// Dead entries are swept when the table has grown to twice what lived after the last sweep, and never below this.
const SWEEP_FROM: usize = 1024;

/// The bytes of all sessions and of the keyboards they remember, of all bots (S5).
#[derive(Debug)]
pub struct SessionMemory {
    used: Arc<AtomicUsize>,
    bound: usize,
}

impl SessionMemory {
    /// Nothing used of `bound` bytes.
    #[must_use]
    pub fn new(bound: usize) -> Arc<Self> {
        Arc::new(Self { used: Arc::default(), bound })
    }

    /// Where bytes are counted.
    #[must_use]
    pub fn used(&self) -> &Arc<AtomicUsize> {
        &self.used
    }

    /// What each of so many bots may use of it whatever the others use.
    #[must_use]
    pub fn share_of(&self, bots: usize) -> usize {
        share_of(self.bound, bots)
    }

    /// Whether more is used than may be.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.used.load(Ordering::Relaxed) > self.bound
    }
}

/// All keyboards that were shown to any user.
#[derive(Debug)]
pub struct Keyboards {
    known: DashMap<KeyboardId, Weak<Keyboard>>,
    sweep_at: AtomicUsize,
    memory: Arc<SessionMemory>,
}

impl Keyboards {
    /// No keyboards yet; those to come count in `memory`.
    #[must_use]
    pub fn new(memory: Arc<SessionMemory>) -> Self {
        Self { known: DashMap::new(), sweep_at: AtomicUsize::new(SWEEP_FROM), memory }
    }

    /// Where their bytes count.
    #[must_use]
    pub fn memory(&self) -> &Arc<SessionMemory> {
        &self.memory
    }

    /// The shared keyboard of these labels; `None` for no labels.
    #[must_use]
    pub fn intern<S: AsRef<str>>(&self, labels: &[S]) -> Option<Arc<Keyboard>> {
        if labels.is_empty() {
            return None;
        }
        let id = id_of(labels);
        if let Some(known) = self.known.get(&id).and_then(|weak| weak.upgrade()) {
            let own = || Keyboard::new(labels).map(|keyboard| Arc::new(keyboard.counted(self.memory.used())));
            return if known.has_labels(labels) { Some(known) } else { own() };
        }
        let fresh = Arc::new(Keyboard::new(labels)?.counted(self.memory.used()));
        match self.known.entry(id) {
            Entry::Occupied(mut entry) => match entry.get().upgrade() {
                Some(known) if known == fresh => return Some(known),
                Some(_) => {}
                None => {
                    entry.insert(Arc::downgrade(&fresh));
                }
            },
            Entry::Vacant(entry) => {
                entry.insert(Arc::downgrade(&fresh));
            }
        }
        self.sweep();
        Some(fresh)
    }

    /// The keyboard of this id, where it is remembered.
    #[must_use]
    pub fn find(&self, id: KeyboardId) -> Option<Arc<Keyboard>> {
        self.known.get(&id).and_then(|weak| weak.upgrade())
    }

    fn sweep(&self) {
        let due = self.sweep_at.load(Ordering::Relaxed);
        if self.known.len() < due {
            return;
        }
        // One thread sweeps; the others go on.
        if self.sweep_at.compare_exchange(due, usize::MAX, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.known.retain(|_, keyboard| keyboard.strong_count() > 0);
            self.sweep_at.store((self.known.len() * 2).max(SWEEP_FROM), Ordering::Relaxed);
        }
    }

    /// How many are remembered, living or not yet swept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyboards() -> Keyboards {
        Keyboards::new(SessionMemory::new(10_000))
    }

    #[test]
    fn s5_the_bytes_of_keyboards_are_counted_for_as_long_as_they_live() {
        let keyboards = keyboards();
        let large = keyboards.intern(&["가".repeat(4_000)]).unwrap();
        let again = keyboards.intern(&["가".repeat(4_000)]).unwrap();
        assert!(keyboards.memory.is_over() && keyboards.memory.used().load(Ordering::Relaxed) < 26_000);
        drop(large);
        assert!(keyboards.memory.is_over());
        drop(again);
        assert_eq!(keyboards.memory.used().load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_same_labels_are_one_keyboard() {
        let keyboards = keyboards();
        let first = keyboards.intern(&["급식", "날씨"]).unwrap();
        let second = keyboards.intern(&["급식", "날씨"]).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        assert!(!Arc::ptr_eq(&first, &keyboards.intern(&["날씨", "급식"]).unwrap()));
        assert!(keyboards.intern::<&str>(&[]).is_none());
    }

    #[test]
    fn forgotten_keyboards_are_swept() {
        let keyboards = keyboards();
        for number in 0..10 * SWEEP_FROM {
            drop(keyboards.intern(&[number.to_string()]));
        }
        assert!(keyboards.len() <= 2 * SWEEP_FROM, "{}", keyboards.len());
    }
}
