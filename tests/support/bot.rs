//! An old bot that does to every call what its script says: a thread for each connection, every call noted down in
//! order of arrival. It lives as long as the process: its threads wait in `accept` and `read`.

use std::collections::{HashMap, VecDeque};
use std::io::{BufReader, ErrorKind, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use socket2::SockRef;

use super::PATIENCE;
use super::http::Message;

/// One call as the bot saw it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub at: Instant,
    message: Message,
}

impl Deref for Asked {
    type Target = Message;

    fn deref(&self) -> &Message {
        &self.message
    }
}

impl Asked {
    pub fn new(message: Message) -> Self {
        Self { path: message.word(1).to_owned(), at: Instant::now(), message }
    }

    pub fn method(&self) -> &str {
        self.word(0)
    }

    fn member(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_default().to_owned()
    }

    pub fn content(&self) -> String {
        self.member("content")
    }

    /// Whom the call is about.
    pub fn user_key(&self) -> String {
        let in_path = self.path.strip_prefix("/friend/").or_else(|| self.path.strip_prefix("/chat_room/"));
        in_path.map_or_else(|| self.member("user_key"), str::to_owned)
    }

    /// The call in one line: `POST /message Qw7-eRt_9YzA text 안녕`.
    pub fn line(&self) -> String {
        let parts = [self.member("user_key"), self.member("type"), self.member("content")];
        let parts = parts.iter().filter(|part| !part.is_empty()).fold(String::new(), |all, part| all + " " + part);
        format!("{} {}{parts}", self.method(), self.path)
    }
}

/// What is written to and read from.
pub type Socket<'a> = &'a TcpStream;

