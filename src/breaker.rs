//! The breaker of one bot (S4): ten turns in a row without a usable reply, and users read the outage words at once
//! instead of waiting for a bot that is gone.
//!
//! A pure state machine: every method takes `now`. Closed, which is nearly always, it is one atomic load; the whole
//! state is one 64-bit word, so there is no lock to hold and nothing to poison. A turn that is admitted gets an
//! [`Attempt`]. Dropping it counts as "cancelled": a probe that is cut off frees its place, else the breaker would
//! stay shut for ever. Rejected: a failure rate over a window, which the old platform did not have (legacy.md 1).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::time::Moment;

/// How the word is read: the two low bits say which state, the rest holds its number.
const CLOSED: u64 = 0; // failures in a row
const OPEN: u64 = 1; // until when, milliseconds since the epoch
const PROBING: u64 = 2; // since when

/// Open, and the probe is due at once.
const DUE: u64 = OPEN;

/// One bot's breaker.
#[derive(Debug)]
pub(crate) struct Breaker {
    word: AtomicU64,
    failures: u32,
    open: Duration,
}

/// The state of the breaker, for `/readyz` and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Turns pass; so many failed in a row.
    Closed(u64),
    /// Turns are answered with the outage words until then.
    Open(Moment),
    /// One turn is asking whether the bot is back.
    Probing,
}

/// A change worth a log line and an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The bot is out: it was not before.
    Opened,
    /// The bot is back.
    Recovered,
}

/// Leave to ask the bot once. Says how it went, or counts as cancelled.
#[derive(Debug)]
#[must_use = "an attempt that is dropped counts as a cancelled turn"]
pub(crate) struct Attempt {
    breaker: Arc<Breaker>,
    probe: Option<u64>,
    failed: bool,
}

impl Breaker {
    /// A closed breaker that opens for `open` after `failures` in a row (at least 1).
    #[must_use]
    pub(crate) fn new(failures: u32, open: Duration) -> Self {
        Self { word: AtomicU64::new(CLOSED), failures: failures.max(1), open }
    }

    /// Leave to ask, or `None` while the bot is out.
    #[must_use]
    pub(crate) fn admit(self: &Arc<Self>, now: Moment) -> Option<Attempt> {
        let word = self.word.load(Ordering::Acquire);
        let due = match word & 3 {
            CLOSED => return Some(Attempt { breaker: Arc::clone(self), probe: None, failed: false }),
            OPEN => word >> 2 <= now.as_millis(),
            _ => false,
        };
        let probing = now.as_millis() << 2 | PROBING;
        let won = due && self.word.compare_exchange(word, probing, Ordering::AcqRel, Ordering::Acquire).is_ok();
        won.then(|| Attempt { breaker: Arc::clone(self), probe: Some(probing), failed: false })
    }

    /// Its state now.
    #[must_use]
    pub(crate) fn state(&self) -> State {
        let word = self.word.load(Ordering::Acquire);
        match word & 3 {
            CLOSED => State::Closed(word >> 2),
            OPEN => State::Open(Moment::from_millis(word >> 2)),
            _ => State::Probing,
        }
    }

    /// Another breaker that stands as this one does at `now`, and never opens: the simulator meets the bot as users do, and
    /// its failures are nobody's (C4). Where the next user would be the probe, it asks like them.
    #[must_use]
    pub(crate) fn as_it_is(&self, now: Moment) -> Self {
        let word = match self.state() {
            State::Open(until) if now < until => until.as_millis() << 2 | OPEN,
            State::Probing => self.opened_until(now),
            State::Open(_) | State::Closed(_) => CLOSED,
        };
        Self { word: AtomicU64::new(word), failures: u32::MAX, open: self.open }
    }

    /// Turns in a row without a usable reply. Once it is open no more are counted.
    #[must_use]
    pub(crate) fn failures_in_a_row(&self) -> u64 {
        match self.state() {
            State::Closed(failures) => failures,
            State::Open(_) | State::Probing => u64::from(self.failures),
        }
    }

    fn opened_until(&self, now: Moment) -> u64 {
        now.plus(self.open).as_millis() << 2 | OPEN
    }

