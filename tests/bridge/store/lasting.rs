//! What outlasts a restart and a kill.

use super::*;

/// Ends a program, and whether it ends in order.
type End = fn(Program);
const ENDS: [(&str, End); 2] = [
    ("restart", Lasting::stop),
    ("kill -9", |program| {
        written(&program);
        Lasting::kill(program);
    }),
];

#[test]
fn p2_keyboards_and_pages_outlast_a_restart_and_a_kill() {
    for (how, end) in ENDS {
        let labels: Vec<String> = (1..=30).map(|number| format!("{number}번")).collect();
        let bot = Bot::before(bot::home(&["홈"]), move |asked| match &*asked.content() {
            "메뉴" | "홈" => buttons("고르세요", &labels.iter().map(String::as_str).collect::<Vec<_>>()),
            other => bot::words(&format!("{other}의 답")),
        });
        let lasting = Lasting::before(&bot, &[]);
        let program = lasting.start();
        assert_eq!(program.say(&words("u", "홈")).text(), "고르세요", "{how}");
        end(program);
        let program = lasting.start();
        // Typed words are held to the buttons of before, and a typed page goes on from the one that was shown.
        assert_eq!(program.say(&words("u", "30번")).text(), "30번의 답", "{how}");
        assert_eq!(program.metric("bridge_store_lookups_total"), 1.0, "{how}");
        assert_eq!(said(&bot, "POST /message"), 2, "{how}");
    }
}

#[test]
fn p2_late_replies_and_rests_outlast_a_restart_and_a_kill() {
    for (how, end) in ENDS {
        let long = "가나다라 ".repeat(1200);
        let told = long.clone();
        let bot = Bot::answering(move |asked| match &*asked.content() {
            "늦게" => bot::words("늦은 답").after(ms(700)),
            "길게" => bot::words(&told),
            other => bot::words(&format!("{other}의 답")),
        });
        let lasting = Lasting::before(&bot, &[("bots.default.deadline", "500ms"), ("callback.after", "200ms")]);
        let program = lasting.start();
        assert!(program.say(&words("u", "늦게")).late().is_some());
        let first = program.say(&words("v", "길게"));
        eventually("it is parked", || program.sum("bridge_parked", "") == 2.0);
        end(program);
        let program = lasting.start();
        assert_eq!(program.say(&words("u", "다음")).text(), "늦은 답\n다음의 답", "{how}");
        let mut read = first.text();
        let mut more = first.more();
        while let Some(button) = more {
            let rest = program.say(&Say::press(&key("v"), &button));
            read += &rest.text();
            more = rest.more();
        }
        assert_eq!(read.replace([' ', '\n'], ""), long.replace(' ', ""), "{how}");
        assert_eq!(program.sum("bridge_parked", ""), 0.0, "{how}");
    }
}

#[test]
fn p3_a_message_that_was_out_is_told_of_once_and_never_sent_again() {
    for shown_by in ["다음", "답변 보기"] {
        let bot = Bot::answering(|asked| match &*asked.content() {
            "죽음" => hang(),
            other => bot::words(&format!("{other}의 답")),
        });
        let lasting = Lasting::before(&bot, &[]);
        let program = lasting.start();
        let mut caller = program.client();
        caller.send(&words("u", "죽음"));
        eventually("the bot is asked", || said(&bot, "죽음") == 1);
        written(&program);
        Lasting::kill(program);
        let program = lasting.start();
        let first = program.say(&words("u", shown_by)).text();
        assert!(first.starts_with(INTERRUPTED), "{first}");
        assert_eq!(program.say(&words("u", "이어서")).text(), "이어서의 답");
        assert_eq!(said(&bot, "죽음"), 1);
        assert_eq!(program.sum("bridge_store_events_total", "interrupted"), 1.0);
        // Told is told, over a restart too.
        Lasting::stop(program);
        assert_eq!(lasting.start().say(&words("u", "끝")).text(), "끝의 답");
    }
}

