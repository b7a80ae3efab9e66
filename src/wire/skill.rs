//! A skill call, as OpenBuilder POSTs it (openbuilder.md 1).
//!
//! Every member is optional, unknown ones are ignored, null counts as absent, both spellings of a key are read
//! (openbuilder.md 1.2 to 1.4). Strings borrow from the body. A member of the wrong type is an error that names its
//! place: the call does not come from OpenBuilder, and guessing would send a bot words that no user said.

mod usual;

use serde::Deserialize;

use super::limits;
use super::object::object;
use super::text::{Raw, Text, utf8};

/// Characters of a JSON path that an error repeats; real ones have at most 60.
const PATH: usize = 120;

/// The whole call.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkillCall<'a> {
    /// The OpenBuilder bot.
    #[serde(borrow, default, deserialize_with = "object")]
    pub bot: Option<Named<'a>>,
    /// The block that ran.
    #[serde(borrow, default, deserialize_with = "object")]
    pub intent: Option<Named<'a>>,
    /// The skill's own part.
    #[serde(borrow, default, deserialize_with = "object")]
    pub action: Option<Action<'a>>,
    /// The action of the user; without it this is no skill call.
    #[serde(borrow, default, deserialize_with = "object")]
    pub user_request: Option<UserRequest<'a>>,
    /// The blocks that led here; in newer calls only.
    #[serde(borrow, default, deserialize_with = "object")]
    pub flow: Option<Flow<'a>>,
}

/// Something with an id and a name: bot, block, intent.
#[derive(Debug, Default, PartialEq, Deserialize)]
pub struct Named<'a> {
    /// 24 hex digits; a development channel's bot id ends in `!`.
    #[serde(borrow, default)]
    pub id: Option<Text<'a>>,
    /// As the operator named it.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
}

/// `action` (openbuilder.md 1.4).
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Action<'a> {
    /// Parameters by name, kept unread: strings, some of which hold JSON text; seldom other values.
    #[serde(borrow, default)]
    pub params: Option<Raw<'a>>,
    /// `extra` of what was tapped: an object, null, or the string `"null"` (openbuilder.md 1.4).
    #[serde(borrow, default)]
    pub client_extra: Option<Raw<'a>>,
}

/// `userRequest` (openbuilder.md 1.2).
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRequest<'a> {
    /// The words of the user.
    #[serde(borrow, default)]
    pub utterance: Option<Text<'a>>,
    /// The user.
    #[serde(borrow, default, deserialize_with = "object")]
    pub user: Option<User<'a>>,
    /// The same block as `intent`.
    #[serde(borrow, default, deserialize_with = "object")]
    pub block: Option<Named<'a>>,
    /// Surface, tester mark, media.
    #[serde(borrow, default, deserialize_with = "object")]
    pub params: Option<Params<'a>>,
    /// Where a late answer may be POSTed, once, for a minute.
    #[serde(borrow, default)]
    pub callback_url: Option<Text<'a>>,
    /// The group room, for group chatbots only.
    #[serde(borrow, default, deserialize_with = "object")]
    pub chat: Option<Chat<'a>>,
}

/// `userRequest.params`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Params<'a> {
    /// `Kakaotalk.plusfriend`, `BuilderBotTest`, …
    #[serde(borrow, default)]
    pub surface: Option<Text<'a>>,
    /// `"true"` in tester calls; any other value is not the tester's.
    #[serde(borrow, default)]
    pub ignore_me: Option<Raw<'a>>,
    /// A photo and its like: an object, or (unseen so far, not refused) anything else.
    #[serde(borrow, default)]
    pub media: Option<Raw<'a>>,
}

/// `userRequest.params.media` (openbuilder.md 1.8).
#[derive(Debug, Default, PartialEq, Deserialize)]
pub struct Media<'a> {
    /// `image`, perhaps others.
    #[serde(borrow, default, rename = "type")]
    pub kind: Option<Text<'a>>,
    /// Where the medium lies.
    #[serde(borrow, default)]
    pub url: Option<Text<'a>>,
}

