//! One value at a time: from the merged tree to what its kind means.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use config::{Value, ValueKind};
use url::Url;

use crate::config::keys::{self, Key, Kind};
use crate::config::origin::Origin;
use crate::config::quantity::Flaw;
use crate::config::{quantity, sources};
use crate::messages::config as messages;
use crate::messages::{Message, Value as Why};
use crate::wire::text::units;

type Result<T> = std::result::Result<T, Message>;

/// The message about a value of another kind than the key's.
fn wrong_kind(value: &Value, kind: Kind) -> Message {
    messages::wrong_kind(kind_name(&value.kind), kind.wants())
}

/// The defaults of all keys, by path.
static DEFAULTS: LazyLock<HashMap<&'static str, Value>> = LazyLock::new(|| {
    let parsed = |key: &'static Key| sources::value(&key.default, "").ok().map(|value| (key.path.as_ref(), value));
    keys::all().iter().filter_map(parsed).collect()
});

/// A key's default, parsed once for all bots.
pub(super) fn default_of(key: &Key) -> Option<Cow<'static, Value>> {
    DEFAULTS.get(key.path.as_ref()).map(Cow::Borrowed)
}

/// A value as its kind has it: variables and flags carry text, which is a list, table, number or switch where the key
/// is one. Lists are TOML or divided by commas.
pub(super) fn typed<'a>(value: &'a Value, kind: Kind, origin: &Origin) -> Result<Cow<'a, Value>> {
    let (ValueKind::String(text), Origin::Variable(_) | Origin::Flag(_)) = (&value.kind, origin) else {
        return Ok(Cow::Borrowed(value));
    };
    let text = text.trim();
    let code = value.origin().unwrap_or_default();
    let toml = |text: &str| {
        // Never repeated: it may be a secret.
        sources::value(text, code).map(Cow::Owned).map_err(|_| messages::unreadable(kind.wants()))
    };
    match kind {
        Kind::List | Kind::Secrets if !text.starts_with('[') => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Ok(Cow::Owned(Value::new(Some(&code.to_owned()), parts.map(str::to_owned).collect::<Vec<_>>())))
        }
        Kind::List | Kind::Secrets | Kind::Map | Kind::SecretMap => toml(text),
        Kind::Count(..) | Kind::Switch => toml(text),
        Kind::Address
        | Kind::Url
        | Kind::SecretUrl
        | Kind::Size(..)
        | Kind::Duration(..)
        | Kind::Choice(_)
        | Kind::Words(_)
        | Kind::Text
        | Kind::Secret
        | Kind::File => Ok(Cow::Borrowed(value)),
    }
}

/// The text of a value; an error names `kind`, the kind that is wanted.
fn str_of(value: &Value, kind: Kind) -> Result<&str> {
    if let ValueKind::String(text) = &value.kind { Ok(text) } else { Err(wrong_kind(value, kind)) }
}

/// A text that is not empty.
pub(super) fn text(value: &Value) -> Result<String> {
    match str_of(value, Kind::Text)? {
        "" => Err(messages::empty()),
        text => Ok(text.to_owned()),
    }
}

/// A text that is not empty; where the key is for words that users read, also not blank and no longer than allowed.
pub(super) fn words(value: &Value, key: &Key) -> Result<String> {
    let text = text(value)?;
    let Kind::Words(longest) = key.kind else {
        return Ok(text);
    };
    if text.trim().is_empty() {
        return Err(messages::blank());
    }
    let length = units(&text);
    if length > longest {
        return Err(messages::too_long(length, longest));
    }
    Ok(text)
}

/// `true` or `false`.
pub(super) fn switch(value: &Value) -> Result<bool> {
    if let ValueKind::Boolean(switch) = value.kind { Ok(switch) } else { Err(wrong_kind(value, Kind::Switch)) }
}

/// An IP address with a port. The message names the part that is missing.
pub(super) fn address(value: &Value) -> Result<SocketAddr> {
    let text = str_of(value, Kind::Address)?;
    text.parse().map_err(|_| {
        let port = text.rsplit_once(':').and_then(|(_, port)| port.parse::<u64>().ok());
        match (text.strip_prefix(':'), port) {
            (_, Some(port)) if port > u64::from(u16::MAX) => messages::port_out_of_range(port),
            (Some(port), Some(_)) => messages::address_without_ip(text, port),
            (None, None) if text.parse::<std::net::IpAddr>().is_ok() => messages::address_without_port(text),
            _ => messages::not_an_address(text, Kind::Address.wants()),
        }
    })
}

/// A URL as [`url_of`] takes it.
pub(in crate::config) fn url(value: &Value) -> Result<Url> {
    url_of(str_of(value, Kind::Url)?)
}

