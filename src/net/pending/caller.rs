//! One caller's connection, from its accept to its end, and the stream that counts what it sends.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use super::PendingCallers;
use crate::concurrency::Permit;
use crate::mutex::lock;

/// One connection of a caller, from its accept to its end.
#[derive(Debug)]
pub(crate) struct Caller {
    pending: PendingCallers,
    number: u64,
    leave: Arc<Notify>,
    admitted: AtomicBool,
    /// Kept from the admission on; before that the registry has it.
    place: Mutex<Option<Permit>>,
    /// Admitted calls that are being answered.
    calls: AtomicUsize,
    /// Beyond `limits.connections`: for health and readiness only.
    on_reserve: bool,
    /// Its first bytes were those of TLS.
    greets_in_tls: AtomicBool,
}

/// How every TLS client begins: a handshake record of version 3.
const TLS_HANDSHAKE: [u8; 2] = [0x16, 0x03];

/// An admitted call that is being answered.
#[derive(Debug)]
pub(crate) struct CallUnderWay<'a>(&'a Caller);

impl Drop for CallUnderWay<'_> {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Caller {
    pub(super) fn new(pending: PendingCallers, number: u64, leave: Arc<Notify>, on_reserve: bool) -> Self {
        Self {
            pending,
            number,
            leave,
            admitted: AtomicBool::new(false),
            place: Mutex::default(),
            calls: AtomicUsize::new(0),
            on_reserve,
            greets_in_tls: AtomicBool::new(false),
        }
    }

    /// Ends when this connection has to go.
    pub(crate) async fn has_to_leave(&self) {
        self.leave.notified().await;
        // Its call was admitted in the same moment: the user it speaks for is not sent away.
        if self.admitted.load(Ordering::Acquire) {
            std::future::pending::<()>().await;
        }
    }

    /// Whether it came beyond the bound on connections: it may ask for health and readiness, and nothing else.
    #[must_use]
    pub(crate) fn is_on_reserve(&self) -> bool {
        self.on_reserve
    }

    /// Whether its first bytes were those of a TLS client.
    #[must_use]
    pub(crate) fn greets_in_tls(&self) -> bool {
        self.greets_in_tls.load(Ordering::Relaxed)
    }

    /// Its call is admitted: from now on it is not counted and never closed for others. Until the guard is dropped the
    /// call is being answered.
    pub(crate) fn admit(&self) -> CallUnderWay<'_> {
        self.calls.fetch_add(1, Ordering::AcqRel);
        if !self.admitted.swap(true, Ordering::AcqRel) {
            let place = self.forget();
            *lock(&self.place) = place;
        }
        CallUnderWay(self)
    }

    /// Whether an admitted call is being answered.
    #[must_use]
    pub(crate) fn is_answered_now(&self) -> bool {
        self.calls.load(Ordering::Acquire) > 0
    }

    /// Takes it out of the registry; gives its place, unless another caller has got it.
    fn forget(&self) -> Option<Permit> {
        let mut registry = self.pending.registry()?;
        let entry = registry.callers.remove(&self.number)?;
        registry.bytes -= entry.bytes;
        Some(entry.place)
    }

    /// So many bytes were read and are held.
    pub(super) fn holds(&self, count: usize) {
        if self.admitted.load(Ordering::Relaxed) {
            return;
        }
        let Some(mut registry) = self.pending.registry() else { return };
        let Some(entry) = registry.callers.get_mut(&self.number) else { return };
        entry.bytes += count;
        registry.bytes += count;
        while registry.bytes > self.pending.bound && registry.evict().is_some() {}
    }

    /// It was answered without being admitted: its bytes are not held any more.
    pub(crate) fn answered(&self) {
        if self.admitted.load(Ordering::Relaxed) {
            return;
        }
        let Some(mut registry) = self.pending.registry() else { return };
        if let Some(entry) = registry.callers.get_mut(&self.number) {
            let held = std::mem::take(&mut entry.bytes);
            registry.bytes -= held;
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        drop(self.forget());
    }
}

/// A stream whose bytes are counted for its caller while that one is pending.
#[derive(Debug)]
pub(crate) struct CountedStream<S> {
    stream: S,
    caller: Arc<Caller>,
    /// Something was read.
    begun: bool,
}

impl<S> CountedStream<S> {
    /// Counts what is read from `stream` for `caller`.
    pub(crate) fn new(stream: S, caller: Arc<Caller>) -> Self {
        Self { stream, caller, begun: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CountedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        let count = buf.filled().len().saturating_sub(before);
        if count > 0 {
            if !self.begun {
                self.begun = true;
                let tls = buf.filled().get(before..).is_some_and(|first| first.starts_with(&TLS_HANDSHAKE));
                self.caller.greets_in_tls.store(tls, Ordering::Relaxed);
            }
            self.caller.holds(count);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CountedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
