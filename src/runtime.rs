//! Threads, listeners and the stop (design.md 3, S6).
//!
//! One current-thread runtime per core, each with its own listener on the same address (`SO_REUSEPORT`): the kernel
//! spreads connections, and nothing that a call touches on its way moves between cores. Rejected: tokio's
//! work-stealing runtime, which moves a call between cores for nothing: a turn is a few system calls.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::app::{App, SetupError};
use crate::config::settings::Settings;
use crate::fault::{Blame, Fault, Sent};
use crate::gauge::{Gauge, Place};
use crate::net::CoreId;
use crate::net::listen::bind_reuseport;
use crate::net::tls::{ServerTls, TlsProblem};
use crate::roster::{self, Connector};
use crate::server::{admin, skill};
use crate::telemetry::metrics::Refusal;
use crate::time::{self, Instant};

/// How often idle connections and old parked replies are looked at.
const SWEEP: Duration = Duration::from_secs(2);
/// After a failed accept (usually: no file descriptors left) a breath, instead of a busy loop.
const BREATH: Duration = Duration::from_millis(50);
/// How long a TLS handshake may take; a caller of ours hangs up after 5 s.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long an answer may lie unread by its peer.
const UNREAD: Duration = Duration::from_secs(30);
/// Connections of the operators' listener.
const ADMIN_CONNECTIONS: usize = 64;
/// Bytes of a request's head at most; hyper's own bound would be 400 KB. What is set aside for a connection begins
/// at 8 KB and follows what comes.
const HEAD_BYTES: usize = 64 * 1024;
/// How long a connection without a request yet may bring its first after a stop came: its bytes are on the way, and
/// hyper would close it under them.
const FIRST_REQUEST: Duration = Duration::from_secs(1);
/// Connections let in after a stop came: as many as may have stood in the backlog. Without a bound, a crowd that keeps
/// coming would keep the bridge from ever stopping.
const STRAGGLERS: usize = 4096;

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
        /// What the system said.
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

impl Fault for StartError {
    fn blame(&self) -> Blame {
        Blame::Operator
    }

    fn sent(&self) -> Sent {
        Sent::Nothing
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything in flight was finished.
    Drained,
    /// The grace period was over, or a second signal came; so many turns were cut.
    Cut(usize),
}

/// A bridge that runs.
pub struct Running {
    app: Arc<App>,
    public: SocketAddr,
    admin: SocketAddr,
    tls: Option<Arc<ServerTls>>,
    stop: Stop,
    threads: Vec<thread::JoinHandle<()>>,
}

/// Asks a running bridge to stop. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    gently: CancellationToken,
    now: CancellationToken,
    /// Turns that were cut.
    cut: Arc<AtomicUsize>,
}

impl Stop {
    /// First time: finish what is in flight. Second time: leave now (S6).
    pub fn signal(&self) {
        if self.gently.is_cancelled() {
            self.now.cancel();
        } else {
            self.gently.cancel();
        }
    }
}

/// What every thread needs.
struct Listeners {
    public: TcpListener,
    admin: Option<TcpListener>,
}

/// Starts the bridge as configured.
///
/// # Errors
/// [`StartError`]; nothing runs then.
pub fn start(settings: Arc<Settings>) -> Result<Running, StartError> {
    start_with(settings, Box::new(roster::over_http))
}

