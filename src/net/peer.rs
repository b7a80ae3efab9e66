//! The other end of a connection, and whether it is still there.
//!
//! A caller that has closed its sending side looks the same as one that has gone: only what is sent to it tells. One
//! that has gone answers with a reset; one that merely has nothing more to say takes it. Rejected: to take every such
//! caller for gone, for then scripts and some proxies, which half-close after their request, read nothing.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::stream::Socket;

/// How long a reset may take to come back after an answer was sent.
const RESET: Duration = Duration::from_millis(300);
/// How often a peer is looked at that has closed its side.
const LOOK: Duration = Duration::from_millis(50);

/// The other end of a connection. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    address: SocketAddr,
    socket: Socket,
}

/// How a peer has ended its side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    /// It sends no more; it may still read.
    Half,
    /// It is gone.
    Reset,
}

impl Peer {
    /// The peer at `address` of the connection of `socket`.
    #[must_use]
    pub(crate) fn new(address: SocketAddr, socket: Socket) -> Self {
        Self { address, socket }
    }

    /// Its address and port.
    #[must_use]
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address.
    #[must_use]
    pub(crate) fn ip(&self) -> IpAddr {
        self.address.ip()
    }

    /// Waits until it has closed its side.
    pub(crate) async fn closed(&self) -> Closed {
        self.socket.closed().await;
        if self.socket.is_reset() { Closed::Reset } else { Closed::Half }
    }

    /// Whether it has taken what was sent to it: false as soon as a reset comes back.
    pub(crate) async fn took_it(&self) -> bool {
        // Looked for, not waited for: the kernel tells it to whoever asks first, and that may be the connection itself.
        let reset = async {
            while !self.socket.is_reset() {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(RESET, reset).await.is_err()
    }
}
