//! The one place where an answer or a refusal becomes an HTTP response.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::route::Miss;
use crate::fault::Fault;
use crate::net::body::BodyError;
use crate::registry::NoBot;
use crate::telemetry::metrics::Refusal;
use crate::wire::skill::NotASkillCall;

/// A response with its whole body known: one send, and a Content-Length.
pub type Reply = Response<Full<Bytes>>;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Why a call was not admitted. Its text is what the caller reads: short, and without secrets.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
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
    #[error(transparent)]
    NoBot(#[from] NoBot),
    /// No such path, or another method.
    #[error("{}", match .0 { Miss::NotFound => "no such path; the skill's URL ends in /skill", Miss::Method("GET") => "this path takes GET", Miss::Method(_) => "this path takes POST" })]
    Miss(Miss),
    /// The secret is missing or wrong.
    #[error("the secret header is missing or wrong")]
    Secret,
    /// The address is not listed.
    #[error("calls from this address are not admitted")]
    Address,
    /// All connections are taken by callers who were admitted.
    #[error("too many connections; health and readiness are answered all the same")]
    Full,
    /// The bot takes no channel events.
    #[error("no channel_key is configured for this bot")]
    NoChannelKey,
}

impl Refused {
    /// What it counts as.
    #[must_use]
    pub fn kind(&self) -> Refusal {
        match self {
            Self::NotASkillCall(_) | Self::NotAnEvent(_) | Self::Body(BodyError::Cut(_)) => Refusal::BadRequest,
            Self::Body(BodyError::TooLarge { .. }) => Refusal::TooLarge,
            Self::Slow => Refusal::TimedOut,
            Self::NoBot(NoBot::Unknown) | Self::Miss(Miss::NotFound) => Refusal::NotFound,
            Self::NoBot(NoBot::Disagrees | NoBot::Nobodys) | Self::Address | Self::NoChannelKey => Refusal::Forbidden,
            Self::Miss(Miss::Method(_)) => Refusal::MethodNotAllowed,
            Self::Secret => Refusal::Unauthorized,
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
    pub fn respond(&self) -> Reply {
        #[derive(Serialize)]
        struct Body<'a> {
            error: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            path: Option<&'a str>,
        }
        let path = match self {
            Self::NotASkillCall(error) => {
                debug_assert_eq!(error.blame(), crate::fault::Blame::Caller);
                error.path()
            }
            Self::NotAnEvent(_)
            | Self::Body(_)
            | Self::Slow
            | Self::NoBot(_)
            | Self::Miss(_)
            | Self::Secret
            | Self::Address
            | Self::Full
            | Self::NoChannelKey => None,
        };
        let error = self.to_string();
        let body = serde_json::to_vec(&Body { error: &error, path }).unwrap_or_default();
        let mut reply = with(self.status(), JSON, Bytes::from(body));
        if let Self::Miss(Miss::Method(allowed)) = self {
            reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        }
        reply
    }
}

/// An answer to a skill call.
#[must_use]
pub fn answer(body: Bytes) -> Reply {
    with(StatusCode::OK, JSON, body)
}

/// A short text, not to be kept by anybody.
#[must_use]
pub fn text(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    let mut reply = with(status, TEXT, body.into());
    reply.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    reply
}

/// JSON for operators, not to be kept by anybody.
#[must_use]
pub fn json(status: StatusCode, body: &impl Serialize) -> Reply {
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
