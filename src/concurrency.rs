//! How many there are at the moment, and not more than that (S5): connections, turns, events.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A count with a bound (S5).
#[derive(Debug)]
pub struct ConcurrencyLimit {
    count: AtomicUsize,
    bound: usize,
}

/// One of the counted; gives its place back when dropped.
#[derive(Debug)]
pub struct Permit(Arc<ConcurrencyLimit>);

impl ConcurrencyLimit {
    /// A count that goes up to `bound`.
    #[must_use]
    pub fn new(bound: usize) -> Arc<Self> {
        Arc::new(Self { count: AtomicUsize::new(0), bound })
    }

    /// A place, or `None` past the bound.
    #[must_use]
    pub fn try_acquire(self: &Arc<Self>) -> Option<Permit> {
        let before = self.count.fetch_add(1, Ordering::AcqRel);
        let place = Permit(Arc::clone(self));
        (before < self.bound).then_some(place)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_a_gauge_lets_no_more_in_than_its_bound_and_counts_them_out() {
        let gauge = ConcurrencyLimit::new(2);
        let first = gauge.try_acquire();
        let second = gauge.try_acquire();
        assert!(first.is_some() && second.is_some() && gauge.try_acquire().is_none());
        drop(first);
        assert_eq!(gauge.count(), 1);
        assert!(gauge.try_acquire().is_some());
    }
}
