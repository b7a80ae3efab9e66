//! Callers who were not admitted yet (S5): how many bytes they may hold together, and which of them is closed first.
//!
//! Anybody can open a connection, send half a head and wait. Such callers must cost the bridge a bounded amount of
//! memory, and must not keep others out. So a connection is *pending* until it has brought an admitted call. The bytes
//! that pending connections have sent are counted, and past the bound the connection that has waited longest is closed.
//! A newcomer that finds all places taken gets the place of the one that has waited longest. An admitted connection is
//! never touched.
//!
//! Each core has one registry for its own connections, so its lock is hardly ever contended: only a core that has no
//! place and no pending connection of its own takes the place of another core's. Rejected: a bound per address,
//! for all of Kakao's calls come from three.

mod caller;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;

pub(crate) use self::caller::{CallUnderWay, Caller, CountedStream};
use crate::concurrency::{ConcurrencyLimit, Permit};
use crate::mutex::lock;
use crate::time::Instant;

/// How long a new connection is left alone: its call is on the way, and a crowd must not push it out before it is read.
const TIME_TO_SPEAK: Duration = Duration::from_millis(100);

/// Why a new connection has no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// All pending connections are new themselves: one of them is admitted, or can be closed, in a moment.
    Soon,
    /// All places are taken by admitted connections, the reserve by callers who ask for health.
    Full,
}

/// The pending connections of a listener, as one core sees them.
#[derive(Debug, Clone)]
pub(crate) struct PendingCallers {
    core: usize,
    /// One for each core.
    registries: Arc<[Mutex<Registry>]>,
    /// Bytes that one core's may hold together.
    bound: usize,
}

#[derive(Debug, Default)]
struct Registry {
    next: u64,
    bytes: usize,
    /// By age, the oldest first.
    callers: BTreeMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    since: Instant,
    bytes: usize,
    place: Permit,
    /// The place is one of the reserve.
    on_reserve: bool,
    leave: Arc<Notify>,
}

impl PendingCallers {
    /// For each of `cores` its part of one listener's pending connections, which may hold so many bytes together.
    #[must_use]
    pub(crate) fn of_cores(cores: usize, bound: usize) -> Vec<Self> {
        let registries: Arc<[Mutex<Registry>]> = (0..cores.max(1)).map(|_| Mutex::default()).collect();
        (0..cores.max(1)).map(|core| Self { core, registries: Arc::clone(&registries), bound }).collect()
    }

    /// Those of a listener that one core has for itself.
    #[must_use]
    pub(crate) fn of_one(bound: usize) -> Self {
        Self { core: 0, registries: Arc::new([Mutex::default()]), bound }
    }

