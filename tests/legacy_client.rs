//! The bridge as HTTP client, over real sockets: against bots and a Kakao that are scripted down to the byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use smartchat_bridge::callback::{CallbackClient, CallbackError, CallbackUrl};
use smartchat_bridge::config::settings::{BotSettings, Breaker, FreeText, Trust};
use smartchat_bridge::fault::{Blame, Fault, Sent};
use smartchat_bridge::ids::{BotId, UserKey};
use smartchat_bridge::legacy::api::{BackendError, LegacyApi, RawReply};
use smartchat_bridge::legacy::http::HttpLegacy;
use smartchat_bridge::net::CoreId;
use smartchat_bridge::time::{self, Instant};
use smartchat_bridge::translate::view::{Overflow, Policy, Texts};
use smartchat_bridge::wire::legacy::{MessageCall, MessageType, Notice};
use smartchat_bridge::wire::limits;
use tokio::sync::mpsc;
use tokio_rustls::rustls;
use url::Url;

const CORE: CoreId = CoreId(0);
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"message\":null";

/// Far enough away that a test which runs into it has failed.
fn patience() -> Instant {
    time::instant() + Duration::from_secs(20)
}

fn in_millis(millis: u64) -> Instant {
    time::instant() + Duration::from_millis(millis)
}

// ---------------------------------------------------------------------------------------------------------------
// A scripted server: a thread that takes one connection after the other and does what the script says.

trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

/// One connection, seen from the bot.
struct Peer {
    wire: Box<dyn Wire>,
    /// Which connection this is, from 0.
    number: usize,
    heard: Arc<Mutex<Vec<String>>>,
    closed: mpsc::UnboundedSender<()>,
}

impl Peer {
    /// Reads one request and notes it down; `None` when the client closed instead.
    fn hear(&mut self) -> Option<String> {
        let mut request = Vec::new();
        let mut byte = [0_u8; 1];
        while !request.ends_with(b"\r\n\r\n") {
            if self.wire.read(&mut byte).unwrap_or(0) == 0 {
                return None;
            }
            request.push(byte[0]);
        }
        let head = String::from_utf8(request).unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0_u8; length];
        self.wire.read_exact(&mut body).unwrap();
        let request = head + &String::from_utf8(body).unwrap();
        self.heard.lock().unwrap().push(request.clone());
        Some(request)
    }

    /// Writes, as far as anyone listens.
    fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.wire.write_all(bytes.as_ref());
        let _ = self.wire.flush();
    }

    /// Writes until nobody listens any more or `most` bytes went out; how many went out.
    fn pour(&mut self, chunk: &[u8], most: usize) -> usize {
        let mut poured = 0;
        while poured < most && self.wire.write_all(chunk).is_ok() {
            poured += chunk.len();
        }
        poured
    }

    /// Hears requests and answers each with `answer`, until the client closes.
    fn serve(&mut self, answer: &str) {
        while self.hear().is_some() {
            self.say(answer);
        }
    }

    /// Waits until the client has closed.
    fn wait_for_close(&mut self) {
        while self.wire.read(&mut [0; 64]).unwrap_or(0) > 0 {}
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.wire = Box::new(std::io::empty());
        let _ = self.closed.send(());
    }
}

struct Bot {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    closed: mpsc::UnboundedReceiver<()>,
}

impl Bot {
    fn scripted(script: impl FnMut(&mut Peer) + Send + 'static) -> Self {
        Self::wrapped(|tcp| Some(Box::new(tcp)), script)
    }

    fn tls(config: rustls::ServerConfig, script: impl FnMut(&mut Peer) + Send + 'static) -> Self {
        let config = Arc::new(config);
        let wrap = move |mut tcp: TcpStream| -> Option<Box<dyn Wire>> {
            let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            while tls.is_handshaking() {
                tls.complete_io(&mut tcp).ok()?;
            }
            Some(Box::new(rustls::StreamOwned::new(tls, tcp)))
        };
        Self::wrapped(wrap, script)
    }

