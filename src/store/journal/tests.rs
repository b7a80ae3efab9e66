//! What a store of one folder keeps, over any number of restarts, against a simple model; and the file of an earlier
//! release.

use std::collections::HashMap;
use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;
use rusqlite::params;

use super::record::{Changes, Place, UserKind, rows_of_user};
use super::*;
use crate::keyboards::SessionMemory;
use crate::session::{Current, LateReply, ReplyBody, StoredShown};
use crate::store::local::LocalStore;
use crate::store::{Acquaintance, Begun, ParkedLimit, ParkedShare, Turn};
use crate::translate::outbound::Page;

fn user(number: usize) -> UserKey {
    UserKey::parse(&format!("user{number:08}")).unwrap()
}

fn shop() -> BotId {
    BotId::parse("shop").unwrap()
}

/// One process's life on a folder.
struct Process {
    store: Arc<LocalStore>,
    keyboards: Arc<Keyboards>,
    runtime: tokio::runtime::Runtime,
}

impl Process {
    /// At most so many users are in memory.
    fn start(folder: &Path, sessions: usize) -> Self {
        let memory = SessionMemory::new(1 << 20);
        let keyboards = Arc::new(Keyboards::new(Arc::clone(&memory)));
        let journal = Journal::open(folder, &keyboards, Duration::ZERO).unwrap().of_bot(&shop());
        let share = Arc::new(ParkedShare::new(&ParkedLimit::new(1 << 20), 1));
        let store = Arc::new(LocalStore::new(sessions, 8, share, memory).with_journal(Some(journal)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Self { store, keyboards, runtime }
    }

    fn begin(&self, number: usize) -> (Turn, Option<Moment>) {
        self.try_begin(number).unwrap()
    }

    /// `None` where nobody in memory may be forgotten (S5).
    fn try_begin(&self, number: usize) -> Option<(Turn, Option<Moment>)> {
        let Begun::Turn(mut turn) = self.store.begin(user(number), None) else { return None };
        let interrupted = if turn.is_unread() { self.runtime.block_on(turn.read()) } else { None };
        assert_ne!(turn.acquaintance(), Acquaintance::Unsure);
        Some((turn, interrupted))
    }

    /// What was told until now is in the file.
    fn settle(&self) {
        assert!(self.runtime.block_on(self.store.journal().unwrap().settle()));
    }
}

/// A folder as `kill -9` would leave it now.
fn killed(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["bridge.db", "bridge.db-wal"] {
        let _none = std::fs::copy(folder.join(name), copy.path().join(name));
    }
    copy
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Show {
        user: usize,
        labels: usize,
    },
    Park {
        user: usize,
    },
    Read {
        user: usize,
    },
    Leave {
        user: usize,
    },
    /// A message is out, and its turn is dropped.
    Ask {
        user: usize,
    },
    Drop {
        user: usize,
    },
    Restart,
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let user = 0_usize..6;
    prop_oneof![
        6 => (user.clone(), 0_usize..4).prop_map(|(user, labels)| Step::Show { user, labels }),
        3 => user.clone().prop_map(|user| Step::Park { user }),
        2 => user.clone().prop_map(|user| Step::Read { user }),
        1 => user.clone().prop_map(|user| Step::Leave { user }),
        1 => user.clone().prop_map(|user| Step::Ask { user }),
        1 => user.prop_map(|user| Step::Drop { user }),
        2 => Just(Step::Restart),
        2 => Just(Step::Kill),
    ]
}

/// What the model knows of a user.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Kept {
    labels: Option<usize>,
    parked: usize,
    is_out: bool,
}

fn labels(number: usize) -> Vec<String> {
    (0..number).map(|label| format!("{number}-{label}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn p2_whatever_happens_a_user_is_found_as_they_were_left(steps in prop::collection::vec(step(), 1..60)) {
        let mut folder = tempfile::tempdir().unwrap();
        // Fewer than there are users, so that some are forgotten and looked up again.
        let mut process = Process::start(folder.path(), 3);
        let mut model: HashMap<usize, Kept> = HashMap::new();
        for step in steps {
            let (Step::Show { user, .. } | Step::Park { user } | Step::Read { user } | Step::Leave { user }
                | Step::Ask { user } | Step::Drop { user }) = step
            else {
                process.settle();
                let next = if matches!(step, Step::Kill) { Some(killed(folder.path())) } else { None };
                drop(process);
                folder = next.unwrap_or(folder);
                process = Process::start(folder.path(), 3);
                continue;
            };
            let now = time::now();
            let kept = model.entry(user).or_default();
            let Some((mut turn, interrupted)) = process.try_begin(user) else { continue };
            prop_assert!(interrupted.is_none() || kept.is_out, "{user} was interrupted by nothing");
            prop_assert_eq!(turn.session.late(now).count(), kept.parked);
            match (kept.labels, turn.session.current(now)) {
                (None, Current::Home(_)) | (Some(0), Current::Free) => {}
                (Some(shown), Current::Shown(keyboard)) => {
                    prop_assert_eq!(keyboard.labels().len(), shown);
                    prop_assert!(keyboard.has_labels(&labels(shown)));
                }
                (expected, found) => prop_assert!(false, "{expected:?} {found:?}"),
            }
            match step {
                Step::Show { labels: number, .. } => {
                    let keyboard = process.keyboards.intern(&labels(number));
                    turn.session.show(keyboard, Page::default(), false, now);
                    kept.labels = Some(number);
                }
                Step::Park { .. } => {
                    let bodies = vec![ReplyBody::Reply(Bytes::from_static(b"0123456789"))];
                    turn.session.park(LateReply { bodies, asked: now, came: now });
                    kept.parked = (kept.parked + 1).min(10);
                }
                Step::Read { .. } => {
                    drop(turn.session.take_late(now));
                    kept.parked = 0;
                }
                Step::Leave { .. } => {
                    turn.session = Session::default();
                    *kept = Kept::default();
                }
                Step::Ask { .. } => {
                    turn.asking(now);
                    kept.is_out = true;
                    continue;
                }
                Step::Drop { .. } => continue,
                Step::Restart | Step::Kill => {}
            }
            turn.commit(None, now);
            kept.is_out = false;
        }
    }
}

/// A look-up that takes too long leaves a user unsure.
#[test]
fn p6_a_user_who_could_not_be_looked_up_hides_nothing_that_is_kept() {
    // Two of one millisecond would be one.
    let late = |text: &str| {
        let before = time::now();
        let now = std::iter::repeat_with(time::now).find(|now| *now > before).unwrap();
        LateReply { bodies: vec![ReplyBody::Words(text.into())], asked: now, came: now }
    };
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path(), 9);
    let (mut turn, _) = process.begin(1);
    turn.session.show(process.keyboards.intern(&labels(3)), Page::default(), false, time::now());
    turn.session.park(late("before"));
    turn.commit(None, time::now());
    process.settle();
    drop(process);

    let process = Process::start(folder.path(), 9);
    let Begun::Turn(mut unsure) = process.store.begin(user(1), None) else { panic!("no turn") };
    assert!(unsure.is_unread());
    unsure.asking(time::now());
    unsure.session.park(late("meanwhile"));
    unsure.commit(None, time::now());
    process.settle();
    let after_a_kill = killed(folder.path());
    let found = |process: &Process| {
        let (turn, interrupted) = process.begin(1);
        let now = time::now();
        let shown = matches!(turn.session.current(now), Current::Shown(keyboard) if keyboard.has_labels(&labels(3)));
        (shown, turn.session.late(now).count(), interrupted)
    };
    assert_eq!(found(&Process::start(after_a_kill.path(), 9)), (true, 1, None));
    // In this process both are there, as soon as the user can be looked up.
    assert_eq!(found(&process), (true, 2, None));
}

#[test]
fn p3_that_a_message_was_out_is_found_once() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path(), 9);
    let asked = time::now();
    let (turn, none) = process.begin(1);
    turn.asking(asked);
    process.settle();
    let folder = killed(folder.path());
    drop((turn, process));
    let process = Process::start(folder.path(), 9);
    let (turn, found) = process.begin(1);
    assert_eq!((none, found), (None, Some(asked)));
    turn.commit(None, time::now());
    drop(process);
    assert_eq!(Process::start(folder.path(), 9).begin(1).1, None);
}

