//! An old bot that does to every request what its script says.
//!
//! With [`MockBot::scripted`] the script is strict: dropping the bot fails the test when a step was not asked for, or
//! when more was asked than the script holds.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use smartchat_bridge::time::{self, Instant};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::http;

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) user_key: String,
    pub(crate) content: String,
    pub(crate) at: Instant,
}

/// What the bot does to one request.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    after: Duration,
    act: Act,
}

#[derive(Debug, Clone)]
enum Act {
    /// These bytes; then the connection stays open, or not.
    Write {
        bytes: Vec<u8>,
        close: bool,
    },
    /// These bytes, one at a time.
    Trickle {
        bytes: Vec<u8>,
        every: Duration,
    },
    /// So many bytes after this head, as long as anybody reads.
    Pour {
        head: Vec<u8>,
        total: usize,
    },
    Hang,
    Reset,
}

impl Step {
    /// Waits first.
    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.after = wait;
        self
    }
}

fn step(act: Act) -> Step {
    Step { after: Duration::ZERO, act }
}

fn whole(status: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\n{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A reply of this JSON.
pub(crate) fn reply(body: &Value) -> Step {
    let head = "Content-Type: application/json; charset=utf-8\r\n";
    step(Act::Write { bytes: whole("200 OK", head, body.to_string().as_bytes()), close: false })
}

/// A reply that says `text`, and no keyboard.
pub(crate) fn says(text: &str) -> Step {
    reply(&json!({ "message": { "text": text } }))
}

/// A reply that says `text` above these buttons.
pub(crate) fn says_with(text: &str, buttons: &[&str]) -> Step {
    reply(&json!({ "message": { "text": text }, "keyboard": { "type": "buttons", "buttons": buttons } }))
}

/// A page of this status.
pub(crate) fn status(status: u16, page: &[u8]) -> Step {
    let bytes = whole(&format!("{status} Whatever"), "Content-Type: text/html\r\n", page);
    step(Act::Write { bytes, close: false })
}

/// Reads the request and says nothing, for ever.
pub(crate) fn hang() -> Step {
    step(Act::Hang)
}

/// Closes with a TCP reset.
pub(crate) fn reset() -> Step {
    step(Act::Reset)
}

/// These bytes, then the connection is closed.
pub(crate) fn raw(bytes: impl AsRef<[u8]>) -> Step {
    step(Act::Write { bytes: bytes.as_ref().to_vec(), close: true })
}

/// These bytes, and the connection stays open.
pub(crate) fn raw_open(bytes: impl AsRef<[u8]>) -> Step {
    step(Act::Write { bytes: bytes.as_ref().to_vec(), close: false })
}

pub(crate) fn cut_in_head() -> Step {
    raw("HTTP/1.1 200 OK\r\nContent-Ty")
}

pub(crate) fn cut_mid_body() -> Step {
    raw("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{\"message\":{\"text\":\"half of a")
}

/// A good reply a byte at a time.
pub(crate) fn trickle(every: Duration) -> Step {
    step(Act::Trickle { bytes: whole("200 OK", "", br#"{"message":{"text":"slowly"}}"#), every })
}

/// A body of so many bytes, announced truly.
pub(crate) fn pour(total: usize) -> Step {
    step(Act::Pour { head: format!("HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n\r\n").into_bytes(), total })
}

type Answers = dyn Fn(&Asked) -> Step + Send + Sync;

struct Shared {
    asked: Mutex<Vec<Asked>>,
    script: Option<Mutex<VecDeque<Step>>>,
    answers: Box<Answers>,
    home: Mutex<Step>,
    extra: Mutex<usize>,
    connections: Mutex<usize>,
}

/// The bot. It listens while it lives.
pub(crate) struct MockBot {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl MockBot {
    /// A bot that takes these steps, one a message, and no more.
    pub(crate) async fn scripted(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::start(Some(steps.into_iter().collect()), Box::new(|_| hang())).await
    }

    /// A bot that answers every message as `answers` says.
    pub(crate) async fn answering(answers: impl Fn(&Asked) -> Step + Send + Sync + 'static) -> Self {
        Self::start(None, Box::new(answers)).await
    }

    async fn start(script: Option<VecDeque<Step>>, answers: Box<Answers>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::new(Shared {
            asked: Mutex::default(),
            script: script.map(Mutex::new),
            answers,
            home: Mutex::new(reply(&json!({ "type": "text" }))),
            extra: Mutex::default(),
            connections: Mutex::default(),
        });
        let address = listener.local_addr().unwrap();
        let listening = Some(tokio::spawn(listen(listener, Arc::clone(&shared))));
        Self { address, shared, listening }
    }

    /// `GET /keyboard` answers so.
    pub(crate) fn home(&self, step: Step) {
        *locked(&self.shared.home) = step;
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The messages it got.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        locked(&self.shared.asked).iter().filter(|asked| asked.path == "/message").cloned().collect()
    }

    /// How many messages it got.
    pub(crate) fn messages(&self) -> usize {
        self.asked().len()
    }

    pub(crate) fn connections(&self) -> usize {
        *locked(&self.shared.connections)
    }

    /// Stops listening and drops every connection.
    pub(crate) async fn die(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            drop(listening.await);
        }
    }

    /// Listens again, on the same address.
    pub(crate) async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.listening = Some(tokio::spawn(listen(listener, Arc::clone(&self.shared))));
    }
}

impl Drop for MockBot {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
        if std::thread::panicking() {
            return;
        }
        let unserved = self.shared.script.as_ref().map_or(0, |script| locked(script).len());
        assert_eq!(unserved, 0, "steps of the bot's script were never asked for");
        assert_eq!(*locked(&self.shared.extra), 0, "the bot was asked more often than its script says");
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    // Aborting the listener drops the set, and with it every connection.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { return };
                *locked(&shared.connections) += 1;
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = http::read(&mut stream).await {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let asked = Asked {
            path: request.second().to_owned(),
            user_key: word("user_key"),
            content: word("content"),
            at: time::instant(),
        };
        locked(&shared.asked).push(asked.clone());
        let step = match &*asked.path {
            "/keyboard" => locked(&shared.home).clone(),
            "/message" => match &shared.script {
                None => (shared.answers)(&asked),
                Some(script) => locked(script).pop_front().unwrap_or_else(|| {
                    *locked(&shared.extra) += 1;
                    status(500, b"not in the script")
                }),
            },
            _ => status(404, b""),
        };
        tokio::time::sleep(step.after).await;
        let goes_on = match step.act {
            Act::Write { bytes, close } => stream.write_all(&bytes).await.is_ok() && !close,
            Act::Trickle { bytes, every } => {
                let mut listened = true;
                for byte in bytes {
                    listened = listened && stream.write_all(&[byte]).await.is_ok();
                    tokio::time::sleep(every).await;
                }
                listened
            }
            Act::Pour { head, total } => {
                let chunk = vec![b' '; 64 * 1024];
                let mut poured = 0;
                let mut listened = stream.write_all(&head).await.is_ok();
                while listened && poured < total {
                    listened = stream.write_all(&chunk).await.is_ok();
                    poured += chunk.len();
                }
                listened
            }
            Act::Hang => {
                // Until the bridge hangs up; a second request on the same connection would be a bug of its own.
                assert!(http::read(&mut stream).await.is_none(), "a second request before the first was answered");
                false
            }
            Act::Reset => {
                let linger = Some(Duration::ZERO);
                socket2::SockRef::from(stream.get_ref()).set_linger(linger).unwrap();
                false
            }
        };
        if !goes_on {
            return;
        }
    }
}
