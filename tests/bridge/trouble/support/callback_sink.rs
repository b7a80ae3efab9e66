//! Kakao's side of callbacks: a token is good for one use and for a minute (openbuilder.md 3).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use smartchat_bridge::time::{self, Instant};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::http;

/// How the sink takes what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Takes,
    /// HTTP 200 and this status in the body.
    UserInput(&'static str),
    Status(u16),
    /// Leads elsewhere.
    Redirects,
    /// Reads and never answers.
    Hangs,
}

struct State {
    mood: Mood,
    tokens: HashMap<String, Instant>,
    posted: Vec<Value>,
    refused: Vec<String>,
    minute: Duration,
}

pub(crate) struct CallbackSink {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    listening: Option<JoinHandle<()>>,
}

impl CallbackSink {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            mood: Mood::Takes,
            tokens: HashMap::new(),
            posted: Vec::new(),
            refused: Vec::new(),
            minute: Duration::from_secs(60),
        };
        let state = Arc::new(Mutex::new(state));
        let listening = Some(tokio::spawn(listen(listener, Arc::clone(&state))));
        Self { address, state, listening }
    }

    pub(crate) fn mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A fresh callback URL, as one call carries it.
    pub(crate) fn url(&self) -> String {
        let mut state = self.state.lock().unwrap();
        let token = format!("token-{}", state.tokens.len());
        state.tokens.insert(token.clone(), time::instant());
        format!("{}/v1/bots/5f0c2a9b8e3d4c0001a2b3c4/callback/{token}", self.origin())
    }

    /// What it took.
    pub(crate) fn posted(&self) -> Vec<Value> {
        self.state.lock().unwrap().posted.clone()
    }

    /// What was tried and refused by the rules of tokens.
    pub(crate) fn refused(&self) -> Vec<String> {
        self.state.lock().unwrap().refused.clone()
    }

    pub(crate) async fn die(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            drop(listening.await);
        }
    }

    pub(crate) async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.listening = Some(tokio::spawn(listen(listener, Arc::clone(&self.state))));
    }
}

impl Drop for CallbackSink {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

async fn listen(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { return };
                let state = Arc::clone(&state);
                connections.spawn(async move {
                    let mut stream = BufReader::new(stream);
                    while let Some(request) = http::read(&mut stream).await {
                        let (status, head, body) = match judge(&state, &request) {
                            Some(answer) => answer,
                            None => std::future::pending().await,
                        };
                        let body = body.to_string();
                        let answer = format!("HTTP/1.1 {status} X\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len());
                        if stream.write_all(answer.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

fn judge(state: &Mutex<State>, request: &http::Message) -> Option<(u16, &'static str, Value)> {
    let mut state = state.lock().unwrap();
    let token = request.second().rsplit('/').next().unwrap_or_default().to_owned();
    let said = |status: &str, message: &str| json!({ "taskId": "t", "status": status, "message": message });
    let Some(given) = state.tokens.get(&token) else {
        let why = format!("unknown or used: {token}");
        state.refused.push(why);
        return Some((400, "", said("ERROR", "Invalid callback token")));
    };
    if given.elapsed() > state.minute {
        state.refused.push(format!("too late: {token}"));
        return Some((400, "", said("ERROR", "Invalid callback token")));
    }
    let answer = match state.mood {
        Mood::Takes => (200, "", said("SUCCESS", "")),
        Mood::UserInput(status) => (200, "", said(status, "not today")),
        Mood::Status(status) => (status, "", Value::Null),
        Mood::Redirects => (307, "Location: /v1/bots/x/callback/elsewhere\r\n", Value::Null),
        Mood::Hangs => return None,
    };
    state.tokens.remove(&token);
    if state.mood == Mood::Takes {
        state.posted.push(serde_json::from_slice(&request.body).expect("a callback's body is JSON"));
    }
    Some(answer)
}
