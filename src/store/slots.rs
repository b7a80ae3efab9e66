//! A map from users to what is kept of them, made for a million of them.
//!
//! Each shard is a dense vector and a hash table of places in it. So a user costs their value, five bytes of table at
//! its load, and nothing else; the vector grows by an eighth, where a hash map of values doubles. Dense, it also gives
//! what eviction and sweeping need: any user at random, and all users in pieces (S5). A shard's lock is held for one
//! look-up; a sweep holds it for all users of the shard, and an eviction that must search holds it for a search of the
//! shard. Rejected: `DashMap` by value (132 bytes a session at a million, half of them empty places, and a second list
//! of users to draw from behind one lock for all).

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::ids::UserKey;
use crate::mutex::lock;

/// Shards; a power of two, many times the cores of any machine this runs on.
const SHARDS: usize = 64;
/// Users drawn for one eviction.
const DRAWN: usize = 8;

/// Users and what is kept of them.
#[derive(Debug)]
pub(super) struct Slots<V> {
    shards: Box<[Mutex<Shard<V>>]>,
    /// Seeded anew in each process: nobody can choose keys that meet.
    hasher: RandomState,
    count: AtomicUsize,
    /// Where the users' bytes are counted.
    bytes: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Shard<V> {
    places: HashTable<u32>,
    entries: Vec<(UserKey, V)>,
}

/// One user's shard, locked.
pub(super) struct Locked<'s, V> {
    shard: MutexGuard<'s, Shard<V>>,
    slots: &'s Slots<V>,
    hash: u64,
    user: UserKey,
}

impl<V> Slots<V> {
    /// Bytes of one user: the entry, and its place at half a load.
    const EACH: usize = size_of::<(UserKey, V)>() * 9 / 8 + 10;

