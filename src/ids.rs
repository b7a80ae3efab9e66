//! Names of bots and users.
//!
//! A legacy bot keeps its state by `user_key` (legacy.md 1), so the key a user had on the old platform must
//! reach it unchanged, and a user without one must get one that the strictest bot accepts and that is the same
//! tomorrow (I1). Keys are 12 bytes by value: no allocation per call, and nothing to escape in a path.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Names one call in logs. One of ours is written out where it is read, which is never on the way of a call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RequestId {
    /// `X-Request-Id`, by which Kakao or a proxy finds the call in its own logs.
    Given(Arc<str>),
    /// One of ours: milliseconds since 1970, and a count of this process.
    Own {
        /// When the call came.
        at: u64,
        /// Which of those of this process.
        number: u64,
    },
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(id) => f.write_str(id),
            Self::Own { at, number } => write!(f, "sb-{at:x}-{number:x}"),
        }
    }
}

/// The 64 characters of a legacy user key (legacy.md 1).
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/// A user of one channel as the old platform named them: 12 characters of `A-Za-z0-9_-`.
///
/// `Debug` shows nothing of it: user keys never appear in logs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserKey([u8; Self::LENGTH]);

impl UserKey {
    /// Characters of a legacy key (openbuilder.md 7: every observed one has 12).
    pub const LENGTH: usize = 12;

    /// The key as it stands, when it is of the legacy form.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let bytes: [u8; Self::LENGTH] = key.as_bytes().try_into().ok()?;
        let is_of_the_alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        bytes.iter().all(is_of_the_alphabet).then_some(Self(bytes))
    }

    /// A stable key of the legacy form for a user who has none: 72 bits of HMAC-SHA256 over the parts that name
    /// the user (`user.id`, in a group room also `chat.id`), keyed by the bot. The same after a restart (I1).
    #[must_use]
    pub fn derive(bot: &BotId, parts: &[&str]) -> Self {
        let mut key = [0_u8; Self::LENGTH];
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(b"smartchat-bridge user_key 1") {
            for part in std::iter::once(&bot.as_str()).chain(parts) {
                mac.update(&(part.len() as u64).to_be_bytes());
                mac.update(part.as_bytes());
            }
            let digest = mac.finalize().into_bytes();
            for (place, byte) in key.iter_mut().zip(digest.iter()) {
                *place = ALPHABET.get(usize::from(byte & 63)).copied().unwrap_or(b'A');
            }
        }
        Self(key)
    }

    /// The key as text, for the legacy call.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserKey(…)")
    }
}

/// The operator's name for a bot: the key under `[bots.…]`, lower-case letters, digits, `-` and `_`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BotId(Arc<str>);

impl BotId {
    /// Longest accepted name, in bytes: it stands in paths, labels of metrics and log lines.
    pub const LONGEST: usize = 64;

    /// The name, when it is of the accepted form (the `config` crate lowers the names of environment variables).
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        let fits = !id.is_empty() && id.len() <= Self::LONGEST;
        let plain = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        (fits && plain).then(|| Self(Arc::from(id)))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for BotId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for BotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_twelve_characters_of_the_legacy_alphabet_pass_unchanged() {
        assert_eq!(UserKey::parse("Qw7-eRt_9YzA").map(|k| k.as_str().to_owned()).as_deref(), Some("Qw7-eRt_9YzA"));
        for odd in ["", "short", "Qw7-eRt_9YzAx", "Qw7/../_9YzA", "Qw7-eRt_9Yz가", "Qw7-eRt 9YzA"] {
            assert!(UserKey::parse(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn a_derived_key_is_stable_of_legacy_form_and_differs_by_bot_and_part() {
        let shop = BotId::parse("shop").unwrap();
        let school = BotId::parse("school").unwrap();
        let key = UserKey::derive(&shop, &["604512"]);
        assert_eq!(key.as_str(), UserKey::derive(&shop, &["604512"]).as_str());
        assert!(UserKey::parse(key.as_str()).is_some());
        assert_ne!(key, UserKey::derive(&school, &["604512"]));
        assert_ne!(key, UserKey::derive(&shop, &["604513"]));
        assert_ne!(UserKey::derive(&shop, &["ab", "c"]), UserKey::derive(&shop, &["a", "bc"]));
    }

    #[test]
    fn bot_ids_are_lower_case_and_short() {
        assert!(BotId::parse("shop-2_a").is_some());
        for odd in ["", "Shop", "a b", "가게", &"a".repeat(65)] {
            assert!(BotId::parse(odd).is_none(), "{odd}");
        }
    }
}
