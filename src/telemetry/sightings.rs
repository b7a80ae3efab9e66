//! What has been seen of the calls of one bot, for the checklist of a first run (C3): when a kind of call came last.
//!
//! A busy bot's users would all write here, so a kind that was noted within the last minute is only looked at.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::time::Moment;

/// How exact a time is.
const MINUTE: Duration = Duration::from_secs(60);

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Of a user, not of a tester and not of `say`.
    Real,
    /// Of the console's tester (I9).
    Tester,
    /// Of a user, by a welcome block.
    Welcome,
    /// Of a user, without a key of the old form (I1).
    Keyless,
    /// Of a user, with a callback (S2).
    Callback,
    /// Refused: the header with the secret was missing.
    NoSecret,
    /// Refused: the header had another value.
    OtherSecret,
}

/// The number of kinds.
const KINDS: usize = Sight::OtherSecret as usize + 1;

/// When each was seen last.
#[derive(Debug, Default)]
pub(crate) struct Sightings([AtomicU64; KINDS]);

impl Sightings {
    /// One came.
    pub(crate) fn see(&self, sight: Sight, now: Moment) {
        let Some(last) = self.0.get(sight as usize) else { return };
        let seen = last.load(Ordering::Relaxed);
        if seen == 0 || now.since(Moment::from_millis(seen)) >= MINUTE {
            last.store(now.as_millis(), Ordering::Relaxed);
        }
    }

    /// The minute in which one came last.
    #[must_use]
    pub(crate) fn last(&self, sight: Sight) -> Option<Moment> {
        let seen = self.0.get(sight as usize)?.load(Ordering::Relaxed);
        (seen > 0).then(|| Moment::from_millis(seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sight_is_noted_once_a_minute() {
        let (seen, first) = (Sightings::default(), Moment::from_millis(1_000));
        assert_eq!(seen.last(Sight::Real), None);
        seen.see(Sight::Real, first);
        seen.see(Sight::Real, first.plus(Duration::from_secs(59)));
        assert_eq!((seen.last(Sight::Real), seen.last(Sight::Tester)), (Some(first), None));
        let later = first.plus(MINUTE);
        seen.see(Sight::Real, later);
        assert_eq!(seen.last(Sight::Real), Some(later));
    }
}