    /// Empty; the bytes of those to come count in `bytes`.
    pub(super) fn new(bytes: Arc<AtomicUsize>) -> Self {
        let shard = || Mutex::new(Shard { places: HashTable::new(), entries: Vec::new() });
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            hasher: RandomState::default(),
            count: AtomicUsize::new(0),
            bytes,
        }
    }

    /// What they cost themselves.
    pub(super) fn bytes(&self) -> usize {
        self.len() * Self::EACH
    }

    /// How many users there are.
    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// The shard of `user`.
    pub(super) fn lock(&self, user: &UserKey) -> Locked<'_, V> {
        let hash = self.hasher.hash_one(user);
        Locked { shard: lock(self.shard(hash)), slots: self, hash, user: *user }
    }

    /// The result of `look` at the value of `user`, if there is one.
    pub(super) fn with<R>(&self, user: &UserKey, look: impl FnOnce(&mut V) -> R) -> Option<R> {
        self.lock(user).get().map(look)
    }

    /// Removes the oldest of a few users drawn at random for whom `age` gives an age, as Redis does it; where those
    /// drawn have none, any other user who has one. False when no user has.
    pub(super) fn evict<A: Ord>(&self, random: u64, age: impl Fn(&V) -> Option<A>) -> bool {
        self.evict_among(usize::MAX, random, age)
    }

    /// The same, but besides those drawn only so many others are looked at.
    pub(super) fn evict_among<A: Ord>(&self, most: usize, mut random: u64, age: impl Fn(&V) -> Option<A>) -> bool {
        let mut oldest: Option<(A, UserKey)> = None;
        for _ in 0..DRAWN {
            random = next_random(random);
            oldest = [oldest, self.draw(random, &age)].into_iter().flatten().min();
        }
        let candidates = oldest.map(|(_, user)| user).into_iter();
        // Most users are held or have something parked: the first one that may go.
        let (first, place) = at_random(random);
        let mut left = most;
        let others = self.shards.iter().cycle().skip(first).take(SHARDS).filter_map(|shard| {
            let shard = lock(shard);
            let from = place.checked_rem(shard.entries.len())?;
            let looked_at = left.min(shard.entries.len());
            left -= looked_at;
            let mut these = shard.entries.iter().cycle().skip(from).take(looked_at);
            these.find(|(_, value)| age(value).is_some()).map(|(user, _)| *user)
        });
        candidates.chain(others).any(|user| {
            let mut locked = self.lock(&user);
            let goes = locked.get().is_some_and(|value| age(value).is_some());
            if goes {
                locked.remove();
            }
            goes
        })
    }

    /// One user, of the first shard from a random one on that has any.
    fn draw<A>(&self, random: u64, age: &impl Fn(&V) -> Option<A>) -> Option<(A, UserKey)> {
        let (first, place) = at_random(random);
        let drawn = self.shards.iter().cycle().skip(first).take(SHARDS).find_map(|shard| {
            let shard = lock(shard);
            let (user, value) = shard.entries.get(place.checked_rem(shard.entries.len())?)?;
            Some(age(value).map(|age| (age, *user)))
        });
        drawn.flatten()
    }

    /// Shows `visit` the users of one shard after the other, about `most` of them, and goes on where the last call with
    /// this `cursor` ended. A user for whom `visit` says no is removed.
    pub(super) fn walk(&self, cursor: &AtomicUsize, most: usize, mut visit: impl FnMut(&UserKey, &mut V) -> Keep) {
        let mut seen = 0;
        for _ in 0..SHARDS {
            let number = cursor.fetch_add(1, Ordering::Relaxed) % SHARDS;
            let Some(shard) = self.shards.get(number) else { return };
            let mut shard = lock(shard);
            let mut place = 0;
            while let Some((user, value)) = shard.entries.get_mut(place) {
                seen += 1;
                match visit(user, value) {
                    Keep::Yes => place += 1,
                    // The last one comes to this place and is looked at next.
                    Keep::No => self.remove_at(&mut shard, place),
                }
            }
            if seen >= most {
                return;
            }
        }
    }

    fn shard(&self, hash: u64) -> &Mutex<Shard<V>> {
        // Bits that the table inside does not use: it takes the lowest and the highest seven.
        let number = usize::try_from(hash >> 32).unwrap_or_default() & (SHARDS - 1);
        // In range by the mask, for there are always `SHARDS` of them; the first one for the compiler's sake.
        #[allow(clippy::indexing_slicing, reason = "masked by SHARDS - 1, and there are SHARDS shards")]
        &self.shards[number]
    }

    fn remove_at(&self, shard: &mut Shard<V>, place: usize) {
        let Some((user, _)) = shard.entries.get(place) else { return };
        let hash = self.hasher.hash_one(user);
        if let Ok(found) = shard.places.find_entry(hash, |other| at(*other) == place) {
            found.remove();
        }
        let last = shard.entries.len() - 1;
        shard.entries.swap_remove(place);
        if let Some((moved, _)) = shard.entries.get(place) {
            let hash = self.hasher.hash_one(moved);
            if let Some(own) = shard.places.find_mut(hash, |other| at(*other) == last) {
                *own = u32::try_from(place).unwrap_or(u32::MAX);
            }
        }
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(Self::EACH, Ordering::Relaxed);
    }
}

/// Whether a user that is walked by stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Yes,
    No,
}

impl<V> Drop for Slots<V> {
    /// A bot that a reload took out gives back its users' bytes.
    fn drop(&mut self) {
        self.bytes.fetch_sub(self.len() * Self::EACH, Ordering::Relaxed);
    }
}

