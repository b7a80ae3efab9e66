//! Every way a bot can fail, with the words the user reads and where the conversation stands after it.

use serde_json::json;

use super::support::app::Bridge;
use super::support::mock_bot::{self, MockBot, Step, cut_in_head, cut_mid_body, hang, raw, raw_open, reset, says};
use super::support::mock_bot::{says_with, status, trickle};
use super::support::{caller::words, eventually, ms};

const NO_REPLY: &str = "답변을 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.";
const WAIT: &str = "답변을 준비하고 있습니다. 잠시 후 다시 확인해 주세요.";
const CHOOSE: &str = "원하는 버튼을 선택하세요";

fn menu() -> Step {
    says_with("메뉴", &["가", "나"])
}

/// The user has a menu, taps, and the bot does `step`. They read that there was no reply, above the same menu; what
/// matches no button is still kept from the bot, and a button still works.
async fn reads_no_reply(name: &str, step: Step) {
    let bot = MockBot::scripted([menu(), step, says("다시")]).await;
    let bridge = Bridge::before(&bot.url());
    let shown = bridge.say("u", "안녕").await;
    let answer = bridge.call(&shown.tap("u", "가")).await;
    assert_eq!((answer.text(), answer.buttons()), (NO_REPLY.into(), vec!["가".into(), "나".into()]), "{name}");
    assert_eq!(bridge.say("u", "아무 말").await.text(), CHOOSE, "{name}");
    assert_eq!(bridge.call(&answer.tap("u", "나")).await.text(), "다시", "{name}");
    assert_eq!(bot.asked().iter().map(|asked| &*asked.content).collect::<Vec<_>>(), ["안녕", "가", "나"], "{name}");
}

/// The same, where the bot's answer is good after all.
async fn reads(name: &str, step: Step, text: &str) {
    let bot = MockBot::scripted([menu(), step, says("다시")]).await;
    let bridge = Bridge::before(&bot.url());
    let shown = bridge.say("u", "안녕").await;
    let answer = bridge.call(&shown.tap("u", "가")).await;
    assert_eq!((answer.text(), answer.buttons()), (text.into(), Vec::new()), "{name}");
    assert_eq!(bridge.say("u", "아무 말").await.text(), "다시", "{name}: a reply without keyboard is free typing");
}

/// The same, where the bot keeps the user waiting: they read so, and what came of it on the next tap.
async fn keeps_waiting(name: &str, step: Step) {
    let bot = MockBot::scripted([menu(), step, says("다시")]).await;
    let bridge = Bridge::with(&bot.url(), &[("bots.default.late", "1s")]);
    let shown = bridge.say("u", "안녕").await;
    let answer = bridge.call(&shown.tap("u", "가")).await;
    assert_eq!(
        (answer.text(), answer.buttons()),
        (WAIT.into(), ["답변 보기", "가", "나"].map(String::from).into()),
        "{name}"
    );
    // The tap waits for the bot, which is cut before the tap's own deadline.
    let answer = bridge.call(&answer.tap("u", "답변 보기")).await;
    assert_eq!((answer.text(), answer.buttons()), (NO_REPLY.into(), vec!["가".into(), "나".into()]), "{name}");
    assert_eq!(bridge.call(&answer.tap("u", "나")).await.text(), "다시", "{name}");
    assert_eq!(bot.messages(), 3, "{name}: at most once");
}

