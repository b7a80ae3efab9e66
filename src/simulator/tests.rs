//! The simulator before a scripted bot, at the times of production: the clock is paused.

use serde_json::json;
use tokio::time::sleep;

use super::*;
use crate::breaker::State;
use crate::conversation;
use crate::conversation::bubbles::{Bubbles, Output};
use crate::engine::tests::{Act, Bridge, ms, says, says_with, spawn};
use crate::exchange::{Came, Kept};
use crate::messages::Language;
use crate::telemetry::metrics::EventFate;
use crate::telemetry::record::{Outcome, PlanKind};
use crate::wire::legacy::Notice;

/// The operators' thread of a bridge with one worker.
const CORE: CoreId = CoreId(1);

struct Phone {
    bridge: Bridge,
    talk: Arc<Talk>,
}

fn bot() -> BotId {
    BotId::parse("default").unwrap()
}

fn words(words: &str) -> Said {
    Said::Words(words.to_owned())
}

fn text(kept: &Kept) -> String {
    String::from_utf8(kept.bytes.to_vec()).unwrap()
}

impl Phone {
    fn before(keys: &[(&str, &str)], script: impl Fn(&str) -> (Duration, Act) + Send + Sync + 'static) -> Self {
        let bridge = Bridge::new(keys, script);
        let talk = Simulator::default().talk(&bridge.shared, "operator", &bot()).unwrap();
        Self { bridge, talk }
    }

    async fn does(&self, said: Said, switches: Switches) -> Arc<Step> {
        self.talk.step(&self.bridge.shared, CORE, said, switches).await.unwrap()
    }

    async fn says(&self, said: &str) -> Seen {
        self.does(words(said), Switches::default()).await.seen()
    }

    /// Presses the button of the last step.
    async fn presses(&self, label: &str) -> Seen {
        let steps = self.talk.steps();
        let last = steps.last().unwrap();
        let place = last.seen().shown().presses.iter().position(|press| press.label == label);
        let press = self.talk.press(last.number, place.unwrap()).unwrap();
        self.does(Said::Press(press), Switches::default()).await.seen()
    }
}

impl Seen {
    fn shown(&self) -> &Bubbles {
        self.callback.as_ref().or(self.answer.as_ref()).unwrap()
    }

    fn text(&self) -> String {
        let outputs = self.shown().outputs.iter().filter_map(|output| match output {
            Output::Text(text) => Some(text.as_str()),
            Output::Picture(_) | Output::Card(_) | Output::Carousel(_) | Output::Other(_) => None,
        });
        outputs.collect::<Vec<_>>().join("\n")
    }

    fn labels(&self) -> Vec<&str> {
        self.shown().quick_replies.iter().map(|button| button.label.as_str()).collect()
    }

    fn came_to(&self) -> Option<(PlanKind, Outcome)> {
        self.end.as_ref().map(|ended| (ended.end.plan, ended.end.outcome))
    }
}

