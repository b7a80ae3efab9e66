//! The one place where time enters.
//!
//! Ranks 0 and 1 never ask for the time, they are given a [`Moment`]; the clock is read here and nowhere else
//! (`clippy.toml` forbids it elsewhere). A `Moment` counts milliseconds since the Unix epoch but only moves
//! forward: the wall clock is read once at start and the monotonic clock carries on from there, so a clock that
//! is set back cannot revive a keyboard (K2), and a durable store can still keep a `Moment` over a restart.
//! Rejected: `Instant` in sessions, 16 bytes where 8 do, and meaningless after a restart.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use tokio::time::Instant;

/// Milliseconds since the Unix epoch, never running backwards within one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(u64);

impl Moment {
    /// The moment so many milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The moment `after` later, saturating.
    #[must_use]
    pub fn plus(self, after: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(after.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// Where the wall clock and the monotonic clock were when first asked.
struct Anchor {
    wall: u64,
    monotonic: Instant,
}

static ANCHOR: OnceLock<Anchor> = OnceLock::new();

/// The present as a [`Moment`]. Follows tokio's paused clock in tests.
#[must_use]
pub fn now() -> Moment {
    moment_of(instant())
}

/// The [`Moment`] at which `instant` is, was or will be.
#[must_use]
pub fn moment_of(instant: Instant) -> Moment {
    let anchor = ANCHOR.get_or_init(|| Anchor { wall: wall_millis(), monotonic: self::instant() });
    let start = Moment(anchor.wall);
    match instant.checked_duration_since(anchor.monotonic) {
        Some(ahead) => start.plus(ahead),
        None => start.minus(anchor.monotonic.saturating_duration_since(instant)),
    }
}

impl Moment {
    fn minus(self, before: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(before.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// The monotonic clock, for deadlines and durations.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub fn instant() -> Instant {
    Instant::now()
}

#[allow(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn wall_millis() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_never_runs_backwards() {
        let earlier = Moment::from_millis(1_000);
        let later = earlier.plus(Duration::from_secs(600));
        assert_eq!(later.since(earlier), Duration::from_secs(600));
        assert_eq!(earlier.since(later), Duration::ZERO);
        assert_eq!(Moment::from_millis(u64::MAX).plus(Duration::MAX).as_millis(), u64::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn now_follows_the_paused_clock() {
        let before = now();
        tokio::time::advance(Duration::from_secs(600)).await;
        assert!(now().since(before) >= Duration::from_secs(600));
    }
}
