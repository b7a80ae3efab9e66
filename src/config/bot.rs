//! One bot's settings.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use url::Url;

use super::origin::Origin;
use super::quantity::show_duration;
use super::read::Reader;
use super::read::files::Pem;
use super::settings::{BotSettings, Breaker, FreeText, HeaderSecret, Trust};
use super::texts::{QUICK_REPLIES, TEXTS};
use super::{access, keys};
use crate::ids::BotId;
use crate::messages::config as messages;
use crate::translate::view::{Overflow, Policy, Texts};

/// Headers the bridge writes itself: a second one would break the call (legacy.md 2) or its framing.
const OWN_HEADERS: [&str; 13] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "accept",
    "accept-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
];

/// Values of the whole configuration that bots use.
pub(super) struct Shared {
    pub(super) callback_after: Option<Duration>,
    pub(super) turns: usize,
    pub(super) sessions: usize,
}

/// Reads and checks one bot.
pub(super) fn settings(reader: &mut Reader<'_>, id: &BotId, shared: &Shared) -> BotSettings {
    let path = |key: &str| format!("bots.{id}.{key}");
    let url = url(reader, &path("url"), id);
    let (deadline, late) = patience(reader, &path, shared);
    let texts = texts(reader, &path);
    let overflow = match reader.choice(&path("overflow")).as_deref() {
        Some("carousel") => Overflow::Carousel,
        _ => Overflow::Pages,
    };
    let policy = Policy {
        bot: id.clone(),
        overflow,
        handover: reader.list(&path("handover.labels"), |label| Ok(Box::from(label.trim()))).unwrap_or_default().into(),
        texts,
        backend: Some(url.clone()),
        public_url: reader.url(&path("public_url")),
    };
    let openbuilder_ids = ids(reader, &path("openbuilder_ids"));
    let message_block = message_block(reader, &path, &openbuilder_ids);
    BotSettings {
        connect: reader.address(&path("connect")),
        trust: trust(reader, &path, &url),
        headers: headers(reader, &path("headers")),
        deadline,
        late,
        free_text: match reader.choice(&path("free_text")).as_deref() {
            Some("forward") => FreeText::Forward,
            _ => FreeText::Reprompt,
        },
        policy: Arc::new(policy),
        welcome_blocks: reader.list(&path("welcome_blocks"), |name| Ok(Box::from(name.trim()))).unwrap_or_default(),
        message_block,
        openbuilder_ids,
        channel_ids: ids(reader, &path("channel_ids")),
        channel_key: reader.secret(&path("channel_key")),
        secret: secret(reader, &path),
        allow: access::networks(reader, &path("allow")).unwrap_or_default(),
        open: reader.switch(&path("open")).unwrap_or_default(),
        one_at_a_time: reader.switch(&path("one_at_a_time")).unwrap_or_default(),
        friend_on_first_contact: first_contact(reader, &path("friend_on_first_contact")),
        rate: reader.count(&path("rate")),
        turns: reader.count_or(&path("turns"), shared.turns),
        connections: reader.count(&path("connections")).unwrap_or_default(),
        sessions: reader.count_or(&path("sessions"), shared.sessions),
        breaker: Breaker {
            failures: reader.count(&path("breaker.failures")).unwrap_or_default(),
            open: reader.duration(&path("breaker.open")).unwrap_or_default(),
        },
        url,
        id: id.clone(),
    }
}

/// The path of a bot's url up to the call that it ends in, and that call: `/kakao` and `/keyboard/index.php`. The bridge
/// adds calls itself (legacy.md 1), so such a url is nearly always a mistake. `None` where it ends in none; a front
/// controller (`/kakao/index.php`) is none.
pub(crate) fn split_at_call(path: &str) -> Option<(&str, &str)> {
    let is_index = |name: &str| name.split_once('.').is_some_and(|(stem, _)| stem == "index");
    let folder = path.rsplit_once('/').filter(|(_, name)| is_index(name)).map_or(path, |(folder, _)| folder);
    let (base, name) = folder.rsplit_once('/')?;
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let is_call = ["keyboard", "message", "friend", "chat_room"].contains(&stem);
    is_call.then(|| path.split_at(base.len()))
}

