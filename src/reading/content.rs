//! The content of a message as bots write it (legacy.md 3): text, photo and link of any shape.
//!
//! An answer has room for one of each. Further texts follow on lines of their own; a second photo or link, and the
//! label of a link that leads nowhere, are written out there too, so that nothing is lost (docs/behaviour.md, rule 2).

use std::borrow::Cow;

use super::document::{Object, Value};
use super::{Link, Photo, Reading, url, visible};
use crate::degradation::{Degradation, Degradations};

/// The content found so far.
pub(super) struct MessageContent<'a> {
    pub(super) reading: Reading<'a>,
}

impl<'a> MessageContent<'a> {
    /// Notes a difference.
    pub(super) fn found(&mut self, degradation: Degradation) {
        self.reading.degradations.add(degradation);
    }

    /// Takes a member out of `object`, and notes a name that stands there twice.
    pub(super) fn take(&mut self, object: &mut Object<'a>, name: &str) -> Option<Value<'a>> {
        object.take(name, &mut self.reading.degradations)
    }

    /// Reads the members of `message`, wherever they stand.
    pub(super) fn content(&mut self, object: &mut Object<'a>) {
        if let Some(text) = self.take(object, "text") {
            self.text(text);
        }
        if let Some(photo) = self.take(object, "photo") {
            self.photo(photo);
        }
        if let Some(button) = self.take(object, "message_button") {
            self.button(button);
        }
    }

    /// Adds a text, on lines of its own behind earlier ones.
    pub(super) fn text(&mut self, value: Value<'a>) {
        match value {
            Value::Array(items) => {
                self.found(Degradation::Shape);
                items.into_iter().for_each(|item| self.text(item));
            }
            Value::Object(mut object) => {
                self.found(Degradation::Shape);
                if let Some(inner) = self.take(&mut object, "text") {
                    self.text(inner);
                }
            }
            Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {
                if let Some(words) = scalar(value, &mut self.reading.degradations) {
                    self.words(words);
                }
            }
        }
    }

    /// Adds words on a line of their own.
    pub(super) fn words(&mut self, words: Cow<'a, str>) {
        let Some(words) = visible(words) else { return };
        match &mut self.reading.text {
            None => self.reading.text = Some(words),
            Some(text) => {
                let text = text.to_mut();
                text.push('\n');
                text.push_str(&words);
            }
        }
    }

    /// Adds what another reading says, except its keyboard.
    pub(super) fn all_of(&mut self, other: Reading<'a>) {
        self.reading.degradations.join(other.degradations);
        other.text.into_iter().for_each(|text| self.words(text));
        other.photo.into_iter().for_each(|photo| self.add_photo(photo));
        other.link.into_iter().for_each(|link| self.add_link(link));
    }

    fn photo(&mut self, value: Value<'a>) {
        match value {
            Value::Object(mut object) => {
                let address = self.take(&mut object, "url").and_then(|url| self.address(url));
                let width = self.take(&mut object, "width").and_then(|side| self.side(&side));
                let height = self.take(&mut object, "height").and_then(|side| self.side(&side));
                if let Some(url) = address {
                    self.add_photo(Photo { url, size: width.zip(height) });
                }
            }
            Value::String(address) => {
                self.found(Degradation::Shape);
                if let Some(url) = url(address) {
                    self.add_photo(Photo { url, size: None });
                }
            }
            Value::Array(items) => {
                self.found(Degradation::Shape);
                items.into_iter().for_each(|item| self.photo(item));
            }
            Value::Null => self.found(Degradation::Null),
            Value::Bool(_) | Value::Number(_) => self.found(Degradation::Shape),
        }
    }

    fn add_photo(&mut self, photo: Photo<'a>) {
        match &self.reading.photo {
            None => self.reading.photo = Some(photo),
            Some(first) if first.url == photo.url => {}
            Some(_) => {
                self.found(Degradation::PhotoWritten);
                self.words(photo.url);
            }
        }
    }

    /// A width or height: a positive number of pixels, as a number or as text. Any other value is no size (O3).
    fn side(&mut self, value: &Value<'a>) -> Option<u32> {
        let written = match value {
            Value::Number(written) => written,
            Value::String(written) => written.trim(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                self.found(if matches!(value, Value::Null) { Degradation::Null } else { Degradation::Shape });
                return None;
            }
        };
        if let (Ok(side), Value::Number(_)) = (written.parse::<u32>(), value) {
            return (side > 0).then_some(side);
        }
        if written.is_empty() {
            return None;
        }
        let side =
            written.parse::<f64>().ok().map(f64::round).filter(|side| (0.0..=f64::from(u32::MAX)).contains(side));
        self.found(if side.is_some() { Degradation::NumberAsString } else { Degradation::Shape });
        // There is no checked conversion from a float; its digits have one.
        format!("{:.0}", side?).parse().ok().filter(|side| *side > 0)
    }

    fn button(&mut self, value: Value<'a>) {
        match value {
            Value::Object(mut object) => {
                let label = self
                    .take(&mut object, "label")
                    .and_then(|label| scalar(label, &mut self.reading.degradations))
                    .and_then(visible);
                let address = self.take(&mut object, "url").and_then(|url| self.address(url));
                match (label, address) {
                    (label, Some(url)) => self.add_link(Link { label: label.unwrap_or_default(), url }),
                    (Some(label), None) => {
                        self.found(Degradation::Shape);
                        self.words(label);
                    }
                    (None, None) => {}
                }
            }
            Value::String(words) => {
                self.found(Degradation::Shape);
                let is_url =
                    ["http://", "https://", "tel:"].iter().any(|scheme| words.trim_start().starts_with(scheme));
                if is_url {
                    if let Some(url) = url(words) {
                        self.add_link(Link { label: Cow::Borrowed(""), url });
                    }
                } else {
                    self.words(words);
                }
            }
            Value::Array(items) => {
                self.found(Degradation::Shape);
                items.into_iter().for_each(|item| self.button(item));
            }
            Value::Null => self.found(Degradation::Null),
            Value::Bool(_) | Value::Number(_) => self.found(Degradation::Shape),
        }
    }

    fn add_link(&mut self, link: Link<'a>) {
        match &self.reading.link {
            None => self.reading.link = Some(link),
            Some(first) if *first == link => {}
            Some(_) => {
                self.found(Degradation::LinkWritten);
                self.words(link.label);
                self.words(link.url);
            }
        }
    }

    /// A URL: a string only, because PHP's `false` leads nowhere.
    fn address(&mut self, value: Value<'a>) -> Option<Cow<'a, str>> {
        match value {
            Value::String(address) => return url(address),
            Value::Null => self.found(Degradation::Null),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.found(Degradation::Shape);
            }
        }
        None
    }
}

/// The characters of a string, number or truth value; `None` for null and for what has parts.
pub(super) fn scalar<'a>(value: Value<'a>, found: &mut Degradations) -> Option<Cow<'a, str>> {
    let (text, degradation) = match value {
        Value::String(text) => return Some(text),
        Value::Number(written) => (Some(Cow::Borrowed(written)), Degradation::StringAsNumber),
        Value::Bool(truth) => (Some(Cow::Borrowed(if truth { "true" } else { "false" })), Degradation::StringAsNumber),
        Value::Null => (None, Degradation::Null),
        Value::Array(_) | Value::Object(_) => (None, Degradation::Shape),
    };
    found.add(degradation);
    text
}
