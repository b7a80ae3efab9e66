//! Facts about a bot's users besides their sessions: which Kakao Login id is which user key, which events wait for that
//! to be learnt, and which webhook calls were seen (E2).
//!
//! Kakao's channel webhook names a user by app user id, a skill call by user key; only a skill call that carries both
//! can tell that they are one (openbuilder.md 5). In memory, in the journal too where there is one, and bounded: the oldest
//! goes first.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use foldhash::quality::RandomState;

use crate::ids::UserKey;
use crate::mutex::lock;
use crate::telemetry::pace::Pace;
use crate::time;
use crate::wire::legacy::Notice;

use super::journal::{BotJournal, EVENT, FactKind, KNOWN, SEEN as SEEN_FOR};
use super::outbox::{decode_notices, encode_notices};

/// App user ids that are remembered with their user key.
const ALIASES: usize = 100_000;
/// App user ids with events that wait for a first skill call.
const WAITING: usize = 10_000;
/// Events that wait for one user; the oldest goes first.
const WAITING_EACH: usize = 4;
/// Webhook calls that are remembered, so that a repeat is known.
const SEEN: usize = 10_000;
/// Parts that the users are divided into; each has its part of the bounds.
const SHARDS: usize = 16;

/// The contacts of one bot.
#[derive(Debug)]
pub(crate) struct Contacts {
    /// By the app user id, so that calls of different users seldom meet at one lock.
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    seen: Mutex<Bounded<()>>,
    /// For the line that says that events wait.
    pub(crate) waiting_line: Pace,
    journal: Option<BotJournal>,
}

#[derive(Debug, Default)]
struct Shard {
    aliases: Bounded<UserKey>,
    waiting: Bounded<Vec<Notice>>,
}

/// Where an event goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// To this user.
    User(UserKey),
    /// Nowhere yet: it waits for that user's next skill call.
    Waits,
}

impl Contacts {
    /// Nobody yet; those to come are written to the journal, too.
    #[must_use]
    pub(crate) fn new(journal: Option<BotJournal>) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        let (hasher, seen, waiting_line) = (RandomState::default(), Mutex::default(), Pace::default());
        Self { shards, hasher, seen, waiting_line, journal }
    }

    /// Takes up a fact of the process before, in the order in which they were kept.
    pub(crate) fn take_up(&self, kind: FactKind, key: &[u8], value: &[u8]) {
        let Ok(id) = std::str::from_utf8(key) else { return };
        match kind {
            FactKind::Seen => {
                lock(&self.seen).insert(id.into(), (), SEEN);
            }
            FactKind::Alias => {
                let user = std::str::from_utf8(value).ok().and_then(UserKey::parse);
                if let Some((mut shard, user)) = self.shard(id).zip(user) {
                    shard.aliases.insert(id.into(), user, ALIASES / SHARDS);
                }
            }
            FactKind::Waiting => {
                if let Some(mut shard) = self.shard(id) {
                    shard.waiting.insert(id.into(), decode_notices(value), WAITING / SHARDS);
                }
            }
            FactKind::Keyboard | FactKind::Block | FactKind::Outbox | FactKind::Debt => {}
        }
    }

    fn note(&self, kind: FactKind, id: &str, value: Option<(Duration, Vec<u8>)>) {
        if let Some(journal) = &self.journal {
            journal.fact(kind, id.as_bytes(), value.map(|(kept, value)| (time::now().plus(kept), value)));
        }
    }

    /// The events that waited for this user are on their way.
    pub(crate) fn delivered(&self, app_user_id: &str) {
        self.note(FactKind::Waiting, app_user_id, None);
    }

    /// The webhook call was dealt with: a repeat of it after a restart is known.
    pub(crate) fn dealt_with(&self, resource_id: &str) {
        self.note(FactKind::Seen, resource_id, Some((SEEN_FOR, vec![1])));
    }

    fn shard(&self, app_user_id: &str) -> Option<MutexGuard<'_, Shard>> {
        let place = usize::try_from(self.hasher.hash_one(app_user_id) % SHARDS as u64).ok()?;
        self.shards.get(place).map(lock)
    }

    /// Whether it is known already that `app_user_id` is `user`.
    #[must_use]
    pub(crate) fn knows(&self, app_user_id: &str, user: UserKey) -> bool {
        self.shard(app_user_id).is_some_and(|shard| shard.aliases.get(app_user_id) == Some(&user))
    }

    /// The user of an app user id, where they are known here.
    #[must_use]
    pub(crate) fn user(&self, app_user_id: &str) -> Option<UserKey> {
        self.shard(app_user_id)?.aliases.get(app_user_id).copied()
    }

    /// What was learnt could not be told to the others: it is learnt again.
    pub(crate) fn unlearn(&self, app_user_id: &str) {
        if let Some(mut shard) = self.shard(app_user_id) {
            shard.aliases.remove(app_user_id);
        }
    }

    /// Learns from a skill call that `app_user_id` is `user`; gives the events that waited for it, oldest first.
    #[must_use]
    pub(crate) fn learn(&self, app_user_id: &str, user: UserKey) -> Vec<Notice> {
        let Some(mut shard) = self.shard(app_user_id) else { return Vec::new() };
        if shard.aliases.get(app_user_id) != Some(&user) {
            shard.aliases.insert(Box::from(app_user_id), user, ALIASES / SHARDS);
            self.note(FactKind::Alias, app_user_id, Some((KNOWN, user.as_str().as_bytes().to_vec())));
        }
        shard.waiting.remove(app_user_id).unwrap_or_default()
    }

    /// Finds the user of an event; an event whose user is not known yet is kept.
    #[must_use]
    pub(crate) fn event(&self, app_user_id: &str, notice: Notice) -> Known {
        let Some(mut shard) = self.shard(app_user_id) else { return Known::Waits };
        if let Some(user) = shard.aliases.get(app_user_id) {
            return Known::User(*user);
        }
        match shard.waiting.get_mut(app_user_id) {
            Some(waiting) => {
                if waiting.len() >= WAITING_EACH {
                    waiting.remove(0);
                }
                waiting.push(notice);
            }
            None => shard.waiting.insert(Box::from(app_user_id), vec![notice], WAITING / SHARDS),
        }
        let waiting = shard.waiting.get(app_user_id).map(|notices| (EVENT, encode_notices(notices.iter().copied())));
        self.note(FactKind::Waiting, app_user_id, waiting);
        Known::Waits
    }

    /// Takes events that wait, of so many users at most.
    #[must_use]
    pub(super) fn take_waiting(&self, most: usize) -> Vec<(Box<str>, Vec<Notice>)> {
        let mut taken = Vec::new();
        for mut shard in self.shards.iter().map(lock) {
            let ids: Vec<_> = shard.waiting.map.keys().take(most.saturating_sub(taken.len())).cloned().collect();
            for id in ids {
                if let Some(notices) = shard.waiting.remove(&id) {
                    taken.push((id, notices));
                }
            }
        }
        taken
    }

    /// Whether this webhook call is new; a repeat is not.
    #[must_use]
    pub(crate) fn first_time(&self, resource_id: &str) -> bool {
        let mut seen = lock(&self.seen);
        let is_new = seen.get(resource_id).is_none();
        if is_new {
            seen.insert(Box::from(resource_id), (), SEEN);
        }
        is_new
    }

    /// How many ids are known, and how many wait.
    #[cfg(test)]
    fn stats(&self) -> (usize, usize) {
        self.shards.iter().map(lock).fold((0, 0), |(known, waiting), shard| {
            (known + shard.aliases.map.len(), waiting + shard.waiting.map.len())
        })
    }
}

