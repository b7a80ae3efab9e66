//! Why a bridge cannot start, with the words for its operator.

use std::io;
use std::net::SocketAddr;

use crate::messages::{Message, start as messages};
use crate::net::tls::TlsProblem;
use crate::shared::SetupError;

/// Why the bridge cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be had.
    #[error("cannot listen on {address}: {source}; free it, or choose another with {flag}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// The flag that changes it.
        flag: &'static str,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// Something configured cannot be set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsProblem),
    /// The system gives no thread, or no signals.
    #[error("the system refuses a thread or its signals: {0}")]
    Thread(#[source] io::Error),
}

impl StartError {
    /// The message to the operator, with what to do.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Listen { address, flag, source } => {
                let is = |kind| source.kind() == kind;
                if is(io::ErrorKind::AddrInUse) {
                    messages::address_taken(*address, *flag)
                } else if is(io::ErrorKind::AddrNotAvailable) {
                    messages::address_elsewhere(*address, *flag)
                } else if is(io::ErrorKind::PermissionDenied) {
                    messages::address_forbidden(*address, *flag)
                } else {
                    messages::cannot_listen(*address, source.to_string(), *flag)
                }
            }
            Self::Setup(SetupError::Bot(problem)) => problem.message(),
            Self::Setup(SetupError::Store(problem)) => problem.message(),
            Self::Setup(SetupError::SharedStore(problem)) => messages::store_url_refused(problem.to_string()),
            Self::Setup(SetupError::Tls(problem)) | Self::Tls(problem) => problem.message(),
            Self::Thread(error) => messages::no_thread(error.to_string()),
        }
    }
}