    fn registry(&self) -> Option<MutexGuard<'_, Registry>> {
        self.registries.get(self.core).map(lock)
    }

    /// A new connection at `now`: it takes a free place of `places`, else that of the pending connection that has
    /// waited longest, on this core or on another, else one of `reserve`.
    ///
    /// # Errors
    /// [`NoPlace`].
    pub(crate) fn enter(
        &self,
        places: &Arc<ConcurrencyLimit>,
        reserve: &Arc<ConcurrencyLimit>,
        now: Instant,
    ) -> Result<Caller, NoPlace> {
        let (place, on_reserve) = match places.try_acquire() {
            Some(place) => (place, false),
            None => match self.evict(now) {
                Ok(place) => place,
                Err(NoPlace::Soon) => return Err(NoPlace::Soon),
                Err(NoPlace::Full) => (reserve.try_acquire().ok_or(NoPlace::Full)?, true),
            },
        };
        let leave = Arc::new(Notify::new());
        let mut registry = self.registry().ok_or(NoPlace::Full)?;
        let number = registry.next;
        registry.next += 1;
        registry.callers.insert(number, Entry { since: now, bytes: 0, place, on_reserve, leave: Arc::clone(&leave) });
        drop(registry);
        Ok(Caller::new(self.clone(), number, leave, on_reserve))
    }

    /// Closes the pending connection that has waited longest, for its file; false when there is none.
    pub(crate) fn make_room(&self, now: Instant) -> bool {
        self.evict(now).is_ok()
    }

    /// One of this core, else of another; one of the reserve only where no other is pending, for whoever gets such a
    /// place may bring no call.
    fn evict(&self, now: Instant) -> Result<(Permit, bool), NoPlace> {
        match self.evict_of(now, |entry| !entry.on_reserve) {
            Err(NoPlace::Full) => self.evict_of(now, |entry| entry.on_reserve),
            known => known,
        }
    }

    fn evict_of(&self, now: Instant, fits: impl Fn(&Entry) -> bool) -> Result<(Permit, bool), NoPlace> {
        let own_first = self.registries.iter().cycle().skip(self.core).take(self.registries.len());
        let mut none = NoPlace::Full;
        for registry in own_first {
            let mut registry = lock(registry);
            let oldest = registry.callers.iter().find(|(_, entry)| fits(entry));
            match oldest.map(|(number, entry)| (*number, entry.since)) {
                Some((_, since)) if now.saturating_duration_since(since) < TIME_TO_SPEAK => none = NoPlace::Soon,
                Some((number, _)) => return registry.send_away(number).ok_or(NoPlace::Full),
                None => {}
            }
        }
        Err(none)
    }

    /// How many are pending on this core.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.registry().map_or(0, |registry| registry.callers.len())
    }
}

impl Registry {
    /// Sends the oldest away.
    fn evict(&mut self) -> Option<(Permit, bool)> {
        let (oldest, _) = self.callers.first_key_value()?;
        self.send_away(*oldest)
    }