    fn fail(&self, now: Moment) -> Option<Change> {
        let mut word = self.word.load(Ordering::Acquire);
        while word & 3 == CLOSED {
            let count = (word >> 2).saturating_add(1);
            let opens = count >= u64::from(self.failures);
            let next = if opens { self.opened_until(now) } else { count << 2 | CLOSED };
            match self.word.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return opens.then_some(Change::Opened),
                Err(seen) => word = seen,
            }
        }
        None
    }

    /// It takes the place of `before`: an outage goes on, and the next turn is the probe. So its end is told once, and
    /// only when the bot has answered.
    pub(crate) fn take_over(&self, before: &Self) {
        if before.succeed().is_some() {
            self.word.store(DUE, Ordering::Release);
        }
    }

    /// A usable reply: the count begins again, also when the reply came late or was asked for before the outage.
    fn succeed(&self) -> Option<Change> {
        if self.word.load(Ordering::Acquire) == CLOSED {
            return None;
        }
        let before = self.word.swap(CLOSED, Ordering::AcqRel);
        (before & 3 != CLOSED).then_some(Change::Recovered)
    }
}

impl Attempt {
    /// The turn has failed, or its deadline passed: counted once a turn, however often this is said.
    pub(crate) fn failed(&mut self, now: Moment) -> Option<Change> {
        if std::mem::replace(&mut self.failed, true) {
            return None;
        }
        match self.probe.take() {
            // Still out: no new alert. Where a late success closed it meanwhile, the failure counts from one.
            Some(probing) => {
                let reopened = self.breaker.opened_until(now);
                match self.breaker.word.compare_exchange(probing, reopened, Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => None,
                    Err(_) => self.breaker.fail(now),
                }
            }
            None => self.breaker.fail(now),
        }
    }

