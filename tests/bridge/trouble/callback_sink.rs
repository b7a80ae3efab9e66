//! Kakao's side of callbacks: a token is good for one use and for a minute (openbuilder.md 3).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;

/// How the sink takes what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Takes,
    /// HTTP 200 and this status in the body.
    Says(&'static str),
    Status(u16),
    /// Leads elsewhere.
    Redirects,
    /// Reads and never answers.
    Hangs,
    /// Takes it after so long.
    TakesAfter(Duration),
    /// Says FAIL where the token is this one.
    FailsOn(&'static str),
}

/// So long is a token good.
const MINUTE: Duration = Duration::from_secs(60);

struct State {
    mood: Mood,
    tokens: HashMap<String, Instant>,
    posted: Vec<Value>,
    refused: Vec<String>,
}

pub(crate) struct CallbackSink {
    kakao: Bot,
    state: Arc<Mutex<State>>,
}

impl CallbackSink {
    pub(crate) fn start() -> Self {
        let state = State { mood: Mood::Takes, tokens: HashMap::new(), posted: Vec::new(), refused: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let judged = Arc::clone(&state);
        Self { kakao: Bot::new(move |asked| judge(&mut judged.lock().unwrap(), asked)), state }
    }

    pub(crate) fn mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    pub(crate) fn origin(&self) -> String {
        self.kakao.url()
    }

    /// A fresh callback URL, as one call carries it.
    pub(crate) fn url(&self) -> String {
        let mut state = self.state.lock().unwrap();
        let token = format!("token-{}", state.tokens.len());
        state.tokens.insert(token.clone(), Instant::now());
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

    /// How often it was called, whatever it did.
    pub(crate) fn tried(&self) -> usize {
        self.kakao.asked().len()
    }

    pub(crate) fn die(&mut self) {
        self.kakao.die();
    }

    pub(crate) fn come_back(&mut self) {
        self.kakao.come_back();
    }
}

fn judge(state: &mut State, asked: &Asked) -> Reply {
    let token = asked.path.rsplit('/').next().unwrap_or_default().to_owned();
    let says = |status: &str, message: &str| json!({ "taskId": "t", "status": status, "message": message });
    let refused = || status(400, says("ERROR", "Invalid callback token").to_string());
    let Some(given) = state.tokens.get(&token) else {
        state.refused.push(format!("unknown or used: {token}"));
        return refused();
    };
    if given.elapsed() > MINUTE {
        state.refused.push(format!("too late: {token}"));
        return refused();
    }
    let answer = match state.mood {
        Mood::Takes => reply(says("SUCCESS", "")),
        Mood::Says(status) => reply(says(status, "not today")),
        Mood::Status(number) => status(number, ""),
        Mood::Redirects => {
            raw("HTTP/1.1 307 X\r\nLocation: /v1/bots/x/callback/elsewhere\r\nContent-Length: 0\r\n\r\n")
        }
        Mood::Hangs => return hang(),
        Mood::TakesAfter(wait) => reply(says("SUCCESS", "")).after(wait),
        Mood::FailsOn(token) if asked.path.ends_with(token) => reply(says("FAIL", "not today")),
        Mood::FailsOn(_) => reply(says("SUCCESS", "")),
    };
    state.tokens.remove(&token);
    let takes = match state.mood {
        Mood::Takes | Mood::TakesAfter(_) => true,
        Mood::FailsOn(failing) => !asked.path.ends_with(failing),
        Mood::Says(_) | Mood::Status(_) | Mood::Redirects | Mood::Hangs => false,
    };
    if takes {
        state.posted.push(asked.json());
    }
    answer
}
