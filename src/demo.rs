//! Rank 5: an old bot to play with, as `smartchat-bridge demo` starts it. It speaks the legacy API (legacy.md 1) and
//! knows nothing of the bridge; its words are in `menu`.

mod menu;
mod picture;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::mutex::lock;
use crate::net::body;
use crate::tasks::Tasks;
use menu::{Guests, Reply};

/// Bytes of a call that are read; a message has under 5 KB.
const CALL_BYTES: usize = 64 * 1024;
/// How long a connection may take to send a request's head, or stay idle.
const IDLE: Duration = Duration::from_secs(30);
/// How long it thinks about a slow question: longer than OpenBuilder waits, shorter than the bridge holds on (S3).
const SLOW: Duration = Duration::from_secs(8);

/// Words to try, as a user would say them, one after the other, each with what can be seen then, in English and Korean.
pub const TRY: &[(&str, &str, &str)] = menu::TRY;
/// The words whose answer takes longer than OpenBuilder waits.
pub(crate) const SLOW_WORDS: &str = menu::SLOW;

/// An old bot that runs on the loopback until its thread ends with the process.
#[derive(Debug)]
pub(crate) struct OldBot {
    address: SocketAddr,
}

impl OldBot {
    /// Starts it in a thread of its own, on a port the system chooses.
    ///
    /// # Errors
    /// No port or no thread is to be had.
    pub(crate) fn start() -> io::Result<Self> {
        Self::start_with(SLOW)
    }

    /// The same with another delay of the slow answer; for tests.
    ///
    /// # Errors
    /// No port or no thread is to be had.
    pub(crate) fn start_with(slow: Duration) -> io::Result<Self> {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), slow)
    }

    /// The same at an address of the caller's choice, port 0 for any free one: the bot alone, for a bridge elsewhere.
    ///
    /// # Errors
    /// The address is taken or not this machine's, or no thread is to be had.
    pub(crate) fn listen(address: SocketAddr) -> io::Result<Self> {
        Self::start_at(address, SLOW)
    }

    fn start_at(address: SocketAddr, slow: Duration) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("old-bot".to_owned()).spawn(move || {
            let ended = runtime.block_on(serve(listener, Shop { address, slow, guests: Mutex::default() }));
            if let Err(error) = ended {
                tracing::error!(%error, "the old bot of the demo has ended");
            }
        })?;
        Ok(Self { address })
    }

    /// Where it listens.
    #[must_use]
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The part that all its connections share.
struct Shop {
    address: SocketAddr,
    slow: Duration,
    guests: Mutex<Guests>,
}

async fn serve(listener: std::net::TcpListener, shop: Shop) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let (shop, tasks) = (Arc::new(shop), Tasks::default());
    loop {
        let (stream, _peer) = listener.accept().await?;
        let shop = Arc::clone(&shop);
        tasks.background(async move {
            let service = service_fn(|request| answer(&shop, request));
            let mut server = hyper::server::conn::http1::Builder::new();
            let server = server.timer(TokioTimer::new()).header_read_timeout(IDLE);
            let _ended = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(shop: &Shop, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let guests = || lock(&shop.guests);
    Ok(match (method, path.as_str()) {
        (Method::GET, "/keyboard") => json(&menu::home()),
        (Method::GET, "/photo.png") => response(StatusCode::OK, "image/png", picture::png().into()),
        (Method::POST, "/friend") | (Method::DELETE, _) => {
            if let Some(guest) = path.strip_prefix("/chat_room/") {
                guests().leave(guest);
            }
            json(&serde_json::json!({ "code": 0, "message": "SUCCESS" }))
        }
        (Method::POST, "/message") => {
            // The picture lies where the bot was asked, which need not be where it listens (0.0.0.0).
            let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
            let photo = format!("http://{}/photo.png", host.unwrap_or_else(|| shop.address.to_string()));
            let body = body::collect(&mut request.into_body(), CALL_BYTES).await.unwrap_or_default();
            let call: Value = serde_json::from_slice(&body).unwrap_or_default();
            let field = |name: &str| call.get(name).and_then(Value::as_str).unwrap_or_default();
            let reply = guests().reply(field("user_key"), field("type"), field("content"), &photo);
            match reply {
                Reply::Said(reply) => json(&reply),
                Reply::Slowly(reply) => {
                    tokio::time::sleep(shop.slow).await;
                    json(&reply)
                }
                Reply::Broken(text) => response(StatusCode::OK, "text/html", Bytes::from_static(text.as_bytes())),
                Reply::Error => {
                    let page = Bytes::from_static("<html><h1>Internal Server Error</h1></html>".as_bytes());
                    response(StatusCode::INTERNAL_SERVER_ERROR, "text/html", page)
                }
            }
        }
        _ => response(StatusCode::NOT_FOUND, "text/plain", Bytes::from_static(b"not found")),
    })
}

fn json(value: &Value) -> Response<Full<Bytes>> {
    response(StatusCode::OK, "application/json; charset=utf-8", Bytes::from(value.to_string()))
}

fn response(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
