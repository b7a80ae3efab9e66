//! Skill calls and webhook events as Kakao sends them (openbuilder.md 1 and 5).

use serde_json::{Value, json};

use super::Answer;

/// A skill call under construction: a real call of 2025 in its members.
#[derive(Debug, Clone)]
pub(crate) struct Say(Value);

impl Say {
    /// `user` says `words` in the fallback block.
    pub(crate) fn words(user: &str, words: &str) -> Self {
        Self(json!({
            "bot": { "id": "64a1f0c27b3d9e5a10c4e8b2", "name": "봇" },
            "intent": { "id": "64a1f0c27b3d9e5a10c4e8b7", "name": "폴백 블록" },
            "action": { "id": "64a1f1d58c2e7b4f90a3d615", "name": "스킬", "params": {}, "clientExtra": {} },
            "userRequest": {
                "block": { "id": "64a1f0c27b3d9e5a10c4e8b7", "name": "폴백 블록" },
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
        }))
    }

    /// `user` enters: the welcome block runs.
    pub(crate) fn welcome(user: &str) -> Self {
        Self::words(user, "").block("64a1f0c27b3d9e5a10c4e8b5", "웰컴 블록")
    }

    /// `user` presses the quick reply `label` of `answer`.
    #[track_caller]
    pub(crate) fn tap(user: &str, answer: &Answer, label: &str) -> Self {
        let quick = answer.quick_reply(label);
        let mut say = Self::words(user, quick["messageText"].as_str().unwrap());
        say.0["action"]["clientExtra"] = quick["extra"].clone();
        say
    }

    /// `user` sends a photo as OpenBuilder tells of it since 2026: in `params.media` and as the words.
    pub(crate) fn photo(user: &str, url: &str) -> Self {
        Self::words(user, url).media("image", url)
    }

    pub(crate) fn media(mut self, kind: &str, url: &str) -> Self {
        self.0["userRequest"]["params"]["media"] = json!({ "type": kind, "url": url });
        self
    }

    pub(crate) fn param(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0["action"]["params"][name] = value.into();
        self
    }

    pub(crate) fn block(mut self, id: &str, name: &str) -> Self {
        let block = json!({ "id": id, "name": name });
        self.0["intent"] = block.clone();
        self.0["userRequest"]["block"] = block;
        self
    }

    /// The block that ran before this one.
    pub(crate) fn after(mut self, block: &str) -> Self {
        self.0["flow"] = json!({ "trigger": { "type": "TEXT_INPUT" }, "lastBlock": { "id": block, "name": "블록" } });
        self
    }

    /// The user is known to the Kakao Login app by this id.
    pub(crate) fn app_user(mut self, id: &str) -> Self {
        self.0["userRequest"]["user"]["properties"]["appUserId"] = json!(id);
        self
    }

    pub(crate) fn to(mut self, bot: &str) -> Self {
        self.0["bot"]["id"] = json!(bot);
        self
    }

    /// From the console's test panel.
    pub(crate) fn tester(mut self) -> Self {
        self.0["userRequest"]["params"] = json!({ "surface": "BuilderBotTest", "ignoreMe": "true" });
        self
    }

    /// Puts anything at a place of the call.
    pub(crate) fn with(mut self, place: &str, value: impl Into<Value>) -> Self {
        *self.0.pointer_mut(place).unwrap() = value.into();
        self
    }

    pub(crate) fn body(&self) -> String {
        self.0.to_string()
    }
}

/// An event of the channel webhook under today's names.
pub(crate) fn event(kind: &str, id: &str) -> Value {
    json!({
        "event": kind,
        "id": id,
        "id_type": "app_user_id",
        "channel_public_id": "_ZeUTxl",
        "channel_uuid": "@shop",
        "updated_at": "2026-11-22T03:00:00Z",
    })
}

pub(crate) fn added(id: &str) -> Value {
    event("added", id)
}

pub(crate) fn blocked(id: &str) -> Value {
    event("blocked", id)
}
