//! Listening sockets that several runtimes share.
//!
//! All cores accept from one socket. Rejected: a socket for each core with `SO_REUSEPORT`. It lets a second bridge bind
//! the same port without a word, and connections in the backlog of one core are lost when that core stops listening.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that may wait for their accept. The kernel cuts it to `net.core.somaxconn`, 4096 by default.
const BACKLOG: i32 = 4096;

/// Listens at `address`, alone. With port 0 the system chooses. `try_clone` gives other cores the same socket.
///
/// `[::]` takes IPv4 as well, because a container's port mapping may arrive as either; IPv4 peers then show as
/// mapped addresses, which [`super::ip`] undoes. The socket does not block, as tokio wants it.
///
/// # Errors
/// The system's error, usually that the address is in use or not ours.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if let SocketAddr::V6(v6) = address {
        socket.set_only_v6(!v6.ip().is_unspecified())?;
    }
    // A port whose last connections still linger is free all the same. Two that listen are told apart by `listen`.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_listened_at_once_and_shared_by_clones() {
        let first = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = first.local_addr().unwrap();
        assert_ne!(address.port(), 0);
        assert_eq!(bind(address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert_eq!(first.try_clone().unwrap().local_addr().unwrap(), address);
    }
}
