//! How the shared store is (P6): whether it is asked, why not, and what its clock says.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};

use redis::{ErrorKind, RedisError};
use tokio::sync::watch;

use crate::named::named;
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
            Some(_) => Self::Refused,
            None if error.is_io_error() || error.is_connection_dropped() || error.is_timeout() => Self::Gone,
            None => Self::Refused,
        }
    }
}

/// How it is. One log line a change.
#[derive(Debug)]
pub(super) struct Health {
    /// 0: well; else the place of the trouble among all, and one.
    trouble: AtomicU8,
    since: AtomicU64,
    up: watch::Sender<bool>,
    /// The store's clock before this process's, in milliseconds.
    ahead: AtomicI64,
    /// Until then no lease that is over is taken over: its holder may have been cut off as this process was (P6).
    patient_until: AtomicU64,
    /// A line of the log has said how it is.
    was_told: AtomicBool,
}

impl Default for Health {
    fn default() -> Self {
        let gone = place_of(Trouble::Gone);
        Self {
            trouble: AtomicU8::new(gone),
            since: AtomicU64::new(time::now().as_millis()),
            up: watch::Sender::new(false),
            ahead: AtomicI64::new(0),
            patient_until: AtomicU64::new(0),
            was_told: AtomicBool::new(false),
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
    pub(super) fn rise(&self, patience: std::time::Duration) {
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

    /// It said that it is `store` now.
    pub(super) fn tells_time(&self, store: i64) {
        let own = i64::try_from(time::now().as_millis()).unwrap_or_default();
        self.ahead.store(store.saturating_sub(own), Ordering::Relaxed);
    }

    /// What its clock shows at `moment`, about.
    pub(super) fn by_its_clock(&self, moment: Moment) -> i64 {
        let own = i64::try_from(moment.as_millis()).unwrap_or(i64::MAX);
        own.saturating_add(self.ahead.load(Ordering::Relaxed))
    }
}