/// Starts the bridge with another way to reach bots; for tests and embedding.
///
/// # Errors
/// [`StartError`]; nothing runs then.
pub fn start_with(settings: Arc<Settings>, connect: Box<Connector>) -> Result<Running, StartError> {
    let tls = settings.tls.clone().map(ServerTls::load).transpose()?.map(Arc::new);
    let listen = |address, flag| bind_reuseport(address).map_err(|source| StartError::Listen { address, flag, source });
    let first = listen(claimed(settings.listen, "--listen")?, "--listen")?;
    let admin = listen(claimed(settings.admin.listen, "--admin")?, "--admin")?;
    let local = |listener: &TcpListener, address, flag| {
        listener.local_addr().map_err(|source| StartError::Listen { address, flag, source })
    };
    let public = local(&first, settings.listen, "--listen")?;
    let admin_address = local(&admin, settings.admin.listen, "--admin")?;
    let mut listeners = vec![Listeners { public: first, admin: Some(admin) }];
    for _ in 1..settings.workers.max(1) {
        listeners.push(Listeners { public: listen(public, "--listen")?, admin: None });
    }

    let connections = Gauge::new(settings.limits.connections);
    let app = App::build(settings, connect)?;
    let stop = Stop::default();
    let mut threads = Vec::with_capacity(listeners.len());
    for (number, listeners) in listeners.into_iter().enumerate() {
        let core = Core {
            id: CoreId(number),
            app: Arc::clone(&app),
            tls: tls.clone(),
            stop: stop.clone(),
            connections: Arc::clone(&connections),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
        let thread = thread::Builder::new().name(format!("bridge-{number}"));
        let spawned = thread.spawn(move || runtime.block_on(core.run(listeners))).map_err(StartError::Thread)?;
        threads.push(spawned);
    }
    Ok(Running { app, public, admin: admin_address, tls, stop, threads })
}

/// `SO_REUSEPORT` lets a second bridge bind the same port without a word; a plain bind first tells it is taken.
fn claimed(address: SocketAddr, flag: &'static str) -> Result<SocketAddr, StartError> {
    if address.port() != 0 {
        let probe = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None);
        let taken = probe.and_then(|probe| {
            // A port whose last connections still linger is free all the same.
            probe.set_reuse_address(true)?;
            if address.is_ipv6() {
                probe.set_only_v6(false)?;
            }
            probe.bind(&address.into())
        });
        taken.map_err(|source| StartError::Listen { address, flag, source })?;
    }
    Ok(address)
}

impl Running {
    /// Where OpenBuilder calls.
    #[must_use]
    pub fn public(&self) -> SocketAddr {
        self.public
    }

    /// Where operators look.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// What runs.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The certificate in use, to be read again when its files change.
    #[must_use]
    pub fn tls(&self) -> Option<&Arc<ServerTls>> {
        self.tls.as_ref()
    }

    /// What stops it.
    #[must_use]
    pub fn stop_handle(&self) -> Stop {
        self.stop.clone()
    }

    /// Waits for the end.
    pub fn wait(self) -> Ending {
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the bridge died: this is a bug, please report it");
            }
        }
        // Noted at the cut: a turn that is cut gives its place back like any other.
        match self.stop.cut.load(Ordering::Acquire) {
            0 => Ending::Drained,
            left => Ending::Cut(left),
        }
    }
}

/// One core's part of the bridge.
struct Core {
    id: CoreId,
    app: Arc<App>,
    tls: Option<Arc<ServerTls>>,
    stop: Stop,
    connections: Arc<Gauge>,
}

impl Core {
    async fn run(self, listeners: Listeners) {
        let this = Arc::new(self);
        let tasks = this.app.house.tasks.clone();
        let sweeper = Arc::clone(&this);
        tasks.background(async move { sweeper.sweep().await });
        if let Some(admin) = listeners.admin {
            let operators = Arc::clone(&this);
            let gauge = Gauge::new(ADMIN_CONNECTIONS);
            tasks.background(async move { operators.accept(admin, gauge, Face::Operators).await });
        }
        this.accept(listeners.public, Arc::clone(&this.connections), Face::Public).await;
        this.app.stop_taking();
        this.drain().await;
    }

    /// Finishes what is in flight within the grace period (S6).
    async fn drain(&self) {
        let grace = self.app.roster().settings.grace;
        let drained = async {
            self.app.house.tasks.drained().await;
        };
        let why = tokio::select! {
            () = drained => None,
            () = tokio::time::sleep(grace) => Some("the grace period is over: what is left is cut"),
            () = self.stop.now.cancelled() => Some("a second signal: leaving now"),
        };
        if let Some(why) = why {
            let turns = self.app.house.turns.count();
            self.stop.cut.fetch_max(turns, Ordering::AcqRel);
            tracing::warn!(turns, "{why}");
        }
        self.app.house.tasks.stopping.cancel();
    }