#[tokio::test(start_paused = true)]
async fn c4_a_step_is_a_real_turn_and_shows_its_four_messages() {
    let phone = Phone::before(&[], |words| (ms(100), says_with(&format!("{words}입니다"), &["하나", "둘"])));
    let seen = phone.says("안녕").await;
    assert_eq!((seen.text(), seen.labels()), ("안녕입니다".into(), vec!["하나", "둘"]));
    assert_eq!(seen.came_to(), Some((PlanKind::Ask, Outcome::Answered)));
    let messages = &seen.messages;
    assert!(text(&messages.call).contains(r#""utterance":"안녕""#));
    let request = &messages.requests[0];
    assert_eq!((request.method, request.path.as_str()), ("POST", "/message"));
    assert_eq!(text(&request.body), r#"{"user_key":"************","type":"text","content":"안녕"}"#);
    let Some(Came::Reply { status: 200, body, .. }) = &request.came else { panic!("{request:?}") };
    assert!(text(body).contains("안녕입니다"));
    assert!(text(&messages.answers[0].body).contains("simpleText"));
    let pressed = phone.presses("둘").await;
    assert_eq!((pressed.text(), phone.bridge.asked()), ("둘입니다".into(), vec!["안녕".to_owned(), "둘".into()]));
    phone.bridge.is_quiet();
}

/// C4: whatever the simulator meets, real users meet the bot as before.
#[tokio::test(start_paused = true)]
async fn c4_failing_taps_change_neither_breaker_nor_metrics_nor_what_is_known_of_the_bot() {
    let phone = Phone::before(&[], |_| (ms(0), Act::Unreachable));
    *phone.bridge.bot.home.lock().unwrap() = Some(ms(10));
    let shared = &phone.bridge.shared;
    let registry = shared.registry();
    let real = registry.named("default").unwrap();
    for _ in 0..15 {
        let seen = phone.says("안녕").await;
        assert_eq!(seen.came_to(), Some((PlanKind::Ask, Outcome::NoReply)), "the bot is asked each time");
    }
    assert_eq!(phone.bridge.breaker(), State::Closed(0));
    let counted = PlanKind::ALL.iter().flat_map(|plan| Outcome::ALL.iter().map(|outcome| (*plan, *outcome)));
    assert_eq!(counted.map(|(plan, outcome)| real.metrics.turns(plan, outcome)).sum::<u64>(), 0);
    assert_eq!((real.turns.count(), shared.turns.count()), (0, 0));
    assert!(!real.home.is_known() && real.blocks.load().is_empty());
    assert_eq!(real.sessions.local().stats().sessions, 0);
    phone.bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn c4_a_bot_that_is_out_for_users_is_out_in_the_simulator_too() {
    let phone = Phone::before(&[("bots.default.breaker.failures", "1")], |words| {
        (ms(0), if words == "실패" { Act::Cut } else { says("답") })
    });
    let real = phone.bridge.say("실패");
    drop(real.await.unwrap());
    assert!(matches!(phone.bridge.breaker(), State::Open(_)));
    assert_eq!(phone.says("안녕").await.came_to(), Some((PlanKind::Ask, Outcome::Outage)));
    sleep(ms(10_001)).await;
    assert_eq!(phone.says("안녕").await.came_to(), Some((PlanKind::Ask, Outcome::Answered)));
    assert!(matches!(phone.bridge.breaker(), State::Open(_)), "its success is nobody's either");
    assert_eq!(phone.bridge.say("안녕").await.unwrap().text(), "답", "a real user is the probe");
    assert_eq!(phone.bridge.breaker(), State::Closed(0));
}

#[tokio::test(start_paused = true)]
async fn s3_a_late_answer_is_met_as_a_user_meets_it() {
    let phone = Phone::before(&[], |_| (ms(6_000), says("늦은 답")));
    let seen = phone.says("안녕").await;
    assert!(seen.text().starts_with("답변을 준비하고 있습니다") && seen.came_to().is_none(), "{seen:?}");
    sleep(ms(2_000)).await;
    let step = phone.talk.steps().pop().unwrap();
    assert_eq!(step.seen().came_to(), Some((PlanKind::Ask, Outcome::Parked)));
    let late = phone.presses("답변 보기").await;
    assert_eq!((late.text(), late.came_to()), ("늦은 답".into(), Some((PlanKind::Late, Outcome::Answered))));
    phone.bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn s2_a_callback_is_received_in_the_process() {
    // An origin at which nothing listens: whatever were POSTed would fail.
    let phone = Phone::before(&[("callback.origins", "http://127.0.0.1:1")], |_| (ms(6_000), says("늦은 답")));
    let step = phone.does(words("안녕"), Switches { offers_callback: true, ..Switches::default() }).await;
    assert!(step.seen().is_awaited);
    sleep(ms(3_000)).await;
    let seen = step.seen();
    assert_eq!((seen.text(), seen.is_awaited), ("늦은 답".into(), false));
    assert_eq!(seen.came_to(), Some((PlanKind::Ask, Outcome::CalledBack)));
    assert!(!format!("{:?}", text(&seen.messages.call)).contains("callback/simulated"), "a token is masked");
    phone.bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn i9_a_tester_is_offered_no_callback() {
    let phone = Phone::before(&[], |_| (ms(6_000), says("늦은 답")));
    let switches = Switches { offers_callback: true, is_tester: true, ..Switches::default() };
    let seen = phone.does(words("안녕"), switches).await.seen();
    assert!(!seen.is_awaited && seen.text().starts_with("답변을 준비하고 있습니다"), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn i10_a_group_room_has_numbered_labels_and_a_session_of_its_own() {
    let phone = Phone::before(&[], |words| (ms(0), says_with(words, &["하나", "둘"])));
    let room = Switches { in_room: true, ..Switches::default() };
    let seen = phone.does(words("안녕"), room.clone()).await.seen();
    assert!(seen.labels().is_empty() && seen.text().contains("2. 둘"), "{seen:?}");
    let by_number = phone.does(words("2"), room).await.seen();
    assert!(by_number.text().starts_with("둘"), "{by_number:?}");
    assert_eq!(
        phone.says("2").await.came_to(),
        Some((PlanKind::Ask, Outcome::Answered)),
        "not in the room, it is words"
    );
}

#[tokio::test(start_paused = true)]
async fn k4_pages_are_turned_and_rests_are_read_as_a_user_does() {
    let labels: Vec<String> = (1..=25).map(|number| format!("버튼 {number}")).collect();
    let phone = Phone::before(&[], move |_| {
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        (ms(0), says_with(&"가나다라 ".repeat(900), &labels))
    });
    let first = phone.says("안녕").await;
    assert!(first.labels().contains(&"이어서 보기"), "{first:?}");
    let rest = phone.presses("이어서 보기").await;
    assert_eq!(rest.came_to().map(|(plan, _)| plan), Some(PlanKind::More));
    let second = phone.presses("다음 ▶").await;
    assert!(second.text().contains("(2/"), "{second:?}");
    assert!(second.messages.requests.is_empty(), "the bot is not asked for a page");
}

#[tokio::test(start_paused = true)]
async fn e1_who_leaves_is_told_to_the_bot_once_and_counts_as_no_event() {
    let phone = Phone::before(&[], |_| (ms(0), says("답")));
    phone.bridge.bot.told.lock().unwrap().push(Notice::FriendAdded);
    let step = phone.does(Said::Leave, Switches::default()).await;
    sleep(ms(1)).await;
    assert_eq!(*phone.bridge.bot.told.lock().unwrap(), [Notice::FriendAdded, Notice::RoomLeft]);
    let messages = step.seen().messages;
    let request = &messages.requests[0];
    assert_eq!((request.method, request.path.as_str()), ("DELETE", "/chat_room/************"));
    assert!(matches!(request.came, Some(Came::Reply { status: 200, .. })));
    assert_eq!(phone.bridge.shared.metrics.events(EventFate::Delivered), 0);
}

#[tokio::test(start_paused = true)]
async fn i2_a_block_says_what_the_call_means() {
    let keys = [("bots.default.welcome_blocks", "처음, 환영")];
    let phone = Phone::before(&keys, |_| (ms(0), says("답")));
    let home = phone.does(Said::Enter, Switches::default()).await.seen();
    assert_eq!(home.came_to().map(|(plan, _)| plan), Some(PlanKind::Home));
    let block = |name: &str| Switches { block: Some(name.into()), ..Switches::default() };
    let other = phone.does(words("안녕"), block("환영")).await.seen();
    assert_eq!(other.came_to().map(|(plan, _)| plan), Some(PlanKind::Home));
    let usual = phone.does(words("안녕"), block("메뉴 블록")).await.seen();
    assert_eq!(usual.came_to().map(|(plan, _)| plan), Some(PlanKind::Ask));
}

#[tokio::test(start_paused = true)]
async fn i6_a_bot_that_is_asked_one_at_a_time_is_so_by_the_simulator_too() {
    let phone = Phone::before(&[("bots.default.one_at_a_time", "true")], |_| (ms(1_000), says("답")));
    let real = phone.bridge.say("하나");
    sleep(ms(10)).await;
    assert_eq!(phone.says("둘").await.text(), "답");
    assert_eq!(real.await.unwrap().text(), "답");
    assert_eq!(phone.bridge.bot.most_out.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn c4_one_step_is_on_its_way_at_a_time_and_one_that_is_given_up_makes_room() {
    let phone = Phone::before(&[], |_| (ms(2_000), says("답")));
    let (talk, shared) = (Arc::clone(&phone.talk), Arc::clone(&phone.bridge.shared));
    let first = spawn(async move { talk.step(&shared, CORE, words("하나"), Switches::default()).await.is_ok() });
    sleep(ms(10)).await;
    let refused = phone.talk.step(&phone.bridge.shared, CORE, words("둘"), Switches::default()).await;
    assert_eq!(refused.unwrap_err(), Refusal::Busy);
    // A browser that is closed.
    first.abort();
    assert!(first.await.is_err());
    assert_eq!(phone.says("둘").await.text(), "답\n답", "the turn went on, and its answer stands above (S3)");
    phone.bridge.is_quiet();
}

#[tokio::test(start_paused = true)]
async fn c4_conversations_are_bounded_and_forgotten() {
    let bridge = Bridge::new(&[], |_| (ms(0), says("답")));
    let simulator = Simulator::default();
    let talk = |owner: &str| simulator.talk(&bridge.shared, owner, &bot()).unwrap();
    let first = talk("0");
    assert!(Arc::ptr_eq(&first, &talk("0")), "an operator finds their own again");
    for owner in 1..=TALKS {
        sleep(ms(1)).await;
        drop(talk(&owner.to_string()));
    }
    assert!(!Arc::ptr_eq(&first, &talk("0")) && lock(&simulator.talks).len() == TALKS);
    sleep(IDLE).await;
    drop(talk("0"));
    assert_eq!(lock(&simulator.talks).len(), 1);
    simulator.forget_all("0");
    assert!(lock(&simulator.talks).is_empty());
    let none = simulator.talk(&bridge.shared, "0", &BotId::parse("nobody").unwrap());
    assert_eq!(none.err(), Some(Refusal::NoBot));
}

#[tokio::test(start_paused = true)]
async fn c4_a_conversation_keeps_its_newest_steps_and_no_more_than_its_bytes() {
    let phone = Phone::before(&[], |_| (ms(0), says(&"답".repeat(9_000))));
    for _ in 0..120 {
        drop(phone.says(&"말".repeat(2_000)).await);
    }
    assert!(phone.talk.budget.used() <= BYTES);
    let steps = phone.talk.steps();
    assert!(steps.len() <= STEPS && steps.last().unwrap().number == 120);
    let too_long = words(&"말".repeat(LONGEST));
    let refused = phone.talk.step(&phone.bridge.shared, CORE, too_long, Switches::default()).await;
    assert_eq!(refused.unwrap_err(), Refusal::TooLong);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_is_saved_can_be_read_as_a_test() {
    let phone = Phone::before(&[], |words| {
        (ms(if words == "느린 말" { 6_000 } else { 0 }), says_with(words, &["하나", "느린 말"]))
    });
    drop(phone.does(Said::Enter, Switches::default()).await);
    drop(phone.says("안녕").await);
    drop(phone.presses("느린 말").await);
    sleep(ms(3_000)).await;
    drop(phone.presses("답변 보기").await);
    drop(phone.does(words("안녕"), Switches { is_tester: true, ..Switches::default() }).await);
    drop(phone.does(Said::Leave, Switches::default()).await);
    let saved = phone.talk.save("급식", true);
    assert_eq!(saved.left_out, 2, "{}", saved.toml);
    let read = conversation::file::read(&saved.toml, "a").map_err(|error| error.text(Language::English)).unwrap();
    let acts: Vec<_> = read.steps.iter().map(|step| step.act.clone()).collect();
    use conversation::Act::{Enter, Say, Tap};
    assert_eq!(acts, [Enter, Say("안녕".into()), Tap("느린 말".into()), Tap("답변 보기".into())]);
    assert_eq!(read.steps[1].expected.asked, Some(true));
    assert_eq!((read.steps[2].expected.asked, read.steps[3].expected.asked), (None, Some(false)));
    assert!(read.steps[3].wait >= Duration::from_secs(3), "the late answer is waited for");
    assert_eq!(read.bot, None);
    let of_several = phone.talk.save("shop", false).toml;
    let read = conversation::file::read(&of_several, "a").map_err(|error| error.text(Language::English)).unwrap();
    assert_eq!(read.bot.as_deref(), Some("shop"));
}

#[tokio::test(start_paused = true)]
async fn k3_a_bot_with_a_message_block_shows_its_quick_replies_by_block() {
    let keys = [("bots.default.message_block", r#"{ "64a1f0c27b3d9e5a10c4e8b9" = "5f0c" }"#)];
    let phone = Phone::before(&keys, |words| (ms(0), says_with(words, &["하나"])));
    let seen = phone.says("안녕").await;
    assert_eq!(seen.shown().presses[0].block.as_deref(), Some("5f0c"));
    assert_eq!(phone.presses("하나").await.text(), "하나");
}

#[tokio::test(start_paused = true)]
async fn a_photo_reaches_the_bot_as_a_photo() {
    let phone = Phone::before(&[], |url| (ms(0), Act::Say(json!({ "message": { "text": url } }))));
    let seen = phone.does(Said::Photo("https://talk.kakaocdn.net/a/b.jpg".into()), Switches::default()).await.seen();
    assert!(text(&seen.messages.requests[0].body).contains(r#""type":"photo""#), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn c5_a_dry_replay_asks_nobody_and_marks_what_today_does_otherwise() {
    use super::replay::{Mark, NoReplay, replay};
    let phone = Phone::before(&[], |words| match words {
        "없음" => (ms(0), Act::Cut),
        "긴 답" => (ms(0), says(&"가".repeat(40_000))),
        _ => (ms(0), says_with("급식은 /menu 에 있습니다", &["상담원", "내일"])),
    });
    let step = phone.does(words("안녕"), Switches::default()).await;
    let shared = &phone.bridge.shared;
    let today = |keys: &[(&str, &str)]| {
        let bridge = Bridge::new(keys, |_| (ms(0), says("답")));
        Arc::clone(&bridge.shared.registry().named("default").unwrap().settings)
    };
    let same = replay(&step.exchange, &shared.registry().named("default").unwrap().settings).unwrap();
    assert!(same.is_same() && !same.showed_more && same.problem.is_none(), "{same:?}");
    let other = replay(&step.exchange, &today(&[("bots.default.handover.labels", "상담원")])).unwrap();
    let marked = |mark| other.lines.iter().filter(|line| line.mark == mark).any(|line| line.text.contains("상담원"));
    assert!(!other.is_same() && marked(Mark::Then) && marked(Mark::Today), "{other:?}");
    let asked = phone.bridge.asked().len();
    let home = phone.does(Said::Enter, Switches::default()).await;
    let settings = today(&[]);
    assert_eq!(replay(&home.exchange, &settings).unwrap_err(), NoReplay::NoReply);
    let none = phone.does(Said::Words("없음".into()), Switches::default()).await;
    assert_eq!(replay(&none.exchange, &settings).unwrap_err(), NoReplay::NoReply);
    let long = phone.does(Said::Words("긴 답".into()), Switches::default()).await;
    assert_eq!(replay(&long.exchange, &settings).unwrap_err(), NoReplay::TooLong);
    assert_eq!(phone.bridge.asked().len(), asked + 2);
}

/// The keyboard that counted then stood below the words (O4), and is not stored with the turn.
#[tokio::test(start_paused = true)]
async fn c5_a_reply_that_could_not_be_read_and_still_cannot_is_no_difference() {
    use super::replay::replay;
    let phone = Phone::before(&[], |words| match words {
        "없음" => (ms(0), Act::Say(json!("<h1>PHP</h1>"))),
        _ => (ms(0), says_with("안녕하세요", &["없음", "내일"])),
    });
    drop(phone.says("안녕").await);
    let step = phone.does(words("없음"), Switches::default()).await;
    assert_eq!(step.seen().shown().presses.len(), 2, "the buttons of before stand below the words");
    let settings = Arc::clone(&phone.bridge.shared.registry().named("default").unwrap().settings);
    let again = replay(&step.exchange, &settings).unwrap();
    assert!(again.is_same() && again.problem.is_some(), "{again:?}");
}