#[test]
fn e3_a_user_is_new_once_until_they_block() {
    let folder = tempfile::tempdir().unwrap();
    let acquaintance = |process: &Process| {
        let (turn, _) = process.begin(1);
        turn.acquaintance()
    };
    let process = Process::start(folder.path(), 9);
    assert_eq!(acquaintance(&process), Acquaintance::New);
    drop(process);
    let process = Process::start(folder.path(), 9);
    assert_eq!(acquaintance(&process), Acquaintance::Known);
    process.store.journal().unwrap().know(user(1), None);
    drop(process);
    assert_eq!(acquaintance(&Process::start(folder.path(), 9)), Acquaintance::New);
}

#[test]
fn i6_two_bots_of_one_folder_never_mix() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path(), 9);
    let (mut turn, _) = process.begin(1);
    turn.session.show(None, Page::default(), false, time::now());
    turn.commit(None, time::now());
    let journal = Arc::clone(&process.store.journal().unwrap().journal);
    let school = journal.of_bot(&BotId::parse("school").unwrap());
    let Found::User(found) = process.runtime.block_on(school.read(user(1))) else { panic!("unsure") };
    assert!(found.session.is_new() && found.known.is_none());
    // Their numbers stay theirs.
    drop((school, journal, process));
    assert!(!Process::start(folder.path(), 9).begin(1).0.session.is_new());
}

