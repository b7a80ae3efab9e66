//! The configuration as it is meant: parsed, checked, complete. The configuration as it was written is in
//! [`super::raw`].
//!
//! Everything that could be wrong has been found before one of these exists, so all other modules read plain values:
//! addresses are addresses, durations durations, secrets hide themselves. Defaults stand in the table of
//! [`super::keys`] alone.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use ipnet::IpNet;
use url::Url;

use super::secret::{Secret, SecretUrl};
use crate::ids::BotId;
pub use crate::translate::view::FreeText;
use crate::translate::view::Policy;

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where OpenBuilder calls. Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Certificate and key for those without a front proxy; plain HTTP without.
    pub tls: Option<TlsFiles>,
    /// Threads, each with its own runtime; one per core by default.
    pub workers: usize,
    /// How long a stop waits for turns and callbacks (S6).
    pub grace: Duration,
    /// The operators' listener.
    pub admin: Admin,
    /// The bots by name; at least one.
    pub bots: BTreeMap<BotId, Arc<BotSettings>>,
    /// Late answers by callback (S2).
    pub callback: Callback,
    /// The callers that are let in.
    pub access: Access,
    /// Bounds (S5).
    pub limits: Limits,
    /// State that outlasts the process (P1); memory alone without.
    pub store: Option<StorePlace>,
    /// Logging.
    pub log: Log,
    /// POSTed to once when a bot goes out and once when it is back (S4).
    pub alert: Option<SecretUrl>,
    /// Hosts whose bare URL as utterance is a photo (I4), ASCII, lower case; a leading dot means any subdomain too.
    pub media_hosts: Arc<[Box<str>]>,
}

/// The operators' listener.
#[derive(Debug, Clone)]
pub struct Admin {
    /// Where.
    pub listen: SocketAddr,
    /// Asked for as `Authorization: Bearer …`. Without it a listener off the loopback has a random one of its process.
    pub token: Option<Secret>,
    /// Opens `/metrics` and `/readyz` and nothing else.
    pub metrics_token: Option<Secret>,
    /// Values of `Host` that are accepted besides IP literals, `localhost` and the host of `public_url`.
    pub hosts: Vec<Box<str>>,
    /// Where browsers reach the console through a proxy (C2): scheme, host and port, without a path.
    pub public_url: Option<Url>,
}

/// PEM files of a certificate chain and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain.
    pub cert: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// One bot.
#[derive(Debug, Clone)]
pub struct BotSettings {
    /// Its name.
    pub id: BotId,
    /// Its address with its base path and without a slash at the end (legacy.md 2).
    pub url: Url,
    /// Where to connect instead of the URL's host; `Host` and the certificate's name stay the URL's (I8).
    pub connect: Option<SocketAddr>,
    /// Trust for an `https` bot (I8).
    pub trust: Trust,
    /// Extra request headers (I8).
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// When the user must have read something, from the first byte of the call (S1).
    pub deadline: Duration,
    /// How long the bot is held on for without a callback (S3).
    pub late: Duration,
    /// How words that match no button are treated (I5).
    pub free_text: FreeText,
    /// Showing.
    pub policy: Arc<Policy>,
    /// Blocks that mean "home", by name or id (I2).
    pub welcome_blocks: Vec<Box<str>>,
    /// Quick replies by block: OpenBuilder `bot.id` to block id (K3).
    pub message_block: BTreeMap<Box<str>, Box<str>>,
    /// OpenBuilder bots whose calls are this bot's, without trailing `!`.
    pub openbuilder_ids: Vec<Box<str>>,
    /// Kakao channel ids (public id or uuid) whose events are this bot's (E2); empty: all on its path.
    pub channel_ids: Vec<Box<str>>,
    /// The Kakao admin key that the channel webhook shows (E2); without it `/channel` is refused.
    pub channel_key: Option<Secret>,
    /// The header secret of the skill.
    pub secret: Option<HeaderSecret>,
    /// Addresses this bot's calls may come from, besides `access.allow`.
    pub allow: Vec<IpNet>,
    /// Served beyond the loopback without secret or address list.
    pub open: bool,
    /// One message at a time for all users (I6).
    pub one_at_a_time: bool,
    /// `POST /friend` for users never seen before (E3); only with a store that lasts.
    pub friend_on_first_contact: bool,
    /// Calls one user may make in a minute; no bound without.
    pub rate: Option<u32>,
    /// Turns of this bot in flight (S5).
    pub turns: usize,
    /// Connections to this bot, busy and idle (I8).
    pub connections: usize,
    /// Sessions kept for this bot (S5).
    pub sessions: usize,
    /// The breaker (S4).
    pub breaker: Breaker,
}

