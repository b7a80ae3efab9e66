//! Listening sockets that several runtimes share by address.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that may wait for their accept. The kernel cuts it to `net.core.somaxconn`, 4096 by default.
const BACKLOG: i32 = 4096;

/// Binds `address` so that every core can bind it again (`SO_REUSEPORT`): the kernel spreads the connections. With
/// port 0 the system chooses; ask the first listener for its address and bind the others to that.
///
/// `[::]` takes IPv4 as well, because a container's port mapping may arrive as either; IPv4 peers then show as
/// mapped addresses, which [`super::ip`] undoes. The socket does not block, as tokio wants it.
///
/// # Errors
/// Whatever the system says, usually that the address is in use or not ours.
pub fn bind_reuseport(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if let SocketAddr::V6(v6) = address {
        socket.set_only_v6(!v6.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_core_binds_the_same_address() {
        let first = bind_reuseport(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = first.local_addr().unwrap();
        assert_ne!(address.port(), 0);
        let second = bind_reuseport(address).unwrap();
        assert_eq!(second.local_addr().unwrap(), address);
    }
}