impl<V> Locked<'_, V> {
    fn place(&self) -> Option<usize> {
        let Shard { places, entries } = &*self.shard;
        let is_own = |place: &u32| entries.get(at(*place)).is_some_and(|(user, _)| *user == self.user);
        places.find(self.hash, is_own).map(|place| at(*place))
    }

    /// The value of this user.
    pub(super) fn get(&mut self) -> Option<&mut V> {
        let place = self.place()?;
        self.shard.entries.get_mut(place).map(|(_, value)| value)
    }

    /// Keeps `value` of a user of whom nothing is kept.
    pub(super) fn insert(&mut self, value: V) {
        let Shard { places, entries } = &mut *self.shard;
        // A shard that is full, four billion users, forgets the newcomer.
        let Ok(place) = u32::try_from(entries.len()) else { return };
        if entries.len() == entries.capacity() {
            entries.reserve_exact(entries.len() / 8 + 4);
        }
        entries.push((self.user, value));
        let hasher = &self.slots.hasher;
        let hash_of = |place: &u32| entries.get(at(*place)).map_or(0, |(user, _)| hasher.hash_one(user));
        places.insert_unique(self.hash, place, hash_of);
        self.slots.count.fetch_add(1, Ordering::Relaxed);
        self.slots.bytes.fetch_add(Slots::<V>::EACH, Ordering::Relaxed);
    }

    /// Forgets this user.
    pub(super) fn remove(&mut self) {
        if let Some(place) = self.place() {
            self.slots.remove_at(&mut self.shard, place);
        }
    }
}

/// A shard, and a place to be taken by the number of its entries.
fn at_random(random: u64) -> (usize, usize) {
    let small = |number: u64| usize::try_from(number).unwrap_or_default();
    (small(random % SHARDS as u64), small(random >> 32))
}

/// xorshift is random enough to choose a user to forget.
fn next_random(mut random: u64) -> u64 {
    random |= 1;
    random ^= random << 13;
    random ^= random >> 7;
    random ^ (random << 17)
}

fn at(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn user(number: usize) -> UserKey {
        UserKey::parse(&format!("user{number:08}")).unwrap()
    }

    proptest! {
        #[test]
        fn it_holds_what_a_hash_map_holds(steps in prop::collection::vec((0_usize..60, 0_u8..4), 1..400)) {
            let slots = Slots::new(Arc::default());
            let mut model = HashMap::new();
            for (number, step) in steps {
                let mut locked = slots.lock(&user(number));
                match step {
                    0 => {
                        locked.remove();
                        model.remove(&number);
                    }
                    _ => match locked.get() {
                        Some(value) => *value += 1,
                        None => locked.insert(1),
                    },
                }
                if step != 0 {
                    *model.entry(number).or_insert(0) += 1;
                }
            }
            prop_assert_eq!(slots.len(), model.len());
            for number in 0..60 {
                prop_assert_eq!(slots.with(&user(number), |value| *value), model.get(&number).copied());
            }
            let mut seen = 0;
            slots.walk(&AtomicUsize::new(7), usize::MAX, |_, _| { seen += 1; Keep::Yes });
            prop_assert_eq!(seen, model.len());
            slots.walk(&AtomicUsize::new(7), usize::MAX, |_, value| if *value > 1 { Keep::Yes } else { Keep::No });
            prop_assert_eq!(slots.len(), model.values().filter(|value| **value > 1).count());
        }
    }

    #[test]
    fn s5_what_nobody_has_is_looked_for_among_a_few_only() {
        let slots = Slots::new(Arc::default());
        for number in 0..10_000 {
            slots.lock(&user(number)).insert(number);
        }
        let looked_at = std::cell::Cell::new(0);
        let nobody = |_: &usize| {
            looked_at.set(looked_at.get() + 1);
            None::<usize>
        };
        assert!(!slots.evict_among(300, 7, nobody));
        assert_eq!(looked_at.get(), 300 + DRAWN);
        assert!(slots.evict_among(10_000, 7, |number| (*number == 77).then_some(0)));
        assert_eq!((slots.len(), slots.with(&user(77), |_| ())), (9_999, None));
    }

    #[test]
    fn eviction_takes_an_old_one_and_never_one_without_an_age() {
        let slots = Slots::new(Arc::default());
        for number in 0..1000 {
            slots.lock(&user(number)).insert(number);
        }
        for random in 0..900_u64 {
            assert!(slots.evict(random.wrapping_mul(0x9e37_79b9_7f4a_7c15), |age| (*age >= 100).then_some(*age)));
        }
        assert!(!slots.evict(3, |age| (*age >= 100).then_some(*age)));
        assert_eq!(slots.len(), 100);
        assert!((0..100).all(|number| slots.with(&user(number), |_| ()).is_some()));
    }
}
