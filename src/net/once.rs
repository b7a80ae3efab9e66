//! One connection, one request, one answer: what a callback, an alert and the command line need. Bots are asked over
//! kept connections (`legacy`).

use bytes::Bytes;
use http_body_util::Full;
use hyper::http::response::Parts;
use hyper::{Request, Uri};
use tokio::time::timeout_at;
use url::Url;

use super::client::ClientError;
use super::target::Target;
use crate::fault::Sent;
use crate::time::Instant;

/// An answer: its head, and its body as far as that could be read.
pub(crate) struct OneAnswer {
    pub(crate) head: Parts,
    pub(crate) body: Result<Bytes, ClientError>,
    /// The connection ended before the body did.
    pub(crate) cut_short: bool,
}

/// Path and query of `url`; `None` where they are no part of a request.
pub(crate) fn path_and_query(url: &Url) -> Option<Uri> {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Uri::try_from(format!("{}{query}", url.path())).ok()
}

/// Sends `request` until `cut` and reads an answer of at most `bound` bytes. `sent` is true to the moment, also when the
/// future is dropped.
///
/// # Errors
/// [`ClientError`] when no head came. A body that fails is told in the answer: the status is there all the same.
pub(crate) async fn once(
    target: &Target,
    request: Request<Full<Bytes>>,
    bound: usize,
    cut: Instant,
    sent: &mut Sent,
) -> Result<OneAnswer, ClientError> {
    let answered = timeout_at(cut, async {
        let mut connection = target.connect(cut).await?;
        *sent = Sent::Unknown;
        match connection.send(request).await {
            Ok(response) => Ok((connection, response)),
            Err(unanswered) => {
                if unanswered.unsent.is_some() {
                    *sent = Sent::Nothing;
                }
                Err(unanswered.error)
            }
        }
    });
    let answered = answered.await;
    let (mut connection, response) = answered.unwrap_or(Err(ClientError::TimedOut { sent: *sent }))?;
    let (head, body) = response.into_parts();
    let read = timeout_at(cut, connection.read(body, bound)).await;
    let read = read.unwrap_or(Err(ClientError::TimedOut { sent: Sent::Unknown }));
    let cut_short = matches!(read, Ok((_, true)));
    Ok(OneAnswer { head, body: read.map(|(body, _cut_short)| body), cut_short })
}
