//! For whom the answer of a turn is, decided exactly once.
//!
//! Two sides race: the turn, which ends when the bot has answered, and its caller, who stops waiting at the deadline or
//! hangs up. Both move one state under one lock, so an answer is never given twice and never lost. [`next`] is the
//! table of all moves. Rejected: a channel between the two, which loses the answer when one end is dropped in between;
//! bits in an atomic word, which are hard to read.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::mutex::lock;
use crate::time::{self, Instant};

/// For whom an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// The caller, who still waits.
    Caller,
    /// Kakao, by a POST to the call's `callbackUrl` (S2).
    Callback,
    /// No one at the moment: it is kept until the user asks for it (S3).
    Nobody,
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It waits in the user's line; nothing was sent.
    Queued(Reader),
    /// No earlier turn of this user is under way. It waits for a bot that is busy with others; nothing was sent.
    First(Reader),
    /// It waits for the answer of another turn, which is of the same tap (I3).
    Following(Reader),
    /// Its turn has begun; the bot may have been asked.
    Running(Reader),
    /// The answer is there, and belongs to this reader.
    Claimed(Reader),
    /// It was taken out of the line; nothing was sent, and it never begins.
    Withdrawn,
}

/// An event in the life of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The same tap is in flight already.
    Follow,
    /// The user's earlier turns are over.
    ComeFirst,
    /// Its turn begins.
    Begin,
    /// The answer is there.
    Claim,
    /// The deadline of a call without callback (S1, S3).
    Deadline,
    /// The caller is told that the answer comes by callback (S2).
    Acknowledge,
    /// The caller hung up (I7).
    HangUp,
    /// Nothing may be sent any more, and the callback is to say so (S1).
    Withdraw,
}

/// Where `event` leads from `state`; `None` where it changes nothing.
const fn next(state: State, event: Event) -> Option<State> {
    use Event::{Acknowledge, Begin, Claim, ComeFirst, Deadline, Follow, HangUp, Withdraw};
    use Reader::{Callback, Caller, Nobody};
    use State::{Claimed, First, Following, Queued, Running, Withdrawn};
    match (state, event) {
        (Queued(to), Follow) => Some(Following(to)),
        (Queued(to), ComeFirst) => Some(First(to)),
        (First(to), Begin) => Some(Running(to)),
        (Queued(to) | First(to) | Following(to) | Running(to), Claim) => Some(Claimed(to)),

        (Queued(Caller) | First(Caller) | Following(Caller), Deadline) => Some(Withdrawn),
        (Running(Caller), Deadline) => Some(Running(Nobody)),

        (Queued(Caller), Acknowledge) => Some(Queued(Callback)),
        (First(Caller), Acknowledge) => Some(First(Callback)),
        (Following(Caller), Acknowledge) => Some(Following(Callback)),
        (Running(Caller), Acknowledge) => Some(Running(Callback)),

        (Queued(Caller), HangUp) => Some(Queued(Nobody)),
        (First(Caller), HangUp) => Some(First(Nobody)),
        (Running(Caller), HangUp) => Some(Running(Nobody)),
        // Nothing of its own to finish; and it must not be given what another call may still read.
        (Following(Caller), HangUp) => Some(Withdrawn),

        // Only a call with a callback is told at once: a user whose caller hung up is told when their turn comes, and a
        // follower shares the other turn's answer.
        (Queued(Callback) | First(Callback), Withdraw) => Some(Claimed(Callback)),
        _ => None,
    }
}

/// One call's state, shared by its turn and its caller's patience.
#[derive(Debug)]
pub(super) struct Delivery(Mutex<Progress>);

#[derive(Debug)]
struct Progress {
    state: State,
    /// When the caller was answered, or hung up, where that was before the turn ended.
    answered_early: Option<Instant>,
}

impl Default for Delivery {
    fn default() -> Self {
        Self(Mutex::new(Progress { state: State::Queued(Reader::Caller), answered_early: None }))
    }
}

impl Delivery {
    /// Moves the state. The state before where `event` changed it; an error with the state as it is where not.
    pub(super) fn on(&self, event: Event) -> Result<State, State> {
        let mut progress = lock(&self.0);
        let before = progress.state;
        progress.state = next(before, event).ok_or(before)?;
        if matches!(event, Event::Deadline | Event::Acknowledge | Event::HangUp) {
            progress.answered_early = Some(time::instant());
        }
        Ok(before)
    }

    /// The turn begins; false when it was taken out of the line meanwhile.
    pub(super) fn begin(&self) -> bool {
        self.on(Event::Begin).is_ok()
    }

    /// The answer is there: for whom it is. A second claim gets the same.
    pub(super) fn claim(&self) -> Reader {
        match self.on(Event::Claim) {
            Ok(
                State::Queued(to) | State::First(to) | State::Following(to) | State::Running(to) | State::Claimed(to),
            )
            | Err(State::Claimed(to)) => to,
            Ok(State::Withdrawn) | Err(_) => Reader::Nobody,
        }
    }

