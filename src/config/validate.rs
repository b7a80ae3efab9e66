//! From raw to meant: every key is read, every rule checked, and only then is there a [`Settings`].
//!
//! A wrong value is noted and replaced by anything of its type; the result is thrown away when there are problems.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use url::{Host, Url};

use super::origin::Origin;
use super::problem::Problem;
use super::read::Reader;
use super::read::files::Pem;
use super::read::parse::url_of;
use super::secret::SecretUrl;
use super::settings::{
    Access, Admin, BotSettings, Callback, Limits, Log, LogFormat, Settings, StorePlace, StoreUrl, TlsFiles,
};
use super::{access, bot, keys};
use crate::ids::BotId;
use crate::messages::config as messages;
use crate::messages::{Message, Value};

/// Reads everything.
pub(super) fn settings(reader: &mut Reader<'_>, bound: Option<SocketAddr>) -> Settings {
    let listen = reader.address("listen");
    let admin = admin(reader);
    let callback = callback(reader);
    let access = Access {
        allow: access::networks(reader, "access.allow").unwrap_or_default(),
        trusted_proxies: access::networks(reader, "access.trusted_proxies").unwrap_or_default(),
    };
    let (limits, sessions) = limits(reader);
    let shared = bot::Shared { callback_after: Some(callback.after), turns: limits.turns, sessions };
    let cores = std::thread::available_parallelism().map_or(1, Into::into);
    let grace = reader.duration("grace").unwrap_or_default();
    let settings = Settings {
        listen: listen.unwrap_or(NOWHERE),
        tls: tls(reader),
        workers: reader.count_or("workers", cores),
        grace,
        admin,
        bots: bots(reader, &shared),
        callback,
        access,
        limits,
        store: store(reader),
        log: log(reader),
        alert: reader.url("alert.url").map(SecretUrl::new),
        media_hosts: media_hosts(reader),
    };
    if listen.is_some() {
        listeners(reader, &settings);
        access::check(reader, &settings, bound);
    }
    if settings.grace < settings.callback.give_up && reader.written("grace") {
        reader.warning("grace", messages::grace_short());
    }
    settings
}

const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn admin(reader: &mut Reader<'_>) -> Admin {
    let listen = reader.address("admin.listen");
    let token = reader.secret("admin.token");
    let metrics_token = reader.secret("admin.metrics_token");
    if token.is_some() && token == metrics_token {
        reader.problem("admin.metrics_token", messages::tokens_alike());
    }
    let hosts = reader.list("admin.hosts", |host| Ok(Box::from(host.to_ascii_lowercase())));
    let public_url = reader.url("admin.public_url");
    if let Some(url) = public_url.as_ref().filter(|url| url.path() != "/" || url.query().is_some()) {
        reader.problem("admin.public_url", messages::console_with_path(url.origin().ascii_serialization()));
    }
    let hosts = hosts.unwrap_or_default();
    Admin { listen: listen.unwrap_or(NOWHERE), token, metrics_token, hosts, public_url }
}

fn listeners(reader: &mut Reader<'_>, settings: &Settings) {
    let (public, admin) = (settings.listen, settings.admin.listen);
    let meet = public.ip() == admin.ip() || public.ip().is_unspecified() || admin.ip().is_unspecified();
    if public.port() != 0 && public.port() == admin.port() && meet {
        let path = if reader.written("admin.listen") { "admin.listen" } else { "listen" };
        reader.problem(path, messages::one_port_twice(public, admin, public.port()));
    }
}

fn tls(reader: &mut Reader<'_>) -> Option<TlsFiles> {
    let mut pem = |path: &str, wanted, other: &str| -> Option<PathBuf> {
        let file = reader.written(path).then(|| reader.pem(path, wanted)).flatten();
        if reader.written(path) && !reader.written(other) {
            reader.problem(path, messages::tls_without(other, path));
        }
        file
    };
    let cert = pem("tls.cert", Pem::Certificate, "tls.key");
    let key = pem("tls.key", Pem::Key, "tls.cert");
    Some(TlsFiles { cert: cert?, key: key? })
}

