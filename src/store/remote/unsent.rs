//! Users whose changes the shared store was not told, with what they were shown meanwhile (P6). What is kept of them is in
//! the memory of this process; here is only that it has to be told.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::quality::RandomState;

use crate::ids::UserKey;
use crate::mutex::lock;

/// Users at most; the changes of those beyond it stay in this process.
const USERS: usize = 100_000;
/// Names of replies that went, of one user: more than can wait.
const GONE: usize = 64;

/// Names of replies.
type Names = Vec<Box<[u8]>>;

/// The users of one bot.
#[derive(Debug, Default)]
pub(crate) struct Unsent {
    users: Mutex<HashMap<UserKey, Names, RandomState>>,
    lost: AtomicU64,
}

impl Unsent {
    /// This user has changed, and these replies went.
    pub(crate) fn put(&self, user: UserKey, gone: impl IntoIterator<Item = Box<[u8]>>) {
        let mut users = lock(&self.users);
        if users.len() >= USERS && !users.contains_key(&user) {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let own = users.entry(user).or_default();
        own.extend(gone);
        let over = own.len().saturating_sub(GONE);
        own.drain(..over);
    }

    /// Takes a user: what went of theirs. `None` where nothing was left untold.
    pub(super) fn take(&self, user: &UserKey) -> Option<Names> {
        let mut users = lock(&self.users);
        // Nearly always it is empty.
        if users.is_empty() { None } else { users.remove(user) }
    }

    /// Some of the users.
    pub(super) fn some(&self, most: usize) -> Vec<UserKey> {
        lock(&self.users).keys().take(most).copied().collect()
    }

    /// How many, and how many changes found no room.
    pub(super) fn stats(&self) -> (usize, u64) {
        (lock(&self.users).len(), self.lost.load(Ordering::Relaxed))
    }
}