#[tokio::test]
async fn a_reply_that_is_cut_or_reset_is_no_reply() {
    reads_no_reply("closed unanswered", raw("")).await;
    reads_no_reply("cut in the head", cut_in_head()).await;
    reads_no_reply("cut in the body", cut_mid_body()).await;
    reads_no_reply("reset", reset()).await;
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{\"message\":{\"text\":\"half";
    reads_no_reply("cut in a chunk", raw(chunked)).await;
}

#[tokio::test]
async fn an_error_page_is_no_reply() {
    let page = "<html><h1>Internal Server Error</h1>".to_owned() + &"x".repeat(180 * 1024);
    reads_no_reply("500 with 180 KB", status(500, page.as_bytes())).await;
    reads_no_reply("404", status(404, b"{\"message\":{\"text\":\"not me\"}}")).await;
    reads_no_reply("502", status(502, b"")).await;
    reads_no_reply("a page with 200", status(200, b"<!doctype html><title>Fatal error</title>")).await;
    reads_no_reply("nothing with 200", status(200, b"")).await;
    reads_no_reply("no HTTP at all", raw("SSH-2.0-OpenSSH_9.6\r\n")).await;
}

#[tokio::test]
async fn a_hundred_megabytes_are_not_read() {
    reads_no_reply("100 MB", mock_bot::pour(100 * 1024 * 1024)).await;
}

#[tokio::test]
async fn a_good_reply_of_bad_manners_is_read() {
    reads("closed after the reply", raw("HTTP/1.1 200 OK\r\n\r\n{\"message\":{\"text\":\"안녕\"}}"), "안녕").await;
    let (cp949, _, _) = encoding_rs::EUC_KR.encode("{\"message\":{\"text\":\"안녕하세요\"}}");
    reads("CP949", status(200, &cp949), "안녕하세요").await;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, "{\"message\":{\"text\":\"안녕\"}}".as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", gzip.len());
    reads("gzip nobody asked for", raw_open([head.as_bytes(), &gzip].concat()), "안녕").await;
    let long = "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{\"message\":{\"text\":\"hi\"}}";
    reads("announced longer, then closed", raw(long), "hi").await;
    let twice = "HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{\"message\":{\"text\":\"hi\"}}";
    reads("answers twice", raw_open(twice.repeat(2)), "hi").await;
    reads("says a bit more than announced", raw_open(format!("{twice}  \r\n")), "hi").await;
}

#[tokio::test]
async fn a_reply_announced_shorter_than_it_is_does_not_spill_into_the_next() {
    let short = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"message\":{\"text\":\"hello\"}}";
    let bot = MockBot::scripted([raw_open(short), says("둘째")]).await;
    let bridge = Bridge::before(&bot.url());
    let first = bridge.say("u", "하나").await;
    assert_ne!(first.text(), "둘째");
    assert_eq!(bridge.say("u", "둘").await.text(), "둘째");
}

#[tokio::test]
async fn a_bot_that_hangs_or_trickles_keeps_the_user_waiting_and_is_cut() {
    keeps_waiting("hangs", hang()).await;
    keeps_waiting("trickles", trickle(ms(100))).await;
    keeps_waiting("announces more than it sends", raw_open("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}")).await;
}

#[tokio::test]
async fn connections_closed_while_idle_cost_nothing_and_no_message_is_sent_twice() {
    // UserInput keep-alive and closes all the same.
    let bot = MockBot::answering(|_| {
        raw("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 25\r\n\r\n{\"message\":{\"text\":\"hi\"}}")
    })
    .await;
    let bridge = Bridge::before(&bot.url());
    for turn in 1..=30 {
        assert_eq!(bridge.say("u", "안녕").await.text(), "hi", "turn {turn}");
        assert_eq!(bot.messages(), turn);
    }
}

#[tokio::test]
async fn a_connection_that_stays_open_is_used_again() {
    let bot = MockBot::answering(|_| says("안녕")).await;
    let bridge = Bridge::with(&bot.url(), &[("workers", "1")]);
    for _ in 0..10 {
        assert_eq!(bridge.say("u", "안녕").await.text(), "안녕");
    }
    // One is the home keyboard's, which was asked for beside the first turn.
    assert!(bot.connections() <= 2, "{} connections", bot.connections());
}

#[tokio::test]
async fn a_bot_that_refuses_and_comes_back_is_found_again() {
    let mut bot = MockBot::answering(|_| says("안녕")).await;
    let bridge = Bridge::before(&bot.url());
    assert_eq!(bridge.say("u", "하나").await.text(), "안녕");
    bot.die().await;
    for _ in 0..3 {
        assert_eq!(bridge.say("u", "둘").await.text(), NO_REPLY);
    }
    bot.come_back().await;
    assert_eq!(bridge.say("u", "셋").await.text(), "안녕");
    assert_eq!(bot.asked().iter().map(|asked| &*asked.content).collect::<Vec<_>>(), ["하나", "셋"]);
}

#[tokio::test]
async fn a_bot_that_dies_in_mid_request_is_asked_once() {
    let mut bot = MockBot::answering(|asked| if asked.content == "둘" { hang() } else { says("안녕") }).await;
    let bridge = Bridge::before(&bot.url());
    bridge.say("u", "하나").await;
    let address = bridge.address;
    let waiting = tokio::spawn(async move {
        let mut caller = super::support::caller::Caller::connect(address).await.unwrap();
        caller.try_call(&words("u", "둘")).await.unwrap()
    });
    eventually("the bot was asked", || bot.messages() == 2).await;
    bot.die().await;
    assert_eq!(waiting.await.unwrap().text(), NO_REPLY);
    bot.come_back().await;
    assert_eq!(bridge.say("u", "셋").await.text(), "안녕");
    assert_eq!(bot.messages(), 3);
}

#[tokio::test]
async fn tls_that_fails_is_no_reply_and_nothing_is_sent() {
    let bot = MockBot::scripted([]).await;
    let bridge = Bridge::before(&bot.url().replace("http:", "https:"));
    assert_eq!(bridge.say("u", "안녕").await.text(), NO_REPLY);
    assert_eq!(bot.messages(), 0);
}

#[tokio::test]
async fn a_home_keyboard_that_hangs_takes_a_second_at_most_and_counts_as_free_typing() {
    let bot = MockBot::scripted([says("안녕")]).await;
    bot.home(hang());
    let bridge = Bridge::with(&bot.url(), &[("bots.default.deadline", "1400ms"), ("callback.after", "1300ms")]);
    let answer = bridge.say("u", "안녕").await;
    assert_eq!(answer.text(), "안녕");
    assert!(answer.took >= ms(900));
}

#[tokio::test]
async fn a_home_keyboard_is_asked_for_once_and_shown() {
    let bot = MockBot::scripted([]).await;
    bot.home(mock_bot::reply(&json!({ "type": "buttons", "buttons": ["가", "나"] })));
    let bridge = Bridge::before(&bot.url());
    let answer = bridge.call(&words("u", "웰컴").of_block("웰컴 블록")).await;
    assert_eq!(answer.buttons(), ["가", "나"]);
}
