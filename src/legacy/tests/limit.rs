//! How many connections are kept, and how many there may be (I8).

use super::crowd::Crowd;
use super::*;

const OTHER_CORE: CoreId = CoreId(1);

/// A client of two cores that may have so many connections.
fn client(url: &str, connections: usize) -> Arc<HttpLegacy> {
    Arc::new(HttpLegacy::new(&BotSettings { connections, ..settings(url) }, 2).unwrap())
}

/// Sends `content` from a core; waits for its lease first, as the engine does.
fn say(api: &Arc<HttpLegacy>, core: CoreId, content: &str) -> tokio::task::JoinHandle<Result<RawReply, BackendError>> {
    let (api, content) = (Arc::clone(api), content.to_owned());
    tokio::spawn(async move {
        let lease = api.connections().acquire().await;
        let user_key = user();
        let call = MessageCall { user_key: &user_key, kind: MessageType::Text, content: &content };
        api.message(core, &lease, call, patience()).await
    })
}

#[tokio::test]
async fn i8_nothing_is_kept_open_at_a_bot_that_speaks_http_1_0_or_says_apache() {
    for (head, kept) in [
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", false),
        ("HTTP/1.1 200 OK\r\nServer: Apache/2.4.57 (Debian)\r\n", false),
        ("HTTP/1.1 200 OK\r\nserver: APACHE\r\n", false),
        ("HTTP/1.1 200 OK\r\nServer: Apache-Coyote/1.1\r\n", false),
        ("HTTP/1.1 500 Oops\r\nServer: Apache\r\n", false),
        ("HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nX-Powered-By: PHP/5.6 (Apache)\r\n", true),
        ("HTTP/1.1 200 OK\r\n", true),
    ] {
        let answer = format!("{head}Content-Length: 15\r\n\r\n{{\"message\":null");
        let mut bot = Bot::scripted(move |peer| peer.serve(&answer));
        let api = api(&bot.url());
        // The home keyboard and events no less than messages.
        api.home(CORE, patience()).await.unwrap();
        message(&api, patience()).await.unwrap();
        api.notify(CORE, Notice::FriendAdded, &user(), patience()).await.unwrap();
        message(&api, patience()).await.unwrap();
        assert_eq!(bot.connections(), if kept { 1 } else { 4 }, "{head}");
        assert_eq!(api.connections().idle(), usize::from(kept), "{head}");
        if !kept {
            for _ in 0..4 {
                bot.closed().await;
            }
        }
        assert_eq!(api.connections().in_use(), 0);
    }
}

#[tokio::test]
async fn i8_idle_connections_shrink_to_the_peak_of_the_last_second() {
    let mut bot = Crowd::start();
    let api = client(&bot.url(), 100);
    let said: Vec<_> = (0..5).map(|_| say(&api, CORE, "안녕")).collect();
    for _ in &said {
        bot.next().await.answer(OK);
    }
    for said in said {
        said.await.unwrap().unwrap();
    }
    let began = api.connections().idle();
    // How many overlapped is up to the machine; a slow machine makes fewer.
    assert!(began >= 1 && bot.open() == began, "{began} are kept, {} are open", bot.open());

    // Two are out for longer than a second, so two may be idle beside them.
    let held: Vec<_> = (0..2).map(|_| say(&api, CORE, "천천히")).collect();
    let calls = [bot.next().await, bot.next().await];
    api.sweep(CORE, in_millis(1_200));
    assert!(api.connections().idle() <= 2 && bot.open() <= 4);
    for call in calls {
        call.answer(OK);
    }
    for held in held {
        held.await.unwrap().unwrap();
    }
    assert!(api.connections().idle() >= 1);
    // No message for a second: no connection is kept.
    api.sweep(CORE, in_millis(1_200));
    assert_eq!((api.connections().idle(), bot.open()), (0, 0));
}

