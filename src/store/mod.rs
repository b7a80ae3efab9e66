//! Rank 3: what is kept of users between calls, and whose turn it is.
//!
//! A [`Store`] belongs to one bot, so two channels with the same user key never meet (I6). Its one promise
//! is order: of one user at most one [`Turn`] exists at a time, and turns are handed out in the order they were
//! asked for. A turn owns its session, borrows nothing and may move between tasks; dropping it gives the place to
//! the next in line, so a panic or a cancelled future never locks a user out.

pub mod contacts;
pub mod memory;
pub mod outbox;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::ids::UserKey;
use crate::session::{Late, Session};
use crate::time::Moment;

/// Names a tap for as long as it is in flight: the same tap of the same user has the same (I3).
pub type TapId = std::num::NonZeroU32;

/// What [`Store::begin`] came to.
pub enum Begun {
    /// It is this call's turn.
    Turn(Turn),
    /// Another turn of this user is in flight; this one comes when it is its turn. Dropping it leaves the line.
    Queued(Pin<Box<dyn Future<Output = Option<Turn>> + Send>>),
    /// The same tap is in flight already; its answer is shared. `None` when that turn died without one.
    Follow(Pin<Box<dyn Future<Output = Option<SharedAnswer>> + Send>>),
    /// A bound is reached: of this user's line, or of sessions none of which can go (S5).
    Full,
}

/// An answer that several calls get because they made the same tap (I3).
#[derive(Debug, Clone)]
pub struct SharedAnswer {
    /// What the user reads.
    pub body: Bytes,
    /// What it was made from, should it have to be parked after all (S2, S3).
    pub late: Late,
    /// Whether nobody else reads it: then a call that took it and was gone before it looked gives it back (S3).
    pub owed: bool,
}

/// A change of a session that needs no turn of its own.
pub type Amendment = Box<dyn FnOnce(&mut Session) + Send + Sync>;

/// What is kept of the users of one bot.
pub trait Store: Send + Sync + 'static {
    /// Asks for a turn of `user`. Never blocks; waiting is in the future it returns.
    fn begin(self: Arc<Self>, user: UserKey, tap: Option<TapId>) -> Begun;

    /// A copy of what is kept of `user`, without a turn: to show the keyboard that counts beside words of ours while
    /// their turn goes on (S3).
    fn look(&self, user: &UserKey) -> Session;

    /// Gives a turn back. `session` replaces what was kept; `None` leaves it as it was. For [`Turn`] only.
    fn end(self: Arc<Self>, user: &UserKey, session: Option<Session>, now: Moment);

    /// Changes a session between two turns: at once, or when the turn that is in flight has ended. False when there
    /// is no room: of the user's line, or of sessions none of which can go (S5).
    fn amend(self: Arc<Self>, user: &UserKey, change: Amendment, now: Moment) -> bool;

    /// The message of this turn is about to be sent: a durable store keeps that over a crash (I7).
    fn asking(&self, user: &UserKey);

    /// Hands an answer to the calls that follow this turn; how many took it.
    fn share(&self, user: &UserKey, answer: &SharedAnswer) -> usize;

    /// Whether so many bytes more may be parked (S3).
    fn may_park(&self, bytes: usize) -> bool;

    /// Frees what waited longer than ten minutes.
    fn sweep(&self, now: Moment);

    /// How full it is.
    fn census(&self) -> StoreStats;
}

/// How full a store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreStats {
    /// Users remembered.
    pub sessions: usize,
    /// Replies that wait to be seen.
    pub parked: usize,
    /// Their bytes.
    pub parked_bytes: usize,
}

/// The right to speak for one user until it is committed or dropped.
pub struct Turn {
    user: UserKey,
    store: Option<Arc<dyn Store>>,
    /// The user's session, to be changed in place.
    pub session: Session,
}

impl Turn {
    fn new(store: Arc<dyn Store>, user: UserKey, session: Session) -> Self {
        Self { user, store: Some(store), session }
    }

    /// Whose turn it is.
    #[must_use]
    pub fn user(&self) -> &UserKey {
        &self.user
    }

    /// The message goes out now (I7).
    pub fn asking(&self) {
        if let Some(store) = &self.store {
            store.asking(&self.user);
        }
    }

    /// Hands the answer to the calls that made the same tap (I3); how many took it.
    #[must_use]
    pub fn share(&self, answer: &SharedAnswer) -> usize {
        self.store.as_ref().map_or(0, |store| store.share(&self.user, answer))
    }

    /// Whether so many bytes more may be parked (S3).
    #[must_use]
    pub fn may_park(&self, bytes: usize) -> bool {
        self.store.as_ref().is_some_and(|store| store.may_park(bytes))
    }

    /// Keeps the session as it is now, and lets the next turn begin.
    pub fn commit(mut self, now: Moment) {
        if let Some(store) = self.store.take() {
            store.end(&self.user, Some(std::mem::take(&mut self.session)), now);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(store) = self.store.take() {
            store.end(&self.user, None, self.session.last_shown());
        }
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("session", &self.session).finish_non_exhaustive()
    }
}
