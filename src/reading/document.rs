//! A JSON parser that reads what bots pasted together (legacy.md 4, steps 3 to 5), and its model.
//!
//! It reads the first document of a text, borrows strings without escapes, and reports what it let pass. It never
//! invents content: a string, a key or a value that the end of the input cuts off makes the whole unreadable. Only
//! closing brackets, and those only behind something complete, are added. Bounded in depth and in number of values,
//! linear in time: every step consumes what it looks at.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::{Looks, Unreadable, is_space, php};
use crate::degradation::{Degradation, Degradations};
use crate::wire::limits;

/// Values of one document that are read: a keyboard of the bound's 1,000 labels, a hundred times over. Without a
/// bound one mebibyte of `[],` would take thirty.
pub(super) const VALUES: usize = 100_000;

/// A JSON value.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    /// As it is written.
    Number(&'a str),
    String(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// A JSON object, in the order it is written, keys repeated where they are.
#[derive(Debug, Default)]
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Object<'a> {
    /// Takes a member out. Of several with the same name the last one counts, as everywhere in JSON.
    pub(super) fn take(&mut self, name: &str, found: &mut Degradations) -> Option<Value<'a>> {
        let last = self.0.iter().rposition(|(key, _)| key == name)?;
        if self.0.iter().take(last).any(|(key, _)| key == name) {
            found.add(Degradation::DuplicateKey);
        }
        Some(self.0.remove(last).1)
    }

    /// Whether a member of this name is left.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Whether a member of any of these names is left.
    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        self.0.iter().any(|(key, _)| names.contains(&key.as_ref()))
    }

    /// Whether no member is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values of the members that are left.
    pub(super) fn into_values(self) -> impl Iterator<Item = Value<'a>> {
        self.0.into_iter().map(|(_, value)| value)
    }
}

/// The first document of a text, and what had to be let pass to read it.
pub(super) fn first(text: &str) -> Result<(Value<'_>, Degradations), Unreadable> {
    let mut parser = Parser {
        rest: text,
        length: text.len(),
        found: Degradations::NONE,
        values: 0,
        open_arrays: 0,
        open_objects: 0,
    };
    parser.before();
    if parser.rest.is_empty() {
        return Err(Unreadable::Empty);
    }
    let whole = parser.rest;
    if let Some(rest) = php::skip(whole) {
        parser.rest = rest;
        parser.found.add(Degradation::PhpMessage);
        parser.before();
    }
    let value = parser.value(0).map_err(|error| {
        let Unreadable::NotJson { at, .. } = error else { return error };
        Unreadable::NotJson { at, looks: looks(whole, parser.found) }
    })?;
    parser.behind();
    Ok((value, parser.found))
}

/// The kind of a text that could not be read.
fn looks(text: &str, found: Degradations) -> Looks {
    let tag = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!');
    if found.has(Degradation::PhpMessage) {
        Looks::Php
    } else if text.strip_prefix('<').is_some_and(tag) {
        Looks::Html
    } else {
        Looks::Other
    }
}

struct Parser<'a> {
    rest: &'a str,
    length: usize,
    found: Degradations,
    values: usize,
    open_arrays: usize,
    open_objects: usize,
}

impl<'a> Parser<'a> {
    fn trouble(&self) -> Unreadable {
        Unreadable::NotJson { at: self.length.saturating_sub(self.rest.len()), looks: Looks::Other }
    }

    fn peek(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    /// Steps over a character that was seen.
    fn step(&mut self, c: char) {
        self.rest = self.rest.strip_prefix(c).unwrap_or(self.rest);
    }

    /// White space before the document, and byte order marks, which PHP's includes leave anywhere in it.
    fn before(&mut self) {
        loop {
            self.blank();
            let Some(rest) = self.rest.strip_prefix('\u{feff}') else {
                return;
            };
            self.rest = rest;
            self.found.add(Degradation::Bom);
        }
    }

    /// White space between tokens, also such as JSON does not know.
    fn blank(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
            let foreign = self.rest.trim_start_matches(|c| is_space(c) && c != '\u{feff}');
            if foreign.len() == self.rest.len() {
                return;
            }
            self.rest = foreign;
            self.found.add(Degradation::WhiteSpace);
        }
    }

    fn behind(&mut self) {
        self.blank();
        if !self.rest.is_empty() {
            self.found.add(match php::skip(self.rest) {
                Some(_) => Degradation::PhpMessage,
                None if super::is_blank(self.rest) => Degradation::WhiteSpace,
                None => Degradation::Joined,
            });
        }
    }

