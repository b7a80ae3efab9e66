//! Who waits how long for what (S1 to S3, I6, I7), at the times of production and without sockets: the clock is
//! paused, the bot is a script.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::str_to_string,
    clippy::needless_pass_by_value,
    reason = "a test may fail as it likes, and prints its figures"
)]

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use smartchat_bridge::breaker::State;
use smartchat_bridge::callback::CallbackUrl;
use smartchat_bridge::config::load::{Flag, Sources, load};
use smartchat_bridge::engine::patience::attend;
use smartchat_bridge::engine::turn::Call;
use smartchat_bridge::events;
use smartchat_bridge::fault::Sent;
use smartchat_bridge::ids::UserKey;
use smartchat_bridge::legacy::api::{BackendError, BoxFuture, LegacyApi, RawReply};
use smartchat_bridge::net::CoreId;
use smartchat_bridge::session::{Late, ReplyBody};
use smartchat_bridge::shared::Shared;
use smartchat_bridge::store::memory::{MemoryStore, ParkedBudget};
use smartchat_bridge::store::{Begun, SharedAnswer, Store, TapId};
use smartchat_bridge::time::{self, Instant};
use smartchat_bridge::translate::inbound::{Endpoint, InboundRules, understand};
use smartchat_bridge::translate::outbound::Page;
use smartchat_bridge::wire::legacy::{MessageCall, Notice};
use smartchat_bridge::wire::skill::SkillCall;
use tokio::task::JoinHandle;
use tokio::time::{sleep, sleep_until};

const WAIT: &str = "답변을 준비하고 있습니다. 잠시 후 다시 확인해 주세요.";
const RESEND: &str = "앞선 답변이 늦어져 이번 메시지를 전달하지 못했습니다. 다시 보내 주세요.";
const NO_REPLY: &str = "답변을 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.";
const NOTHING: &str = "보여 드릴 답변이 없습니다. 다시 말씀해 주세요.";

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What the bot does with one message.
#[derive(Debug, Clone)]
enum Act {
    UserInput(Value),
    Cut,
    Hang,
    Panic,
}

type Script = dyn Fn(&str) -> (Duration, Act) + Send + Sync;

struct Bot {
    script: Box<Script>,
    home: Mutex<Option<Duration>>,
    asked: Mutex<Vec<String>>,
    out: AtomicUsize,
    most_out: AtomicUsize,
    said: Mutex<Vec<String>>,
    told: Mutex<Vec<Notice>>,
}

/// Counts a message as out for as long as it lives.
struct Out<'a>(&'a Bot);

impl Drop for Out<'_> {
    fn drop(&mut self) {
        self.0.out.fetch_sub(1, Ordering::SeqCst);
    }
}

fn raw(body: &Value) -> RawReply {
    RawReply { status: 200, body: Bytes::from(body.to_string()), cut_short: false }
}

impl LegacyApi for Bot {
    fn home<'a>(&'a self, _core: CoreId, cut: Instant) -> BoxFuture<'a, Result<RawReply, BackendError>> {
        let after = *self.home.lock().unwrap();
        Box::pin(async move {
            let Some(after) = after else { return Ok(raw(&json!({ "type": "text" }))) };
            sleep_until(cut.min(time::instant() + after)).await;
            Err(BackendError::TimedOut { sent: Sent::Unknown })
        })
    }

    fn message<'a>(
        &'a self,
        _core: CoreId,
        call: MessageCall<'a>,
        cut: Instant,
    ) -> BoxFuture<'a, Result<RawReply, BackendError>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(call.content.to_owned());
            let out = self.out.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_out.fetch_max(out, Ordering::SeqCst);
            let _out = Out(self);
            let (after, act) = (self.script)(call.content);
            let ends = time::instant() + after;
            if matches!(act, Act::Hang) || ends > cut {
                sleep_until(cut).await;
                return Err(BackendError::TimedOut { sent: Sent::Unknown });
            }
            sleep_until(ends).await;
            match act {
                Act::UserInput(body) => {
                    self.said.lock().unwrap().push(call.content.to_owned());
                    Ok(raw(&body))
                }
                // Without the hook, which would fill the output.
                Act::Panic => std::panic::resume_unwind(Box::new("the client has a bug")),
                Act::Cut | Act::Hang => Err(BackendError::Cut { sent: Sent::Unknown, source: None }),
            }
        })
    }

    fn notify<'a>(
        &'a self,
        _core: CoreId,
        notice: Notice,
        _user_key: &'a UserKey,
        _cut: Instant,
    ) -> BoxFuture<'a, Result<u16, BackendError>> {
        Box::pin(async move {
            let mut told = self.told.lock().unwrap();
            told.push(notice);
            if told.len() == 1 {
                drop(told);
                std::panic::resume_unwind(Box::new("the client has a bug"));
            }
            Ok(200)
        })
    }
}

