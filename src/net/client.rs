//! One HTTP/1.1 connection to somebody's server, driven by the call that uses it.
//!
//! `hyper::client::conn::http1` directly, without a task per connection: the connection's future is polled inside
//! the call's own future, so dropping the call drops the connection and nothing is left behind. Rejected:
//! `hyper_util`'s pooled client, which spawns a task per connection, keeps one lock for all cores, and repeats
//! requests by rules of its own; this house must know for every failure whether anything was sent (I7).

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper::header::HeaderValue;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout_at;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{self, ClientConfig};
use url::{Host, Url};

use super::body::{BodyError, Collector};
use crate::fault::Sent;
use crate::time::{self, Instant};

/// Bytes of a response's head. Real ones have a few hundred; hyper's own bound would be 400 KB.
const HEAD_BYTES: usize = 64 * 1024;

/// Any cause, kept for the log.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a call got no answer. The caller of this module knows whose server it was, and so whom to blame.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The name has no address.
    #[error("the name cannot be resolved")]
    Unresolved(#[source] io::Error),
    /// No address took the connection.
    #[error("cannot connect")]
    Unreachable(#[source] io::Error),
    /// The TLS handshake failed.
    #[error("the TLS handshake failed")]
    Tls(#[source] io::Error),
    /// The certificate is not one we trust.
    #[error("the certificate is not trusted")]
    Untrusted(#[source] io::Error),
    /// The time was over first.
    #[error("no answer in time")]
    TimedOut {
        /// Whether the request was on its way.
        sent: Sent,
    },
    /// The connection ended before the answer's head was complete.
    #[error("the connection was closed without an answer")]
    Cut {
        /// Whether the request was on its way.
        sent: Sent,
        /// What the transport said.
        #[source]
        source: Option<Cause>,
    },
    /// The answer is not HTTP, or its head is endless.
    #[error("the answer is not HTTP")]
    Malformed(#[source] Cause),
    /// The body is larger than may be read.
    #[error("the answer is larger than {bound} bytes")]
    TooLarge {
        /// Bytes allowed.
        bound: usize,
    },
}

/// A server to call: scheme, host and port, and how to trust it.
pub struct Target {
    host: Host<String>,
    port: u16,
    authority: HeaderValue,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Target {
    /// The server of `url`; `tls` is used when its scheme is `https`. `None` for a URL without host or of another
    /// scheme.
    #[must_use]
    pub fn new(url: &Url, tls: &Arc<ClientConfig>) -> Option<Self> {
        let name = url.host_str()?;
        let host = url.host()?.to_owned();
        let port = url.port_or_known_default()?;
        // `Url::port` is already silent about the scheme's own port, as `Host` should be (legacy.md 2).
        let authority = url
            .port()
            .map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let tls = match url.scheme() {
            "http" => None,
            "https" => {
                let name = ServerName::try_from(name.trim_matches(['[', ']']).to_owned()).ok()?;
                Some((TlsConnector::from(Arc::clone(tls)), name))
            }
            _ => return None,
        };
        Some(Self {
            host,
            port,
            authority: HeaderValue::from_str(&authority).ok()?,
            tls,
        })
    }

    /// What stands in `Host`.
    #[must_use]
    pub fn authority(&self) -> &HeaderValue {
        &self.authority
    }

    /// A new connection, before `until`. Nothing of a request is sent by this.
    ///
    /// # Errors
    /// Everything a connection can fail with, `TimedOut` included.
    pub async fn connect(&self, until: Instant) -> Result<Lane, ClientError> {
        let opening = async {
            let tcp = self.connect_tcp(until).await?;
            let stream = match &self.tls {
                None => Stream::Tcp(tcp),
                Some((connector, name)) => {
                    let tls = connector
                        .connect(name.clone(), tcp)
                        .await
                        .map_err(refused_handshake)?;
                    Stream::Tls(Box::new(tls))
                }
            };
            Lane::open(stream).await
        };
        timeout_at(until, opening)
            .await
            .unwrap_or(Err(ClientError::TimedOut {
                sent: Sent::Nothing,
            }))
    }

    /// Tries the addresses one after the other, each with its share of the time that is left, so that a dead IPv6
    /// address in front does not use up a user's five seconds.
    async fn connect_tcp(&self, until: Instant) -> Result<TcpStream, ClientError> {
        let addresses = self.resolve().await.map_err(ClientError::Unresolved)?;
        let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        if left == 0 {
            return Err(ClientError::Unresolved(last));
        }
        for address in addresses {
            let now = time::instant();
            let share = until
                .saturating_duration_since(now)
                .checked_div(left)
                .unwrap_or(Duration::ZERO);
            left = left.saturating_sub(1);
            match timeout_at(now + share, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => {
                    // A message is one send; waiting for more to join it would only cost time.
                    tcp.set_nodelay(true).map_err(ClientError::Unreachable)?;
                    return Ok(tcp);
                }
                Ok(Err(error)) => last = error,
                Err(_elapsed) => last = io::Error::from(io::ErrorKind::TimedOut),
            }
        }
        Err(ClientError::Unreachable(last))
    }

    async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        match &self.host {
            Host::Ipv4(ip) => Ok(vec![SocketAddr::from((*ip, self.port))]),
            Host::Ipv6(ip) => Ok(vec![SocketAddr::from((*ip, self.port))]),
            Host::Domain(name) => Ok(tokio::net::lookup_host((name.as_str(), self.port))
                .await?
                .collect()),
        }
    }
}

/// Tells a certificate that is not trusted, which the operator can mend, from any other failed handshake.
fn refused_handshake(error: io::Error) -> ClientError {
    let cause = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(_)) => ClientError::Untrusted(error),
        _ => ClientError::Tls(error),
    }
}

type Driven = Pin<Box<Connection<TokioIo<Stream>, Full<Bytes>>>>;

/// One open connection: a sender and the future that moves its bytes, polled by whoever holds both.
pub struct Lane {
    sender: SendRequest<Full<Bytes>>,
    /// `None` once the connection is over.
    connection: Option<Driven>,
}

/// A request that got no response, and the request itself when nothing of it was written (I7).
pub struct Unanswered {
    /// What happened.
    pub error: ClientError,
    /// The request, untouched: it may go out on another connection.
    pub unsent: Option<Request<Full<Bytes>>>,
}

impl Lane {
    async fn open(stream: Stream) -> Result<Self, ClientError> {
        let (sender, connection) = Builder::new()
            // Header names as Kakao's server wrote them.
            .title_case_headers(true)
            // What hand-written bots and shared hosts put into heads (legacy.md 3).
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            // `max_headers` stays at hyper's 100: another number would cost an allocation per response.
            .max_buf_size(HEAD_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| ClientError::Cut {
                sent: Sent::Nothing,
                source: Some(Box::new(error)),
            })?;
        Ok(Self {
            sender,
            connection: Some(Box::pin(connection)),
        })
    }

    /// Moves bytes; drops the connection when it is over. Dropping it also settles every request still queued.
    fn drive(&mut self, cx: &mut Context<'_>) -> Option<hyper::Result<()>> {
        let over = match self.connection.as_mut()?.as_mut().poll(cx) {
            Poll::Pending => return None,
            Poll::Ready(over) => over,
        };
        self.connection = None;
        Some(over)
    }

    /// Sends `request` and waits for the response's head; 1xx responses are skipped. Dropping the future makes the
    /// lane useless.
    ///
    /// # Errors
    /// [`Unanswered`], with the request when not a byte of it was written.
    pub async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Box<Unanswered>> {
        let mut answer = pin!(self.sender.try_send_request(request));
        let connection = &mut self.connection;
        let answered = std::future::poll_fn(|cx| {
            if let Some(driven) = connection.as_mut()
                && driven.as_mut().poll(cx).is_ready()
            {
                *connection = None;
            }
            answer.as_mut().poll(cx)
        });
        answered.await.map_err(|mut refused| {
            let unsent = refused.take_message();
            let sent = if unsent.is_some() {
                Sent::Nothing
            } else {
                Sent::Unknown
            };
            Box::new(Unanswered {
                error: failed(refused.into_error(), sent),
                unsent,
            })
        })
    }

    /// Reads the response's body, at most `bound` bytes. The flag is true where the connection ended before the
    /// body did: what had come may still be whole (legacy.md 3), which is for the reader to say.
    ///
    /// # Errors
    /// [`ClientError::TooLarge`]; the lane is useless then.
    pub async fn read(
        &mut self,
        mut body: Incoming,
        bound: usize,
    ) -> Result<(Bytes, bool), ClientError> {
        let mut collector = Collector::new(bound);
        let collected = std::future::poll_fn(|cx| {
            // The connection's own error reaches the body too, so it is not asked for here.
            self.drive(cx);
            collector.poll(&mut body, cx)
        })
        .await;
        match collected {
            Ok(()) => Ok((collector.finish(), false)),
            Err(BodyError::Cut(_)) => {
                self.connection = None;
                Ok((collector.finish(), true))
            }
            Err(BodyError::TooLarge { bound }) => {
                self.connection = None;
                Err(ClientError::TooLarge { bound })
            }
        }
    }

    /// Whether another request can go out now: polls once, which notices a close that has arrived.
    pub fn is_usable(&mut self) -> bool {
        let over = self
            .drive(&mut Context::from_waker(Waker::noop()))
            .is_some();
        !over && self.connection.is_some() && self.sender.is_ready()
    }
}

fn failed(error: hyper::Error, sent: Sent) -> ClientError {
    if error.is_parse() {
        ClientError::Malformed(Box::new(error))
    } else {
        ClientError::Cut {
            sent,
            source: Some(Box::new(error)),
        }
    }
}

/// Plain or encrypted.
enum Stream {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_write_vectored(cx, bufs),
            Self::Tls(tls) => Pin::new(tls).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(tcp) => tcp.is_write_vectored(),
            Self::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
