//! Bytes as a server would send them, through the real client over a real socket (I7, I8).
//!
//! The first byte says how they are sent. Whatever came, the next call must get the answer that was meant for it, or
//! none: bytes that were left over must never answer another user.

use std::cell::Cell;
use std::sync::LazyLock;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use url::Url;

use super::bot::settings;
use crate::config::settings::BotSettings;
use crate::fault::Sent;
use crate::ids::{BotId, UserKey};
use crate::legacy::api::{BackendError, LegacyApi, RawReply};
use crate::legacy::http::HttpLegacy;
use crate::net::CoreId;
use crate::time;
use crate::wire::legacy::{MessageCall, MessageType};
use crate::wire::limits;

/// It asks for the keyboard, not for an answer to a message.
const HOME: u8 = 1;
/// The server closes behind its bytes.
const CLOSES: u8 = 2;
/// And resets the connection.
const RESETS: u8 = 4;
/// It does not wait for the request.
const EARLY: u8 = 8;
/// So many pieces more than one.
const PIECES: u8 = 3 << 4;

const SECOND: &[u8] = br#"{"message":{"text":"for the second user"}}"#;

static SETTINGS: LazyLock<BotSettings> = LazyLock::new(|| {
    let settings = settings(&[]);
    settings.bots.get(&BotId::parse("fuzz").unwrap()).unwrap().as_ref().clone()
});

/// One port for all inputs, and none that is left in TIME_WAIT: thousands of runs a second would else take every port of
/// the machine.
static LISTENER: LazyLock<std::net::TcpListener> = LazyLock::new(|| {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
});

/// Speaks to itself. A busy kernel delivers later what is sent on this machine, but in order.
static PING: LazyLock<std::net::UdpSocket> = LazyLock::new(|| {
    let ping = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    ping.connect(ping.local_addr().unwrap()).unwrap();
    ping.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    ping
});

struct Server<'a> {
    how: u8,
    bytes: &'a [u8],
    is_second: Cell<bool>,
    /// Bytes of requests that came.
    heard: Cell<usize>,
    /// It has said all that it has to say, and waits for its client.
    rests: Cell<bool>,
}

impl Server<'_> {
    async fn serve(&self, listener: &TcpListener) {
        loop {
            self.rests.set(true);
            let (mut tcp, _) = listener.accept().await.unwrap();
            self.rests.set(false);
            tcp.set_zero_linger().unwrap();
            // What is written is on its way, and not kept until more comes.
            tcp.set_nodelay(true).unwrap();
            let _gone = self.connection(&mut tcp).await;
        }
    }

    /// One connection to its end.
    async fn connection(&self, tcp: &mut TcpStream) -> std::io::Result<()> {
        for requests in 0.. {
            if !self.is_second.get() && self.how & EARLY != 0 {
                self.write(tcp).await?;
            }
            // Not before the first request has come: until then its client has not gone on either.
            self.rests.set(requests > 0);
            let is_whole = self.hear(tcp).await;
            self.rests.set(false);
            if !is_whole? {
                return Ok(());
            }
            if self.is_second.get() {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", SECOND.len());
                tcp.write_all(head.as_bytes()).await?;
                tcp.write_all(SECOND).await?;
                continue;
            }
            if self.how & EARLY == 0 {
                self.write(tcp).await?;
            }
            if self.how & RESETS != 0 {
                return Ok(());
            }
            if self.how & CLOSES != 0 {
                tcp.shutdown().await?;
                // Gone only when the client is: a reset would take what it has not read yet.
                self.rests.set(true);
                while tcp.read(&mut [0; 2048]).await? > 0 {}
                return Ok(());
            }
        }
        Ok(())
    }

    async fn write(&self, tcp: &mut TcpStream) -> std::io::Result<()> {
        let pieces = usize::from((self.how & PIECES) >> 4) + 1;
        for piece in self.bytes.chunks(self.bytes.len().div_ceil(pieces).max(1)) {
            tcp.write_all(piece).await?;
            // The clock jumps when nothing else is left to do: the client has read this piece then.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// One request, to its end; false where the client closed instead.
    async fn hear(&self, tcp: &mut TcpStream) -> std::io::Result<bool> {
        let (mut request, mut piece) = (Vec::new(), [0; 2048]);
        loop {
            let count = tcp.read(&mut piece).await?;
            if count == 0 {
                return Ok(false);
            }
            self.heard.set(self.heard.get() + count);
            request.extend_from_slice(&piece[..count]);
            let text = String::from_utf8_lossy(&request);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Ok(true);
            }
        }
    }
}

pub fn server(data: &[u8]) {
    let Some((how, bytes)) = data.split_first() else { return };
    super::runtime().block_on(async {
        // Whoever waits there waits for the server of another input.
        while LISTENER.accept().is_ok() {}
        let listener = TcpListener::from_std(LISTENER.try_clone().unwrap()).unwrap();
        let mut settings = SETTINGS.clone();
        settings.url = Url::parse(&format!("http://{}/bot", listener.local_addr().unwrap())).unwrap();
        let api = HttpLegacy::new(&settings, 1).unwrap();
        let server =
            Server { how: *how, bytes, is_second: Cell::new(false), heard: Cell::new(0), rests: Cell::new(false) };
        let calls = async {
            let first = if how & HOME == 0 { message(&api).await } else { home(&api).await };
            match &first {
                Ok(reply) => {
                    assert!(reply.body.len() <= limits::REPLY_BYTES);
                    assert!(reply.location.as_ref().is_none_or(|to| !to.contains(char::is_control)));
                }
                Err(BackendError::TimedOut { sent: Sent::Nothing }) => {
                    assert_eq!(server.heard.get(), 0, "what was sent is called unsent");
                }
                Err(_) => {}
            }
            // Whatever the server still has to say has arrived before anybody is asked again: an answer that comes before
            // its server has heard the request cannot be told from a good one. Each sleep lets the sockets speak once.
            let mut looks = 0;
            while !server.rests.get() {
                tokio::time::sleep(Duration::from_millis(1)).await;
                looks += 1;
                assert!(looks < 10_000, "the server of the test does not come to rest");
            }
            let _all_has_arrived = PING.send(b"!").and_then(|_sent| PING.recv(&mut [0]));
            tokio::time::sleep(Duration::from_millis(1)).await;
            server.is_second.set(true);
            if let Ok(reply) = message(&api).await {
                assert_eq!(&reply.body[..], SECOND, "the second user read what was meant for the first");
            }
        };
        tokio::select! {
            () = server.serve(&listener) => {}
            () = calls => {}
        }
    });
}

async fn message(api: &HttpLegacy) -> Result<RawReply, BackendError> {
    let user_key = UserKey::parse("Qw7-eRt_9YzA").unwrap();
    let call = MessageCall { user_key: &user_key, kind: MessageType::Text, content: "급식" };
    let lease = api.connections().acquire().await;
    ends(api.message(CoreId(0), &lease, call, time::instant() + Duration::from_secs(5))).await
}

async fn home(api: &HttpLegacy) -> Result<RawReply, BackendError> {
    ends(api.home(CoreId(0), time::instant() + Duration::from_secs(5))).await
}

/// Every call ends at its cut at the latest.
async fn ends<T>(call: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(6), call).await.expect("a call did not end at its cut")
}