type Act = dyn Fn(&mut Socket<'_>) -> bool + Send + Sync;

/// What the bot does to one call.
#[derive(Clone)]
pub struct Reply {
    after: Duration,
    /// Waits for the bridge to hang up, too.
    hangs: bool,
    act: Arc<Act>,
}

impl Reply {
    /// Writes what it likes, and says whether the connection goes on.
    pub fn by(act: impl Fn(&mut Socket<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self { after: Duration::ZERO, hangs: false, act: Arc::new(act) }
    }

    /// Waits first.
    pub fn after(mut self, wait: Duration) -> Self {
        self.after = wait;
        self
    }
}

/// These bytes, then the connection is closed.
pub fn raw(bytes: impl AsRef<[u8]>) -> Reply {
    let bytes = bytes.as_ref().to_vec();
    Reply::by(move |stream| stream.write_all(&bytes).is_err())
}

/// These bytes, and the connection stays open.
pub fn raw_open(bytes: impl AsRef<[u8]>) -> Reply {
    let bytes = bytes.as_ref().to_vec();
    Reply::by(move |stream| stream.write_all(&bytes).is_ok())
}

fn whole(status: u16, head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    [format!("HTTP/1.1 {status} X\r\n{head}Content-Length: {length}\r\n\r\n").as_bytes(), body].concat()
}

/// A page of this status.
pub fn status(status: u16, page: impl AsRef<[u8]>) -> Reply {
    raw_open(whole(status, "Content-Type: text/html\r\n", page.as_ref()))
}

/// A good reply of this JSON, or of what should be JSON.
pub fn reply(body: impl ToString) -> Reply {
    raw_open(whole(200, "Content-Type: application/json; charset=utf-8\r\n", body.to_string().as_bytes()))
}

/// A good reply of words, and no keyboard.
pub fn words(words: &str) -> Reply {
    reply(json!({ "message": { "text": words } }))
}

/// A good reply of words above buttons.
pub fn buttons(words: &str, labels: &[&str]) -> Reply {
    reply(json!({ "message": { "text": words }, "keyboard": { "type": "buttons", "buttons": labels } }))
}

/// The home keyboard of a bot that lets users type.
pub fn text() -> Reply {
    reply(json!({ "type": "text" }))
}

/// The home keyboard of a bot with buttons.
pub fn home(labels: &[&str]) -> Reply {
    reply(json!({ "type": "buttons", "buttons": labels }))
}

/// Says nothing until the bridge hangs up.
pub fn hang() -> Reply {
    Reply { hangs: true, ..hang_up() }
}

/// Closes the connection.
pub fn hang_up() -> Reply {
    raw("")
}

/// Closes with a TCP reset.
pub fn reset() -> Reply {
    Reply::by(|stream| {
        SockRef::from(*stream).set_linger(Some(Duration::ZERO)).unwrap();
        false
    })
}

/// A good reply a byte at a time.
pub fn trickle(every: Duration) -> Reply {
    let bytes = whole(200, "", br#"{"message":{"text":"slowly"}}"#);
    Reply::by(move |stream| {
        bytes.iter().all(|byte| {
            thread::sleep(every);
            stream.write_all(&[*byte]).is_ok()
        })
    })
}

/// This head, then the same bytes again and again, so many times or until the bridge hangs up.
pub fn pour(head: &str, bytes: impl AsRef<[u8]>, times: usize) -> Reply {
    let (head, bytes) = (head.to_owned(), bytes.as_ref().to_vec());
    Reply::by(move |stream| {
        stream.write_all(head.as_bytes()).is_ok() && (0..times).all(|_| stream.write_all(&bytes).is_ok())
    })
}

#[derive(Default)]
struct Notes {
    asked: Vec<Asked>,
    /// The calls that are being answered: whom they are about, and their connection.
    under_way: Vec<(String, Arc<TcpStream>)>,
    /// How often a call came while another of its user waited for an answer.
    met: usize,
    /// What the script still holds, where the bot has one; and how often it was asked for more.
    script: Option<VecDeque<Reply>>,
    extra: usize,
    open: HashMap<usize, Arc<TcpStream>>,
}

struct Shared {
    answers: Box<dyn Fn(&Asked) -> Reply + Send + Sync>,
    notes: Mutex<Notes>,
    news: Condvar,
    connections: AtomicUsize,
    dead: AtomicBool,
}

impl Shared {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Bot {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<thread::JoinHandle<()>>,
}

impl Bot {
    /// Does what `answers` says to every call.
    pub fn new(answers: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)), answers)
    }

    /// The same at this address.
    pub fn at(address: SocketAddr, answers: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            answers: Box::new(answers),
            notes: Mutex::default(),
            news: Condvar::new(),
            connections: AtomicUsize::new(0),
            dead: AtomicBool::new(false),
        });
        let mut bot = Self { address, shared, listening: None };
        bot.come_back();
        bot
    }

    /// Lets users type, and answers their messages as `answers` says.
    pub fn answering(answers: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::before(text(), answers)
    }

    /// Has this home keyboard, and answers messages as `answers` says.
    pub fn before(home: Reply, answers: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::new(move |asked| match asked.path.rsplit('/').next() {
            Some("keyboard") => home.clone(),
            Some("message") => answers(asked),
            _ => status(404, ""),
        })
    }

    /// Lets users type and takes these steps, one a message, and no more: dropping the bot fails the test when a step
    /// was not asked for, or more was asked.
    pub fn scripted(steps: impl IntoIterator<Item = Reply>) -> Self {
        Self::scripted_before(text(), steps)
    }

    pub fn scripted_before(home: Reply, steps: impl IntoIterator<Item = Reply>) -> Self {
        let bot = Self::before(home, |_| status(500, "not in the script"));
        bot.shared.notes().script = Some(steps.into_iter().collect());
        bot
    }

    /// Lets users type and repeats their words after `name`.
    pub fn echo(name: &'static str) -> Self {
        Self::new(move |asked| match &*asked.path {
            "/keyboard" => text(),
            "/message" => words(&format!("{name}: {}", asked.content())),
            _ => status(200, ""),
        })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn calls(&self) -> Vec<Asked> {
        self.shared.notes().asked.clone()
    }

    /// Every call so far in one line each, the fetches of the home keyboard left out: they come as the cache wants.
    pub fn asked(&self) -> Vec<String> {
        lines(&self.shared.notes())
    }

    /// The messages it got.
    pub fn messages(&self) -> Vec<Asked> {
        self.calls().into_iter().filter(|asked| asked.path.ends_with("/message")).collect()
    }

    /// What was said in them.
    pub fn contents(&self) -> Vec<String> {
        self.messages().iter().map(Asked::content).collect()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        self.shared.notes().open.len()
    }

    /// How often two calls of one user were under way at once.
    pub fn met(&self) -> usize {
        self.shared.notes().met
    }

    /// Whether every call has been answered.
    pub fn is_idle(&self) -> bool {
        self.shared.notes().under_way.is_empty()
    }

    /// Waits until the bot was asked so many times (home keyboards left out) and says what.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<String> {
        let until = Instant::now() + PATIENCE;
        let mut notes = self.shared.notes();
        loop {
            let lines = lines(&notes);
            if lines.len() >= count {
                return lines;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the bot was asked {} times, not {count}: {lines:#?}", lines.len());
            notes = self.shared.news.wait_timeout(notes, left).unwrap().0;
        }
    }

    /// Stops listening and drops every connection.
    pub fn die(&mut self) {
        self.shared.dead.store(true, Ordering::SeqCst);
        // Wakes it from `accept`.
        drop(TcpStream::connect(self.address));
        self.listening.take().unwrap().join().unwrap();
        for (_, stream) in self.shared.notes().open.drain() {
            let _gone = stream.shutdown(Shutdown::Both);
        }
    }

    /// Listens again, on the same address.
    pub fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).unwrap();
        self.address = listener.local_addr().unwrap();
        self.shared.dead.store(false, Ordering::SeqCst);
        let shared = Arc::clone(&self.shared);
        self.listening = Some(thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.dead.load(Ordering::SeqCst) {
                    return;
                }
                let id = shared.connections.fetch_add(1, Ordering::SeqCst);
                let stream = Arc::new(stream);
                shared.notes().open.insert(id, Arc::clone(&stream));
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    serve(&stream, &shared);
                    // What is kept for the day the bot dies would hold it open.
                    shared.notes().open.remove(&id);
                });
            }
        }));
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let notes = self.shared.notes();
        assert_eq!(notes.script.as_ref().map_or(0, VecDeque::len), 0, "steps of the bot's script were never asked for");
        assert_eq!(notes.extra, 0, "the bot was asked more often than its script says");
    }
}

