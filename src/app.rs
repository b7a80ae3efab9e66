//! The running whole: what all bots share, and the bots as the newest good configuration wants them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;

use crate::bot::House;
use crate::callback::CallbackClient;
use crate::config::restart_needed;
use crate::config::settings::Settings;
use crate::gauge::Gauge;
use crate::keyboards::Keyboards;
use crate::legacy::http::SetupProblem;
use crate::net::tls::TlsProblem;
use crate::roster::{Connector, Roster};
use crate::store::memory::ParkedBudget;
use crate::tasks::Tasks;
use crate::telemetry::metrics::Metrics;
use crate::time::{self, Moment};

/// Everything that runs.
pub struct App {
    /// What all bots share.
    pub house: Arc<House>,
    roster: ArcSwap<Roster>,
    budget: Arc<ParkedBudget>,
    connect: Box<Connector>,
    /// The configuration of the start, for what only a start applies.
    started_with: Arc<Settings>,
    stopping: AtomicBool,
    reloads: Reloads,
}

/// How the last reload went, for `/readyz` and metrics.
#[derive(Debug, Default)]
struct Reloads {
    failed: AtomicBool,
    at: AtomicU64,
    count: AtomicU64,
    /// What the newest file says and only a start applies.
    waiting: ArcSwap<Vec<&'static str>>,
}

/// How the last reload went.
#[derive(Debug, Clone, Copy)]
pub struct LastReload {
    /// Whether what the file says is in force; true before any.
    pub well: bool,
    /// When it was tried; `None`: never.
    pub at: Option<Moment>,
    /// How many were tried.
    pub count: u64,
}

/// Why nothing can be started.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A bot's connection cannot be set up.
    #[error(transparent)]
    Bot(#[from] SetupProblem),
    /// TLS is not to be had.
    #[error(transparent)]
    Tls(#[from] TlsProblem),
}

impl App {
    /// Builds everything, and starts nothing.
    ///
    /// # Errors
    /// [`SetupError`], naming the file or setting.
    pub fn build(settings: Arc<Settings>, connect: Box<Connector>) -> Result<Arc<Self>, SetupError> {
        let budget = Arc::new(ParkedBudget::new(settings.limits.parked_bytes));
        let house = Arc::new(House {
            keyboards: Arc::new(Keyboards::default()),
            tasks: Tasks::default(),
            metrics: Metrics::new(settings.workers),
            callbacks: CallbackClient::new()?,
            turns: Gauge::new(settings.limits.turns),
            events: Gauge::new(settings.limits.events),
            log_key: log_key(&settings),
            started: time::now(),
        });
        let started_with = Arc::clone(&settings);
        let roster = Roster::build(settings, None, &budget, started_with.workers, &*connect)?;
        Ok(Arc::new(Self {
            house,
            roster: ArcSwap::from_pointee(roster),
            budget,
            connect,
            started_with,
            stopping: AtomicBool::new(false),
            reloads: Reloads::default(),
        }))
    }

    /// The bots as they are now.
    #[must_use]
    pub fn roster(&self) -> Arc<Roster> {
        self.roster.load_full()
    }

    /// Builds everything that a new configuration needs, and changes nothing (S6).
    ///
    /// # Errors
    /// [`SetupProblem`].
    pub fn prepare(&self, settings: Arc<Settings>) -> Result<Roster, SetupProblem> {
        Roster::build(settings, Some(&self.roster()), &self.budget, self.started_with.workers, &*self.connect)
    }

    /// Puts in force what was prepared, in one swap (S6).
    pub fn install(&self, roster: Roster) {
        let waiting = restart_needed(&self.started_with, &roster.settings);
        self.reloads.waiting.store(Arc::new(waiting));
        self.roster.store(Arc::new(roster));
    }

    /// Keys whose new values take effect at the next start only; none while the file says what runs.
    #[must_use]
    pub fn waits_for_restart(&self) -> Arc<Vec<&'static str>> {
        self.reloads.waiting.load_full()
    }

    /// Notes how a reload went.
    pub fn reloaded(&self, well: bool) {
        self.reloads.failed.store(!well, Ordering::Relaxed);
        self.reloads.at.store(time::now().as_millis(), Ordering::Relaxed);
        self.reloads.count.fetch_add(1, Ordering::Release);
    }

    /// How the last reload went.
    #[must_use]
    pub fn last_reload(&self) -> LastReload {
        // Last written, first read: whoever sees the count sees when it was and how it went.
        let count = self.reloads.count.load(Ordering::Acquire);
        let at = self.reloads.at.load(Ordering::Relaxed);
        LastReload {
            count,
            well: !self.reloads.failed.load(Ordering::Relaxed),
            at: (at > 0).then(|| Moment::from_millis(at)),
        }
    }

    /// No longer ready: the first thing a stop does (S6).
    pub fn stop_taking(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether new calls are welcome.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.stopping.load(Ordering::Acquire)
    }

    /// When it was built.
    #[must_use]
    pub fn started(&self) -> Moment {
        self.house.started
    }
}

/// The key of the hashes of user keys in logs: derived from `log.key`, else random for this process.
fn log_key(settings: &Settings) -> (u64, u64) {
    use std::hash::Hasher;
    let mut random = [0_u8; 16];
    let key: &[u8] = match &settings.log.key {
        Some(key) => key.expose(),
        None => {
            // Without randomness the hashes would merely be guessable by who has the user keys already.
            let _best_effort = getrandom::fill(&mut random);
            &random
        }
    };
    let half = |salt: u64| {
        let mut hasher = siphasher::sip::SipHasher24::new_with_keys(salt, !salt);
        hasher.write(key);
        hasher.finish()
    };
    (half(1), half(2))
}
