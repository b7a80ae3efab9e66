//! The one place where an answer or a refusal becomes an HTTP response.

use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Response, StatusCode};
use serde::Serialize;

use super::route::Miss;
use crate::ids::BotId;
use crate::net::body::BodyError;
use crate::registry::NoBot;
use crate::telemetry::metrics::Refusal;
use crate::wire::skill::NotASkillCall;
use crate::wire::text::printable;

/// A response with its whole body known: one send, and a Content-Length.
pub(crate) type Reply = Response<Full<Bytes>>;

/// Headers that the map of a usual call has room for.
const USUAL_HEADERS: usize = 64;

/// Characters of a name from outside that the log gets.
const LOGGED_ID: usize = 128;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Why a call was not admitted. Its text is what the caller reads: short, and without secrets.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// Not a skill call.
    #[error(transparent)]
    NotASkillCall(#[from] NotASkillCall),
    /// Not a channel event.
    #[error("{0}")]
    NotAnEvent(&'static str),
    /// The body did not arrive whole, or is too large.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The body took too long.
    #[error("the body did not arrive in time")]
    Slow,
    /// No bot takes it.
    #[error("{why}")]
    NoBot {
        /// Why not.
        why: NoBot,
        /// The OpenBuilder bot that called.
        openbuilder_id: Option<Box<str>>,
    },
    /// No such path, or another method.
    #[error("{}", match .0 { Miss::NotFound => "no such path; the skill's URL ends in /skill", Miss::Method("GET, HEAD") => "this path takes GET", Miss::Method(_) => "this path takes POST" })]
    Miss(Miss),
    /// The secret is missing or wrong.
    #[error("the secret header is missing or wrong")]
    Secret(SecretMiss),
    /// The address is not listed.
    #[error("calls from this address are not admitted")]
    Address {
        /// For which bot; `None` where it may be any.
        bot: Option<BotId>,
        /// The caller's address, as `X-Forwarded-For` and `access.trusted_proxies` give it.
        caller: IpAddr,
    },
    /// All connections are taken by callers who were admitted.
    #[error("too many connections; health and readiness are answered all the same")]
    Full,
    /// The bot takes no channel events.
    #[error("no channel_key is configured for this bot")]
    NoChannelKey,
}

/// How a secret is missing or wrong, for operators. The values themselves are never told.
#[derive(Debug)]
pub(crate) struct SecretMiss {
    /// For which bot.
    pub(crate) bot: BotId,
    /// In which header it should stand.
    pub(crate) header: HeaderName,
    /// What the value should begin with and does not.
    pub(crate) scheme: Option<&'static str>,
    /// Bytes of the value that came; `None` when the header is missing.
    pub(crate) offered: Option<usize>,
    /// Bytes of the values that would be right.
    pub(crate) wanted: Vec<usize>,
}

impl fmt::Display for SecretMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { header, scheme, offered, wanted, .. } = self;
        if let (Some(scheme), Some(offered)) = (scheme, offered) {
            return write!(f, "the header {header} does not begin with {scheme} and a blank: {offered} bytes came");
        }
        match offered {
            None => write!(f, "the call has no header {header}; enter it at the skill in OpenBuilder"),
            Some(offered) => {
                write!(f, "the header {header} has another value: {offered} bytes came, the configured one has ")?;
                let lengths: Vec<String> = wanted.iter().map(ToString::to_string).collect();
                f.write_str(&lengths.join(" or "))
            }
        }
    }
}

impl Refused {
    /// The bot that the call was for, as far as it is known.
    #[must_use]
    pub(crate) fn bot(&self) -> Option<&BotId> {
        match self {
            Self::Secret(miss) => Some(&miss.bot),
            Self::Address { bot, .. } => bot.as_ref(),
            Self::NotASkillCall(_)
            | Self::NotAnEvent(_)
            | Self::Body(_)
            | Self::Slow
            | Self::NoBot { .. }
            | Self::Miss(_)
            | Self::Full
            | Self::NoChannelKey => None,
        }
    }