#[test]
fn p4_a_promised_callback_is_made_after_a_kill() {
    let sink = CallbackSink::start();
    let bot = Bot::answering(|asked| match &*asked.content() {
        "죽음" => hang(),
        other => bot::words(&format!("{other}의 답")),
    });
    let origins = format!("[\"{}\"]", sink.origin());
    let lasting = Lasting::before(&bot, &[("callback.origins", &origins), ("callback.after", "400ms")]);
    let program = lasting.start();
    assert!(program.say(&words("u", "죽음").callback(&sink.url())).is_acknowledgement());
    Lasting::kill(program);
    let program = lasting.start();
    eventually("it is called back", || sink.posted().len() == 1);
    assert_eq!(Answer::called_back(&sink.posted()[0]).text(), INTERRUPTED);
    eventually("it is counted", || program.sum("bridge_store_events_total", "callback_paid") == 1.0);
    // The user has read it by callback.
    assert_eq!(program.say(&words("u", "다음")).text(), "다음의 답");
    Lasting::stop(program);
    assert_eq!(lasting.count("SELECT count(*) FROM facts WHERE kind = 7"), 0);
    assert!(sink.refused().is_empty());
}

#[test]
fn p4_an_answer_that_was_there_is_the_one_that_is_called_back() {
    let sink = CallbackSink::start();
    let bot = Bot::before(bot::home(&["홈"]), |asked| match &*asked.content() {
        "홈" => buttons("늦은 답", &["가"]).after(ms(700)),
        other => bot::words(&format!("{other}의 답")),
    });
    let origins = format!("[\"{}\"]", sink.origin());
    let lasting = Lasting::before(&bot, &[("callback.origins", &origins), ("callback.after", "400ms")]);
    let program = lasting.start();
    sink.mood(Mood::Hangs);
    assert!(program.say(&words("u", "홈").callback(&sink.url())).is_acknowledgement());
    eventually("the answer is kept", || program.sum("bridge_store_waiting", "") == 0.0 && sink.tried() == 1);
    Lasting::kill(program);
    // Kakao has not read a byte of it: the token is good.
    sink.mood(Mood::Takes);
    let program = lasting.start();
    eventually("it is called back", || sink.posted().len() == 1);
    let answer = Answer::called_back(&sink.posted()[0]);
    assert_eq!((answer.text(), answer.quick_replies()), ("늦은 답".into(), vec!["가".into()]));
    eventually("it is counted", || program.sum("bridge_store_events_total", "callback_paid") == 1.0);
    // Its keyboard counts, and it is not shown again.
    assert_eq!(program.say(&words("u", "딴말")).text(), CHOOSE);
    assert_eq!(program.say(&words("u", "가")).text(), "가의 답");
}

#[test]
fn e3_a_friend_is_announced_once_over_a_restart_and_again_after_a_block() {
    let bot = polite();
    let key = ("bots.default.channel_key", "kakao-admin-key-of-shop");
    let lasting = Lasting::before(&bot, &[("bots.default.friend_on_first_contact", "true"), key]);
    let friends = || said(&bot, "POST /friend");
    let program = lasting.start();
    assert_eq!(program.say(&words("u", "안녕").friend()).text(), "안녕의 답");
    let asked = bot.asked();
    let first = |path| asked.iter().position(|line: &String| line.starts_with(path));
    assert!(first("POST /friend").is_some() && first("POST /friend") < first("POST /message"), "{asked:?}");
    assert_eq!(program.say(&words("w", "안녕")).text(), "안녕의 답", "no friend");
    Lasting::stop(program);
    let program = lasting.start();
    program.say(&words("u", "다시").friend());
    assert_eq!(friends(), 1);
    program.say(&words("u", "다시").app_user("31").friend());
    program.tell(&blocked("31"));
    eventually("the bot is told", || said(&bot, "DELETE /friend") == 1);
    Lasting::stop(program);
    lasting.start().say(&words("u", "또").friend());
    assert_eq!(friends(), 2);
}

