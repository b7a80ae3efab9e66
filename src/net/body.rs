//! Collecting a body into memory, never more than a bound.
//!
//! The usual body arrives as one frame and is handed on as it is, without a copy. `http_body_util`'s `Limited` was
//! rejected: it forgets the part that had come when the other side hangs up, and that part may be a whole reply under a
//! Content-Length that lies (legacy.md 3).

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use hyper::body::Body;
use thiserror::Error;

use super::wake::hold;

/// Bytes set aside at once for a body of announced length; the rest is added as it comes, so that an announcement
/// alone costs nothing.
const FIRST_SHARE: usize = 64 * 1024;

/// Why a body was not read to its end.
#[derive(Debug, Error)]
pub(crate) enum BodyError {
    /// Announced, or come so far, is more than may be read.
    #[error("the body is larger than {bound} bytes")]
    TooLarge {
        /// Bytes allowed.
        bound: usize,
    },
    /// The transport ended before the body did.
    #[error("the body was cut short")]
    Cut(#[source] hyper::Error),
}

/// A body as far as it has come.
#[derive(Debug)]
pub(crate) struct Collector {
    bound: usize,
    /// The first frame, as it came.
    first: Bytes,
    /// Everything, once there is a second frame.
    joined: BytesMut,
}

impl Collector {
    /// Nothing yet, at most `bound` bytes ever.
    #[must_use]
    pub(crate) fn new(bound: usize) -> Self {
        Self { bound, first: Bytes::new(), joined: BytesMut::new() }
    }

    /// Takes frames until the body's end. Trailers are dropped.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] as soon as the announced length or what came passes the bound, [`BodyError::Cut`] when
    /// the transport ends too early; the bytes that came until then stay here.
    pub(crate) fn poll<B>(&mut self, body: &mut B, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>>
    where
        B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
    {
        if body.size_hint().lower() > self.bound as u64 {
            return Poll::Ready(Err(BodyError::TooLarge { bound: self.bound }));
        }
        loop {
            let (taken, wake) = hold(|| Pin::new(&mut *body).poll_frame(cx));
            match taken {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(BodyError::Cut(error))),
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        let rest = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
                        self.push(data, rest)?;
                    }
                    // All of a Content-Length has come, so hyper has ended the body before this frame was taken.
                    if body.is_end_stream() {
                        wake.forget();
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }

    /// Adds `data`, after which at least `rest` bytes are announced.
    fn push(&mut self, data: Bytes, rest: usize) -> Result<(), BodyError> {
        let so_far = self.first.len().max(self.joined.len());
        if data.len() > self.bound.saturating_sub(so_far) {
            return Err(BodyError::TooLarge { bound: self.bound });
        }
        if so_far == 0 {
            self.first = data;
            return Ok(());
        }
        if self.joined.is_empty() {
            let share = rest.min(FIRST_SHARE);
            self.joined.reserve(so_far.saturating_add(data.len()).saturating_add(share));
            self.joined.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.joined.extend_from_slice(data.chunk());
        Ok(())
    }

    /// The bytes that have come.
    #[must_use]
    pub(crate) fn finish(self) -> Bytes {
        if self.joined.is_empty() { self.first } else { self.joined.freeze() }
    }
}

/// Reads a whole body of at most `bound` bytes; the announced length is checked before anything is read.
///
/// # Errors
/// [`BodyError`]; nothing of the body is kept then.
pub(crate) async fn collect<B>(body: &mut B, bound: usize) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    let mut collector = Collector::new(bound);
    std::future::poll_fn(|cx| collector.poll(body, cx)).await?;
    Ok(collector.finish())
}

/// Reads what is left of a body and throws it away, at most `bound` bytes.
///
/// A connection that is closed while its peer still sends is reset by the kernel, and the reset takes the answer with
/// it: a caller who sent too much would read no refusal.
pub(crate) async fn discard<B>(mut body: B, bound: usize)
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    let mut left = bound;
    while let Some(Ok(frame)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { return };
        left = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt, Full, StreamBody, combinators::MapErr};
    use hyper::body::Frame;
    use std::convert::Infallible;

    type Never = fn(Infallible) -> hyper::Error;

    fn whole(bytes: &'static [u8]) -> MapErr<Full<Bytes>, Never> {
        Full::new(Bytes::from_static(bytes)).map_err(|never| match never {})
    }

    fn frames(parts: &'static [&'static [u8]]) -> impl Body<Data = Bytes, Error = hyper::Error> + Unpin {
        let frames = parts.iter().map(|part| Ok(Frame::data(Bytes::from_static(part))));
        StreamBody::new(futures_util::stream::iter(frames))
    }

    #[tokio::test]
    async fn a_single_frame_is_handed_on_without_a_copy() {
        let words: &'static [u8] = b"a reply";
        let body = collect(&mut whole(words), 7).await.unwrap();
        assert_eq!(body.as_ptr(), words.as_ptr());
    }

    #[tokio::test]
    async fn frames_are_joined_in_order() {
        assert_eq!(&collect(&mut frames(&[b"ab", b"", b"cd", b"e"]), 5).await.unwrap()[..], b"abcde");
        assert!(collect(&mut frames(&[]), 0).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_body_over_the_bound_is_refused_announced_or_not() {
        assert!(matches!(collect(&mut whole(b"a reply"), 6).await, Err(BodyError::TooLarge { bound: 6 })));
        assert!(matches!(collect(&mut frames(&[b"ab", b"cd"]), 3).await, Err(BodyError::TooLarge { bound: 3 })));
    }
}