fn url(reader: &mut Reader<'_>, path: &str, id: &BotId) -> Url {
    if !reader.written(path) {
        let message = match reader.raw.origin(path) {
            Origin::File { .. } => messages::bot_without_url_in_file(id.as_str()),
            Origin::Variable(_) => messages::bot_without_url_in_variables(id.as_str(), keys::variable_of(path)),
            Origin::Default | Origin::Flag(_) => {
                messages::bot_without_url(id.as_str(), keys::variable_of("bots.default.url"))
            }
        };
        reader.problem(path, message);
    }
    let Some(mut url) = reader.url(path) else {
        return nowhere();
    };
    if url.query().is_some() {
        reader.problem(path, messages::bot_url_with_query());
    }
    let trimmed = url.path().trim_end_matches('/').to_owned();
    url.set_path(&trimmed);
    if let Some((_, call)) = split_at_call(&trimmed) {
        reader.warning(path, messages::url_ends_in(call));
    }
    url
}

/// Stands for an address that was told to be wrong.
#[allow(clippy::expect_used, reason = "a literal that a test of this file parses")]
fn nowhere() -> Url {
    Url::parse("http://invalid").expect("a literal URL")
}

fn patience(reader: &mut Reader<'_>, path: &impl Fn(&str) -> String, shared: &Shared) -> (Duration, Duration) {
    let deadline = reader.duration(&path("deadline"));
    let late = reader.duration(&path("late"));
    if let (Some(deadline), Some(late)) = (deadline, late)
        && late < deadline
    {
        let at = if reader.written(&path("late")) { path("late") } else { path("deadline") };
        reader.problem(&at, messages::late_before_deadline(show_duration(late), show_duration(deadline)));
    }
    if let (Some(deadline), Some(after)) = (deadline, shared.callback_after)
        && after >= deadline
    {
        let at = if reader.written("callback.after") { String::from("callback.after") } else { path("deadline") };
        let (deadline, after) = (show_duration(deadline), show_duration(after));
        reader.problem(&at, messages::callback_after_deadline(after, deadline, path("deadline")));
    }
    (deadline.unwrap_or_default(), late.unwrap_or_default())
}

fn texts(reader: &mut Reader<'_>, path: &impl Fn(&str) -> String) -> Texts {
    let mut texts = Texts::default();
    for text in TEXTS {
        if let Some(words) = reader.text(&path(&format!("texts.{}", text.name))) {
            *(text.field)(&mut texts) = words.into();
        }
    }
    let mut seen = HashSet::new();
    for text in TEXTS.iter().filter(|text| QUICK_REPLIES.contains(&text.name)) {
        let label = (text.field)(&mut texts).clone();
        if !seen.insert(label.clone()) {
            reader.problem(&path(&format!("texts.{}", text.name)), messages::quick_replies_alike(label.as_ref()));
        }
    }
    texts
}

fn trust(reader: &mut Reader<'_>, path: &impl Fn(&str) -> String, url: &Url) -> Trust {
    let ca = reader.written(&path("ca")).then(|| reader.pem(&path("ca"), Pem::Certificate)).flatten();
    let insecure = reader.switch(&path("insecure")).unwrap_or_default();
    let plain = url.scheme() == "http";
    if plain && ca.is_some() {
        reader.warning(&path("ca"), messages::no_certificate_is_seen());
    }
    match (insecure, plain) {
        (true, true) => reader.warning(&path("insecure"), messages::no_certificate_is_seen()),
        (true, false) => reader.warning(&path("insecure"), messages::certificate_not_verified()),
        (false, _) => {}
    }
    Trust { ca, insecure }
}

