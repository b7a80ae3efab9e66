//! A server to call: its address, its `Host`, its TLS, and how a connection to it comes about.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::HeaderValue;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout_at;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{self, ClientConfig};
use url::Url;

use super::client::{ClientError, Connection};
use super::resolve::Addresses;
use super::stream::{Socket, Stream};
use crate::fault::Sent;
use crate::time::{self, Instant};

/// A server to call: scheme, host and port, and how to trust it.
pub(crate) struct Target {
    addresses: Addresses,
    authority: HeaderValue,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Target {
    /// The same server, reached at `address` instead of the addresses of its name. `Host` and the name in its
    /// certificate stay.
    #[must_use]
    pub(crate) fn reached_at(self, address: SocketAddr) -> Self {
        Self { addresses: Addresses::written(address), ..self }
    }

    /// The server of `url`; `tls` is used when its scheme is `https`. `None` for a URL without host or of another
    /// scheme.
    #[must_use]
    pub(crate) fn new(url: &Url, tls: &Arc<ClientConfig>) -> Option<Self> {
        let name = url.host_str()?;
        let host = url.host()?.to_owned();
        let port = url.port_or_known_default()?;
        // `Url::port` is already silent about the scheme's own port, as `Host` should be (legacy.md 2).
        let authority = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let tls = match url.scheme() {
            "http" => None,
            "https" => {
                let name = ServerName::try_from(name.trim_matches(['[', ']']).to_owned()).ok()?;
                Some((TlsConnector::from(Arc::clone(tls)), name))
            }
            _ => return None,
        };
        Some(Self { addresses: Addresses::new(host, port), authority: HeaderValue::from_str(&authority).ok()?, tls })
    }

    /// The value of `Host`.
    #[must_use]
    pub(crate) fn authority(&self) -> &HeaderValue {
        &self.authority
    }

    /// A new connection, before `until`. Nothing of a request is sent by this.
    ///
    /// # Errors
    /// Everything a connection can fail with, `TimedOut` included.
    pub(crate) async fn connect(&self, until: Instant) -> Result<Connection, ClientError> {
        let opening = async {
            let socket = Socket::new(self.connect_tcp(until).await?);
            let stream = match &self.tls {
                None => Stream::Tcp(socket),
                Some((connector, name)) => {
                    let tls = connector.connect(name.clone(), socket).await.map_err(refused_handshake)?;
                    Stream::Tls(Box::new(tls))
                }
            };
            Connection::open(stream).await
        };
        timeout_at(until, opening).await.unwrap_or(Err(ClientError::TimedOut { sent: Sent::Nothing }))
    }

    /// Tries the addresses one after the other, each with its share of the time that is left, so that a dead IPv6
    /// address in front does not use up a user's five seconds.
    async fn connect_tcp(&self, until: Instant) -> Result<TcpStream, ClientError> {
        let addresses = self.addresses.get(until).await.map_err(ClientError::Unresolved)?;
        let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        if left == 0 {
            return Err(ClientError::Unresolved(last));
        }
        for address in addresses.iter().copied() {
            let now = time::instant();
            let share = until.saturating_duration_since(now).checked_div(left).unwrap_or(Duration::ZERO);
            left = left.saturating_sub(1);
            match timeout_at(now + share, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => {
                    // A message is one send; waiting for more to join it would only cost time.
                    tcp.set_nodelay(true).map_err(ClientError::Unreachable)?;
                    return Ok(tcp);
                }
                Ok(Err(error)) => last = error,
                Err(_elapsed) => last = io::Error::from(io::ErrorKind::TimedOut),
            }
        }
        Err(ClientError::Unreachable(last))
    }
}

/// Tells a certificate that is not trusted, which the operator can mend, from any other failed handshake.
fn refused_handshake(error: io::Error) -> ClientError {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(_)) => ClientError::Untrusted(error),
        _ => ClientError::Tls(error),
    }
}