    /// The value that begins here, inside of `depth` brackets.
    fn value(&mut self, depth: usize) -> Result<Value<'a>, Unreadable> {
        self.values += 1;
        if self.values > VALUES {
            return Err(Unreadable::TooMany);
        }
        match self.peek() {
            Some(b'{' | b'[') if depth >= limits::DEPTH => Err(Unreadable::TooDeep),
            Some(b'{') => {
                self.open_objects += 1;
                let object = self.object(depth + 1);
                self.open_objects -= 1;
                object.map(Value::Object)
            }
            Some(b'[') => {
                self.open_arrays += 1;
                let array = self.array(depth + 1);
                self.open_arrays -= 1;
                array.map(Value::Array)
            }
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'+' | b'.' | b'0'..=b'9') => self.number(),
            Some(_) => self.literal(),
            None => Err(self.trouble()),
        }
    }

    fn literal(&mut self) -> Result<Value<'a>, Unreadable> {
        for (word, value) in [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(self.trouble())
    }

    /// A number, also one that JSON would write otherwise (`+1`, `.5`, `007`).
    fn number(&mut self) -> Result<Value<'a>, Unreadable> {
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        let length = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (written, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        if written.parse::<f64>().is_err() {
            return Err(self.trouble());
        }
        if serde_json::from_str::<IgnoredAny>(written).is_err() {
            self.found.add(Degradation::Shape);
        }
        self.rest = rest;
        Ok(Value::Number(written))
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Value<'a>>, Unreadable> {
        self.step('[');
        let mut items = Vec::new();
        let mut gap = Gap::Start;
        while self.more(b']', self.open_objects > 0, &mut gap)? {
            items.push(self.value(depth)?);
        }
        Ok(items)
    }

    fn object(&mut self, depth: usize) -> Result<Object<'a>, Unreadable> {
        self.step('{');
        let mut members = Vec::new();
        let mut gap = Gap::Start;
        while self.more(b'}', self.open_arrays > 0, &mut gap)? {
            if self.peek() != Some(b'"') {
                return Err(self.trouble());
            }
            let key = self.string()?;
            self.between();
            if self.peek() != Some(b':') {
                return Err(self.trouble());
            }
            self.step(':');
            self.between();
            members.push((key, self.value(depth)?));
        }
        Ok(Object(members))
    }

    /// Goes to the next item of a list that `close` ends, and says whether there is one. The other bracket ends the
    /// list too, where one of its kind is open further out: this list's own was forgotten.
    fn more(&mut self, close: u8, other_is_open: bool, gap: &mut Gap) -> Result<bool, Unreadable> {
        loop {
            self.between();
            match self.peek() {
                // Cut off behind its opening bracket: the rest is unknown.
                None if *gap == Gap::Start => return Err(self.trouble()),
                None => {
                    self.found.add(Degradation::BracesRepaired);
                    return Ok(false);
                }
                Some(byte) if byte == close => {
                    self.step(char::from(close));
                    if *gap == Gap::Comma {
                        self.found.add(Degradation::CommaRepaired);
                    }
                    return Ok(false);
                }
                Some(b'}' | b']') if other_is_open => {
                    self.found.add(Degradation::BracesRepaired);
                    return Ok(false);
                }
                Some(b',') => {
                    self.step(',');
                    if *gap != Gap::Item {
                        self.found.add(Degradation::CommaRepaired);
                    }
                    *gap = Gap::Comma;
                }
                Some(_) if *gap == Gap::Item => return Err(self.trouble()),
                Some(_) => {
                    *gap = Gap::Item;
                    return Ok(true);
                }
            }
        }
    }

    /// White space between tokens; a byte order mark inside a document is white space too.
    fn between(&mut self) {
        loop {
            self.blank();
            let Some(rest) = self.rest.strip_prefix('\u{feff}') else {
                return;
            };
            self.rest = rest;
            self.found.add(Degradation::WhiteSpace);
        }
    }

    /// The string that begins here, borrowed where it has no escape.
    fn string(&mut self) -> Result<Cow<'a, str>, Unreadable> {
        self.step('"');
        let mut text = Cow::Borrowed("");
        loop {
            let end = memchr::memchr2(b'"', b'\\', self.rest.as_bytes());
            let Some((plain, rest)) = end.and_then(|end| self.rest.split_at_checked(end)) else {
                return Err(self.trouble());
            };
            if plain.bytes().any(|byte| byte < 0x20) {
                self.found.add(Degradation::ControlCharacters);
            }
            // An empty left side makes this a borrow of the right side.
            text += plain;
            if let Some(rest) = rest.strip_prefix('"') {
                self.rest = rest;
                return Ok(text);
            }
            self.rest = rest;
            self.step('\\');
            let c = self.escape()?;
            text.to_mut().push(c);
        }
    }

    /// The character of an escape whose backslash was read already.
    fn escape(&mut self) -> Result<char, Unreadable> {
        let Some(letter) = self.rest.chars().next() else {
            return Err(self.trouble());
        };
        self.step(letter);
        Ok(match letter {
            '"' | '\\' | '/' => letter,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => match self.hex() {
                Some(unit) => self.character(unit),
                None => self.repaired(letter),
            },
            _ => self.repaired(letter),
        })
    }

    fn repaired(&mut self, c: char) -> char {
        self.found.add(Degradation::EscapeRepaired);
        c
    }

    /// The character of a UTF-16 unit, together with the escape behind it where both are one character.
    fn character(&mut self, unit: u16) -> char {
        if let Some(c) = char::from_u32(u32::from(unit)) {
            return c;
        }
        let before = self.rest;
        if let Some(rest) = self.rest.strip_prefix("\\u") {
            self.rest = rest;
            if let Some(low) = self.hex()
                && let Some(Ok(c)) = char::decode_utf16([unit, low]).next()
            {
                return c;
            }
            self.rest = before;
        }
        self.repaired(char::REPLACEMENT_CHARACTER)
    }

    /// Four hex digits, if there are four.
    fn hex(&mut self) -> Option<u16> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let unit = u16::from_str_radix(digits, 16).ok()?;
        self.rest = rest;
        Some(unit)
    }
}

/// The token before the parser's place in a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    Start,
    Item,
    Comma,
}
