//! K1: the home keyboard is led on once, on the same server; a message never.

use super::*;

#[tokio::test]
async fn the_home_keyboard_is_followed_once_on_the_same_server_only() {
    let bot = Bot::scripted(|peer| {
        while let Some(request) = peer.hear() {
            if request.starts_with("GET /keyboard ") {
                peer.say("HTTP/1.1 301 Moved\r\nLocation: /new/keyboard?v=2\r\nContent-Length: 4\r\n\r\nmove");
            } else {
                peer.say(OK);
            }
        }
    });
    assert_eq!(api(&bot.url()).home(CORE, patience()).await.unwrap().status, 200);
    let heard = bot.heard();
    assert!(heard[1].starts_with("GET /new/keyboard?v=2 HTTP/1.1\r\n"), "{heard:?}");
    assert_eq!((heard.len(), bot.connections()), (2, 1));

    let elsewhere = Bot::scripted(|peer| peer.serve(OK));
    for location in [elsewhere.url(), "https://127.0.0.1/keyboard".to_owned(), "//example.com/".to_owned()] {
        let answer = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let bot = Bot::scripted(move |peer| peer.serve(&answer));
        assert_eq!(api(&bot.url()).home(CORE, patience()).await.unwrap().status, 302);
        assert_eq!(bot.heard().len(), 1);
    }
    assert_eq!(elsewhere.connections(), 0);

    let bot = Bot::scripted(|peer| peer.serve("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"));
    assert_eq!(api(&bot.url()).home(CORE, patience()).await.unwrap().status, 302);
    assert_eq!(bot.heard().len(), 2, "once, not for ever");
}

#[tokio::test]
async fn a_message_is_never_led_on() {
    let bot = Bot::scripted(|peer| peer.serve("HTTP/1.1 307 Go\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"));
    assert_eq!(message(&api(&bot.url()), patience()).await.unwrap().status, 307);
    assert_eq!(bot.heard().len(), 1);
}