    fn wrapped(
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Wire>> + Send + 'static,
        mut script: impl FnMut(&mut Peer) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (closes, closed) = mpsc::unbounded_channel();
        let bot = Self {
            address,
            heard: Arc::clone(&heard),
            connections: Arc::clone(&connections),
            closed,
        };
        std::thread::spawn(move || {
            for tcp in listener.incoming() {
                let number = connections.fetch_add(1, Ordering::SeqCst);
                if let Some(wire) = wrap(tcp.unwrap()) {
                    let (heard, closed) = (Arc::clone(&heard), closes.clone());
                    script(&mut Peer {
                        wire,
                        number,
                        heard,
                        closed,
                    });
                }
            }
        });
        bot
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until the bot has closed one more connection.
    async fn closed(&mut self) {
        self.closed.recv().await.unwrap();
    }
}

// ---------------------------------------------------------------------------------------------------------------
// The bridge's side.

fn settings(url: &str) -> BotSettings {
    let id = BotId::parse("shop").unwrap();
    BotSettings {
        id: id.clone(),
        url: Url::parse(url).unwrap(),
        trust: Trust::default(),
        headers: Vec::new(),
        deadline: Duration::from_millis(4500),
        late: Duration::from_secs(15),
        free_text: FreeText::default(),
        policy: Arc::new(Policy {
            bot: id,
            overflow: Overflow::default(),
            handover: Box::default(),
            texts: Texts::default(),
            backend: None,
            public_url: None,
        }),
        welcome_blocks: Vec::new(),
        message_block: Default::default(),
        openbuilder_ids: Vec::new(),
        channel_ids: Vec::new(),
        channel_key: None,
        secret: None,
        allow: Vec::new(),
        open: false,
        one_at_a_time: false,
        friend_on_first_contact: false,
        rate: None,
        turns: 100,
        sessions: 100,
        breaker: Breaker {
            failures: 10,
            open: Duration::from_secs(10),
        },
    }
}

fn api(url: &str) -> HttpLegacy {
    HttpLegacy::new(&settings(url), 1).unwrap()
}

fn user() -> UserKey {
    UserKey::parse("Qw7-eRt_9YzA").unwrap()
}

async fn message(api: &HttpLegacy, cut: Instant) -> Result<RawReply, BackendError> {
    let user_key = user();
    let call = MessageCall {
        user_key: &user_key,
        kind: MessageType::Text,
        content: "급식",
    };
    api.message(CORE, call, cut).await
}

fn body(reply: &RawReply) -> &str {
    std::str::from_utf8(&reply.body).unwrap()
}

// ---------------------------------------------------------------------------------------------------------------
// Requests.

#[tokio::test]
async fn every_call_is_the_old_servers_to_the_byte() {
    let bot = Bot::scripted(|peer| peer.serve(OK));
    let host = bot.address;
    let mut settings = settings(&format!("http://{host}/kakao/"));
    settings.headers = vec![(
        HeaderName::from_static("x-requested-with"),
        HeaderValue::from_static("bridge"),
    )];
    let api = HttpLegacy::new(&settings, 1).unwrap();

    api.home(CORE, patience()).await.unwrap();
    message(&api, patience()).await.unwrap();
    for notice in [Notice::FriendAdded, Notice::FriendBlocked, Notice::RoomLeft] {
        assert_eq!(
            api.notify(CORE, notice, &user(), patience()).await.unwrap(),
            200
        );
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
        reads
            .send(String::from_utf8(buffer[..first].to_vec()).unwrap())
            .unwrap();
        peer.say(OK);
    });
    message(&api(&bot.url()), patience()).await.unwrap();
    assert!(read.recv().await.unwrap().ends_with("\"급식\"}"));
}

