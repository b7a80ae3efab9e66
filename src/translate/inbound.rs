//! From a skill call to what the user means (I1 to I4, I9).
//!
//! The order is the design's: our own mark, a medium, home, words. Nothing here asks what keyboard is current; that is
//! [`crate::session`]'s part. A call that fits none of these counts as words: a bot that gets odd words answers
//! something, a bot that gets nothing answers nothing.

use std::borrow::Cow;

use serde::Deserialize;

use super::media_in;
use crate::ids::{BotId, UserKey};
use crate::wire::legacy::MessageType;
use crate::wire::limits;
use crate::wire::mark::Mark;
use crate::wire::skill::{Media, Named, NotASkillCall, SkillCall, UserRequest};
use crate::wire::text::{Raw, Text};

/// Bytes of an id that is kept beyond its call (E2, I5); Kakao's have 24 at most.
const ID_BYTES: usize = 128;

/// Which endpoint the call came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// `/skill`: tells everything apart by itself.
    Skill,
    /// `/keyboard`: always home.
    Keyboard,
    /// `/message`: never home.
    Message,
    /// `/leave`: the conversation ends (E1).
    Leave,
}

/// The operator's settings about the meaning of calls.
#[derive(Debug, Clone, Copy)]
pub struct InboundRules<'a> {
    /// Which bot, for derived user keys (I1).
    pub bot: &'a BotId,
    /// Blocks that mean home, by name or id (I2).
    pub welcome_blocks: &'a [Box<str>],
    /// Hosts whose bare URL is a medium (I4).
    pub media_hosts: &'a [Box<str>],
}

/// A call, understood.
#[derive(Debug)]
pub struct Inbound<'a> {
    /// The user who speaks, by the key that the bot knows (I1).
    pub user: UserKey,
    /// The call had no key of the old form, so this one was made for it.
    pub is_key_made: bool,
    /// Under which key their keyboard and late answers are kept: in a group room one of the room's, so that nothing
    /// private appears there, and nothing of the room in private (I10).
    pub session: UserKey,
    /// Their words or action.
    pub says: UserInput<'a>,
    /// Where a late answer may go, never for testers (I9).
    pub callback_url: Option<Cow<'a, str>>,
    /// A group room (I10).
    pub room: bool,
    /// A tester of the console (I9).
    pub tester: bool,
    /// Kakao Login's id of this user, where the call tells it (E2).
    pub app_user_id: Option<Cow<'a, str>>,
    /// The user is a friend of the channel, as far as the call says (E3).
    pub is_friend: bool,
    /// The block run before this one, by id.
    pub last_block: Option<Cow<'a, str>>,
    /// This call's block, by id.
    pub block: Option<Cow<'a, str>>,
    /// How many media were left out because there were too many (I4).
    pub dropped: usize,
}

/// The words or action of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserInput<'a> {
    /// A button of ours was pressed.
    Tap(Mark<'a>),
    /// Pictures, films, recordings, in order; at least one.
    Media(Vec<(MessageType, Cow<'a, str>)>),
    /// The home keyboard is wanted.
    Home,
    /// Words, trimmed, not empty.
    Words(Cow<'a, str>),
    /// No words at all.
    Nothing,
    /// The conversation is over.
    Leave,
}

impl UserInput<'_> {
    /// The same, borrowing its words: a plan is made without copying them.
    #[must_use]
    pub fn borrowed(&self) -> UserInput<'_> {
        match self {
            Self::Tap(mark) => UserInput::Tap(mark.borrowed()),
            Self::Media(media) => {
                UserInput::Media(media.iter().map(|(kind, url)| (*kind, Cow::Borrowed(&**url))).collect())
            }
            Self::Home => UserInput::Home,
            Self::Words(words) => UserInput::Words(Cow::Borrowed(words)),
            Self::Nothing => UserInput::Nothing,
            Self::Leave => UserInput::Leave,
        }
    }

    /// The same, owning its words.
    #[must_use]
    pub fn into_owned(self) -> UserInput<'static> {
        match self {
            Self::Tap(mark) => UserInput::Tap(mark.into_owned()),
            Self::Media(media) => {
                UserInput::Media(media.into_iter().map(|(kind, url)| (kind, Cow::Owned(url.into_owned()))).collect())
            }
            Self::Home => UserInput::Home,
            Self::Words(words) => UserInput::Words(Cow::Owned(words.into_owned())),
            Self::Nothing => UserInput::Nothing,
            Self::Leave => UserInput::Leave,
        }
    }
}

