//! Skill calls as OpenBuilder makes them (openbuilder.md 1).

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

pub const BOT_ID: &str = "64a1f0c27b3d9e5a10c4e8b2";
pub const FALLBACK: &str = "64a1f0c27b3d9e5a10c4e8b7";
pub const WELCOME: &str = "64a1f0c27b3d9e5a10c4e8b5";

/// Somebody who talks to the bot.
#[derive(Debug, Clone)]
pub struct Caller {
    pub key: String,
    pub room: bool,
}

impl Caller {
    /// Somebody nobody has seen.
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { key: format!("Qw7-eR{:06}", NEXT.fetch_add(1, Ordering::Relaxed)), room: false }
    }

    /// Somebody nobody has seen, in a group room.
    pub fn in_room() -> Self {
        Self { room: true, ..Self::new() }
    }

    fn call(&self, block: (&str, &str), utterance: &str, client_extra: &Value) -> Value {
        let id = format!("{:0>66}", self.key.trim_start_matches("Qw7-eR"));
        let block = json!({ "id": block.0, "name": block.1 });
        let mut call = json!({
            "bot": { "id": BOT_ID, "name": "예시봇" },
            "intent": { "id": block["id"], "name": block["name"], "extra": { "reason": { "code": 1, "message": "OK" } } },
            "action": {
                "id": "64a1f1d58c2e7b4f90a3d615", "name": "레거시", "params": {}, "detailParams": {},
                "clientExtra": client_extra,
            },
            "userRequest": {
                "block": block,
                "user": { "id": id, "type": "botUserKey", "properties": { "botUserKey": id, "isFriend": true } },
                "utterance": utterance,
                "params": { "surface": "Kakaotalk.plusfriend" },
                "lang": "ko", "timezone": "Asia/Seoul",
            },
            "contexts": [],
        });
        if self.room {
            call["userRequest"]["chat"] = json!({ "id": "5a".repeat(32), "type": "botGroupKey", "properties": { "botGroupKey": "5a".repeat(32) } });
        } else {
            call["userRequest"]["user"]["properties"]["plusfriendUserKey"] = json!(self.key);
        }
        call
    }

    /// Comes in by the welcome block.
    pub fn enters(&self) -> Value {
        self.call((WELCOME, "웰컴 블록"), "", &json!({}))
    }

    /// Types words.
    pub fn types(&self, words: &str) -> Value {
        self.call((FALLBACK, "폴백 블록"), words, &json!({}))
    }

    /// Sends a picture.
    pub fn sends_photo(&self, url: &str) -> Value {
        let mut call = self.types(url);
        call["userRequest"]["params"]["media"] = json!({ "type": "image", "url": url });
        call
    }

    /// Presses a quick reply or a card's button, as it stands in an answer.
    pub fn presses(&self, button: &Value) -> Value {
        let block = match button["action"].as_str().unwrap() {
            "message" => FALLBACK,
            "block" => button["blockId"].as_str().unwrap(),
            other => panic!("{other} is not said to a skill: {button}"),
        };
        self.call((block, "폴백 블록"), button["messageText"].as_str().unwrap(), &button["extra"])
    }
}
