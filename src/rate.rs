//! How often one user may call in a minute: a bound against one phone that would starve a small bot.
//!
//! A fixed window per user: coarse, but 24 bytes and one short lock of one shard. Rejected: a token bucket, whose
//! smoothness no user would notice in a chat.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;

use crate::ids::UserKey;
use crate::time::Moment;

/// The window.
const MINUTE: Duration = Duration::from_secs(60);
/// How often windows that are over are looked for: a flood of new users must not make every call a walk over all.
const SWEEP: Duration = Duration::from_secs(5);
/// Users counted at once. Past it, windows that are over are dropped; if none is, the newcomer is not counted.
const USERS: usize = 100_000;

/// The users of one bot who called within the last minute.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    windows: DashMap<UserKey, (Moment, u32)>,
    /// When it was last swept, in milliseconds.
    swept: AtomicU64,
}

impl Rate {
    /// Counts one call of `user`; false when they have had `bound` in this window already.
    #[must_use]
    pub(crate) fn admit(&self, user: UserKey, bound: u32, now: Moment) -> bool {
        if !self.windows.contains_key(&user) && self.windows.len() >= USERS && !self.make_room(now) {
            return true;
        }
        let mut window = self.windows.entry(user).or_insert((now, 0));
        let (since, count) = &mut *window;
        if now.since(*since) >= MINUTE {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= bound
    }

    /// Drops windows that are over, now and then; whether another fits.
    fn make_room(&self, now: Moment) -> bool {
        let swept = self.swept.load(Ordering::Relaxed);
        let due = now.since(Moment::from_millis(swept)) >= SWEEP;
        if !due || self.swept.compare_exchange(swept, now.as_millis(), Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return false;
        }
        self.windows.retain(|_, (since, _)| now.since(*since) < MINUTE);
        self.windows.len() < USERS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_may_call_so_often_in_a_minute_and_again_in_the_next() {
        let rate = Rate::default();
        let user = UserKey::parse("Qw7-eRt_9YzA").unwrap();
        let other = UserKey::parse("Qw7-eRt_9YzB").unwrap();
        let now = Moment::from_millis(1_000_000);
        assert!(rate.admit(user, 2, now) && rate.admit(user, 2, now));
        assert!(!rate.admit(user, 2, now));
        assert!(rate.admit(other, 2, now));
        assert!(rate.admit(user, 2, now.plus(MINUTE)));
    }

    #[test]
    fn a_flood_of_users_is_bounded_and_those_counted_stay_counted() {
        let rate = Rate::default();
        let user = |number: usize| UserKey::parse(&format!("{number:012}")).unwrap();
        let now = Moment::from_millis(1_000_000);
        for number in 0..USERS + 5_000 {
            assert!(rate.admit(user(number), 1, now));
        }
        assert_eq!(rate.windows.len(), USERS);
        assert!(!rate.admit(user(0), 1, now));
        let later = now.plus(MINUTE);
        assert!(rate.admit(user(USERS + 1), 1, later) && !rate.admit(user(USERS + 1), 1, later));
        assert_eq!(rate.windows.len(), 1);
    }
}
