//! The contract of a store over Redis, with several processes' worth of it in one: order, at most one turn, shared taps,
//! parked replies, bounds, first contact.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command as Program, Stdio};
use std::sync::atomic::AtomicUsize;

use bytes::Bytes;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::*;
use crate::config::secret::Secret;
use crate::keyboards::SessionMemory;
use crate::session::{LateReply, ReplyBody, Session};
use crate::store::{Acquaintance, ParkedLimit, ParkedShare, Turn};
use crate::time;
use crate::translate::outbound::Page;
use crate::wire::legacy::Notice;

mod interleavings;

/// A Redis of its own; killed when dropped.
struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    #[allow(clippy::disallowed_methods, reason = "it says whether everything must be there, as in the other tests")]
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let name = std::env::var("SMARTCHAT_REDIS").unwrap_or_else(|_| "redis-server".to_owned());
        let mut program = Program::new(&name);
        program.args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string(), "--dir"]);
        let Ok(child) = program.arg(folder.path()).stdout(Stdio::null()).spawn() else {
            let required = std::env::var("REQUIRE_ALL").is_ok_and(|value| value == "1");
            assert!(!required, "{name} is not installed");
            eprintln!("skipped: {name} is not installed");
            return None;
        };
        let mut server = Self { child, port, folder };
        let until = time::instant() + Duration::from_secs(10);
        while time::instant() < until && server.child.try_wait().unwrap().is_none() {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(server);
            }
            std::thread::yield_now();
        }
        // Another process has taken the port.
        Self::start()
    }

    /// The line that answers a command.
    fn say(&self, command: &str) -> String {
        let mut way = std::net::TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        way.write_all(format!("{command}\r\n").as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(way).read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The store as one more process has it.
    fn process(&self, turns: usize) -> Arc<RemoteStore> {
        let memory = SessionMemory::new(1 << 20);
        let keyboards = Arc::new(Keyboards::new(Arc::clone(&memory)));
        let url = Secret::new(&format!("redis://127.0.0.1:{}", self.port));
        let remote = Remote::start(&StoreUrl { url, ca: None, prefix: "test".into() }, 2, &keyboards).unwrap();
        remote.wait_until_asked(Duration::from_secs(10));
        let share = Arc::new(ParkedShare::new(&ParkedLimit::new(1 << 20), 1));
        let local = LocalStore::new(1000, turns, share, memory);
        remote.of_bot(&BotId::parse("shop").unwrap(), local, turns, &Blocks::default(), &Arc::new(Contacts::new(None)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = (self.child.kill(), self.child.wait());
        assert!(self.folder.path().exists());
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.ending.cancel();
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A user of this number whom no other test has.
fn user(number: usize) -> UserKey {
    UserKey::parse(&format!("user{number:08}")).unwrap()
}

async fn turn(begun: Begun) -> Turn {
    timeout(Duration::from_secs(10), begun.turn()).await.expect("it is their turn").expect("a turn")
}

/// Asks for a turn that does not come yet, and waits until that is known.
async fn waits(begun: Begun) -> Entering {
    let Begun::Asks(mut entering) = begun else { panic!("the store is in trouble") };
    assert!(timeout(Duration::from_millis(50), &mut entering).await.is_err(), "it is not their turn");
    entering
}

/// Two of one millisecond would have one name, which two turns of one user never do outside a test.
fn parked(text: &str) -> LateReply {
    let before = time::now();
    let now = std::iter::repeat_with(time::now).find(|now| *now > before).unwrap();
    LateReply { bodies: vec![ReplyBody::Words(text.into())], asked: now, came: now }
}

fn read(turn: &mut Turn) -> Vec<ReplyBody> {
    turn.session.take_late(time::now()).into_iter().flat_map(|late| late.bodies).collect()
}

#[test]
fn i6_turns_are_one_at_a_time_in_order_and_know_what_was_shown_before() {
    let Some(server) = Server::start() else { return };
    let [one, two] = [server.process(100), server.process(100)];
    runtime().block_on(async {
        let mut line = vec![waits_or_turn(one.begin(user(1), None)).await];
        for number in 1..10 {
            let store = if number % 2 == 0 { &one } else { &two };
            line.push(waits_or_turn(store.begin(user(1), None)).await);
        }
        for (number, place) in line.into_iter().enumerate() {
            let mut turn = match place {
                Ok(turn) => turn,
                Err(entering) => turn(Begun::Asks(entering)).await,
            };
            assert_eq!(turn.session.page() as usize, number);
            let page = Page { start: turn.session.page() + 1, previous: None, next: None };
            turn.session.show(None, page, false, time::now());
            turn.commit(None, time::now());
        }
    });
}

async fn waits_or_turn(begun: Begun) -> Result<Turn, Entering> {
    let Begun::Asks(mut entering) = begun else { panic!("the store is in trouble") };
    match timeout(Duration::from_millis(30), &mut entering).await {
        Ok(Begun::Turn(turn)) => Ok(turn),
        Ok(other) => panic!("{other:?}"),
        Err(_) => Err(entering),
    }
}

#[test]
fn i6_the_baton_passes_over_those_who_have_gone() {
    let Some(server) = Server::start() else { return };
    let [one, two] = [server.process(10), server.process(10)];
    runtime().block_on(async {
        let first = turn(one.begin(user(1), None)).await;
        let gone = waits(two.begin(user(1), None)).await;
        let stays = waits(one.begin(user(1), None)).await;
        drop(gone);
        drop(first);
        drop(turn(Begun::Asks(stays)).await);
        drop(turn(two.begin(user(1), None)).await);
    });
}

#[test]
fn i6_a_begin_is_not_too_old_for_an_answer_that_was_read_late() {
    let Some(server) = Server::start() else { return };
    let [one, two] = [server.process(10), server.process(10)];
    runtime().block_on(async {
        let first = turn(two.begin(user(1), None)).await;
        // By this answer the store's clock would be a minute behind what it shows, and every begin too old.
        let by_its_clock = one.remote.health.by_its_clock(time::now());
        one.remote.health.tells_time(by_its_clock - 60_000);
        // This one arrives before the other, and is heard of later.
        let earlier = one.begin(user(1), None);
        // By the same connection: when this is answered, the begin has been.
        assert!(one.keep(user(1), &Session::default(), &[]).await);
        let later = waits(two.begin(user(1), None)).await;
        let earlier = waits(earlier).await;
        drop(first);
        drop(turn(Begun::Asks(earlier)).await);
        drop(turn(Begun::Asks(later)).await);
    });
}

#[test]
fn i6_those_who_wait_when_the_store_falls_go_on_in_the_order_in_which_they_arrived() {
    let Some(server) = Server::start() else { return };
    let [one, two] = [server.process(10), server.process(10)];
    runtime().block_on(async {
        let _first = turn(two.begin(user(1), None)).await;
        let mut line = [waits(one.begin(user(1), None)).await, waits(one.begin(user(1), None)).await].map(Some);
        drop(server);
        timeout(Duration::from_secs(10), one.remote.health.fallen()).await.expect("it is noticed");
        // Whoever comes now stands behind those who have not noticed yet.
        let third = waits(one.begin(user(1), None)).await;
        let second = waits(Begun::Asks(line[1].take().unwrap())).await;
        let first = turn(Begun::Asks(line[0].take().unwrap())).await;
        let third = waits(Begun::Asks(third)).await;
        drop(first);
        drop(turn(Begun::Asks(second)).await);
        drop(turn(Begun::Asks(third)).await);
        // Nobody is waited for any more.
        assert!(matches!(one.begin(user(1), None), Begun::Turn(_)));
    });
}

#[test]
fn i3_the_same_tap_follows_and_learns_that_there_is_no_answer() {
    let Some(server) = Server::start() else { return };
    let [one, two] = [server.process(10), server.process(10)];
    runtime().block_on(async {
        for answer in [Some(Bytes::from_static(b"answer")), None] {
            let first = turn(one.begin(user(1), Some(7))).await;
            let Begun::Asks(entering) = two.begin(user(1), Some(7)) else { panic!("the store is in trouble") };
            let Begun::Follow(following) = entering.await else { panic!("it does not follow") };
            let _other = waits(two.begin(user(1), Some(8))).await;
            match &answer {
                Some(answer) => first.commit(Some(answer), time::now()),
                None => drop(first),
            }
            let read = timeout(Duration::from_secs(5), following).await.expect("it is told");
            assert_eq!(read.map(|(read, _)| read), answer);
        }
    });
}

#[test]
fn s3_a_parked_reply_is_taken_once_and_never_comes_back() {
    let Some(server) = Server::start() else { return };
    let [one, two] = [server.process(10), server.process(10)];
    runtime().block_on(async {
        let mut first = turn(one.begin(user(1), None)).await;
        first.session.park(parked("late"));
        let kept = first.session.clone();
        first.commit(None, time::now());
        let mut second = turn(two.begin(user(1), None)).await;
        assert_eq!(read(&mut second), [ReplyBody::Words("late".into())]);
        second.commit(None, time::now());
        // What was told already is told again, as after a fault.
        assert!(one.keep(user(1), &kept, &[]).await);
        assert!(read(&mut turn(two.begin(user(1), None)).await).is_empty());
        // Something that nobody has read yet is added, once.
        let mut more = kept.clone();
        more.park(parked("later"));
        assert!(one.keep(user(1), &more, &[]).await && one.keep(user(1), &more, &[]).await);
        assert_eq!(read(&mut turn(two.begin(user(1), None)).await), [ReplyBody::Words("later".into())]);
    });
}

#[test]
fn s5_a_line_is_bounded() {
    let Some(server) = Server::start() else { return };
    let [one, two] = [server.process(2), server.process(2)];
    runtime().block_on(async {
        let _first = turn(one.begin(user(1), None)).await;
        let _second = waits(two.begin(user(1), None)).await;
        let Begun::Asks(entering) = one.begin(user(1), None) else { panic!("the store is in trouble") };
        assert!(matches!(entering.await, Begun::Full));
        drop(turn(one.begin(user(2), None)).await);
    });
}

#[test]
fn e3_a_user_is_new_until_a_turn_has_told_of_it() {
    let Some(server) = Server::start() else { return };
    let [one, two] = [server.process(2), server.process(2)];
    runtime().block_on(async {
        // The first one dies before it has told anybody.
        let first = turn(one.begin(user(1), None)).await;
        assert_eq!(first.acquaintance(), Acquaintance::New);
        drop(first);
        let second = turn(two.begin(user(1), None)).await;
        assert_eq!(second.acquaintance(), Acquaintance::New);
        second.commit(None, time::now());
        let third = turn(one.begin(user(1), None)).await;
        assert_eq!(third.acquaintance(), Acquaintance::Known);
        drop(third);
        two.forget(&user(1));
        assert_eq!(turn(two.begin(user(1), None)).await.acquaintance(), Acquaintance::New);
    });
}

#[test]
fn e3_a_friend_of_whom_the_bot_was_told_is_known_though_the_turn_is_withdrawn() {
    let Some(server) = Server::start() else { return };
    let [one, two] = [server.process(2), server.process(2)];
    runtime().block_on(async {
        let first = turn(one.begin(user(1), None)).await;
        assert_eq!(first.acquaintance(), Acquaintance::New);
        first.has_met();
        drop(first);
        assert_eq!(turn(two.begin(user(1), None)).await.acquaintance(), Acquaintance::Known);
    });
}

#[test]
fn s5_those_who_follow_a_tap_are_bounded_and_all_are_told() {
    let Some(server) = Server::start() else { return };
    let [one, two] = [server.process(3), server.process(3)];
    runtime().block_on(async {
        let first = turn(one.begin(user(1), Some(7))).await;
        let mut following = Vec::new();
        for _ in 0..2 {
            let Begun::Asks(entering) = two.begin(user(1), Some(7)) else { panic!("the store is in trouble") };
            let Begun::Follow(one_more) = entering.await else { panic!("it does not follow") };
            following.push(one_more);
        }
        let Begun::Asks(entering) = one.begin(user(1), Some(7)) else { panic!("the store is in trouble") };
        assert!(matches!(entering.await, Begun::Full));
        first.commit(Some(&Bytes::from_static(b"answer")), time::now());
        for following in following {
            let read = timeout(Duration::from_secs(5), following).await.expect("it is told");
            assert_eq!(read.map(|(read, _)| read), Some(Bytes::from_static(b"answer")));
        }
    });
}

#[test]
fn i6_a_gate_that_is_in_use_never_expires() {
    let Some(server) = Server::start() else { return };
    let store = server.process(2);
    runtime().block_on(async {
        drop(store.gate().await.expect("the gate"));
        let key = String::from_utf8(store.fact("", "gate")).unwrap();
        assert_eq!(server.say(&format!("PEXPIRE {key} 60000")), ":1");
        let _held = store.gate().await.expect("the gate");
        let left = server.say(&format!("PTTL {key}"));
        assert!(left.trim_start_matches(':').parse::<u64>().is_ok_and(|left| left > 60_000), "{left}");
    });
}

#[test]
fn p4_a_debt_that_is_being_paid_is_taken_by_nobody() {
    let Some(server) = Server::start() else { return };
    let [one, two] = [server.process(2), server.process(2)];
    runtime().block_on(async {
        one.owe(b"debt", b"value".to_vec(), None).await;
        let [debts, due] = one.debt_keys().map(|key| String::from_utf8(key).unwrap());
        let name = String::from_utf8(one.debt_name(b"debt")).unwrap();
        while two.remote.health.is_patient() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Its holder is silent.
        one.owed.clear();
        assert_eq!(server.say(&format!("ZADD {due} 1 {name}")), ":0");
        let taken = two.take_debts().await;
        assert_eq!(taken, [(name.clone().into_bytes(), b"value".to_vec())]);
        // Paying takes longer than a silence.
        assert_eq!(server.say(&format!("ZADD {due} 1 {name}")), ":0");
        assert!(two.take_debts().await.is_empty());
        two.settle_named(name.into_bytes());
        let until = time::instant() + Duration::from_secs(10);
        while server.say(&format!("HLEN {debts}")) != ":0" {
            assert!(time::instant() < until, "it is settled");
            tokio::task::yield_now().await;
        }
        assert!(two.owed.is_empty());
    });
}

#[test]
fn e2_an_event_is_not_lost_with_an_answer_of_the_store_that_comes_too_late() {
    let Some(server) = Server::start() else { return };
    let [one, two] = [server.process(2), server.process(2)];
    runtime().block_on(async {
        assert_eq!(one.event("app", Notice::FriendAdded).await, Some(None));
        assert_eq!(server.say("CLIENT PAUSE 60000 WRITE"), "+OK");
        assert_eq!(one.learn("app", user(1)).await, None, "it is given up before the store answers");
        assert_eq!(server.say("CLIENT UNPAUSE"), "+OK");
        // The store has executed it meanwhile, or never does.
        let until = time::instant() + Duration::from_secs(10);
        let waited = loop {
            if let Some(waited) = two.learn("app", user(1)).await {
                break waited;
            }
            assert!(time::instant() < until, "the store is there again");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(waited, [Notice::FriendAdded]);
        // Whoever has read them takes them away.
        while server.say("EXISTS test:{shop/app/app}:waiting") != ":0" {
            assert!(time::instant() < until, "they are taken away");
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn e4_what_a_dead_replica_left_stays_until_it_is_in_other_hands() {
    let Some(server) = Server::start() else { return };
    let one = server.process(10);
    runtime().block_on(async {
        let key = String::from_utf8(one.key(&user(1), "s")).unwrap();
        assert_eq!(server.say(&format!("HSET {key} odead \"\\x01\\x01\"")), ":1");
        // A worker, a debt, or a call that is withdrawn.
        drop(turn(one.begin(user(1), None)).await);
        for is_taken in [false, true] {
            let until = time::instant() + Duration::from_secs(10);
            // A store that answers late leaves them to the next turn.
            let (mut next, left) = loop {
                let mut next = turn(one.begin(user(1), None)).await;
                if let Some(left) = next.next_left().await {
                    break (next, left);
                }
                assert!(time::instant() < until, "they are there");
            };
            assert_eq!(left.notices, [Notice::FriendAdded]);
            if is_taken {
                next.took(&left);
            }
            assert!(next.next_left().await.is_none());
        }
        assert!(turn(one.begin(user(1), None)).await.next_left().await.is_none());
        assert_eq!(server.say(&format!("HEXISTS {key} odead")), ":0");
    });
}

#[test]
fn e2_of_two_who_learn_of_a_user_one_has_the_events() {
    let Some(server) = Server::start() else { return };
    let [one, two] = [server.process(2), server.process(2)];
    runtime().block_on(async {
        let mut both = 0;
        for number in 0..50 {
            let app = format!("app{number}");
            let waits = one.event(&app, Notice::FriendAdded).await == Some(None);
            let learnt = tokio::join!(one.learn(&app, user(number)), two.learn(&app, user(number)));
            // On a busy machine the store may answer late.
            if let (true, (Some(here), Some(there))) = (waits, learnt) {
                assert_eq!(here.len() + there.len(), 1, "{number}");
                both += 1;
            }
        }
        assert!(both > 0);
    });
}