fn headers(reader: &mut Reader<'_>, path: &str) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
    for (name, value) in reader.map(path).unwrap_or_default() {
        let at = format!("{path}.{name}");
        // The value may be a password and is never repeated; nor is a name that is none, for it may be one too.
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value)) {
            (Err(_), _) => reader.problem(path, messages::not_a_header_name()),
            (Ok(name), Err(_)) => reader.problem(&at, messages::header_characters(name.as_str())),
            (Ok(name), Ok(_)) if OWN_HEADERS.contains(&name.as_str()) => {
                reader.problem(&at, messages::header_of_ours(name.as_str()));
            }
            (Ok(name), Ok(_)) if headers.iter().any(|(other, _)| *other == name) => {
                reader.problem(&at, messages::header_twice(name.as_str()));
            }
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                headers.push((name, value));
            }
        }
    }
    headers
}

/// Ids without the `!` of the development channel, each once.
fn ids(reader: &mut Reader<'_>, path: &str) -> Vec<Box<str>> {
    let ids = reader.list(path, |id| Ok(Box::<str>::from(id.trim_end_matches('!')))).unwrap_or_default();
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}

fn message_block(
    reader: &mut Reader<'_>,
    path: &impl Fn(&str) -> String,
    openbuilder_ids: &[Box<str>],
) -> BTreeMap<Box<str>, Box<str>> {
    let path = path("message_block");
    let known: HashSet<&str> = openbuilder_ids.iter().map(AsRef::as_ref).collect();
    let mut blocks = BTreeMap::new();
    for (bot, block) in reader.map(&path).unwrap_or_default() {
        let at = format!("{path}.{bot}");
        let id = bot.trim_end_matches('!');
        if block.is_empty() {
            reader.problem(&at, messages::message_block_empty(&bot));
        } else if !known.is_empty() && !known.contains(id) {
            reader.problem(&at, messages::message_block_unused(&bot));
        }
        blocks.insert(Box::from(id), Box::from(block));
    }
    blocks
}

/// Headers that every call has, that a proxy sets, or that the bridge reads: OpenBuilder could not be told to send a
/// secret in them. `authorization` is not among them: its value is the caller's.
const OF_HTTP: [&str; 27] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-bridge-explain",
    "x-chappie-footprint",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
];

fn secret(reader: &mut Reader<'_>, path: &impl Fn(&str) -> String) -> Option<HeaderSecret> {
    let (header, values, file) = (path("secret.header"), path("secret.values"), path("secret.values_file"));
    let has_values = reader.written(&values) || reader.written(&file);
    match (reader.written(&header), has_values) {
        (false, false) => return None,
        (true, false) => reader.problem(&header, messages::secret_without_value()),
        (false, true) => {
            let at = if reader.written(&values) { &values } else { &file };
            reader.problem(at, messages::secret_without_header());
        }
        (true, true) => {}
    }
    let values = reader.secrets(&path("secret.values"));
    let name = reader.text(&header)?;
    match HeaderName::from_bytes(name.as_bytes()) {
        Ok(used) if OF_HTTP.contains(&used.as_str()) => {
            reader.problem(&header, messages::secret_in_a_header_of_http(used.as_str()));
            None
        }
        Ok(header) => Some(HeaderSecret { header, values: values? }),
        Err(_) => {
            // Not repeated: it may be the secret, written under the wrong key.
            reader.problem(&header, messages::not_a_header_name());
            None
        }
    }
}

fn first_contact(reader: &mut Reader<'_>, path: &str) -> bool {
    let wanted = reader.switch(path).unwrap_or_default();
    if wanted && !["store.path", "store.url", "store.url_file"].iter().any(|key| reader.written(key)) {
        reader.problem(path, messages::first_contact_without_store());
    }
    wanted
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_stand_in_address_is_one() {
        assert_eq!(super::nowhere().host_str(), Some("invalid"));
    }
}