#[tokio::test]
async fn a_base_path_gets_no_slash_added_and_none_doubled() {
    let bot = Bot::scripted(|peer| peer.serve(OK));
    let bases = [
        "",
        "/",
        "/kakao",
        "/kakao//",
        "/api/plus friend/",
        "/bot.php",
        "/카카오?x=1",
    ];
    for base in bases {
        api(&format!("{}{base}", bot.url()))
            .home(CORE, patience())
            .await
            .unwrap();
    }
    let paths: Vec<String> = bot
        .heard()
        .iter()
        .map(|request| request.split(' ').nth(1).unwrap().to_owned())
        .collect();
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
    for (name, value) in [
        ("user-agent", "Old"),
        ("content-length", "1"),
        ("x-a", "1"),
        ("x-a", "2"),
    ] {
        settings.headers.push((
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        ));
    }
    message(&HttpLegacy::new(&settings, 1).unwrap(), patience())
        .await
        .unwrap();
    let heard = bot.heard().remove(0);
    assert!(
        heard.contains("\r\nUser-Agent: Old\r\n") && !heard.contains("KakaoTalk"),
        "{heard}"
    );
    assert!(heard.contains("\r\nX-A: 1\r\nX-A: 2\r\n"), "{heard}");
    assert!(heard.contains("\r\nContent-Length: 60\r\n"), "{heard}");
}

#[tokio::test]
async fn a_name_is_resolved_and_stands_in_host() {
    let bot = Bot::scripted(|peer| peer.serve(OK));
    message(
        &api(&format!("http://localhost:{}", bot.address.port())),
        patience(),
    )
    .await
    .unwrap();
    assert!(bot.heard()[0].contains(&format!("\r\nHost: localhost:{}\r\n", bot.address.port())));
}

// ---------------------------------------------------------------------------------------------------------------
// Connections, and what is never sent twice (I7).

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

#[tokio::test]
async fn a_bot_that_takes_the_message_and_closes_is_not_asked_again() {
    for answer in ["", "HTTP/1.1 200 OK\r\nContent-Le"] {
        let bot = Bot::scripted(move |peer| {
            peer.hear();
            peer.say(answer);
        });
        let error = message(&api(&bot.url()), patience()).await.unwrap_err();
        assert!(
            matches!(
                error,
                BackendError::Cut {
                    sent: Sent::Unknown,
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(
            (error.code(), error.blame(), error.sent()),
            ("cut", Blame::Bot, Sent::Unknown)
        );
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
    assert_eq!(
        api(&bot.url()).home(CORE, patience()).await.unwrap().status,
        200
    );
    assert_eq!(bot.heard().len(), 2);
}

#[tokio::test]
async fn a_call_that_is_dropped_takes_its_connection_along() {
    let mut bot = Bot::scripted(|peer| {
        peer.hear();
        peer.wait_for_close();
    });
    let api = api(&bot.url());
    let dropped = tokio::time::timeout(Duration::from_millis(200), message(&api, patience())).await;
    assert!(dropped.is_err());
    bot.closed().await;
    assert_eq!(bot.heard().len(), 1);
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
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = message(&api(&format!("http://{address}")), patience())
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.sent()), ("connect", Sent::Nothing));
}

// ---------------------------------------------------------------------------------------------------------------
// Time.

#[tokio::test]
async fn a_bot_that_trickles_past_the_cut_has_timed_out() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"mes",
    ] {
        let bot = Bot::scripted(move |peer| {
            peer.hear();
            peer.say(answer);
            peer.wait_for_close();
        });
        let error = message(&api(&bot.url()), in_millis(200)).await.unwrap_err();
        assert!(
            matches!(
                error,
                BackendError::TimedOut {
                    sent: Sent::Unknown
                }
            ),
            "{error:?}"
        );
        assert_eq!(bot.heard().len(), 1);
    }
}

#[tokio::test]
async fn time_that_is_over_before_the_connection_stands_sent_nothing() {
    // A listener that never accepts and whose backlog is full lets no handshake through.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let _full: Vec<TcpStream> = (0..4)
        .filter_map(|_| TcpStream::connect_timeout(&address, Duration::from_millis(50)).ok())
        .collect();
    let error = message(&api(&format!("http://{address}")), in_millis(200))
        .await
        .unwrap_err();
    assert_eq!(error.sent(), Sent::Nothing);
}

