//! How many connections to one server there may be, and which call gets the next: first come, first served, across all
//! cores (I8).
//!
//! A call takes a [`Lease`] before it sends. Leases and idle connections together are never more than the bound: an
//! idle one gives way to a call. While no call waits, a lease costs two atomic steps; the line's lock is taken only at
//! the bound. Rejected: tokio's `Semaphore`, which takes its lock at every release, and whose bound cannot sink below
//! what is in use at a reload (S6).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::oneshot;

use super::peak::Peak;
use crate::mutex::lock;
use crate::time::{self, Instant};

/// In the word of a limit: a call waits, so leases go through the line. Only the holder of the line's lock sets it,
/// clears it, or changes the count while it is set.
const LINE: usize = 1 << (usize::BITS - 1);
/// Leavers that the line may hold beside as many as wait, before they are cleared away.
const LEFT: usize = 32;

/// The connections to one server: how many are in use, idle, and waited for.
#[derive(Debug)]
pub struct ConnectionLimit {
    /// Leases out, and [`LINE`].
    word: AtomicUsize,
    /// The bound on leases and idle connections together.
    bound: AtomicUsize,
    idle: AtomicUsize,
    peak: Peak,
    waiting: AtomicUsize,
    line: Mutex<VecDeque<oneshot::Sender<Lease>>>,
}

/// Leave to have one connection in use; given back when dropped, to the call that has waited longest.
#[derive(Debug)]
#[must_use = "the connection may be used as long as this lives"]
pub struct Lease(Option<Arc<ConnectionLimit>>);

/// Counts a call as waiting for as long as it lives.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ConnectionLimit {
    /// At most `bound` connections, at least one.
    #[must_use]
    pub(crate) fn new(bound: usize) -> Arc<Self> {
        Arc::new(Self {
            word: AtomicUsize::new(0),
            bound: AtomicUsize::new(at_least_one(bound)),
            idle: AtomicUsize::new(0),
            peak: Peak::new(),
            waiting: AtomicUsize::new(0),
            line: Mutex::default(),
        })
    }

    /// A lease, if one is free and no call waits for it.
    #[must_use]
    pub(crate) fn try_acquire(self: &Arc<Self>) -> Option<Lease> {
        let bound = self.bound.load(Ordering::Acquire);
        let take = |word: usize| (word & LINE == 0 && word < bound).then_some(word + 1);
        let before = self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).ok()?;
        self.peak.note(before + 1, time::instant());
        Some(Lease(Some(Arc::clone(self))))
    }

    /// A lease, waited for in order of arrival. Dropping the future leaves the line.
    pub async fn acquire(self: &Arc<Self>) -> Lease {
        loop {
            if let Some(lease) = self.try_acquire() {
                return lease;
            }
            let _waiting = self.waits();
            let turn = self.queue_up();
            // An error would mean that the line was lost; no call waits in vain then.
            if let Ok(lease) = turn.await {
                return lease;
            }
        }
    }

    fn waits(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(&self.waiting)
    }

    fn queue_up(self: &Arc<Self>) -> oneshot::Receiver<Lease> {
        let (hand_over, turn) = oneshot::channel();
        let mut line = self.line();
        if line.len() > 2 * self.waiting() + LEFT {
            line.retain(|waiter| !waiter.is_closed());
        }
        self.word.fetch_or(LINE, Ordering::AcqRel);
        line.push_back(hand_over);
        // One may have been given back since it was looked for.
        self.serve(&mut line);
        turn
    }

    fn line(&self) -> MutexGuard<'_, VecDeque<oneshot::Sender<Lease>>> {
        lock(&self.line)
    }

    /// Hands free leases to the calls that wait, and opens the short way when none is left. The lock is held.
    fn serve(self: &Arc<Self>, line: &mut VecDeque<oneshot::Sender<Lease>>) {
        while self.in_use() < self.bound.load(Ordering::Acquire)
            && let Some(first) = line.pop_front()
        {
            self.word.fetch_add(1, Ordering::AcqRel);
            if let Err(mut refused) = first.send(Lease(Some(Arc::clone(self)))) {
                // Gone meanwhile. Dropped as it is, the lease would come back here for the lock.
                refused.0 = None;
                self.word.fetch_sub(1, Ordering::AcqRel);
            }
        }
        if line.is_empty() {
            self.word.fetch_and(!LINE, Ordering::AcqRel);
        }
    }

    fn release(self: &Arc<Self>) {
        self.peak.note(self.in_use(), time::instant());
        let give_back = |word: usize| (word & LINE == 0).then(|| word.saturating_sub(1));
        if self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, give_back).is_err() {
            let mut line = self.line();
            self.word.fetch_sub(1, Ordering::AcqRel);
            self.serve(&mut line);
        }
    }

    /// Another bound, at once. Connections in use beyond it go on, and no new one begins until they have ended.
    pub(crate) fn set_bound(self: &Arc<Self>, bound: usize) {
        let bound = at_least_one(bound);
        if self.bound.swap(bound, Ordering::AcqRel) != bound {
            self.serve(&mut self.line());
        }
    }

    /// Leases out.
    #[must_use]
    pub(crate) fn in_use(&self) -> usize {
        self.word.load(Ordering::Acquire) & !LINE
    }

    /// How many wait for a lease.
    #[must_use]
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Connections kept open without being in use.
    #[must_use]
    pub(crate) fn idle(&self) -> usize {
        self.idle.load(Ordering::SeqCst)
    }

    /// Counts one more idle connection, where a holder of a lease may keep theirs: not more are kept than were in use
    /// at once during the last second.
    #[must_use]
    pub(crate) fn try_keep(&self, now: Instant) -> bool {
        let (peak, bound) = (self.peak(now), self.bound.load(Ordering::Acquire));
        let keep = |idle: usize| (idle < peak && idle + self.in_use() <= bound).then_some(idle + 1);
        self.idle.fetch_update(Ordering::SeqCst, Ordering::SeqCst, keep).is_ok()
    }

    /// So many idle ones were closed, or are in use again.
    pub(crate) fn no_longer_idle(&self, count: usize) {
        self.idle.fetch_sub(count, Ordering::SeqCst);
    }

    /// Idle connections beyond what was in use at once during the last second.
    #[must_use]
    pub(crate) fn surplus(&self, now: Instant) -> usize {
        self.idle().saturating_sub(self.peak(now))
    }

    /// Whether an idle connection has to go before a holder of a lease opens one.
    #[must_use]
    pub(crate) fn is_crowded(&self) -> bool {
        let idle = self.idle();
        idle > 0 && idle + self.in_use() > self.bound.load(Ordering::Acquire)
    }

    fn peak(&self, now: Instant) -> usize {
        self.peak.of_last_second(now).max(self.in_use())
    }
}

fn at_least_one(bound: usize) -> usize {
    bound.clamp(1, LINE - 1)
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(limit) = self.0.take() {
            limit.release();
        }
    }
}

#[cfg(test)]
mod tests;
