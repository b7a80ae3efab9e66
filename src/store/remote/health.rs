//! How the shared store is (P6): whether it is asked, why not, and what its clock says.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use redis::{ErrorKind, RedisError};
use tokio::sync::watch;

use crate::named::named;
use crate::telemetry::pace::Pace;
use crate::time::{self, Moment};

named! {
    /// Why the store is left alone.
    pub(crate) enum Trouble {
        /// It does not answer, or the way to it is cut.
        Gone "gone",
        /// It answers too late.
        Slow "slow",
        /// It takes no writes: it is a replica, after a failover.
        ReadOnly "readonly",
        /// It reads its data in.
        Loading "loading",
        /// It cannot write to its disk, and refuses writes for that.
        Disk "disk",
        /// Its memory is full.
        Memory "memory",
        /// The key is another node's.
        Moved "moved",
        /// The user or the password is refused, or may not do what is needed.
        Denied "denied",
        /// It says something else.
        Refused "refused",
    }
}

/// What Redis says where the user of a script may not do what it does.
const SCRIPT_DENIED: [&str; 2] = ["The user executing the script can't run", "ACL failure in script"];

impl Trouble {
    /// What an error of the store means.
    pub(super) fn of(error: &RedisError) -> Self {
        if error.kind() == ErrorKind::AuthenticationFailed {
            return Self::Denied;
        }
        match error.code() {
            Some("READONLY" | "MASTERDOWN") => Self::ReadOnly,
            Some("LOADING") => Self::Loading,
            Some("MISCONF") => Self::Disk,
            Some("OOM") => Self::Memory,
            Some("MOVED" | "ASK" | "CLUSTERDOWN" | "TRYAGAIN") => Self::Moved,
            Some("NOAUTH" | "WRONGPASS" | "NOPERM" | "DENIED") => Self::Denied,
            // Of a script that lacks a right: Redis 7.0, and later ones.
            Some("ERR")
                if error.detail().is_some_and(|said| SCRIPT_DENIED.iter().any(|words| said.contains(words))) =>
            {
                Self::Denied
            }
            Some(_) => Self::Refused,
            None if error.is_io_error() || error.is_connection_dropped() || error.is_timeout() => Self::Gone,
            None => Self::Refused,
        }
    }
}

/// How often it is told that turns were kept waiting.
const WAITED_EVERY: Duration = Duration::from_secs(1);

/// How it is. One log line a change.
#[derive(Debug)]
pub(super) struct Health {
    /// 0: well; else the place of the trouble among all, and one.
    trouble: AtomicU8,
    since: AtomicU64,
    up: watch::Sender<bool>,
    clock: StoreClock,
    /// Until then no lease that is over is taken over: its holder may have been cut off as this process was (P6).
    patient_until: AtomicU64,
    /// A line of the log has said how it is.
    was_told: AtomicBool,
    /// Lines about turns that it kept waiting.
    waited: Pace,
}

impl Default for Health {
    fn default() -> Self {
        let gone = place_of(Trouble::Gone);
        Self {
            trouble: AtomicU8::new(gone),
            since: AtomicU64::new(time::now().as_millis()),
            up: watch::Sender::new(false),
            clock: StoreClock::default(),
            patient_until: AtomicU64::new(0),
            was_told: AtomicBool::new(false),
            waited: Pace::default(),
        }
    }
}

fn place_of(trouble: Trouble) -> u8 {
    let place = Trouble::ALL.iter().position(|known| *known == trouble);
    place.and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(u8::MAX)
}

impl Health {
    pub(super) fn is_up(&self) -> bool {
        self.trouble.load(Ordering::Acquire) == 0
    }

    pub(super) fn trouble(&self) -> Option<(Trouble, Moment)> {
        let place = usize::from(self.trouble.load(Ordering::Acquire)).checked_sub(1)?;
        Some((*Trouble::ALL.get(place)?, Moment::from_millis(self.since.load(Ordering::Acquire))))
    }

    /// Something is wrong with it: it is left alone until it has been well for a while.
    pub(super) fn fall(&self, trouble: Trouble, why: &str) {
        let number = place_of(trouble);
        let before = self.trouble.swap(number, Ordering::AcqRel);
        // At the start it counts as gone, and nobody was told why.
        let is_first = !self.was_told.swap(true, Ordering::AcqRel);
        if before == number && !is_first {
            return;
        }
        if self.up.send_replace(false) || is_first {
            self.since.store(time::now().as_millis(), Ordering::Release);
            tracing::error!(
                trouble = trouble.as_str(),
                error = why,
                "the shared store is left alone: the bridge goes on from what this process knows, and asks it again when it can"
            );
        } else {
            tracing::warn!(trouble = trouble.as_str(), error = why, "the shared store is in other trouble now");
        }
    }