#[tokio::test]
async fn the_status_of_a_notice_counts_though_its_body_never_ends() {
    let bot = Bot::scripted(|peer| {
        peer.hear();
        peer.say("HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\n<html>");
        peer.wait_for_close();
    });
    let status = api(&bot.url())
        .notify(CORE, Notice::RoomLeft, &user(), in_millis(200))
        .await;
    assert_eq!(status.unwrap(), 404);
}

// ---------------------------------------------------------------------------------------------------------------
// Responses.

#[tokio::test]
async fn every_way_to_say_where_a_body_ends_is_read() {
    for (answer, whole) in [
        ("HTTP/1.0 200 OK\r\n\r\n{\"a\":1}", true),
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"a\":1}",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Encoding: utf8\r\n\r\n{\"a\":1}",
            true,
        ),
        (
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\nX Bad: 1\r\nX-Space : 1\r\nX-Fold: a\r\n b\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n{\"a\":1}",
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n",
            false,
        ),
    ] {
        let bot = Bot::scripted(move |peer| {
            peer.hear();
            peer.say(answer);
        });
        let reply = message(&api(&bot.url()), patience()).await.unwrap();
        assert_eq!(
            (reply.status, body(&reply), reply.cut_short),
            (200, "{\"a\":1}", !whole),
            "{answer}"
        );
        assert_eq!(bot.heard().len(), 1);
    }
}

#[tokio::test]
async fn a_status_that_is_not_200_is_an_answer_with_its_page() {
    let bot =
        Bot::scripted(|peer| peer.serve("HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\n<html"));
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
        peer.pour(
            "X-Endless: 0123456789\r\n".repeat(100).as_bytes(),
            100 << 20,
        );
    });
    let error = message(&api(&bot.url()), patience()).await.unwrap_err();
    assert_eq!(error.code(), "malformed", "{error:?}");
}

#[tokio::test]
async fn a_body_without_end_is_cut_at_the_bound() {
    let poured = Arc::new(AtomicUsize::new(0));
    for head in [
        "Content-Length: 104857600\r\n\r\n",
        "Connection: close\r\n\r\n",
    ] {
        let count = Arc::clone(&poured);
        let mut bot = Bot::scripted(move |peer| {
            peer.hear();
            peer.say(format!("HTTP/1.1 200 OK\r\n{head}"));
            count.store(peer.pour(&[b'x'; 65_536], 100 << 20), Ordering::SeqCst);
        });
        let error = message(&api(&bot.url()), patience()).await.unwrap_err();
        assert!(
            matches!(
                error,
                BackendError::TooLarge {
                    bound: limits::REPLY_BYTES
                }
            ),
            "{error:?}"
        );
        bot.closed().await;
        // What was not read sits in the kernel's buffers, a few megabytes on loopback.
        assert!(poured.load(Ordering::SeqCst) < 50 << 20, "nobody read on");
    }
}

// ---------------------------------------------------------------------------------------------------------------
// Redirects.

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
    assert_eq!(
        api(&bot.url()).home(CORE, patience()).await.unwrap().status,
        200
    );
    let heard = bot.heard();
    assert!(
        heard[1].starts_with("GET /new/keyboard?v=2 HTTP/1.1\r\n"),
        "{heard:?}"
    );
    assert_eq!((heard.len(), bot.connections()), (2, 1));

    let elsewhere = Bot::scripted(|peer| peer.serve(OK));
    for location in [
        elsewhere.url(),
        "https://127.0.0.1/keyboard".to_owned(),
        "//example.com/".to_owned(),
    ] {
        let answer =
            format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let bot = Bot::scripted(move |peer| peer.serve(&answer));
        assert_eq!(
            api(&bot.url()).home(CORE, patience()).await.unwrap().status,
            302
        );
        assert_eq!(bot.heard().len(), 1);
    }
    assert_eq!(elsewhere.connections(), 0);

    let bot = Bot::scripted(|peer| {
        peer.serve("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")
    });
    assert_eq!(
        api(&bot.url()).home(CORE, patience()).await.unwrap().status,
        302
    );
    assert_eq!(bot.heard().len(), 2, "once, not for ever");
}