/// The OpenBuilder bot's id without the `!` of the development channel (openbuilder.md 1.1).
#[must_use]
pub fn openbuilder_id<'a>(bot: Option<&'a Named<'_>>) -> Option<&'a str> {
    let id = bot?.id.as_ref()?.as_str();
    let id = id.strip_suffix('!').unwrap_or(id);
    (!id.is_empty()).then_some(id)
}

/// Understands a call.
///
/// # Errors
/// [`NotASkillCall::Missing`] when nothing in it names the user.
pub fn understand<'a>(
    call: SkillCall<'a>,
    endpoint: Endpoint,
    rules: &InboundRules<'_>,
) -> Result<Inbound<'a>, NotASkillCall> {
    let SkillCall { intent, action, user_request, flow, .. } = call;
    let request = user_request.ok_or(NotASkillCall::Missing("userRequest"))?;
    let (user, is_key_made) = user_key(&request, rules.bot)?;
    let session = match room_id(&request) {
        Some(room) => UserKey::derive(rules.bot, &[user.as_str(), room]),
        None => user,
    };
    let home = is_home(endpoint, &[intent.as_ref(), request.block.as_ref()], rules.welcome_blocks);
    let block = intent.or(request.block).and_then(block_id);

    let params = request.params.unwrap_or_default();
    let tester = params.ignore_me.is_some_and(is_true)
        || params.surface.as_ref().is_some_and(|surface| surface.as_str() == "BuilderBotTest");
    let properties = request.user.and_then(|user| user.properties).unwrap_or_default();
    let app_user_id = [properties.app_user_id, properties.app_user_id_snake].into_iter().flatten().find_map(id_text);
    let is_friend = properties.is_friend.is_some_and(is_true);

    let action = action.unwrap_or_default();
    let utterance = request.utterance.map(|words| trimmed(words.0)).unwrap_or_default();
    let (says, dropped) = if endpoint == Endpoint::Leave {
        (UserInput::Leave, 0)
    } else if let Some(mark) = action.client_extra.and_then(|extra| Mark::find(extra.get())) {
        (UserInput::Tap(mark), 0)
    } else {
        let media = media_in::find(params.media.and_then(medium), action.params, &utterance, rules.media_hosts);
        match media {
            Some(mut media) => {
                let dropped = media.len().saturating_sub(limits::IMAGES);
                media.truncate(limits::IMAGES);
                (UserInput::Media(media), dropped)
            }
            None if home => (UserInput::Home, 0),
            None if utterance.is_empty() => match params.media.and_then(medium).and_then(|m| m.url) {
                // A medium of an unknown kind goes as words (I4): its URL, when nothing else was said.
                Some(url) if !url.as_str().trim().is_empty() => (UserInput::Words(trimmed(url.0)), 0),
                _ => (UserInput::Nothing, 0),
            },
            None => (UserInput::Words(utterance), 0),
        }
    };

    Ok(Inbound {
        user,
        is_key_made,
        session,
        says,
        callback_url: request.callback_url.map(|url| url.0).filter(|url| !url.is_empty() && !tester),
        room: session != user,
        tester,
        app_user_id,
        is_friend,
        last_block: flow.and_then(|flow| flow.last_block).and_then(block_id),
        block,
        dropped,
    })
}

/// I1: the channel's key when it is of the legacy form, else one derived from what names the user; and whether it was
/// derived.
fn user_key(request: &UserRequest<'_>, bot: &BotId) -> Result<(UserKey, bool), NotASkillCall> {
    let user = request.user.as_ref().ok_or(NotASkillCall::Missing("userRequest.user"))?;
    let given = user.properties.as_ref().into_iter().flat_map(|properties| {
        [&properties.plusfriend_user_key, &properties.plusfriend_user_key_snake].into_iter().flatten()
    });
    let mut odd = None;
    for key in given.map(Text::as_str).filter(|key| !key.is_empty()) {
        if let Some(key) = UserKey::parse(key) {
            return Ok((key, false));
        }
        odd.get_or_insert(key);
    }
    let id = user.id.as_ref().map(Text::as_str).filter(|id| !id.is_empty()).or(odd);
    let id = id.ok_or(NotASkillCall::Missing("userRequest.user.id"))?;
    let key = match room_id(request) {
        Some(room) => UserKey::derive(bot, &[id, room]),
        None => UserKey::derive(bot, &[id]),
    };
    Ok((key, true))
}

