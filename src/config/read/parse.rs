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
use crate::config::{quantity, sources};
use crate::wire::text::units;

/// What is wrong with a value, and the fix.
#[derive(Debug)]
pub(in crate::config) struct Wrong {
    pub(in crate::config) what: String,
    pub(in crate::config) fix: String,
}

impl Wrong {
    pub(in crate::config) fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what: what.into(), fix: fix.into() }
    }

    fn kind(value: &Value, kind: Kind) -> Self {
        Self::new(format!("This is {}.", kind_name(&value.kind)), format!("Write {}.", kind.wants()))
    }
}

type Result<T> = std::result::Result<T, Wrong>;

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
        sources::value(text, code).map(Cow::Owned).map_err(|_| {
            // Never repeated: it may be a secret.
            Wrong::new("The value cannot be read.", format!("Write {}.", kind.wants()))
        })
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

fn str_of(value: &Value, kind: Kind) -> Result<&str> {
    if let ValueKind::String(text) = &value.kind { Ok(text) } else { Err(Wrong::kind(value, kind)) }
}

pub(super) fn text(value: &Value) -> Result<String> {
    match str_of(value, Kind::Text)? {
        "" => Err(Wrong::new("This is empty.", "Write something, or leave the key out.")),
        text => Ok(text.to_owned()),
    }
}

pub(super) fn words(value: &Value, key: &Key) -> Result<String> {
    let text = text(value)?;
    let Kind::Words(longest) = key.kind else {
        return Ok(text);
    };
    if text.trim().is_empty() {
        let fix = "Write something, or leave the key out.";
        return Err(Wrong::new("This is blank.", fix));
    }
    let length = units(&text);
    if length > longest {
        let what = format!("This has {length} characters, which KakaoTalk would cut.");
        return Err(Wrong::new(what, format!("Write at most {longest}.")));
    }
    Ok(text)
}

pub(super) fn switch(value: &Value) -> Result<bool> {
    if let ValueKind::Boolean(switch) = value.kind { Ok(switch) } else { Err(Wrong::kind(value, Kind::Switch)) }
}

pub(super) fn address(value: &Value) -> Result<SocketAddr> {
    let text = str_of(value, Kind::Address)?;
    text.parse().map_err(|_| {
        let port = text.rsplit_once(':').and_then(|(_, port)| port.parse::<u64>().ok());
        let fix = match (text.strip_prefix(':'), port) {
            (_, Some(port)) if port > u64::from(u16::MAX) => {
                return Wrong::new(format!("The port {port} is out of range."), "Write a port from 0 to 65535.");
            }
            (Some(port), Some(_)) => format!("Write \"0.0.0.0:{port}\" for all addresses."),
            (None, None) if text.parse::<std::net::IpAddr>().is_ok() => {
                format!("Add a port: \"{text}:8080\".")
            }
            _ => format!("Write {}; a name such as localhost is none.", Kind::Address.wants()),
        };
        Wrong::new(format!("\"{text}\" is not an address."), fix)
    })
}

pub(in crate::config) fn url(value: &Value) -> Result<Url> {
    url_of(str_of(value, Kind::Url)?)
}

/// An `http` or `https` URL with a host and without user, query and fragment. Never repeats the text: a URL may hold
/// a password.
pub(in crate::config) fn url_of(text: &str) -> Result<Url> {
    let fix = "Write http:// or https://, the host, and the port and path if any.";
    let url = Url::parse(text).map_err(|error| {
        if error == url::ParseError::RelativeUrlWithoutBase {
            return Wrong::new("The URL has no scheme.", fix);
        }
        Wrong::new(format!("This is not a URL: {error}."), fix)
    })?;
    match url.scheme() {
        "http" | "https" => {}
        // `old-bot:8000` reads as a scheme and a path.
        _ if !text.contains("://") => return Err(Wrong::new("The URL has no scheme.", fix)),
        other => {
            return Err(Wrong::new(format!("The scheme {other} is not supported."), fix));
        }
    }
    if !url.username().is_empty() || url.password().is_some() {
        let fix = "Take them out; a header such as authorization can be sent by `headers`.";
        return Err(Wrong::new("The URL holds a user or password.", fix));
    }
    if url.fragment().is_some() {
        return Err(Wrong::new("The URL has a fragment (#…).", "Take it out."));
    }
    Ok(url)
}

