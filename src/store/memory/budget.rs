//! How much may be parked, for all bots together.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What all bots together may park (S3).
#[derive(Debug)]
pub struct ParkedBudget {
    pub(super) used: AtomicUsize,
    bound: usize,
}

impl ParkedBudget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        Self { used: AtomicUsize::new(0), bound }
    }

    pub(super) fn fits(&self, bytes: usize) -> bool {
        self.used.load(Ordering::Relaxed).saturating_add(bytes) <= self.bound
    }
}
