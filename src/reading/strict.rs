//! The documented form and nothing else (legacy.md 1): one pass, strings borrowed from the body.
//!
//! `None` means "not exactly that form", and the lenient reader starts over; so every rule of meaning that is more
//! than taking a member over lives there. Nulls are read here all the same: a whole family of bots (Java, Go) writes
//! every absent field as one.

use std::borrow::Cow;

use super::{Link, Photo, Reading, is_blank, url, visible};
use crate::degradation::{Degradation, Degradations};
use crate::wire::legacy::Keys;
use crate::wire::limits;
use crate::wire::scan::Scanner;
use crate::wire::text::utf8;

/// Labels that most keyboards have at most.
const USUAL_BUTTONS: usize = 8;

/// A reply to `POST /message` of exactly the documented form.
pub(super) fn reply(body: &[u8]) -> Option<Reading<'_>> {
    let mut scanner = Scanner::new(utf8(body)?);
    let mut reading = Reading::default();
    let [mut has_message, mut has_keyboard] = [false; 2];
    scanner.object(|scanner, name| {
        match name {
            b"message" if once(&mut has_message) => message(scanner, &mut reading)?,
            b"keyboard" if once(&mut has_keyboard) => {
                reading.keyboard = unless_null(scanner, &mut reading.degradations, keyboard)?;
            }
            // The last four belong into `message` or `keyboard`.
            b"message" | b"keyboard" | b"text" | b"photo" | b"message_button" | b"buttons" => return None,
            _ => return Some(false),
        }
        Some(true)
    })?;
    (scanner.is_over() && (has_message || has_keyboard)).then_some(reading)
}

/// An answer to `GET /keyboard` of exactly the documented form: a keyboard and nothing else.
pub(super) fn home(body: &[u8]) -> Option<Reading<'_>> {
    let mut scanner = Scanner::new(utf8(body)?);
    let mut degradations = Degradations::NONE;
    let keyboard = Some(keyboard(&mut scanner, &mut degradations)?);
    scanner.is_over().then(|| Reading { keyboard, degradations, ..Reading::default() })
}

fn message<'a>(scanner: &mut Scanner<'a>, reading: &mut Reading<'a>) -> Option<()> {
    let found = &mut reading.degradations;
    if is_null(scanner, found)? {
        return Some(());
    }
    let [mut has_text, mut has_photo, mut has_link] = [false; 3];
    scanner.object(|scanner, name| {
        match name {
            b"text" if once(&mut has_text) => reading.text = words(scanner, found)?.and_then(visible),
            b"photo" if once(&mut has_photo) => reading.photo = unless_null(scanner, found, photo)?.flatten(),
            b"message_button" if once(&mut has_link) => {
                reading.link = unless_null(scanner, found, link)?.flatten();
            }
            b"text" | b"photo" | b"message_button" | b"keyboard" => return None,
            _ => return Some(false),
        }
        Some(true)
    })
}

fn photo<'a>(scanner: &mut Scanner<'a>, found: &mut Degradations) -> Option<Option<Photo<'a>>> {
    let (mut place, mut width, mut height) = (None, None, None);
    let [mut has_url, mut has_width, mut has_height] = [false; 3];
    scanner.object(|scanner, name| {
        match name {
            b"url" if once(&mut has_url) => place = words(scanner, found)?.and_then(url),
            b"width" if once(&mut has_width) => width = unless_null(scanner, found, pixels)?,
            b"height" if once(&mut has_height) => height = unless_null(scanner, found, pixels)?,
            b"url" | b"width" | b"height" => return None,
            _ => return Some(false),
        }
        Some(true)
    })?;
    let size = width.zip(height).filter(|(width, height)| *width > 0 && *height > 0);
    Some(place.map(|url| Photo { url, size }))
}

fn link<'a>(scanner: &mut Scanner<'a>, found: &mut Degradations) -> Option<Option<Link<'a>>> {
    let (mut label, mut place) = (None, None);
    let [mut has_label, mut has_url] = [false; 2];
    scanner.object(|scanner, name| {
        match name {
            b"label" if once(&mut has_label) => label = words(scanner, found)?.and_then(visible),
            b"url" if once(&mut has_url) => place = words(scanner, found)?.and_then(url),
            b"label" | b"url" => return None,
            _ => return Some(false),
        }
        Some(true)
    })?;
    match (label, place) {
        (label, Some(url)) => Some(Some(Link { label: label.unwrap_or_default(), url })),
        (None, None) => Some(None),
        // A label without URL: the lenient reader finds its place.
        (Some(_), None) => None,
    }
}

fn keyboard<'a>(scanner: &mut Scanner<'a>, found: &mut Degradations) -> Option<Keys<'a>> {
    let (mut kind, mut labels) = (None, Vec::new());
    let [mut has_kind, mut has_labels] = [false; 2];
    scanner.object(|scanner, name| {
        match name {
            b"type" if once(&mut has_kind) => kind = words(scanner, found)?,
            b"buttons" if once(&mut has_labels) => labels = unless_null(scanner, found, buttons)?.unwrap_or_default(),
            b"type" | b"buttons" | b"keyboard" | b"message" => return None,
            _ => return Some(false),
        }
        Some(true)
    })?;
    match (kind.as_deref()?, labels.is_empty()) {
        ("text", true) => Some(Keys::Text),
        ("buttons", false) => Some(Keys::Buttons(labels)),
        _ => None,
    }
}

/// Labels: strings with something to see in them, no more than the bound.
fn buttons<'a>(scanner: &mut Scanner<'a>, _: &mut Degradations) -> Option<Vec<Cow<'a, str>>> {
    let mut labels = Vec::with_capacity(USUAL_BUTTONS);
    scanner.list(|scanner| {
        let label = scanner.string()?;
        if labels.len() >= limits::BUTTONS || is_blank(&label) {
            return None;
        }
        labels.push(label);
        Some(())
    })?;
    Some(labels)
}

fn pixels(scanner: &mut Scanner<'_>, _: &mut Degradations) -> Option<u32> {
    scanner.number()
}

fn words<'a>(scanner: &mut Scanner<'a>, found: &mut Degradations) -> Option<Option<Cow<'a, str>>> {
    unless_null(scanner, found, |scanner, _| scanner.string())
}

/// The value that `read` reads; nothing for `null`.
fn unless_null<'a, T>(
    scanner: &mut Scanner<'a>,
    found: &mut Degradations,
    read: impl FnOnce(&mut Scanner<'a>, &mut Degradations) -> Option<T>,
) -> Option<Option<T>> {
    if is_null(scanner, found)? { Some(None) } else { read(scanner, found).map(Some) }
}

fn is_null(scanner: &mut Scanner<'_>, found: &mut Degradations) -> Option<bool> {
    let is_null = scanner.null()?;
    if is_null {
        found.add(Degradation::Null);
    }
    Some(is_null)
}

/// True the first time: a member that stands twice is not the documented form.
fn once(seen: &mut bool) -> bool {
    !std::mem::replace(seen, true)
}
