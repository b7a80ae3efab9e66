//! The store that several processes share: Redis or Valkey (P1, P5, P6).
//!
//! The memory of this process stays: it is the cache, the line where the store is in trouble, and the one place of a
//! user's turn in this process. Before it stands a lease in the store. A begin is one script, an end is one script, so an
//! undisturbed turn takes two round trips; who has to wait holds a ticket, is woken by message, and looks again when the
//! lease before must be over. Every write of a session goes through `scripts/end.lua`, which compares the call: one who
//! has lost the lease adds, and overwrites nothing newer.
//!
//! Rejected: a lock read and written in two steps, which lets two in; waiters that poll; one blob for a session, which a
//! late holder could only overwrite or lose.

mod arrivals;
pub(crate) mod check;
mod debts;
mod facts;
mod fields;
mod followers;
mod health;
mod keeper;
mod lease;
mod link;
mod patience;
mod place;
mod unsent;
mod value;

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use dashmap::DashMap;
use foldhash::quality::RandomState;
use tokio_util::sync::CancellationToken;

use super::contacts::Contacts;
use super::local::LocalStore;
use super::{Begun, Entering, TapId};
use crate::config::settings::StoreUrl;
use crate::ids::{BotId, UserKey};
use crate::keyboards::Keyboards;
use crate::mutex::lock;
use crate::time::Moment;

pub(crate) use facts::{Blocks, Gate};
pub(crate) use health::Trouble;
pub(crate) use lease::{Lease, LeftEvents};
pub(crate) use unsent::Unsent;

use arrivals::{Arrivals, Arriving};
use followers::Followers;
use health::Health;
use link::{Address, Link};
use place::{CallId, Place, Placed, Standing};

/// Connections for commands, at most: more than this many are never busy at once with scripts of 50 µs.
const LINKS: usize = 4;

/// Why the store cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
#[error("store.url: {0}")]
pub struct UrlProblem(String);

/// The shared store, as this process has it.
#[derive(Debug)]
pub(crate) struct Remote {
    prefix: Box<str>,
    replica: String,
    calls: AtomicU64,
    links: Box<[Link]>,
    health: Arc<Health>,
    /// Turns that went on without it.
    alone: AtomicU64,
    standing: DashMap<CallId, Arc<Standing>, RandomState>,
    followers: Followers,
    keyboards: Arc<Keyboards>,
    written: fields::WrittenKeyboards,
    hasher: RandomState,
    stores: Mutex<Vec<Weak<RemoteStore>>>,
    ending: CancellationToken,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The users of one bot in the shared store.
#[derive(Debug)]
pub(crate) struct RemoteStore {
    remote: Arc<Remote>,
    bot: BotId,
    local: Arc<LocalStore>,
    unsent: Arc<Unsent>,
    turns_per_user: usize,
    arrivals: Arrivals,
    /// Facts of the bot that this process knows.
    contacts: Arc<Contacts>,
    /// Blocks that are ours, of all replicas.
    blocks: Blocks,
    /// Callbacks that this process has promised and not made yet.
    owed: DashMap<Vec<u8>, (), RandomState>,
}

/// How the store is, for those who look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RemoteStats {
    /// Why it is left alone, and since when.
    pub(crate) trouble: Option<(Trouble, Moment)>,
    /// Users with changes that it was not told.
    pub(crate) unsent: usize,
    /// Changes that found no room.
    pub(crate) lost: u64,
    /// Calls that hold a lease or stand in a line.
    pub(crate) standing: usize,
    /// Turns that went on without it.
    pub(crate) alone: u64,
}

