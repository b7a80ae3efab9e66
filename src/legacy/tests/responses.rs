//! Answers of all kinds.

use super::*;

#[tokio::test]
async fn every_way_to_say_where_a_body_ends_is_read() {
    for (answer, whole) in [
        ("HTTP/1.0 200 OK\r\n\r\n{\"a\":1}", true),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"a\":1}", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Encoding: utf8\r\n\r\n{\"a\":1}", true),
        ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}", true),
        ("HTTP/1.1 200 OK\r\nX Bad: 1\r\nX-Space : 1\r\nX-Fold: a\r\n b\r\nContent-Length: 7\r\n\r\n{\"a\":1}", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n{\"a\":1}", false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n", false),
    ] {
        let bot = Bot::scripted(move |peer| {
            peer.hear();
            peer.say(answer);
        });
        let reply = message(&api(&bot.url()), patience()).await.unwrap();
        assert_eq!((reply.status, body(&reply), reply.cut_short), (200, "{\"a\":1}", !whole), "{answer}");
        assert_eq!(bot.heard().len(), 1);
    }
}

#[tokio::test]
async fn a_status_that_is_not_200_is_an_answer_with_its_page() {
    let bot = Bot::scripted(|peer| peer.serve("HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\n<html"));
    let reply = message(&api(&bot.url()), patience()).await.unwrap();
    assert_eq!((reply.status, body(&reply)), (500, "<html"));
}

#[tokio::test]
async fn words_that_are_not_http_and_endless_heads_are_malformed() {
    let bot = Bot::scripted(|peer| {
        peer.hear();
        peer.say("안녕하세요\r\n\r\n");
    });
    let error = message(&api(&bot.url()), patience()).await.unwrap_err();
    assert_eq!((error.code(), error.sent()), ("malformed", Sent::Unknown));

    let bot = Bot::scripted(|peer| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\n");
        peer.pour("X-Endless: 0123456789\r\n".repeat(100).as_bytes(), 100 << 20);
    });
    let error = message(&api(&bot.url()), patience()).await.unwrap_err();
    assert_eq!(error.code(), "malformed", "{error:?}");
}

#[tokio::test]
async fn a_body_without_end_is_cut_at_the_bound() {
    let poured = Arc::new(AtomicUsize::new(0));
    for head in ["Content-Length: 104857600\r\n\r\n", "Connection: close\r\n\r\n"] {
        let count = Arc::clone(&poured);
        let mut bot = Bot::scripted(move |peer| {
            peer.hear();
            peer.say(format!("HTTP/1.1 200 OK\r\n{head}"));
            count.store(peer.pour(&[b'x'; 65_536], 100 << 20), Ordering::SeqCst);
        });
        let error = message(&api(&bot.url()), patience()).await.unwrap_err();
        assert!(matches!(error, BackendError::TooLarge { bound: limits::REPLY_BYTES }), "{error:?}");
        bot.closed().await;
        // Bytes that were not read sit in the kernel's buffers, a few megabytes on loopback.
        assert!(poured.load(Ordering::SeqCst) < 50 << 20, "nobody read on");
    }
}

/// S1: each `100 Continue` is a whole head, so no bound on a head or a body ends them.
#[tokio::test]
async fn a_flood_of_100_continue_is_cut_at_its_bytes() {
    let poured = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&poured);
    let mut bot = Bot::scripted(move |peer| {
        peer.hear();
        let flood = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
        count.store(peer.pour(flood.as_bytes(), 200 << 20), Ordering::SeqCst);
    });
    let error = message(&api(&bot.url()), patience()).await.unwrap_err();
    assert!(!matches!(error, BackendError::TimedOut { .. }), "{error:?}");
    bot.closed().await;
    assert!(poured.load(Ordering::SeqCst) < 50 << 20, "nobody ends it");
}
