//! The usual skill call, scanned (see [`crate::wire::scan`]). It gives the same as serde would.

use super::{Action, Chat, Flow, Named, Params, SkillCall, User, UserProperties, UserRequest};
use crate::wire::scan::Scanner;
use crate::wire::text::{Raw, Text};

/// Reads an object, or `null`, into the place of a struct: each member by its name, its field and what reads it. A
/// member that stands twice is unusual. What is read is written where it stays: moved out of every level, a call would
/// be copied six times.
macro_rules! object {
    ($scanner:ident, $place:ident, $kind:ident { $($name:literal => $field:ident: $read:path),+ $(,)? }) => {{
        if $scanner.null()? {
            *$place = None;
            return Some(());
        }
        let object = $place.insert($kind::default());
        $(let mut $field = false;)+
        $scanner.object(|scanner, name| {
            match name {
                $($name => {
                    if std::mem::replace(&mut $field, true) {
                        return None;
                    }
                    $read(scanner, &mut object.$field)?;
                })+
                _ => return Some(false),
            }
            Some(true)
        })
    }};
}

/// Reads the call into `place`. `None` for an unusual one, of which any part may stand there then.
pub(super) fn scan<'a>(text: &'a str, place: &mut Option<SkillCall<'a>>) -> Option<()> {
    let mut scanner = Scanner::new(text);
    call(&mut scanner, place)?;
    scanner.is_over().then_some(())
}

fn call<'a>(scanner: &mut Scanner<'a>, place: &mut Option<SkillCall<'a>>) -> Option<()> {
    object!(scanner, place, SkillCall {
        b"bot" => bot: named,
        b"intent" => intent: named,
        b"action" => action: self::action,
        b"userRequest" => user_request: self::user_request,
        b"flow" => flow: self::flow,
    })
}

fn named<'a>(scanner: &mut Scanner<'a>, place: &mut Option<Named<'a>>) -> Option<()> {
    object!(scanner, place, Named { b"id" => id: text, b"name" => name: text })
}

fn action<'a>(scanner: &mut Scanner<'a>, place: &mut Option<Action<'a>>) -> Option<()> {
    object!(scanner, place, Action { b"params" => params: raw, b"clientExtra" => client_extra: raw })
}

fn user_request<'a>(scanner: &mut Scanner<'a>, place: &mut Option<UserRequest<'a>>) -> Option<()> {
    object!(scanner, place, UserRequest {
        b"utterance" => utterance: text,
        b"user" => user: self::user,
        b"block" => block: named,
        b"params" => params: self::params,
        b"callbackUrl" => callback_url: text,
        b"chat" => chat: self::chat,
    })
}

fn params<'a>(scanner: &mut Scanner<'a>, place: &mut Option<Params<'a>>) -> Option<()> {
    object!(scanner, place, Params { b"surface" => surface: text, b"ignoreMe" => ignore_me: raw, b"media" => media: raw })
}

fn user<'a>(scanner: &mut Scanner<'a>, place: &mut Option<User<'a>>) -> Option<()> {
    object!(scanner, place, User { b"id" => id: text, b"properties" => properties: self::properties })
}

fn properties<'a>(scanner: &mut Scanner<'a>, place: &mut Option<UserProperties<'a>>) -> Option<()> {
    object!(scanner, place, UserProperties {
        b"plusfriendUserKey" => plusfriend_user_key: text,
        b"plusfriend_user_key" => plusfriend_user_key_snake: text,
        b"appUserId" => app_user_id: raw,
        b"app_user_id" => app_user_id_snake: raw,
        b"isFriend" => is_friend: raw,
    })
}

fn chat<'a>(scanner: &mut Scanner<'a>, place: &mut Option<Chat<'a>>) -> Option<()> {
    object!(scanner, place, Chat { b"id" => id: text })
}

fn flow<'a>(scanner: &mut Scanner<'a>, place: &mut Option<Flow<'a>>) -> Option<()> {
    object!(scanner, place, Flow { b"lastBlock" => last_block: named })
}

fn text<'a>(scanner: &mut Scanner<'a>, place: &mut Option<Text<'a>>) -> Option<()> {
    *place = scanner.string_or_null()?.map(Text);
    Some(())
}

/// A value that is kept unread; `null` counts as absent.
fn raw<'a>(scanner: &mut Scanner<'a>, place: &mut Option<Raw<'a>>) -> Option<()> {
    *place = if scanner.null()? { None } else { Some(Raw::new(scanner.raw()?)) };
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn leaf() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-z가\"\\\\\n]{0,8}".prop_map(Value::from),
            Just(json!(["x"])),
            Just(json!({"id": "x", "type": "image", "url": "u"})),
        ]
    }

    fn object(names: &'static [&'static str], inner: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
        let members = prop::collection::vec((prop::sample::select(names), prop_oneof![leaf(), inner]), 0..7);
        members.prop_map(|members| Value::Object(members.into_iter().map(|(n, v)| (n.to_owned(), v)).collect())).boxed()
    }

    const NAMES: &[&str] = &["id", "name", "x", "params", "clientExtra", "type", "\u{1}"];

    fn call() -> BoxedStrategy<Value> {
        let small = || object(NAMES, leaf().boxed());
        let properties = object(
            &["plusfriendUserKey", "plusfriend_user_key", "appUserId", "app_user_id", "isFriend", "x"],
            leaf().boxed(),
        );
        let user = object(&["id", "properties", "type"], properties);
        let request = object(
            &["utterance", "user", "block", "params", "callbackUrl", "chat", "lang"],
            prop_oneof![user, small(), object(&["surface", "ignoreMe", "media"], small())].boxed(),
        );
        object(
            &["bot", "intent", "action", "userRequest", "flow", "contexts"],
            prop_oneof![request, small(), object(&["lastBlock"], small())].boxed(),
        )
    }

    /// The call, where it is a usual one.
    fn scanned(text: &str) -> Option<SkillCall<'_>> {
        let mut call = None;
        scan(text, &mut call)?;
        call
    }

    proptest! {
        #[test]
        fn what_is_scanned_is_what_serde_reads(call in call(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&call) } else { serde_json::to_string(&call) }.unwrap();
            if let Some(scanned) = scanned(&text) {
                prop_assert_eq!(serde_json::from_str::<SkillCall<'_>>(&text).unwrap(), scanned);
            }
        }
    }

    #[test]
    fn the_samples_are_usual() {
        for text in [
            include_str!("../../../tests/payloads/fallback.json"),
            include_str!("../../../tests/payloads/welcome.json"),
            include_str!("../../../tests/payloads/photo.json"),
            include_str!("../../../tests/payloads/quick_reply.json"),
            include_str!("../../../tests/payloads/callback.json"),
            include_str!("../../../tests/payloads/from_2019.json"),
            include_str!("../../../tests/payloads/bot_test_panel.json"),
        ] {
            let serde = serde_json::from_str::<SkillCall<'_>>(text).unwrap();
            assert_eq!(scanned(text), Some(serde), "{text}");
        }
    }

    #[test]
    fn what_is_unusual_is_left_to_serde() {
        for text in [
            r#"{"userRequest":{"utterance":"a","utterance":"b"}}"#,
            r#"{"userRequest":{"user":{"id":5}}}"#,
            r#"{"userRequest":{"utterance":"a"}} x"#,
            r#"{"userRequest":["a"]}"#,
            r#"{"userReq\u0075est":{}}"#,
        ] {
            assert_eq!(scanned(text), None, "{text}");
        }
    }
}