impl Remote {
    /// Begins to connect, on a thread of its own, and waits for nothing: a store that is not there is trouble (P6), and the
    /// bridge starts all the same.
    ///
    /// # Errors
    /// [`UrlProblem`].
    pub(crate) fn start(
        settings: &StoreUrl,
        cores: usize,
        keyboards: &Arc<Keyboards>,
    ) -> Result<Arc<Self>, UrlProblem> {
        let address = Address::parse(settings).map_err(|error| UrlProblem(crate::fault::chain(&error)))?;
        let (links, queues): (Vec<_>, Vec<_>) = (0..cores.clamp(1, LINKS)).map(|_| Link::new()).unzip();
        let mut random = [0; 8];
        // Without randomness the clock still tells replicas apart.
        let _best_effort = getrandom::fill(&mut random);
        let number = u64::from_ne_bytes(random) ^ crate::time::now().as_millis();
        let remote = Arc::new(Self {
            prefix: settings.prefix.clone(),
            replica: format!("{number:016x}"),
            calls: AtomicU64::new(0),
            links: links.into(),
            health: Arc::default(),
            alone: AtomicU64::new(0),
            standing: DashMap::default(),
            followers: Followers::default(),
            keyboards: Arc::clone(keyboards),
            written: fields::WrittenKeyboards::default(),
            hasher: RandomState::default(),
            stores: Mutex::default(),
            ending: CancellationToken::new(),
            thread: Mutex::default(),
        });
        let thread = keeper::start(&remote, address, queues).map_err(|error| UrlProblem(error.to_string()))?;
        *lock(&remote.thread) = Some(thread);
        Ok(remote)
    }

    /// The users of `bot`, with `local` as their memory in this process.
    #[must_use]
    pub(crate) fn of_bot(
        self: &Arc<Self>,
        bot: &BotId,
        local: LocalStore,
        turns_per_user: usize,
        blocks: &Blocks,
        contacts: &Arc<Contacts>,
    ) -> Arc<RemoteStore> {
        let unsent = Arc::new(Unsent::default());
        let local = Arc::new(local.with_unsent(Arc::clone(&unsent)));
        let store = Arc::new(RemoteStore {
            remote: Arc::clone(self),
            bot: bot.clone(),
            local,
            unsent,
            turns_per_user: turns_per_user.max(1),
            arrivals: Arrivals::default(),
            contacts: Arc::clone(contacts),
            blocks: Arc::clone(blocks),
            owed: DashMap::default(),
        });
        let mut stores = lock(&self.stores);
        stores.retain(|store| store.strong_count() > 0);
        stores.push(Arc::downgrade(&store));
        store
    }

    /// How it is.
    #[must_use]
    pub(crate) fn stats(&self) -> RemoteStats {
        let unsent = self
            .stores()
            .iter()
            .map(|store| store.unsent.stats())
            .fold((0, 0), |all, own| (all.0 + own.0, all.1 + own.1));
        let standing = self.standing.len();
        let alone = self.alone.load(Ordering::Relaxed);
        RemoteStats { trouble: self.health.trouble(), unsent: unsent.0, lost: unsent.1, standing, alone }
    }

    /// Waits a while until it is asked: a start is ready with its store, where that is there.
    pub(crate) fn wait_until_asked(&self, patience: Duration) {
        let until = crate::time::instant() + patience;
        while !self.health.is_up() && crate::time::instant() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Tells what is left, and ends.
    pub(crate) fn close(&self) {
        self.ending.cancel();
        if let Some(thread) = lock(&self.thread).take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the shared store died: this is a bug, please report it");
        }
    }

    fn stores(&self) -> Vec<Arc<RemoteStore>> {
        lock(&self.stores).iter().filter_map(Weak::upgrade).collect()
    }

    fn next_call(&self) -> CallId {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff_ffff;
        format!("{}{number:012x}", self.replica).into()
    }

    /// Where the replica of this name listens; without a name the head of all of them.
    fn channel(&self, replica: &str) -> Vec<u8> {
        format!("{}:to:{replica}", self.prefix).into_bytes()
    }

    /// The key that a living replica writes again and again.
    fn sign_of_life(&self, replica: &str, link: usize) -> Vec<u8> {
        format!("{}:alive:{replica}:{link}", self.prefix).into_bytes()
    }