/// `userRequest.user` (openbuilder.md 1.3).
#[derive(Debug, Default, PartialEq, Deserialize)]
pub struct User<'a> {
    /// Differs per bot for one person.
    #[serde(borrow, default)]
    pub id: Option<Text<'a>>,
    /// The channel's facts about them.
    #[serde(borrow, default, deserialize_with = "object")]
    pub properties: Option<UserProperties<'a>>,
}

/// `userRequest.user.properties`, both spellings.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserProperties<'a> {
    /// The legacy user key.
    #[serde(borrow, default)]
    pub plusfriend_user_key: Option<Text<'a>>,
    /// The same under its old name.
    #[serde(borrow, default, rename = "plusfriend_user_key")]
    pub plusfriend_user_key_snake: Option<Text<'a>>,
    /// Kakao Login's id, where the bot has an app key.
    #[serde(borrow, default)]
    pub app_user_id: Option<Raw<'a>>,
    /// The same under its old name.
    #[serde(borrow, default, rename = "app_user_id")]
    pub app_user_id_snake: Option<Raw<'a>>,
    /// True for friends of the channel; a string in one sample, so kept unread.
    #[serde(borrow, default)]
    pub is_friend: Option<Raw<'a>>,
}

/// `userRequest.chat`: a group room.
#[derive(Debug, Default, PartialEq, Deserialize)]
pub struct Chat<'a> {
    /// The room.
    #[serde(borrow, default)]
    pub id: Option<Text<'a>>,
}

/// `flow` (openbuilder.md 1.5).
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Flow<'a> {
    /// The block run just before.
    #[serde(borrow, default, deserialize_with = "object")]
    pub last_block: Option<Named<'a>>,
}

/// Why a body is not a skill call. The text is what the caller reads, so it is short and names the place.
#[derive(Debug, thiserror::Error)]
pub enum NotASkillCall {
    /// Nothing was sent.
    #[error("the body is empty; a skill call is a JSON object")]
    Empty,
    /// Bytes that are not text.
    #[error("the body is not UTF-8")]
    NotUtf8(#[source] std::str::Utf8Error),
    /// Nested deeper than anything OpenBuilder sends.
    #[error("the JSON is nested deeper than {} levels", limits::DEPTH)]
    TooDeep,
    /// Not JSON, or a member of the wrong type.
    #[error("{problem}{}{path}", if path.is_empty() { "" } else { " at " })]
    Malformed {
        /// Where in the document, as in `userRequest.user.id`; empty when at no member.
        path: String,
        /// The error at that place.
        problem: String,
        /// The decoder's own words.
        #[source]
        source: serde_json::Error,
    },
    /// A member that a skill call never lacks is missing.
    #[error("{0} is missing: this is not a skill call")]
    Missing(&'static str),
}

impl NotASkillCall {
    /// The JSON path of the trouble, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Malformed { path, .. } if !path.is_empty() => Some(path),
            Self::Missing(path) => Some(path),
            Self::Malformed { .. } | Self::Empty | Self::NotUtf8(_) | Self::TooDeep => None,
        }
    }
}

impl<'a> SkillCall<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// [`NotASkillCall`], with the JSON path of the first trouble.
    pub fn parse(body: &'a [u8]) -> Result<Self, NotASkillCall> {
        let text = match utf8(body) {
            Some(text) => text,
            None => std::str::from_utf8(body).map_err(NotASkillCall::NotUtf8)?,
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // The usual call; any other call goes the long way, which names the error.
        let mut call = None;
        if usual::scan(text, &mut call).is_some()
            && let Some(call) = call
            && call.user_request.is_some()
        {
            return Ok(call);
        }
        if text.trim().is_empty() {
            return Err(NotASkillCall::Empty);
        }
        if deeper_than(text.as_bytes(), limits::DEPTH) {
            return Err(NotASkillCall::TooDeep);
        }
        if text.trim_start().starts_with('[') {
            return Err(NotASkillCall::Missing("userRequest"));
        }
        let call: Self = serde_json::from_str(text).map_err(|error| malformed(text, error))?;
        if call.user_request.is_none() {
            return Err(NotASkillCall::Missing("userRequest"));
        }
        Ok(call)
    }
}

