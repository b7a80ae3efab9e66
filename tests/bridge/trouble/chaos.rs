//! Every way a bot can fail, with the words the user reads and where the conversation stands after it.

use super::*;

fn menu() -> Reply {
    buttons("메뉴", &["가", "나"])
}

/// The user has a menu, taps, and the bot does `step`. They read that there was no reply, above the same menu; what
/// matches no button is still kept from the bot, and a button still works.
fn reads_no_reply(name: &str, step: Reply) {
    let bot = Bot::scripted([menu(), step, bot::words("다시")]);
    let bridge = before(&bot);
    let shown = bridge.say(&words("u", "안녕"));
    let answer = bridge.say(&tap("u", &shown, "가"));
    assert_eq!((answer.text(), answer.quick_replies()), (NO_REPLY.into(), vec!["가".into(), "나".into()]), "{name}");
    assert_eq!(bridge.say(&words("u", "아무 말")).text(), CHOOSE, "{name}");
    assert_eq!(bridge.say(&tap("u", &answer, "나")).text(), "다시", "{name}");
    assert_eq!(bot.contents(), ["안녕", "가", "나"], "{name}");
}

/// The same, where the bot's answer is good after all.
fn reads(name: &str, step: Reply, text: &str) {
    let bot = Bot::scripted([menu(), step, bot::words("다시")]);
    let bridge = before(&bot);
    let shown = bridge.say(&words("u", "안녕"));
    let answer = bridge.say(&tap("u", &shown, "가"));
    assert_eq!((answer.text(), answer.quick_replies()), (text.into(), Vec::new()), "{name}");
    assert_eq!(bridge.say(&words("u", "아무 말")).text(), "다시", "{name}: a reply without keyboard is free typing");
}

/// The same, where the bot keeps the user waiting: they read so, and what came of it on the next tap.
fn keeps_waiting(name: &str, step: Reply) {
    let bot = Bot::scripted([menu(), step, bot::words("다시")]);
    let bridge = with(&bot, &[("bots.default.late", "1s")]);
    let shown = bridge.say(&words("u", "안녕"));
    let answer = bridge.say(&tap("u", &shown, "가"));
    assert_eq!(
        (answer.text(), answer.quick_replies()),
        (WAIT.into(), ["답변 보기", "가", "나"].map(String::from).into()),
        "{name}"
    );
    // The tap waits for the bot, which is cut before the tap's own deadline.
    let answer = bridge.say(&tap("u", &answer, "답변 보기"));
    assert_eq!((answer.text(), answer.quick_replies()), (NO_REPLY.into(), vec!["가".into(), "나".into()]), "{name}");
    assert_eq!(bridge.say(&tap("u", &answer, "나")).text(), "다시", "{name}");
    assert_eq!(bot.messages().len(), 3, "{name}: at most once");
}