/// The group room that a call comes from.
fn room_id<'a>(request: &'a UserRequest<'_>) -> Option<&'a str> {
    request.chat.as_ref()?.id.as_ref().map(Text::as_str)
}

fn is_home(endpoint: Endpoint, blocks: &[Option<&Named<'_>>], welcome: &[Box<str>]) -> bool {
    match endpoint {
        Endpoint::Keyboard => true,
        Endpoint::Message | Endpoint::Leave => false,
        Endpoint::Skill => blocks.iter().flatten().any(|block| {
            [&block.id, &block.name].into_iter().flatten().any(|own| {
                let own = own.as_str();
                // As it stands, nearly always; in the console a name may be given white space at its end.
                let is_named = |name: &str| *name == *own || own.len() > name.len() && *name == *own.trim();
                !own.is_empty() && welcome.iter().any(|name| is_named(name))
            })
        }),
    }
}

/// White space around the words is off (I3): the bot-test panel adds a line break (openbuilder.md 1.6).
fn trimmed(words: Cow<'_, str>) -> Cow<'_, str> {
    match words {
        Cow::Borrowed(words) => Cow::Borrowed(words.trim()),
        Cow::Owned(words) if words.trim().len() == words.len() => Cow::Owned(words),
        Cow::Owned(words) => Cow::Owned(words.trim().to_owned()),
    }
}

/// `true` or, as one sample has it, `"true"` (openbuilder.md 1.3, 1.6).
fn is_true(raw: Raw<'_>) -> bool {
    matches!(raw.get(), "true" | "\"true\"")
}

/// An id that is documented as a string but harmless as a number; bounded, for it is kept (E2).
#[must_use]
pub fn id_text(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    let text = raw.get();
    let plain = text.strip_prefix('"').and_then(|id| id.strip_suffix('"'));
    if let Some(id) = plain.filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        return (!id.is_empty() && id.len() <= ID_BYTES).then_some(Cow::Borrowed(id));
    }
    let id = match serde_json::from_str::<Text<'_>>(text) {
        Ok(id) => id.0,
        Err(_) if text.bytes().all(|b| b.is_ascii_digit()) => Cow::Borrowed(text),
        Err(_) => return None,
    };
    (!id.is_empty() && id.len() <= ID_BYTES).then_some(id)
}

