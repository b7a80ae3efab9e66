//! The place a callback comes to: Kakao's side of openbuilder.md 3, for one answer at a time.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::time::timeout_at;

use crate::net::body;
use crate::time;

/// Bytes of a callback that are read.
const BYTES: usize = 1024 * 1024;
/// How long one connection may take.
const CONNECTION: Duration = Duration::from_secs(10);

/// A listener for callbacks.
pub(super) struct Sink {
    listener: TcpListener,
    address: SocketAddr,
}

impl Sink {
    /// Listens at `address`.
    pub(super) async fn open(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// As it stands in `callback.origins`.
    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// As it stands in `userRequest.callbackUrl`.
    pub(super) fn url(&self, bot: &str) -> String {
        let bot: String = bot.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '!').collect();
        format!("{}/v1/bots/{bot}/callback/cbtoken:0123456789abcdef0123456789abcdef", self.origin())
    }

    /// The next body that is POSTed here; `None` when none comes in time.
    pub(super) async fn wait(&self, within: Duration) -> Option<Bytes> {
        let until = time::instant() + within;
        let taken = Mutex::new(None);
        loop {
            let (stream, _peer) = timeout_at(until, self.listener.accept()).await.ok()?.ok()?;
            let service = service_fn(|request| take(request, &taken));
            let mut server = hyper::server::conn::http1::Builder::new();
            let connection = server.keep_alive(false).serve_connection(TokioIo::new(stream), service);
            // An answer that was taken counts, even if the connection fails after that.
            let _ended = timeout_at(until.min(time::instant() + CONNECTION), connection).await;
            let found = taken.lock().ok().and_then(|mut taken| taken.take());
            if found.is_some() {
                return found;
            }
        }
    }
}

async fn take(request: Request<Incoming>, taken: &Mutex<Option<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let posted = request.method() == Method::POST && request.uri().path().contains("/callback/");
    let body = if posted { body::collect(&mut request.into_body(), BYTES).await.ok() } else { None };
    let accepted = body.is_some();
    if let (Some(body), Ok(mut taken)) = (body, taken.lock()) {
        *taken = Some(body);
    }
    let answer = if accepted {
        r#"{"taskId":"00000000-0000-4000-8000-000000000000","status":"SUCCESS","message":"SUCCESS","timestamp":0}"#
    } else {
        r#"{"status":"FAIL","message":"Invalid callback token. Check your callback token."}"#
    };
    let mut response = Response::new(Full::new(Bytes::from_static(answer.as_bytes())));
    *response.status_mut() = if accepted { StatusCode::OK } else { StatusCode::NOT_FOUND };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
