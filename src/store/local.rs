//! The store of one bot in the memory of one process.
//!
//! A user costs one small slot by value; the calls that wait stand in the slot itself, boxed, for as long as a turn is
//! in flight. So a turn is one look-up to begin and one to end. When sessions reach their bound, the oldest of a few
//! drawn at random goes: an exact order would be a lock that all users share. A session that is held or has something
//! parked never goes (S5).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::journal::BotJournal;
use super::parked_share::ParkedShare;
use super::remote::Unsent;
use super::slots::{Keep, Slots};
use super::waiting::{Busy, Follower};
use super::{Begun, StoreStats, TapId, Turn};
use crate::ids::UserKey;
use crate::keyboards::SessionMemory;
use crate::session::Session;
use crate::time::Moment;

/// Sessions that one sweep looks at; with a sweep every 2 s a million are seen within ten minutes.
const SWEPT: usize = 4096;
/// Sweeps in which every user is seen: each sees one shard at least.
const SWEEPS: usize = 64;
/// Sessions that are looked at for one with a keyboard of its own; where these have none, any other session goes.
const LOOKED_AT: usize = 256;
/// How often room for a newcomer is made before they are refused: others may take what was freed.
const TRIES: usize = 8;

/// The users of one bot.
#[derive(Debug)]
pub struct LocalStore {
    slots: Slots<Slot>,
    swept: AtomicUsize,
    random: AtomicU64,
    parked: AtomicUsize,
    parked_bytes: Arc<ParkedShare>,
    memory: Arc<SessionMemory>,
    /// Bytes of `memory` that other bots cannot take (S5).
    memory_share: AtomicUsize,
    sessions: usize,
    turns_per_user: usize,
    journal: Option<BotJournal>,
    /// Where several processes share the store: whose changes it was not told.
    unsent: Option<Arc<Unsent>>,
    /// Which file of the journal was told of all users.
    told_file: AtomicUsize,
    sweeps_to_tell: AtomicUsize,
}

#[derive(Debug, Default)]
struct Slot {
    session: Session,
    /// There while a turn of this user is in flight.
    busy: Option<Box<Busy>>,
}

impl Slot {
    /// When the session was last shown something; `None` while it cannot go (S5).
    fn evictable_since(&self) -> Option<Moment> {
        (self.busy.is_none() && !self.session.has_parked()).then(|| self.session.last_shown())
    }

    /// Nothing is known of this user that is worth a slot.
    fn is_empty(&self) -> bool {
        self.busy.is_none() && self.session.is_new() && !self.session.has_parked()
    }
}

impl LocalStore {
    /// An empty store that keeps at most so many sessions and lets so many turns of one user wait or run.
    #[must_use]
    pub fn new(
        sessions: usize,
        turns_per_user: usize,
        parked_bytes: Arc<ParkedShare>,
        memory: Arc<SessionMemory>,
    ) -> Self {
        Self {
            slots: Slots::new(Arc::clone(memory.used())),
            memory_share: AtomicUsize::new(memory.share_of(1)),
            memory,
            swept: AtomicUsize::new(0),
            random: AtomicU64::new(0x9e37_79b9_7f4a_7c15),
            parked: AtomicUsize::new(0),
            parked_bytes,
            sessions: sessions.max(1),
            turns_per_user: turns_per_user.max(1),
            journal: None,
            unsent: None,
            told_file: AtomicUsize::new(0),
            sweeps_to_tell: AtomicUsize::new(0),
        }
    }

    /// The same, with a journal in which users are looked up, and changes are written (P1).
    #[must_use]
    pub(crate) fn with_journal(self, journal: Option<BotJournal>) -> Self {
        Self { journal, ..self }
    }

    /// The same as the memory of one of several processes.
    #[must_use]
    pub(super) fn with_unsent(self, unsent: Arc<Unsent>) -> Self {
        Self { unsent: Some(unsent), ..self }
    }

