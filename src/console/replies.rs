//! Responses of the console. Each carries the headers that keep a page from being framed, cached, or filled with
//! anything that is not the console's own (C1, C2).

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, LOCATION, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use maud::Markup;

use super::assets::Asset;

/// A response with its whole body known.
pub(crate) type Reply = Response<Full<Bytes>>;

const HTML: &str = "text/html; charset=utf-8";
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);
/// Nobody else is told an address of the console. With `no-referrer` a browser would also send `Origin: null` with the
/// console's own forms (Fetch, "append a request Origin header"), and they could not be told from foreign ones.
const REFERRER: HeaderValue = HeaderValue::from_static("same-origin");
/// No other site may take a page or a picture of the console into its own.
const RESOURCE_POLICY: (HeaderName, HeaderValue) =
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));

/// A page.
pub(super) fn page(status: StatusCode, markup: Markup) -> Reply {
    with(status, HTML, Bytes::from(markup.into_string()))
}

/// A style sheet, script or icon, to be kept.
pub(super) fn asset(asset: &'static Asset) -> Reply {
    let mut reply = with(StatusCode::OK, asset.kind, Bytes::from_static(asset.content.as_bytes()));
    let for_ever = HeaderValue::from_static("public, max-age=31536000, immutable");
    reply.headers_mut().insert(CACHE_CONTROL, for_ever);
    reply
}

/// Go there, with GET.
pub(super) fn see(path: &str) -> Reply {
    let mut reply = with(StatusCode::SEE_OTHER, HTML, Bytes::new());
    let path = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/console/"));
    reply.headers_mut().insert(LOCATION, path);
    reply
}

/// A file to be saved under this name.
pub(super) fn file(name: &'static str, text: String) -> Reply {
    let mut reply = with(StatusCode::OK, "text/plain; charset=utf-8", Bytes::from(text));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        reply.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    }
    reply
}

/// Adds a cookie.
pub(super) fn set_cookie(reply: &mut Reply, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        reply.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// Says which methods are taken.
pub(super) fn allow(reply: &mut Reply, methods: &'static str) {
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
}

/// Ends the connection after it: the rest of a body that is not wanted would come otherwise.
pub(super) fn close(reply: &mut Reply) {
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

fn with(status: StatusCode, kind: &'static str, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, REFERRER);
    let (name, value) = RESOURCE_POLICY;
    headers.insert(name, value);
    reply
}
