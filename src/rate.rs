//! How often one user may call in a minute (issue 5): a bound against one phone that would starve a small bot.
//!
//! A fixed window per user: coarse, but 24 bytes and one short lock of one shard. Rejected: a token bucket, whose
//! smoothness nobody would notice in a chat.

use std::time::Duration;

use dashmap::DashMap;

use crate::ids::UserKey;
use crate::time::Moment;

/// The window.
const MINUTE: Duration = Duration::from_secs(60);
/// Users counted at once. Past it, windows that are over are dropped; if none is, the newcomer is not counted.
const USERS: usize = 100_000;

/// The users of one bot who called within the last minute.
#[derive(Debug, Default)]
pub struct Rate {
    windows: DashMap<UserKey, (Moment, u32)>,
}

impl Rate {
    /// Counts one call of `user`; false when they have had `bound` in this window already.
    #[must_use]
    pub fn admit(&self, user: UserKey, bound: u32, now: Moment) -> bool {
        if self.windows.len() >= USERS && !self.windows.contains_key(&user) {
            self.windows.retain(|_, (since, _)| now.since(*since) < MINUTE);
            if self.windows.len() >= USERS {
                return true;
            }
        }
        let mut window = self.windows.entry(user).or_insert((now, 0));
        let (since, count) = &mut *window;
        if now.since(*since) >= MINUTE {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= bound
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
}
