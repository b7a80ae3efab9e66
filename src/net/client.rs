//! One HTTP/1.1 connection to a server, driven by the call that uses it.
//!
//! `hyper::client::conn::http1` directly, without a task per connection: the connection's future is polled inside the
//! call's own future, so dropping the call drops the connection and nothing is left behind. Rejected: `hyper_util`'s
//! pooled client, which spawns a task per connection, keeps one lock for all cores, and repeats requests by rules of
//! its own; the bridge must know for every failure whether anything was sent (I7).

use std::error::Error as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, Builder, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use pin_project_lite::pin_project;
use thiserror::Error;
use tokio::task::unconstrained;

use super::body::{BodyError, Collector};
use super::stream::{Peek, Socket, Stream};
use crate::fault::Sent;

/// Bytes of a response's head. Real ones have a few hundred; hyper's own bound would be 400 KB.
const HEAD_BYTES: usize = 64 * 1024;

/// Any cause, kept for the log.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a call got no answer. Only the user of this module knows whose server it was, and so whose doing the failure is.
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
        /// The transport's error.
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

/// The future that moves the bytes of a connection.
enum Driven {
    Open(Pin<Box<http1::Connection<TokioIo<Stream>, Full<Bytes>>>>),
    /// It is over: bytes came without a request.
    Disturbed,
    Over,
}

impl Driven {
    /// Moves bytes; drops the connection when it is over. Dropping it also settles every request still queued.
    fn drive(&mut self, cx: &mut Context<'_>) {
        let Self::Open(connection) = self else { return };
        let Poll::Ready(over) = connection.as_mut().poll(cx) else { return };
        // Neither a close nor the transport's failure: hyper read what answers no request.
        let is_disturbed = over.is_err_and(|error| {
            !error.is_incomplete_message() && !error.source().is_some_and(|source| source.is::<io::Error>())
        });
        *self = if is_disturbed { Self::Disturbed } else { Self::Over };
    }
}

/// One open connection: a sender and the future that moves its bytes, polled by the holder of both.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    socket: Socket,
    encrypted: bool,
    connection: Driven,
}

/// How a waiting connection fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdleState {
    /// Nothing has come.
    Undisturbed,
    /// Something has come that has to be read first.
    Unread,
    /// Bytes have come without a request: the next bytes may answer another request.
    Disturbed,
    /// It is closed.
    Over,
}

/// A request that got no response, and the request itself when nothing of it was written (I7).
pub(crate) struct Unanswered {
    /// The error.
    pub(crate) error: ClientError,
    /// The request, untouched: it may go out on another connection.
    pub(crate) unsent: Option<Request<Full<Bytes>>>,
}

impl Connection {
    /// A connection over `stream`.
    pub(super) async fn open(stream: Stream) -> Result<Self, ClientError> {
        let (socket, encrypted) = stream.socket();
        let (sender, connection) = Builder::new()
            // Header names as Kakao's server wrote them.
            .title_case_headers(true)
            // Faults that hand-written bots and shared hosts put into heads (legacy.md 3).
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            // `max_headers` stays at hyper's 100: another number would cost an allocation per response.
            .max_buf_size(HEAD_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| ClientError::Cut { sent: Sent::Nothing, source: Some(Box::new(error)) })?;
        Ok(Self { sender, socket, encrypted, connection: Driven::Open(Box::pin(connection)) })
    }

    /// Sends `request` and waits for the response's head; 1xx responses are skipped. Dropping the future makes the
    /// connection useless.
    ///
    /// The request is handed over at once: the future does not hold it.
    ///
    /// # Errors
    /// [`Unanswered`], with the request when not a byte of it was written.
    pub(crate) fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> impl Future<Output = Result<Response<Incoming>, Box<Unanswered>>> {
        self.socket.expect_answer();
        let answer = unconstrained(self.sender.try_send_request(request));
        Answered { connection: &mut self.connection, answer }
    }

