//! The store of one bot in memory.
//!
//! A user costs one small slot by value in a `DashMap`; whoever has to wait stands in a side map that exists only
//! under contention. No guard is held over a poll. When sessions reach their bound, the oldest of a few drawn at
//! random goes, as Redis does it: an exact order would be a lock that all users share. A session that is held or
//! has something parked is never drawn (S5).

mod budget;
mod drawing;
mod line;

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use tokio::sync::oneshot;

use self::drawing::Drawing;
use self::line::{Following, Line};
use super::{Amendment, Begun, SharedAnswer, Store, StoreStats, TapId, Turn};
use crate::ids::UserKey;
use crate::session::{Session, TEN_MINUTES};
use crate::time::Moment;

pub use self::budget::ParkedBudget;

/// Sessions drawn for one eviction, and how often it is tried before the newcomer is refused.
const DRAWN: usize = 8;
const DRAWS: usize = 16;

/// The users of one bot.
#[derive(Debug)]
pub struct MemoryStore {
    slots: DashMap<UserKey, Slot>,
    lines: DashMap<UserKey, Line>,
    drawing: Mutex<Drawing>,
    /// Users with something parked, by when it is to be looked at; one entry each, however often they come back.
    shelves: Mutex<BTreeSet<(Moment, UserKey)>>,
    parked: AtomicUsize,
    parked_bytes: AtomicUsize,
    budget: Arc<ParkedBudget>,
    sessions: usize,
    turns_per_user: usize,
}

#[derive(Debug, Default)]
struct Slot {
    session: Session,
    tap: Option<TapId>,
    held: bool,
}

impl MemoryStore {
    /// An empty store that keeps at most so many sessions and lets so many turns of one user wait or run.
    #[must_use]
    pub fn new(sessions: usize, turns_per_user: usize, budget: Arc<ParkedBudget>) -> Self {
        Self {
            slots: DashMap::new(),
            lines: DashMap::new(),
            drawing: Mutex::default(),
            shelves: Mutex::default(),
            parked: AtomicUsize::new(0),
            parked_bytes: AtomicUsize::new(0),
            budget,
            sessions: sessions.max(1),
            turns_per_user: turns_per_user.max(1),
        }
    }

    fn drawing(&self) -> MutexGuard<'_, Drawing> {
        self.drawing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shelves(&self) -> MutexGuard<'_, BTreeSet<(Moment, UserKey)>> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stands in line behind the turn that is in flight, or follows it when it is the same tap.
    fn queue(self: &Arc<Self>, user: UserKey, tap: Option<TapId>, holder: Option<TapId>) -> Begun {
        let mut line = self.lines.entry(user).or_default();
        // Who has gone is nobody to follow.
        line.waiting.retain(|(_, waiting)| !waiting.is_closed());
        if let Some(tap) = tap
            && (holder == Some(tap) || line.waiting.iter().any(|(waiting, _)| *waiting == Some(tap)))
        {
            line.followers.retain(|(_, follower)| !follower.is_closed());
            if line.followers.len() >= self.turns_per_user {
                return Begun::Full;
            }
            let (sender, receiver) = oneshot::channel();
            line.followers.push((tap, sender));
            return Begun::Follow(Box::pin(Following { answer: receiver, store: Arc::clone(self), user }));
        }
        if line.waiting.len() + 1 >= self.turns_per_user {
            return Begun::Full;
        }
        let (sender, receiver) = oneshot::channel();
        line.waiting.push_back((tap, sender));
        Begun::Queued(Box::pin(async move { receiver.await.ok() }))
    }