/// A map by ids that forgets its oldest entries. Each has a number, so that one which went and came back is not taken for its
/// old self in the order.
#[derive(Debug)]
struct Bounded<V> {
    map: HashMap<Box<str>, (u64, V), RandomState>,
    order: VecDeque<(u64, Box<str>)>,
    next: u64,
}

impl<V> Default for Bounded<V> {
    fn default() -> Self {
        Self { map: HashMap::default(), order: VecDeque::new(), next: 0 }
    }
}

impl<V> Bounded<V> {
    fn get(&self, key: &str) -> Option<&V> {
        self.map.get(key).map(|(_, value)| value)
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.map.get_mut(key).map(|(_, value)| value)
    }

    fn insert(&mut self, key: Box<str>, value: V, bound: usize) {
        if let Some(known) = self.get_mut(&key) {
            *known = value;
            return;
        }
        let number = self.next;
        self.next += 1;
        self.map.insert(key.clone(), (number, value));
        self.order.push_back((number, key));
        while self.map.len() > bound {
            let Some((number, oldest)) = self.order.pop_front() else { return };
            if self.map.get(&oldest).is_some_and(|(own, _)| *own == number) {
                self.map.remove(&oldest);
            }
        }
        // Removed entries leave their place in the order; it may not outgrow the map.
        if self.order.len() > 2 * self.map.len() + 64 {
            self.order.retain(|(number, key)| self.map.get(key).is_some_and(|(own, _)| own == number));
        }
    }

    fn remove(&mut self, key: &str) -> Option<V> {
        self.map.remove(key).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(last: char) -> UserKey {
        UserKey::parse(&format!("Qw7-eRt_9Yz{last}")).unwrap()
    }

    #[test]
    fn e2_an_event_waits_until_a_skill_call_tells_whose_it_is() {
        let contacts = Contacts::new(None);
        assert_eq!(contacts.event("31", Notice::FriendAdded), Known::Waits);
        assert_eq!(contacts.event("31", Notice::FriendBlocked), Known::Waits);
        assert_eq!(contacts.learn("31", user('A')), [Notice::FriendAdded, Notice::FriendBlocked]);
        assert!(contacts.learn("31", user('A')).is_empty());
        assert_eq!(contacts.event("31", Notice::FriendAdded), Known::User(user('A')));
    }

    #[test]
    fn e2_a_repeat_of_one_resource_id_is_known() {
        let contacts = Contacts::new(None);
        assert!(contacts.first_time("a") && contacts.first_time("b"));
        assert!(!contacts.first_time("a"));
    }

    #[test]
    fn an_id_that_went_and_came_back_is_not_the_oldest() {
        let mut map: Bounded<u32> = Bounded::default();
        for key in ["a", "b"] {
            map.insert(key.into(), 1, 2);
        }
        assert_eq!(map.remove("a"), Some(1));
        map.insert("a".into(), 2, 2);
        map.insert("c".into(), 3, 2);
        assert_eq!((map.get("a"), map.get("b"), map.get("c")), (Some(&2), None, Some(&3)));
    }

    #[test]
    fn a_million_app_user_ids_stay_bounded() {
        let contacts = Contacts::new(None);
        for id in 0..300_000_u32 {
            assert_eq!(contacts.event(&id.to_string(), Notice::FriendAdded), Known::Waits);
            assert!(contacts.learn(&(id + 1_000_000).to_string(), user('A')).is_empty());
        }
        assert_eq!(contacts.stats(), (ALIASES, WAITING));
        let order: usize = contacts.shards.iter().map(lock).map(|shard| shard.aliases.order.len()).sum();
        assert!(order <= 2 * ALIASES + 64 * SHARDS);
    }
}
