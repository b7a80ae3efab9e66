//! How many bytes may be parked (S3), for all bots together and for each (S5).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::concurrency::share_of;

/// The bound on the bytes that all bots park together. Half of it is divided evenly; the other half goes to the bots
/// that need it first.
#[derive(Debug)]
pub struct ParkedLimit {
    bound: usize,
    /// Bytes that are parked beyond the shares.
    common: AtomicUsize,
}

/// One bot's part of it.
#[derive(Debug)]
pub struct ParkedShare {
    limit: Arc<ParkedLimit>,
    used: AtomicUsize,
    share: AtomicUsize,
}

impl ParkedLimit {
    /// A bound of so many bytes.
    #[must_use]
    pub fn new(bound: usize) -> Arc<Self> {
        Arc::new(Self { bound, common: AtomicUsize::new(0) })
    }
}

impl ParkedShare {
    /// The share of one of so many bots.
    #[must_use]
    pub fn new(limit: &Arc<ParkedLimit>, bots: usize) -> Self {
        let share = AtomicUsize::new(share_of(limit.bound, bots));
        Self { limit: Arc::clone(limit), used: AtomicUsize::new(0), share }
    }

    /// There are so many bots now. Parked replies stay, even beyond a share that became smaller.
    pub fn resize(&self, bots: usize) {
        let after = share_of(self.limit.bound, bots);
        let before = self.share.swap(after, Ordering::Relaxed);
        let used = self.used();
        move_by(&self.limit.common, used.saturating_sub(before), used.saturating_sub(after));
    }

    /// Bytes that this bot has parked.
    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether so many bytes more fit. Several turns that park at once may pass the bound by their own bytes.
    pub(super) fn fits(&self, bytes: usize) -> bool {
        let (used, share) = (self.used(), self.share.load(Ordering::Relaxed));
        let beyond = used.saturating_add(bytes).saturating_sub(share) - used.saturating_sub(share);
        let common = self.limit.common.load(Ordering::Relaxed);
        beyond == 0 || common.saturating_add(beyond) <= self.limit.bound - self.limit.bound / 2
    }

    /// The parked bytes of one user have changed.
    pub(super) fn account(&self, was: usize, is: usize) {
        if was == is {
            return;
        }
        let before = move_by(&self.used, was, is);
        let after = before.wrapping_add(is).wrapping_sub(was);
        let share = self.share.load(Ordering::Relaxed);
        move_by(&self.limit.common, before.saturating_sub(share), after.saturating_sub(share));
    }
}

impl Drop for ParkedShare {
    /// A bot that a reload took out gives back what its users had parked, else the others' part shrinks for ever.
    fn drop(&mut self) {
        let used = self.used();
        self.account(used, 0);
    }
}

/// Moves a total as one of its parts moves from `was` to `is`; gives the total before.
fn move_by(total: &AtomicUsize, was: usize, is: usize) -> usize {
    if is >= was { total.fetch_add(is - was, Ordering::Relaxed) } else { total.fetch_sub(was - is, Ordering::Relaxed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_one_bot_cannot_park_in_the_share_of_another() {
        let limit = ParkedLimit::new(1000);
        let (shop, school) = (ParkedShare::new(&limit, 2), ParkedShare::new(&limit, 2));
        assert!(shop.fits(750) && !shop.fits(751));
        shop.account(0, 750);
        assert!(!shop.fits(1) && school.fits(250) && !school.fits(251));
        school.account(0, 250);
        shop.account(750, 400);
        assert!(school.fits(350) && !school.fits(351));
        drop(shop);
        assert!(school.fits(500) && !school.fits(501));
    }

    #[test]
    fn a_reload_that_changes_the_number_of_bots_changes_the_shares() {
        let limit = ParkedLimit::new(1000);
        let shop = ParkedShare::new(&limit, 1);
        shop.account(0, 900);
        shop.resize(5);
        let school = ParkedShare::new(&limit, 5);
        assert!(school.fits(100) && !school.fits(101));
        shop.account(900, 0);
        assert_eq!(limit.common.load(Ordering::Relaxed), 0);
    }
}
