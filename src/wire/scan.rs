//! JSON as it is read on the usual way: one pass, nothing copied, members that are not needed are not kept.
//!
//! serde decodes any document, names the place of every error, and costs for that. A usual call and a usual reply need
//! none of it, so they are scanned; any unusual document (an escape in a name, a member that stands twice, a wrong
//! type, no JSON at all) gives `None` here and goes to serde, which gives its meaning or its error. So a mistake here
//! could only be to accept what serde does not, or to read it otherwise: property tests hold the two together.
//! Rejected: a faster decoder with `unsafe` in it, on bytes that any caller may send.

use std::borrow::Cow;

use super::json_string::{plain_length, unescaped};
use super::limits;

/// A document under way. All methods give `None` where something is not as usual.
#[derive(Debug, Clone)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// How deep what is yet to come may nest.
    depth: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: limits::DEPTH }
    }

    /// Whether nothing but white space is left.
    pub(crate) fn is_over(&mut self) -> bool {
        self.peek().is_none()
    }

    /// The next byte that is not white space, which stays.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    /// Reads an object; `member` reads the value behind each name, and says with `false` that it has left it for
    /// [`Self::skip`].
    pub(crate) fn object(&mut self, mut member: impl FnMut(&mut Self, &'a [u8]) -> Option<bool>) -> Option<()> {
        self.enter(b'{')?;
        if self.peek()? == b'}' {
            return self.leave();
        }
        loop {
            let name = self.name()?;
            self.take(b':')?;
            if !member(self, name)? {
                self.skip()?;
            }
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => return self.leave(),
                _ => return None,
            }
        }
    }

    /// Reads a list; `item` reads each of its values.
    pub(crate) fn list(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.enter(b'[')?;
        if self.peek()? == b']' {
            return self.leave();
        }
        loop {
            item(self)?;
            match self.peek()? {
                b',' => self.at += 1,
                b']' => return self.leave(),
                _ => return None,
            }
        }
    }

    /// Passes over `null`; false where something else stands.
    pub(crate) fn null(&mut self) -> Option<bool> {
        if self.peek()? != b'n' {
            return Some(false);
        }
        self.word("null").map(|()| true)
    }

    /// Words, borrowed where they have no escape.
    pub(crate) fn string(&mut self) -> Option<Cow<'a, str>> {
        self.take(b'"')?;
        let (start, plain) = (self.at, self.string_end()?);
        let inner = self.text.get(start..self.at - 1)?;
        if plain {
            return Some(Cow::Borrowed(inner));
        }
        unescaped(inner).map(Cow::Owned)
    }

    /// Words or `null`.
    pub(crate) fn string_or_null(&mut self) -> Option<Option<Cow<'a, str>>> {
        if self.null()? { Some(None) } else { self.string().map(Some) }
    }

    /// A whole number that fits.
    pub(crate) fn number(&mut self) -> Option<u32> {
        self.peek()?;
        let start = self.at;
        self.skip_number()?;
        self.text.get(start..self.at)?.parse().ok()
    }

    /// The value's own text, unread.
    pub(crate) fn raw(&mut self) -> Option<&'a str> {
        self.peek()?;
        let start = self.at;
        self.skip()?;
        self.text.get(start..self.at)
    }

    fn enter(&mut self, opening: u8) -> Option<()> {
        self.depth = self.depth.checked_sub(1)?;
        self.take(opening)
    }

    /// Goes behind the bracket at which the scanner stands.
    fn leave(&mut self) -> Option<()> {
        self.depth += 1;
        self.at += 1;
        Some(())
    }

    /// The name of a member, without its quotes. `None` for an escape in it.
    fn name(&mut self) -> Option<&'a [u8]> {
        self.take(b'"')?;
        let rest = self.text.as_bytes().get(self.at..)?;
        let length = plain_length(rest);
        self.at += length + 1;
        let (name, behind) = rest.split_at_checked(length)?;
        (behind.first() == Some(&b'"')).then_some(name)
    }

    /// Goes behind the quote that ends a string; whether there was no escape in it.
    #[inline]
    fn string_end(&mut self) -> Option<bool> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let length = plain_length(rest);
        if *rest.get(length)? == b'"' {
            self.at += length + 1;
            return Some(true);
        }
        self.escaped_end()
    }

    /// The same of a string that has escapes.
    #[cold]
    fn escaped_end(&mut self) -> Option<bool> {
        let mut plain = true;
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            let length = plain_length(rest);
            match rest.get(length)? {
                b'"' => {
                    self.at += length + 1;
                    return Some(plain);
                }
                // The reader of the string looks at escapes; here an escape only must not end it.
                b'\\' => {
                    plain = false;
                    self.at += length
                        + 2
                        + match rest.get(length + 1)? {
                            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 0,
                            b'u' => {
                                let digits = rest.get(length + 2..length + 6)?;
                                digits.iter().all(u8::is_ascii_hexdigit).then_some(4)?
                            }
                            _ => return None,
                        };
                }
                _ => return None,
            }
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    /// Passes over one value.
    fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.string_end().map(drop)
            }
            b'{' => self.object(|_, _| Some(false)),
            b'[' => self.list(Self::skip),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.skip_number(),
        }
    }

    fn skip_number(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes().get(self.at..)?;
        let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
        let mut end = usize::from(bytes.first() == Some(&b'-'));
        let whole = digits(end);
        if whole == 0 || whole > 1 && bytes.get(end) == Some(&b'0') {
            return None;
        }
        end += whole;
        if bytes.get(end) == Some(&b'.') {
            let fraction = digits(end + 1);
            end += 1 + fraction;
            if fraction == 0 {
                return None;
            }
        }
        // Exponents are unusual; serde judges whether they fit.
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            return None;
        }
        self.at += end;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1000.0..1000.0).prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
            "[\"\\\\/\n\t가é ]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"가]{0,4}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_scanned_is_json_and_the_same(value in json(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let mut scanner = Scanner::new(&text);
            if let Some(raw) = scanner.raw() {
                prop_assert!(scanner.is_over());
                prop_assert_eq!(serde_json::from_str::<Value>(raw).unwrap(), value);
            }
        }

        /// Any damage that the scanner does not see must be none.
        #[test]
        fn what_is_no_json_is_never_accepted(value in json(), place: prop::sample::Index, byte in "[\\x00-\\x7f]") {
            let mut text = value.to_string();
            let at = place.index(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
                text.replace_range(at..=at, &byte);
                let mut scanner = Scanner::new(&text);
                if scanner.raw().is_some() && scanner.is_over() {
                    prop_assert!(serde_json::from_str::<Value>(&text).is_ok(), "{}", text);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn escapes_are_read_as_serde_reads_them(
            parts in prop::collection::vec("[a-z가€😀]|\\\\u[0-9a-fA-F]{4}|\\\\ud83d\\\\ude00|\\\\[nrtbf\"/]|\\\\\\\\", 0..9),
        ) {
            let text = format!("\"{}\"", parts.concat());
            let scanned = Scanner::new(&text).string().map(Cow::into_owned);
            prop_assert_eq!(scanned, serde_json::from_str::<String>(&text).ok(), "{}", text);
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Scanner::new(&deep).raw(), None);
        assert!(Scanner::new("[[[]],{\"a\":[0]}]").raw().is_some());
    }
}
