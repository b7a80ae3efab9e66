//! A string that borrows from the body it was read from.
//!
//! `Option<Cow<str>>` never borrows under serde's derive, every value would be copied; this type
//! borrows when the JSON string has no escape. Its length in UTF-16 units is what the limits of O1 count.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::value::RawValue;

/// A string of a JSON body, borrowed where it stands there without escapes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Text<'_> {
    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A value of a JSON body that is kept unread: its text as it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    pub(super) fn new(json: &'a str) -> Self {
        Self(json)
    }

    /// The JSON.
    #[must_use]
    pub fn get(self) -> &'a str {
        self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Raw(raw.get()))
    }
}

/// A body as text, where it is UTF-8.
#[must_use]
pub fn utf8(body: &[u8]) -> Option<&str> {
    simdutf8::basic::from_utf8(body).ok()
}

/// Whether the first byte alone tells that there is something to read: a printable ASCII character, or the beginning of
/// a Hangul syllable or anything behind those. White space of whatever kind begins otherwise.
#[must_use]
pub(crate) fn begins_visibly(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'!'..=b'~' | 0xEA..=0xED | 0xF0..))
}

/// Length in UTF-16 units (O1).
#[must_use]
pub fn units(text: &str) -> usize {
    // One for each character, which is a byte that continues none; one more for those that are a pair, whose first byte
    // has its four highest bits set. Eight bytes at a time: the highest bits of each are moved to its lowest, and the
    // multiplication adds them up.
    const ONES: u64 = 0x0101_0101_0101_0101;
    let of_word = |word: u64| {
        let begins = (!word >> 7 | word >> 6) & ONES;
        let pairs = word >> 7 & word >> 6 & word >> 5 & word >> 4 & ONES;
        (begins + pairs).wrapping_mul(ONES) >> 56
    };
    let of_byte = |byte: &u8| usize::from(byte & 0xC0 != 0x80) + usize::from(*byte >= 0xF0);
    let (chunks, rest) = text.as_bytes().as_chunks::<8>();
    let whole: u64 = chunks.iter().map(|chunk| of_word(u64::from_le_bytes(*chunk))).sum();
    usize::try_from(whole).unwrap_or(usize::MAX) + rest.iter().map(of_byte).sum::<usize>()
}

/// Whether a text has at most so many UTF-16 units. A unit takes one to three bytes: the length tells it of most texts,
/// and of a long one no more than its beginning would have to be counted.
#[must_use]
pub fn fits(text: &str, limit: usize) -> bool {
    text.len() <= limit || text.len() <= limit.saturating_mul(3) && units(text) <= limit
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;
        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_str(Borrowing)
    }
}

/// At most `most` characters of words from outside, fit for a log line: control characters, and those that turn the
/// direction of writing around, are written out. They could otherwise forge a line, or what it seems to say.
#[must_use]
pub fn printable(words: &str, most: usize) -> Box<str> {
    let mut line = String::with_capacity(words.len().min(most));
    for c in words.chars().take(most) {
        let turns =
            matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns { line.extend(c.escape_unicode()) } else { line.push(c) }
    }
    line.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn units_are_those_of_utf16(text in "\\PC*") {
            let count = text.encode_utf16().count();
            proptest::prop_assert_eq!(units(&text), count);
            for limit in [count.saturating_sub(1), count, count + 1] {
                proptest::prop_assert_eq!(fits(&text, limit), count <= limit);
            }
        }
    }

    #[test]
    fn a_string_without_escapes_is_borrowed_from_the_body() {
        let plain: Option<Text<'_>> = serde_json::from_str("\"오늘 급식\"").unwrap();
        assert!(matches!(plain, Some(Text(Cow::Borrowed("오늘 급식")))));
        let escaped: Option<Text<'_>> = serde_json::from_str("\"a\\nb\"").unwrap();
        assert!(matches!(escaped, Some(Text(Cow::Owned(_)))));
    }

    #[test]
    fn no_white_space_begins_visibly() {
        let blank = |c: &char| {
            c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
        };
        for c in ('\0'..=char::MAX).filter(blank) {
            assert!(!begins_visibly(c.encode_utf8(&mut [0; 4])), "{c:?}");
        }
        assert!(begins_visibly("가") && begins_visibly("a") && begins_visibly("😀") && !begins_visibly(""));
    }

    #[test]
    fn units_count_surrogates() {
        assert_eq!(units("가a"), 2);
        assert_eq!(units("𠮷"), 2);
    }
}
