//! Late answers to Kakao (S2), and the operator's alert (S4): a JSON body POSTed to a URL from outside.
//!
//! `callbackUrl` comes with the request, so whoever can call the bridge could make it POST anywhere (SSRF). A
//! [`CallbackUrl`] therefore exists only after the allow-list; nothing else can be posted to as a callback. It hides
//! its token, which is as good as the right to speak for the bot. No pool: callbacks are few, a token is used once,
//! and the TLS sessions are resumed by rustls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Uri};
use serde_json::Value;
use thiserror::Error;
use tokio::time::timeout_at;
use tokio_rustls::rustls::ClientConfig;
use url::Url;

use crate::config::settings::Trust;
use crate::fault::{Blame, Fault, Sent};
use crate::net::client::ClientError;
use crate::net::target::Target;
use crate::net::tls::{self, TlsProblem};
use crate::time::{self, Instant};

/// Where callbacks live on an allowed host (openbuilder.md 3).
const PATH: &str = "/v1/bots/";
/// Bytes of a callback URL; real ones have under 200.
const LONGEST_URL: usize = 2048;
/// Bytes of the answer; real ones have under 300.
const ANSWER_BYTES: usize = 64 * 1024;
/// Characters of the answer's message that are kept for the log.
const MESSAGE_CHARS: usize = 200;
/// How long one try may take: what Kakao itself allows a skill server.
const TRY: Duration = Duration::from_secs(5);
/// Waits between tries that sent nothing: 100 ms, doubled up to 2 s, with jitter, until the time is over.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Why a `callbackUrl` is not used. The answer is parked then (S2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAllowed {
    /// Longer than any real one, or no URL at all.
    #[error("the callback URL is not a URL of at most {LONGEST_URL} bytes")]
    Malformed,
    /// Scheme, host and port are not one of `callback.origins`.
    #[error("the callback URL's origin is not one of callback.origins")]
    Origin,
    /// The path is not below `/v1/bots/`, or hides where it leads.
    #[error("the callback URL's path is not below {PATH}")]
    Path,
}

/// A callback URL that is allowed. `Debug` shows its origin only.
#[derive(Clone, PartialEq, Eq)]
pub struct CallbackUrl(Url);

impl CallbackUrl {
    /// `url` as it came, when its scheme, host and port are exactly those of one of `origins`, its path lies below
    /// `/v1/bots/`, and nothing in it could be read differently by another parser (user info, fragment, backslash,
    /// white space, encoded dots and slashes).
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub fn parse(url: &str, origins: &[Url]) -> Result<Self, NotAllowed> {
        // The parser drops tabs and line feeds and turns `\` into `/`: such a URL is not Kakao's.
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
        if url.len() > LONGEST_URL || !url.bytes().all(plain) {
            return Err(NotAllowed::Malformed);
        }
        let parsed = Url::parse(url).map_err(|_| NotAllowed::Malformed)?;
        let (_, after_scheme) = url.split_once("://").ok_or(NotAllowed::Malformed)?;
        let authority = after_scheme
            .split(['/', '?', '#'])
            .next()
            .unwrap_or_default();
        if authority.contains('@') || url.contains('#') {
            return Err(NotAllowed::Malformed);
        }
        let is_here = |origin: &Url| {
            origin.scheme() == parsed.scheme()
                && origin.host() == parsed.host()
                && origin.port_or_known_default() == parsed.port_or_known_default()
        };
        if parsed.cannot_be_a_base() || !origins.iter().any(is_here) {
            return Err(NotAllowed::Origin);
        }
        // `Url` has taken dot segments out, `%2e` ones too; encoded slashes are taken out by some servers.
        let path = parsed.path();
        let below = path.strip_prefix(PATH).is_some_and(|rest| !rest.is_empty());
        let lower = url.to_ascii_lowercase();
        if !below
            || ["%2e", "%2f", "%5c", "%00"]
                .iter()
                .any(|trick| lower.contains(trick))
        {
            return Err(NotAllowed::Path);
        }
        Ok(Self(parsed))
    }
}

impl fmt::Debug for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallbackUrl({}…)", self.0.origin().ascii_serialization())
    }
}

/// Kakao took the answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accepted {
    /// Kakao's own number for it, where given; for the log.
    pub task_id: Option<Box<str>>,
}

/// Why an answer did not get through.
#[derive(Debug, Error)]
pub enum CallbackError {
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
        /// What happened last.
        #[source]
        source: ClientError,
    },
    /// The URL cannot be called. Only an alert's can be so.
    #[error("not an http or https address that can be called")]
    Address,
}

impl CallbackError {
    /// The word for logs and metrics, one of a fixed few.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Undelivered {
                sent: Sent::Nothing,
                ..
            } => "unreachable",
            Self::Undelivered {
                sent: Sent::Unknown,
                ..
            } => "unanswered",
            Self::Address => "address",
        }
    }
}