    /// When the caller was answered, or hung up, where that was before the turn ended.
    pub(super) fn answered_early(&self) -> Option<Instant> {
        lock(&self.0).answered_early
    }
}

/// The way of an answer to a caller who has closed their sending side: they may still read, or they may be gone. It is
/// handed to their connection before the turn ends, and the turn ends when it is known whether they took it.
#[derive(Debug, Default)]
pub(super) struct HalfClosed {
    is_set: AtomicBool,
    answer: Mutex<Option<Bytes>>,
    handed_over: Notify,
}

impl HalfClosed {
    /// The caller has closed their sending side.
    pub(super) fn set(&self) {
        self.is_set.store(true, Ordering::Relaxed);
    }

    /// Whether they have.
    pub(super) fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }

    /// The answer is there; the turn has not ended.
    pub(super) fn hand_over(&self, answer: Bytes) {
        *lock(&self.answer) = Some(answer);
        self.handed_over.notify_one();
    }

    /// Waits for it.
    pub(super) async fn answer(&self) -> Bytes {
        loop {
            self.handed_over.notified().await;
            if let Some(answer) = lock(&self.answer).take() {
                return answer;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(events: &[Event]) -> Delivery {
        let delivery = Delivery::default();
        for event in events {
            delivery.on(*event).unwrap();
        }
        delivery
    }

    #[test]
    fn an_answer_in_time_goes_to_the_caller_and_the_deadline_comes_too_late() {
        let delivery = after(&[Event::ComeFirst, Event::Begin]);
        assert_eq!(delivery.claim(), Reader::Caller);
        assert_eq!(delivery.on(Event::Deadline), Err(State::Claimed(Reader::Caller)));
        assert!(delivery.on(Event::Acknowledge).is_err() && delivery.on(Event::HangUp).is_err());
        assert_eq!(delivery.claim(), Reader::Caller);
    }

    #[test]
    fn s1_a_turn_that_has_not_begun_is_withdrawn_and_never_begins() {
        for events in [&[Event::Deadline][..], &[Event::ComeFirst, Event::Deadline]] {
            let delivery = after(events);
            assert!(!delivery.begin());
            assert_eq!(delivery.claim(), Reader::Nobody);
        }
    }

    #[test]
    fn s3_a_turn_past_its_deadline_is_for_nobody() {
        let delivery = after(&[Event::ComeFirst, Event::Begin, Event::Deadline]);
        assert!(delivery.answered_early().is_some());
        assert_eq!(delivery.claim(), Reader::Nobody);
    }

    #[test]
    fn s2_an_acknowledged_turn_keeps_its_place_and_calls_back() {
        let delivery = after(&[Event::Acknowledge, Event::ComeFirst]);
        assert!(delivery.begin());
        assert!(delivery.on(Event::Withdraw).is_err());
        assert_eq!(delivery.claim(), Reader::Callback);
    }

    #[test]
    fn i3_one_who_follows_is_let_go_at_the_deadline_and_when_they_hang_up() {
        for event in [Event::Deadline, Event::HangUp] {
            let delivery = after(&[Event::Follow, event]);
            assert_eq!(delivery.on(Event::Claim), Err(State::Withdrawn));
        }
        assert_eq!(after(&[Event::Follow, Event::Acknowledge]).claim(), Reader::Callback);
    }

    #[test]
    fn s2_only_a_callback_of_ones_own_is_taken_out_of_the_line() {
        for events in [&[Event::Acknowledge][..], &[Event::ComeFirst, Event::Acknowledge]] {
            let delivery = after(events);
            assert!(delivery.on(Event::Withdraw).is_ok());
            assert_eq!(delivery.claim(), Reader::Callback, "what it reads instead is called back");
            assert!(delivery.on(Event::ComeFirst).is_err() && !delivery.begin());
        }
        let others = [&[Event::HangUp][..], &[Event::ComeFirst, Event::HangUp], &[Event::Follow, Event::Acknowledge]];
        for events in others {
            assert!(after(events).on(Event::Withdraw).is_err(), "{events:?}");
        }
    }

    #[test]
    fn i7_hanging_up_leaves_the_turn_running_for_nobody() {
        for events in [[Event::HangUp, Event::ComeFirst], [Event::ComeFirst, Event::HangUp]] {
            let delivery = after(&events);
            assert!(delivery.begin());
            assert_eq!(delivery.claim(), Reader::Nobody);
        }
    }

    #[test]
    fn from_every_state_no_event_leads_from_claimed_or_withdrawn() {
        use Event::{Acknowledge, Begin, Claim, ComeFirst, Deadline, Follow, HangUp, Withdraw};
        for event in [Follow, ComeFirst, Begin, Claim, Deadline, Acknowledge, HangUp, Withdraw] {
            for reader in [Reader::Caller, Reader::Callback, Reader::Nobody] {
                assert_eq!(next(State::Claimed(reader), event), None);
            }
            assert_eq!(next(State::Withdrawn, event), None);
        }
    }
}