fn says(text: &str) -> Act {
    Act::UserInput(json!({ "message": { "text": text } }))
}

fn says_with(text: &str, buttons: &[&str]) -> Act {
    Act::UserInput(json!({ "message": { "text": text }, "keyboard": { "type": "buttons", "buttons": buttons } }))
}

struct Bridge {
    shared: Arc<Shared>,
    bot: Arc<Bot>,
}

/// An answer as the user reads it, and when.
#[derive(Debug, Clone)]
struct Read {
    json: Value,
    took: Duration,
}

impl Read {
    fn text(&self) -> String {
        let outputs = self.json["template"]["outputs"].as_array().cloned().unwrap_or_default();
        let text = outputs.iter().map(|output| output["simpleText"]["text"].as_str().unwrap_or_default().to_owned());
        text.collect::<Vec<_>>().join("\n")
    }

    fn offers(&self, label: &str) -> bool {
        let replies = self.json["template"]["quickReplies"].as_array();
        replies.is_some_and(|replies| replies.iter().any(|reply| reply["label"] == label))
    }
}

impl Bridge {
    fn new(keys: &[(&str, &str)], script: impl Fn(&str) -> (Duration, Act) + Send + Sync + 'static) -> Self {
        let mut flags = vec![("bots.default.url", "http://127.0.0.1:1"), ("workers", "1")];
        flags.extend(keys);
        let flag = |(key, value): (&str, &str)| Flag {
            key: key.to_owned(),
            value: value.to_owned(),
            name: format!("--{key}"),
        };
        let sources = Sources { flags: flags.into_iter().map(flag).collect(), ..Sources::default() };
        let settings = load(&sources).unwrap_or_else(|problems| panic!("{problems}")).settings;
        let bot = Arc::new(Bot {
            script: Box::new(script),
            home: Mutex::new(None),
            asked: Mutex::default(),
            out: AtomicUsize::new(0),
            most_out: AtomicUsize::new(0),
            said: Mutex::default(),
            told: Mutex::default(),
        });
        let api = Arc::clone(&bot);
        let shared = Shared::build(settings, Box::new(move |_, _| Ok(Arc::clone(&api) as Arc<dyn LegacyApi>)));
        Self { shared: shared.ok().unwrap(), bot }
    }

    /// One call, as the server makes it of a body; the mark is `clientExtra.sb`.
    fn call(&self, words: &str, mark: Option<Value>, callback: Option<&str>) -> impl Future<Output = Read> + use<> {
        let arrived = time::instant();
        let body = json!({
            // As the secure image plugin brings them (openbuilder.md 1.8).
            "action": { "params": { "photos": words.starts_with("List(").then_some(words) }, "clientExtra": { "sb": mark } },
            "userRequest": {
                "utterance": words,
                "callbackUrl": callback,
                "user": { "properties": { "plusfriendUserKey": "Qw7-eRt_9YzA" } },
            },
        })
        .to_string();
        let bots = self.shared.registry();
        let bot = Arc::clone(bots.iter().next().unwrap());
        let decoded = SkillCall::parse(body.as_bytes()).ok().unwrap();
        let ears = InboundRules { bot: &bot.settings.id, welcome_blocks: &[], media_hosts: &[] };
        let inbound = understand(decoded, Endpoint::Skill, &ears).ok().unwrap().into_owned();
        let callback = inbound.callback_url.as_deref();
        let callback = callback.map(|url| CallbackUrl::parse(url, &bots.settings.callback.origins).unwrap());
        let late = if callback.is_some() { bots.settings.callback.give_up } else { bot.settings.late };
        let call = Arc::new(Call {
            shared: Arc::clone(&self.shared),
            core: CoreId(0),
            places: self.shared.try_acquire(&bot).unwrap(),
            bot,
            inbound,
            message_block: None,
            arrived,
            cut: arrived + late,
        });
        async move {
            let body = attend(call, "request".into(), callback).await;
            Read { json: serde_json::from_slice(&body).unwrap(), took: arrived.elapsed() }
        }
    }

