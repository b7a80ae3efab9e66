//! Kills: between every two steps of a turn, and at any time under load.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use super::*;

/// P3: killed between every two steps of a turn, the bridge has asked the bot at most once, knows what was shown before,
/// and the user reads the answer, or that it is missing.
#[test]
fn p3_killed_between_any_two_steps_of_a_turn_nothing_is_lost_or_asked_twice() {
    for step in ["begun", "decided", "mark", "send", "reply", "claimed", "deliver", "commit", "committed"] {
        // Slow enough for it to be noted that the message is out.
        let bot = Bot::before(bot::home(&["홈"]), |asked| {
            buttons(&format!("{}의 답", asked.content()), &["가", "나"]).after(ms(150))
        });
        let lasting = Lasting::before(&bot, &[]);
        let mut program = lasting.dying_at(&format!("{step}:2"));
        assert_eq!(program.say(&words("u", "홈")).text(), "홈의 답", "{step}");
        written(&program);
        let mut caller = program.client();
        caller.send(&words("u", "가"));
        let answer = caller.read();
        until("it to die", || program.has_ended().then_some(()));
        drop(program);
        let asked = said(&bot, " 가");
        assert!(asked <= 1, "{step}: asked {asked} times");
        let program = lasting.start();
        let next = program.say(&words("u", "나")).text();
        // The keyboard of before counts, so the label reaches the bot.
        assert!(next.ends_with("나의 답"), "{step}: {next}");
        let is_told = next == format!("{INTERRUPTED}\n나의 답");
        assert!(answer.is_some() || asked == 0 || is_told, "{step}: {next}");
        assert_eq!(is_told, !["begun", "decided", "mark"].contains(&step), "{step}: {next}");
        assert_eq!(program.say(&words("u", "가")).text(), "가의 답", "{step}");
        assert_eq!((said(&bot, " 가"), said(&bot, " 나")), (asked + 1, 1), "{step}");
    }
}

/// P4: killed between every two steps of a callback, Kakao has taken exactly one for each that was promised.
#[test]
fn p4_killed_between_any_two_steps_of_a_callback_each_promise_is_kept_once() {
    for step in [
        "debt",
        "acknowledge",
        "reply",
        "claimed",
        "deliver",
        "keep_answer",
        "post",
        "posted",
        "commit",
        "settle",
        "settled",
    ] {
        let sink = CallbackSink::start();
        let bot = Bot::before(bot::home(&["홈"]), |asked| match &*asked.content() {
            "가" => buttons("늦은 답", &["나"]).after(ms(600)),
            other => buttons(&format!("{other}의 답"), &["가", "나"]),
        });
        let origins = format!("[\"{}\"]", sink.origin());
        let lasting = Lasting::before(&bot, &[("callback.origins", &origins), ("callback.after", "300ms")]);
        let times = if ["reply", "claimed", "deliver", "commit"].contains(&step) { 2 } else { 1 };
        let mut program = lasting.dying_at(&format!("{step}:{times}"));
        assert_eq!(program.say(&words("u", "홈")).text(), "홈의 답", "{step}");
        let mut caller = program.client();
        caller.send(&words("u", "가").callback(&sink.url()));
        let acknowledged = caller.read().is_some();
        until("it to die", || program.has_ended().then_some(()));
        drop(program);
        assert_eq!(acknowledged, !["debt", "acknowledge"].contains(&step), "{step}");
        let program = lasting.start();
        if acknowledged || step == "acknowledge" {
            eventually("Kakao has it", || sink.posted().len() == 1);
        }
        eventually("nothing is left to do", || program.readiness()["background_tasks"] == 0);
        let posted: Vec<String> = sink.posted().iter().map(|answer| Answer::called_back(answer).text()).collect();
        let has_answer = ["post", "posted", "commit", "settle", "settled"].contains(&step);
        let expected = if has_answer { "늦은 답" } else { INTERRUPTED };
        assert_eq!(posted, if step == "debt" { vec![] } else { vec![expected.to_owned()] }, "{step}");
        // Who has read it is not told again.
        let next = program.say(&words("u", "나")).text();
        let told = if step == "debt" { format!("{INTERRUPTED}\n나의 답") } else { "나의 답".to_owned() };
        assert_eq!(next, told, "{step}");
        assert_eq!((said(&bot, " 가"), said(&bot, " 나")), (1, 1), "{step}");
        Lasting::stop(program);
        assert_eq!(lasting.count("SELECT count(*) FROM facts WHERE kind = 7"), 0, "{step}");
    }
}