pub(super) fn choice(value: &Value, key: &Key) -> Result<String> {
    let text = str_of(value, key.kind)?;
    let Kind::Choice(words) = key.kind else {
        return Ok(text.to_owned());
    };
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let all = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
    let fix = match keys::nearest_word(text, words) {
        Some(near) => format!("Did you mean \"{near}\"? It may be {all}."),
        None => format!("Write {all}."),
    };
    Err(Wrong::new(format!("\"{text}\" is not one of the choices."), fix))
}

/// A count or size within the key's bounds.
pub(super) fn number(value: &Value, key: &Key) -> Result<u64> {
    let size = matches!(key.kind, Kind::Size(..));
    let wrong = |what: String| Wrong::new(what, format!("Write {}.", key.kind.wants()));
    // TOML's integers are 64 bits with a sign.
    let number = if let ValueKind::I64(number) = value.kind {
        u64::try_from(number).map_err(|_| wrong(format!("{number} is negative.")))?
    } else if let (ValueKind::String(text), true) = (&value.kind, size) {
        quantity::size(text).map_err(|why| wrong(format!("\"{text}\" {why}.")))?
    } else {
        return Err(Wrong::kind(value, key.kind));
    };
    let (Kind::Count(least, most) | Kind::Size(least, most)) = key.kind else {
        return Ok(number);
    };
    let show = |number: u64| {
        if size { quantity::show_size(number) } else { number.to_string() }
    };
    within(number, least, most, show)
}

pub(super) fn duration(value: &Value, key: &Key) -> Result<Duration> {
    if let ValueKind::I64(number) = value.kind {
        let fix = format!("Write \"{number}s\" for seconds or \"{number}ms\" for milliseconds, in quotes.");
        return Err(Wrong::new(format!("{number} has no unit."), fix));
    }
    let text = str_of(value, key.kind)?;
    let read = quantity::duration(text)
        .map_err(|why| Wrong::new(format!("\"{text}\" {why}."), format!("Write {}.", key.kind.wants())))?;
    let Kind::Duration(least, most) = key.kind else {
        return Ok(read);
    };
    let show = |millis: u64| quantity::show_duration(Duration::from_millis(millis));
    // Rounded up: a hair over the bound is over it.
    let millis = u64::try_from(read.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
    // The second sentence of what a key is for says why it is bounded.
    let why = key.english.split_once(". ").map_or_else(String::new, |(_, why)| format!(" {why}"));
    within(millis, least, most, show).map_err(|Wrong { what, fix }| Wrong { what, fix: fix + &why }).map(|_| read)
}

fn within(number: u64, least: u64, most: u64, show: impl Fn(u64) -> String) -> Result<u64> {
    let wrong = if number < least {
        format!("{} is too little.", show(number))
    } else if number > most {
        format!("{} is too much.", show(number))
    } else {
        return Ok(number);
    };
    Err(Wrong::new(wrong, format!("Write {} to {}.", show(least), show(most))))
}

/// The entries of a list, none of them empty.
pub(super) fn list(value: &Value) -> Result<Vec<String>> {
    entries(value, Kind::List)
}

fn entries(value: &Value, kind: Kind) -> Result<Vec<String>> {
    let ValueKind::Array(all) = &value.kind else {
        return Err(Wrong::kind(value, kind));
    };
    let entry = |value: &Value| match str_of(value, kind) {
        Ok("") => Err(Wrong::new("An entry of the list is empty.", "Take it out.")),
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Wrong::new(
            format!("An entry of the list is {}.", kind_name(&value.kind)),
            "Put every entry in quotes.",
        )),
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
        return Err(Wrong::kind(value, kind));
    };
    let entry = |(name, value): (&String, &Value)| {
        if let ValueKind::String(text) = &value.kind {
            return Ok((name.clone(), text.clone()));
        }
        let what = format!("{name} is {}.", kind_name(&value.kind));
        Err(Wrong::new(what, "Put every value in quotes."))
    };
    let mut entries: Vec<_> = all.iter().map(entry).collect::<Result<_>>()?;
    entries.sort();
    Ok(entries)
}

/// What a value is, for messages.
fn kind_name(kind: &ValueKind) -> &'static str {
    match kind {
        ValueKind::Nil => "nothing",
        ValueKind::Boolean(_) => "true or false",
        ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => "a number",
        ValueKind::Float(_) => "a fraction",
        ValueKind::String(_) => "a text",
        ValueKind::Table(_) => "a table",
        ValueKind::Array(_) => "a list",
    }
}
