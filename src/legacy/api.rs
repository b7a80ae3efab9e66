//! The questions to an old bot, independent of the transport.
//!
//! The trait is object-safe and its answers are raw bytes, so that a scripted bot needs no socket and the reading of
//! replies ([`crate::reading`]) stays in one place. Rejected: typed replies here, which would put the lenient
//! reading below the transport and make every scripted bot speak JSON.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;

use crate::backend_problem::BackendProblem;
use crate::fault::{Blame, Sent};
use crate::ids::UserKey;
use crate::net::CoreId;
use crate::net::client::{Cause, ClientError};
use crate::net::lease::{ConnectionLimit, Lease};
use crate::net::open_files;
use crate::time::Instant;
use crate::wire::legacy::{MessageCall, Notice};

/// A boxed future: what an object-safe async method returns.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The answer of a bot, unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawReply {
    /// The HTTP status; anything but 200 is no reply (legacy.md 1), which the engine says.
    pub(crate) status: u16,
    /// The body, at most [`crate::wire::limits::REPLY_BYTES`].
    pub(crate) body: Bytes,
    /// The transport ended before the announced length: good only if the body is a whole document all the same.
    pub(crate) cut_short: bool,
    /// Where a redirect leads, as far as it is printable.
    pub(crate) location: Option<Box<str>>,
}

impl RawReply {
    /// The answer in short, for operators: never words of users, which only a body holds.
    #[must_use]
    pub(crate) fn status_line(&self) -> Box<str> {
        match &self.location {
            Some(location) => format!("status {}, Location {location}", self.status).into(),
            None => format!("status {}", self.status).into(),
        }
    }
}

/// An old bot. Every call ends at `cut` at the latest, and dropping the future ends it at once.
pub trait LegacyApi: Send + Sync + 'static {
    /// How many connections to it there may be, and the line before them (I8). `home` and `notify` stand in it
    /// themselves; a turn that sends a message waits before it asks, so that waiting is not sending (S1).
    fn connections(&self) -> &Arc<ConnectionLimit>;

    /// `GET /keyboard` as it stands at the bot, without the cache of K1. One redirect on the same host is followed.
    fn home<'a>(&'a self, core: CoreId, cut: Instant) -> BoxFuture<'a, Result<RawReply, BackendError>>;

    /// `POST /message` within `lease`. Once dropped or failed with [`Sent::Unknown`] it may have acted and is never
    /// repeated (I7).
    fn message<'a>(
        &'a self,
        core: CoreId,
        lease: &'a Lease,
        call: MessageCall<'a>,
        cut: Instant,
    ) -> BoxFuture<'a, Result<RawReply, BackendError>>;

    /// A call of the life cycle; the status is all that is told, and any will do (E4).
    fn notify<'a>(
        &'a self,
        core: CoreId,
        notice: Notice,
        user_key: &'a UserKey,
        cut: Instant,
    ) -> BoxFuture<'a, Result<u16, BackendError>>;

    /// Drops connections that have been idle too long at `now`, or are too many. Called now and then on each core.
    fn sweep(&self, core: CoreId, now: Instant) {
        let _ = (core, now);
    }
}