#[test]
fn p6_a_file_that_takes_the_place_of_another_is_told_of_everybody_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path(), 9);
    for number in 0..5 {
        let (mut turn, _) = process.begin(number);
        turn.session.show(None, Page::default(), false, time::now());
        turn.commit(None, time::now());
    }
    process.settle();
    let file = rusqlite::Connection::open(folder.path().join("bridge.db")).unwrap();
    let count = || file.query_row("SELECT count(*) FROM users WHERE kind = 1", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(file.execute("DELETE FROM users", []).unwrap(), 10);
    process.store.sweep(time::now());
    process.settle();
    assert_eq!(count(), 0);
    process.store.journal().unwrap().journal.state.file.fetch_add(1, Ordering::Relaxed);
    (0..64).for_each(|_| process.store.sweep(time::now()));
    process.settle();
    assert_eq!(count(), 5);
}

#[test]
fn a_second_process_is_refused_and_told_whose_the_folder_is() {
    let folder = tempfile::tempdir().unwrap();
    let first = Process::start(folder.path(), 9);
    let refused = Journal::open(folder.path(), &first.keyboards, Duration::ZERO).unwrap_err();
    let said = refused.message().told(crate::messages::Language::English);
    assert!(said.contains("[SB2016]") && said.contains(&format!("process {} on ", std::process::id())), "{said}");
}

const NOON: Moment = Moment::from_millis(1_800_000_000_000);