    /// The detail for the operator, which the caller must not see.
    #[must_use]
    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Self::Secret(miss) => Some(miss.to_string()),
            Self::Address { caller, .. } => Some(format!("{caller} is in no list: access.allow, bots.*.allow")),
            Self::NoBot { openbuilder_id: Some(id), .. } => Some(format!("bot.id is {}", printable(id, LOGGED_ID))),
            Self::NotASkillCall(error) => error.path().map(|path| format!("at {}", printable(path, LOGGED_ID))),
            Self::NoBot { openbuilder_id: None, .. }
            | Self::NotAnEvent(_)
            | Self::Body(_)
            | Self::Slow
            | Self::Miss(_)
            | Self::Full
            | Self::NoChannelKey => None,
        }
    }

    /// The kind it is counted as.
    #[must_use]
    pub(crate) fn kind(&self) -> Refusal {
        match self {
            Self::NotASkillCall(_) | Self::NotAnEvent(_) | Self::Body(BodyError::Cut(_)) => Refusal::BadRequest,
            Self::Body(BodyError::TooLarge { .. }) => Refusal::TooLarge,
            Self::Slow => Refusal::TimedOut,
            Self::NoBot { why: NoBot::Unknown, .. } | Self::Miss(Miss::NotFound) => Refusal::NotFound,
            Self::NoBot { why: NoBot::Disagrees | NoBot::Nobodys, .. } | Self::Address { .. } | Self::NoChannelKey => {
                Refusal::Forbidden
            }
            Self::Miss(Miss::Method(_)) => Refusal::MethodNotAllowed,
            Self::Secret(_) => Refusal::Unauthorized,
            Self::Full => Refusal::Connections,
        }
    }

    fn status(&self) -> StatusCode {
        match self.kind() {
            Refusal::BadRequest => StatusCode::BAD_REQUEST,
            Refusal::Unauthorized => StatusCode::UNAUTHORIZED,
            Refusal::Forbidden => StatusCode::FORBIDDEN,
            Refusal::NotFound => StatusCode::NOT_FOUND,
            Refusal::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Refusal::Connections | Refusal::Rate => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// The response: a status, and a short JSON with the JSON path where there is one.
    #[must_use]
    pub(crate) fn respond(&self) -> Reply {
        #[derive(Serialize)]
        struct Body<'a> {
            error: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            path: Option<&'a str>,
        }
        let path = match self {
            Self::NotASkillCall(error) => error.path(),
            Self::NotAnEvent(_)
            | Self::Body(_)
            | Self::Slow
            | Self::NoBot { .. }
            | Self::Miss(_)
            | Self::Secret(_)
            | Self::Address { .. }
            | Self::Full
            | Self::NoChannelKey => None,
        };
        let error = self.to_string();
        let body = serde_json::to_vec(&Body { error: &error, path }).unwrap_or_default();
        let mut reply = with(self.status(), JSON, Bytes::from(body));
        if matches!(self, Self::Full) {
            // Its place is for others, and a client that keeps it would send its next call into the close.
            reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Self::Miss(Miss::Method(allowed)) = self {
            reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        }
        reply
    }
}

/// An answer to a skill call. `used` is the map of the request's headers: the memory that hyper has allocated for them
/// is used again, unless a caller made it large.
#[must_use]
pub(crate) fn answer(body: Bytes, mut used: HeaderMap) -> Reply {
    used.clear();
    let mut headers = if used.capacity() <= USUAL_HEADERS { used } else { HeaderMap::new() };
    headers.insert(CONTENT_TYPE, JSON);
    let mut reply = Response::new(Full::new(body));
    *reply.headers_mut() = headers;
    reply
}

/// A short text that no cache may keep.
#[must_use]
pub(crate) fn text(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    let mut reply = with(status, TEXT, body.into());
    reply.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    reply
}

/// JSON for operators that no cache may keep.
#[must_use]
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Reply {
    let mut reply = with(status, JSON, Bytes::from(serde_json::to_vec(body).unwrap_or_default()));
    reply.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    reply
}

fn with(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, content_type);
    reply
}
