//! The one timer of a caller's connection.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::time::{self, Instant};

/// How long a new connection may take for its TLS handshake, and for the head of its first request. A caller of ours
/// sends both at once and hangs up after 5 s.
pub(super) const FIRST_HEAD: Duration = Duration::from_secs(10);

/// How long a connection has brought no call. Its one timer looks here when it goes off, and is set again: a call costs
/// no timer, and does not look at it either.
pub(super) struct QuietTime {
    begun: Instant,
    /// `limits.header_timeout`.
    most: Duration,
    /// Milliseconds from `begun` to the last answer; [`Self::BUSY`] while a call is answered, 0 before the first.
    since: AtomicU64,
}

impl QuietTime {
    const BUSY: u64 = u64::MAX;

    pub(super) fn new(begun: Instant, most: Duration) -> Self {
        Self { begun, most, since: AtomicU64::new(0) }
    }

    /// A call has come.
    pub(super) fn ends(&self) {
        self.since.store(Self::BUSY, Ordering::Relaxed);
    }

    /// It is answered. Never 0 again.
    pub(super) fn begins(&self, now: Instant) {
        let since = now.saturating_duration_since(self.begun).as_millis();
        self.since.store(u64::try_from(since).unwrap_or_default().max(1), Ordering::Relaxed);
    }

    /// Whether a call has ever come.
    pub(super) fn was_asked(&self) -> bool {
        self.since.load(Ordering::Relaxed) != 0
    }

    /// Ends when it has lasted too long.
    pub(super) async fn is_over(&self) {
        loop {
            let over_at = self.over_at();
            if over_at <= time::instant() {
                return;
            }
            tokio::time::sleep_until(over_at).await;
        }
    }

    /// When it has lasted too long, as far as is known now. A first head has to come sooner than later ones.
    fn over_at(&self) -> Instant {
        match self.since.load(Ordering::Relaxed) {
            Self::BUSY => time::instant() + self.most,
            0 => self.begun + self.most.min(FIRST_HEAD),
            since => self.begun + Duration::from_millis(since) + self.most,
        }
    }
}