#[test]
fn e3_an_announcement_for_which_the_call_does_not_wait_holds_up_no_later_event() {
    let asked_so_far = std::sync::atomic::AtomicUsize::new(0);
    let bot = Bot::new(move |asked| match (asked.method(), &*asked.path) {
        (_, "/keyboard") => text(),
        (_, "/message") => bot::words(&format!("{}의 답", asked.content())),
        ("POST", "/friend") if asked_so_far.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 => hang(),
        _ => status(200, ""),
    });
    let keys = [
        ("bots.default.friend_on_first_contact", "true"),
        ("bots.default.channel_key", "kakao-admin-key-of-shop"),
        ("bots.default.deadline", "300ms"),
        ("callback.after", "200ms"),
    ];
    let lasting = Lasting::before(&bot, &keys);
    let program = lasting.start();
    program.say(&words("u", "안녕").app_user("31").friend());
    program.tell(&blocked("31"));
    eventually("the bot is told of both", || said(&bot, "POST /friend") == 2 && said(&bot, "DELETE /friend") == 1);
}

#[test]
fn e2_aliases_waiting_events_and_seen_ids_outlast_a_restart() {
    let bot = polite();
    let lasting = Lasting::before(&bot, &[("bots.default.channel_key", "kakao-admin-key-of-shop")]);
    let program = lasting.start();
    program.say(&words("u", "안녕").app_user("31"));
    let event = |program: &Program, id: &str, resource: &str| {
        let headers = [("Authorization", "KakaoAK kakao-admin-key-of-shop"), ("X-Kakao-Resource-ID", resource)];
        assert_eq!(program.post("/channel", &headers, added(id)).status, 200);
    };
    event(&program, "32", "r1");
    Lasting::stop(program);
    let program = lasting.start();
    event(&program, "32", "r1");
    assert_eq!(program.sum("bridge_channel_events_total", "repeat"), 1.0);
    event(&program, "31", "r2");
    eventually("the known user's", || said(&bot, "POST /friend") == 1);
    program.say(&words("v", "안녕").app_user("32"));
    eventually("the one that waited", || said(&bot, "POST /friend") == 2);
    Lasting::stop(program);
    assert_eq!(lasting.count("SELECT count(*) FROM facts WHERE kind IN (4, 6)"), 0);
}

#[test]
fn e4_an_event_that_was_on_its_way_goes_on_after_a_kill() {
    let bot = Bot::new(|asked| if asked.path == "/friend" { hang() } else { bot::words("답") });
    let lasting = Lasting::before(&bot, &[("bots.default.channel_key", "kakao-admin-key-of-shop")]);
    let program = lasting.start();
    program.say(&words("u", "안녕").app_user("31"));
    program.tell(&added("31"));
    eventually("it is tried", || said(&bot, "POST /friend") == 1);
    written(&program);
    Lasting::kill(program);
    let tried = said(&bot, "POST /friend");
    let _program = lasting.start();
    eventually("it goes on", || said(&bot, "POST /friend") > tried);
}

#[test]
fn a_user_of_before_is_not_taken_for_a_new_one_after_the_ten_minutes() {
    let bot = Bot::before(bot::home(&["홈"]), |_| bot::words("답"));
    let lasting = Lasting::before(&bot, &[]);
    let program = lasting.start();
    assert_eq!(program.say(&words("u", "홈")).text(), "답");
    Lasting::stop(program);
    let program = lasting.start();
    // A text keyboard counts: the words go to the bot.
    assert_eq!(program.say(&words("u", "자유로운 말")).text(), "답");
    // Somebody nobody knows is shown the home keyboard, and has no free pass: this process knows what was before.
    assert_eq!(program.say(&words("new", "모르는 말")).text(), CHOOSE);
    assert_eq!(program.say(&words("new", "모르는 말")).text(), CHOOSE);
}

#[test]
#[cfg(unix)]
fn p2_nobody_else_on_the_machine_reads_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let bot = Bot::answering(|_| bot::words("답"));
    let lasting = Lasting::before(&bot, &[]);
    let program = lasting.start();
    program.say(&words("u", "안녕"));
    written(&program);
    let files: Vec<_> = std::fs::read_dir(lasting.path()).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}