    fn link_of(&self, key: &[u8]) -> usize {
        use std::hash::BuildHasher;
        let links = u64::try_from(self.links.len()).unwrap_or(1).max(1);
        usize::try_from(self.hasher.hash_one(key) % links).unwrap_or_default()
    }

    fn link(&self, number: usize) -> &Link {
        // There is at least one, and no number is beyond them.
        static NONE: std::sync::LazyLock<Link> = std::sync::LazyLock::new(|| Link::new().0);
        self.links.get(number).unwrap_or(&NONE)
    }
}

impl RemoteStore {
    /// The memory of this process.
    pub(crate) fn local(&self) -> &Arc<LocalStore> {
        &self.local
    }

    /// The key of one part of a user; all have one hash tag, so that a cluster keeps them together.
    fn key(&self, user: &UserKey, part: &str) -> Vec<u8> {
        format!("{}:{{{}/{}}}:{part}", self.remote.prefix, self.bot.as_str(), user.as_str()).into_bytes()
    }

    /// Asks for a turn of `user`. The question is queued when this returns.
    pub(crate) fn begin(self: &Arc<Self>, user: UserKey, tap: Option<TapId>) -> Begun {
        if !self.remote.health.is_up() {
            if !self.arrivals.has(&user) {
                return self.alone(user, tap);
            }
            let (store, arriving) = (Arc::clone(self), self.arrivals.arrive(user));
            return Begun::Asks(Entering::new(async move { store.alone_in_order(arriving, user, tap).await }));
        }
        let arriving = self.arrivals.arrive(user);
        let known = (self.key(&user, "k"), super::journal::KNOWN);
        let place = Place::new(&self.remote, self.key(&user, "s"), known, tap, self.turns_per_user);
        let asked = place.ask();
        let store = Arc::clone(self);
        Begun::Asks(Entering::new(async move {
            match place.wait(asked).await {
                Placed::Held(held) => store.held(place, held, arriving, user, tap).await,
                Placed::Follow(of) => {
                    let mut place = place;
                    place.over();
                    Begun::Follow(store.remote.followers.follow(&of))
                }
                Placed::Full => Begun::Full,
                Placed::Alone => {
                    drop(place);
                    store.alone_in_order(arriving, user, tap).await
                }
            }
        }))
    }

    /// The turn goes on from what this process knows (P6).
    fn alone(&self, user: UserKey, tap: Option<TapId>) -> Begun {
        self.remote.alone.fetch_add(1, Ordering::Relaxed);
        self.local.begin(user, tap)
    }

    /// The same behind those calls of the user that waited for the store when it fell, and arrived before.
    async fn alone_in_order(&self, arriving: Arriving, user: UserKey, tap: Option<TapId>) -> Begun {
        arriving.is_next().await;
        let begun = self.alone(user, tap);
        drop(arriving);
        settled(begun).await
    }

    /// The lease is there: the user's place in this process is taken, and what the store has of them taken up.
    async fn held(
        self: &Arc<Self>,
        place: Place,
        held: place::Held,
        arriving: Arriving,
        user: UserKey,
        tap: Option<TapId>,
    ) -> Begun {
        let found = fields::read(held.fields, &self.remote).await;
        let begun = self.local.begin(user, tap);
        drop(arriving);
        let begun = settled(begun).await;
        let Begun::Turn(mut turn) = begun else { return begun };
        Lease::take(self, place, found, held.is_new, &mut turn);
        Begun::Turn(turn)
    }
}

/// Waits for a turn of this process.
async fn settled(begun: Begun) -> Begun {
    match begun {
        Begun::Queued(waiting) => waiting.await.map_or(Begun::Full, Begun::Turn),
        Begun::Turn(_) | Begun::Follow(_) | Begun::Full | Begun::Asks(_) => begun,
    }
}