    /// Reads the response's body, at most `bound` bytes. The flag is true where the connection ended before the body
    /// did: the part that came may still be whole (legacy.md 3), which the reader decides.
    ///
    /// # Errors
    /// [`ClientError::TooLarge`]; the connection is useless then.
    pub(crate) async fn read(&mut self, mut body: Incoming, bound: usize) -> Result<(Bytes, bool), ClientError> {
        let mut collector = Collector::new(bound);
        let collected = std::future::poll_fn(|cx| {
            // hyper reads a body once it is asked for: the first look asks, and the bytes that have come by then are
            // there at the second. The connection's own error reaches the body too, so it is not asked for here.
            if let Poll::Ready(ended) = collector.poll(&mut body, cx) {
                return Poll::Ready(ended);
            }
            self.connection.drive(cx);
            collector.poll(&mut body, cx)
        })
        .await;
        match collected {
            Ok(()) => Ok((collector.finish(), false)),
            Err(BodyError::Cut(_)) => {
                self.connection = Driven::Over;
                Ok((collector.finish(), true))
            }
            Err(BodyError::TooLarge { bound }) => {
                self.connection = Driven::Over;
                Err(ClientError::TooLarge { bound })
            }
        }
    }

    /// Asks the kernel for bytes on a waiting connection. Bytes without a request make a plain connection useless;
    /// under TLS they may be session tickets or a close notice, which is seen when the runtime has read them.
    pub(crate) fn idle_state(&self) -> IdleState {
        match self.socket.peek() {
            Peek::Quiet => IdleState::Undisturbed,
            Peek::Bytes if self.encrypted => IdleState::Unread,
            Peek::Bytes => IdleState::Disturbed,
            Peek::Closed => IdleState::Over,
        }
    }

    /// How it fares between two requests, as far as the runtime knows: polls once.
    pub(crate) fn settle(&mut self) -> IdleState {
        self.connection.drive(&mut Context::from_waker(Waker::noop()));
        match &self.connection {
            Driven::Open(_) if self.sender.is_ready() => IdleState::Undisturbed,
            Driven::Disturbed => IdleState::Disturbed,
            Driven::Open(_) | Driven::Over => IdleState::Over,
        }
    }
}

pin_project! {
    /// Drives a connection until it has brought an answer. A type of its own: an `async` function would hold hyper's future
    /// twice, where it was given and where it is pinned.
    struct Answered<'c, A> {
        connection: &'c mut Driven,
        #[pin]
        answer: A,
    }
}

impl<A> Future for Answered<'_, A>
where
    A: Future<Output = Result<Response<Incoming>, TrySendError<Request<Full<Bytes>>>>>,
{
    type Output = Result<Response<Incoming>, Box<Unanswered>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.connection.drive(cx);
        // The answer comes while its connection is driven, which is just before it is looked for: its own wake-up would
        // poll the whole turn once more for nothing. It is unconstrained, for tokio's budget would wake, too.
        let answered = this.answer.poll(&mut Context::from_waker(Waker::noop()));
        answered.map_err(|mut refused| {
            let unsent = refused.take_message();
            let sent = if unsent.is_some() { Sent::Nothing } else { Sent::Unknown };
            Box::new(Unanswered { error: failed(refused.into_error(), sent), unsent })
        })
    }
}

fn failed(error: hyper::Error, sent: Sent) -> ClientError {
    if error.is_parse() {
        ClientError::Malformed(Box::new(error))
    } else {
        ClientError::Cut { sent, source: Some(Box::new(error)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn a_request_that_finds_the_connection_closed_comes_back_untouched() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut connection = Connection::open(Stream::Tcp(Socket::new(tcp))).await.unwrap();
        assert_eq!(connection.settle(), IdleState::Undisturbed);
        drop(listener.accept().await.unwrap());
        // The close has arrived; yielding lets the runtime see it.
        tokio::task::yield_now().await;
        let request = Request::post("/message").body(Full::from("words")).unwrap();
        let Err(unanswered) = connection.send(request).await else {
            panic!("answered by nobody");
        };
        let unsent = unanswered.unsent.unwrap();
        assert_eq!(unsent.uri(), "/message");
        assert!(matches!(unanswered.error, ClientError::Cut { sent: Sent::Nothing, .. }));
        assert_eq!(connection.settle(), IdleState::Over);
    }
}