/// The file that release 0.2.0 wrote, kept as it is: every later one reads it (P7). This has made it.
#[test]
#[ignore = "it has made the fixture, and is never to be run again"]
fn p7_the_file_of_0_2_0_is_written() {
    let never = Moment::from_millis(9_000_000_000_000);
    let mut changes = Changes::default();
    changes.bots.push((1, shop()));
    let keyboard = crate::translate::keyboard::Keyboard::new(&["급식", "날씨"]).map(Arc::new);
    let mut session = Session::default();
    session.greet(keyboard.clone(), Page { start: 30, previous: Some(21), next: Some(39) }, true, NOON);
    session.park(LateReply { bodies: vec![ReplyBody::Words("늦은 답".into())], asked: NOON, came: NOON });
    for (place, value) in rows_of_user(1, user(1), &session, Some(NOON), true).into_iter().flatten() {
        changes.put(place, value.map(|(_, value)| (never, value)), usize::MAX);
    }
    changes.put(Place::User(1, user(1), UserKind::Known), Some((never, vec![1])), usize::MAX);
    let keyboard = keyboard.unwrap();
    let id: Box<[u8]> = keyboard.id().0.to_be_bytes().into();
    changes.put(Place::Fact(FactKind::Keyboard, 1, id), Some((never, encode_keyboard(&keyboard))), usize::MAX);
    let fact = |kind, key: &[u8], value: &[u8]| (Place::Fact(kind, 1, key.into()), Some((never, value.to_vec())));
    for (place, value) in [
        fact(FactKind::Block, b"block", &[1]),
        fact(FactKind::Alias, b"31", b"user00000001"),
        fact(FactKind::Waiting, b"32", &[1, 1, 2]),
        fact(FactKind::Seen, b"resource", &[1]),
        fact(FactKind::Outbox, b"user00000001", &[1, 3]),
    ] {
        changes.put(place, value, usize::MAX);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/0.2.0.db");
    let mut database = Database::open(&path).unwrap();
    database.write(&changes).unwrap();
    database.close().unwrap();
}

#[test]
fn p7_the_file_of_0_2_0_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bridge.db");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/0.2.0.db"), &path).unwrap();
    let database = Database::open(&path).unwrap();
    assert!(!database.is_new);
    assert_eq!(database.bots().unwrap(), [(1, shop())]);
    let rows = database.user(1, &user(1), NOON).unwrap();
    let value = |kind| &rows.iter().find(|(own, ..)| *own == kind).unwrap().2;
    let stored = StoredShown::decode(value(UserKind::Shown), NOON).unwrap();
    assert_eq!(stored.asking, Some(NOON));
    let id = stored.keyboard.unwrap().0.to_be_bytes();
    let labels = decode_labels(&database.fact(FactKind::Keyboard, 1, &id).unwrap().unwrap()).unwrap();
    assert_eq!(labels, ["급식", "날씨"].map(Box::<str>::from));
    let keyboard = crate::translate::keyboard::Keyboard::new(&labels).map(Arc::new);
    let mut session = stored.with_keyboard(keyboard);
    session.decode_parked(value(UserKind::Parked), NOON);
    assert_eq!((session.page(), session.last_shown(), session.late(NOON).count()), (30, NOON, 1));
    let facts: Vec<(u8, Vec<u8>)> =
        database.facts(NOON).unwrap().into_iter().map(|fact| (fact.kind, fact.key)).collect();
    let expected = [(2, &b"block"[..]), (3, b"31"), (4, b"32"), (5, b"resource"), (6, b"user00000001")];
    assert_eq!(facts, expected.map(|(kind, key)| (kind, key.to_vec())));
}

/// `MILLION=1 cargo test --release --lib million -- --nocapture`: what a million users take.
#[test]
#[ignore = "for its figures"]
fn p1_the_start_takes_no_longer_with_a_million_users() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path(), 2_000_000);
    let keyboard = process.keyboards.intern(&labels(6));
    let journal = process.store.journal().unwrap();
    let mut session = Session::default();
    session.show(keyboard, Page::default(), false, time::now());
    let began = time::instant();
    for number in 0..1_000_000 {
        journal.user(user(number), &session, None, false);
        journal.know(user(number), Some(time::now().plus(KNOWN)));
        if number % 4000 == 0 {
            process.settle();
        }
    }
    process.settle();
    let wrote = began.elapsed();
    drop(process);
    let bytes = folder.path().join("bridge.db").metadata().unwrap().len();
    let began = time::instant();
    let process = Process::start(folder.path(), 2_000_000);
    let started = began.elapsed();
    let began = time::instant();
    for number in (0..1_000_000).step_by(100) {
        let (turn, _) = process.begin(number);
        assert!(!turn.session.is_new());
    }
    let looked_up = began.elapsed() / 10_000;
    println!("written in {wrote:?}, {bytes} bytes, started in {started:?}, {looked_up:?} a look-up");
    assert!(started < Duration::from_secs(3));
    let count: i64 = rusqlite::Connection::open(folder.path().join("bridge.db"))
        .and_then(|file| file.query_row("SELECT count(*) FROM users WHERE kind = ?1", params![1], |row| row.get(0)))
        .unwrap();
    assert_eq!(count, 1_000_000);
}