    /// Makes room for one more session.
    fn make_room(&self) -> bool {
        if self.slots.len() < self.sessions {
            return true;
        }
        let mut drawing = self.drawing();
        for _ in 0..DRAWS {
            let mut oldest: Option<(Moment, usize, UserKey)> = None;
            let mut drawn = 0;
            while drawn < DRAWN {
                let Some((place, user)) = drawing.draw() else { return false };
                let age = self.slots.get(&user).map(|slot| (slot.evictable(), slot.session.last_shown()));
                match age {
                    // Left long ago; taken out for good, so it does not count: a crowd that came and went would
                    // otherwise use up every draw.
                    None => {
                        drawing.users.swap_remove(place);
                        let moved = drawing.users.len();
                        oldest = oldest.map(|(at, own, user)| (at, if own == moved { place } else { own }, user));
                        continue;
                    }
                    Some((true, at)) if oldest.is_none_or(|(then, ..)| at < then) => oldest = Some((at, place, user)),
                    Some(_) => {}
                }
                drawn += 1;
            }
            if let Some((_, place, user)) = oldest {
                drawing.users.swap_remove(place);
                if self.slots.remove_if(&user, |_, slot| slot.evictable()).is_some() {
                    return true;
                }
                drawing.users.push(user);
            }
        }
        false
    }

    fn remember(&self, user: UserKey) {
        let mut drawing = self.drawing();
        drawing.users.push(user);
        // Users who left and came back stand here twice; their first place is found out when drawn, or here.
        if drawing.users.len() > 2 * self.slots.len() + 1024 {
            let mut seen = HashSet::new();
            drawing.users.retain(|user| self.slots.contains_key(user) && seen.insert(*user));
        }
    }

    fn account(&self, user: &UserKey, before: &Session, after: &Session, now: Moment) {
        let (was, is) = (before.parked_bytes(), after.parked_bytes());
        for total in [&self.parked_bytes, &self.budget.used] {
            move_by(total, was, is);
        }
        move_by(&self.parked, before.parked_count(), after.parked_count());
        // Who had something before stands there already.
        if before.parked_count() == 0 && after.parked_count() > 0 {
            self.shelves().insert((now, *user));
        }
    }
}

impl Drop for MemoryStore {
    /// A bot that a reload took out gives back what its users had parked, else the others' room shrinks for ever.
    fn drop(&mut self) {
        move_by(&self.budget.used, *self.parked_bytes.get_mut(), 0);
    }
}

impl Slot {
    fn evictable(&self) -> bool {
        !self.held && !self.session.has_parked()
    }
}

fn move_by(total: &AtomicUsize, was: usize, is: usize) {
    if is >= was {
        total.fetch_add(is - was, Ordering::Relaxed);
    } else {
        total.fetch_sub(was - is, Ordering::Relaxed);
    }
}

impl Store for MemoryStore {
    fn begin(self: Arc<Self>, user: UserKey, tap: Option<TapId>) -> Begun {
        if !self.slots.contains_key(&user) && !self.make_room() {
            return Begun::Full;
        }
        let (session, fresh) = match self.slots.entry(user) {
            // The line is joined under the slot's lock, so that the holder cannot leave in between.
            Entry::Occupied(entry) if entry.get().held => return self.queue(user, tap, entry.get().tap),
            Entry::Occupied(mut entry) => {
                let slot = entry.get_mut();
                slot.held = true;
                slot.tap = tap;
                (slot.session.clone(), false)
            }
            Entry::Vacant(entry) => {
                entry.insert(Slot { session: Session::default(), tap, held: true });
                (Session::default(), true)
            }
        };
        if fresh {
            self.remember(user);
        }
        Begun::Turn(Turn::new(self, user, session))
    }

    fn look(&self, user: &UserKey) -> Session {
        self.slots.get(user).map(|slot| slot.session.clone()).unwrap_or_default()
    }

