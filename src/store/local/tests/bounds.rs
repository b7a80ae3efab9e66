//! How many sessions, parked replies and bytes are kept, and who goes first.

use super::*;

#[test]
fn s5_the_number_of_sessions_stays_at_its_bound_and_the_old_go_first() {
    let store = store(100, 8);
    for number in 0..10_000 {
        know(&store, number, NOON.plus(Duration::from_millis(number as u64)));
        assert!(store.stats().sessions <= 100);
    }
    assert_eq!(store.stats().sessions, 100);
    let age: usize = (0..10_000).filter(|number| knows(&store, *number)).map(|number| 10_000 - number).sum();
    assert!(age / 100 < 150, "a session is {} newcomers old on average: not the oldest go", age / 100);
}

#[test]
fn s5_what_is_held_or_parked_never_goes() {
    let store = store(20, 8);
    let held: Vec<Turn> = (0..8).map(|number| turn(begin(&store, number, None))).collect();
    for number in 8..16 {
        let mut turn = turn(begin(&store, number, None));
        turn.session.park(parked(NOON));
        turn.commit(None, NOON);
    }
    for number in 100..1100 {
        know(&store, number, NOON);
    }
    assert!((0..16).all(|number| knows(&store, number)));
    assert_eq!(store.stats(), StoreStats { sessions: 20, parked: 8, parked_bytes: 80 });
    drop(held);
}

#[test]
fn s5_when_nobody_can_go_the_newcomer_is_refused_and_the_known_are_served() {
    let store = store(4, 8);
    let held: Vec<Turn> = (0..4).map(|number| turn(begin(&store, number, None))).collect();
    assert!(matches!(begin(&store, 9, None), Begun::Full));
    assert!(matches!(begin(&store, 1, None), Begun::Queued(_)));
    drop(held);
    assert!(matches!(begin(&store, 9, None), Begun::Turn(_)));
}

#[test]
fn s5_a_store_that_many_have_left_refuses_no_newcomer() {
    let store = store(1000, 8);
    for number in 0..1000 {
        know(&store, number, NOON);
    }
    for number in 0..1000 {
        let mut leaves = turn(begin(&store, number, None));
        leaves.session = Session::default();
        leaves.commit(None, NOON);
    }
    assert_eq!(store.stats().sessions, 0);
    for number in 1000..3000 {
        know(&store, number, NOON);
    }
    assert_eq!(store.stats().sessions, 1000);
}

#[test]
fn a_user_to_whom_nothing_was_shown_is_not_kept() {
    let store = store(10, 8);
    drop(turn(begin(&store, 1, None)));
    turn(begin(&store, 2, None)).commit(None, NOON);
    assert_eq!(store.stats().sessions, 0);
}

#[test]
fn s3_what_waited_ten_minutes_is_freed_for_all_stores_that_share_the_room() {
    let limit = ParkedLimit::new(40);
    let (one, two) = (with_share(10, 8, &limit, 2), with_share(10, 8, &limit, 2));
    for (store, number) in [(&one, 1), (&one, 2), (&two, 3)] {
        let mut turn = turn(begin(store, number, None));
        assert!(turn.may_park(10));
        turn.session.park(parked(NOON));
        turn.commit(None, NOON);
    }
    assert!(two.may_park(10) && !two.may_park(11));
    one.sweep(NOON.plus(Duration::from_millis(599_999)));
    assert_eq!(one.stats().parked, 2);
    one.sweep(NOON.plus(TEN_MINUTES));
    assert_eq!((one.stats().parked, one.stats().parked_bytes, two.stats().parked), (0, 0, 1));
    assert!(two.may_park(20) && !two.may_park(21));
}

#[test]
fn s3_each_reply_is_freed_on_its_own_time() {
    let store = store(10, 8);
    let minute = |count: u32| NOON.plus(Duration::from_secs(60) * count);
    for count in 0..5 {
        let mut turn = turn(begin(&store, 1, None));
        turn.session.park(parked(minute(count)));
        turn.commit(None, minute(count));
    }
    for (at, left) in [(12, 2), (13, 1), (14, 0)] {
        store.sweep(minute(at));
        assert_eq!(store.stats().parked, left);
    }
    // Nothing was shown and nothing waits.
    assert_eq!(store.stats().sessions, 0);
}