fn malformed(text: &str, error: serde_json::Error) -> NotASkillCall {
    let deserializer = &mut serde_json::Deserializer::from_str(text);
    let located: Result<SkillCall<'_>, _> = serde_path_to_error::deserialize(deserializer);
    let mut path = located.err().map(|e| e.path().to_string()).filter(|p| p != ".").unwrap_or_default();
    // Member names are the caller's own: an endless one is not repeated to them, nor into the log.
    if let Some((end, _)) = path.char_indices().nth(PATH) {
        path.truncate(end);
        path.push('…');
    }
    let problem = if error.is_data() { "wrong type or value" } else { "not valid JSON" };
    let place = if path.is_empty() || !error.is_data() {
        format!("{problem} (line {}, column {})", error.line(), error.column())
    } else {
        problem.to_owned()
    };
    NotASkillCall::Malformed { path, problem: place, source: error }
}

/// Whether brackets outside strings nest deeper than `limit`. serde_json skips ignored members without recursion
/// and so without a limit; this one holds for them too. Counting first keeps the usual call at one cheap pass.
#[must_use]
pub fn deeper_than(json: &[u8], limit: usize) -> bool {
    if memchr::memchr2_iter(b'{', b'[', json).take(limit + 1).count() <= limit {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> NotASkillCall {
        SkillCall::parse(body.as_bytes()).expect_err(body)
    }

    #[test]
    fn members_of_both_spellings_are_read_side_by_side() {
        let body = r#"{"userRequest":{"user":{"properties":{"plusfriendUserKey":"a","plusfriend_user_key":"b"}}}}"#;
        let call = SkillCall::parse(body.as_bytes()).unwrap();
        let properties = call.user_request.unwrap().user.unwrap().properties.unwrap();
        assert_eq!(properties.plusfriend_user_key.unwrap().as_str(), "a");
        assert_eq!(properties.plusfriend_user_key_snake.unwrap().as_str(), "b");
    }

    #[test]
    fn null_counts_as_absent_everywhere() {
        let body = r#"{"bot":null,"intent":null,"action":null,"flow":null,"userRequest":{"utterance":null,
            "user":{"id":null,"properties":null},"block":null,"params":null,"callbackUrl":null,"chat":null}}"#;
        assert!(SkillCall::parse(body.as_bytes()).is_ok());
    }

    #[test]
    fn an_error_names_the_json_path() {
        let error = refusal(r#"{"userRequest":{"user":{"id":5}}}"#);
        assert_eq!(error.path(), Some("userRequest.user.id"));
        assert_eq!(error.to_string(), "wrong type or value at userRequest.user.id");
        assert_eq!(refusal("{}").path(), Some("userRequest"));
    }

    #[test]
    fn an_array_is_no_object() {
        assert_eq!(refusal(r#"{"userRequest":["안녕",{"id":"u"}]}"#).path(), Some("userRequest"));
        assert_eq!(refusal(r#"{"userRequest":{"user":["u"]}}"#).path(), Some("userRequest.user"));
        assert_eq!(refusal(r#"[null,null,null,{"user":{"id":"u"}}]"#).path(), Some("userRequest"));
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        assert!(matches!(refusal("  "), NotASkillCall::Empty));
        assert!(refusal("{\"a\":").to_string().starts_with("not valid JSON (line 1"));
        assert!(matches!(SkillCall::parse(&[0xff, 0xfe]), Err(NotASkillCall::NotUtf8(_))));
    }

    #[test]
    fn nesting_is_bounded_even_in_ignored_members() {
        let deep = format!(r#"{{"userRequest":{{}},"x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(refusal(&deep), NotASkillCall::TooDeep));
        let wide = format!(r#"{{"userRequest":{{}},"x":[{}0]}}"#, "[],".repeat(1_000));
        assert!(SkillCall::parse(wide.as_bytes()).is_ok());
        let brackets_in_words = format!(r#"{{"userRequest":{{"utterance":"{}"}}}}"#, "[".repeat(1_000));
        assert!(SkillCall::parse(brackets_in_words.as_bytes()).is_ok());
    }
}
