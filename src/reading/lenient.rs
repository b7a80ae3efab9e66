//! What a document means, whatever its shape (legacy.md 3): what is good is kept, what is not is named.
//!
//! The order of the parts is the order they are shown in: `message` first, then what stood beside it. Where the
//! answer has room for one text, photo and link only, the second of a kind is added to the text on a line of its own.

use std::borrow::Cow;

use super::document::{Object, Value, first};
use super::{Link, Photo, Reading, Unreadable, bytes, keys, url, visible};
use crate::translate::degradation::{Degradation, Degradations};

/// Which call the body answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Message,
    /// Only the keyboard is read.
    Home,
}

/// Members of the content, in `message` and, out of place, beside it.
const CONTENT: &[&str] = &["text", "photo", "message_button"];

/// Members that status and error bodies have and replies have not: seen in the recordings (`code`, `comment`,
/// `http_status_code`) or usual in web frameworks. A `message` that is a bare string says nothing to users then.
const STATUS: &[&str] = &[
    "http_status_code",
    "code",
    "comment",
    "status",
    "statusCode",
    "status_code",
    "error",
    "errors",
    "errorCode",
    "error_code",
    "errorMessage",
    "error_message",
    "exception",
    "trace",
    "stack",
    "timestamp",
    "path",
    "success",
    "result",
    "detail",
];

/// Reads a body with every lenience there is.
pub(super) fn read(body: &[u8], asked: Asked) -> Result<Reading<'_>, Unreadable> {
    let (text, found) = bytes::decode(body)?;
    let mut reading = over(text, asked, true)?;
    reading.degradations.join(found);
    Ok(reading)
}

/// Reads characters; what is read of owned ones is owned too.
fn over(text: Cow<'_, str>, asked: Asked, may_be_quoted: bool) -> Result<Reading<'_>, Unreadable> {
    match text {
        Cow::Borrowed(text) => meaning(text, asked, may_be_quoted),
        Cow::Owned(text) => meaning(&text, asked, may_be_quoted).map(Reading::into_owned),
    }
}

/// `may_be_quoted`: a string that holds an object was encoded twice and is decoded once more, but not for ever.
fn meaning(text: &str, asked: Asked, may_be_quoted: bool) -> Result<Reading<'_>, Unreadable> {
    let (value, found) = first(text)?;
    let mut said = Said {
        reading: Reading {
            degradations: found,
            ..Reading::default()
        },
    };
    match value {
        Value::Object(object) => said.whole(object, asked)?,
        Value::Array(mut items) if matches!(items.as_slice(), [Value::Object(_)]) => {
            said.found(Degradation::Shape);
            if let Some(Value::Object(object)) = items.pop() {
                said.whole(object, asked)?;
            }
        }
        Value::Array(items)
            if asked == Asked::Home && matches!(items.as_slice(), [Value::String(_), ..]) =>
        {
            said.reading.keyboard =
                keys::of_value(Value::Array(items), &mut said.reading.degradations);
        }
        Value::String(inner) if may_be_quoted && inner.trim_start().starts_with('{') => {
            said.reading = over(inner, asked, false)?;
            said.reading.degradations.join(found);
            said.found(Degradation::Shape);
        }
        Value::Array(_) | Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {
            return Err(Unreadable::NotAnObject);
        }
    }
    Ok(said.reading)
}

/// What was said so far.
struct Said<'a> {
    reading: Reading<'a>,
}

impl<'a> Said<'a> {
    fn found(&mut self, degradation: Degradation) {
        self.reading.degradations.add(degradation);
    }