    fn end(self: Arc<Self>, user: &UserKey, session: Option<Session>, now: Moment) {
        let next = {
            let Entry::Occupied(mut entry) = self.slots.entry(*user) else { return };
            let amendments = self.lines.get_mut(user).map(|mut line| std::mem::take(&mut line.amendments));
            let mut session = session;
            for amend in amendments.into_iter().flatten() {
                amend(session.get_or_insert_with(|| entry.get().session.clone()));
            }
            if let Some(mut session) = session {
                session.tidy(now);
                self.account(user, &entry.get().session, &session, now);
                entry.get_mut().session = session;
            }
            let next = match self.lines.entry(*user) {
                Entry::Occupied(mut line) => {
                    // Who follows a tap that ended without an answer learns it now, not at their deadline.
                    let ended = entry.get().tap;
                    line.get_mut().followers.retain(|(tap, _)| Some(*tap) != ended);
                    let next = line.get_mut().next();
                    if next.is_none() {
                        line.remove();
                    }
                    next
                }
                Entry::Vacant(_) => None,
            };
            match next {
                Some((tap, baton)) => {
                    entry.get_mut().tap = tap;
                    Some((baton, entry.get().session.clone()))
                }
                None if entry.get().session.is_new() && !entry.get().session.has_parked() => {
                    entry.remove();
                    None
                }
                None => {
                    let slot = entry.get_mut();
                    slot.held = false;
                    slot.tap = None;
                    None
                }
            }
        };
        if let Some((baton, session)) = next {
            // Where the next in line goes just now, the turn comes back, is dropped, and goes to the one behind.
            drop(baton.send(Turn::new(Arc::clone(&self) as Arc<dyn Store>, *user, session)));
        }
    }

    fn amend(self: Arc<Self>, user: &UserKey, change: Amendment, now: Moment) -> bool {
        loop {
            if let Entry::Occupied(entry) = self.slots.entry(*user)
                && entry.get().held
            {
                // Joined under the slot's lock, like the line: the holder cannot end in between.
                let mut line = self.lines.entry(*user).or_default();
                let fits = line.amendments.len() < self.turns_per_user;
                if fits {
                    line.amendments.push(change);
                }
                return fits;
            }
            match Arc::clone(&self).begin(*user, None) {
                Begun::Turn(mut turn) => {
                    change(&mut turn.session);
                    turn.commit(now);
                    return true;
                }
                // Somebody else began in between.
                Begun::Queued(queued) => drop(queued),
                Begun::Follow(_) | Begun::Full => return false,
            }
        }
    }

    fn asking(&self, _user: &UserKey) {}

    fn share(&self, user: &UserKey, answer: &SharedAnswer) -> usize {
        let Some(tap) = self.slots.get(user).and_then(|slot| slot.tap) else { return 0 };
        let Some(mut line) = self.lines.get_mut(user) else { return 0 };
        let (ours, others) = std::mem::take(&mut line.followers).into_iter().partition(|(of, _)| *of == tap);
        line.followers = others;
        ours.into_iter().filter_map(|(_, follower): (TapId, _)| follower.send(answer.clone()).ok()).count()
    }

    fn may_park(&self, bytes: usize) -> bool {
        self.budget.fits(bytes)
    }

    fn sweep(&self, now: Moment) {
        loop {
            let due = {
                let mut shelves = self.shelves();
                match shelves.first() {
                    Some((since, _)) if now.since(*since) >= TEN_MINUTES => shelves.pop_first(),
                    _ => None,
                }
            };
            let Some((_, user)) = due else { return };
            // Who is left with nothing is nobody who has to be remembered.
            let mut emptied = false;
            if let Some(mut slot) = self.slots.get_mut(&user) {
                if slot.held {
                    // Its turn may end without a commit: looked at again.
                    self.shelves().insert((now, user));
                    continue;
                }
                let (bytes, count) = (slot.session.parked_bytes(), slot.session.parked_count());
                slot.session.tidy(now);
                for total in [&self.parked_bytes, &self.budget.used] {
                    move_by(total, bytes, slot.session.parked_bytes());
                }
                move_by(&self.parked, count, slot.session.parked_count());
                match slot.session.oldest_parked() {
                    Some(oldest) => drop(self.shelves().insert((oldest, user))),
                    None => emptied = slot.session.is_new(),
                }
            }
            if emptied {
                let nothing = |slot: &Slot| slot.evictable() && slot.session.is_new();
                self.slots.remove_if(&user, |_, slot| nothing(slot));
            }
        }
    }

    fn census(&self) -> StoreStats {
        StoreStats {
            sessions: self.slots.len(),
            parked: self.parked.load(Ordering::Relaxed),
            parked_bytes: self.parked_bytes.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests;