    fn say(&self, words: &str) -> JoinHandle<Read> {
        tokio::spawn(self.call(words, None, None))
    }

    fn tap(&self, label: &str) -> JoinHandle<Read> {
        tokio::spawn(self.call(label, Some(json!({ "v": 1, "w": label })), None))
    }

    fn ask_for_late(&self) -> JoinHandle<Read> {
        tokio::spawn(self.call("답변 보기", Some(json!({ "v": 1, "l": true })), None))
    }

    fn asked(&self) -> Vec<String> {
        self.bot.asked.lock().unwrap().clone()
    }

    /// Nothing is left: no turn, no task, no held session.
    #[track_caller]
    fn is_quiet(&self) {
        assert_eq!((self.shared.turns.count(), self.shared.tasks.running()), (0, 0));
        assert_eq!(self.bot.out.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_takes_eight_seconds_is_waited_for_on_the_tap() {
    let bridge = Bridge::new(&[], |_| (ms(8_000), says("늦은 답")));
    let first = bridge.say("안녕").await.unwrap();
    assert_eq!((first.text(), first.took), (WAIT.into(), ms(4_500)));
    sleep(ms(500)).await;
    let late = bridge.ask_for_late().await.unwrap();
    assert_eq!((late.text(), late.took), ("늦은 답".into(), ms(3_000)));
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), NOTHING);
    assert_eq!(bridge.asked(), ["안녕"]);
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_never_answers_is_cut_after_fifteen_seconds() {
    let bridge = Bridge::new(&[], |_| (ms(0), Act::Hang));
    assert_eq!(bridge.say("안녕").await.unwrap().text(), WAIT);
    let again = bridge.ask_for_late().await.unwrap();
    assert_eq!((again.text(), again.took), (WAIT.into(), ms(4_500)));
    sleep(ms(3_000)).await;
    let cut = bridge.ask_for_late().await.unwrap();
    assert_eq!((cut.text(), cut.took), (NO_REPLY.into(), ms(3_000)));
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn words_in_line_share_their_own_budget_and_are_withdrawn_unsent() {
    let bridge = Bridge::new(&[], |_| (ms(9_000), says("답")));
    let first = bridge.say("하나");
    sleep(ms(1_000)).await;
    let second = bridge.say("둘").await.unwrap();
    assert_eq!((second.text(), second.took), (RESEND.into(), ms(4_500)));
    assert_eq!(first.await.unwrap().text(), WAIT);
    sleep(ms(20_000)).await;
    assert_eq!(bridge.asked(), ["하나"]);
    bridge.is_quiet();
}

/// The turn of the second comes in the very moment its deadline passes. Whichever wins, the third gets its turn.
#[tokio::test(start_paused = true)]
async fn a_turn_that_arrives_as_its_call_gives_up_goes_to_the_next_in_line() {
    for early in [0, 1, 2] {
        let bridge = Bridge::new(&[], |words| (if words == "하나" { ms(6_000) } else { ms(10) }, says(words)));
        let first = bridge.say("하나");
        sleep(ms(1_500 - early)).await;
        let second = bridge.say("둘");
        sleep(ms(500)).await;
        let third = bridge.say("셋");
        assert_eq!(first.await.unwrap().text(), WAIT);
        let (second, third) = (second.await.unwrap(), third.await.unwrap());
        let sent = bridge.asked().contains(&"둘".to_owned());
        assert_eq!(second.text() == RESEND, !sent, "{second:?}");
        assert!(third.text().ends_with("셋"), "{third:?}");
        bridge.is_quiet();
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_inside_a_turn_leaves_the_users_line_free() {
    let bridge = Bridge::new(&[], |words| (ms(100), if words == "하나" { Act::Panic } else { says("답") }));
    let (first, second) = (bridge.say("하나"), bridge.say("둘"));
    assert_eq!(first.await.unwrap().text(), NO_REPLY);
    assert_eq!(second.await.unwrap().text(), "답");
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn a_panic_after_the_deadline_leaves_nothing_behind() {
    let bridge = Bridge::new(&[], |words| (ms(6_000), if words == "하나" { Act::Panic } else { says("답") }));
    assert_eq!(bridge.say("하나").await.unwrap().text(), WAIT);
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), NOTHING);
    bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn a_hang_up_before_and_in_mid_turn_parks_the_answer() {
    for after in [0, 2_000] {
        let bridge = Bridge::new(&[], |words| (if words == "하나" { ms(3_000) } else { ms(0) }, says(words)));
        let call = bridge.call("하나", None, None);
        let calling = tokio::spawn(async move { tokio::time::timeout(ms(after), call).await.is_err() });
        assert!(calling.await.unwrap());
        sleep(ms(4_000)).await;
        assert_eq!(bridge.say("둘").await.unwrap().text(), "하나\n둘");
        bridge.is_quiet();
    }
}

/// A tap that follows another in the line whose call gives up: it stands for itself, and the bot is asked once.
#[tokio::test(start_paused = true)]
async fn a_follower_of_a_withdrawn_tap_stands_for_itself() {
    let bridge = Bridge::new(&[], |words| (if words == "느림" { ms(5_500) } else { ms(10) }, says(words)));
    let slow = bridge.say("느림");
    sleep(ms(500)).await;
    let leader = bridge.tap("가");
    sleep(ms(2_000)).await;
    let follower = bridge.tap("가");
    assert_eq!(slow.await.unwrap().text(), WAIT);
    assert_eq!(leader.await.unwrap().text(), RESEND);
    assert_eq!(follower.await.unwrap().text(), "느림\n가");
    assert_eq!(bridge.asked(), ["느림", "가"]);
    bridge.is_quiet();
}

/// The home keyboard is fetched again after a failed turn of a user nobody knows; that second is the turn's, too.
#[tokio::test(start_paused = true)]
async fn a_home_keyboard_that_hangs_does_not_carry_an_answer_past_its_deadline() {
    let bridge = Bridge::new(&[], |_| (ms(4_400), Act::Cut));
    *bridge.bot.home.lock().unwrap() = Some(ms(60_000));
    let answer = bridge.tap("옛 버튼").await.unwrap();
    assert_eq!((answer.text(), answer.took), (WAIT.into(), ms(4_500)));
    sleep(ms(1_000)).await;
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), NO_REPLY);
}

/// K1: at most a second of a turn, not one before the bot is asked and another after it failed.
#[tokio::test(start_paused = true)]
async fn a_home_keyboard_that_hangs_is_waited_for_once_a_turn() {
    let bridge = Bridge::new(&[], |_| (ms(100), Act::Cut));
    *bridge.bot.home.lock().unwrap() = Some(ms(60_000));
    let answer = bridge.call("안녕", None, None).await;
    assert_eq!((answer.text(), answer.took), (NO_REPLY.into(), ms(1_100)));
}

#[tokio::test(start_paused = true)]
async fn a_call_with_a_callback_is_acknowledged_after_three_and_a_half_seconds() {
    let bridge = Bridge::new(&[], |_| (ms(3_400), says("답")));
    let url = "https://bot-api.kakao.com/v1/bots/x/callback/y";
    let quick = bridge.call("안녕", None, Some(url)).await;
    assert_eq!((quick.text(), quick.took), ("답".into(), ms(3_400)));
    let bridge = Bridge::new(&[], |_| (ms(0), Act::Hang));
    let slow = bridge.call("안녕", None, Some(url)).await;
    assert_eq!((&slow.json["useCallback"], slow.took), (&json!(true), ms(3_500)));
    let without = Bridge::new(&[], |_| (ms(0), Act::Hang)).call("안녕", None, None).await;
    assert_eq!(without.json["useCallback"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_is_a_line_too() {
    let bridge = Bridge::new(&[("bots.default.one_at_a_time", "true")], |words| (ms(100), says(words)));
    for words in ["하나", "둘", "셋"] {
        assert_eq!(bridge.say(words).await.unwrap().text(), words);
    }
    assert_eq!(bridge.bot.most_out.load(Ordering::SeqCst), 1);
    bridge.is_quiet();
}

fn late(text: &'static str) -> Late {
    Late { pieces: vec![ReplyBody::Reply(Bytes::from_static(text.as_bytes()))], asked: time::now(), came: time::now() }
}

/// Two cores: the answer is handed to a follower in the moment its call gives up.
#[tokio::test(start_paused = true)]
async fn an_answer_handed_to_a_follower_that_never_looks_is_parked() {
    for owed in [true, false] {
        let store = Arc::new(MemoryStore::new(10, 10, Arc::new(ParkedBudget::new(1_000))));
        let (user, tap) = (UserKey::parse("Qw7-eRt_9YzA").unwrap(), TapId::new(7));
        let begin = |tap| (Arc::clone(&store) as Arc<dyn Store>).begin(user, tap);
        let Begun::Turn(leader) = begin(tap) else { panic!("the line is empty") };
        let Begun::Follow(follower) = begin(tap) else { panic!("the same tap follows") };
        assert_eq!(leader.share(&SharedAnswer { body: Bytes::new(), late: late("답"), owed }), 1);
        drop(follower);
        leader.commit(time::now());
        assert_eq!(store.census().parked, usize::from(owed));
        let Begun::Turn(next) = begin(None) else { panic!("the line is free") };
        assert_eq!(next.session.has_late(time::now()), owed);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_amended_while_a_turn_is_out_is_there_for_the_next_even_if_it_dies() {
    for commits in [true, false] {
        let store = Arc::new(MemoryStore::new(10, 2, Arc::new(ParkedBudget::new(1_000))));
        let user = UserKey::parse("Qw7-eRt_9YzA").unwrap();
        let begin = || (Arc::clone(&store) as Arc<dyn Store>).begin(user, None);
        let park = || Arc::clone(&store).amend(&user, Box::new(|session| session.park(late("답"))), time::now());
        let Begun::Turn(turn) = begin() else { panic!("the line is empty") };
        assert!(park() && park());
        assert!(!park(), "bounded like the line");
        if commits {
            turn.commit(time::now());
        } else {
            drop(turn);
        }
        let Begun::Turn(next) = begin() else { panic!("the line is free") };
        assert_eq!(next.session.late(time::now()).count(), 2);
        drop(next);
        assert!(park());
        assert_eq!(store.census().parked, 3);
    }
}

/// A crowd that came and went leaves names in the drawing; they must not use up an eviction's draws.
#[tokio::test(start_paused = true)]
async fn a_newcomer_finds_room_where_a_crowd_came_and_went() {
    let store = Arc::new(MemoryStore::new(4, 2, Arc::new(ParkedBudget::new(1_000))));
    let user = |n: usize| UserKey::parse(&format!("user-{n:0>7}")).unwrap();
    let begin = |n| (Arc::clone(&store) as Arc<dyn Store>).begin(user(n), None);
    for n in 0..900 {
        let Begun::Turn(_gone) = begin(n) else { panic!("there is room") };
    }
    for n in 1_000..1_100 {
        let Begun::Turn(mut turn) = begin(n) else { panic!("no room for {n}") };
        turn.session.show(None, Page::default(), false, time::now());
        turn.commit(time::now());
    }
    assert_eq!(store.census().sessions, 4);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_remembered_for_a_parked_answer_that_has_gone() {
    let store = Arc::new(MemoryStore::new(10, 2, Arc::new(ParkedBudget::new(1_000))));
    let user = UserKey::parse("Qw7-eRt_9YzA").unwrap();
    assert!(Arc::clone(&store).amend(&user, Box::new(|session| session.park(late("답"))), time::now()));
    assert_eq!(store.census().sessions, 1);
    tokio::time::advance(Duration::from_secs(601)).await;
    store.sweep(time::now());
    assert_eq!(store.census().sessions, 0);
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_an_event_is_told_does_not_keep_the_next_from_the_bot() {
    let bridge = Bridge::new(&[], |words| (ms(10), says(words)));
    let bot = Arc::clone(bridge.shared.registry().iter().next().unwrap());
    let user = UserKey::parse("Qw7-eRt_9YzA").unwrap();
    for notice in [Notice::FriendAdded, Notice::FriendBlocked] {
        events::deliver(&bridge.shared, &bot, CoreId(0), notice, user);
        sleep(ms(1_000)).await;
    }
    assert_eq!(bridge.bot.told.lock().unwrap().len(), 2);
    assert_eq!(bridge.say("안녕").await.unwrap().text(), "안녕");
    assert_eq!(bridge.shared.events.count(), 0);
    bridge.is_quiet();
}

/// xorshift: the same talk for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// One user talks without waiting, hangs up, taps twice, asks for what is late, while the bot is slow, cut, or buggy.
/// Whatever happens: an answer by the deadline, the bot asked in order, one message out, and every answer of the bot
/// read: once, or by each who made the same tap.
#[tokio::test(start_paused = true)]
async fn whatever_a_user_does_no_answer_is_lost_or_read_twice() {
    let (mut calls, mut said, mut slowest) = (0, 0, Duration::ZERO);
    for seed in 1..=600_u64 {
        let bridge = Bridge::new(&[("bots.default.breaker.failures", "1000000")], move |words| {
            let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9).wrapping_add(words.bytes().map(u64::from).sum()));
            dice.roll(7);
            let after = ms([5, 300, 4_499, 4_500, 6_000, 9_000, 16_000][usize::try_from(dice.roll(7)).unwrap()]);
            match dice.roll(8) {
                0 => (after, Act::Cut),
                1 => (after, Act::Panic),
                2 => (after, says_with(&format!("[{words}]"), &["가", "나"])),
                _ => (after, says(&format!("[{words}]"))),
            }
        });
        let mut dice = Dice(seed);
        let mut talk = Vec::new();
        let (mut hung_up, mut taps, mut talked) = (0, 1, Vec::new());
        for _ in 0..10 {
            sleep(ms([0, 10, 1_500, 5_000, 12_000][usize::try_from(dice.roll(5)).unwrap()])).await;
            let call = match dice.roll(6) {
                0 => bridge.call("답변 보기", Some(json!({ "v": 1, "l": true })), None),
                // Free text would be kept from the bot while buttons are shown: a tap always reaches it.
                roll => {
                    if roll > 1 {
                        taps += 1;
                    }
                    // Now and then the same button again, while or after it is in flight.
                    let words = format!("말{:02}", taps - 1);
                    talked.push(words.clone());
                    bridge.call(&words, Some(json!({ "v": 1, "w": words })), None)
                }
            };
            let hangs_up = hung_up < 4 && dice.roll(4) == 0;
            hung_up += usize::from(hangs_up);
            let patience =
                if hangs_up { ms([0, 200, 2_000, 4_400][usize::try_from(dice.roll(4)).unwrap()]) } else { ms(60_000) };
            talk.push(tokio::spawn(async move { tokio::time::timeout(patience, call).await.ok() }));
        }
        let mut read = Vec::new();
        for call in talk {
            read.extend(call.await.unwrap());
        }
        sleep(ms(20_000)).await;
        read.push(bridge.ask_for_late().await.unwrap());
        // What did not fit one answer.
        for part in 1..9 {
            if !read.last().unwrap().offers("이어서 보기") {
                break;
            }
            let more = bridge.call("이어서 보기", Some(json!({ "v": 1, "m": part })), None).await;
            read.push(more);
        }
        let mut times: HashMap<String, usize> = HashMap::new();
        for answer in &read {
            slowest = slowest.max(answer.took);
            assert!(answer.took <= ms(4_500), "seed {seed}: {answer:?}");
            for word in answer.text().lines().filter(|line| line.starts_with('[')) {
                *times.entry(word.to_owned()).or_default() += 1;
            }
        }
        let asked = bridge.asked();
        // A second tap whose first was taken out of the line stands for itself, behind what came meanwhile.
        let twice = |words: &String| talked.iter().filter(|said| *said == words).count() > 1;
        let once: Vec<_> = asked.iter().filter(|words| !twice(words)).collect();
        assert!(once.windows(2).all(|pair| pair[0] < pair[1]), "seed {seed}: {asked:?}");
        assert!(bridge.bot.most_out.load(Ordering::SeqCst) <= 1, "seed {seed}: two messages were out");
        for words in &*bridge.bot.said.lock().unwrap() {
            said += 1;
            let shown = times.get(&format!("[{words}]")).copied().unwrap_or_default();
            // Whoever made the same tap reads the same answer, with all that stands before it.
            let once = talked.windows(2).all(|pair| pair[0] != pair[1]);
            assert!(
                shown == 1 || shown > 1 && !once,
                "seed {seed}: {words} was read {shown} times; asked {asked:?}, read {:?}",
                read.iter().map(|answer| (answer.text(), answer.took)).collect::<Vec<_>>()
            );
        }
        calls += read.len();
        bridge.is_quiet();
    }
    println!("patience: {calls} answers read, {said} replies of the bot, 0 lost, slowest {slowest:?}");
}

const CALLBACK: &str = "http://127.0.0.1:1/v1/bots/64a1f0c27b3d9e5a10c4e8b2/callback/token";
const CALLBACK_HERE: (&str, &str) = ("callback.origins", "http://127.0.0.1:1");

impl Bridge {
    fn say_with_callback(&self, words: &str) -> JoinHandle<Read> {
        tokio::spawn(self.call(words, None, Some(CALLBACK)))
    }

    fn breaker(&self) -> State {
        self.shared.registry().iter().next().unwrap().breaker.state()
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_with_a_callback_leaves_only_while_a_full_deadline_remains() {
    for (takes, sent) in [(49_000, true), (52_000, false)] {
        let bridge =
            Bridge::new(&[CALLBACK_HERE], move |words| (ms(if words == "하나" { takes } else { 1 }), says("답")));
        let first = bridge.say_with_callback("하나");
        sleep(ms(1)).await;
        let second = bridge.say_with_callback("둘");
        assert_eq!(first.await.unwrap().json["useCallback"], true);
        assert_eq!(second.await.unwrap().json["useCallback"], true);
        sleep(ms(70_000)).await;
        assert_eq!(bridge.asked().contains(&"둘".to_owned()), sent);
        assert_eq!(bridge.bot.most_out.load(Ordering::SeqCst), 1);
        bridge.is_quiet();
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_caller_hung_up_in_the_line_leaves_only_while_a_full_deadline_remains() {
    for (takes, sent) in [(9_000, true), (12_000, false)] {
        let bridge = Bridge::new(&[], move |words| (ms(if words == "하나" { takes } else { 1 }), says("답")));
        let _first = bridge.say("하나");
        sleep(ms(1)).await;
        let second = bridge.say("둘");
        sleep(ms(1_000)).await;
        second.abort();
        sleep(ms(30_000)).await;
        assert_eq!(bridge.asked().contains(&"둘".to_owned()), sent);
        bridge.is_quiet();
    }
}

#[tokio::test(start_paused = true)]
async fn passing_the_deadline_counts_only_when_the_bot_had_that_long() {
    let bridge = Bridge::new(&[("bots.default.breaker.failures", "1")], |_| (ms(3_000), says("답")));
    let first = bridge.say("하나");
    sleep(ms(1)).await;
    let second = bridge.say("둘");
    assert_eq!(first.await.unwrap().text(), "답");
    // Asked after 3 s in the line, cut off by its caller's deadline after 1.5 s with the bot.
    assert_eq!(second.await.unwrap().text(), WAIT);
    assert_eq!(bridge.breaker(), State::Closed(0));
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), "답");

    let bridge = Bridge::new(&[("bots.default.breaker.failures", "1")], |_| (ms(6_000), says("답")));
    assert_eq!(bridge.say("하나").await.unwrap().text(), WAIT);
    sleep(ms(1)).await;
    assert!(matches!(bridge.breaker(), State::Open(_)));
}

#[tokio::test(start_paused = true)]
async fn images_for_which_no_time_is_left_are_not_sent_and_the_user_reads_so() {
    let bridge = Bridge::new(&[("bots.default.late", "6s")], |_| (ms(4_000), says("사진 하나")));
    let photos = "List(https://secure.kakaocdn.net/dna/1.jpg, https://secure.kakaocdn.net/dna/2.jpg, https://secure.kakaocdn.net/dna/3.jpg)";
    let first = bridge.say(photos).await.unwrap();
    assert_eq!(first.text(), WAIT);
    let late = bridge.ask_for_late().await.unwrap();
    assert!(late.text().contains("사진 하나") && late.text().contains(RESEND), "{late:?}");
    assert_eq!(bridge.asked().len(), 2);
    bridge.is_quiet();
}
