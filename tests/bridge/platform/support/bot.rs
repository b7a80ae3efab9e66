//! A scripted old bot: a thread for each connection, every call noted down in order of arrival.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// One call as the bot saw it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    /// The call in one line: `POST /message Qw7-eRt_9YzA text 안녕`.
    pub(crate) fn line(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let parts = ["user_key", "type", "content"].map(|name| body[name].as_str().unwrap_or_default().to_owned());
        let parts = parts.iter().filter(|part| !part.is_empty()).fold(String::new(), |all, part| all + " " + part);
        format!("{} {}{parts}", self.method, self.path)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    pub(crate) fn content(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["content"].as_str().unwrap_or_default().to_owned()
    }
}

/// What the bot does.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Status and body.
    With(u16, String),
    /// The same after so long.
    After(Duration, u16, String),
    /// Nothing, until the bridge hangs up.
    Hangs,
    /// Closes the connection.
    HangsUp,
}

/// A good reply of words.
pub(crate) fn words(words: &str) -> Reply {
    Reply::With(200, json!({ "message": { "text": words } }).to_string())
}

/// A good reply of words above buttons.
pub(crate) fn buttons(words: &str, labels: &[&str]) -> Reply {
    let keyboard = json!({ "type": "buttons", "buttons": labels });
    Reply::With(200, json!({ "message": { "text": words }, "keyboard": keyboard }).to_string())
}

/// The home keyboard of a bot that lets users type.
pub(crate) fn text() -> Reply {
    Reply::With(200, json!({ "type": "text" }).to_string())
}

/// The home keyboard of a bot with buttons.
pub(crate) fn home(labels: &[&str]) -> Reply {
    Reply::With(200, json!({ "type": "buttons", "buttons": labels }).to_string())
}

type Script = dyn Fn(&Asked) -> Reply + Send + Sync;

#[derive(Default)]
struct Notes {
    asked: Vec<Asked>,
    /// User keys whose calls are being answered, and how often two of one user met.
    under_way: Vec<String>,
    met: usize,
}

pub(crate) struct Bot {
    pub(crate) address: SocketAddr,
    notes: Arc<(Mutex<Notes>, Condvar)>,
}

impl Bot {
    /// A bot that does what `script` says.
    pub(crate) fn new(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let notes: Arc<(Mutex<Notes>, Condvar)> = Arc::default();
        let (script, own): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&notes));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, notes) = (Arc::clone(&script), Arc::clone(&own));
                thread::spawn(move || serve(stream, &*script, &notes));
            }
        });
        Self { address, notes }
    }

    /// A bot that lets users type and repeats their words after `name`.
    pub(crate) fn echo(name: &'static str) -> Self {
        Self::new(move |asked| match &*asked.path {
            "/keyboard" => text(),
            "/message" => words(&format!("{name}: {}", asked.content())),
            _ => Reply::With(200, String::new()),
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every call so far in one line each, the fetches of the home keyboard left out: they come as the cache wants.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.calls().iter().filter(|asked| !asked.path.ends_with("/keyboard")).map(Asked::line).collect()
    }

    pub(crate) fn calls(&self) -> Vec<Asked> {
        self.notes.0.lock().unwrap().asked.clone()
    }

    /// How often two calls of one user were under way at once.
    pub(crate) fn met(&self) -> usize {
        self.notes.0.lock().unwrap().met
    }

    /// Waits until the bot was asked so many times (home keyboards left out) and says what.
    #[track_caller]
    pub(crate) fn wait_for(&self, count: usize) -> Vec<String> {
        let until = Instant::now() + Duration::from_secs(20);
        let (notes, news) = &*self.notes;
        let mut notes = notes.lock().unwrap();
        loop {
            let lines: Vec<_> =
                notes.asked.iter().filter(|asked| !asked.path.ends_with("/keyboard")).map(Asked::line).collect();
            if lines.len() >= count {
                return lines;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the bot was asked {} times, not {count}: {lines:#?}", lines.len());
            notes = news.wait_timeout(notes, left).unwrap().0;
        }
    }
}

fn serve(stream: TcpStream, script: &Script, (notes, news): &(Mutex<Notes>, Condvar)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(asked) = hear(&mut reader) {
        let user = user_of(&asked);
        {
            let mut notes = notes.lock().unwrap();
            if !user.is_empty() && notes.under_way.contains(&user) {
                notes.met += 1;
            }
            notes.under_way.push(user.clone());
            notes.asked.push(asked.clone());
            news.notify_all();
        }
        let (wait, reply) = match script(&asked) {
            Reply::With(status, body) => (Duration::ZERO, Some((status, body))),
            Reply::After(wait, status, body) => (wait, Some((status, body))),
            Reply::HangsUp => (Duration::ZERO, None),
            Reply::Hangs => {
                // Ends when the bridge closes the connection.
                let _closed = reader.read(&mut [0]);
                (Duration::ZERO, None)
            }
        };
        thread::sleep(wait);
        {
            let mut notes = notes.lock().unwrap();
            if let Some(place) = notes.under_way.iter().position(|other| *other == user) {
                notes.under_way.swap_remove(place);
            }
        }
        let Some((status, body)) = reply else { return };
        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", body.len());
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).is_err() {
            return;
        }
    }
}

fn user_of(asked: &Asked) -> String {
    let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
    let in_path = asked.path.strip_prefix("/friend/").or_else(|| asked.path.strip_prefix("/chat_room/"));
    in_path.or_else(|| body["user_key"].as_str()).unwrap_or_default().to_owned()
}

fn hear(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut first = line.split_whitespace();
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    let mut asked = Asked { method, path, headers, body: String::new() };
    let mut body = vec![0; asked.header("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8(body).ok()?;
    Some(asked)
}