#[test]
fn a_reply_that_is_cut_or_reset_is_no_reply() {
    reads_no_reply("closed unanswered", raw(""));
    reads_no_reply("cut in the head", raw("HTTP/1.1 200 OK\r\nContent-Ty"));
    reads_no_reply("cut in the body", raw(CUT));
    reads_no_reply("reset", reset());
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{\"message\":{\"text\":\"half";
    reads_no_reply("cut in a chunk", raw(chunked));
}

#[test]
fn an_error_page_is_no_reply() {
    let page = "<html><h1>Internal Server Error</h1>".to_owned() + &"x".repeat(180 * 1024);
    reads_no_reply("500 with 180 KB", status(500, page.as_bytes()));
    reads_no_reply("404", status(404, b"{\"message\":{\"text\":\"not me\"}}"));
    reads_no_reply("502", status(502, b""));
    reads_no_reply("a page with 200", status(200, b"<!doctype html><title>Fatal error</title>"));
    reads_no_reply("nothing with 200", status(200, b""));
    reads_no_reply("no HTTP at all", raw("SSH-2.0-OpenSSH_9.6\r\n"));
}

#[test]
fn a_hundred_megabytes_are_not_read() {
    reads_no_reply(
        "100 MB",
        bot::pour("HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n", [b' '; 64 * 1024], 1_600),
    );
}

#[test]
fn a_good_reply_of_bad_manners_is_read() {
    reads("closed after the reply", raw("HTTP/1.1 200 OK\r\n\r\n{\"message\":{\"text\":\"안녕\"}}"), "안녕");
    let (cp949, _, _) = encoding_rs::EUC_KR.encode("{\"message\":{\"text\":\"안녕하세요\"}}");
    reads("CP949", status(200, &cp949), "안녕하세요");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, "{\"message\":{\"text\":\"안녕\"}}".as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", gzip.len());
    reads("gzip nobody asked for", raw_open([head.as_bytes(), &gzip].concat()), "안녕");
    let long = "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{\"message\":{\"text\":\"hi\"}}";
    reads("announced longer, then closed", raw(long), "hi");
    let twice = "HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{\"message\":{\"text\":\"hi\"}}";
    reads("answers twice", raw_open(twice.repeat(2)), "hi");
    reads("says a bit more than announced", raw_open(format!("{twice}  \r\n")), "hi");
}

#[test]
fn a_reply_announced_shorter_than_it_is_does_not_spill_into_the_next() {
    let short = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"message\":{\"text\":\"hello\"}}";
    let bot = Bot::scripted([raw_open(short), bot::words("둘째")]);
    let bridge = before(&bot);
    let first = bridge.say(&words("u", "하나"));
    assert_ne!(first.text(), "둘째");
    assert_eq!(bridge.say(&words("u", "둘")).text(), "둘째");
}

#[test]
fn a_bot_that_hangs_or_trickles_keeps_the_user_waiting_and_is_cut() {
    keeps_waiting("hangs", hang());
    keeps_waiting("trickles", bot::trickle(ms(100)));
    keeps_waiting("announces more than it sends", raw_open("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"));
}

#[test]
fn connections_closed_while_idle_cost_nothing_and_no_message_is_sent_twice() {
    // UserInput keep-alive and closes all the same.
    let bot = Bot::answering(|_| {
        raw("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 25\r\n\r\n{\"message\":{\"text\":\"hi\"}}")
    });
    let bridge = before(&bot);
    for turn in 1..=30 {
        assert_eq!(bridge.say(&words("u", "안녕")).text(), "hi", "turn {turn}");
        assert_eq!(bot.messages().len(), turn);
        // What is written before the bot has closed is a message whose fate nobody knows.
        eventually("it has closed", || bot.open() == 0);
    }
}

#[test]
fn a_connection_that_stays_open_is_used_again() {
    let bot = Bot::answering(|_| bot::words("안녕"));
    let bridge = with(&bot, &[("workers", "1")]);
    for _ in 0..10 {
        assert_eq!(bridge.say(&words("u", "안녕")).text(), "안녕");
    }
    // One is the home keyboard's, which was asked for beside the first turn.
    assert!(bot.connections() <= 2, "{} connections", bot.connections());
}

#[test]
fn a_bot_that_refuses_and_comes_back_is_found_again() {
    let mut bot = Bot::answering(|_| bot::words("안녕"));
    let bridge = before(&bot);
    assert_eq!(bridge.say(&words("u", "하나")).text(), "안녕");
    bot.die();
    for _ in 0..3 {
        assert_eq!(bridge.say(&words("u", "둘")).text(), NO_REPLY);
    }
    bot.come_back();
    assert_eq!(bridge.say(&words("u", "셋")).text(), "안녕");
    assert_eq!(bot.contents(), ["하나", "셋"]);
}

#[test]
fn a_bot_that_dies_in_mid_request_is_asked_once() {
    let mut bot = Bot::answering(|asked| if asked.content() == "둘" { hang() } else { bot::words("안녕") });
    let bridge = before(&bot);
    bridge.say(&words("u", "하나"));
    let mut waiting = bridge.client();
    waiting.send(&words("u", "둘"));
    eventually("the bot was asked", || bot.messages().len() == 2);
    bot.die();
    assert_eq!(waiting.read().unwrap().valid("asked once").text(), NO_REPLY);
    bot.come_back();
    assert_eq!(bridge.say(&words("u", "셋")).text(), "안녕");
    assert_eq!(bot.messages().len(), 3);
}

#[test]
fn tls_that_fails_is_no_reply_and_nothing_is_sent() {
    let bot = Bot::scripted([]);
    let bridge = Bridge::before(&bot.url().replace("http:", "https:"), &[]);
    assert_eq!(bridge.say(&words("u", "안녕")).text(), NO_REPLY);
    assert_eq!(bot.messages().len(), 0);
}

#[test]
fn a_home_keyboard_that_hangs_takes_a_second_at_most_and_counts_as_free_typing() {
    let bot = Bot::scripted_before(hang(), [bot::words("안녕")]);
    let bridge = with(&bot, &[("bots.default.deadline", "1400ms"), ("callback.after", "1300ms")]);
    let answer = bridge.say(&words("u", "안녕"));
    assert_eq!(answer.text(), "안녕");
    assert!(answer.took >= ms(900));
}

#[test]
fn a_home_keyboard_is_asked_for_once_and_shown() {
    let bot = Bot::scripted_before(bot::home(&["가", "나"]), []);
    let bridge = before(&bot);
    let answer = bridge.say(&words("u", "웰컴").block("welcome", "웰컴 블록"));
    assert_eq!(answer.quick_replies(), ["가", "나"]);
}