/// Why a bot gave no answer at all. A bad status is an answer.
#[derive(Debug, Error)]
pub enum BackendError {
    /// The bot's name has no address.
    #[error("the bot's name cannot be resolved")]
    Unresolved(#[source] Cause),
    /// The bridge has no file left for a connection: its own shortage, which says nothing of the bot (S5).
    #[error("no file is left for a connection to the bot (raise the limit on open files: ulimit -n, LimitNOFILE)")]
    NoFiles(#[source] Cause),
    /// All connections that it may have were in use for all the time there was: the bridge's own bound, which says
    /// nothing of the bot (I8).
    #[error("no connection to the bot became free in time (connections)")]
    Queued,
    /// Nothing listens there, or the network does not lead there.
    #[error("cannot connect to the bot")]
    Unreachable(#[source] Cause),
    /// The TLS handshake failed.
    #[error("the TLS handshake with the bot failed")]
    Tls(#[source] Cause),
    /// The bot's certificate is not one we trust: `ca` or `insecure` is missing (I8).
    #[error("the bot's certificate is not trusted (name its private CA, or set insecure = true)")]
    Untrusted(#[source] Cause),
    /// The time was over first.
    #[error("the bot did not answer in time")]
    TimedOut {
        /// Whether the call was on its way.
        sent: Sent,
    },
    /// The connection was closed without an answer, or in the middle of its head.
    #[error("the bot closed the connection without an answer")]
    Cut {
        /// Whether the call was on its way.
        sent: Sent,
        /// The transport's error.
        #[source]
        source: Option<Cause>,
    },
    /// The answer is not HTTP, or its head is endless.
    #[error("the bot's answer is not HTTP")]
    Malformed(#[source] Cause),
    /// The body is larger than is read.
    #[error("the bot's answer is larger than {bound} bytes")]
    TooLarge {
        /// Bytes allowed.
        bound: usize,
    },
}

impl BackendError {
    /// Its name in logs and metrics.
    #[must_use]
    pub(crate) const fn problem(&self) -> BackendProblem {
        match self {
            Self::Unresolved(_) => BackendProblem::Unresolved,
            Self::NoFiles(_) => BackendProblem::NoFiles,
            Self::Queued => BackendProblem::Queued,
            Self::Unreachable(_) => BackendProblem::Unreachable,
            Self::Tls(_) => BackendProblem::Tls,
            Self::Untrusted(_) => BackendProblem::Untrusted,
            Self::TimedOut { .. } => BackendProblem::TimedOut,
            Self::Cut { .. } => BackendProblem::Cut,
            Self::Malformed(_) => BackendProblem::Malformed,
            Self::TooLarge { .. } => BackendProblem::TooLarge,
        }
    }

    /// Its word for logs and metrics.
    #[must_use]
    pub(crate) const fn code(&self) -> &'static str {
        self.problem().as_str()
    }
}

impl BackendError {
    /// The side that caused it.
    pub(crate) fn blame(&self) -> Blame {
        match self {
            Self::NoFiles(_) | Self::Queued => Blame::Us,
            Self::Untrusted(_) => Blame::Operator,
            Self::Unresolved(_)
            | Self::Unreachable(_)
            | Self::Tls(_)
            | Self::TimedOut { .. }
            | Self::Cut { .. }
            | Self::Malformed(_)
            | Self::TooLarge { .. } => Blame::Bot,
        }
    }

    /// Whether a repeat is safe.
    pub(crate) fn sent(&self) -> Sent {
        match self {
            Self::Unresolved(_)
            | Self::NoFiles(_)
            | Self::Queued
            | Self::Unreachable(_)
            | Self::Tls(_)
            | Self::Untrusted(_) => Sent::Nothing,
            Self::TimedOut { sent } | Self::Cut { sent, .. } => *sent,
            Self::Malformed(_) | Self::TooLarge { .. } => Sent::Unknown,
        }
    }
}

impl From<ClientError> for BackendError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Unresolved(source) => Self::Unresolved(source.into()),
            ClientError::Unreachable(source) if open_files::is_shortage(&source) => Self::NoFiles(source.into()),
            ClientError::Unreachable(source) => Self::Unreachable(source.into()),
            ClientError::Tls(source) => Self::Tls(source.into()),
            ClientError::Untrusted(source) => Self::Untrusted(source.into()),
            ClientError::TimedOut { sent } => Self::TimedOut { sent },
            ClientError::Cut { sent, source } => Self::Cut { sent, source },
            ClientError::Malformed(source) => Self::Malformed(source),
            ClientError::TooLarge { bound } => Self::TooLarge { bound },
        }
    }
}
