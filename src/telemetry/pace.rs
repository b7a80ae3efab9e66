//! One line now and then for what happens often.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::time::Moment;

/// Lets one line through in a while, and counts those it stands for.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// When the last line was let through: milliseconds.
    last: AtomicU64,
    held_back: AtomicU64,
}

impl Pace {
    /// Something happened at `now`. How often since the last line, this time included, when a line is due `every` so
    /// often; `None` while it is not.
    #[must_use]
    pub(crate) fn line(&self, every: Duration, now: Moment) -> Option<u64> {
        self.held_back.fetch_add(1, Ordering::Relaxed);
        let last = self.last.load(Ordering::Relaxed);
        let due = last == 0 || now.since(Moment::from_millis(last)) >= every;
        let ours =
            due && self.last.compare_exchange(last, now.as_millis(), Ordering::Relaxed, Ordering::Relaxed).is_ok();
        ours.then(|| self.held_back.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_others_together_a_minute_later() {
        let pace = Pace::default();
        let minute = Duration::from_secs(60);
        let at = |seconds: u64| Moment::from_millis(1_000_000 + seconds * 1000);
        assert_eq!(pace.line(minute, at(0)), Some(1));
        for second in 1..60 {
            assert_eq!(pace.line(minute, at(second)), None);
        }
        assert_eq!(pace.line(minute, at(60)), Some(60));
        assert_eq!(pace.line(minute, at(61)), None);
    }
}
