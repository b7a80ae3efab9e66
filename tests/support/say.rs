//! Skill calls and webhook events as Kakao sends them (openbuilder.md 1 and 5).

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::answer::Answer;

pub const BOT_ID: &str = "64a1f0c27b3d9e5a10c4e8b2";
pub const FALLBACK: &str = "64a1f0c27b3d9e5a10c4e8b7";
pub const WELCOME: &str = "64a1f0c27b3d9e5a10c4e8b5";

/// A user of the legacy form.
pub const MINA: &str = "Qw7-eRt_9YzA";
/// Another.
pub const JUN: &str = "Zx1_aSd-3FgH";

/// The key of somebody nobody has seen.
pub fn newcomer() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("New-eR{:06}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A skill call under construction: a real call of 2025 in its members.
#[derive(Debug, Clone)]
pub struct Say {
    pub call: Value,
    pub path: String,
}

impl Say {
    /// `user` says `words` in the fallback block.
    pub fn words(user: &str, words: &str) -> Self {
        let call = json!({
            "bot": { "id": BOT_ID, "name": "봇" },
            "intent": { "id": FALLBACK, "name": "폴백 블록" },
            "action": { "id": "64a1f1d58c2e7b4f90a3d615", "name": "스킬", "params": {}, "clientExtra": {} },
            "userRequest": {
                "block": { "id": FALLBACK, "name": "폴백 블록" },
                "user": {
                    "id": format!("7d3b1f0a5c9e2468{user}"),
                    "type": "botUserKey",
                    "properties": { "plusfriendUserKey": user, "plusfriend_user_key": user },
                },
                "utterance": words,
                "params": { "surface": "Kakaotalk.plusfriend" },
                "lang": "ko",
                "timezone": "Asia/Seoul",
            },
            "contexts": [],
        });
        Self { call, path: "/skill".to_owned() }
    }

    /// `user` enters: the welcome block runs.
    pub fn welcome(user: &str) -> Self {
        Self::words(user, "").block(WELCOME, "웰컴 블록")
    }

    /// `user` presses the quick reply `label` of `answer`.
    #[track_caller]
    pub fn tap(user: &str, answer: &Answer, label: &str) -> Self {
        Self::press(user, &answer.quick_reply(label))
    }

    /// `user` presses a quick reply or a card's button, as it stands in an answer.
    #[track_caller]
    pub fn press(user: &str, button: &Value) -> Self {
        let say = Self::words(user, button["messageText"].as_str().unwrap())
            .with("/action/clientExtra", button["extra"].clone());
        match button["action"].as_str().unwrap() {
            "message" => say,
            "block" => say.block(button["blockId"].as_str().unwrap(), "말하기 블록"),
            other => panic!("{other} is not said to a skill: {button}"),
        }
    }

    /// `user` sends a photo as OpenBuilder tells of it since 2026: in `params.media` and as the words.
    pub fn photo(user: &str, url: &str) -> Self {
        Self::words(user, url).media("image", url)
    }

    pub fn media(mut self, kind: &str, url: &str) -> Self {
        self.call["userRequest"]["params"]["media"] = json!({ "type": kind, "url": url });
        self
    }

    pub fn param(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.call["action"]["params"][name] = value.into();
        self
    }

    pub fn block(mut self, id: &str, name: &str) -> Self {
        let block = json!({ "id": id, "name": name });
        self.call["intent"] = block.clone();
        self.call["userRequest"]["block"] = block;
        self
    }

    /// The block that ran before this one.
    pub fn after(mut self, block: &str) -> Self {
        self.call["flow"] =
            json!({ "trigger": { "type": "TEXT_INPUT" }, "lastBlock": { "id": block, "name": "블록" } });
        self
    }

    /// The user is known to the Kakao Login app by this id.
    pub fn app_user(mut self, id: &str) -> Self {
        self.call["userRequest"]["user"]["properties"]["appUserId"] = json!(id);
        self
    }

    /// The user has added the channel.
    pub fn friend(mut self) -> Self {
        self.call["userRequest"]["user"]["properties"]["isFriend"] = json!(true);
        self
    }

    pub fn to(mut self, bot: &str) -> Self {
        self.call["bot"]["id"] = json!(bot);
        self
    }

    /// From the console's test panel.
    pub fn tester(mut self) -> Self {
        self.call["userRequest"]["params"] = json!({ "surface": "BuilderBotTest", "ignoreMe": "true" });
        self
    }

    /// Where an answer that takes longer is posted.
    pub fn callback(mut self, url: &str) -> Self {
        self.call["userRequest"]["callbackUrl"] = json!(url);
        self
    }

    /// In a group room, where nobody has a key.
    pub fn in_room(mut self) -> Self {
        let room = "5a".repeat(32);
        self.call["userRequest"]["chat"] =
            json!({ "id": room, "type": "botGroupKey", "properties": { "botGroupKey": room } });
        let id = self.call["userRequest"]["user"]["id"].clone();
        self.call["userRequest"]["user"]["properties"] = json!({ "botUserKey": id, "isFriend": true });
        self
    }

    /// At another path than `/skill`.
    pub fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Puts anything at a place of the call.
    pub fn with(mut self, place: &str, value: impl Into<Value>) -> Self {
        *self.call.pointer_mut(place).unwrap() = value.into();
        self
    }

    pub fn body(&self) -> String {
        self.call.to_string()
    }
}

impl fmt::Display for Say {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

/// An event of the channel webhook under today's names.
pub fn event(kind: &str, id: &str) -> Value {
    json!({
        "event": kind,
        "id": id,
        "id_type": "app_user_id",
        "channel_public_id": "_ZeUTxl",
        "channel_uuid": "@shop",
        "updated_at": "2026-11-22T03:00:00Z",
    })
}

pub fn added(id: &str) -> Value {
    event("added", id)
}

pub fn blocked(id: &str) -> Value {
    event("blocked", id)
}
