//! Open connections to one bot, waiting for the next call: one stack per core, so no core waits for another.
//!
//! Last in, first out: under little load few connections stay warm and the others age and go. Nobody watches a
//! waiting connection (no task), so it is looked at when taken out, and not taken at all when it waited longer than
//! old servers keep one open.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::net::CoreId;
use crate::net::client::Connection;
use crate::time::Instant;

/// How long a connection may wait. Node and Apache close theirs after 5 s (legacy.md 3); one second less, so that
/// their close and our call do not meet on the way.
const IDLE: Duration = Duration::from_secs(4);
/// Connections kept per core.
const KEPT: usize = 64;

/// The waiting connections of one bot.
pub(super) struct Pool {
    cores: Box<[Mutex<Vec<Idle>>]>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    pub(super) fn new(cores: usize) -> Self {
        Self { cores: (0..cores.max(1)).map(|_| Mutex::default()).collect() }
    }

    /// The connection that waited least, where one is young enough.
    pub(super) fn take(&self, core: CoreId, now: Instant) -> Option<Connection> {
        let mut idle = self.of(core)?.lock().unwrap_or_else(PoisonError::into_inner);
        let youngest = idle.pop()?;
        if youngest.is_fresh(now) {
            return Some(youngest.connection);
        }
        // All others waited longer.
        idle.clear();
        None
    }

    /// Keeps `connection` for the next call.
    pub(super) fn put(&self, core: CoreId, connection: Connection, now: Instant) {
        if let Some(stack) = self.of(core) {
            let mut idle = stack.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < KEPT {
                idle.push(Idle { connection, since: now });
            }
        }
    }

    /// Drops what has waited too long.
    pub(super) fn sweep(&self, core: CoreId, now: Instant) {
        if let Some(stack) = self.of(core) {
            let mut idle = stack.lock().unwrap_or_else(PoisonError::into_inner);
            idle.retain(|waiting| waiting.is_fresh(now));
        }
    }

    fn of(&self, core: CoreId) -> Option<&Mutex<Vec<Idle>>> {
        self.cores.get(core.0)
    }
}

impl Idle {
    fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) <= IDLE
    }
}
