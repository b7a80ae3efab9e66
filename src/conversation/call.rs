//! A skill call as OpenBuilder writes it (openbuilder.md 1; logged calls of 2025 and 2026).

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::term::draw::Press;

const FALLBACK: (&str, &str) = ("64a1f0c27b3d9e5a10c4e8b7", "폴백 블록");
/// Id and name of the block that calls when the room is entered.
pub(crate) const WELCOME: (&str, &str) = ("64a1f0c27b3d9e5a10c4e8b5", "웰컴 블록");

/// The user who speaks, and the OpenBuilder bot they speak to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Who<'a> {
    pub(crate) user: &'a str,
    pub(crate) bot: &'a str,
    /// From OpenBuilder's test panel (openbuilder.md 1.6).
    pub(crate) tester: bool,
}

/// One thing that the user does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spoken<'a> {
    /// The chat room is entered.
    Home,
    /// Words are typed.
    Words(&'a str),
    /// A photo is sent.
    Photo(&'a str),
    /// A button is pressed.
    Press(&'a Press),
}

/// The body of the call.
pub(crate) fn body(who: &Who<'_>, spoken: &Spoken<'_>, callback: Option<&str>) -> Value {
    let (mut block, mut extra, mut trigger) = (FALLBACK, json!({}), "TEXT_INPUT");
    let mut words = match spoken {
        Spoken::Home => {
            block = WELCOME;
            String::new()
        }
        Spoken::Words(words) => (*words).to_owned(),
        Spoken::Photo(url) => {
            trigger = "IMAGE_UPLOAD";
            (*url).to_owned()
        }
        Spoken::Press(press) => {
            extra = if press.extra.is_null() { extra } else { press.extra.clone() };
            trigger = "QUICKREPLY_BUTTON_MESSAGE";
            if let Some(id) = &press.block {
                block = (id, "메시지 블록");
                trigger = "QUICKREPLY_BUTTON_BLOCK";
            }
            press.words.clone()
        }
    };
    // 66 lower-case hex digits, different for every bot and user.
    let digest = Sha256::new().chain_update(who.bot.trim_end_matches('!')).chain_update([0]).chain_update(who.user);
    let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let id = format!("{digest}1e");
    let mut properties = members(json!({ "botUserKey": id, "bot_user_key": id }));
    let mut params = if who.tester {
        words.push('\n');
        members(json!({ "surface": "BuilderBotTest", "ignoreMe": "true" }))
    } else {
        properties.extend(members(json!({
            "isFriend": true,
            "plusfriendUserKey": who.user,
            "plusfriend_user_key": who.user,
        })));
        members(json!({ "surface": "Kakaotalk.plusfriend" }))
    };
    if let Spoken::Photo(url) = spoken {
        params.insert("media".to_owned(), json!({ "type": "image", "url": url }));
    }
    let mut request = members(json!({
        "block": { "id": block.0, "name": block.1 },
        "user": { "id": id, "type": "botUserKey", "properties": properties },
        "utterance": words,
        "params": params,
        "lang": if who.tester { "kr" } else { "ko" },
        "timezone": "Asia/Seoul",
    }));
    if let Some(callback) = callback {
        request.insert("callbackUrl".to_owned(), json!(callback));
    }
    let mut call = members(json!({
        "bot": { "id": who.bot, "name": "smartchat-bridge say" },
        "intent": { "id": block.0, "name": block.1, "extra": { "reason": { "code": 1, "message": "OK" } } },
        "action": {
            "id": "64a1f1d58c2e7b4f90a3d615",
            "name": "smartchat-bridge",
            "params": {},
            "detailParams": {},
            "clientExtra": extra,
        },
        "userRequest": request,
        "contexts": [],
    }));
    if !who.tester && !matches!(spoken, Spoken::Home) {
        call.insert("flow".to_owned(), json!({ "trigger": { "type": trigger } }));
    }
    Value::Object(call)
}

/// The members of an object.
fn members(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::BotId;
    use crate::translate::inbound::{Endpoint, Inbound, InboundRules, UserInput, understand};
    use crate::wire::mark::Mark;
    use crate::wire::skill::SkillCall;

    fn understood<T>(who: &Who<'_>, spoken: &Spoken<'_>, check: impl FnOnce(Inbound<'_>) -> T) -> T {
        let body = body(who, spoken, Some("http://127.0.0.1:1/v1/bots/a/callback/b")).to_string();
        let call = SkillCall::parse(body.as_bytes()).unwrap();
        let bot = BotId::parse("shop").unwrap();
        let rules = InboundRules { bot: &bot, welcome_blocks: &["웰컴 블록".into()], media_hosts: &[] };
        check(understand(call, Endpoint::Skill, &rules).unwrap())
    }

    fn says(who: &Who<'_>, spoken: &Spoken<'_>) -> UserInput<'static> {
        understood(who, spoken, |inbound| inbound.says.into_owned())
    }

    #[test]
    fn the_bridge_understands_every_kind_of_call() {
        let who = Who { user: "DemoUser-001", bot: "64a1f0c27b3d9e5a10c4e8b2", tester: false };
        understood(&who, &Spoken::Words("오늘의 메뉴"), |words| {
            assert!(words.is_friend && words.callback_url.is_some());
            assert_eq!((words.user.as_str(), words.says), ("DemoUser-001", UserInput::Words("오늘의 메뉴".into())));
        });
        assert_eq!(says(&who, &Spoken::Home), UserInput::Home);
        assert!(
            matches!(says(&who, &Spoken::Photo("https://a.com/b.jpg")), UserInput::Media(media) if media.len() == 1)
        );
        let press = Press {
            label: "다음 ▶".into(),
            words: "다음 ▶".into(),
            extra: json!({"sb": {"v": 1, "l": true}}),
            block: None,
        };
        assert_eq!(says(&who, &Spoken::Press(&press)), UserInput::Tap(Mark::Late));
    }

    #[test]
    fn a_tester_has_a_stable_key_and_no_callback() {
        let who = Who { user: "DemoUser-001", bot: "64a1f0c27b3d9e5a10c4e8b2", tester: true };
        let two =
            understood(&Who { bot: "64a1f0c27b3d9e5a10c4e8b2!", ..who }, &Spoken::Words("안녕"), |two| two.user);
        understood(&who, &Spoken::Words("안녕"), |one| {
            assert!(one.tester && one.callback_url.is_none());
            assert_eq!(one.user, two);
            assert_eq!(one.says, UserInput::Words("안녕".into()));
        });
    }
}
