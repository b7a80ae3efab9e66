//! How many there are at the moment, and not more than that (S5): connections, turns, events.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A count with a bound (S5).
#[derive(Debug)]
pub(crate) struct ConcurrencyLimit {
    count: AtomicUsize,
    bound: AtomicUsize,
}

/// One of the counted; gives its place back when dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<ConcurrencyLimit>);

impl ConcurrencyLimit {
    /// A count that goes up to `bound`.
    #[must_use]
    pub(crate) fn new(bound: usize) -> Arc<Self> {
        Arc::new(Self { count: AtomicUsize::new(0), bound: AtomicUsize::new(bound) })
    }

    /// A permit, or `None` past the bound.
    #[must_use]
    pub(crate) fn try_acquire(self: &Arc<Self>) -> Option<Permit> {
        let before = self.count.fetch_add(1, Ordering::AcqRel);
        let permit = Permit(Arc::clone(self));
        (before < self.bound.load(Ordering::Relaxed)).then_some(permit)
    }

    /// How many there are.
    #[must_use]
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Another bound, for those who come from now on.
    pub(crate) fn set_bound(&self, bound: usize) {
        self.bound.store(bound, Ordering::Relaxed);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A bound for all bots together of which each has a share that others cannot take (S5): half of it is divided evenly,
/// the other half goes to the bots that need it first. Rejected: one count for all, for one busy bot then starves the
/// others.
#[derive(Debug)]
pub(crate) struct SharedLimit {
    bound: usize,
    total: Arc<ConcurrencyLimit>,
    common: Arc<ConcurrencyLimit>,
}

impl SharedLimit {
    /// A bound of `bound` for all.
    #[must_use]
    pub(crate) fn new(bound: usize) -> Self {
        Self { bound, total: ConcurrencyLimit::new(usize::MAX), common: ConcurrencyLimit::new(bound - bound / 2) }
    }

    /// The share of one of so many bots; the remainder of the division belongs to no bot.
    #[must_use]
    pub(crate) fn share_of(&self, bots: usize) -> usize {
        share_of(self.bound, bots)
    }

    /// Permits from a bot's own `share`, else from what is common to all.
    #[must_use]
    pub(crate) fn try_acquire(&self, share: &Arc<ConcurrencyLimit>) -> Option<[Permit; 2]> {
        let permit = share.try_acquire().or_else(|| self.common.try_acquire())?;
        Some([permit, self.total.try_acquire()?])
    }

    /// How many there are, of all bots.
    #[must_use]
    pub(crate) fn count(&self) -> usize {
        self.total.count()
    }
}

/// The part of each of so many bots in the half of `bound` that is divided.
#[must_use]
pub(crate) fn share_of(bound: usize, bots: usize) -> usize {
    bound / 2 / bots.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_a_limit_lets_no_more_in_than_its_bound_and_counts_them_out() {
        let limit = ConcurrencyLimit::new(2);
        let first = limit.try_acquire();
        let second = limit.try_acquire();
        assert!(first.is_some() && second.is_some() && limit.try_acquire().is_none());
        drop(first);
        assert_eq!(limit.count(), 1);
        assert!(limit.try_acquire().is_some());
    }

    #[test]
    fn s5_one_bot_cannot_take_the_share_of_another() {
        let limit = SharedLimit::new(10);
        let (shop, school) = (ConcurrencyLimit::new(limit.share_of(2)), ConcurrencyLimit::new(limit.share_of(2)));
        let greedy: Vec<_> = std::iter::from_fn(|| limit.try_acquire(&shop)).collect();
        assert_eq!(greedy.len(), 7);
        assert_eq!(std::iter::from_fn(|| limit.try_acquire(&school)).collect::<Vec<_>>().len(), 2);
        drop(greedy);
        assert_eq!(std::iter::from_fn(|| limit.try_acquire(&school)).collect::<Vec<_>>().len(), 7);
    }

    #[test]
    fn s5_the_only_bot_has_nearly_all_of_it() {
        let limit = SharedLimit::new(1);
        let only = ConcurrencyLimit::new(limit.share_of(1));
        assert!(limit.try_acquire(&only).is_some_and(|_| limit.count() == 1));
        assert_eq!(limit.count(), 0);
    }
}