    fn take(&mut self, object: &mut Object<'a>, name: &str) -> Option<Value<'a>> {
        object.take(name, &mut self.reading.degradations)
    }

    fn whole(&mut self, object: Object<'a>, asked: Asked) -> Result<(), Unreadable> {
        match asked {
            Asked::Message => self.reply(object),
            Asked::Home => self.home(object),
        }
    }

    /// The answer to `GET /keyboard`: the keyboard, or a whole reply that has one.
    fn home(&mut self, mut object: Object<'a>) -> Result<(), Unreadable> {
        let is_keyboard = object.has("buttons") || object.has("type") && !object.has("keyboard");
        if is_keyboard || object.is_empty() {
            self.reading.keyboard = Some(keys::of_object(object, &mut self.reading.degradations));
            return Ok(());
        }
        self.found(Degradation::NestedKeyboard);
        if let Some(keyboard) = self.take(&mut object, "keyboard") {
            self.keyboard(keyboard);
        } else if let Some(Value::Object(mut message)) = self.take(&mut object, "message")
            && let Some(keyboard) = self.take(&mut message, "keyboard")
        {
            self.keyboard(keyboard);
        } else {
            return Err(Unreadable::Foreign);
        }
        Ok(())
    }

    /// The answer to `POST /message`.
    fn reply(&mut self, mut object: Object<'a>) -> Result<(), Unreadable> {
        let content = object.has_any(CONTENT);
        if !content && !object.is_empty() && !object.has_any(&["message", "keyboard", "buttons"]) {
            return Err(Unreadable::Foreign);
        }
        let status =
            !content && !object.has_any(&["keyboard", "buttons"]) && object.has_any(STATUS);
        match self.take(&mut object, "message") {
            Some(Value::Object(message)) => self.message(message),
            Some(_) if status => return Err(Unreadable::Foreign),
            Some(other) => self.odd_message(other),
            None => {}
        }
        if content {
            self.found(Degradation::BesideMessage);
            self.beside(&mut object);
        }
        if let Some(keyboard) = self.take(&mut object, "keyboard") {
            // It outranks one inside the message.
            self.keyboard(keyboard);
        } else if object.has("buttons") {
            self.found(Degradation::Shape);
            self.keyboard(Value::Object(object));
        }
        Ok(())
    }

    /// What stands beside `message`. Some bots write the same words in both places; they are said once.
    fn beside(&mut self, object: &mut Object<'a>) {
        let before = self.reading.text.take();
        self.content(object);
        let after = std::mem::replace(&mut self.reading.text, before);
        if let Some(words) = after
            && self.reading.text.as_ref() != Some(&words)
        {
            self.words(words);
        }
    }

    fn message(&mut self, mut message: Object<'a>) {
        self.content(&mut message);
        // With its closing brace forgotten, `message` swallows the keyboard behind it.
        if let Some(keyboard) = self.take(&mut message, "keyboard") {
            self.found(Degradation::NestedKeyboard);
            self.keyboard(keyboard);
        }
    }

    /// A `message` that is not an object: the words themselves, or a list of such or of messages.
    fn odd_message(&mut self, value: Value<'a>) {
        match value {
            Value::Null => return self.found(Degradation::Null),
            Value::String(words) => self.words(words),
            Value::Number(_) => self.text(value),
            Value::Array(items) => {
                for item in items {
                    if let Value::Object(message) = item {
                        self.message(message);
                    } else {
                        self.text(item);
                    }
                }
            }
            Value::Object(message) => self.message(message),
            Value::Bool(_) => {}
        }
        self.found(Degradation::Shape);
    }

    fn content(&mut self, object: &mut Object<'a>) {
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

    fn keyboard(&mut self, value: Value<'a>) {
        if let Some(keys) = keys::of_value(value, &mut self.reading.degradations) {
            self.reading.keyboard = Some(keys);
        }
    }

    fn text(&mut self, value: Value<'a>) {
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
    fn words(&mut self, words: Cow<'a, str>) {
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

    fn photo(&mut self, value: Value<'a>) {
        match value {
            Value::Object(mut object) => {
                let address = self
                    .take(&mut object, "url")
                    .and_then(|url| self.string(url));
                let width = self
                    .take(&mut object, "width")
                    .and_then(|side| self.side(&side));
                let height = self
                    .take(&mut object, "height")
                    .and_then(|side| self.side(&side));
                if let Some(url) = address.and_then(url) {
                    self.add_photo(Photo {
                        url,
                        size: width.zip(height),
                    });
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

    /// A width or height: a positive number of pixels, in whatever form. What is none is no size (O3).
    fn side(&mut self, value: &Value<'a>) -> Option<u32> {
        let written = match value {
            Value::Number(written) => written,
            Value::String(written) => written.trim(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                self.found(if matches!(value, Value::Null) {
                    Degradation::Null
                } else {
                    Degradation::Shape
                });
                return None;
            }
        };
        if let (Ok(side), Value::Number(_)) = (written.parse::<u32>(), value) {
            return (side > 0).then_some(side);
        }
        if written.is_empty() {
            return None;
        }
        let side = written
            .parse::<f64>()
            .ok()
            .map(f64::round)
            .filter(|side| (0.0..=f64::from(u32::MAX)).contains(side));
        self.found(if side.is_some() {
            Degradation::NumberAsString
        } else {
            Degradation::Shape
        });
        // There is no checked conversion from a float; its digits have one.
        format!("{:.0}", side?)
            .parse()
            .ok()
            .filter(|side| *side > 0)
    }

    fn button(&mut self, value: Value<'a>) {
        match value {
            Value::Object(mut object) => {
                let label = self
                    .take(&mut object, "label")
                    .and_then(|label| self.string(label))
                    .and_then(visible);
                let address = self
                    .take(&mut object, "url")
                    .and_then(|url| self.string(url))
                    .and_then(url);
                match (label, address) {
                    (label, Some(url)) => self.add_link(Link {
                        label: label.unwrap_or_default(),
                        url,
                    }),
                    (Some(label), None) => {
                        self.found(Degradation::Shape);
                        self.words(label);
                    }
                    (None, None) => {}
                }
            }
            Value::String(words) => {
                self.found(Degradation::Shape);
                if words.contains("://") || words.trim_start().starts_with("tel:") {
                    if let Some(url) = url(words) {
                        self.add_link(Link {
                            label: Cow::Borrowed(""),
                            url,
                        });
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

    /// A string where one is wanted; a number is taken for its digits.
    fn string(&mut self, value: Value<'a>) -> Option<Cow<'a, str>> {
        scalar(value, &mut self.reading.degradations)
    }
}

/// The characters of a string, number or truth value; `None` for null and for what has parts.
pub(super) fn scalar<'a>(value: Value<'a>, found: &mut Degradations) -> Option<Cow<'a, str>> {
    let (text, degradation) = match value {
        Value::String(text) => return Some(text),
        Value::Number(written) => (Some(Cow::Borrowed(written)), Degradation::StringAsNumber),
        Value::Bool(truth) => (
            Some(Cow::Borrowed(if truth { "true" } else { "false" })),
            Degradation::StringAsNumber,
        ),
        Value::Null => (None, Degradation::Null),
        Value::Array(_) | Value::Object(_) => (None, Degradation::Shape),
    };
    found.add(degradation);
    text
}
