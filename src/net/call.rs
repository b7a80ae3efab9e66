//! One call to an HTTP server, for what looks at a bridge from outside. Bots are asked over `legacy`.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request};
use thiserror::Error;
use url::Url;

use crate::config::settings::Trust;
use crate::fault::Sent;
use crate::net::client::ClientError;
use crate::net::once::{OneAnswer, once, path_and_query};
use crate::net::target::Target;
use crate::net::tls::{self, TlsProblem};
use crate::time;

/// Bytes of an answer that are read: far more than an answer may have (O5).
const ANSWER_BYTES: usize = 1024 * 1024;

/// A request, and how to reach its server.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    /// Where to connect instead of the URL's host.
    pub(crate) connect: Option<SocketAddr>,
    pub(crate) headers: &'a [(HeaderName, HeaderValue)],
    /// JSON.
    pub(crate) body: Option<Bytes>,
    pub(crate) within: Duration,
    pub(crate) trust: &'a Trust,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why nothing did.
#[derive(Debug, Error)]
pub(crate) enum CallError {
    #[error("TLS cannot be set up")]
    Tls(#[from] TlsProblem),
    #[error("{0} is not an http or https address that can be called")]
    Address(Url),
    #[error("no answer from {url}")]
    NoAnswer {
        url: Url,
        #[source]
        source: ClientError,
    },
}

/// Calls once: no redirects, nothing repeated.
pub(crate) async fn call(call: Call<'_>) -> Result<Answer, CallError> {
    let until = time::instant() + call.within;
    let config = tls::client_config(call.trust)?;
    let address = || CallError::Address(call.url.clone());
    let target = Target::new(call.url, &config).ok_or_else(address)?;
    let target = match call.connect {
        Some(address) => target.reached_at(address),
        None => target,
    };
    let uri = path_and_query(call.url).ok_or_else(address)?;
    let body = call.body.clone();
    let mut request = Request::new(Full::new(body.clone().unwrap_or_default()));
    *request.method_mut() = call.method.clone();
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(header::HOST, target.authority().clone());
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(body) = body {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    for (name, value) in call.headers {
        headers.insert(name, value.clone());
    }
    let no_answer = |source| CallError::NoAnswer { url: call.url.clone(), source };
    let OneAnswer { head, body, .. } =
        once(&target, request, ANSWER_BYTES, until, &mut Sent::Nothing).await.map_err(no_answer)?;
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.map_err(no_answer)? })
}