    /// The bot gave a usable reply, in time or late.
    pub(crate) fn succeeded(mut self) -> Option<Change> {
        self.probe = None;
        self.breaker.succeed()
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(probing) = self.probe {
            // Cancelled: the next turn is the probe.
            let _moved_on = self.breaker.word.compare_exchange(probing, DUE, Ordering::AcqRel, Ordering::Acquire);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OPEN_FOR: Duration = Duration::from_secs(10);

    fn at(millis: u64) -> Moment {
        Moment::from_millis(1_000_000 + millis)
    }

    fn breaker() -> Arc<Breaker> {
        Arc::new(Breaker::new(10, OPEN_FOR))
    }

    fn fail(breaker: &Arc<Breaker>, now: Moment) -> Option<Change> {
        breaker.admit(now).unwrap().failed(now)
    }

    fn opened() -> Arc<Breaker> {
        let breaker = breaker();
        for turn in 0..9 {
            assert_eq!(fail(&breaker, at(turn)), None);
        }
        assert_eq!(fail(&breaker, at(9)), Some(Change::Opened));
        breaker
    }

    #[test]
    fn s4_ten_failures_in_a_row_open_it_for_ten_seconds() {
        let breaker = opened();
        assert!(breaker.admit(at(10)).is_none());
        assert!(breaker.admit(at(10_008)).is_none());
        assert!(breaker.admit(at(10_009)).is_some());
    }

    #[test]
    fn s4_a_usable_reply_resets_the_count() {
        let breaker = breaker();
        for turn in 0..9 {
            let _ = fail(&breaker, at(turn));
        }
        assert_eq!(breaker.admit(at(9)).unwrap().succeeded(), None);
        assert_eq!(breaker.state(), State::Closed(0));
        assert_eq!(fail(&breaker, at(10)), None);
    }

    #[test]
    fn s4_passing_the_deadline_and_ending_badly_count_once() {
        let breaker = breaker();
        let mut permit = breaker.admit(at(0)).unwrap();
        let _ = permit.failed(at(0));
        let _ = permit.failed(at(1));
        drop(permit);
        assert_eq!(breaker.state(), State::Closed(1));
    }

    #[test]
    fn s4_one_turn_is_the_probe_and_tells_whether_the_bot_is_back() {
        let breaker = opened();
        let mut probe = breaker.admit(at(20_000)).unwrap();
        assert!(breaker.admit(at(20_000)).is_none(), "a second probe");
        assert_eq!(probe.failed(at(20_001)), None, "an outage alarms once");
        assert!(breaker.admit(at(30_000)).is_none());
        let probe = breaker.admit(at(30_001)).unwrap();
        assert_eq!(probe.succeeded(), Some(Change::Recovered));
        assert_eq!(breaker.state(), State::Closed(0));
    }

    #[test]
    fn c4_a_copy_stands_as_the_breaker_does_and_its_failures_are_its_own() {
        let breaker = opened();
        assert!(Arc::new(breaker.as_it_is(at(10_008))).admit(at(10_008)).is_none(), "users read the outage words, too");
        let due = Arc::new(breaker.as_it_is(at(10_009)));
        assert_eq!(due.admit(at(10_009)).unwrap().succeeded(), None, "no end of an outage is told");
        let _probe = breaker.admit(at(10_009)).unwrap();
        assert!(Arc::new(breaker.as_it_is(at(10_010))).admit(at(10_010)).is_none());
        let well = Arc::new(Breaker::new(10, OPEN_FOR));
        let copy = Arc::new(well.as_it_is(at(0)));
        for turn in 0..50 {
            assert_eq!(fail(&copy, at(turn)), None);
        }
        assert_eq!((well.state(), matches!(copy.state(), State::Closed(_))), (State::Closed(0), true));
    }

    #[test]
    fn s4_a_cancelled_probe_does_not_jam_it() {
        let breaker = opened();
        drop(breaker.admit(at(20_000)).unwrap());
        assert!(breaker.admit(at(20_000)).is_some());
    }

    #[test]
    fn s4_a_late_reply_of_before_the_outage_ends_it() {
        let breaker = breaker();
        let mut slow = breaker.admit(at(0)).unwrap();
        let _ = slow.failed(at(0));
        for turn in 1..10 {
            let _ = fail(&breaker, at(turn));
        }
        assert!(matches!(breaker.state(), State::Open(_)));
        assert_eq!(slow.succeeded(), Some(Change::Recovered));
        assert!(breaker.admit(at(11)).is_some());
    }

    #[test]
    fn s4_an_outage_outlives_its_breaker_and_its_end_is_told_once() {
        let before = breaker();
        let mut slow = before.admit(at(0)).unwrap();
        let _ = slow.failed(at(0));
        for turn in 1..10 {
            let _ = fail(&before, at(turn));
        }
        let after = breaker();
        after.take_over(&before);
        assert_eq!(slow.succeeded(), None, "a reply of before says nothing of the bot as it is now");
        assert_eq!(after.admit(at(10)).unwrap().failed(at(11)), None, "an outage alarms once");
        assert_eq!(after.admit(at(20_000)).unwrap().succeeded(), Some(Change::Recovered));
        after.take_over(&breaker());
        assert_eq!(after.state(), State::Closed(0));
    }

    proptest! {
        #[test]
        fn it_never_admits_while_open_and_alarms_alternate(steps in prop::collection::vec((0_u8..4, 0_u64..6_000), 1..200)) {
            let breaker = Arc::new(Breaker::new(3, OPEN_FOR));
            let (mut now, mut held, mut out) = (0, Vec::new(), false);
            for (step, wait) in steps {
                now += wait;
                let open_until = match breaker.state() { State::Open(until) => Some(until), State::Closed(_) | State::Probing => None };
                let mut changes = Vec::new();
                match step {
                    0 => if let Some(permit) = breaker.admit(at(now)) {
                        prop_assert!(open_until.is_none_or(|until| until <= at(now)));
                        held.push(permit);
                    },
                    1 => if let Some(mut permit) = held.pop() { changes.extend(permit.failed(at(now))); },
                    2 => if !held.is_empty() { changes.extend(held.remove(0).succeeded()); },
                    _ => { held.pop(); }
                }
                for change in changes {
                    prop_assert_eq!(out, change == Change::Recovered);
                    out = !out;
                }
            }
            held.clear();
            prop_assert!(breaker.admit(at(now + 20_000)).is_some(), "jammed");
        }
    }
}