#[tokio::test]
async fn a_message_is_never_led_on() {
    let bot = Bot::scripted(|peer| {
        peer.serve("HTTP/1.1 307 Go\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n")
    });
    assert_eq!(
        message(&api(&bot.url()), patience()).await.unwrap().status,
        307
    );
    assert_eq!(bot.heard().len(), 1);
}

// ---------------------------------------------------------------------------------------------------------------
// TLS.

struct Issued {
    ca_pem: String,
    server: rustls::ServerConfig,
}

fn issued() -> Issued {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(params, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let certificate = rcgen::CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    Issued {
        ca_pem: ca.pem(),
        server,
    }
}

#[tokio::test]
async fn an_https_bot_is_verified_by_its_private_ca_or_told_not_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let issued = issued();
    std::fs::write(&ca, &issued.ca_pem).unwrap();
    let bot = Bot::tls(issued.server, |peer| peer.serve(OK));
    for name in ["127.0.0.1", "localhost"] {
        let mut settings = settings(&format!("https://{name}:{}", bot.address.port()));

        let error = message(&HttpLegacy::new(&settings, 1).unwrap(), patience())
            .await
            .unwrap_err();
        assert_eq!(
            (error.code(), error.sent(), error.blame()),
            ("untrusted", Sent::Nothing, Blame::Operator)
        );

        settings.trust = Trust {
            ca: Some(ca.clone()),
            insecure: false,
        };
        assert_eq!(
            message(&HttpLegacy::new(&settings, 1).unwrap(), patience())
                .await
                .unwrap()
                .status,
            200
        );

        settings.trust = Trust {
            ca: None,
            insecure: true,
        };
        assert_eq!(
            message(&HttpLegacy::new(&settings, 1).unwrap(), patience())
                .await
                .unwrap()
                .status,
            200
        );
    }
    assert_eq!(bot.heard().len(), 4);
}

#[tokio::test]
async fn tls_that_ends_without_saying_so_may_have_cut_the_body() {
    let bot = Bot::tls(issued().server, |peer| {
        peer.hear();
        peer.say("HTTP/1.0 200 OK\r\n\r\n{\"a\":1}");
    });
    let mut settings = settings(&format!("https://{}", bot.address));
    settings.trust.insecure = true;
    let reply = message(&HttpLegacy::new(&settings, 1).unwrap(), patience())
        .await
        .unwrap();
    assert_eq!((body(&reply), reply.cut_short), ("{\"a\":1}", true));
}

#[tokio::test]
async fn a_bot_that_does_not_speak_tls_sent_nothing() {
    let bot = Bot::scripted(|peer| peer.say("HTTP/1.1 400 Bad Request\r\n\r\n"));
    let error = message(&api(&format!("https://{}", bot.address)), patience())
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.sent()), ("tls", Sent::Nothing));
}

// ---------------------------------------------------------------------------------------------------------------
// Callbacks (S2).

fn callback_url(origin: &str) -> CallbackUrl {
    let origins = [Url::parse(origin).unwrap()];
    CallbackUrl::parse(&format!("{origin}/v1/bots/5a0f!/callback/t0ken"), &origins).unwrap()
}

