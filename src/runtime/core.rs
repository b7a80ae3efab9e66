//! One core's part of the bridge: its connections from accept to end, and its share of a stop (S5, S6).

use std::future::{Future, poll_fn};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::rustls;

use super::Stop;
use super::quiet_time::{FIRST_HEAD, QuietTime};
use crate::concurrency::ConcurrencyLimit;
use crate::net::CoreId;
use crate::net::peer::Peer;
use crate::net::pending::{Caller, CountedStream, NoPlace, PendingCallers};
use crate::net::stream::Socket;
use crate::net::tls::ServerTls;
use crate::restore::Left;
use crate::server::operator::OperatorAccess;
use crate::server::{admin, skill};
use crate::shared::Shared;
use crate::telemetry::metrics::Refusal;
use crate::telemetry::pace::Pace;
use crate::time::{self, Instant};

/// How often idle connections to bots are looked at: only the last second counts for them (I8).
const SWEEP: Duration = Duration::from_millis(500);
/// In how many of these looks old sessions and parked replies are looked at, too.
const SESSIONS_EVERY: u64 = 4;
/// The wait after a failed accept (usually: no file descriptors are left), instead of a busy loop.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);
/// The wait for a place that is free in a moment.
const PLACE_BACKOFF: Duration = Duration::from_millis(5);
/// How often a failed accept, and a caller who speaks TLS where none is spoken, are told at most.
const WARNING: Duration = Duration::from_secs(10);
/// Places beyond `limits.connections` for callers who ask for health and readiness.
const PROBES: usize = 16;
/// After a stop, how long a connection lives on which no admitted call is being answered.
const LAST_ANSWER: Duration = Duration::from_secs(1);
/// How long an answer may lie unread by its peer.
const UNREAD: Duration = Duration::from_secs(30);
/// Connections of the operators' listener.
const ADMIN_CONNECTIONS: usize = 64;
/// Bytes of a request's head at most; hyper's own bound would be 400 KB. The buffer of a connection begins at 8 KB and
/// grows with the bytes that come.
const HEAD_BYTES: usize = 64 * 1024;
/// How long a connection without a request yet may bring its first after a stop came: its bytes are on the way, and
/// hyper would close it under them.
const FIRST_REQUEST: Duration = Duration::from_secs(1);
/// Connections let in after a stop came: as many as may have stood in the backlog. Without a bound, a crowd that keeps
/// coming would keep the bridge from ever stopping.
const STRAGGLERS: usize = 4096;

/// The places of a listener's connections, as one core sees them.
#[derive(Debug, Clone)]
pub(super) struct Places {
    regular: Arc<ConcurrencyLimit>,
    reserve: Arc<ConcurrencyLimit>,
    pending: PendingCallers,
}

impl Places {
    /// `regular` and the reserve are all cores' together.
    pub(super) fn of(pending: Vec<PendingCallers>, regular: &Arc<ConcurrencyLimit>) -> Vec<Self> {
        let reserve = ConcurrencyLimit::new(PROBES);
        let of_core = |pending| Self { regular: Arc::clone(regular), reserve: Arc::clone(&reserve), pending };
        pending.into_iter().map(of_core).collect()
    }

    /// Those of the operators' listener, whose callers may have sent so many bytes.
    pub(super) fn of_operators(pending_bytes: usize) -> Self {
        Self {
            regular: ConcurrencyLimit::new(ADMIN_CONNECTIONS),
            reserve: ConcurrencyLimit::new(PROBES),
            pending: PendingCallers::of_one(pending_bytes),
        }
    }

    /// A place for a new connection; where all are taken by others that are new, waited for as long as it takes them to
    /// speak or to be closed.
    async fn acquire(&self) -> Option<Caller> {
        loop {
            match self.pending.enter(&self.regular, &self.reserve, time::instant()) {
                Ok(caller) => return Some(caller),
                Err(NoPlace::Full) => return None,
                Err(NoPlace::Soon) => tokio::time::sleep(PLACE_BACKOFF).await,
            }
        }
    }
}

/// One core's part of the bridge.
pub(super) struct Core {
    pub(super) id: CoreId,
    pub(super) shared: Arc<Shared>,
    pub(super) tls: Option<Arc<ServerTls>>,
    pub(super) operators: Arc<OperatorAccess>,
    pub(super) stop: Stop,
    pub(super) places: Places,
    /// What the process before has left, on the core that goes on with it.
    pub(super) left: Option<Left>,
    /// Callers of the wrong protocol: any caller can do that, so many of them share one log line.
    pub(super) strange: Pace,
}

impl Core {
    /// Answers callers until a stop, then finishes what is in flight.
    pub(super) async fn run(mut self, listener: TcpListener) {
        if let Some(left) = self.left.take() {
            left.go_on(&self.shared, self.id);
        }
        let this = Arc::new(self);
        let sweeper = Arc::clone(&this);
        this.shared.tasks.background(async move { sweeper.sweep().await });
        this.accept(listener, this.places.clone(), ListenerKind::Public).await;
        this.shared.stop_taking();
        this.drain().await;
    }

