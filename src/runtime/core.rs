//! One core's part of the bridge: it accepts connections, and takes part in a stop (S5, S6).

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Stop;
use crate::concurrency::ConcurrencyLimit;
use crate::console::Console;
use crate::net::CoreId;
use crate::net::pending::{Caller, NoPlace, PendingCallers};
use crate::net::tls::ServerTls;
use crate::restore::Left;
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
pub(super) const WARNING: Duration = Duration::from_secs(10);
/// Places beyond `limits.connections` for callers who ask for health and readiness.
const PROBES: usize = 16;
/// Connections of the operators' listener.
const ADMIN_CONNECTIONS: usize = 64;
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
    pub(super) async fn acquire(&self) -> Option<Caller> {
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
    pub(super) console: Arc<Console>,
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
                    bot.sessions.local().sweep(time::now());
                    bot.sweep_capture(time::now());
                }
            }
        }
    }
}

/// Which listener a connection came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListenerKind {
    Public,
    Operators,
}
