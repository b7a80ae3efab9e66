//! Late answers to Kakao (S2), and the operator's alert (S4): a JSON body POSTed to a URL from outside.
//!
//! At most once: only while nothing of it was sent is an answer tried again (I7 holds for Kakao as for bots). No
//! pool of connections: callbacks are few, a token is used once, and rustls resumes the TLS session.

mod allow;

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Uri};
use serde_json::Value;
use thiserror::Error;
use tokio_rustls::rustls::ClientConfig;
use url::Url;

use crate::config::settings::Trust;
use crate::fault::Sent;
use crate::net::client::ClientError;
use crate::net::once::{OneAnswer, once, path_and_query};
use crate::net::target::Target;
use crate::net::tls::{self, TlsProblem};
use crate::time::{self, Instant};
use crate::wire::text::printable;

pub(crate) use allow::CallbackUrl;

/// Bytes of the answer; real ones have under 300.
const ANSWER_BYTES: usize = 64 * 1024;
/// Characters of the answer's message that are kept for the log.
const MESSAGE_CHARS: usize = 200;
/// How long one try may take: what Kakao itself allows a skill server.
const TRY: Duration = Duration::from_secs(5);
/// Waits between tries that sent nothing: 100 ms, doubled up to 2 s, with jitter, until the time is over.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Kakao took the answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Accepted {
    /// Kakao's own number for it, where given; for the log.
    pub(crate) task_id: Option<Box<str>>,
}

/// Why an answer did not get through.
#[derive(Debug, Error)]
pub(crate) enum CallbackError {
    /// Kakao answered, and said no: a bad HTTP status, FAIL or ERROR (openbuilder.md 3).
    #[error("refused with HTTP {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Kakao's words, cut to 200 characters.
        message: Box<str>,
    },
    /// Kakao did not answer.
    #[error("not delivered")]
    Undelivered {
        /// Whether it may have arrived all the same.
        sent: Sent,
        /// The last failure.
        #[source]
        source: ClientError,
    },
    /// The URL cannot be called. Only an alert's can be so.
    #[error("not an http or https address that can be called")]
    Address,
}

/// POSTs JSON to URLs from outside. Cheap to clone.
#[derive(Clone)]
pub(crate) struct CallbackClient {
    tls: Arc<ClientConfig>,
}

impl CallbackClient {
    /// A client that trusts the public certificate authorities.
    ///
    /// # Errors
    /// [`TlsProblem`] when TLS is not available at all.
    pub(crate) fn new() -> Result<Self, TlsProblem> {
        Self::with_trust(&Trust::default())
    }

    /// A client that trusts as told: for an own relay in front of Kakao, and for tests.
    ///
    /// # Errors
    /// [`TlsProblem`] when the CA's file cannot be used.
    pub(crate) fn with_trust(trust: &Trust) -> Result<Self, TlsProblem> {
        Ok(Self { tls: tls::client_config(trust)? })
    }

    /// Delivers `body` once. It is tried again, until `until`, only while nothing of it was sent: a callback token is
    /// good for one use, and a second bubble is worse than a parked one.
    ///
    /// # Errors
    /// [`CallbackError`]; FAIL and ERROR are errors, a 2xx answer that cannot be read is not.
    pub(crate) async fn post(&self, url: &CallbackUrl, body: Bytes, until: Instant) -> Result<Accepted, CallbackError> {
        let (status, answer) = self.deliver(url.url(), body, until).await?;
        // {taskId, status, message, timestamp}; a `Value`, so that one member of another type hides no FAIL.
        let verdict: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let words = |name: &str| verdict.get(name).and_then(Value::as_str).unwrap_or_default();
        let said = words("status");
        let refused = ["FAIL", "ERROR"].iter().any(|no| said.eq_ignore_ascii_case(no));
        if refused || !(200..300).contains(&status) {
            return Err(CallbackError::Refused { status, message: printable(words("message"), MESSAGE_CHARS) });
        }
        let task_id = printable(words("taskId"), MESSAGE_CHARS);
        Ok(Accepted { task_id: (!task_id.is_empty()).then_some(task_id) })
    }

    /// Delivers `body` to a URL of the operator's (`alert.url`); any 2xx will do, the answer is not read.
    ///
    /// # Errors
    /// [`CallbackError`].
    pub(crate) async fn post_json(&self, url: &Url, body: Bytes, until: Instant) -> Result<(), CallbackError> {
        let (status, _) = self.deliver(url, body, until).await?;
        if (200..300).contains(&status) {
            return Ok(());
        }
        Err(CallbackError::Refused { status, message: Box::default() })
    }

    /// Tries until something was sent or the time is over; the status and the answer's body, as far as it came.
    async fn deliver(&self, url: &Url, body: Bytes, until: Instant) -> Result<(u16, Bytes), CallbackError> {
        let target = Target::new(url, &self.tls).ok_or(CallbackError::Address)?;
        let uri = path_and_query(url).ok_or(CallbackError::Address)?;
        let mut waits = ExponentialBuilder::default()
            .with_min_delay(FIRST_WAIT)
            .with_max_delay(LONGEST_WAIT)
            .with_jitter()
            .without_max_times()
            .build();
        loop {
            let mut sent = Sent::Nothing;
            let cut = until.min(time::instant() + TRY);
            let source = match once(&target, post(&target, &uri, &body), ANSWER_BYTES, cut, &mut sent).await {
                // The body is a courtesy: once the status is there, what becomes of the rest changes nothing.
                Ok(OneAnswer { head, body, .. }) => return Ok((head.status.as_u16(), body.unwrap_or_default())),
                Err(source) => source,
            };
            let wait = waits.next().unwrap_or(LONGEST_WAIT);
            if sent == Sent::Unknown || time::instant() + wait >= until {
                return Err(CallbackError::Undelivered { sent, source });
            }
            tokio::time::sleep(wait).await;
        }
    }
}

fn post(target: &Target, uri: &Uri, body: &Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri.clone();
    let headers = request.headers_mut();
    headers.insert(header::HOST, target.authority().clone());
    headers
        .insert(header::USER_AGENT, HeaderValue::from_static(concat!("smartchat-bridge/", env!("CARGO_PKG_VERSION"))));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    request
}
