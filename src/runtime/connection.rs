//! One connection, from its accept to its end (S5, S6).
//!
//! A connection ends by itself, because it was quiet for too long, because another caller needs its place, or after a
//! stop. hyper reads and writes it; all times are kept here, in one timer. Rejected: hyper's own timer for heads, which
//! is a second timer for every connection.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::rustls;

use super::core::{Core, ListenerKind, WARNING};
use super::quiet_time::{FIRST_HEAD, QuietTime};
use crate::net::peer::Peer;
use crate::net::pending::{Caller, CountedStream};
use crate::net::stream::Socket;
use crate::net::wake::{Holdable, WhenWoken};
use crate::server::{admin, skill};
use crate::time;

/// After a stop, how long a connection lives on which no admitted call is being answered.
const LAST_ANSWER: Duration = Duration::from_secs(1);
/// How long an answer may lie unread by its peer.
const UNREAD: Duration = Duration::from_secs(30);
/// Bytes of a request's head at most; hyper's own bound would be 400 KB. The buffer of a connection begins at 8 KB and
/// grows with the bytes that come.
const HEAD_BYTES: usize = 64 * 1024;
/// How long a connection without a request yet may bring its first after a stop came: its bytes are on the way, and
/// hyper would close it under them.
const FIRST_REQUEST: Duration = Duration::from_secs(1);

