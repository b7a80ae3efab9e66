//! Rank 3: the state of users between calls, and whose turn it is.
//!
//! A store belongs to one bot, so two channels with the same user key never meet (I6). Its one promise is order: of one
//! user at most one [`Turn`] exists at a time, and turns are handed out in the order they were asked for. A turn owns
//! its session, borrows nothing and may move between tasks; dropping it gives the place to the next in line, so a
//! panic or a cancelled future never locks a user out.
//!
//! There are two shapes (P1). [`local::LocalStore`] is one process's memory, with a [`journal`] where the memory is to
//! outlast the process. [`remote::RemoteStore`] puts a lease in Redis or Valkey before it, for several processes. Both
//! begin in one step and end in one step, and waiting is a future.
//! Rejected: a trait, whose boxed futures every call of the first shape would pay for.

pub(crate) mod contacts;
pub(crate) mod journal;
pub(crate) mod local;
pub(crate) mod outbox;
mod parked_share;
pub(crate) mod remote;
mod slots;
mod waiting;

pub use parked_share::{ParkedLimit, ParkedShare};
pub(crate) use waiting::{Follower, Following, Waiting};

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::ids::UserKey;
use crate::session::Session;
use crate::time::{self, Moment};

use journal::{BotJournal, Found, KNOWN, Loaded};
use local::LocalStore;
use remote::{Lease, LeftEvents, RemoteStore};
use waiting::Busy;

/// Names a tap for as long as it is in flight: the same tap of the same user has the same (I3). 128 bits of a hash that
/// is keyed by the process, so that two taps get one name neither by accident nor by intent.
pub(crate) type TapId = u128;

/// The result of beginning a turn.
#[derive(Debug)]
pub enum Begun {
    /// It is this call's turn.
    Turn(Turn),
    /// Another turn of this user is in flight; this one comes when it is its turn. Dropping it leaves the line.
    Queued(Waiting),
    /// The same tap is in flight already; its answer is shared.
    Follow(Following),
    /// A bound is reached: of this user's line, or of sessions none of which can go (S5).
    Full,
    /// The store that processes share is asked; any of the others but a place in line comes of it.
    Asks(Entering),
}

impl Begun {
    /// What came of asking, and of waiting in line.
    pub(crate) async fn turn(self) -> Option<Turn> {
        let mut begun = self;
        if let Self::Asks(entering) = begun {
            begun = entering.await;
        }
        match begun {
            Self::Turn(turn) => Some(turn),
            Self::Queued(waiting) => waiting.await,
            Self::Follow(_) | Self::Full | Self::Asks(_) => None,
        }
    }
}

/// Waits for the shared store, and for the turn. Dropping it gives the place back.
pub struct Entering(Pin<Box<dyn Future<Output = Begun> + Send>>);

impl Entering {
    fn new(entering: impl Future<Output = Begun> + Send + 'static) -> Self {
        Self(Box::pin(entering))
    }
}

impl Future for Entering {
    type Output = Begun;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Begun> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Entering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entering")
    }
}

/// The users of one bot, in either shape (P1).
#[derive(Debug, Clone)]
pub(crate) enum Store {
    /// One process has them.
    Local(Arc<LocalStore>),
    /// Several share them.
    Remote(Arc<RemoteStore>),
}

impl Store {
    /// Asks for a turn of `user`. Never blocks; waiting is in what it gives back.
    pub(crate) fn begin(&self, user: UserKey, tap: Option<TapId>) -> Begun {
        match self {
            Self::Local(store) => store.begin(user, tap),
            Self::Remote(store) => store.begin(user, tap),
        }
    }

    /// What this process has of them.
    pub(crate) fn local(&self) -> &Arc<LocalStore> {
        match self {
            Self::Local(store) => store,
            Self::Remote(store) => store.local(),
        }
    }

    /// The store that several processes share, where this is one.
    pub(crate) fn shared(&self) -> Option<&Arc<RemoteStore>> {
        match self {
            Self::Local(_) => None,
            Self::Remote(store) => Some(store),
        }
    }

    /// Its journal, where it has one.
    pub(crate) fn journal(&self) -> Option<&BotJournal> {
        self.local().journal()
    }
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
    store: Option<Arc<LocalStore>>,
    /// The user's session, to be changed in place.
    pub session: Session,
    /// Whether the user was here before (E3).
    acquaintance: Acquaintance,
    /// The journal holds replies of this user that wait, which memory does not know of.
    wrote_parked: bool,
    /// The lease, where several processes share the store, and it is well.
    lease: Option<Box<Lease>>,
}

/// Whether a user was here before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acquaintance {
    /// They were, or nobody keeps it.
    Known,
    /// They were not.
    New,
    /// The store cannot say (P6).
    Unsure,
}

impl Turn {
    fn new(store: Arc<LocalStore>, user: UserKey, session: Session) -> Self {
        let acquaintance = Acquaintance::Known;
        Self { user, store: Some(store), session, acquaintance, wrote_parked: false, lease: None }
    }