    async fn accept(self: &Arc<Self>, listener: TcpListener, gauge: Arc<Gauge>, face: Face) {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "a listener cannot be used");
                return;
            }
        };
        let mut stragglers = STRAGGLERS;
        loop {
            if face == Face::Public && self.stop.gently.is_cancelled() {
                stragglers = stragglers.saturating_sub(1);
            }
            let accepted = tokio::select! {
                biased;
                accepted = listener.accept(), if stragglers > 0 => accepted,
                // Last in this order: whoever stood in the backlog when the stop came is still let in. Operators may
                // look until the end.
                () = self.stop.gently.cancelled(), if face == Face::Public => return,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            };
            let Some(place) = gauge.enter() else {
                self.app.house.metrics.refused(self.id, Refusal::Connections);
                continue;
            };
            let core = Arc::clone(self);
            let connection = async move { core.connection(stream, peer, place, face).await };
            match face {
                Face::Public => self.app.house.tasks.track(connection),
                Face::Operators => self.app.house.tasks.background(connection),
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, place: Place, face: Face) {
        // Answers are one small packet each: waiting for more to send would only delay them.
        let _best_effort = stream.set_nodelay(true);
        // hyper waits for ever for a peer that does not read its answer; the kernel then gives it up.
        #[cfg(target_os = "linux")]
        let _best_effort = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(UNREAD));
        match (&self.tls, face) {
            (Some(tls), Face::Public) => {
                let timeout = self.app.roster().settings.limits.header_timeout.min(HANDSHAKE);
                let handshake = tokio::time::timeout(timeout, tls.acceptor().accept(stream));
                let shaken = tokio::select! {
                    biased;
                    shaken = handshake => shaken,
                    // A stop waits for a first request that is on its way, and so for the handshake before it (S6).
                    () = self.stopped_for(FIRST_REQUEST) => return,
                };
                match shaken {
                    Ok(Ok(stream)) => self.serve(stream, peer, face).await,
                    Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
                    Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
                }
            }
            _ => self.serve(stream, peer, face).await,
        }
        drop(place);
    }

    /// Ends when a stop came so long ago.
    async fn stopped_for(&self, while_at_most: Duration) {
        self.stop.gently.cancelled().await;
        tokio::time::sleep(while_at_most).await;
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&self, stream: S, peer: SocketAddr, face: Face) {
        let asked = AtomicBool::new(false);
        let asked = &asked;
        let service = service_fn(|request| async move {
            asked.store(true, Ordering::Relaxed);
            Ok::<_, std::convert::Infallible>(match face {
                Face::Public => skill::handle(&self.app, self.id, peer.ip(), request).await,
                Face::Operators => admin::handle(&self.app, &request),
            })
        });
        let timeout = self.app.roster().settings.limits.header_timeout;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(timeout)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        // An error here is the peer's: gone, too slow, or no HTTP. hyper has answered what can be answered.
        tokio::select! {
            _ended = &mut connection => return,
            () = self.stop.gently.cancelled(), if face == Face::Public => {}
        }
        if !asked.load(Ordering::Relaxed) {
            tokio::select! {
                _ended = &mut connection => return,
                () = tokio::time::sleep(FIRST_REQUEST) => {}
            }
        }
        connection.as_mut().graceful_shutdown();
        let _ended = connection.await;
    }

    /// Closes what was idle too long, forgets what waited too long.
    async fn sweep(&self) {
        let mut ticks = tokio::time::interval(SWEEP);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now: Instant = time::instant();
            for bot in self.app.roster().bots() {
                bot.api.sweep(self.id, now);
                if self.id == CoreId(0) {
                    bot.sessions.sweep(time::now());
                }
            }
        }
    }
}

/// Which listener a connection came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    Public,
    Operators,
}
