#[path = "tests/bounds.rs"]
mod bounds;

use std::sync::Mutex as StdMutex;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::session::{LateReply, ReplyBody, TEN_MINUTES};
use crate::store::{Following, ParkedLimit, Waiting};
use crate::translate::outbound::Page;

const NOON: Moment = Moment::from_millis(1_700_000_000_000);

fn user(number: usize) -> UserKey {
    UserKey::parse(&format!("user{number:08}")).unwrap()
}

fn tap(number: u32) -> Option<TapId> {
    (number > 0).then_some(TapId::from(number))
}

fn store(sessions: usize, turns: usize) -> Arc<LocalStore> {
    with_share(sessions, turns, &ParkedLimit::new(1 << 20), 1)
}

fn with_share(sessions: usize, turns: usize, limit: &Arc<ParkedLimit>, bots: usize) -> Arc<LocalStore> {
    let memory = SessionMemory::new(1 << 20);
    let share = Arc::new(ParkedShare::new(limit, bots));
    Arc::new(LocalStore::new(sessions, turns, share, memory).with_journal(journal()))
}

/// A journal of the test's own, in the shape that has one.
fn journal() -> Option<BotJournal> {
    module_path!().contains("over_a_folder").then(|| crate::store::journal::Journal::of_a_test().of_bot(&shop()))
}

fn shop() -> crate::ids::BotId {
    crate::ids::BotId::parse("shop").unwrap()
}

/// Runs to its end on a thread of its own: the test may be in a runtime.
fn wait_for<T: Send>(work: impl Future<Output = T> + Send) -> T {
    let run = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work);
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

/// Whatever was told lies in the journal, where there is one.
fn written(store: &Arc<LocalStore>) {
    if let Some(journal) = store.journal() {
        assert!(wait_for(journal.settle()));
    }
}

fn begin(store: &Arc<LocalStore>, number: usize, tap: Option<TapId>) -> Begun {
    let mut begun = store.begin(user(number), tap);
    if let Begun::Turn(turn) = &mut begun
        && turn.is_unread()
    {
        wait_for(turn.read());
    }
    begun
}

#[track_caller]
fn turn(begun: Begun) -> Turn {
    match begun {
        Begun::Turn(turn) => turn,
        Begun::Queued(_) | Begun::Follow(_) | Begun::Full | Begun::Asks(_) => panic!("not a turn at once"),
    }
}

#[track_caller]
fn at_page(start: u32) -> Page {
    Page { start, previous: None, next: None }
}

/// Gives an answer to all who made the tap; how many took it.
async fn share(turn: &Turn, answer: &'static [u8]) -> usize {
    let followers = turn.take_followers().into_iter();
    followers.filter_map(|follower| follower.offer(Bytes::from_static(answer))).count()
}

fn queued(begun: Begun) -> Waiting {
    match begun {
        Begun::Queued(queued) => queued,
        Begun::Turn(_) | Begun::Follow(_) | Begun::Full | Begun::Asks(_) => panic!("not queued"),
    }
}

#[track_caller]
fn follows(begun: Begun) -> Following {
    match begun {
        Begun::Follow(follows) => follows,
        Begun::Turn(_) | Begun::Queued(_) | Begun::Full | Begun::Asks(_) => panic!("does not follow"),
    }
}

fn parked(came: Moment) -> LateReply {
    LateReply { bodies: vec![ReplyBody::Reply(Bytes::from_static(b"0123456789"))], asked: came, came }
}

/// Makes a user known, as last shown something at `at`.
fn know(store: &Arc<LocalStore>, number: usize, at: Moment) {
    let mut turn = turn(begin(store, number, None));
    turn.session.show(None, at_page(0), false, at);
    turn.commit(None, at);
}

fn knows(store: &Arc<LocalStore>, number: usize) -> bool {
    store.slots.with(&user(number), |_| ()).is_some()
}

#[test]
fn i6_turns_of_one_user_are_one_at_a_time_and_in_order_under_contention() {
    let store = store(100, 1000);
    let seen = StdMutex::new(vec![Vec::new(); 3]);
    // Asked for in this order, whichever thread runs when.
    let mut shares: Vec<Vec<(usize, Begun)>> = (0..4).map(|_| Vec::new()).collect();
    for number in 0..300 {
        shares[number % 4].push((number, begin(&store, number % 3, None)));
    }
    std::thread::scope(|scope| {
        for share in shares {
            let seen = &seen;
            scope.spawn(move || {
                let lives = share.into_iter().map(|(number, begun)| async move {
                    let mut turn = match begun {
                        Begun::Turn(turn) => turn,
                        Begun::Queued(queued) => queued.await.unwrap(),
                        Begun::Follow(_) | Begun::Full | Begun::Asks(_) => panic!("refused"),
                    };
                    // The page counts the turns: a lost or doubled one shows.
                    let page = turn.session.page();
                    seen.lock().unwrap()[number % 3].push(number);
                    tokio::task::yield_now().await;
                    turn.session.show(None, at_page(page + 1), false, NOON);
                    turn.commit(None, NOON);
                });
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(futures_util::future::join_all(lives));
            });
        }
    });
    for (rest, order) in seen.lock().unwrap().iter().enumerate() {
        let expected: Vec<usize> = (0..300).filter(|number| number % 3 == rest).collect();
        assert_eq!(*order, expected);
        assert_eq!(turn(begin(&store, rest, None)).session.page(), 100);
    }
    (0..3).for_each(|number| assert_eq!(store.slots.with(&user(number), |slot| slot.busy.is_some()), Some(false)));
}