    /// Whether the user has to be looked up first: they are not in memory, and there is a journal. Or the shared store has
    /// said something of them that the user or the bot is to be told.
    #[must_use]
    pub(crate) fn is_unread(&self) -> bool {
        self.session.is_unread() || self.lease.as_ref().is_some_and(|lease| lease.has_news())
    }

    /// The next events that were left with the user: they go to the bot before the user's words. Where they stand in this
    /// process, [`Self::took`] says so.
    pub(crate) async fn next_left(&mut self) -> Option<LeftEvents> {
        self.lease.as_mut()?.next_left().await
    }

    /// These events are in this process's hands.
    pub(crate) fn took(&self, left: &LeftEvents) {
        if let Some(lease) = &self.lease {
            lease.took(left);
        }
    }

    /// Looks the user up; gives when a message of theirs left that was out when the process before died (P3).
    pub(crate) async fn read(&mut self) -> Option<Moment> {
        let Some(journal) = self.store.as_ref().and_then(|store| store.journal().cloned()) else {
            if self.session.is_unread() {
                // The shared store is in trouble, and this process does not know them.
                self.acquaintance = Acquaintance::Unsure;
            }
            return self.lease.as_mut().and_then(|lease| lease.take_interrupted());
        };
        match journal.read(self.user).await {
            Found::User(loaded) => {
                let Loaded { session, known, interrupted } = *loaded;
                self.session.take_up(session);
                self.acquaintance = if known.is_some() { Acquaintance::Known } else { Acquaintance::New };
                let now = time::now();
                // Written again while half of its time is left, so that a user who keeps coming stays known.
                if known.is_none_or(|until| until.since(now) < KNOWN / 2) {
                    journal.know(self.user, Some(now.plus(KNOWN)));
                }
                interrupted
            }
            Found::Unsure => {
                // They stay to be looked up: nothing that is shown meanwhile may hide what is kept.
                self.acquaintance = Acquaintance::Unsure;
                None
            }
        }
    }

    /// Whether the user was here before.
    #[must_use]
    pub(crate) fn acquaintance(&self) -> Acquaintance {
        self.acquaintance
    }

    /// The bot was told of this new friend: a turn that is withdrawn now leaves them known (E3).
    pub(crate) fn has_met(&self) {
        if let Some(lease) = &self.lease {
            lease.has_met();
        }
    }

    /// The session was written as it is should a callback fail (P4): what comes of it is written over that.
    pub(crate) fn wrote_parked(&mut self, failed: &Session) {
        self.wrote_parked = true;
        if let Some(lease) = &mut self.lease {
            lease.wrote(failed);
        }
    }

    /// Whether a message may leave: not where the lease is so old that another process may have begun the user's next turn
    /// (P5).
    #[must_use]
    pub(crate) fn may_ask(&self, now: Moment) -> bool {
        self.lease.as_ref().is_none_or(|lease| lease.may_ask(now))
    }

    /// A message leaves: should the process die before the turn ends, the user is told (P3).
    pub(crate) fn asking(&self, now: Moment) {
        let journal = self.store.as_ref().and_then(|store| store.journal());
        // Of a user who could not be looked up, the file knows more than this process.
        if let Some(journal) = journal.filter(|_| !self.session.is_unread()) {
            journal.user(self.user, &self.session, Some(now), false);
        }
    }

    /// Those who made the same tap and wait for its answer (I3). Calls that come later are served by [`Turn::commit`].
    #[must_use]
    pub fn take_followers(&self) -> Vec<Follower> {
        self.store.as_ref().and_then(|store| store.while_busy(&self.user, Busy::take_followers)).unwrap_or_default()
    }

    /// Whether so many bytes more may be parked (S3).
    #[must_use]
    pub fn may_park(&self, bytes: usize) -> bool {
        self.store.as_ref().is_some_and(|store| store.may_park(bytes))
    }

    /// Keeps the session as it is now, and lets the next turn begin. `answer` goes to the calls that made the same tap
    /// since its followers were taken; without one they learn that there is none.
    pub fn commit(mut self, answer: Option<&Bytes>, now: Moment) {
        if let Some(store) = self.store.take() {
            match self.lease.take() {
                Some(lease) => {
                    self.session.tidy(now);
                    lease.end(&self.session, answer);
                }
                None => store.note_unsent(&self.user, &self.session),
            }
            let late = store.end(&self.user, Some((std::mem::take(&mut self.session), now)), self.wrote_parked);
            if let Some(answer) = answer {
                // Whether they are still there changes nothing: the answer was shown to a user.
                late.into_iter().for_each(|follower| drop(follower.offer(answer.clone())));
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(store) = self.store.take() {
            drop(store.end(&self.user, None, false));
        }
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("session", &self.session).finish_non_exhaustive()
    }
}
