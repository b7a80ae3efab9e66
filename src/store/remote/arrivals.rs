//! Calls that have no place in the line of this process yet, in order of arrival (I6, P6).
//!
//! While the store is well its own line has the order, and a call takes its place in this process when it has the lease.
//! When the store falls, all who waited for it go to the line of this process at once, each on its own core, and calls that
//! come then go there, too. So each waits for those of its user that arrived before it.
//! Rejected: a place in the line of this process for every call from the start. Where a call has to ask the store anew it
//! stands there behind a later one, which waits for it here: neither would ever go.

use std::sync::{Arc, Mutex};

use dashmap::DashMap;
use foldhash::quality::RandomState;
use tokio::sync::SetOnce;

use crate::ids::UserKey;
use crate::mutex::lock;

type Latest = DashMap<UserKey, Arc<Arrival>, RandomState>;

/// The calls of a bot's users; of each user the latest, which knows those before it.
#[derive(Debug, Default)]
pub(super) struct Arrivals(Arc<Latest>);

#[derive(Debug)]
struct Arrival {
    /// It has a place, or has gone without one.
    over: SetOnce<()>,
    /// The one that arrived before it, where that was not over yet.
    before: Mutex<Option<Arc<Self>>>,
}

/// A call that has no place yet; dropped when it has one, or goes without. Those before it stay before those behind it.
#[derive(Debug)]
pub(super) struct Arriving {
    latest: Arc<Latest>,
    user: UserKey,
    own: Arc<Arrival>,
}

impl Arrivals {
    /// A call of `user` arrives.
    pub(super) fn arrive(&self, user: UserKey) -> Arriving {
        let own = Arc::new(Arrival { over: SetOnce::new(), before: Mutex::default() });
        let before = self.0.insert(user, Arc::clone(&own));
        *lock(&own.before) = waiting(before);
        Arriving { latest: Arc::clone(&self.0), user, own }
    }

    /// Whether a call of `user` has no place yet.
    pub(super) fn has(&self, user: &UserKey) -> bool {
        self.0.contains_key(user)
    }
}

/// The latest that has no place yet, from `call` back.
fn waiting(mut call: Option<Arc<Arrival>>) -> Option<Arc<Arrival>> {
    while let Some(own) = &call
        && own.over.initialized()
    {
        let before = lock(&own.before).clone();
        call = before;
    }
    call
}

impl Arriving {
    /// Ends when all that arrived before have a place, or have gone.
    pub(super) async fn is_next(&self) {
        loop {
            let before = lock(&self.own.before).clone();
            let Some(before) = waiting(before) else { return };
            before.over.wait().await;
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        // Set once, here.
        let _first = self.own.over.set(());
        // Those that are over are forgotten, or a user who never pauses would have an ever longer row of them.
        let mut before = lock(&self.own.before);
        *before = waiting(before.take());
        drop(before);
        self.latest.remove_if(&self.user, |_, latest| waiting(Some(Arc::clone(latest))).is_none());
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn user() -> UserKey {
        UserKey::parse("Qw7-eRt_9YzA").unwrap()
    }

    fn is_next(call: &Arriving) -> bool {
        call.is_next().now_or_never().is_some()
    }

    #[test]
    fn a_call_waits_for_all_that_arrived_before_it() {
        let arrivals = Arrivals::default();
        let [one, two, three] = [(); 3].map(|()| arrivals.arrive(user()));
        assert!(is_next(&one) && !is_next(&two) && !is_next(&three));
        // The second leaves the line: the first is still before the third.
        drop(two);
        assert!(!is_next(&three));
        let four = arrivals.arrive(user());
        drop(one);
        assert!(is_next(&three) && !is_next(&four));
        drop(three);
        assert!(is_next(&four));
    }

    #[test]
    fn nothing_is_kept_of_those_who_are_over() {
        let arrivals = Arrivals::default();
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]] {
            let mut calls = [(); 3].map(|()| Some(arrivals.arrive(user())));
            for place in order {
                assert!(arrivals.has(&user()));
                calls[place] = None;
            }
            assert!(!arrivals.has(&user()));
        }
        let mut last = arrivals.arrive(user());
        let first = Arc::downgrade(&last.own);
        for _ in 0..10 {
            last = arrivals.arrive(user());
        }
        assert!(first.upgrade().is_none());
        drop(last);
        assert!(!arrivals.has(&user()));
    }
}
