//! The documented form and nothing else (legacy.md 1): one serde pass, strings borrowed from the body.
//!
//! `None` means "not exactly that form", and the lenient reader starts over; so every rule of meaning that is more
//! than taking a field over lives there. Nulls are read here all the same: a whole family of bots (Java, Go) writes
//! every absent field as one.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Link, Photo, Reading, is_blank, url, visible};
use crate::degradation::{Degradation, Degradations};
use crate::wire::legacy::Keys;
use crate::wire::limits;
use crate::wire::skill::deeper_than;
use crate::wire::text::Text;

/// A reply to `POST /message` of exactly the documented form.
pub(super) fn reply(body: &[u8]) -> Option<Reading<'_>> {
    let Only(reply) = parse::<Only<Reply<'_>>>(body)?;
    if !reply.is_documented() {
        return None;
    }
    let mut reading = Reading::default();
    let found = &mut reading.degradations;
    if let Some(Only(message)) = reply.message.into_option(found) {
        if !message.keyboard.is_absent() {
            return None;
        }
        reading.text = message.text.into_option(found).and_then(|Text(text)| visible(text));
        if let Some(Only(photo)) = message.photo.into_option(found) {
            reading.photo = photo.meaning(found);
        }
        if let Some(Only(button)) = message.message_button.into_option(found) {
            reading.link = button.meaning(found)?;
        }
    }
    if let Some(Only(keyboard)) = reply.keyboard.into_option(found) {
        reading.keyboard = Some(keyboard.meaning(found)?);
    }
    Some(reading)
}

/// An answer to `GET /keyboard` of exactly the documented form: a keyboard and nothing else.
pub(super) fn home(body: &[u8]) -> Option<Reading<'_>> {
    let Only(keyboard) = parse::<Only<Keyboard<'_>>>(body)?;
    let mut found = Degradations::NONE;
    let keyboard = Some(keyboard.meaning(&mut found)?);
    Some(Reading { keyboard, degradations: found, ..Reading::default() })
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    let text = std::str::from_utf8(body).ok()?;
    if deeper_than(body, limits::DEPTH) {
        return None;
    }
    serde_json::from_str(text).ok()
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow, default)]
    message: Field<Only<Message<'a>>>,
    #[serde(borrow, default)]
    keyboard: Field<Only<Keyboard<'a>>>,
    // Members that belong into `message` or `keyboard`: their values do not matter here, that they are there does.
    #[serde(default)]
    text: Field<IgnoredAny>,
    #[serde(default)]
    photo: Field<IgnoredAny>,
    #[serde(default)]
    message_button: Field<IgnoredAny>,
    #[serde(default)]
    buttons: Field<IgnoredAny>,
}

impl Reply<'_> {
    fn is_documented(&self) -> bool {
        let beside = [&self.text, &self.photo, &self.message_button, &self.buttons];
        let has_any = !self.message.is_absent() || !self.keyboard.is_absent();
        has_any && beside.iter().all(|field| field.is_absent())
    }
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    text: Field<Text<'a>>,
    #[serde(borrow, default)]
    photo: Field<Only<Picture<'a>>>,
    #[serde(borrow, default)]
    message_button: Field<Only<Button<'a>>>,
    #[serde(default)]
    keyboard: Field<IgnoredAny>,
}

#[derive(Deserialize)]
struct Picture<'a> {
    #[serde(borrow, default)]
    url: Field<Text<'a>>,
    #[serde(default)]
    width: Field<u32>,
    #[serde(default)]
    height: Field<u32>,
}

impl<'a> Picture<'a> {
    fn meaning(self, found: &mut Degradations) -> Option<Photo<'a>> {
        let width = self.width.into_option(found).filter(|width| *width > 0);
        let height = self.height.into_option(found).filter(|height| *height > 0);
        let url = self.url.into_option(found).and_then(|Text(text)| url(text))?;
        Some(Photo { url, size: width.zip(height) })
    }
}

#[derive(Deserialize)]
struct Button<'a> {
    #[serde(borrow, default)]
    label: Field<Text<'a>>,
    #[serde(borrow, default)]
    url: Field<Text<'a>>,
}

impl<'a> Button<'a> {
    /// Outer `None`: a label without URL, whose place the lenient reader finds.
    fn meaning(self, found: &mut Degradations) -> Option<Option<Link<'a>>> {
        let label = self.label.into_option(found).and_then(|Text(text)| visible(text));
        let url = self.url.into_option(found).and_then(|Text(text)| url(text));
        match (label, url) {
            (label, Some(url)) => Some(Some(Link { label: label.unwrap_or_default(), url })),
            (None, None) => Some(None),
            (Some(_), None) => None,
        }
    }
}

#[derive(Deserialize)]
struct Keyboard<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Field<Text<'a>>,
    #[serde(borrow, default)]
    buttons: Field<Labels<'a>>,
    #[serde(default)]
    keyboard: Field<IgnoredAny>,
    #[serde(default)]
    message: Field<IgnoredAny>,
}

impl<'a> Keyboard<'a> {
    fn meaning(self, found: &mut Degradations) -> Option<Keys<'a>> {
        if !self.keyboard.is_absent() || !self.message.is_absent() {
            return None;
        }
        let kind = self.kind.into_option(found)?;
        let labels = self.buttons.into_option(found).map(|Labels(labels)| labels).unwrap_or_default();
        match (kind.as_str(), labels.is_empty()) {
            ("text", true) => Some(Keys::Text),
            ("buttons", false) => Some(Keys::Buttons(labels)),
            _ => None,
        }
    }
}

/// A member: not there, null, or a value. serde's own `Option` takes the first two for one.
#[derive(Default)]
enum Field<T> {
    #[default]
    Absent,
    Null,
    Is(T),
}

impl<T> Field<T> {
    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    fn into_option(self, found: &mut Degradations) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent => None,
            Self::Null => {
                found.add(Degradation::Null);
                None
            }
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Called for a member that is there, so `None` is a null.
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Is))
    }
}

/// A struct from a JSON object only. serde's derive would also take a JSON array for one, member by member.
struct Only<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Only<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Only<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Only)
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}

/// Labels: strings with something to see in them, no more than the bound.
struct Labels<'a>(Vec<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Labels<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Labels<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "up to {} labels", limits::BUTTONS)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut labels = Vec::new();
                while let Some(Text(label)) = items.next_element()? {
                    if labels.len() >= limits::BUTTONS || is_blank(&label) {
                        return Err(A::Error::invalid_length(labels.len(), &self));
                    }
                    labels.push(label);
                }
                Ok(Labels(labels))
            }
        }
        deserializer.deserialize_seq(List)
    }
}
