//! The highest a count has been during the last second, for as many threads as like, without a lock.
//!
//! A ring of tenths of a second, each an atomic maximum; old ones count no more by their own number, so nothing has to
//! clear them. Rejected: an average or a decaying mark, which says something else than what was in use.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::time::{self, Instant};

/// How finely the second is divided: a peak is forgotten after one second, less at most this.
const TICK: Duration = Duration::from_millis(100);
/// Ticks that are looked back.
const BACK: u64 = 10;
/// The present tick, and those before it.
const SLOTS: usize = 11;

#[derive(Debug)]
pub(super) struct Peak {
    began: Instant,
    /// The tick in the high half, its highest count in the low one: a maximum forgets an older tick by itself.
    slots: [AtomicU64; SLOTS],
}

impl Peak {
    /// No peak yet.
    pub(super) fn new() -> Self {
        Self { began: time::instant(), slots: std::array::from_fn(|_| AtomicU64::new(0)) }
    }

    fn tick(&self, now: Instant) -> u64 {
        let ticks = now.saturating_duration_since(self.began).as_millis() / TICK.as_millis();
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    /// The count is `count`, at `now`.
    pub(super) fn note(&self, count: usize, now: Instant) {
        let tick = self.tick(now);
        let slot = usize::try_from(tick % self.slots.len() as u64).ok().and_then(|place| self.slots.get(place));
        let value = tick << 32 | u64::from(u32::try_from(count).unwrap_or(u32::MAX));
        if let Some(slot) = slot
            && slot.load(Ordering::Relaxed) < value
        {
            slot.fetch_max(value, Ordering::Relaxed);
        }
    }

    /// The highest that was noted in the second before `now`, give or take a tick.
    pub(super) fn of_last_second(&self, now: Instant) -> usize {
        let oldest = self.tick(now).saturating_sub(BACK);
        let noted = self.slots.iter().map(|slot| slot.load(Ordering::Relaxed));
        let count = noted.filter(|value| value >> 32 >= oldest).map(|value| value & u64::from(u32::MAX)).max();
        count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_counts_for_a_second_and_no_longer() {
        let peak = Peak::new();
        let at = |millis| peak.began + Duration::from_millis(millis);
        assert_eq!(peak.of_last_second(at(0)), 0);
        peak.note(3, at(50));
        peak.note(2, at(60));
        peak.note(1, at(500));
        assert_eq!(peak.of_last_second(at(50)), 3);
        assert_eq!(peak.of_last_second(at(1_000)), 3);
        assert_eq!(peak.of_last_second(at(1_100)), 1);
        assert_eq!(peak.of_last_second(at(1_500)), 1);
        assert_eq!(peak.of_last_second(at(1_600)), 0);
        // The same slot of the ring, eleven ticks later.
        peak.note(1, at(1_150));
        assert_eq!(peak.of_last_second(at(1_150)), 1);
        peak.note(5, at(60));
        assert_eq!(peak.of_last_second(at(1_150)), 1, "who comes late changes nothing");
        assert_eq!(peak.of_last_second(at(1_000_000)), 0);
    }
}