    /// Sends one away; its place, and whether that is one of the reserve.
    fn send_away(&mut self, number: u64) -> Option<(Permit, bool)> {
        let entry = self.callers.remove(&number)?;
        self.bytes -= entry.bytes;
        entry.leave.notify_one();
        Some((entry.place, entry.on_reserve))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;
    use futures_util::FutureExt;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn one(bound: usize) -> PendingCallers {
        PendingCallers::of_cores(1, bound).remove(0)
    }

    /// Each comes when those before it have had their time to speak.
    fn enter(
        pending: &PendingCallers,
        places: &Arc<ConcurrencyLimit>,
        reserve: &Arc<ConcurrencyLimit>,
    ) -> Result<Caller, NoPlace> {
        static LATER: AtomicUsize = AtomicUsize::new(1);
        let later = u32::try_from(LATER.fetch_add(1, Ordering::Relaxed)).unwrap();
        pending.enter(places, reserve, time::instant() + later * 2 * TIME_TO_SPEAK)
    }

    fn has_to_leave(caller: &Caller) -> bool {
        caller.has_to_leave().now_or_never().is_some()
    }

    #[test]
    fn a_newcomer_gets_the_place_of_who_has_waited_longest_and_never_that_of_an_admitted_one() {
        let (pending, places, reserve) = (one(1000), ConcurrencyLimit::new(2), ConcurrencyLimit::new(1));
        let first = enter(&pending, &places, &reserve).unwrap();
        let second = enter(&pending, &places, &reserve).unwrap();
        drop(first.admit());
        let third = enter(&pending, &places, &reserve).unwrap();
        assert!(!has_to_leave(&first) && has_to_leave(&second) && !has_to_leave(&third));
        drop(second);
        assert_eq!(places.count(), 2, "the place went over, it was not given back");
        drop(third.admit());
        // All are admitted: the places left are for health and readiness.
        let probe = enter(&pending, &places, &reserve).unwrap();
        assert!(probe.is_on_reserve() && enter(&pending, &places, &reserve).is_ok_and(|newer| newer.is_on_reserve()));
        assert!(has_to_leave(&probe), "the newer probe has its place");
        drop((first, third));
        assert_eq!(places.count(), 0);
    }

    /// Else a user's call would inherit the place of a probe, with which it may ask for health only.
    #[test]
    fn a_place_of_the_reserve_is_given_on_only_when_no_other_is_left() {
        let (pending, places, reserve) = (one(1000), ConcurrencyLimit::new(1), ConcurrencyLimit::new(1));
        let admitted = enter(&pending, &places, &reserve).unwrap();
        drop(admitted.admit());
        let probe = enter(&pending, &places, &reserve).unwrap();
        assert!(probe.is_on_reserve());
        drop(admitted);
        let younger = enter(&pending, &places, &reserve).unwrap();
        let newcomer = enter(&pending, &places, &reserve).unwrap();
        assert!(!newcomer.is_on_reserve() && has_to_leave(&younger) && !has_to_leave(&probe));
    }

    #[test]
    fn beside_a_probe_that_has_waited_long_who_has_just_come_is_left_alone_all_the_same() {
        let (cores, places, reserve) =
            (PendingCallers::of_cores(2, 1000), ConcurrencyLimit::new(1), ConcurrencyLimit::new(1));
        let now = time::instant();
        let admitted = cores[0].enter(&places, &reserve, now).unwrap();
        drop(admitted.admit());
        let probe = cores[0].enter(&places, &reserve, now).unwrap();
        drop(admitted);
        let later = now + 10 * TIME_TO_SPEAK;
        let young = cores[1].enter(&places, &reserve, later).unwrap();
        assert_eq!(cores[0].enter(&places, &reserve, later + TIME_TO_SPEAK / 2).unwrap_err(), NoPlace::Soon);
        let newcomer = cores[0].enter(&places, &reserve, later + TIME_TO_SPEAK).unwrap();
        assert!(!newcomer.is_on_reserve() && has_to_leave(&young) && !has_to_leave(&probe));
    }

    #[test]
    fn who_has_just_come_is_left_alone() {
        let (pending, places, reserve) = (one(1000), ConcurrencyLimit::new(1), ConcurrencyLimit::new(1));
        let now = time::instant();
        let first = pending.enter(&places, &reserve, now).unwrap();
        assert_eq!(pending.enter(&places, &reserve, now + TIME_TO_SPEAK / 2).unwrap_err(), NoPlace::Soon);
        assert!(!has_to_leave(&first) && pending.enter(&places, &reserve, now + TIME_TO_SPEAK).is_ok());
    }

    #[test]
    fn a_core_without_pending_ones_of_its_own_takes_the_place_of_another_cores() {
        let (cores, places, reserve) =
            (PendingCallers::of_cores(3, 100), ConcurrencyLimit::new(1), ConcurrencyLimit::new(1));
        let elsewhere = enter(&cores[2], &places, &reserve).unwrap();
        let newcomer = enter(&cores[1], &places, &reserve).unwrap();
        assert!(has_to_leave(&elsewhere) && !newcomer.is_on_reserve());
    }

    #[test]
    fn past_the_bound_on_bytes_the_oldest_pending_one_goes() {
        let (pending, places) = (one(100), ConcurrencyLimit::new(10));
        let enter = || enter(&pending, &places, &places).unwrap();
        let (admitted, old, young) = (enter(), enter(), enter());
        drop(admitted.admit());
        admitted.holds(1_000_000);
        old.holds(60);
        young.holds(40);
        assert!(!has_to_leave(&old));
        young.holds(1);
        assert!(has_to_leave(&old) && !has_to_leave(&young) && !has_to_leave(&admitted));
        // A caller who is answered holds nothing any more.
        young.answered();
        young.holds(100);
        assert!(!has_to_leave(&young));
        // One alone is bounded too.
        young.holds(1);
        assert!(has_to_leave(&young));
    }

    #[test]
    fn a_call_that_is_being_answered_is_told_apart_from_a_kept_connection() {
        let (pending, places) = (one(100), ConcurrencyLimit::new(1));
        let caller = enter(&pending, &places, &places).unwrap();
        let call = caller.admit();
        assert!(caller.is_answered_now() && pending.len() == 0);
        drop(call);
        assert!(!caller.is_answered_now());
    }
}