    /// It is well again, and what happened meanwhile was told.
    pub(super) fn rise(&self, patience: Duration) {
        self.patient_until.store(time::now().plus(patience).as_millis(), Ordering::Release);
        self.trouble.store(0, Ordering::Release);
        if !self.up.send_replace(true) {
            if self.was_told.swap(true, Ordering::AcqRel) {
                tracing::warn!("the shared store is asked again");
            } else {
                tracing::info!("the shared store is there");
            }
        }
    }

    /// A turn has waited too long for it, and goes on alone.
    pub(super) fn kept_waiting(&self) {
        if let Some(turns) = self.waited.line(WAITED_EVERY, time::now()) {
            tracing::warn!(turns, "a turn went on alone: the shared store did not answer it within a second");
        }
    }

    /// Whether leases that are over are left to their holders for now.
    pub(super) fn is_patient(&self) -> bool {
        time::now().as_millis() < self.patient_until.load(Ordering::Acquire)
    }

    /// Ends when it is in trouble.
    pub(super) async fn fallen(&self) {
        // The sender lives as long as this.
        let mut up = self.up.subscribe();
        let _gone = up.wait_for(|up| !up).await;
    }

    /// Ends when it is well again after trouble, from now on.
    pub(super) fn rises(&self) -> impl Future<Output = ()> + use<> {
        let mut up = self.up.subscribe();
        async move {
            while up.changed().await.is_ok() {
                if *up.borrow_and_update() {
                    return;
                }
            }
        }
    }

    /// It said in an answer that it is `store` now.
    pub(super) fn tells_time(&self, store: i64) {
        self.clock.told(store, time::now());
    }

    /// Another store may be behind the same name: what was known of its clock is forgotten.
    pub(super) fn forget_time(&self) {
        self.clock.forget();
    }

    /// What its clock shows at `moment`, about: never later than it does.
    pub(super) fn by_its_clock(&self, moment: Moment) -> i64 {
        self.clock.shows(moment)
    }
}

/// How long the best answer counts: clocks drift, and are set.
const BEST_FOR: Duration = Duration::from_secs(10);

/// The store's clock, as its answers tell it.
///
/// An answer is read after it was given, so each shows the clock too early, by as long as it was on its way and waited for
/// a busy thread of this process. The best of them is the latest. Rejected: the newest, by which one answer that was read
/// half a second late made the store refuse the begins that followed as too old; they were asked again, behind others. In a
/// cluster it is the clock of the node that is furthest ahead, so that no node finds a begin too old.
#[derive(Debug, Default)]
struct StoreClock {
    /// Before this process's, in milliseconds.
    ahead: AtomicI64,
    /// When the answer came that says so; 0: there was none.
    at: AtomicU64,
}

impl StoreClock {
    fn told(&self, store: i64, now: Moment) {
        let ahead = store.saturating_sub(signed(now));
        let at = self.at.load(Ordering::Relaxed);
        let is_over = at == 0 || now.since(Moment::from_millis(at)) >= BEST_FOR;
        // Two answers at once may both count: each is true enough.
        if is_over || ahead >= self.ahead.load(Ordering::Relaxed) {
            self.ahead.store(ahead, Ordering::Relaxed);
            self.at.store(now.as_millis(), Ordering::Relaxed);
        }
    }

    fn forget(&self) {
        self.at.store(0, Ordering::Relaxed);
    }

    fn shows(&self, moment: Moment) -> i64 {
        signed(moment).saturating_add(self.ahead.load(Ordering::Relaxed))
    }
}

fn signed(moment: Moment) -> i64 {
    i64::try_from(moment.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(1_000_000 + millis)
    }

    #[test]
    fn an_answer_that_was_read_late_does_not_set_the_stores_clock_back() {
        let clock = StoreClock::default();
        // It is 30 s ahead, and its answers take a millisecond.
        clock.told(1_030_000, at(1));
        assert_eq!(clock.shows(at(1)), 1_030_000);
        // This one waited 600 ms for a busy thread.
        clock.told(1_030_400, at(1000));
        assert_eq!(clock.shows(at(1000)), 1_030_999);
        // A quicker one is nearer.
        clock.told(1_032_000, at(2000));
        assert_eq!(clock.shows(at(2000)), 1_032_000);
    }

    #[test]
    fn a_clock_that_was_set_back_or_is_another_ones_is_believed_in_the_end() {
        let clock = StoreClock::default();
        clock.told(1_030_000, at(0));
        clock.told(1_005_000, at(5000));
        assert_eq!(clock.shows(at(5000)), 1_035_000);
        clock.told(1_010_000, at(10_000));
        assert_eq!(clock.shows(at(10_000)), 1_010_000);
        clock.forget();
        clock.told(1_001_000, at(11_000));
        assert_eq!(clock.shows(at(11_000)), 1_001_000);
    }
}
