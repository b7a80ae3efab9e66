//! Just enough HTTP/1.1 to read one message, byte by byte under the test's control.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A request or response.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// `POST /message HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub(crate) first: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// The second word: a request's path, a response's status.
    pub(crate) fn second(&self) -> &str {
        self.first.split(' ').nth(1).unwrap_or_default()
    }
}

/// Reads one message; `None` when the other side closed before it was whole.
pub(crate) async fn read(stream: &mut BufReader<TcpStream>) -> Option<Message> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|read| *read > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut message = Message { first: first.trim_end().to_owned(), headers, body: Vec::new() };
    let length = message.header("content-length").map_or(0, |length| length.parse().unwrap());
    message.body = vec![0; length];
    stream.read_exact(&mut message.body).await.ok()?;
    Some(message)
}

/// The body of a page of the operators' listener.
pub(crate) async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    String::from_utf8(read(&mut stream).await.unwrap().body).unwrap()
}