async fn call_back(kakao: &Bot) -> Result<Option<Box<str>>, CallbackError> {
    let client = CallbackClient::new().unwrap();
    let accepted = client
        .post(
            &callback_url(&kakao.url()),
            Bytes::from_static(b"{}"),
            patience(),
        )
        .await;
    accepted.map(|accepted| accepted.task_id)
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn a_callback_is_posted_once_as_json() {
    let success = answer(
        "200 OK",
        r#"{"taskId":"7f","status":"SUCCESS","message":"","timestamp":1}"#,
    );
    let kakao = Bot::scripted(move |peer| peer.serve(&success));
    assert_eq!(call_back(&kakao).await.unwrap().as_deref(), Some("7f"));
    let heard = kakao.heard();
    assert_eq!(heard.len(), 1);
    assert!(
        heard[0].starts_with("POST /v1/bots/5a0f!/callback/t0ken HTTP/1.1\r\n"),
        "{heard:?}"
    );
    assert!(heard[0].contains(
        "\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}"
    ));
}

#[tokio::test]
async fn fail_error_and_bad_statuses_are_read_as_refusals() {
    for (status, body, words) in [
        (
            "200 OK",
            r#"{"status":"FAIL","message":"Invalid callback token."}"#,
            "Invalid callback token.",
        ),
        (
            "200 OK",
            r#"{"taskId":3,"status":"error","timestamp":"x"}"#,
            "",
        ),
        (
            "400 Bad Request",
            r#"{"status":"FAIL","message":"no"}"#,
            "no",
        ),
        ("500 Oops", "<html>", ""),
        ("302 Found", "", ""),
    ] {
        let said = answer(status, body);
        let kakao = Bot::scripted(move |peer| peer.serve(&said));
        let error = call_back(&kakao).await.unwrap_err();
        assert!(
            matches!(&error, CallbackError::Refused { message, .. } if **message == *words),
            "{error:?}"
        );
        assert_eq!((error.blame(), error.code()), (Blame::Platform, "refused"));
        assert_eq!(kakao.heard().len(), 1, "never twice");
    }
}

#[tokio::test]
async fn a_good_status_with_an_unreadable_body_was_accepted() {
    for said in [
        answer("200 OK", "ok"),
        answer("204 No Content", ""),
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".into(),
    ] {
        let kakao = Bot::scripted(move |peer| {
            peer.hear();
            peer.say(&said);
        });
        assert_eq!(call_back(&kakao).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_callback_that_may_have_arrived_is_not_repeated() {
    let kakao = Bot::scripted(|peer| drop(peer.hear()));
    let error = call_back(&kakao).await.unwrap_err();
    assert_eq!((error.sent(), error.code()), (Sent::Unknown, "unanswered"));
    assert_eq!(kakao.heard().len(), 1);
}

#[tokio::test]
async fn a_callback_is_tried_again_while_the_connection_is_refused() {
    // The address is taken but refuses until somebody listens on it.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let url = callback_url(&format!("http://{address}"));
    let client = CallbackClient::new().unwrap();

    let error = client
        .post(&url, Bytes::from_static(b"{}"), in_millis(300))
        .await
        .unwrap_err();
    assert_eq!((error.sent(), error.code()), (Sent::Nothing, "unreachable"));

    let posting = client.post(&url, Bytes::from_static(b"{}"), patience());
    let listening = async {
        // The first try has been refused once this one is.
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
        socket.listen(8).unwrap();
        let listener = TcpListener::from(socket);
        tokio::task::spawn_blocking(move || {
            let (mut tcp, _) = listener.accept().unwrap();
            let mut seen = [0_u8; 1024];
            let read = tcp.read(&mut seen).unwrap();
            tcp.write_all(answer("200 OK", "{}").as_bytes()).unwrap();
            read
        })
        .await
        .unwrap()
    };
    let (posted, read) = tokio::join!(posting, listening);
    assert!(posted.is_ok() && read > 0);
}

#[tokio::test]
async fn an_alert_may_go_to_plain_http() {
    let said = answer("200 OK", "thanks");
    let sink = Bot::scripted(move |peer| peer.serve(&said));
    let url = Url::parse(&format!("{}/hook?room=1", sink.url())).unwrap();
    let client = CallbackClient::new().unwrap();
    client
        .post_json(&url, Bytes::from_static(b"{}"), patience())
        .await
        .unwrap();
    assert!(sink.heard()[0].starts_with("POST /hook?room=1 HTTP/1.1\r\n"));
}
