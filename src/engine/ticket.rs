//! Who gets the answer of a turn, decided exactly once.
//!
//! Two sides race: the turn, which ends when the bot has answered, and the patience of the caller, which ends at the
//! deadline or when they hang up. Both move one word by compare-and-swap, so that an answer is never given twice and
//! never to nobody. Rejected: a channel between the two, which loses the answer when one end is dropped in between.

use std::sync::atomic::{AtomicU8, Ordering};

/// Where a finished answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The caller still waits.
    Caller,
    /// It is POSTed to the call's `callbackUrl` (S2).
    Callback,
    /// It is kept until the user asks for it (S3).
    Park,
}

/// What the end of patience came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// The answer was claimed for the caller already: it is there at once.
    Claimed,
    /// The turn had not begun: it is taken out of the line, nothing was sent.
    Withdrawn,
    /// The call only waited for another turn's answer: it may simply be told to ask again.
    Idle,
    /// The turn goes on; its answer will be parked, or POSTed.
    GoesOn,
}

// How the word is read: to whom (0: the caller), and what has happened.
const TO: u8 = 0b11;
const TO_PARK: u8 = 1;
const TO_CALLBACK: u8 = 2;
/// The turn is ours, the bot may be asked.
const BEGUN: u8 = 4;
/// The answer belongs to whom `TO` says.
const CLAIMED: u8 = 8;
/// Taken out of the line.
const WITHDRAWN: u8 = 16;
/// Only waits for what another turn brings.
const IDLE: u8 = 32;

/// Shared by a turn and its caller's patience.
#[derive(Debug, Default)]
pub struct Ticket {
    word: AtomicU8,
}

impl Ticket {
    fn step(&self, next: impl Fn(u8) -> Option<u8>) -> Result<u8, u8> {
        self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, next)
    }

    /// This call asks for nothing itself, it waits for another turn's answer.
    pub fn idle(&self) {
        self.word.fetch_or(IDLE, Ordering::AcqRel);
    }

    /// What this call waited for came to nothing: it asks for itself now.
    pub fn busy(&self) {
        self.word.fetch_and(!IDLE, Ordering::AcqRel);
    }

    /// Whether this call only waits for another turn's answer.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.word.load(Ordering::Acquire) & (IDLE | BEGUN) == IDLE
    }

    /// Whether nobody will read the answer at once: it would be parked.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.word.load(Ordering::Acquire) & (CLAIMED | TO) == TO_PARK
    }

    /// The turn begins; false when it was taken out of the line meanwhile.
    #[must_use]
    pub fn begin(&self) -> bool {
        self.step(|word| (word & WITHDRAWN == 0).then_some((word | BEGUN) & !IDLE)).is_ok()
    }

    /// The answer is there: to whom it goes. The first claim counts; a second one gets the same.
    #[must_use]
    pub fn claim(&self) -> Delivery {
        let before = self.word.fetch_or(CLAIMED, Ordering::AcqRel);
        match before & TO {
            TO_CALLBACK => Delivery::Callback,
            TO_PARK => Delivery::Park,
            _ => Delivery::Caller,
        }
    }

    /// The deadline of a call without callback (S1, S3).
    #[must_use]
    pub fn expire(&self) -> Expiry {
        let before = self.step(|word| match word {
            _ if word & (CLAIMED | WITHDRAWN) != 0 => None,
            _ if word & BEGUN == 0 => Some(word | WITHDRAWN),
            _ => Some(word & !TO | TO_PARK),
        });
        match before {
            Err(word) if word & CLAIMED != 0 => Expiry::Claimed,
            Ok(word) if word & IDLE != 0 => Expiry::Idle,
            Ok(word) if word & BEGUN != 0 => Expiry::GoesOn,
            Err(_) | Ok(_) => Expiry::Withdrawn,
        }
    }

    /// The caller is told that the answer will come by callback (S2); false when it is there already.
    #[must_use]
    pub fn acknowledge(&self) -> bool {
        self.step(|word| (word & CLAIMED == 0).then_some(word & !TO | TO_CALLBACK)).is_ok()
    }

    /// The caller hung up (I7): the turn goes on and parks its answer.
    pub fn hang_up(&self) {
        // Where it was claimed, the answer was on its way to them.
        let _claimed = self.step(|word| (word & CLAIMED == 0).then_some(word & !TO | TO_PARK));
    }

    /// Takes a turn out of the line, if it has not begun: the end of a callback's minute.
    #[must_use]
    pub fn withdraw(&self) -> bool {
        self.step(|word| (word & (BEGUN | CLAIMED) == 0).then_some(word | WITHDRAWN)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_time_goes_to_the_caller_and_expiry_comes_too_late() {
        let ticket = Ticket::default();
        assert!(ticket.begin());
        assert_eq!(ticket.claim(), Delivery::Caller);
        assert_eq!(ticket.expire(), Expiry::Claimed);
        assert!(!ticket.acknowledge());
    }

    #[test]
    fn s1_a_turn_that_has_not_begun_is_withdrawn_and_never_begins() {
        let ticket = Ticket::default();
        assert_eq!(ticket.expire(), Expiry::Withdrawn);
        assert!(!ticket.begin());
    }

    #[test]
    fn s3_a_turn_past_its_deadline_parks() {
        let ticket = Ticket::default();
        assert!(ticket.begin());
        assert_eq!(ticket.expire(), Expiry::GoesOn);
        assert_eq!(ticket.claim(), Delivery::Park);
    }

    #[test]
    fn s2_an_acknowledged_turn_keeps_its_place_and_calls_back() {
        let ticket = Ticket::default();
        assert!(ticket.acknowledge());
        assert!(ticket.begin());
        assert!(!ticket.withdraw());
        assert_eq!(ticket.claim(), Delivery::Callback);
    }

    #[test]
    fn a_call_that_only_waits_is_told_to_ask_again() {
        let ticket = Ticket::default();
        ticket.idle();
        assert_eq!(ticket.expire(), Expiry::Idle);
        assert!(!ticket.begin());
    }

    #[test]
    fn i7_hanging_up_parks_the_answer() {
        let ticket = Ticket::default();
        ticket.hang_up();
        assert!(ticket.begin());
        assert_eq!(ticket.claim(), Delivery::Park);
    }
}
