//! Telling a caller what became of their own turn: `say` asks for it, OpenBuilder never does.
//!
//! The answer to a skill call cannot hold it, and the engine does not know the caller. So a call that wants to know is
//! noted down by its request id, and the record that every turn leaves behind anyway finds it there. While no call
//! asks, which is always in production, a turn pays one load of an atomic.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::record::{Outcome, PlanKind, TurnEnd};
use crate::backend_problem::BackendProblem;
use crate::degradation::Degradations;
use crate::ids::RequestId;
use crate::mutex::lock;

/// Calls that may be watched at once: only people ask. Without a bound, callers who ask could slow down the turns of
/// all others.
const MOST: usize = 16;

/// The watched calls of a bot.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    count: AtomicUsize,
    watched: Mutex<Vec<Watched>>,
}

#[derive(Debug)]
struct Watched {
    request_id: RequestId,
    end: Option<WatchedEnd>,
}

/// The end of a watched turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WatchedEnd {
    /// Its plan.
    pub(crate) plan: PlanKind,
    /// Its outcome.
    pub(crate) outcome: Outcome,
    /// Why the bot gave no usable reply, and what came, as log lines have it.
    pub(crate) problem: Option<(BackendProblem, Box<str>)>,
    /// How the answer differs from the reply.
    pub(crate) degradations: Degradations,
}

impl From<&TurnEnd> for WatchedEnd {
    fn from(end: &TurnEnd) -> Self {
        Self { plan: end.plan, outcome: end.outcome, problem: end.problem.clone(), degradations: end.degradations }
    }
}

/// One watched call, for as long as this is held.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    watches: &'a Watches,
    request_id: RequestId,
}

impl Watches {
    /// Watches the call of this id. `None` while too many are watched.
    pub(crate) fn watch(&self, request_id: &RequestId) -> Option<Watch<'_>> {
        let mut watched = lock(&self.watched);
        if watched.len() >= MOST {
            return None;
        }
        watched.push(Watched { request_id: request_id.clone(), end: None });
        self.count.store(watched.len(), Ordering::Release);
        Some(Watch { watches: self, request_id: request_id.clone() })
    }

    /// The turn of this id came to an end.
    pub(crate) fn ended(&self, request_id: &RequestId, end: &TurnEnd) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut watched = lock(&self.watched);
        for watched in watched.iter_mut().filter(|watched| watched.request_id == *request_id) {
            watched.end = Some(end.into());
        }
    }
}

impl Watch<'_> {
    /// The end of the turn; `None` while it goes on.
    #[must_use]
    pub(crate) fn end(&self) -> Option<WatchedEnd> {
        let watched = lock(&self.watches.watched);
        watched.iter().find(|watched| watched.request_id == self.request_id)?.end.clone()
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut watched = lock(&self.watches.watched);
        if let Some(place) = watched.iter().position(|watched| watched.request_id == self.request_id) {
            watched.swap_remove(place);
        }
        self.watches.count.store(watched.len(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(id: &str) -> RequestId {
        RequestId::Given(id.into())
    }

    fn end(plan: PlanKind) -> TurnEnd {
        TurnEnd { plan, ..TurnEnd::default() }
    }

    #[test]
    fn a_watched_call_hears_of_its_own_end_only() {
        let watches = Watches::default();
        watches.ended(&id("a"), &end(PlanKind::Ask));
        let watch = watches.watch(&id("a")).unwrap();
        assert_eq!(watch.end(), None, "what ended before is not heard of");
        watches.ended(&id("b"), &end(PlanKind::Ask));
        assert_eq!(watch.end(), None);
        watches.ended(&id("a"), &end(PlanKind::Reprompt));
        assert_eq!(watch.end(), Some(WatchedEnd::from(&end(PlanKind::Reprompt))));
        drop(watch);
        assert_eq!(watches.watch(&id("a")).unwrap().end(), None);
    }

    #[test]
    fn only_so_many_are_watched_at_once() {
        let watches = Watches::default();
        let held: Vec<_> = (0..MOST).filter_map(|number| watches.watch(&id(&number.to_string()))).collect();
        assert!(held.len() == MOST && watches.watch(&id("one more")).is_none());
        drop(held);
        assert!(watches.watch(&id("one more")).is_some());
    }
}