/// Kills without waiting, under load: `KILLS=300` for the whole walk.
#[test]
fn p2_killed_at_any_time_under_load_the_store_can_be_read_and_the_bot_is_asked_at_most_once() {
    let kills: u64 = variable("KILLS").map_or(12, |kills| kills.parse().unwrap());
    let bot = Bot::before(bot::home(&["홈"]), |asked| buttons(&format!("{}의 답", asked.content()), &["홈"]));
    let lasting = Lasting::before(&bot, &[("bots.default.free_text", "forward")]);
    for kill in 0..kills {
        let program = lasting.start();
        let address = program.public;
        let stops = AtomicBool::new(false);
        let answered = AtomicBool::new(false);
        let said = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..8)
                .map(|caller| {
                    let (stops, answered, first) = (&stops, &answered, kill);
                    scope.spawn(move || {
                        let mut said = 0;
                        let Ok(mut client) = Client::try_connect(address) else { return 0 };
                        while !stops.load(Relaxed) {
                            said += 1;
                            let text = format!("말{first}-{caller}-{said}");
                            let Some(answer) = client.say(&words(&format!("u{caller}-{}", said % 50), &text)) else {
                                break;
                            };
                            assert!(answer.text().ends_with(&format!("{text}의 답")), "{}", answer.text());
                            answered.store(true, Relaxed);
                        }
                        said
                    })
                })
                .collect();
            eventually("somebody is answered", || answered.load(Relaxed));
            // Anywhere between the first turns and many groups later.
            std::thread::sleep(ms(20 + kill * 37 % 200));
            Lasting::kill(program);
            stops.store(true, Relaxed);
            callers.into_iter().map(|caller| caller.join().unwrap()).sum::<u64>()
        });
        assert!(said > 0);
        let file = rusqlite::Connection::open(lasting.file()).unwrap();
        let whole: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(whole, "ok", "after {kill} kills");
    }
    let asked = bot.asked();
    let messages: Vec<&String> = asked.iter().filter(|line| line.contains(" 말")).collect();
    let once: std::collections::HashSet<&String> = messages.iter().copied().collect();
    assert_eq!(messages.len(), once.len(), "the bot was asked twice");
}

/// P4: nothing but `texts.interrupted` was to be said, and Kakao refused it.
#[test]
fn p4_what_a_refused_callback_should_have_said_of_an_interruption_the_next_answer_says() {
    let sink = CallbackSink::start();
    let bot = Bot::before(bot::home(&["홈"]), |asked| match &*asked.content() {
        "가" => buttons("늦은 답", &["나"]).after(ms(20_000)),
        other => buttons(&format!("{other}의 답"), &["가", "나"]),
    });
    let origins = format!("[\"{}\"]", sink.origin());
    let lasting = Lasting::before(&bot, &[("callback.origins", &origins), ("callback.after", "300ms")]);
    let program = lasting.start();
    assert_eq!(program.say(&words("u", "홈")).text(), "홈의 답");
    let mut caller = program.client();
    caller.send(&words("u", "가").callback(&sink.url()));
    assert!(caller.read().is_some(), "it is promised");
    written(&program);
    Lasting::kill(program);
    sink.mood(Mood::Says("FAIL"));
    let program = lasting.start();
    eventually("it is refused", || sink.tried() == 1);
    eventually("nothing is left to do", || program.readiness()["background_tasks"] == 0);
    assert_eq!(program.say(&words("u", "나")).text(), format!("{INTERRUPTED}\n나의 답"));
    assert_eq!(program.say(&words("u", "나")).text(), "나의 답");
}

/// A machine that sleeps: the bot's answer and the callers' ends have come in the same moment when it wakes.
#[test]
fn what_comes_while_the_process_stands_still_counts_as_read_by_nobody_who_has_gone() {
    let bot = Bot::before(bot::home(&["홈"]), |asked| match &*asked.content() {
        "가" => buttons("가의 답", &["나"]).after(ms(1500)),
        other => buttons(&format!("{other}의 답"), &["가", "나"]),
    });
    let lasting = Lasting::before(&bot, &[]);
    let program = lasting.start();
    let users: Vec<String> = (0..8).map(|user| format!("u{user}")).collect();
    for user in &users {
        assert_eq!(program.say(&words(user, "홈")).text(), "홈의 답");
    }
    let mut callers: Vec<_> = users.iter().map(|_| program.client()).collect();
    // At once: none of them is to be answered before all are asked and the process stands.
    callers.iter_mut().zip(&users).for_each(|(caller, user)| caller.send(&words(user, "가")));
    eventually("the bot is asked", || said(&bot, " 가") == users.len());
    program.signal("STOP");
    drop(callers);
    // In this time the bot has answered all.
    std::thread::sleep(ms(1800));
    program.signal("CONT");
    for user in &users {
        assert_eq!(program.say(&words(user, "나")).text(), "가의 답\n나의 답", "{user}");
    }
}