#[tokio::test]
async fn i8_six_users_share_two_connections_in_order_of_arrival_on_whatever_core() {
    let mut bot = Crowd::start();
    let api = client(&bot.url(), 2);
    let mut said = Vec::new();
    for user in 0..6 {
        said.push(say(&api, CoreId(user % 2), &format!("{user}")));
        // In the line, or out, before the next one comes.
        while api.connections().in_use() + api.connections().waiting() <= user {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!((api.connections().in_use(), api.connections().waiting()), (2, 4));
    let mut out = vec![bot.next().await, bot.next().await];
    let mut heard: Vec<String> = Vec::new();
    out.sort_by_key(|call| call.content());
    while !out.is_empty() {
        let first = out.remove(0);
        heard.push(first.content());
        first.answer(OK);
        if heard.len() + out.len() < 6 {
            out.push(bot.next().await);
        }
    }
    for said in said {
        assert_eq!(said.await.unwrap().unwrap().status, 200);
    }
    assert_eq!(heard, ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(bot.most(), 2, "sockets at once");
    assert_eq!((api.connections().in_use(), api.connections().waiting()), (0, 0));
}

#[tokio::test]
async fn i8_an_idle_connection_of_another_core_gives_way_to_a_call() {
    let mut bot = Crowd::start();
    let api = client(&bot.url(), 2);
    let said = [say(&api, CORE, "안녕"), say(&api, CORE, "안녕")];
    let calls = [bot.next().await, bot.next().await];
    for call in calls {
        call.answer(OK);
    }
    for said in said {
        said.await.unwrap().unwrap();
    }
    assert_eq!((api.connections().idle(), bot.open()), (2, 2));
    let said = [say(&api, OTHER_CORE, "안녕"), say(&api, OTHER_CORE, "안녕")];
    let calls = [bot.next().await, bot.next().await];
    assert_eq!((api.connections().idle(), api.connections().in_use(), bot.open()), (0, 2, 2));
    for call in calls {
        call.answer(OK);
    }
    for said in said {
        said.await.unwrap().unwrap();
    }
    assert_eq!(bot.most(), 2, "sockets at once");
    // A lower bound closes what is idle beyond it with the next call.
    api.connections().set_bound(1);
    let said = say(&api, CORE, "안녕");
    let call = bot.next().await;
    assert_eq!((api.connections().idle(), bot.open()), (0, 1));
    call.answer(OK);
    said.await.unwrap().unwrap();
}

#[tokio::test]
async fn i8_the_home_keyboard_and_events_stand_in_the_same_line_and_send_nothing_past_their_time() {
    let mut bot = Crowd::start();
    let api = client(&bot.url(), 1);
    let said = say(&api, CORE, "천천히");
    let held = bot.next().await;
    for error in [
        api.home(CORE, in_millis(50)).await.unwrap_err(),
        api.notify(OTHER_CORE, Notice::FriendAdded, &user(), in_millis(50)).await.unwrap_err(),
    ] {
        assert!(matches!(error, BackendError::Queued), "{error:?}");
        assert_eq!((error.code(), error.sent(), error.blame()), ("queue", Sent::Nothing, Blame::Us));
    }
    assert!(bot.is_silent());
    let home = {
        let api = Arc::clone(&api);
        tokio::spawn(async move { api.home(OTHER_CORE, patience()).await })
    };
    while api.connections().waiting() == 0 {
        tokio::task::yield_now().await;
    }
    let next = say(&api, CORE, "다음");
    while api.connections().waiting() == 1 {
        tokio::task::yield_now().await;
    }
    held.answer(OK);
    let call = bot.next().await;
    assert!(call.line.starts_with("GET /keyboard "), "{}", call.line);
    call.answer(OK);
    let call = bot.next().await;
    assert_eq!(call.content(), "다음");
    call.answer(OK);
    assert!(said.await.unwrap().is_ok() && home.await.unwrap().is_ok() && next.await.unwrap().is_ok());
    assert_eq!(bot.most(), 1, "sockets at once");
}

/// I7: the kept connection is looked at before it is used, and a call that finds it closed opens a new one within the
/// bound.
#[tokio::test]
async fn i8_a_kept_connection_that_was_closed_makes_no_second_one() {
    let mut bot = Bot::scripted(|peer| {
        peer.hear();
        peer.say(OK);
    });
    let api = client(&bot.url(), 1);
    for number in 0..3 {
        let lease = api.connections().acquire().await;
        let user_key = user();
        let call = MessageCall { user_key: &user_key, kind: MessageType::Text, content: "급식" };
        api.message(CORE, &lease, call, patience()).await.unwrap();
        drop(lease);
        bot.closed().await;
        assert_eq!((bot.heard().len(), bot.connections()), (number + 1, number + 1));
        assert!(api.connections().idle() <= 1);
    }
}
