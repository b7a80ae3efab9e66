//! A caller: one request on a connection of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
    pub(crate) took: Duration,
}

/// POSTs JSON.
pub(crate) fn post(to: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let extra: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: bridge.test\r\nContent-Type: application/json\r\nConnection: close\r\n{extra}"
    );
    exchange(to, &format!("{head}Content-Length: {length}\r\n\r\n{body}"))
}

pub(crate) fn get(to: SocketAddr, path: &str) -> Answer {
    exchange(to, &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"))
}

/// Sends these very bytes and reads until the bridge closes.
pub(crate) fn exchange(to: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    talk(&mut stream, request)
}

pub(crate) fn talk(stream: &mut (impl Read + Write), request: &str) -> Answer {
    let started = Instant::now();
    // The bridge may refuse and close before it has read everything.
    let _sent = stream.write_all(request.as_bytes());
    let mut bytes = Vec::new();
    let _read = stream.read_to_end(&mut bytes);
    let all = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = all.split_once("\r\n\r\n").unwrap_or((&all, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_owned(), body: body.to_owned(), took: started.elapsed() }
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// All that the user reads in bubbles, one below the other.
    #[track_caller]
    pub(crate) fn text(&self) -> String {
        let answer = self.json();
        let outputs = answer["template"]["outputs"].as_array().cloned().unwrap_or_default();
        let read = |output: &Value| {
            ["/simpleText/text", "/textCard/title", "/textCard/description", "/basicCard/description"]
                .iter()
                .filter_map(|place| output.pointer(place)?.as_str().map(str::to_owned))
                .collect::<Vec<_>>()
                .join("\n")
        };
        outputs.iter().map(read).collect::<Vec<_>>().join("\n")
    }

    /// Labels of the quick replies.
    #[track_caller]
    pub(crate) fn quick_replies(&self) -> Vec<String> {
        let answer = self.json();
        let all = answer["template"]["quickReplies"].as_array().cloned().unwrap_or_default();
        all.iter().map(|quick| quick["label"].as_str().unwrap().to_owned()).collect()
    }

    /// The quick reply with this label, whole.
    #[track_caller]
    pub(crate) fn quick_reply(&self, label: &str) -> Value {
        let answer = self.json();
        let all = answer["template"]["quickReplies"].as_array().cloned().unwrap_or_default();
        let found = all.into_iter().find(|quick| quick["label"] == label);
        found.unwrap_or_else(|| panic!("no quick reply {label}: {}", self.body))
    }
}