    /// Answers operators until everything else has ended.
    pub(super) async fn run_for_operators(self, listener: TcpListener) {
        let this = Arc::new(self);
        let ended = this.shared.tasks.stopping.clone();
        tokio::select! {
            () = this.accept(listener, this.places.clone(), ListenerKind::Operators) => {}
            () = ended.cancelled() => {}
        }
    }

    /// Finishes what is in flight within the grace period (S6).
    async fn drain(&self) {
        let grace = self.shared.registry().settings.grace;
        if self.id == CoreId(0) {
            let (turns, events) = (self.shared.turns.count(), self.shared.events.count());
            let tasks = self.shared.tasks.running();
            tracing::info!(turns, events, tasks, "stopping: what is in flight is finished, then the bridge ends");
        }
        let drained = async {
            self.shared.tasks.drained().await;
        };
        let why = tokio::select! {
            () = drained => None,
            () = tokio::time::sleep(grace) => Some("the grace period is over: what is left is cut"),
            () = self.stop.now.cancelled() => Some("a second signal: leaving now"),
        };
        if let Some(why) = why {
            let turns = self.shared.turns.count();
            self.stop.cut.fetch_max(turns, Ordering::AcqRel);
            tracing::warn!(turns, "{why}");
        }
        self.shared.tasks.stopping.cancel();
    }

    async fn accept(self: &Arc<Self>, listener: TcpListener, places: Places, kind: ListenerKind) {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "a listener cannot be used");
                return;
            }
        };
        let mut told: Option<Instant> = None;
        let mut stragglers = STRAGGLERS;
        loop {
            if kind == ListenerKind::Public && self.stop.gently.is_cancelled() {
                stragglers = stragglers.saturating_sub(1);
            }
            let accepted = tokio::select! {
                biased;
                accepted = listener.accept(), if stragglers > 0 => accepted,
                // Last in this order: callers who stood in the backlog when the stop came are still let in. Operators
                // may look until the end.
                () = self.stop.gently.cancelled(), if kind == ListenerKind::Public => return,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Nearly always no files are left: a connection that has not brought a call is closed for one (S5).
                    let now = time::instant();
                    places.pending.make_room(now);
                    if told.is_none_or(|told| now.saturating_duration_since(told) >= WARNING) {
                        told = Some(now);
                        tracing::warn!(%error, "connections cannot be accepted");
                    }
                    tokio::time::sleep(ACCEPT_BACKOFF).await;
                    continue;
                }
            };
            let Some(caller) = places.acquire().await else {
                self.shared.metrics.refused(self.id, Refusal::Connections);
                continue;
            };
            let core = Arc::clone(self);
            let connection = async move { core.connection(stream, peer, Arc::new(caller), kind).await };
            match kind {
                ListenerKind::Public => self.shared.tasks.track(connection),
                ListenerKind::Operators => self.shared.tasks.background(connection),
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, caller: Arc<Caller>, kind: ListenerKind) {
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
                // In a box that goes with the call: hyper would keep its three kilobytes for a connection's whole life.
                ListenerKind::Public => Box::pin(skill::handle(&self.shared, self.id, peer, own, request)).await,
                ListenerKind::Operators => admin::handle(&self.shared, &self.operators, own, &request),
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
        tokio::pin!(connection);
        {
            let patience = quiet.over_at();
            let leaves = caller.has_to_leave();
            let stops = self.stop.gently.cancelled();
            tokio::pin!(leaves, stops);
            let timer = tokio::time::sleep_until(patience);
            tokio::pin!(timer);
            loop {
                tokio::select! {
                    biased;
                    // An error here is the peer's: gone, or no HTTP. hyper has answered what can be answered.
                    ended = &mut connection => {
                        if ended.is_err_and(|error| error.is_parse()) && caller.greets_in_tls() {
                            self.tls_to_a_plain_port(peer.address(), kind);
                        }
                        return;
                    }
                    () = &mut leaves => return,
                    () = &mut stops, if kind == ListenerKind::Public => break,
                    // Looked at only while no call is answered: when it goes off, it wakes this task all the same.
                    () = poll_fn(|cx| if quiet.is_busy() { Poll::Pending } else { timer.as_mut().poll(cx) }) => {
                        let over_at = quiet.over_at();
                        if over_at <= time::instant() {
                            return;
                        }
                        timer.as_mut().reset(over_at);
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
        connection.as_mut().graceful_shutdown();
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

    /// Closes connections that were idle too long, drops replies that waited too long.
    async fn sweep(&self) {
        let mut ticks = tokio::time::interval(SWEEP);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for look in 0_u64.. {
            ticks.tick().await;
            let now: Instant = time::instant();
            let sessions = self.id == CoreId(0) && look.is_multiple_of(SESSIONS_EVERY);
            for bot in self.shared.registry().iter() {
                bot.api.sweep(self.id, now);
                if sessions {
                    bot.sessions.sweep(time::now());
                }
            }
        }
    }
}

/// Which listener a connection came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListenerKind {
    Public,
    Operators,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::{Flag, Sources, load};
    use crate::net::listen::bind;
    use crate::registry;
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
            operators: Arc::new(OperatorAccess::new(&settings.admin)),
            places: Places::of_operators(settings.limits.pending_bytes),
            shared: Shared::build(settings, keyboards, None, Box::new(registry::over_http)).ok().unwrap(),
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
