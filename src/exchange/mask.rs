//! What is never kept of a user's messages (C5): their keys, and the token of a callback.
//!
//! They are taken from the call and replaced wherever they stand, in the bot's reply, too, for a bot may repeat them. A
//! character counts as itself in every way in which JSON and URLs may write it. A star stands for a character, so a
//! masked text is as long for Kakao's bounds as the true one.

use memchr::memchr;
use serde_json::Value;

/// Shorter values are no keys, and would be found in ordinary words.
const SHORTEST: usize = 6;
/// Bytes of a value that is looked for; Kakao's keys have 66, a callback's path under 200.
const LONGEST_SECRET: usize = 2048;
/// Values that are looked for; a call has seven at most.
const MOST: usize = 24;

/// The values of one turn that are masked.
#[derive(Default)]
pub(crate) struct Mask {
    /// The longest first, so that none is found as a part of another.
    secrets: Vec<Box<str>>,
    /// Every byte with which one of them begins, in any way of writing it.
    beginnings: Vec<u8>,
    /// The secrets of the call itself are known.
    pub(crate) has_read_the_call: bool,
}

/// A text without secrets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Masked {
    /// The text.
    pub(crate) bytes: Vec<u8>,
    /// Nothing of it was cut off.
    pub(crate) is_whole: bool,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mask(…)")
    }
}

impl Mask {
    /// The secrets of a call, and `keys`, under which the bot knows the user.
    pub(crate) fn of_call(call: &[u8], keys: &[&str]) -> Self {
        let mut secrets: Vec<Box<str>> = keys.iter().map(|key| Box::from(*key)).collect();
        // A caller may begin with a byte order mark, and an old bot's owner may well be one.
        let call = serde_json::from_slice::<Value>(call.strip_prefix("\u{feff}".as_bytes()).unwrap_or(call));
        let (has_read_the_call, call) = (call.is_ok(), call.unwrap_or_default());
        for whom in ["/userRequest/user", "/userRequest/chat"] {
            let whom = call.pointer(whom);
            secrets.extend(whom.and_then(|whom| whom.get("id")).and_then(text));
            let properties = whom.and_then(|whom| whom.get("properties")).and_then(Value::as_object);
            let named = |name: &str| ["key", "id"].iter().any(|part| name.to_ascii_lowercase().contains(part));
            for (_, value) in properties.into_iter().flatten().filter(|(name, _)| named(name)) {
                secrets.extend(text(value));
            }
        }
        if let Some(url) = call.pointer("/userRequest/callbackUrl").and_then(Value::as_str) {
            // All behind the host: what its parts mean is Kakao's affair.
            let path = url.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)));
            secrets.push(path.unwrap_or(url).into());
            secrets.extend(url.rsplit(['/', '=']).next().map(Box::from));
        }
        secrets.retain(|secret| (SHORTEST..=LONGEST_SECRET).contains(&secret.len()));
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        secrets.truncate(MOST);
        let mut beginnings: Vec<u8> = secrets.iter().filter_map(|secret| secret.bytes().next()).collect();
        beginnings.extend([b'\\', b'%']);
        Self { secrets, beginnings, has_read_the_call }
    }

    /// The first `room` bytes of `bytes`, masked.
    pub(crate) fn masked(&self, bytes: &[u8], room: usize) -> Masked {
        let mut masked = Vec::with_capacity(bytes.len().min(room));
        let mut rest = bytes;
        while let Some((first, behind)) = rest.split_first() {
            if masked.len() >= room {
                break;
            }
            let begins = memchr(*first, &self.beginnings).is_some();
            let found = if begins { self.secrets.iter().find_map(|secret| behind_secret(rest, secret)) } else { None };
            match found {
                Some((stars, after)) => {
                    masked.extend(std::iter::repeat_n(b'*', stars));
                    rest = after;
                }
                None => {
                    masked.push(*first);
                    rest = behind;
                }
            }
        }
        let is_whole = rest.is_empty() && masked.len() <= room;
        masked.truncate(room);
        Masked { bytes: masked, is_whole }
    }
}

