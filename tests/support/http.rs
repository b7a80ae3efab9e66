//! HTTP/1.1 over a blocking socket, plain enough to send what a decent client never would.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {text}"))
    }
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the bridge accepts");
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// Sends bytes as they are; an error when the other side has hung up.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// No more will be sent.
    pub fn half_close(&self) {
        let _gone = self.stream.get_ref().shutdown(std::net::Shutdown::Write);
    }

    /// Reads one response; `None` when the connection ended instead.
    pub fn read(&mut self) -> Option<Response> {
        let (first, headers) = head(&mut self.stream)?;
        let status = first.split(' ').nth(1)?.parse().ok()?;
        let body = body(&mut self.stream, &headers, true)?;
        Some(Response { status, headers, body })
    }

    pub fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Response> {
        self.write(&request(method, path, headers, body)).ok()?;
        self.read()
    }

    pub fn post(&mut self, path: &str, body: &[u8]) -> Option<Response> {
        self.request("POST", path, &[("Content-Type", "application/json")], body)
    }
}

/// A request in one piece.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The first line and the headers, names in lower case.
pub fn head(stream: &mut impl BufRead) -> Option<(String, Vec<(String, String)>)> {
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
    let split = |line: String| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
    Some((first, lines.filter_map(split).collect()))
}

/// The body as its headers frame it; until the end of the connection where they do not and `until_end` allows it.
pub fn body(stream: &mut impl BufRead, headers: &[(String, String)], until_end: bool) -> Option<Vec<u8>> {
    let header = |name: &str| headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    if header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        let mut whole = Vec::new();
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
    match header("content-length") {
        Some(length) => {
            let mut whole = vec![0; length.parse().ok()?];
            stream.read_exact(&mut whole).ok()?;
            Some(whole)
        }
        None if until_end => {
            let mut whole = Vec::new();
            stream.read_to_end(&mut whole).ok()?;
            Some(whole)
        }
        None => Some(Vec::new()),
    }
}
