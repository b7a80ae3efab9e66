//! A recorded bot and the replay that serves it; an own small reading of what it says, by other means than the bridge's.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use crate::support::{self, bot::Asked, http};

/// A recording.
pub struct Recording {
    pub name: String,
    pub path: PathBuf,
    pub base_path: String,
    /// Type and content of every recorded message.
    pub messages: Vec<(String, String)>,
}

pub fn all() -> Option<Vec<Recording>> {
    let folder = support::shared("bots")?;
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let only = support::variable("WALK_ONLY");
    paths.retain(|path| only.as_ref().is_none_or(|only| path.to_string_lossy().contains(only.as_str())));
    Some(paths.into_iter().map(Recording::read).collect())
}

impl Recording {
    fn read(path: PathBuf) -> Self {
        let value: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let message = |m: &Value| (m["type"].as_str().unwrap().to_owned(), m["content"].as_str().unwrap().to_owned());
        Self {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            base_path: value["base_path"].as_str().unwrap().to_owned(),
            messages: value["message"].as_array().unwrap().iter().map(message).collect(),
            path,
        }
    }
}

/// `replay.py` at work; killed when dropped.
pub struct Replay {
    child: Child,
    pub address: SocketAddr,
}

impl Replay {
    pub fn start(recording: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("python3")
            .arg(recording.with_file_name("replay.py"))
            .arg(recording)
            .arg(port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("python3 runs");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        // In the struct before the wait, so that it is killed should it never accept.
        let replay = Self { child, address };
        support::until("replay.py", || TcpStream::connect(address).ok());
        replay
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// One exchange between the bridge and the bot.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub asked: Asked,
    /// The response's head and body as they came; empty while nothing has come.
    pub answered: Vec<u8>,
}

impl Exchange {
    /// The status and the body, or `None` when no whole response came.
    pub fn response(&self) -> Option<(u16, Vec<u8>)> {
        let mut stream = BufReader::new(&*self.answered);
        let (first, headers) = http::head(&mut stream)?;
        Some((first.split(' ').nth(1)?.parse().ok()?, http::body(&mut stream, &headers, true)?))
    }

    /// What a user must read of it; `None` when the bot gave nothing usable.
    pub fn said(&self) -> Option<Said> {
        let (status, body) = self.response()?;
        if status == 200 { Said::read(&body) } else { None }
    }
}

/// Stands between bridge and bot and writes down what passes.
#[derive(Clone)]
pub struct Wire {
    log: Arc<Mutex<Vec<Exchange>>>,
    pub address: SocketAddr,
}

impl Wire {
    pub fn to(bot: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire = Self { log: Arc::default(), address: listener.local_addr().unwrap() };
        let tapped = wire.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(bot) else { continue };
                let tapped = tapped.clone();
                thread::spawn(move || tapped.carry(client, server));
            }
        });
        wire
    }

    fn carry(&self, client: TcpStream, server: TcpStream) {
        let open = Arc::new(Mutex::new(None::<usize>));
        let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let (this, place) = (self.clone(), Arc::clone(&open));
        let back = thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(count @ 1..) = from_server.read(&mut buffer) {
                // Written down before it is passed on, so that who has the answer finds it here.
                if let Some(place) = *place.lock().unwrap() {
                    this.log.lock().unwrap()[place].answered.extend_from_slice(&buffer[..count]);
                }
                if to_client.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
            let _gone = to_client.shutdown(std::net::Shutdown::Both);
        });
        let mut from_client = BufReader::new(Recorder { stream: client, seen: Vec::new() });
        let mut to_server = server;
        while from_client.fill_buf().is_ok_and(|bytes| !bytes.is_empty()) {
            let Some((first, headers)) = http::head(&mut from_client) else { break };
            let Some(body) = http::body(&mut from_client, &headers, false) else { break };
            let mut first = first.split(' ');
            let (method, path) = (first.next().unwrap_or(""), first.next().unwrap_or(""));
            let asked = Asked { method: method.to_owned(), path: path.to_owned(), headers, body };
            {
                let mut log = self.log.lock().unwrap();
                log.push(Exchange { asked, answered: Vec::new() });
                *open.lock().unwrap() = Some(log.len() - 1);
            }
            let bytes = std::mem::take(&mut from_client.get_mut().seen);
            if to_server.write_all(&bytes).is_err() {
                break;
            }
        }
        let _gone = to_server.shutdown(std::net::Shutdown::Both);
        let _gone = back.join();
    }

    /// How much has passed so far.
    pub fn mark(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    /// What has passed since.
    pub fn since(&self, mark: usize) -> Vec<Exchange> {
        self.log.lock().unwrap()[mark..].to_vec()
    }
}

/// Keeps the bytes that are read, to pass them on as they came.
struct Recorder {
    stream: TcpStream,
    seen: Vec<u8>,
}

impl Read for Recorder {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.seen.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}

/// What a reply holds, read as another parser sees it: the first JSON document behind the byte order mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub text: Option<String>,
    pub photo: Option<String>,
    pub link: Option<(String, String)>,
    /// `None` for free typing.
    pub labels: Option<Vec<String>>,
}

impl Said {
    fn read(body: &[u8]) -> Option<Self> {
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
        let document: Value = serde_json::Deserializer::from_slice(body).into_iter().next()?.ok()?;
        let message = &document["message"];
        let words = |value: &Value| value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let button = [message, &document].map(|holder| &holder["message_button"]).into_iter().find(|b| b.is_object());
        let keyboard = &document["keyboard"];
        Some(Self {
            text: words(&message["text"]),
            photo: words(&message["photo"]["url"]),
            link: button.and_then(|b| Some((words(&b["label"])?, words(&b["url"])?))),
            labels: labels(keyboard),
        })
    }

    /// The labels of a home keyboard.
    pub fn home(body: &[u8]) -> Option<Vec<String>> {
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
        let document: Value = serde_json::Deserializer::from_slice(body).into_iter().next()?.ok()?;
        labels(if document["keyboard"].is_object() { &document["keyboard"] } else { &document })
    }
}

fn labels(keyboard: &Value) -> Option<Vec<String>> {
    let labels = keyboard["buttons"].as_array()?.iter();
    let labels: Vec<String> = labels.filter_map(|label| Some(label.as_str()?.to_owned())).collect();
    (!labels.is_empty()).then_some(labels)
}
