//! A bot that says what a test wants, over real sockets.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use super::http;

/// One call of the bridge, as it stood on the wire.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// Reads one call from a connection.
pub fn asked(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let (first, headers) = http::head(stream)?;
    let body = http::body(stream, &headers, false)?;
    let mut first = first.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    Some(Asked { method, path, headers, body })
}

/// Starts a bot that hands every call to `reply`, which writes to the socket what it likes and says whether the
/// connection goes on. It lives as long as the process: its threads wait in `accept` and `read`.
pub fn start(reply: impl Fn(&Asked, &mut TcpStream) -> bool + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let reply = Arc::new(reply);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let reply = Arc::clone(&reply);
            thread::spawn(move || {
                let mut writer = stream.try_clone().unwrap();
                let mut reader = BufReader::new(stream);
                while let Some(asked) = asked(&mut reader) {
                    if !reply(&asked, &mut writer) {
                        break;
                    }
                }
            });
        }
    });
    address
}

/// A whole good response.
pub fn good(stream: &mut TcpStream, body: &str) -> bool {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).is_ok()
}

/// A bot with free typing that repeats what it hears.
pub fn echo() -> SocketAddr {
    start(|asked, stream| {
        if asked.method == "GET" {
            return good(stream, r#"{"type":"text"}"#);
        }
        let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        good(stream, &serde_json::json!({ "message": { "text": body["content"] } }).to_string())
    })
}
