//! Enough of an HTTP server for the bots beside it: one thread a connection, the standard library only. Old bots had a
//! framework here; the contract is the same: `GET /keyboard`, `POST /message`, and anything for the rest.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use serde_json::Value;

/// An old bot: a home keyboard, and an answer to every message, or an HTTP status without one.
pub(crate) trait Bot: Send + Sync + 'static {
    /// `GET /keyboard`.
    fn keyboard(&self) -> Value;
    /// `POST /message`: `user_key`, `type` and `content` in, the reply out.
    fn message(&self, call: &Value) -> Result<Value, u16>;
}

/// Starts `bot` on `address` (port 0: any free one) and tells where it listens.
pub(crate) fn start(bot: impl Bot, address: &str) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let bot = Arc::new(bot);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let bot = Arc::clone(&bot);
            // A caller that goes away is its own business.
            thread::spawn(move || connection(&*bot, &stream).ok());
        }
    });
    Ok(address)
}

/// Starts `bot` on the address given as the first argument, 127.0.0.1:8000 without one, until the process is killed.
#[allow(dead_code, reason = "the test of the examples starts the bots itself")]
pub(crate) fn run(bot: impl Bot) -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let address = start(bot, &address)?;
    writeln!(io::stdout(), "http://{address}    smartchat-bridge serve --bot http://{address}")?;
    loop {
        thread::park();
    }
}

fn connection(bot: &impl Bot, stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            match header.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap_or(0);
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = Vec::new();
        reader.by_ref().take(length).read_to_end(&mut body)?;
        let mut words = request.split(' ');
        let answer = match (words.next(), words.next()) {
            (Some("GET"), Some("/keyboard")) => Ok(bot.keyboard()),
            (Some("POST"), Some("/message")) => bot.message(&serde_json::from_slice(&body).unwrap_or_default()),
            _ => Ok(serde_json::json!({ "code": 0, "message": "SUCCESS" })),
        };
        let (status, body) = match answer {
            Ok(answer) => (200, answer.to_string()),
            Err(status) => (status, "<h1>error</h1>".to_owned()),
        };
        let head =
            format!("HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut stream = stream;
        stream.write_all(format!("{head}{body}").as_bytes())?;
    }
}
