//! A stand-in for a bridge: it answers every call with the next of its bodies, and keeps what it was sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::Value;

pub(crate) struct Bridge {
    pub(crate) address: SocketAddr,
    pub(crate) calls: Receiver<(String, Value)>,
}

impl Bridge {
    /// Answers with these statuses and bodies in turn, then no more.
    pub(crate) fn answering(answers: &[(u16, &str)]) -> Self {
        let answers: Vec<_> = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, calls) = channel();
        thread::spawn(move || {
            for (status, body) in answers {
                let (stream, _) = listener.accept().unwrap();
                let call = exchange(&stream, status, &body);
                if let Some(callback) =
                    call.1["userRequest"]["callbackUrl"].as_str().filter(|_| body.contains("useCallback"))
                {
                    post(
                        callback,
                        r#"{"version":"2.0","template":{"outputs":[{"simpleText":{"text":"나중에 온 답"}}]}}"#,
                    );
                }
                sender.send(call).unwrap();
            }
        });
        Self { address, calls }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The head and body of the next call.
    pub(crate) fn call(&self) -> (String, Value) {
        self.calls.recv().unwrap()
    }
}

fn exchange(stream: &TcpStream, status: u16, body: &str) -> (String, Value) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut sent = vec![0; length];
    reader.read_exact(&mut sent).unwrap();
    let answer = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let mut stream = stream;
    stream.write_all(answer.as_bytes()).unwrap();
    (head, serde_json::from_slice(&sent).unwrap_or_default())
}

fn post(url: &str, body: &str) {
    let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    let head = format!("POST /{path} HTTP/1.1\r\nhost: {authority}\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(r#""status":"SUCCESS""#), "{answer}");
}