/// How an `https` bot is verified (I8).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    /// PEM file of a private CA, besides the public ones.
    pub ca: Option<PathBuf>,
    /// Any certificate will do. Says so in the log at start.
    pub insecure: bool,
}

/// A header that must carry one of these values.
#[derive(Debug, Clone)]
pub struct HeaderSecret {
    /// Which header.
    pub header: HeaderName,
    /// Any of these; two while rotating.
    pub values: Vec<Secret>,
}

impl BotSettings {
    /// Where the bot is, for operators: host and port, and the address that is taken instead of the name.
    #[must_use]
    pub fn place(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or_default();
        match self.connect {
            Some(address) => format!("{host}:{port} at {address}"),
            None => format!("{host}:{port}"),
        }
    }

    /// The path of a call to this bot, such as `/message`.
    #[must_use]
    pub(crate) fn path_of(&self, call: &str) -> String {
        format!("{}{call}", self.url.path().trim_end_matches('/'))
    }
}

/// When the breaker opens and for how long (S4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// Failures in a row.
    pub failures: u32,
    /// How long it stays open.
    pub open: Duration,
}

/// Late answers by callback (S2).
#[derive(Debug, Clone)]
pub struct Callback {
    /// When "wait" is answered.
    pub after: Duration,
    /// When the bot is given up, from the call's arrival.
    pub give_up: Duration,
    /// Where answers may be POSTed: scheme, host and port; the path must begin with `/v1/bots/`.
    pub origins: Vec<Url>,
}

/// The callers that are let in.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Addresses; everyone's when empty.
    pub allow: Vec<IpNet>,
    /// Peers whose `X-Forwarded-For` is believed, from the right.
    pub trusted_proxies: Vec<IpNet>,
}

/// Bounds (S5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections of the public listener.
    pub connections: usize,
    /// Turns in flight.
    pub turns: usize,
    /// Turns of one user in flight, queued ones included.
    pub turns_per_user: usize,
    /// Bytes of a request body.
    pub body: usize,
    /// Bytes that callers who are not admitted yet may hold together, on each core.
    pub pending_bytes: usize,
    /// How long a connection may take to send a request's head, or stay idle.
    pub header_timeout: Duration,
    /// Bytes of sessions and of the keyboards they remember, for all bots (S5).
    pub session_bytes: usize,
    /// Bytes of late and unfinished replies kept for all users (S3).
    pub parked_bytes: usize,
    /// Channel events waiting or on their way, for all bots (E2, E4).
    pub events: usize,
}

/// Where state lies that outlasts the process (P1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorePlace {
    /// In this folder, for one process.
    Path(PathBuf),
    /// In Redis or Valkey, for several.
    Url(StoreUrl),
}

/// A store that several processes share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreUrl {
    /// `redis://` or `rediss://`, with the password.
    pub url: Secret,
    /// The file of the authority that signs its certificate, in place of the public ones.
    pub ca: Option<PathBuf>,
    /// What its keys begin with.
    pub prefix: Box<str>,
}

/// Logging.
#[derive(Debug, Clone)]
pub struct Log {
    /// How lines look.
    pub format: LogFormat,
    /// A `tracing` filter such as `info` or `smartchat_bridge=debug`.
    pub filter: Box<str>,
    /// Keys the hashes of user keys; random per process without.
    pub key: Option<Secret>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Pretty on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// For people.
    Pretty,
    /// For machines.
    Json,
}