    /// The turn of `user` that ends with `session` has no lease: the shared store is to be told later (P6).
    pub(super) fn note_unsent(&self, user: &UserKey, session: &Session) {
        let Some(unsent) = &self.unsent else { return };
        let names = |session: &Session| session.encode_items().into_iter().map(|item| item.name);
        let left: Vec<_> = names(session).collect();
        let gone: Vec<_> = names(&self.peek(user)).filter(|name| !left.contains(name)).collect();
        unsent.put(*user, gone);
    }

    /// Its journal.
    pub(crate) fn journal(&self) -> Option<&BotJournal> {
        self.journal.as_ref()
    }

    /// What is known of a user who is not in memory.
    fn newcomer(&self) -> Session {
        if self.journal.is_some() || self.unsent.is_some() { Session::unread() } else { Session::default() }
    }

    /// There are so many bots now, among which half of the memory is divided.
    pub fn share_memory(&self, bots: usize) {
        self.memory_share.store(self.memory.share_of(bots), Ordering::Relaxed);
    }

    /// Asks for a turn of `user`. Never blocks; waiting is in what it gives back.
    pub fn begin(self: &Arc<Self>, user: UserKey, tap: Option<TapId>) -> Begun {
        let mut nobody_can_go = false;
        for _ in 0..TRIES {
            let mut locked = self.slots.lock(&user);
            if let Some(slot) = locked.get() {
                let Some(busy) = &mut slot.busy else {
                    slot.busy = Some(Box::new(Busy::new(tap)));
                    return Begun::Turn(Turn::new(Arc::clone(self), user, slot.session.clone()));
                };
                return busy.stand(tap, self.turns_per_user, self, user);
            }
            let in_share = || self.slots.bytes() < self.memory_share.load(Ordering::Relaxed);
            if self.slots.len() < self.sessions && (!self.memory.is_over() || nobody_can_go && in_share()) {
                let session = self.newcomer();
                locked.insert(Slot { busy: Some(Box::new(Busy::new(tap))), session: session.clone() });
                return Begun::Turn(Turn::new(Arc::clone(self), user, session));
            }
            drop(locked);
            if nobody_can_go {
                return Begun::Full;
            }
            nobody_can_go = !self.evict();
        }
        Begun::Full
    }

    fn evict(&self) -> bool {
        let random = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        self.slots.evict(random, Slot::evictable_since)
    }

    /// Forgets users of this bot until sessions and keyboards are within their bytes (S5). A keyboard that others were
    /// shown, too, stays, so those go first whose keyboard goes with them.
    fn shed(&self) {
        while self.memory.is_over() {
            let random = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let own_keyboard =
                |slot: &Slot| slot.evictable_since().filter(|_| slot.session.keeps_a_keyboard_of_its_own());
            if self.slots.evict_among(LOOKED_AT, random, own_keyboard) {
                continue;
            }
            // A bot within its share does not forget all its users for another's: one at each end of a turn is enough.
            let in_share = self.slots.bytes() < self.memory_share.load(Ordering::Relaxed);
            if !self.evict() || in_share {
                return;
            }
        }
    }

    /// A copy of what is kept of `user`, without a turn: to show the keyboard that counts beside words of ours while
    /// their turn goes on (S3).
    #[must_use]
    pub fn peek(&self, user: &UserKey) -> Session {
        self.slots.with(user, |slot| slot.session.clone()).unwrap_or_default()
    }