#[tokio::test]
async fn i6_the_baton_passes_over_those_who_have_gone() {
    let store = store(10, 10);
    let first = turn(begin(&store, 1, None));
    let gone = queued(begin(&store, 1, None));
    let (also_gone, waits) = (queued(begin(&store, 1, None)), queued(begin(&store, 1, None)));
    drop((gone, also_gone));
    first.commit(None, NOON);
    assert!(waits.await.is_some());
}

#[tokio::test]
async fn i6_however_many_have_gone_the_baton_passes_over_them_without_going_down_the_stack() {
    let store = store(10, 10_000);
    let first = turn(begin(&store, 1, None));
    let gone: Vec<_> = (0..9_998).map(|_| queued(begin(&store, 1, None))).collect();
    let waits = queued(begin(&store, 1, None));
    drop(gone);
    first.commit(None, NOON);
    assert!(waits.await.is_some());
}

#[tokio::test]
async fn a_turn_that_is_dropped_gives_its_place_on_and_changes_nothing() {
    let store = store(10, 10);
    know(&store, 1, NOON);
    let mut first = turn(begin(&store, 1, None));
    let second = queued(begin(&store, 1, None));
    first.session.show(None, at_page(9), false, NOON.plus(Duration::from_secs(1)));
    drop(first);
    let second = second.await.unwrap();
    assert_eq!((second.session.page(), second.session.last_shown()), (0, NOON));
    drop(second);
    assert!(matches!(begin(&store, 1, None), Begun::Turn(_)));
}

#[tokio::test]
async fn a_turn_that_arrives_after_its_waiter_has_gone_is_not_lost() {
    let store = store(10, 10);
    let first = turn(begin(&store, 1, None));
    let waits = queued(begin(&store, 1, None));
    first.commit(None, NOON);
    // The turn lies in the channel; no call takes it.
    drop(waits);
    assert!(matches!(begin(&store, 1, None), Begun::Turn(_)));
}

#[tokio::test]
async fn i3_the_same_tap_in_flight_is_followed_and_shares_the_answer() {
    let store = store(10, 10);
    let leader = turn(begin(&store, 1, tap(7)));
    let (one, two) = (follows(begin(&store, 1, tap(7))), follows(begin(&store, 1, tap(7))));
    let other = queued(begin(&store, 1, tap(8)));
    let of_other = follows(begin(&store, 1, tap(8)));
    assert!(matches!(begin(&store, 1, None), Begun::Queued(_)), "words are never followed");
    drop(two);
    assert_eq!(share(&leader, b"a").await, 1, "one of the two has gone");
    let late = follows(begin(&store, 1, tap(7)));
    leader.commit(Some(&Bytes::from_static(b"a")), NOON);
    assert_eq!(one.await.unwrap().0, "a");
    assert_eq!(late.await.unwrap().0, "a", "who came between sharing and end has it too");
    let other = other.await.unwrap();
    assert_eq!(share(&other, b"b").await, 1);
    assert_eq!(of_other.await.unwrap().0, "b");
    drop(other);
    assert!(matches!(begin(&store, 1, tap(7)), Begun::Turn(_)), "over is over: the tap means a new turn");
}

#[tokio::test]
async fn i3_a_follower_learns_at_once_that_its_leader_died() {
    let store = store(10, 10);
    let leader = turn(begin(&store, 1, tap(7)));
    let follower = follows(begin(&store, 1, tap(7)));
    drop(leader);
    assert!(follower.await.is_none());
    // The leader was still in the line.
    let first = turn(begin(&store, 1, None));
    let leader = queued(begin(&store, 1, tap(7)));
    let follower = follows(begin(&store, 1, tap(7)));
    drop(leader);
    assert!(follower.await.is_none(), "before the turn in front of it has ended");
    first.commit(None, NOON);
}

#[tokio::test]
async fn i3_it_is_known_whether_an_answer_that_was_offered_was_delivered() {
    let store = store(10, 10);
    for delivered in [true, false] {
        let leader = turn(begin(&store, 1, tap(7)));
        let follower = follows(begin(&store, 1, tap(7)));
        let told = leader.take_followers().remove(0).offer(Bytes::from_static(b"a")).unwrap();
        let (_, taken) = follower.await.unwrap();
        if delivered {
            taken.delivered();
        } else {
            drop(taken);
        }
        assert_eq!(told.await.is_ok(), delivered);
        leader.commit(None, NOON);
    }
    // One who goes without looking has not taken it.
    let leader = turn(begin(&store, 1, tap(7)));
    let follower = follows(begin(&store, 1, tap(7)));
    let told = leader.take_followers().remove(0).offer(Bytes::from_static(b"a")).unwrap();
    drop(follower);
    assert!(told.await.is_err());
}