/// An `http` or `https` URL with a host and without user, query and fragment. Never repeats any of the text: a URL may
/// hold a password.
pub(in crate::config) fn url_of(text: &str) -> Result<Url> {
    use url::ParseError::{EmptyHost, InvalidPort, RelativeUrlWithoutBase};
    let url = Url::parse(text).map_err(|error| {
        if error == RelativeUrlWithoutBase {
            messages::url_without_scheme()
        } else if error == EmptyHost {
            messages::not_a_url(messages::url_empty_host())
        } else if error == InvalidPort {
            messages::not_a_url(messages::url_bad_port())
        } else {
            messages::not_a_url(messages::url_bad_host())
        }
    })?;
    match url.scheme() {
        "http" | "https" => {}
        // `old-bot:8000` reads as a scheme and a path.
        _ if !text.contains("://") => return Err(messages::url_without_scheme()),
        _ => return Err(messages::url_scheme()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(messages::url_with_password());
    }
    if url.fragment().is_some() {
        return Err(messages::url_with_fragment());
    }
    Ok(url)
}

/// One of the key's words. The message names the nearest one.
pub(super) fn choice(value: &Value, key: &Key) -> Result<String> {
    let text = str_of(value, key.kind)?;
    let Kind::Choice(words) = key.kind else {
        return Ok(text.to_owned());
    };
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let choices = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    Err(match keys::nearest_word(text, words) {
        Some(near) => messages::not_a_choice_but(text, near, choices),
        None => messages::not_a_choice(text, choices),
    })
}

/// A count or size within the key's bounds.
pub(super) fn number(value: &Value, key: &Key) -> Result<u64> {
    let size = matches!(key.kind, Kind::Size(..));
    // TOML's integers are 64 bits with a sign.
    let number = if let ValueKind::I64(number) = value.kind {
        u64::try_from(number).map_err(|_| messages::negative(number, key.kind.wants()))?
    } else if let (ValueKind::String(text), true) = (&value.kind, size) {
        quantity::size(text).map_err(|flaw| flawed(flaw, text, key.kind))?
    } else {
        return Err(wrong_kind(value, key.kind));
    };
    let (Kind::Count(least, most) | Kind::Size(least, most)) = key.kind else {
        return Ok(number);
    };
    let show = |number: u64| {
        if size { quantity::show_size(number) } else { number.to_string() }
    };
    within(number, least, most, show, Why::NOTHING)
}

/// The message about a wrong quantity.
fn flawed(flaw: Flaw, text: &str, kind: Kind) -> Message {
    match (flaw, kind) {
        (Flaw::Negative, _) => messages::negative(format!("\"{text}\""), kind.wants()),
        (Flaw::WithoutUnit, _) => messages::without_unit(text, kind.wants()),
        (Flaw::Unreadable | Flaw::TooLarge, Kind::Size(..)) => messages::not_a_size(text, kind.wants()),
        (Flaw::Unreadable | Flaw::TooLarge, _) => messages::not_a_duration(text, kind.wants()),
    }
}

/// A duration within the key's bounds. The message says why there is a bound.
pub(super) fn duration(value: &Value, key: &Key) -> Result<Duration> {
    if let ValueKind::I64(number) = value.kind {
        return Err(messages::number_without_unit(number));
    }
    let text = str_of(value, key.kind)?;
    let read = quantity::duration(text).map_err(|flaw| flawed(flaw, text, key.kind))?;
    let Kind::Duration(least, most) = key.kind else {
        return Ok(read);
    };
    let show = |millis: u64| quantity::show_duration(Duration::from_millis(millis));
    // Rounded up: a hair over the bound is over it.
    let millis = u64::try_from(read.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
    // The second sentence of what a key is for says why it is bounded.
    let second = |meaning: &'static str| meaning.split_once(". ").map_or("", |(_, why)| why);
    within(millis, least, most, show, Why::Words(second(key.english), second(key.korean))).map(|_| read)
}

/// `number`, where it lies between both bounds; else the message, with numbers written by `show` and the reason `why`.
fn within(number: u64, least: u64, most: u64, show: impl Fn(u64) -> String, why: Why) -> Result<u64> {
    if number < least {
        Err(messages::too_little(show(number), show(least), show(most), why))
    } else if number > most {
        Err(messages::too_much(show(number), show(least), show(most), why))
    } else {
        Ok(number)
    }
}

/// The entries of a list, none of them empty.
pub(super) fn list(value: &Value) -> Result<Vec<String>> {
    entries(value, Kind::List)
}

/// The texts of a list, none of them empty; an error names `kind`.
fn entries(value: &Value, kind: Kind) -> Result<Vec<String>> {
    let ValueKind::Array(all) = &value.kind else {
        return Err(wrong_kind(value, kind));
    };
    let entry = |value: &Value| match str_of(value, kind) {
        Ok("") => Err(messages::empty_entry()),
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(messages::entry_of_wrong_kind(kind_name(&value.kind))),
    };
    all.iter().map(entry).collect()
}

/// The secrets of a list, or the one of a text. Empty ones are told later, together with those of files.
pub(super) fn secrets(value: &Value, kind: Kind) -> Result<Vec<String>> {
    if kind == Kind::Secrets { entries(value, kind) } else { Ok(vec![str_of(value, kind)?.to_owned()]) }
}

/// The entries of a table of texts, sorted.
pub(super) fn map(value: &Value, kind: Kind) -> Result<Vec<(String, String)>> {
    let ValueKind::Table(all) = &value.kind else {
        return Err(wrong_kind(value, kind));
    };
    let entry = |(name, value): (&String, &Value)| {
        if let ValueKind::String(text) = &value.kind {
            return Ok((name.clone(), text.clone()));
        }
        Err(messages::table_value_of_wrong_kind(kind_name(&value.kind)))
    };
    let mut entries: Vec<_> = all.iter().map(entry).collect::<Result<_>>()?;
    entries.sort();
    Ok(entries)
}

/// The word for a value's kind, for messages.
fn kind_name(kind: &ValueKind) -> Message {
    match kind {
        ValueKind::Nil => messages::is_nothing(),
        ValueKind::Boolean(_) => messages::is_switch(),
        ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => messages::is_number(),
        ValueKind::Float(_) => messages::is_fraction(),
        ValueKind::String(_) => messages::is_text(),
        ValueKind::Table(_) => messages::is_table(),
        ValueKind::Array(_) => messages::is_list(),
    }
}