    /// Ends the turn of `user` that is in flight: keeps its session, or leaves things unchanged, and gives the place to
    /// the next in line. Those who made its tap and were not served are given back.
    pub(super) fn end(
        self: &Arc<Self>,
        user: &UserKey,
        session: Option<(Session, Moment)>,
        wrote_parked: bool,
    ) -> Vec<Follower> {
        let mut locked = self.slots.lock(user);
        let Some(slot) = locked.get() else { return Vec::new() };
        if let Some((mut session, now)) = session {
            session.tidy(now);
            self.account(&slot.session, &session);
            // Under the lock of the slot: records of one user are told in the order of their turns.
            // Of a user who could not be looked up, the file may know more than this process: only a newer keyboard is
            // written over what it knows.
            let is_unsure = session.is_unread();
            if let Some(journal) = self.journal.as_ref().filter(|_| !is_unsure || !session.is_new()) {
                // The first time after a look-up: what it found of them may be over.
                let was_found = slot.session.is_unread() && !session.is_unread();
                let whole = session.has_parked() || slot.session.has_parked() || was_found || wrote_parked;
                journal.user(*user, &session, None, whole && !is_unsure);
            }
            slot.session = session;
        }
        let followers = slot.busy.as_mut().map(|busy| busy.take_followers()).unwrap_or_default();
        let Some(next) = slot.busy.as_mut().and_then(|busy| busy.next()) else {
            slot.busy = None;
            if slot.is_empty() {
                locked.remove();
            }
            drop(locked);
            self.shed();
            return followers;
        };
        let turn = Turn::new(Arc::clone(self), *user, slot.session.clone());
        drop(locked);
        // Where the next in line goes just now, the turn comes back, is dropped, and goes to the one behind.
        drop(next.send(turn));
        followers
    }

    /// The result of `change` to the line of `user`, if a turn of theirs is in flight.
    pub(super) fn while_busy<R>(&self, user: &UserKey, change: impl FnOnce(&mut Busy) -> R) -> Option<R> {
        self.slots.with(user, |slot| slot.busy.as_mut().map(|busy| change(busy))).flatten()
    }

    /// Whether so many bytes more may be parked (S3).
    pub(super) fn may_park(&self, bytes: usize) -> bool {
        self.parked_bytes.fits(bytes)
    }

    fn account(&self, before: &Session, after: &Session) {
        self.parked_bytes.account(before.parked_bytes(), after.parked_bytes());
        let (was, is) = (before.parked_count(), after.parked_count());
        if was != is {
            self.parked.fetch_add(is.wrapping_sub(was), Ordering::Relaxed);
        }
    }

    /// Frees what waited longer than ten minutes, and keyboards that no longer count; a part of all users each time.
    pub fn sweep(&self, now: Moment) {
        let again = self.journal.as_ref().filter(|journal| self.is_to_be_told_again(journal));
        self.slots.walk(&self.swept, SWEPT, |user, slot| {
            if let Some(journal) = again.filter(|_| !slot.is_empty() && !slot.session.is_unread()) {
                // A message that is out is noted again when it ends, or is not told of.
                journal.user(*user, &slot.session, None, slot.session.has_parked());
            }
            // A turn that is in flight has a copy, and tidies it when it ends.
            if slot.busy.is_none() {
                let (bytes, count) = (slot.session.parked_bytes(), slot.session.parked_count());
                slot.session.tidy(now);
                slot.session.forget_expired_keyboard(now);
                self.parked_bytes.account(bytes, slot.session.parked_bytes());
                let freed = count - slot.session.parked_count();
                self.parked.fetch_sub(freed, Ordering::Relaxed);
            }
            if slot.is_empty() { Keep::No } else { Keep::Yes }
        });
    }

    /// Whether the sweep tells the journal of everybody again: its file is another one, which may lack some.
    fn is_to_be_told_again(&self, journal: &BotJournal) -> bool {
        let file = journal.file();
        if self.told_file.swap(file, Ordering::Relaxed) != file {
            self.sweeps_to_tell.store(SWEEPS, Ordering::Relaxed);
        }
        let left = |left: usize| left.checked_sub(1);
        self.sweeps_to_tell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok()
    }

    /// How full it is.
    #[must_use]
    pub fn stats(&self) -> StoreStats {
        StoreStats {
            sessions: self.slots.len(),
            parked: self.parked.load(Ordering::Relaxed),
            parked_bytes: self.parked_bytes.used(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::duplicate_mod, reason = "one contract, two shapes")]
mod tests;

/// The same tests over a journal: whoever uses a store must not notice which it is.
#[cfg(test)]
#[path = "local/tests.rs"]
#[allow(clippy::duplicate_mod, reason = "one contract, two shapes")]
mod tests_over_a_folder;