/// An id, also one that was written as a number.
fn text(value: &Value) -> Option<Box<str>> {
    match value {
        Value::String(text) => Some(text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Where `bytes` begin with `secret`: its bytes as written in UTF-8, and what stands behind it.
fn behind_secret<'a>(bytes: &'a [u8], secret: &str) -> Option<(usize, &'a [u8])> {
    let mut rest = bytes;
    for character in secret.chars() {
        rest = behind_character(rest, character)?;
    }
    Some((secret.len(), rest))
}

/// One character as it stands, as JSON may write it (`\/`, `\u0041`), or as a URL may (`%41`).
fn behind_character(bytes: &[u8], character: char) -> Option<&[u8]> {
    let mut utf8 = [0; 4];
    let plain = character.encode_utf8(&mut utf8).as_bytes();
    if let Some(rest) = bytes.strip_prefix(plain) {
        return Some(rest);
    }
    match bytes.first()? {
        b'\\' => {
            if let Some(rest) = bytes.strip_prefix(br"\/").filter(|_| character == '/') {
                return Some(rest);
            }
            let (mut utf16, mut rest) = ([0; 2], bytes);
            for unit in character.encode_utf16(&mut utf16) {
                rest = rest.strip_prefix(br"\u")?;
                let (digits, behind) = rest.split_at_checked(4)?;
                (hexadecimal(digits)? == u32::from(*unit)).then_some(())?;
                rest = behind;
            }
            Some(rest)
        }
        b'%' => {
            let mut rest = bytes;
            for byte in plain {
                rest = rest.strip_prefix(b"%")?;
                let (digits, behind) = rest.split_at_checked(2)?;
                (hexadecimal(digits)? == u32::from(*byte)).then_some(())?;
                rest = behind;
            }
            Some(rest)
        }
        _ => None,
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let plain = digits.iter().all(u8::is_ascii_hexdigit);
    u32::from_str_radix(std::str::from_utf8(digits).ok().filter(|_| plain)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "Qw7-eRt_9YzA";
    const CALL: &str = r#"{"userRequest":{"callbackUrl":"https://bot-api.kakao.com/v1/bots/5f/callback/t0ken-of-user",
        "user":{"id":"66abab","properties":{"plusfriendUserKey":"Qw7-eRt_9YzA","appUserId":1234567890,"isFriend":true}},
        "chat":{"id":"roomroom","properties":{"botGroupKey":"groupgroup"}}}}"#;

    fn masked(text: &str) -> String {
        String::from_utf8(Mask::of_call(CALL.as_bytes(), &[KEY]).masked(text.as_bytes(), 10_000).bytes).unwrap()
    }

    #[test]
    fn c5_keys_of_user_and_room_and_the_token_of_a_callback_are_masked_in_the_call_itself() {
        let masked = masked(CALL);
        for secret in ["t0ken", "v1/bots", "66abab", KEY, "1234567890", "roomroom", "groupgroup"] {
            assert!(!masked.contains(secret), "{secret}: {masked}");
        }
        assert!(masked.contains("https://bot-api.kakao.com*") && masked.contains("\"isFriend\":true"), "{masked}");
        assert_eq!(masked.len(), CALL.len());
    }

    #[test]
    fn c5_a_bot_that_repeats_them_in_another_writing_repeats_them_in_vain() {
        let ways = [
            "안녕 Qw7-eRt_9YzA 님",
            r"안녕 \u0051w7-eRt_9YzA 님",
            r"안녕 \u0051\u0077\u0037\u002d\u0065\u0052\u0074\u005F\u0039\u0059\u007a\u0041 님",
            "안녕 Qw7%2DeRt%5f9YzA 님",
        ];
        for way in ways {
            assert_eq!(masked(way), "안녕 ************ 님", "{way}");
        }
        assert_eq!(masked(r"\/v1\/bots\/5f\/callback\/t0ken-of-user!"), format!("{}!", "*".repeat(34)));
        assert_eq!(masked("only t0ken-of-user"), format!("only {}", "*".repeat(13)));
    }

    #[test]
    fn what_is_no_secret_stays_as_it_is() {
        for text in ["Qw7-eRt_9Yz", "100% \\u00", "\\", "%", "", "키보드 \\n \\\"따옴표\\\""] {
            assert_eq!(masked(text), text);
        }
        let cut = Mask::default().masked(b"abc", 2);
        assert_eq!((&cut.bytes[..], cut.is_whole), (&b"ab"[..], false));
        assert!(Mask::default().masked(b"abc", 3).is_whole);
    }

    proptest! {
        #[test]
        fn it_is_total_and_never_longer_than_its_room(bytes in prop::collection::vec(any::<u8>(), 0..300), room in 0_usize..400) {
            let masked = Mask::of_call(&bytes, &[KEY]).masked(&bytes, room);
            prop_assert!(masked.bytes.len() <= room.min(bytes.len()));
        }

        #[test]
        fn a_key_is_found_wherever_it_stands(before in "[a-zA-Z\\\\%u0-9]{0,20}", after in ".{0,20}") {
            let text = format!("{before}{KEY}{after}");
            let masked = masked(&text);
            prop_assert!(!masked.contains(KEY), "{}", masked);
        }
    }
}
