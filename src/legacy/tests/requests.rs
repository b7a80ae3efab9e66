//! The requests that a bot gets.

use super::*;

#[tokio::test]
async fn every_call_is_the_old_servers_to_the_byte() {
    let bot = Bot::scripted(|peer| peer.serve(OK));
    let host = bot.address;
    let mut settings = settings(&format!("http://{host}/kakao/"));
    settings.headers = vec![(HeaderName::from_static("x-requested-with"), HeaderValue::from_static("bridge"))];
    let api = HttpLegacy::new(&settings, 1).unwrap();

    api.home(CORE, patience()).await.unwrap();
    message(&api, patience()).await.unwrap();
    for notice in [Notice::FriendAdded, Notice::FriendBlocked, Notice::RoomLeft] {
        assert_eq!(api.notify(CORE, notice, &user(), patience()).await.unwrap(), 200);
    }

    let common = format!("Host: {host}\r\nUser-Agent: KakaoTalk/Bot 2.0\r\nAccept: */*\r\n");
    let json = "Content-Type: application/json; charset=utf-8\r\n";
    let extra = "X-Requested-With: bridge\r\n";
    assert_eq!(
        bot.heard(),
        [
            format!("GET /kakao/keyboard HTTP/1.1\r\n{common}{extra}\r\n"),
            format!(
                "POST /kakao/message HTTP/1.1\r\n{common}{json}{extra}Content-Length: 60\r\n\r\n\
                 {{\"user_key\":\"Qw7-eRt_9YzA\",\"type\":\"text\",\"content\":\"급식\"}}"
            ),
            format!(
                "POST /kakao/friend HTTP/1.1\r\n{common}{json}{extra}Content-Length: 27\r\n\r\n\
                 {{\"user_key\":\"Qw7-eRt_9YzA\"}}"
            ),
            format!("DELETE /kakao/friend/Qw7-eRt_9YzA HTTP/1.1\r\n{common}{extra}\r\n"),
            format!("DELETE /kakao/chat_room/Qw7-eRt_9YzA HTTP/1.1\r\n{common}{extra}\r\n"),
        ]
    );
    assert_eq!(bot.connections(), 1, "five calls, one connection");
}

#[tokio::test]
async fn head_and_body_come_in_one_send() {
    let (reads, mut read) = mpsc::unbounded_channel();
    let bot = Bot::scripted(move |peer| {
        let mut buffer = [0_u8; 4096];
        let first = peer.wire.read(&mut buffer).unwrap();
        reads.send(String::from_utf8(buffer[..first].to_vec()).unwrap()).unwrap();
        peer.say(OK);
    });
    message(&api(&bot.url()), patience()).await.unwrap();
    assert!(read.recv().await.unwrap().ends_with("\"급식\"}"));
}

#[tokio::test]
async fn a_base_path_gets_no_slash_added_and_none_doubled() {
    let bot = Bot::scripted(|peer| peer.serve(OK));
    let bases = ["", "/", "/kakao", "/kakao//", "/api/plus friend/", "/bot.php", "/카카오?x=1"];
    for base in bases {
        api(&format!("{}{base}", bot.url())).home(CORE, patience()).await.unwrap();
    }
    let paths: Vec<String> = bot.heard().iter().map(|request| request.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(
        paths,
        [
            "/keyboard",
            "/keyboard",
            "/kakao/keyboard",
            "/kakao/keyboard",
            "/api/plus%20friend/keyboard",
            "/bot.php/keyboard",
            "/%EC%B9%B4%EC%B9%B4%EC%98%A4/keyboard",
        ]
    );
}

#[tokio::test]
async fn the_operators_headers_replace_ours_but_never_the_framing() {
    let bot = Bot::scripted(|peer| peer.serve(OK));
    let mut settings = settings(&bot.url());
    for (name, value) in [("user-agent", "Old"), ("content-length", "1"), ("x-a", "1"), ("x-a", "2")] {
        settings.headers.push((HeaderName::from_static(name), HeaderValue::from_static(value)));
    }
    message(&HttpLegacy::new(&settings, 1).unwrap(), patience()).await.unwrap();
    let heard = bot.heard().remove(0);
    assert!(heard.contains("\r\nUser-Agent: Old\r\n") && !heard.contains("KakaoTalk"), "{heard}");
    assert!(heard.contains("\r\nX-A: 1\r\nX-A: 2\r\n"), "{heard}");
    assert!(heard.contains("\r\nContent-Length: 60\r\n"), "{heard}");
}

#[tokio::test]
async fn a_name_is_resolved_and_stands_in_host() {
    let bot = Bot::scripted(|peer| peer.serve(OK));
    message(&api(&format!("http://localhost:{}", bot.address.port())), patience()).await.unwrap();
    assert!(bot.heard()[0].contains(&format!("\r\nHost: localhost:{}\r\n", bot.address.port())));
}