impl Core {
    pub(super) async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        caller: Arc<Caller>,
        kind: ListenerKind,
    ) {
        // Answers are one small packet each: waiting for more to send would only delay them.
        let _best_effort = stream.set_nodelay(true);
        // hyper waits for ever for a peer that does not read its answer; the kernel then gives it up.
        #[cfg(target_os = "linux")]
        let _best_effort = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(UNREAD));
        let socket = Socket::of_caller(stream);
        let remote = Peer::new(peer, socket.clone());
        match (&self.tls, kind) {
            (Some(tls), ListenerKind::Public) => {
                let handshake = Box::pin(tokio::time::timeout(FIRST_HEAD, tls.acceptor().accept(socket)));
                let shaken = tokio::select! {
                    biased;
                    shaken = handshake => shaken,
                    () = caller.has_to_leave() => return,
                    // A stop waits for a first request that is on its way, and so for the handshake before it (S6).
                    () = self.stopped_for(FIRST_REQUEST) => return,
                };
                match shaken {
                    // In a box: a plain connection is not to have the size of an encrypted one.
                    Ok(Ok(stream)) => Box::pin(self.serve(stream, remote, caller, kind)).await,
                    Ok(Err(error)) => self.no_handshake(peer, &error),
                    Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
                }
            }
            _ => self.serve(socket, remote, caller, kind).await,
        }
    }

    /// A caller speaks TLS where the bridge does not.
    fn tls_to_a_plain_port(&self, peer: SocketAddr, kind: ListenerKind) {
        let Some(times) = self.strange.line(WARNING, time::now()) else { return };
        match kind {
            ListenerKind::Public => tracing::warn!(
                %peer,
                times,
                "TLS was spoken to the public port, which speaks plain HTTP: call it by http://, set tls.cert and \
                 tls.key, or put a proxy before it that has the certificate"
            ),
            ListenerKind::Operators => tracing::warn!(
                %peer,
                times,
                "TLS was spoken to the operators' port, which speaks plain HTTP only: call it by http://"
            ),
        }
    }

    /// A TLS handshake failed. A caller who does not speak TLS at all is reported apart: that is a wrong URL, not a
    /// wrong cipher.
    fn no_handshake(&self, peer: SocketAddr, error: &std::io::Error) {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
        if !matches!(cause, Some(rustls::Error::InvalidMessage(_))) {
            tracing::debug!(%peer, %error, "a TLS handshake failed");
        } else if let Some(times) = self.strange.line(WARNING, time::now()) {
            tracing::warn!(
                %peer,
                times,
                "plain HTTP, or something else that is not TLS, was spoken to the public port, which speaks TLS: call \
                 it by https://, or take tls.cert and tls.key out where a proxy before it has the certificate"
            );
        }
    }

    /// Ends when a stop came so long ago.
    async fn stopped_for(&self, while_at_most: Duration) {
        self.stop.gently.cancelled().await;
        tokio::time::sleep(while_at_most).await;
    }

    async fn serve<S>(&self, stream: S, peer: Peer, caller: Arc<Caller>, kind: ListenerKind)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let quiet = QuietTime::new(time::instant(), self.shared.registry().settings.limits.header_timeout);
        let (quiet, own, peer) = (&quiet, &caller, &peer);
        let service = service_fn(|request| async move {
            quiet.ends();
            let reply = match kind {
                // In a box that goes with the call: hyper would keep its kilobyte for a connection's whole life.
                // Written there as it is made: `Box::pin` would make it elsewhere and copy it.
                ListenerKind::Public => {
                    let place = Box::new_uninit();
                    Box::into_pin(Box::write(place, skill::handle(&self.shared, self.id, peer, own, request))).await
                }
                ListenerKind::Operators => {
                    Box::pin(admin::handle(&self.shared, &self.console, own, self.id, peer.ip(), request)).await
                }
            };
            quiet.begins(time::instant());
            Ok::<_, std::convert::Infallible>(reply)
        });
        let stream = CountedStream::new(stream, Arc::clone(&caller));
        let connection = http1::Builder::new()
            .max_buf_size(HEAD_BYTES)
            // A caller who has closed their sending side may still read; `net/peer.rs` finds out whether they have
            // gone.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = Holdable::new(connection);
        {
            let stopped = std::pin::pin!(async {
                tokio::select! {
                    biased;
                    () = caller.has_to_leave() => false,
                    () = self.stop.gently.cancelled(), if kind == ListenerKind::Public => true,
                    () = quiet.is_over() => false,
                }
            });
            tokio::select! {
                biased;
                // An error here is the peer's: gone, or no HTTP. hyper has answered what can be answered.
                ended = &mut connection => {
                    if ended.is_err_and(|error| error.is_parse()) && caller.greets_in_tls() {
                        self.tls_to_a_plain_port(peer.address(), kind);
                    }
                    return;
                }
                stopped = WhenWoken::new(stopped) => {
                    if !stopped {
                        return;
                    }
                }
            }
        }
        if !quiet.was_asked() {
            tokio::select! {
                _ended = &mut connection => return,
                () = tokio::time::sleep(FIRST_REQUEST) => {}
            }
        }
        Pin::new(connection.connection()).graceful_shutdown();
        // A stop waits for turns only: a caller who sends half a call, or does not read an answer, is cut (S6).
        loop {
            tokio::select! {
                _ended = &mut connection => return,
                () = tokio::time::sleep(LAST_ANSWER) => {
                    if !caller.is_answered_now() {
                        return;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Stop;
    use super::super::core::Places;
    use super::*;
    use crate::config::load::{Flag, Sources, load};
    use crate::console::Console;
    use crate::net::CoreId;
    use crate::net::listen::bind;
    use crate::registry;
    use crate::shared::{Lasting, Shared};
    use crate::telemetry::pace::Pace;
    use std::io::Write;

    fn core() -> Arc<Core> {
        let flag = |(key, value): (&str, &str)| Flag { key: key.into(), value: value.into(), name: key.into() };
        let flags = [("bots.default.url", "http://127.0.0.1:1"), ("workers", "1")].map(flag).to_vec();
        let settings = load(&Sources { flags, ..Sources::default() }).unwrap_or_else(|problems| panic!("{problems}"));
        let settings = settings.settings;
        let memory = crate::keyboards::SessionMemory::new(settings.limits.session_bytes);
        let keyboards = Arc::new(crate::keyboards::Keyboards::new(memory));
        Arc::new(Core {
            id: CoreId(0),
            console: Arc::new(Console::new(&settings.admin, settings.admin.listen)),
            places: Places::of_operators(settings.limits.pending_bytes),
            shared: Shared::build(settings, keyboards, Lasting::default(), Box::new(registry::over_http)).ok().unwrap(),
            left: None,
            tls: None,
            stop: Stop::default(),
            strange: Pace::default(),
        })
    }

    /// How long a connection is kept on which `sent` has come, and nothing more.
    async fn kept(sent: &[u8]) -> Duration {
        let core = core();
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let mut caller = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        caller.write_all(sent).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let place = Arc::new(core.places.acquire().await.unwrap());
        let begun = time::instant();
        core.connection(stream, peer, place, ListenerKind::Public).await;
        begun.elapsed()
    }

    /// The clock is paused: it goes on by itself while nothing comes.
    #[tokio::test(start_paused = true)]
    async fn a_first_head_has_ten_seconds_and_later_ones_have_the_time_of_a_kept_connection() {
        let tick = Duration::from_millis(10);
        for sent in ["", "POST /skill HTTP/1.1\r\nHost: a\r\n"] {
            let kept = kept(sent.as_bytes()).await;
            assert!((FIRST_HEAD..FIRST_HEAD + tick).contains(&kept), "{kept:?} after {sent:?}");
        }
        let minute = Duration::from_secs(60);
        let kept = kept(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!((minute - tick..minute + tick).contains(&kept), "{kept:?}");
    }
}
