//! Keyboards as bots write them (legacy.md 3): nested, without a type, labels as numbers, objects or rows.
//!
//! The type decides, as it did on the old platform: an unknown word is free typing, and so is `buttons` without a
//! label. Only where no type is written, or one that can mean nothing else (`button`, `Buttons`, an object), a list of
//! labels makes it a buttons keyboard: a developer who wrote labels wanted them shown.

use std::borrow::Cow;

use super::document::{Object, Value, first};
use super::{is_blank, owned_keys};
use crate::degradation::{Degradation, Degradations};
use crate::wire::legacy::Keys;
use crate::wire::limits;

/// The keyboard of a `keyboard` member; `None` where it has none.
pub(super) fn of_value<'a>(value: Value<'a>, found: &mut Degradations) -> Option<Keys<'a>> {
    match value {
        Value::Object(object) => Some(of_object(object, found)),
        Value::Array(items) => of_list(items, found),
        Value::String(written) => {
            found.add(Degradation::Shape);
            // Encoded twice, or the type alone. Each further encoding doubles the quoting, so this ends soon.
            if let Ok((Value::Object(object), inner)) = first(&written) {
                found.join(inner);
                return Some(owned_keys(of_object(object, found)));
            }
            Some(keys(Some(&written), Vec::new(), found))
        }
        Value::Null => {
            found.add(Degradation::Null);
            None
        }
        Value::Bool(_) | Value::Number(_) => {
            found.add(Degradation::Shape);
            None
        }
    }
}

/// A keyboard object. Its nesting is bounded by the parser's.
pub(super) fn of_object<'a>(mut object: Object<'a>, found: &mut Degradations) -> Keys<'a> {
    if !object.has("buttons")
        && let Some(inner @ (Value::Object(_) | Value::Array(_))) = object.take("keyboard", found)
    {
        found.add(Degradation::NestedKeyboard);
        return of_value(inner, found).unwrap_or(Keys::Text);
    }
    let buttons = object.take("buttons", found);
    let kind = match object.take("type", found) {
        Some(Value::String(kind)) => Some(kind),
        Some(Value::Object(inner)) if buttons.is_none() && inner.has_any(&["type", "buttons"]) => {
            found.add(Degradation::NestedKeyboard);
            return of_object(inner, found);
        }
        Some(Value::Null) => {
            found.add(Degradation::Null);
            None
        }
        Some(Value::Object(_) | Value::Array(_) | Value::Bool(_) | Value::Number(_)) | None => None,
    };
    let labels = buttons.map(|value| labels(value, found)).unwrap_or_default();
    keys(kind.as_deref(), labels, found)
}

/// A list where a keyboard belongs: one keyboard object, or the labels themselves. An empty one is how PHP writes
/// an empty object.
fn of_list<'a>(mut items: Vec<Value<'a>>, found: &mut Degradations) -> Option<Keys<'a>> {
    found.add(Degradation::Shape);
    let one_keyboard =
        matches!(items.as_slice(), [Value::Object(object)] if object.has_any(&["type", "buttons", "keyboard"]));
    if one_keyboard {
        return items.pop().and_then(|value| of_value(value, found));
    }
    let labels = labels(Value::Array(items), found);
    (!labels.is_empty()).then_some(Keys::Buttons(labels))
}

fn keys<'a>(kind: Option<&str>, labels: Vec<Cow<'a, str>>, found: &mut Degradations) -> Keys<'a> {
    let folded = kind.map(|kind| kind.trim().to_ascii_lowercase());
    let (keys, expected) = match (folded.as_deref(), labels.is_empty()) {
        (Some("buttons"), false) => (Keys::Buttons(labels), Some("buttons")),
        (None | Some("" | "button"), false) => (Keys::Buttons(labels), None),
        (Some("text"), true) => (Keys::Text, Some("text")),
        _ => (Keys::Text, None),
    };
    if expected.is_none() || expected != kind {
        found.add(Degradation::KeyboardType);
    }
    keys
}

fn labels<'a>(value: Value<'a>, found: &mut Degradations) -> Vec<Cow<'a, str>> {
    let mut labels = Vec::new();
    match value {
        Value::Array(items) => items.into_iter().for_each(|item| add(item, &mut labels, found)),
        Value::Object(members) => {
            found.add(Degradation::Shape);
            members.into_values().for_each(|item| add(item, &mut labels, found));
        }
        Value::String(_) | Value::Number(_) => {
            found.add(Degradation::Shape);
            add(value, &mut labels, found);
        }
        Value::Null => found.add(Degradation::Null),
        Value::Bool(_) => found.add(Degradation::Shape),
    }
    labels
}

/// Adds what one item of a list of labels stands for: one label, several where it is a row of them, or none.
fn add<'a>(item: Value<'a>, labels: &mut Vec<Cow<'a, str>>, found: &mut Degradations) {
    match item {
        Value::String(label) if is_blank(&label) => found.add(Degradation::LabelDropped),
        Value::String(_) if labels.len() >= limits::BUTTONS => found.add(Degradation::ButtonsDropped),
        Value::String(label) => labels.push(label),
        Value::Number(_) | Value::Bool(_) => {
            if let Some(label) = super::content::scalar(item, found) {
                add(Value::String(label), labels, found);
            }
        }
        Value::Array(row) => {
            found.add(Degradation::Shape);
            row.into_iter().for_each(|item| add(item, labels, found));
        }
        Value::Object(mut object) => {
            found.add(Degradation::Shape);
            match ["label", "name", "text"].iter().find_map(|key| object.take(key, found)) {
                Some(label) => add(label, labels, found),
                None => found.add(Degradation::LabelDropped),
            }
        }
        Value::Null => {
            found.add(Degradation::Null);
            found.add(Degradation::LabelDropped);
        }
    }
}
