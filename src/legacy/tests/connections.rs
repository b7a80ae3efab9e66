//! Connections and time, and what is never sent twice (I7).

use super::*;

#[tokio::test]
async fn a_kept_connection_that_the_bot_closed_is_noticed_and_the_message_goes_out_once() {
    let mut bot = Bot::scripted(|peer| {
        peer.hear();
        peer.say(OK);
    });
    let api = api(&bot.url());
    message(&api, patience()).await.unwrap();
    bot.closed().await;
    message(&api, patience()).await.unwrap();
    assert_eq!(bot.heard().len(), 2, "each message once");
    assert_eq!(bot.connections(), 2);
}

#[tokio::test]
async fn bytes_nobody_asked_for_spoil_a_kept_connection_not_the_next_message() {
    let bot = Bot::scripted(|peer| {
        if peer.number == 0 {
            peer.hear();
            peer.say([OK, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold"].concat());
            peer.wait_for_close();
        } else {
            peer.serve(OK);
        }
    });
    let api = api(&bot.url());
    message(&api, patience()).await.unwrap();
    let reply = message(&api, patience()).await.unwrap();
    assert_eq!(body(&reply), "{\"message\":null");
    assert_eq!(bot.heard().len(), 2);
}

/// Else the stray answer of one user would be read by the next, and every answer after it one too late.
#[tokio::test]
async fn no_connection_is_kept_of_a_bot_that_answered_what_nobody_asked() {
    let bot = Bot::scripted(|peer| {
        peer.hear();
        peer.say(OK.repeat(if peer.number == 0 { 2 } else { 1 }));
        peer.wait_for_close();
    });
    let api = api(&bot.url());
    for _ in 0..3 {
        assert_eq!(body(&message(&api, patience()).await.unwrap()), "{\"message\":null");
    }
    assert_eq!(bot.connections(), 3);
}

#[tokio::test]
async fn a_bot_that_takes_the_message_and_closes_is_not_asked_again() {
    for answer in ["", "HTTP/1.1 200 OK\r\nContent-Le"] {
        let bot = Bot::scripted(move |peer| {
            peer.hear();
            peer.say(answer);
        });
        let error = message(&api(&bot.url()), patience()).await.unwrap_err();
        assert!(matches!(error, BackendError::Cut { sent: Sent::Unknown, .. }), "{error:?}");
        assert_eq!((error.code(), error.blame(), error.sent()), ("cut", Blame::Bot, Sent::Unknown));
        assert_eq!(bot.heard().len(), 1);
    }
}

#[tokio::test]
async fn a_kept_connection_closed_on_the_message_does_not_repeat_it_either() {
    let bot = Bot::scripted(|peer| {
        peer.hear();
        peer.say(OK);
        peer.hear();
    });
    let api = api(&bot.url());
    message(&api, patience()).await.unwrap();
    let error = message(&api, patience()).await.unwrap_err();
    assert_eq!((error.code(), error.sent()), ("cut", Sent::Unknown));
    assert_eq!(bot.heard().len(), 2);
}

#[tokio::test]
async fn the_home_keyboard_is_asked_for_a_second_time() {
    let bot = Bot::scripted(|peer| {
        peer.hear();
        if peer.number > 0 {
            peer.say(OK);
        }
    });
    assert_eq!(api(&bot.url()).home(CORE, patience()).await.unwrap().status, 200);
    assert_eq!(bot.heard().len(), 2);
}

#[tokio::test]
async fn a_call_that_is_dropped_takes_its_connection_along() {
    let (hears, mut heard) = mpsc::unbounded_channel();
    let mut bot = Bot::scripted(move |peer| {
        hears.send(peer.hear()).unwrap();
        peer.wait_for_close();
    });
    let api = api(&bot.url());
    tokio::select! {
        answer = message(&api, patience()) => panic!("{answer:?}"),
        request = heard.recv() => assert!(request.flatten().is_some()),
    }
    bot.closed().await;
    assert_eq!(bot.connections(), 1);
}

#[tokio::test]
async fn a_bot_that_closes_every_connection_at_once_is_given_up_soon() {
    let bot = Bot::scripted(|_peer| {});
    let error = message(&api(&bot.url()), patience()).await.unwrap_err();
    assert_eq!(error.code(), "cut");
    assert!(bot.heard().is_empty() && bot.connections() <= 3);
}

#[tokio::test]
async fn a_sweep_drops_what_is_idle_too_long() {
    let mut bot = Bot::scripted(|peer| peer.serve(OK));
    let api = api(&bot.url());
    message(&api, patience()).await.unwrap();
    api.sweep(CORE, time::instant());
    message(&api, patience()).await.unwrap();
    assert_eq!(bot.connections(), 1);
    api.sweep(CORE, in_millis(4_100));
    bot.closed().await;
    message(&api, patience()).await.unwrap();
    assert_eq!(bot.connections(), 2);
}

#[tokio::test]
async fn a_refused_connection_sent_nothing() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = message(&api(&format!("http://{address}")), patience()).await.unwrap_err();
    assert_eq!((error.code(), error.sent()), ("connect", Sent::Nothing));
}

#[tokio::test]
async fn a_bot_that_trickles_past_the_cut_has_timed_out() {
    for answer in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"mes"] {
        let bot = Bot::scripted(move |peer| {
            peer.hear();
            peer.say(answer);
            peer.wait_for_close();
        });
        let error = message(&api(&bot.url()), in_millis(500)).await.unwrap_err();
        assert!(matches!(error, BackendError::TimedOut { sent: Sent::Unknown }), "{error:?}");
        assert_eq!(bot.heard().len(), 1);
    }
}

#[tokio::test]
async fn a_call_that_is_late_already_is_not_sent() {
    let bot = Bot::scripted(|peer| peer.serve(OK));
    let api = api(&bot.url());
    message(&api, patience()).await.unwrap();
    let error = message(&api, time::instant()).await.unwrap_err();
    assert_eq!((error.code(), error.sent()), ("timeout", Sent::Nothing));
    message(&api, patience()).await.unwrap();
    assert_eq!(bot.heard().len(), 2);
}

#[tokio::test]
async fn time_that_is_over_before_the_connection_stands_sent_nothing() {
    // A listener that never accepts and whose backlog is full lets no handshake through.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let _full: Vec<TcpStream> =
        (0..4).filter_map(|_| TcpStream::connect_timeout(&address, Duration::from_millis(50)).ok()).collect();
    let error = message(&api(&format!("http://{address}")), in_millis(500)).await.unwrap_err();
    assert_eq!(error.sent(), Sent::Nothing);
}

#[tokio::test]
async fn the_status_of_a_notice_counts_though_its_body_never_ends() {
    let bot = Bot::scripted(|peer| {
        peer.hear();
        peer.say("HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\n<html>");
        peer.wait_for_close();
    });
    let status = api(&bot.url()).notify(CORE, Notice::RoomLeft, &user(), in_millis(500)).await;
    assert_eq!(status.unwrap(), 404);
}
