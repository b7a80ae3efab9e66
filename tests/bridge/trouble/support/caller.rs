//! A caller like OpenBuilder, and what a user reads in the answer it gets.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};
use smartchat_bridge::time;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::http;

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(include_str!("../../../schema/skill-response.schema.json")).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
});

/// One skill call.
#[derive(Debug, Clone)]
pub(crate) struct Skill(Value, &'static str);

/// What `user` says in `words`.
pub(crate) fn words(user: &str, words: &str) -> Skill {
    assert!(user.len() <= 12);
    let user = format!("{user:_<12}");
    let call = json!({
        "bot": { "id": "5f0c2a9b8e3d4c0001a2b3c4", "name": "test" },
        "intent": { "id": "5f0c2a9b8e3d4c0001a2b3c9", "name": "폴백 블록" },
        "action": { "params": {}, "clientExtra": {} },
        "userRequest": {
            "utterance": format!("{words}\n"),
            "user": { "id": format!("id-{user}"), "type": "botUserKey", "properties": { "plusfriendUserKey": user } },
            "params": { "surface": "Kakaotalk.plusfriend" },
        },
    });
    Skill(call, "/skill")
}

impl Skill {
    /// With the mark of a button.
    pub(crate) fn marked(mut self, extra: &Value) -> Self {
        self.0["action"]["clientExtra"] = extra.clone();
        self
    }

    pub(crate) fn with_callback(mut self, url: &str) -> Self {
        self.0["userRequest"]["callbackUrl"] = url.into();
        self
    }

    /// From the console's tester (I9).
    pub(crate) fn by_tester(mut self) -> Self {
        self.0["userRequest"]["params"]["surface"] = "BuilderBotTest".into();
        self
    }

    /// Of a block of this name.
    pub(crate) fn of_block(mut self, name: &str) -> Self {
        self.0["intent"]["name"] = name.into();
        self
    }

    /// At another path.
    pub(crate) fn at(mut self, path: &'static str) -> Self {
        self.1 = path;
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let body = self.0.to_string();
        let head = "HTTP/1.1\r\nHost: bridge\r\nContent-Type: application/json\r\n";
        format!("POST {} {head}Content-Length: {}\r\n\r\n{body}", self.1, body.len()).into_bytes()
    }
}

/// An answer that has been checked against the schema.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) json: Value,
    pub(crate) took: Duration,
}

impl Answer {
    /// Checks it: every answer, whatever happened, is one OpenBuilder takes.
    #[track_caller]
    pub(crate) fn check(json: Value, took: Duration) -> Self {
        if let Err(error) = SCHEMA.validate(&json) {
            panic!("not a skill response: {error} at {}: {json}", error.instance_path());
        }
        Self { json, took }
    }

    pub(crate) fn is_acknowledgement(&self) -> bool {
        self.json["useCallback"] == true
    }

    /// The words of all bubbles, one a line.
    pub(crate) fn text(&self) -> String {
        let outputs = self.json["template"]["outputs"].as_array().cloned().unwrap_or_default();
        let text = outputs.iter().flat_map(|output| {
            let kind = output.as_object().and_then(|output| output.values().next()).cloned().unwrap_or_default();
            ["text", "title", "description"].map(|name| kind[name].as_str().unwrap_or_default().to_owned())
        });
        text.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// The labels of the quick replies.
    pub(crate) fn buttons(&self) -> Vec<String> {
        let replies = self.json["template"]["quickReplies"].as_array().cloned().unwrap_or_default();
        replies.iter().map(|reply| reply["label"].as_str().unwrap().to_owned()).collect()
    }

    /// The call that pressing this quick reply makes.
    #[track_caller]
    pub(crate) fn tap(&self, user: &str, label: &str) -> Skill {
        let replies = self.json["template"]["quickReplies"].as_array().cloned().unwrap_or_default();
        let reply = replies.iter().find(|reply| reply["label"] == label);
        let reply = reply.unwrap_or_else(|| panic!("no quick reply {label}: {}", self.json));
        words(user, reply["messageText"].as_str().unwrap()).marked(&reply["extra"])
    }
}

/// A connection to the bridge.
pub(crate) struct Caller {
    stream: BufReader<TcpStream>,
}

impl Caller {
    pub(crate) async fn connect(address: SocketAddr) -> std::io::Result<Self> {
        Ok(Self { stream: BufReader::new(TcpStream::connect(address).await?) })
    }

    /// Calls and waits; `None` when the bridge closed without an answer.
    pub(crate) async fn try_call(&mut self, skill: &Skill) -> Option<Answer> {
        let (body, took) = self.try_raw(&skill.bytes()).await?;
        Some(Answer::check(serde_json::from_slice(&body).unwrap(), took))
    }

    /// The same with bytes, unchecked: for crowds.
    pub(crate) async fn try_raw(&mut self, call: &[u8]) -> Option<(Vec<u8>, Duration)> {
        let started = time::instant();
        self.stream.write_all(call).await.ok()?;
        let message = http::read(&mut self.stream).await?;
        assert_eq!(message.second(), "200", "{}", String::from_utf8_lossy(&message.body));
        Some((message.body, started.elapsed()))
    }

    /// Sends a call and does not wait.
    pub(crate) async fn send(&mut self, skill: &Skill) {
        self.stream.write_all(&skill.bytes()).await.unwrap();
    }
}