#[tokio::test]
async fn i3_nobody_follows_one_who_has_gone() {
    let store = store(10, 10);
    let first = turn(begin(&store, 1, None));
    drop(queued(begin(&store, 1, tap(7))));
    let leader = queued(begin(&store, 1, tap(7)));
    first.commit(None, NOON);
    assert!(leader.await.is_some());
}

#[tokio::test]
async fn s5_a_user_has_only_so_many_turns_in_flight() {
    let store = store(10, 3);
    let first = turn(begin(&store, 1, None));
    let second = queued(begin(&store, 1, None));
    let third = queued(begin(&store, 1, None));
    assert!(matches!(begin(&store, 1, None), Begun::Full));
    assert!(matches!(begin(&store, 2, None), Begun::Turn(_)), "another user is not concerned");
    drop(second);
    let fourth = queued(begin(&store, 1, None));
    first.commit(None, NOON);
    third.await.unwrap().commit(None, NOON);
    fourth.await.unwrap().commit(None, NOON);
}

#[test]
fn two_stores_never_mix() {
    let (one, two) = (store(10, 8), store(10, 8));
    know(&one, 1, NOON);
    let held = turn(begin(&one, 1, None));
    assert!(matches!(begin(&two, 1, None), Begun::Turn(turn) if turn.session.is_new()));
    assert!(!held.session.is_new());
}

/// One step of one user.
#[derive(Debug, Clone, Copy)]
enum Step {
    Begin { user: usize, tap: u32 },
    Commit(usize),
    Drop(usize),
    GiveUpWaiting(usize),
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0_usize..6, 0_u32..3).prop_map(|(user, tap)| Step::Begin { user, tap }),
        3 => (0_usize..8).prop_map(Step::Commit),
        2 => (0_usize..8).prop_map(Step::Drop),
        2 => (0_usize..8).prop_map(Step::GiveUpWaiting),
        1 => Just(Step::Sweep),
    ]
}

/// Polls once.
fn poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    use futures_util::FutureExt;
    future.now_or_never()
}

proptest! {
    #[test]
    fn whatever_happens_a_user_has_one_turn_and_the_line_goes_on(steps in prop::collection::vec(step(), 1..200)) {
        let store = store(4, 4);
        let mut held: Vec<(usize, u64, Turn)> = Vec::new();
        let mut waiting: Vec<(usize, u64, Waiting)> = Vec::new();
        let mut followers = Vec::new();
        for (order, step) in (0..).zip(steps) {
            let now = NOON.plus(Duration::from_secs(order));
            match step {
                Step::Begin { user, tap: number } => match begin(&store, user, tap(number)) {
                    Begun::Turn(turn) => {
                        prop_assert!(waiting.iter().all(|(of, ..)| *of != user), "overtook who waits");
                        held.push((user, order, turn));
                    }
                    Begun::Queued(queued) => waiting.push((user, order, queued)),
                    Begun::Follow(follow) => followers.push(follow),
                    Begun::Full | Begun::Asks(_) => {}
                },
                Step::Commit(place) if place < held.len() => {
                    let (.., mut turn) = held.remove(place);
                    turn.session.show(None, at_page(0), false, now);
                    if order % 3 == 0 {
                        turn.session.park(parked(now));
                    } else {
                        drop(turn.session.take_late(now));
                    }
                    turn.commit(None, now);
                }
                Step::Drop(place) if place < held.len() => drop(held.remove(place)),
                Step::GiveUpWaiting(place) if place < waiting.len() => drop(waiting.remove(place)),
                Step::Sweep => store.sweep(now),
                Step::Commit(_) | Step::Drop(_) | Step::GiveUpWaiting(_) => {}
            }
            let mut place = 0;
            while place < waiting.len() {
                if let Some(turn) = poll(&mut waiting[place].2) {
                    let (user, order, _) = waiting.remove(place);
                    let earlier = waiting.iter().any(|(of, since, _)| *of == user && *since < order);
                    prop_assert!(!earlier, "a later one came first");
                    held.push((user, order, turn.expect("a waiter's turn comes")));
                } else {
                    place += 1;
                }
            }
            for number in 0..6 {
                let turns = held.iter().filter(|(of, ..)| *of == number).count();
                prop_assert!(turns <= 1, "two turns of one user");
                let waits = waiting.iter().any(|(of, ..)| *of == number);
                prop_assert!(turns == 1 || !waits, "somebody waits for nobody");
            }
            prop_assert!(store.stats().sessions <= 4);
        }
        held.clear();
        for (.., mut queued) in waiting {
            if let Some(turn) = poll(&mut queued) {
                drop(turn);
            }
        }
        for mut follower in followers {
            prop_assert!(poll(&mut follower).is_some(), "a follower is left hanging");
        }
        let mut bytes = 0;
        let mut busy = 0;
        store.slots.walk(&AtomicUsize::new(0), usize::MAX, |_, slot| {
            bytes += slot.session.parked_bytes();
            busy += usize::from(slot.busy.is_some());
            Keep::Yes
        });
        prop_assert_eq!((store.stats().parked_bytes, busy), (bytes, 0));
    }
}