/// A block's id; bounded, for it is kept (I5).
fn block_id(block: Named<'_>) -> Option<Cow<'_, str>> {
    block.id.map(|id| id.0).filter(|id| id.len() <= ID_BYTES)
}

fn medium(raw: Raw<'_>) -> Option<Media<'_>> {
    serde_json::from_str(raw.get()).ok()
}

/// The content of a secure image parameter (openbuilder.md 1.8).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecureImage<'a> {
    #[serde(borrow, default)]
    pub(super) secure_urls: Option<Text<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(body: &str, endpoint: Endpoint, check: impl FnOnce(Inbound<'_>)) {
        let bot = BotId::parse("shop").unwrap();
        let welcome = [Box::from("웰컴 블록"), Box::from("64a1f0c27b3d9e5a10c4e8b5")];
        let hosts = [Box::from("dn-m.talk.kakao.com"), Box::from(".kakaocdn.net")];
        let rules = InboundRules { bot: &bot, welcome_blocks: &welcome, media_hosts: &hosts };
        check(understand(SkillCall::parse(body.as_bytes()).unwrap(), endpoint, &rules).unwrap());
    }

    fn call(inside: &str) -> String {
        format!(r#"{{"userRequest":{{"user":{{"id":"u"}},{inside}}}}}"#)
    }

    #[test]
    fn i1_a_legacy_key_passes_unchanged_under_either_name() {
        for name in ["plusfriendUserKey", "plusfriend_user_key"] {
            let body = format!(r#"{{"userRequest":{{"user":{{"properties":{{"{name}":"Qw7-eRt_9YzA"}}}}}}}}"#);
            understood(&body, Endpoint::Skill, |inbound| assert_eq!(inbound.user.as_str(), "Qw7-eRt_9YzA"));
        }
    }

    #[test]
    fn i1_odd_keys_and_missing_ones_become_a_stable_legacy_key() {
        let bot = BotId::parse("shop").unwrap();
        let odd = r#"{"userRequest":{"user":{"id":"u","properties":{"plusfriendUserKey":"/../admin"}}}}"#;
        understood(odd, Endpoint::Skill, |inbound| assert_eq!(inbound.user, UserKey::derive(&bot, &["u"])));
        let room = r#"{"userRequest":{"user":{"id":"u"},"chat":{"id":"r"}}}"#;
        understood(room, Endpoint::Skill, |inbound| {
            assert!(inbound.room);
            assert_eq!(inbound.user, UserKey::derive(&bot, &["u", "r"]));
        });
    }

    #[test]
    fn i1_without_any_user_the_call_is_refused_by_path() {
        let bot = BotId::parse("shop").unwrap();
        let rules = InboundRules { bot: &bot, welcome_blocks: &[], media_hosts: &[] };
        for (body, path) in [
            (r#"{"userRequest":{}}"#, "userRequest.user"),
            (r#"{"userRequest":{"user":{}}}"#, "userRequest.user.id"),
            (r#"{"userRequest":{"user":{"id":"","properties":{"plusfriendUserKey":""}}}}"#, "userRequest.user.id"),
        ] {
            let error = understand(SkillCall::parse(body.as_bytes()).unwrap(), Endpoint::Skill, &rules).unwrap_err();
            assert_eq!(error.path(), Some(path));
        }
    }

    #[test]
    fn i2_our_mark_comes_before_everything_else() {
        let body = r#"{"action":{"clientExtra":{"sb":{"v":1,"w":"급식 "}}},"intent":{"name":"웰컴 블록"},
            "userRequest":{"user":{"id":"u"},"utterance":"x","params":{"media":{"type":"image","url":"https://a/b"}}}}"#;
        understood(body, Endpoint::Skill, |inbound| {
            assert_eq!(inbound.says, UserInput::Tap(Mark::Say("급식 ".into())))
        });
    }

    #[test]
    fn i2_home_is_the_door_or_the_block_by_name_or_id() {
        understood(&call(r#""utterance":"안녕""#), Endpoint::Keyboard, |i| assert_eq!(i.says, UserInput::Home));
        for block in [r#""name":"웰컴 블록""#, r#""id":"64a1f0c27b3d9e5a10c4e8b5""#] {
            let body = call(&format!(r#""utterance":"","block":{{{block}}}"#));
            understood(&body, Endpoint::Skill, |i| assert_eq!(i.says, UserInput::Home));
            understood(&body, Endpoint::Message, |i| assert_eq!(i.says, UserInput::Nothing));
        }
    }

    #[test]
    fn i3_white_space_around_words_is_off() {
        understood(&call(r#""utterance":" 오늘 급식 뭐야?\n""#), Endpoint::Skill, |i| {
            assert_eq!(i.says, UserInput::Words("오늘 급식 뭐야?".into()));
        });
        understood(&call(r#""utterance":" \n\t ""#), Endpoint::Skill, |i| assert_eq!(i.says, UserInput::Nothing));
    }

    #[test]
    fn i4_an_unknown_medium_goes_as_words() {
        let body = call(r#""utterance":"","params":{"media":{"type":"hologram","url":"https://a.example/b"}}"#);
        understood(&body, Endpoint::Skill, |i| assert_eq!(i.says, UserInput::Words("https://a.example/b".into())));
    }

    #[test]
    fn i5_a_block_id_of_any_length_is_not_kept() {
        for (length, kept) in [(24, true), (128, true), (129, false), (100_000, false)] {
            let body = call(&format!(r#""utterance":"x","block":{{"id":"{}"}}"#, "a".repeat(length)));
            understood(&body, Endpoint::Skill, |i| assert_eq!(i.block.is_some(), kept, "{length}"));
        }
    }

    #[test]
    fn i9_a_tester_gets_no_callback() {
        for params in [r#"{"ignoreMe":"true"}"#, r#"{"ignoreMe":true}"#, r#"{"surface":"BuilderBotTest"}"#] {
            let body = call(&format!(r#""callbackUrl":"https://bot-api.kakao.com/v1/bots/x","params":{params}"#));
            understood(&body, Endpoint::Skill, |i| assert!(i.tester && i.callback_url.is_none()));
        }
    }
}
