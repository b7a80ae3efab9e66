//! The old Kakao server's requests, to the letter.
//!
//! Every habit here broke some unchanged bot when it was changed (legacy.md 2): Content-Length instead of chunks,
//! Content-Type on every POST, `Accept: */*`, no slash at the end, none doubled, no Accept-Encoding, no cookies.
//! Extra headers per bot are appended, because some bots admit strangers only by a header.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::uri::PathAndQuery;
use hyper::{Method, Request, Uri};

use crate::ids::UserKey;
use crate::wire::legacy::Notice;

/// As Kakao's server called itself (legacy.md 2). Some bots look at it.
pub(crate) const USER_AGENT: HeaderValue = HeaderValue::from_static("KakaoTalk/Bot 2.0");
const ACCEPT: HeaderValue = HeaderValue::from_static("*/*");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// What the requests to one bot have in common, made once.
pub(crate) struct Requests {
    /// The base path, without a slash at its end.
    base: Box<str>,
    keyboard: Uri,
    message: Uri,
    friend: Uri,
    /// Headers of calls without a body.
    bare: HeaderMap,
    /// Headers of calls with one; Content-Length stands in its place and says 0.
    posted: HeaderMap,
}

impl Requests {
    /// Requests for paths below `base` of `host`, with `extra` headers. `None` where such paths make no URI.
    pub(crate) fn new(base: &str, host: &HeaderValue, extra: &[(HeaderName, HeaderValue)]) -> Option<Self> {
        let base = base.trim_end_matches('/');
        let uri = |call: &str| path(&format!("{base}{call}"));
        Some(Self {
            keyboard: uri("/keyboard")?,
            message: uri("/message")?,
            friend: uri("/friend")?,
            bare: headers(host, extra, None),
            posted: headers(host, extra, Some(JSON)),
            base: base.into(),
        })
    }

    /// The path of the home keyboard.
    pub(crate) fn keyboard_path(&self) -> &str {
        self.keyboard.path()
    }

    /// Asks for the home keyboard.
    pub(crate) fn keyboard(&self) -> Request<Full<Bytes>> {
        self.get(self.keyboard.clone())
    }

    /// Asks for another path of the same server.
    pub(crate) fn get(&self, uri: Uri) -> Request<Full<Bytes>> {
        self.request(Method::GET, uri, None)
    }

    /// Brings what a user said.
    pub(crate) fn message(&self, body: Bytes) -> Request<Full<Bytes>> {
        self.request(Method::POST, self.message.clone(), Some(body))
    }

    /// Tells of an event in the channel.
    pub(crate) fn notice(&self, notice: Notice, user_key: &UserKey) -> Request<Full<Bytes>> {
        let (method, uri) = match notice {
            Notice::FriendAdded => (Method::POST, self.friend.clone()),
            Notice::FriendBlocked => (Method::DELETE, self.of_user("/friend/", user_key)),
            Notice::RoomLeft => (Method::DELETE, self.of_user("/chat_room/", user_key)),
        };
        self.request(method, uri, notice.to_body(user_key))
    }

    fn request(&self, method: Method, uri: Uri, body: Option<Bytes>) -> Request<Full<Bytes>> {
        let mut headers = if body.is_some() { self.posted.clone() } else { self.bare.clone() };
        if let (Some(body), Some(length)) = (&body, headers.get_mut(header::CONTENT_LENGTH)) {
            *length = HeaderValue::from(body.len());
        }
        let mut request = Request::new(Full::new(body.unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        request
    }

    fn of_user(&self, call: &str, user_key: &UserKey) -> Uri {
        // The base path made a good URI in `new`, and a user key is of 12 plain characters.
        path(&format!("{}{call}{}", self.base, user_key.as_str())).unwrap_or_default()
    }
}

/// A URI of a path and its query.
pub(crate) fn path(path: &str) -> Option<Uri> {
    PathAndQuery::try_from(path).ok().map(Uri::from)
}

/// The headers of a call in the order they are written. A header of the operator's stands instead of one of ours of the
/// same name, beside one of their own; headers that say where a message ends cannot be replaced.
fn headers(host: &HeaderValue, extra: &[(HeaderName, HeaderValue)], content: Option<HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::HOST, host.clone());
    headers.insert(header::USER_AGENT, USER_AGENT);
    headers.insert(header::ACCEPT, ACCEPT);
    if let Some(content) = content {
        headers.insert(header::CONTENT_TYPE, content);
    }
    const OURS: [HeaderName; 4] = [header::HOST, header::USER_AGENT, header::ACCEPT, header::CONTENT_TYPE];
    const FRAMING: [HeaderName; 5] =
        [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::TE, header::UPGRADE, header::EXPECT];
    for (name, value) in extra {
        if FRAMING.contains(name) || (name == header::CONTENT_TYPE && !headers.contains_key(name)) {
            continue;
        }
        if OURS.contains(name) {
            headers.insert(name, value.clone());
        } else {
            headers.append(name, value.clone());
        }
    }
    if headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    headers
}
