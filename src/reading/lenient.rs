//! The meaning of a document of any shape (legacy.md 3): good parts are kept, others are reported.
//!
//! The order of the parts is the order they are shown in: `message` first, then what stood beside it.

use std::borrow::Cow;

use super::content::MessageContent;
use super::document::{Object, Value, first};
use super::{Reading, Unreadable, bytes, keys};
use crate::degradation::Degradation;

/// Which call the body answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReplyKind {
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
pub(super) fn read(body: &[u8], asked: ReplyKind) -> Result<Reading<'_>, Unreadable> {
    let (text, found) = bytes::decode(body)?;
    let mut reading = over(text, asked, true)?;
    reading.degradations.join(found);
    Ok(reading)
}

/// Reads characters; of owned characters the result is owned too.
fn over(text: Cow<'_, str>, asked: ReplyKind, may_be_quoted: bool) -> Result<Reading<'_>, Unreadable> {
    match text {
        Cow::Borrowed(text) => meaning(text, asked, may_be_quoted),
        Cow::Owned(text) => meaning(&text, asked, may_be_quoted).map(Reading::into_owned),
    }
}

/// `may_be_quoted`: a string that holds an object was encoded twice and is decoded once more, but not for ever.
fn meaning(text: &str, asked: ReplyKind, may_be_quoted: bool) -> Result<Reading<'_>, Unreadable> {
    let (value, found) = first(text)?;
    let mut said = MessageContent { reading: Reading { degradations: found, ..Reading::default() } };
    match value {
        Value::Object(object) => said.whole(object, asked)?,
        Value::Array(mut items) if matches!(items.as_slice(), [Value::Object(_)]) => {
            said.found(Degradation::Shape);
            if let Some(Value::Object(object)) = items.pop() {
                said.whole(object, asked)?;
            }
        }
        Value::Array(items) if asked == ReplyKind::Home && matches!(items.as_slice(), [Value::String(_), ..]) => {
            said.reading.keyboard = keys::of_value(Value::Array(items), &mut said.reading.degradations);
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

impl<'a> MessageContent<'a> {
    fn whole(&mut self, object: Object<'a>, asked: ReplyKind) -> Result<(), Unreadable> {
        match asked {
            ReplyKind::Message => self.reply(object),
            ReplyKind::Home => self.home(object),
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
        let status = !content && !object.has_any(&["keyboard", "buttons"]) && object.has_any(STATUS);
        match self.take(&mut object, "message") {
            Some(Value::Object(message)) => self.message(message),
            Some(Value::Null) => self.found(Degradation::Null),
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

    /// The members beside `message`. Some bots write the same words in both places; they are said once.
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
            Value::String(words) => match encoded(&words) {
                Some(message) => self.all_of(message),
                None => self.words(words),
            },
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
            Value::Bool(_) | Value::Null => {}
        }
        self.found(Degradation::Shape);
    }

    fn keyboard(&mut self, value: Value<'a>) {
        if let Some(keys) = keys::of_value(value, &mut self.reading.degradations) {
            self.reading.keyboard = Some(keys);
        }
    }
}

/// The message that a string holds as JSON; users should not have to read JSON.
fn encoded(words: &str) -> Option<Reading<'static>> {
    if !words.trim_start().starts_with('{') {
        return None;
    }
    let (Value::Object(mut message), degradations) = first(words).ok()? else {
        return None;
    };
    if !message.has_any(CONTENT) {
        return None;
    }
    let mut said = MessageContent { reading: Reading { degradations, ..Reading::default() } };
    said.content(&mut message);
    Some(said.reading.into_owned())
}
