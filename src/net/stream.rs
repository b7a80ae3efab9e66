//! The bytes of a connection, plain or encrypted, as one type: a `dyn` stream would cost a call per read and hide
//! that both can write several buffers in one send.

use std::cell::RefCell;
use std::io;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Bytes that one answer takes on the wire at most: the largest body in small chunks, with heads before it. A server
/// that floods with `100 Continue` never ends its head, and no other bound would stop it.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// Bytes of head and body that are joined before they are sent: the kernel takes one piece quicker than several.
const ONE_PIECE: usize = 4096;

thread_local! {
    /// Where they are joined.
    static PIECE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A socket that its connection reads and writes, and that can be looked at besides.
#[derive(Debug, Clone)]
pub(crate) struct Socket {
    shared: Arc<Shared>,
    /// Bytes that may be read since the last request.
    bound: usize,
}

#[derive(Debug)]
struct Shared {
    tcp: TcpStream,
    /// Bytes read since the last request.
    read: AtomicUsize,
    /// Reading, writing or looking has failed. The kernel tells of a reset once, to whoever asks first.
    broken: AtomicBool,
}

/// The state of a waiting socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peek {
    /// Nothing has come.
    Quiet,
    /// Bytes without a request.
    Bytes,
    /// It was closed, or is broken.
    Closed,
}

impl Socket {
    /// A socket to a server, whose answers end.
    pub(super) fn new(tcp: TcpStream) -> Self {
        let shared = Shared { tcp, read: AtomicUsize::new(0), broken: AtomicBool::new(false) };
        Self { shared: Arc::new(shared), bound: ANSWER_BYTES }
    }

    /// A socket of a caller, who may send one request after the other.
    #[must_use]
    pub(crate) fn of_caller(tcp: TcpStream) -> Self {
        Self { bound: usize::MAX, ..Self::new(tcp) }
    }

    /// Waits until the other side has closed, or the connection is broken, whatever bytes lie before that: the next request,
    /// or the farewell of TLS.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) async fn closed(&self) {
        // Urgent bytes are not asked for, so that only a close ends this.
        let _over_in_any_case = self.shared.tcp.ready(Interest::PRIORITY).await;
    }

    /// The same where a close cannot be waited for alone.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(super) async fn closed(&self) {
        const LOOK: std::time::Duration = std::time::Duration::from_millis(50);
        while let Ok(ready) = self.shared.tcp.ready(Interest::READABLE).await {
            match Peek::of(self.shared.tcp.try_io(Interest::READABLE, || self.peek_byte())) {
                Peek::Quiet => {}
                Peek::Bytes if !ready.is_read_closed() => tokio::time::sleep(LOOK).await,
                Peek::Bytes | Peek::Closed => return,
            }
        }
    }

    /// Whether the other side has reset the connection, or it broke.
    pub(super) fn is_reset(&self) -> bool {
        if !matches!(self.shared.tcp.take_error(), Ok(None)) {
            self.shared.broken.store(true, Ordering::Relaxed);
        }
        let _breaks_or_not = self.peek_byte();
        self.shared.broken.load(Ordering::Relaxed)
    }

    /// A request goes out: its answer is counted from here.
    pub(super) fn expect_answer(&self) {
        self.shared.read.store(0, Ordering::Relaxed);
    }

    /// Asks the kernel itself: tokio knows of a close only after its next turn, and in between a message would be
    /// written to a dead peer, which cannot be told from a bot that took it and died (I7).
    pub(super) fn peek(&self) -> Peek {
        Peek::of(self.peek_byte())
    }

    /// A read that did not fill its buffer has emptied the socket: the next one waits for the kernel's word, instead of
    /// trying and finding nothing. tokio's own streams do the same.
    fn clear_readiness(&self) {
        let nothing = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
        let _would_block = self.shared.tcp.try_io(Interest::READABLE, nothing);
    }

    fn peek_byte(&self) -> io::Result<usize> {
        self.shared.watched(SockRef::from(&self.shared.tcp).peek(&mut [MaybeUninit::uninit()]))
    }
}

impl Shared {
    /// Remembers a failure.
    fn watched<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::WouldBlock) {
            self.broken.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl Peek {
    fn of(peeked: io::Result<usize>) -> Self {
        match peeked {
            Ok(0) => Self::Closed,
            Ok(_) => Self::Bytes,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Self::Quiet,
            Err(_) => Self::Closed,
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.shared.tcp.poll_read_ready(cx))?;
            let room = buf.remaining();
            // Into the buffer as it is: setting it to zero first would cost a tenth of a turn.
            match self.shared.watched(self.shared.tcp.try_read_buf(buf)) {
                Ok(count) => {
                    if 0 < count && count < room {
                        self.clear_readiness();
                    }
                    if self.shared.read.fetch_add(count, Ordering::Relaxed).saturating_add(count) > self.bound {
                        return Poll::Ready(Err(io::Error::other("the answer does not end")));
                    }
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Socket {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        send: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.shared.tcp.poll_write_ready(cx))?;
            match self.shared.watched(send(&self.shared.tcp)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                sent => return Poll::Ready(sent),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_send(cx, |tcp| tcp.try_write(buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length: usize = bufs.iter().map(|buf| buf.len()).sum();
        if length > ONE_PIECE {
            return self.poll_send(cx, |tcp| tcp.try_write_vectored(bufs));
        }
        PIECE.with_borrow_mut(|piece| {
            piece.clear();
            bufs.iter().for_each(|buf| piece.extend_from_slice(buf));
            self.poll_send(cx, |tcp| tcp.try_write(piece))
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&self.shared.tcp).shutdown(Shutdown::Write))
    }
}

/// Plain or encrypted.
pub(super) enum Stream {
    Tcp(Socket),
    Tls(Box<TlsStream<Socket>>),
}

impl Stream {
    /// The socket below, to be looked at, and whether its bytes are encrypted.
    pub(super) fn socket(&self) -> (Socket, bool) {
        match self {
            Self::Tcp(socket) => (socket.clone(), false),
            Self::Tls(tls) => (tls.get_ref().0.clone(), true),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
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