fn callback(reader: &mut Reader<'_>) -> Callback {
    let after = reader.duration("callback.after");
    let give_up = reader.duration("callback.give_up");
    if let (Some(after), Some(give_up)) = (after, give_up)
        && give_up <= after
    {
        let path = if reader.written("callback.give_up") { "callback.give_up" } else { "callback.after" };
        reader.problem(path, messages::given_up_before_after());
    }
    let listed = reader.list("callback.origins", origin);
    let refused = listed.as_ref().is_some_and(Vec::is_empty);
    let origins = listed.unwrap_or_default();
    if refused {
        reader.problem("callback.origins", messages::no_callback_origin());
    }
    let open = |url: &&Url| url.scheme() == "http" && !is_loopback(url);
    if origins.iter().any(|url| open(&url)) {
        reader.warning("callback.origins", messages::callback_unencrypted());
    }
    Callback { after: after.unwrap_or(Duration::ZERO), give_up: give_up.unwrap_or(Duration::MAX), origins }
}

fn origin(text: &str) -> Result<Url, Message> {
    let url = url_of(text)?;
    if url.path() != "/" || url.query().is_some() {
        return Err(messages::origin_with_path(url.origin().ascii_serialization()));
    }
    Ok(url)
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn limits(reader: &mut Reader<'_>) -> (Limits, usize) {
    let limits = Limits {
        connections: reader.count("limits.connections").unwrap_or_default(),
        turns: reader.count("limits.turns").unwrap_or_default(),
        turns_per_user: reader.count("limits.turns_per_user").unwrap_or_default(),
        body: reader.count("limits.body").unwrap_or_default(),
        pending_bytes: reader.count("limits.pending").unwrap_or_default(),
        header_timeout: reader.duration("limits.header_timeout").unwrap_or_default(),
        session_bytes: reader.count("limits.session_bytes").unwrap_or_default(),
        parked_bytes: reader.count("limits.parked").unwrap_or_default(),
        events: reader.count("limits.events").unwrap_or_default(),
    };
    (limits, reader.count("limits.sessions").unwrap_or_default())
}

fn store(reader: &mut Reader<'_>) -> Option<StorePlace> {
    let shared = ["store.url", "store.url_file"].into_iter().find(|key| reader.written(key));
    let prefix = reader.text("store.prefix").unwrap_or_default();
    let Some(shared) = shared else {
        let path = reader.written("store.path").then(|| reader.text("store.path")).flatten()?;
        if path.trim().is_empty() {
            reader.problem("store.path", messages::store_nowhere());
            return None;
        }
        return Some(StorePlace::Path(PathBuf::from(path)));
    };
    if reader.written("store.path") {
        reader.problem("store.path", messages::store_twice(shared));
    }
    // A brace would end the part of a key by which a cluster finds the user's others.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    if prefix.is_empty() || prefix.len() > 64 || !prefix.bytes().all(is_plain) {
        reader.problem("store.prefix", messages::store_prefix());
    }
    let url = reader.secret("store.url")?;
    let parsed = std::str::from_utf8(url.expose()).ok().and_then(|url| Url::parse(url).ok());
    let Some(parsed) = parsed.filter(|url| matches!(url.scheme(), "redis" | "rediss") && url.host().is_some()) else {
        reader.problem(shared, messages::store_url());
        return None;
    };
    let ca = reader.written("store.ca").then(|| reader.pem("store.ca", Pem::Certificate)).flatten();
    if ca.is_some() && parsed.scheme() == "redis" {
        reader.warning("store.ca", messages::store_shows_no_certificate());
    }
    Some(StorePlace::Url(StoreUrl { url, ca, prefix: prefix.into() }))
}

fn log(reader: &mut Reader<'_>) -> Log {
    let format = match reader.choice("log.format").as_deref() {
        Some("pretty") => LogFormat::Pretty,
        Some("json") => LogFormat::Json,
        _ => LogFormat::Auto,
    };
    let filter = reader.text("log.filter").unwrap_or_default();
    // Its parser cuts words apart by bytes and panics within a character (tracing-subscriber 0.3.23); targets are ASCII.
    if !filter.is_ascii() || EnvFilter::builder().parse(&filter).is_err() {
        reader.problem("log.filter", messages::not_a_filter(&filter));
    }
    Log { format, filter: filter.into(), key: reader.secret("log.key") }
}