#[test]
fn k2_a_keyboard_is_let_go_when_its_ten_minutes_are_over() {
    let store = store(10, 8);
    let keyboard = Arc::new(crate::translate::keyboard::Keyboard::new(&["급식"]).unwrap());
    let mut first = turn(begin(&store, 1, None));
    first.session.show(Some(Arc::clone(&keyboard)), at_page(0), false, NOON);
    first.commit(None, NOON);
    written(&store);
    store.sweep(NOON.plus(Duration::from_millis(599_999)));
    assert_eq!(Arc::strong_count(&keyboard), 2);
    store.sweep(NOON.plus(TEN_MINUTES));
    assert_eq!((Arc::strong_count(&keyboard), store.stats().sessions), (1, 1));
}

#[test]
fn s3_what_was_held_while_it_was_swept_is_swept_later() {
    let store = store(10, 8);
    let mut first = turn(begin(&store, 1, None));
    first.session.park(parked(NOON));
    first.commit(None, NOON);
    let held = turn(begin(&store, 1, None));
    store.sweep(NOON.plus(TEN_MINUTES));
    drop(held);
    assert_eq!(store.stats().parked, 1);
    store.sweep(NOON.plus(2 * TEN_MINUTES));
    assert_eq!((store.stats().parked, store.stats().parked_bytes), (0, 0));
}

/// A bot that shows each user a keyboard of their own, 250 KB large.
#[test]
fn s5_sessions_and_keyboards_stay_within_their_bytes() {
    let memory = SessionMemory::new(2_000_000);
    let keyboards = crate::keyboards::Keyboards::new(Arc::clone(&memory));
    let share = Arc::new(ParkedShare::new(&ParkedLimit::new(1 << 20), 1));
    let store = Arc::new(LocalStore::new(1_000_000, 8, share, Arc::clone(&memory)));
    let common = keyboards.intern(&["급식", "날씨"]).unwrap();
    for number in 0..900 {
        let mut turn = turn(begin(&store, number, None));
        let own = (number >= 100).then(|| keyboards.intern(&[format!("{number}{}", "가".repeat(80_000))]).unwrap());
        turn.session.show(Some(own.unwrap_or_else(|| Arc::clone(&common))), at_page(0), false, NOON);
        turn.commit(None, NOON);
        assert!(!memory.is_over(), "after {number}");
    }
    // Those whose keyboard is shared cost little, and stay.
    assert!((0..100).all(|number| knows(&store, number)));
    assert!((850..900).filter(|number| knows(&store, *number)).count() < 10);
    drop((store, common));
    assert_eq!(memory.used().load(Ordering::Relaxed), 0);
}

/// What another bot remembers fills the memory, and none of it can go.
#[test]
fn s5_a_bot_with_nobody_to_forget_takes_newcomers_up_to_its_share_of_the_memory() {
    let memory = SessionMemory::new(100_000);
    let share = Arc::new(ParkedShare::new(&ParkedLimit::new(1 << 20), 2));
    let store = || {
        let store = Arc::new(LocalStore::new(1_000_000, 8, Arc::clone(&share), Arc::clone(&memory)));
        store.share_memory(2);
        store
    };
    let (shop, school) = (store(), store());
    let fill = |store: &Arc<LocalStore>| {
        let turns = (0..).map_while(|number| match begin(store, number, None) {
            Begun::Turn(turn) => Some(turn),
            Begun::Queued(_) | Begun::Follow(_) | Begun::Full | Begun::Asks(_) => None,
        });
        turns.collect::<Vec<_>>()
    };
    let held = fill(&shop);
    assert!(memory.is_over());
    let bytes_of_one = memory.used().load(Ordering::Relaxed) / held.len();
    let newcomers = fill(&school).len();
    assert_eq!(newcomers, 25_000_usize.div_ceil(bytes_of_one));
}