impl Fault for CallbackError {
    fn blame(&self) -> Blame {
        match self {
            Self::Refused { .. } | Self::Undelivered { .. } => Blame::Platform,
            Self::Address => Blame::Operator,
        }
    }

    fn sent(&self) -> Sent {
        match self {
            Self::Refused { .. } => Sent::Unknown,
            Self::Undelivered { sent, .. } => *sent,
            Self::Address => Sent::Nothing,
        }
    }
}

/// POSTs JSON to URLs from outside. Cheap to clone.
#[derive(Clone)]
pub struct CallbackClient {
    tls: Arc<ClientConfig>,
}

impl CallbackClient {
    /// A client that trusts the public certificate authorities.
    ///
    /// # Errors
    /// [`TlsProblem`] when TLS is not available at all.
    pub fn new() -> Result<Self, TlsProblem> {
        Self::with_trust(&Trust::default())
    }

    /// A client that trusts as told: for an own relay in front of Kakao, and for tests.
    ///
    /// # Errors
    /// [`TlsProblem`] when the CA's file cannot be used.
    pub fn with_trust(trust: &Trust) -> Result<Self, TlsProblem> {
        Ok(Self {
            tls: tls::client_config(trust)?,
        })
    }

    /// Delivers `body` once. It is tried again, until `until`, only while nothing of it was sent: a callback token is
    /// good for one use, and a second bubble is worse than a parked one.
    ///
    /// # Errors
    /// [`CallbackError`]; FAIL and ERROR are errors, a 2xx answer that cannot be read is not.
    pub async fn post(
        &self,
        url: &CallbackUrl,
        body: Bytes,
        until: Instant,
    ) -> Result<Accepted, CallbackError> {
        let (status, answer) = self.deliver(&url.0, body, until).await?;
        // {taskId, status, message, timestamp}; a `Value`, so that one member of another type hides no FAIL.
        let verdict: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let words = |name: &str| {
            verdict
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let said = words("status");
        let refused = ["FAIL", "ERROR"]
            .iter()
            .any(|no| said.eq_ignore_ascii_case(no));
        if refused || !(200..300).contains(&status) {
            return Err(CallbackError::Refused {
                status,
                message: printable(words("message")),
            });
        }
        let task_id = printable(words("taskId"));
        Ok(Accepted {
            task_id: (!task_id.is_empty()).then_some(task_id),
        })
    }

    /// Delivers `body` to a URL of the operator's (`alert.url`); any 2xx will do, the answer is not read.
    ///
    /// # Errors
    /// [`CallbackError`].
    pub async fn post_json(
        &self,
        url: &Url,
        body: Bytes,
        until: Instant,
    ) -> Result<(), CallbackError> {
        let (status, _) = self.deliver(url, body, until).await?;
        if (200..300).contains(&status) {
            return Ok(());
        }
        Err(CallbackError::Refused {
            status,
            message: Box::default(),
        })
    }

    /// Tries until something was sent or the time is over; the status and the answer's body, as far as it came.
    async fn deliver(
        &self,
        url: &Url,
        body: Bytes,
        until: Instant,
    ) -> Result<(u16, Bytes), CallbackError> {
        let target = Target::new(url, &self.tls).ok_or(CallbackError::Address)?;
        let query = url
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        let uri =
            Uri::try_from(format!("{}{query}", url.path())).map_err(|_| CallbackError::Address)?;
        let mut waits = ExponentialBuilder::default()
            .with_min_delay(FIRST_WAIT)
            .with_max_delay(LONGEST_WAIT)
            .with_jitter()
            .without_max_times()
            .build();
        loop {
            let mut sent = Sent::Nothing;
            let cut = until.min(time::instant() + TRY);
            let tried = timeout_at(
                cut,
                attempt(&target, post(&target, &uri, &body), cut, &mut sent),
            )
            .await;
            let source = match tried.unwrap_or(Err(ClientError::TimedOut { sent })) {
                Ok(answer) => return Ok(answer),
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

/// One connection, one request, one answer. The body of the answer is a courtesy: once the status is there, what
/// becomes of the rest changes nothing.
async fn attempt(
    target: &Target,
    request: Request<Full<Bytes>>,
    cut: Instant,
    sent: &mut Sent,
) -> Result<(u16, Bytes), ClientError> {
    let mut lane = target.connect(cut).await?;
    *sent = Sent::Unknown;
    let response = match lane.send(request).await {
        Ok(response) => response,
        Err(unanswered) => {
            if unanswered.unsent.is_some() {
                *sent = Sent::Nothing;
            }
            return Err(unanswered.error);
        }
    };
    let status = response.status().as_u16();
    let answer = timeout_at(cut, lane.read(response.into_body(), ANSWER_BYTES)).await;
    let answer = answer
        .ok()
        .and_then(Result::ok)
        .map(|(body, _cut_short)| body)
        .unwrap_or_default();
    Ok((status, answer))
}

fn post(target: &Target, uri: &Uri, body: &Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri.clone();
    let headers = request.headers_mut();
    headers.insert(header::HOST, target.authority().clone());
    headers.insert(
        header::USER_AGENT,
        HeaderValue::from_static(concat!("smartchat-bridge/", env!("CARGO_PKG_VERSION"))),
    );
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    request
}

/// Words of Kakao's, fit for a log line.
fn printable(words: &str) -> Box<str> {
    let plain = words.chars().filter(|c| !c.is_control());
    plain.take(MESSAGE_CHARS).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str, origins: &[&str]) -> Result<CallbackUrl, NotAllowed> {
        let origins: Vec<Url> = origins
            .iter()
            .map(|origin| Url::parse(origin).unwrap())
            .collect();
        CallbackUrl::parse(url, &origins)
    }

    const KAKAO: &[&str] = &["https://bot-api.kakao.com"];

    #[test]
    fn real_callback_urls_are_allowed() {
        for url in [
            "https://bot-api.kakao.com/v1/bots/5a0f/callback/abc-_=",
            "https://bot-api.kakao.com/v1/bots/5a0f!/callback/cbtoken:0123456789abcdef",
            "https://bot-api.kakao.com:443/v1/bots/5a0f/callback/x",
            "HTTPS://BOT-API.KAKAO.COM/v1/bots/5a0f/callback/x",
            "https://bot-api.kakao.com/v1/bots/5a0f/callback/x?y=1",
        ] {
            assert!(parsed(url, KAKAO).is_ok(), "{url}");
        }
    }

    #[test]
    fn nothing_else_is() {
        use NotAllowed::{Malformed, Origin, Path};
        for (url, why) in [
            ("http://bot-api.kakao.com/v1/bots/x/callback/y", Origin),
            ("https://bot-api.kakao.com:8443/v1/bots/x", Origin),
            ("https://bot-api.kakao.com.evil.example/v1/bots/x", Origin),
            ("https://evil.example/v1/bots/x", Origin),
            ("https://169.254.169.254/v1/bots/x", Origin),
            ("ftp://bot-api.kakao.com/v1/bots/x", Origin),
            (
                "https://bot-api.kakao.com@evil.example/v1/bots/x",
                Malformed,
            ),
            ("https://a:b@bot-api.kakao.com/v1/bots/x", Malformed),
            ("https://@bot-api.kakao.com/v1/bots/x", Malformed),
            (
                "https://bot-api.kakao.com\\@evil.example/v1/bots/x",
                Malformed,
            ),
            ("https:\\\\bot-api.kakao.com/v1/bots/x", Malformed),
            ("https:bot-api.kakao.com/v1/bots/x", Malformed),
            ("https://bot-api.kakao.com/v1/bots/x#y", Malformed),
            ("https://bot-api.kakao.com/v1/bots/x\n", Malformed),
            (" https://bot-api.kakao.com/v1/bots/x", Malformed),
            ("https://bot-api.kakao.com/v1/bots/가", Malformed),
            ("/v1/bots/x", Malformed),
            ("", Malformed),
            ("https://bot-api.kakao.com/", Path),
            ("https://bot-api.kakao.com/v1/bots", Path),
            ("https://bot-api.kakao.com/v1/bots/", Path),
            ("https://bot-api.kakao.com/v2/bots/x", Path),
            ("https://bot-api.kakao.com/v1/bots/../../v2/x", Path),
            ("https://bot-api.kakao.com/v1/bots/%2e%2e/x", Path),
            ("https://bot-api.kakao.com/v1/bots/..%2Fx", Path),
            ("https://bot-api.kakao.com/v1/bots/a%5cb", Path),
            ("https://bot-api.kakao.com//v1/bots/x", Path),
        ] {
            assert_eq!(parsed(url, KAKAO), Err(why), "{url}");
        }
        let long = format!(
            "https://bot-api.kakao.com/v1/bots/{}",
            "x".repeat(LONGEST_URL)
        );
        assert_eq!(parsed(&long, KAKAO), Err(Malformed));
        assert_eq!(
            parsed("https://bot-api.kakao.com/v1/bots/x", &[]),
            Err(Origin)
        );
    }

    #[test]
    fn plain_http_goes_only_to_an_origin_that_is_plain_http() {
        let relay = &["http://127.0.0.1:9000"];
        assert!(parsed("http://127.0.0.1:9000/v1/bots/x", relay).is_ok());
        assert!(parsed("https://127.0.0.1:9000/v1/bots/x", relay).is_err());
        assert!(parsed("http://127.0.0.1/v1/bots/x", relay).is_err());
    }

    #[test]
    fn the_token_is_never_shown() {
        let url = parsed("https://bot-api.kakao.com/v1/bots/x/callback/t0ken", KAKAO).unwrap();
        assert_eq!(
            format!("{url:?}"),
            "CallbackUrl(https://bot-api.kakao.com…)"
        );
    }
}