fn media_hosts(reader: &mut Reader<'_>) -> Arc<[Box<str>]> {
    let host = |text: &str| {
        let (dot, name) = text.strip_prefix('.').map_or(("", text), |name| (".", name));
        match Host::parse(name) {
            Ok(Host::Domain(name)) => Ok(Box::from(format!("{dot}{name}"))),
            _ => Err(messages::not_a_host(text)),
        }
    };
    reader.list("media_hosts", host).unwrap_or_default().into()
}

fn bots(reader: &mut Reader<'_>, shared: &bot::Shared) -> BTreeMap<BotId, Arc<BotSettings>> {
    let raw = reader.raw;
    // A `bots` that is no table has been told.
    if raw.bots().is_empty() && !reader.problems.iter().any(|problem| problem.key == "bots") {
        reader.problem("bots", messages::no_bot(keys::variable_of("bots.default.url")));
    }
    let mut bots = BTreeMap::new();
    for name in raw.bots().keys() {
        let Some(id) = BotId::parse(name) else {
            bad_name(reader, name);
            continue;
        };
        let settings = bot::settings(reader, &id, shared);
        bots.insert(id, Arc::new(settings));
    }
    apart(reader, &bots, "openbuilder_ids", |bot| &bot.openbuilder_ids);
    apart(reader, &bots, "channel_ids", |bot| &bot.channel_ids);
    catching_blocks(reader, &bots);
    unreachable_by_short_path(reader, &bots);
    bots
}

/// Several bots share `/skill` by `bot.id` only: one that lists none is reached by its own path alone, which matters
/// most to an operator who adds a second bot beside a first that worked.
fn unreachable_by_short_path(reader: &mut Reader<'_>, bots: &BTreeMap<BotId, Arc<BotSettings>>) {
    let silent: Vec<&BotId> = bots.values().filter(|bot| bot.openbuilder_ids.is_empty()).map(|bot| &bot.id).collect();
    let Some(first) = silent.first().filter(|_| bots.len() > 1) else { return };
    let others = match silent.len() {
        1 => Value::NOTHING,
        more => messages::and_more(more - 1).into(),
    };
    reader.warning(&format!("bots.{first}.openbuilder_ids"), messages::not_at_skill(first.as_str(), others));
}

/// K3: one piece of advice for all bots that have no `message_block`.
fn catching_blocks(reader: &mut Reader<'_>, bots: &BTreeMap<BotId, Arc<BotSettings>>) {
    let mut without = bots.values().filter(|bot| bot.message_block.is_empty()).map(|bot| &bot.id);
    let Some(first) = without.next() else { return };
    let others = match without.count() {
        0 => Value::NOTHING,
        more => messages::and_those_of_more(more).into(),
    };
    let key = format!("bots.{first}.message_block");
    let origin = match reader.raw.origin(&key) {
        file @ Origin::File { .. } => file,
        // A variable or flag that set something else of the bot is no place to look at.
        Origin::Default | Origin::Variable(_) | Origin::Flag(_) => Origin::Default,
    };
    reader.advice.push(Problem { origin, key, message: messages::blocks_catch_words(others) });
}

fn bad_name(reader: &mut Reader<'_>, name: &str) {
    let path = format!("bots.{name}");
    let lower = name.to_ascii_lowercase();
    let origin = reader.raw.section_origin(&path);
    let message = if BotId::parse(&lower).is_none() {
        messages::bot_name(name)
    } else if reader.raw.bots().contains_key(&lower) {
        messages::bot_name_twice(lower)
    } else {
        messages::bot_name_in_capitals(lower)
    };
    reader.problems.push(Problem { origin, key: path, message });
}

/// An id leads to one bot only.
fn apart(
    reader: &mut Reader<'_>,
    bots: &BTreeMap<BotId, Arc<BotSettings>>,
    name: &str,
    ids: impl Fn(&BotSettings) -> &Vec<Box<str>>,
) {
    let mut owners: HashMap<&str, &BotId> = HashMap::new();
    for bot in bots.values() {
        for id in ids(bot) {
            if let Some(owner) = owners.insert(id, &bot.id).filter(|owner| **owner != bot.id) {
                let path = format!("bots.{}.{name}", bot.id);
                let there = keys::pattern_of(&path).replacen('*', owner.as_str(), 1);
                reader.problem(&path, messages::id_of_two_bots(id.as_ref(), there));
            }
        }
    }
}