fn lines(notes: &Notes) -> Vec<String> {
    notes.asked.iter().filter(|asked| !asked.path.ends_with("/keyboard")).map(Asked::line).collect()
}

/// Whether the bridge has closed this connection, which its own thread may not have seen yet.
fn has_hung_up(stream: &TcpStream) -> bool {
    let mut nothing = [MaybeUninit::uninit()];
    let peeked = SockRef::from(stream).recv_with_flags(&mut nothing, libc::MSG_PEEK | libc::MSG_DONTWAIT);
    // A reset is an error. An open connection without bytes is one too, `WouldBlock`.
    peeked.map_or_else(|error| error.kind() != ErrorKind::WouldBlock, |bytes| bytes == 0)
}

fn serve(stream: &Arc<TcpStream>, shared: &Shared) {
    let mut wire: &TcpStream = stream;
    let mut reader = BufReader::new(wire);
    while let Some(message) = Message::read(&mut reader) {
        let asked = Asked::new(message);
        let user = asked.user_key();
        let scripted = {
            let mut guard = shared.notes();
            let notes = &mut *guard;
            let meets = |(other, stream): &(String, Arc<TcpStream>)| *other == user && !has_hung_up(stream);
            notes.met += usize::from(!user.is_empty() && notes.under_way.iter().any(meets));
            notes.under_way.push((user.clone(), Arc::clone(stream)));
            notes.asked.push(asked.clone());
            shared.news.notify_all();
            match &mut notes.script {
                Some(script) if asked.path.ends_with("/message") => {
                    let step = script.pop_front();
                    notes.extra += usize::from(step.is_none());
                    step
                }
                _ => None,
            }
        };
        let reply = scripted.unwrap_or_else(|| (shared.answers)(&asked));
        thread::sleep(reply.after);
        if reply.hangs {
            let _closed = wire.read(&mut [0]);
        }
        {
            let mut notes = shared.notes();
            if let Some(place) = notes.under_way.iter().position(|(_, other)| Arc::ptr_eq(other, stream)) {
                notes.under_way.swap_remove(place);
            }
        }
        if !(reply.act)(&mut wire) {
            return;
        }
    }
}
