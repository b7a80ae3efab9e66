//! Open connections to one bot, waiting for the next call: one stack per core, so no core waits for another.
//!
//! An idle connection costs some old servers a worker, so there are never more than calls were under way at once during
//! the last second (I8). Last in, first out: under little load few connections stay warm and the others age and go. No
//! task watches a waiting connection, so it is looked at when taken out, and not taken at all when it waited longer
//! than old servers keep one open.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::mutex::lock;
use crate::net::CoreId;
use crate::net::client::Connection;
use crate::net::lease::ConnectionLimit;
use crate::time::{self, Instant};

/// How long a connection may wait. Node and Apache close theirs after 5 s (legacy.md 3); one second less, so that
/// their close and our call do not meet on the way.
const IDLE: Duration = Duration::from_secs(4);

/// How long none is kept after the bot sent bytes without a request.
const DISTRUST: Duration = Duration::from_secs(600);

/// The waiting connections of one bot.
pub(super) struct Pool {
    cores: Box<[Mutex<Vec<Idle>>]>,
    limit: Arc<ConnectionLimit>,
    /// Milliseconds from `created` until which none is kept; 0 where all may be.
    none_until: AtomicU64,
    created: Instant,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    /// An empty pool for each core; `limit` bounds all of them together.
    pub(super) fn new(cores: usize, limit: Arc<ConnectionLimit>) -> Self {
        let cores = (0..cores.max(1)).map(|_| Mutex::default()).collect();
        Self { cores, limit, none_until: AtomicU64::new(0), created: time::instant() }
    }

    /// How many connections there may be, and how many there are.
    pub(super) fn limit(&self) -> &Arc<ConnectionLimit> {
        &self.limit
    }

    /// The connection that waited least, where one is young enough.
    pub(super) fn take(&self, core: CoreId, now: Instant) -> Option<Connection> {
        let mut idle = self.of(core)?;
        let youngest = idle.pop()?;
        if youngest.is_fresh(now) {
            self.limit.no_longer_idle(1);
            return Some(youngest.connection);
        }
        // All others waited longer.
        idle.push(youngest);
        let over = std::mem::take(&mut *idle);
        drop(idle);
        self.close(over);
        None
    }

    /// Keeps `connection` for the next call, where one more may be kept. The lease it was used by is still held.
    pub(super) fn put(&self, core: CoreId, connection: Connection, now: Instant) {
        if self.none_until.load(Ordering::Relaxed) <= self.since_created(now)
            && let Some(mut idle) = self.of(core)
            && self.limit.try_keep(now)
        {
            idle.push(Idle { connection, since: now });
        }
    }

    /// Closes all that wait and keeps none for [`DISTRUST`]: the bot sends answers without a request. False where none
    /// is kept already.
    pub(super) fn keep_none_for_a_while(&self, now: Instant) -> bool {
        let now = self.since_created(now);
        let until = now + u64::try_from(DISTRUST.as_millis()).unwrap_or(u64::MAX);
        let is_new = self.none_until.swap(until, Ordering::Relaxed) <= now;
        for stack in &self.cores {
            let over = std::mem::take(&mut *lock(stack));
            self.close(over);
        }
        is_new
    }

    fn since_created(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.created).as_millis()).unwrap_or(u64::MAX)
    }

    /// Closes idle connections, of whichever core, until one for a lease that is held fits the bound.
    pub(super) async fn make_room(&self) {
        while self.limit.is_crowded() {
            let oldest = self.cores.iter().find_map(|stack| {
                let mut idle = lock(stack);
                (!idle.is_empty()).then(|| idle.remove(0))
            });
            match oldest {
                Some(oldest) => self.close(vec![oldest]),
                // Counted and not there: another core is taking or putting it at this moment.
                None => tokio::task::yield_now().await,
            }
        }
    }

    /// Drops connections that have waited too long, and those beyond the number in use during the last second.
    pub(super) fn sweep(&self, core: CoreId, now: Instant) {
        if self.limit.idle() == 0 {
            return;
        }
        let Some(mut idle) = self.of(core) else { return };
        let old = idle.iter().take_while(|waiting| !waiting.is_fresh(now)).count();
        let over = old.max(self.limit.surplus(now)).min(idle.len());
        let over: Vec<Idle> = idle.drain(..over).collect();
        drop(idle);
        self.close(over);
    }

    /// Closed first and counted then, so that there are never more than are counted.
    fn close(&self, over: Vec<Idle>) {
        let count = over.len();
        drop(over);
        self.limit.no_longer_idle(count);
    }

    fn of(&self, core: CoreId) -> Option<MutexGuard<'_, Vec<Idle>>> {
        self.cores.get(core.0).map(lock)
    }
}

impl Idle {
    fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) <= IDLE
    }
}
