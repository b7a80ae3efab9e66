//! HTTP/1.1 over a blocking socket, plain enough to send what a decent client never would.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use serde_json::Value;

use super::answer::Answer;
use super::say::Say;
use super::{PATIENCE, timed};

/// A request or a response, as it stood on the wire.
#[derive(Debug, Clone)]
pub struct Message {
    /// `POST /message HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub first: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Message {
    /// Reads one; `None` when the other side closed before it was whole.
    pub fn read(stream: &mut impl BufRead) -> Option<Self> {
        // A TLS handshake is no HTTP, and has no line to wait for.
        if stream.fill_buf().ok()?.first() == Some(&0x16) {
            return None;
        }
        let mut lines = Vec::new();
        loop {
            let mut line = Vec::new();
            if stream.read_until(b'\n', &mut line).ok()? == 0 {
                return None;
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let mut lines = lines.into_iter();
        let first = lines.next()?;
        let split =
            |line: String| Some((line.split_once(':')?.0.to_lowercase(), line.split_once(':')?.1.trim().to_owned()));
        let mut message = Self { first, headers: lines.filter_map(split).collect(), body: Vec::new() };
        message.body = message.read_body(stream)?;
        Some(message)
    }

    /// The body as the headers frame it; where they do not, a response ends with its connection.
    fn read_body(&self, stream: &mut impl BufRead) -> Option<Vec<u8>> {
        let mut whole = Vec::new();
        if self.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).ok()?;
                let size = usize::from_str_radix(line.trim(), 16).ok()?;
                let mut chunk = vec![0; size + 2];
                stream.read_exact(&mut chunk).ok()?;
                if size == 0 {
                    return Some(whole);
                }
                whole.extend_from_slice(&chunk[..size]);
            }
        }
        if let Some(length) = self.header("content-length") {
            whole.resize(length.parse().ok()?, 0);
            stream.read_exact(&mut whole).ok()?;
        } else if self.first.starts_with("HTTP/") {
            stream.read_to_end(&mut whole).ok()?;
        }
        Some(whole)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// A word of the first line: 0 is a request's method, 1 its path or a response's status.
    pub fn word(&self, place: usize) -> &str {
        self.first.split(' ').nth(place).unwrap_or_default()
    }

    /// The body's JSON; `null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// One connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).expect("the bridge accepts")
    }

    pub fn try_connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends bytes as they are; an error when the other side has hung up.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// No more will be sent.
    pub fn half_close(&self) {
        let _gone = self.stream.get_ref().shutdown(Shutdown::Write);
    }

    /// Makes a skill call and reads its valid answer; `None` when the bridge closed without one.
    pub fn say(&mut self, say: &Say) -> Option<Answer> {
        Some(self.post(&say.path, say.body().as_bytes())?.valid(&say.path))
    }

    /// Makes a skill call and does not wait.
    pub fn send(&mut self, say: &Say) {
        self.write(&request("POST", &say.path, &[], say.body().as_bytes())).unwrap();
    }

    /// Reads one response; `None` when the connection ended instead.
    pub fn read(&mut self) -> Option<Answer> {
        let (message, took) = timed(|| Message::read(&mut self.stream));
        Answer::new(message?, took)
    }

    /// Sends bytes, of which the other side may have refused the rest, and reads what it says to them.
    pub fn exchange(&mut self, bytes: &[u8]) -> Option<Answer> {
        talk(&mut self.stream, bytes)
    }

    pub fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        self.exchange(&request(method, path, headers, body))
    }

    pub fn post(&mut self, path: &str, body: &[u8]) -> Option<Answer> {
        self.request("POST", path, &[("Content-Type", "application/json")], body)
    }
}

/// A request in one piece.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// Sends bytes and reads one response; `None` when the connection ended instead.
pub fn talk<S: Read + Write>(stream: &mut BufReader<S>, bytes: &[u8]) -> Option<Answer> {
    let (message, took) = timed(|| {
        // Who refuses and closes early has said so.
        let _sent = stream.get_mut().write_all(bytes).and_then(|()| stream.get_mut().flush());
        Message::read(stream)
    });
    Answer::new(message?, took)
}

/// Sends these very bytes on a connection of their own; status 0 where nothing came.
pub fn exchange(to: SocketAddr, bytes: impl AsRef<[u8]>) -> Answer {
    Client::connect(to).exchange(bytes.as_ref()).unwrap_or_default()
}

pub fn post(to: SocketAddr, path: &str, headers: &[(&str, &str)], body: impl ToString) -> Answer {
    let headers = [&[("Content-Type", "application/json"), ("Connection", "close")], headers].concat();
    exchange(to, request("POST", path, &headers, body.to_string().as_bytes()))
}

pub fn get(to: SocketAddr, path: &str) -> Answer {
    get_with(to, path, &[])
}

pub fn get_with(to: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    exchange(to, request("GET", path, &[&[("Connection", "close")], headers].concat(), b""))
}
