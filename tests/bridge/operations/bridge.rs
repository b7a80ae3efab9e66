//! The real binary under test, an old bot beside it, and calls to both.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything may take before the test says that it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// An old bot with a home keyboard of two buttons.
pub(crate) struct OldBot {
    address: SocketAddr,
}

impl OldBot {
    /// One that answers every message with a text and the same buttons.
    pub(crate) fn start(name: &'static str) -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)), name)
    }

    /// The same at this address.
    pub(crate) fn at(address: SocketAddr, name: &'static str) -> Self {
        Self::on(TcpListener::bind(address).unwrap(), move |words| {
            let keyboard = json!({ "type": "buttons", "buttons": ["급식", "시간표"] });
            let answer = json!({ "message": { "text": format!("{name}: {words}") }, "keyboard": keyboard });
            Some((200, answer.to_string()))
        })
    }

    /// One that answers a message with the status and the body that `reply` gives for its words, or never.
    pub(crate) fn answering(reply: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), reply)
    }

    fn on(listener: TcpListener, reply: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().unwrap();
        let reply = Arc::new(reply);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let reply = Arc::clone(&reply);
                thread::spawn(move || serve(stream, &*reply));
            }
        });
        Self { address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn serve(stream: TcpStream, reply: &dyn Fn(&str) -> Option<(u16, String)>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let Some((head, body)) = read_message(&mut reader) else { return };
        let answer = if head.starts_with("GET ") {
            Some((200, json!({ "type": "buttons", "buttons": ["급식", "시간표"] }).to_string()))
        } else {
            let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
            reply(asked["content"].as_str().unwrap_or("?"))
        };
        let Some((status, body)) = answer else { continue };
        let length = body.len();
        let head = format!("HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
        if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}

/// Head and body of an HTTP message with a Content-Length; `None` at the connection's end.
pub(crate) fn read_message(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// The running binary.
pub(crate) struct Bridge {
    child: Child,
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
    lines: Mutex<Receiver<String>>,
    pub(crate) log: Arc<Mutex<String>>,
}

impl Bridge {
    /// Starts `serve` and waits for its line that says where it serves.
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_smartchat-bridge")), arguments, environment)
    }

    /// The same by another command that ends in the binary.
    pub(crate) fn run(mut command: Command, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        command.arg("serve").args(arguments).envs(environment.iter().copied());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let log = Arc::new(Mutex::new(String::new()));
        let (stderr, kept) = (child.stderr.take().unwrap(), Arc::clone(&log));
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                kept.lock().unwrap().push_str(&format!("{line}\n"));
                let _unheard = sender.send(line);
            }
        });
        let mut bridge = Self {
            child,
            public: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin: SocketAddr::from(([127, 0, 0, 1], 0)),
            lines: Mutex::new(lines),
            log,
        };
        let line = bridge.wait_for("the bridge serves");
        bridge.public = field(&line, "public").parse().unwrap();
        bridge.admin = field(&line, "admin").parse().unwrap();
        bridge
    }

    /// Starts `serve` with a configuration file and the listeners on free ports.
    pub(crate) fn with_file(file: &Path) -> Self {
        let file = file.to_str().unwrap();
        Self::start(&["--config", file, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], &[])
    }

    /// What it prints on standard output, up to the line that holds `words`.
    #[track_caller]
    pub(crate) fn printed_until(&mut self, words: &str) -> String {
        let mut out = BufReader::new(self.child.stdout.take().unwrap());
        let mut printed = String::new();
        while !printed.contains(words) {
            assert_ne!(out.read_line(&mut printed).unwrap(), 0, "no {words:?} in {printed}");
        }
        printed
    }

    /// The next log line that holds `words`.
    #[track_caller]
    pub(crate) fn wait_for(&self, words: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.lock().unwrap().recv_timeout(left) {
                Ok(line) if line.contains(words) => return line,
                Ok(_) => {}
                Err(_) => panic!("no line with {words:?} in\n{}", self.log.lock().unwrap()),
            }
        }
    }

    /// Stops it; everything it has logged.
    #[track_caller]
    pub(crate) fn whole_log(&mut self) -> String {
        self.signal("TERM");
        self.ended();
        // The end of the lines is the end of what it wrote.
        while self.lines.lock().unwrap().recv_timeout(PATIENCE).is_ok() {}
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Waits for the end; the exit code.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> i32 {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            thread::yield_now();
        }
        panic!("it does not end");
    }

    pub(crate) fn say(&self, user: &str, words: &str) -> Value {
        let (status, body) = post(self.public, "/skill", &[], &skill_call(user, words));
        assert_eq!(status, 200, "{body}");
        body
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        request(self.admin, "GET", path, &[], None)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A field of a log line in either format.
fn field(line: &str, name: &str) -> String {
    if let Ok(line) = serde_json::from_str::<Value>(line) {
        return line[name].as_str().unwrap().to_owned();
    }
    let behind = line.split_once(&format!("{name}=")).unwrap_or_else(|| panic!("no {name} in {line}")).1;
    behind.split(' ').next().unwrap_or_default().to_owned()
}

/// A call as OpenBuilder makes it.
pub(crate) fn skill_call(user: &str, words: &str) -> Value {
    json!({
        "bot": { "id": "64a1f0c27b3d9e5a10c4e8b2", "name": "봇" },
        "intent": { "id": "64a1f0c27b3d9e5a10c4e8b7", "name": "폴백 블록" },
        "action": { "id": "64a1f1d58c2e7b4f90a3d615", "name": "스킬", "params": {}, "detailParams": {}, "clientExtra": {} },
        "userRequest": {
            "utterance": words,
            "user": { "id": "f".repeat(66), "type": "botUserKey", "properties": { "plusfriendUserKey": user } },
            "params": { "surface": "Kakaotalk.plusfriend" },
            "lang": "ko", "timezone": "Asia/Seoul",
        },
        "contexts": [],
    })
}

pub(crate) fn post(to: SocketAddr, path: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
    let (status, body) = request(to, "POST", path, headers, Some(&body.to_string()));
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

pub(crate) fn request(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> (u16, String) {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let extra: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let body = body.unwrap_or_default();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n{extra}Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) =
        answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {method} {path}: {answer:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    (status, body.to_owned())
}

pub(crate) fn text(answer: &Value) -> &str {
    answer["template"]["outputs"][0]["simpleText"]["text"].as_str().unwrap_or_default()
}
