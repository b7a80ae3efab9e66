//! The parts that all cores and bots share, and the bots as the newest good configuration wants them.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use siphasher::sip::SipHasher24;
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::bot::Bot;
use crate::breaker::Change;
use crate::callback::CallbackClient;
use crate::concurrency::{Permit, SharedLimit};
use crate::config::restart_needed;
use crate::config::settings::Settings;
use crate::ids::UserKey;
use crate::keyboards::{Keyboards, SessionMemory};
use crate::legacy::home::Fetcher;
use crate::legacy::http::SetupProblem;
use crate::net::CoreId;
use crate::net::tls::TlsProblem;
use crate::registry::{BotRegistry, Connector, Foundation};
use crate::store::journal::{Journal, StoreError};
use crate::store::remote::{Remote, UrlProblem};
use crate::store::{ParkedLimit, TapId};
use crate::tasks::Tasks;
use crate::telemetry::metrics::Metrics;
use crate::time::{self, Moment};
use crate::wire::mark::Mark;

/// How long an alert is tried.
const ALERT: Duration = Duration::from_secs(30);

/// Names taps where replicas share a store: a user could only make two taps of their own one.
const TAP_KEY: [u8; 16] = *b"smartchat-tap-01";

/// What outlasts the process, in either shape or none (P1).
#[derive(Debug, Default)]
pub(crate) struct Lasting {
    /// In a file.
    pub(crate) journal: Option<Arc<Journal>>,
    /// In a store that several processes share.
    pub(crate) remote: Option<Arc<Remote>>,
}

/// Everything that runs, in one place.
pub(crate) struct Shared {
    /// Keyboards, interned.
    pub(crate) keyboards: Arc<Keyboards>,
    /// The tasks besides the connections.
    pub(crate) tasks: Tasks,
    /// Counters.
    pub(crate) metrics: Arc<Metrics>,
    /// Where late answers go.
    pub(crate) callbacks: CallbackClient,
    /// Turns in flight.
    pub(crate) turns: SharedLimit,
    /// Channel events waiting or on their way (E4).
    pub(crate) events: SharedLimit,
    /// When the process started.
    pub(crate) started: Moment,
    /// Keys the hashes of user keys in logs.
    log_key: (u64, u64),
    registry: ArcSwap<BotRegistry>,
    parked: Arc<ParkedLimit>,
    memory: Arc<SessionMemory>,
    /// Keys the names of taps (I3).
    tap_key: [u8; 16],
    connect: Box<Connector>,
    /// The configuration of the start, for the settings that only a start applies.
    started_with: Arc<Settings>,
    /// The state that outlasts the process (P1).
    journal: Option<Arc<Journal>>,
    /// The state that several processes share (P1).
    remote: Option<Arc<Remote>>,
    stopping: AtomicBool,
    reloads: Reloads,
}

/// How the last reload went, for `/readyz` and metrics.
#[derive(Debug, Default)]
struct Reloads {
    failed: AtomicBool,
    at: AtomicU64,
    count: AtomicU64,
    /// Settings of the newest file that only a start applies.
    waiting: ArcSwap<Vec<&'static str>>,
}

/// How the last reload went.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastReload {
    /// Whether what the file says is in force; true before any.
    pub(crate) well: bool,
    /// When it was tried; `None`: never.
    pub(crate) at: Option<Moment>,
    /// How many were tried.
    pub(crate) count: u64,
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
    /// The state of the process before is not to be had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The shared store is not to be had as it is configured.
    #[error(transparent)]
    SharedStore(#[from] UrlProblem),
}

impl Shared {
    /// Builds everything, and starts nothing.
    ///
    /// # Errors
    /// [`SetupError`], naming the file or setting.
    pub(crate) fn build(
        settings: Arc<Settings>,
        keyboards: Arc<Keyboards>,
        lasting: Lasting,
        connect: Box<Connector>,
    ) -> Result<Arc<Self>, SetupError> {
        let parked = ParkedLimit::new(settings.limits.parked_bytes);
        let memory = Arc::clone(keyboards.memory());
        let started_with = Arc::clone(&settings);
        let log_key = log_key(&settings);
        let (turns, events) = (SharedLimit::new(settings.limits.turns), SharedLimit::new(settings.limits.events));
        let cores = cores(&settings);
        let Lasting { journal, remote } = lasting;
        let foundation = Foundation {
            parked: &parked,
            memory: &memory,
            cores,
            connect: &*connect,
            journal: journal.as_ref(),
            remote: remote.as_ref(),
        };
        let registry = BotRegistry::build(settings, None, &foundation)?;
        registry.apply_bounds(&turns, &events);
        Ok(Arc::new(Self {
            keyboards,
            tasks: Tasks::default(),
            metrics: Metrics::new(cores),
            callbacks: CallbackClient::new()?,
            turns,
            events,
            started: time::now(),
            log_key,
            registry: ArcSwap::from_pointee(registry),
            parked,
            memory,
            // Replicas have to name a tap alike.
            tap_key: if remote.is_some() { TAP_KEY } else { random_key() },
            connect,
            started_with,
            journal,
            remote,
            stopping: AtomicBool::new(false),
            reloads: Reloads::default(),
        }))
    }

    /// The bots as they are now.
    #[must_use]
    pub(crate) fn registry(&self) -> Arc<BotRegistry> {
        self.registry.load_full()
    }

    /// Builds everything that a new configuration needs, and changes nothing (S6).
    ///
    /// # Errors
    /// [`SetupProblem`].
    pub(crate) fn prepare(&self, settings: Arc<Settings>) -> Result<BotRegistry, SetupProblem> {
        let Self { parked, memory, connect, started_with, journal, remote, .. } = self;
        let (cores, journal, remote) = (cores(started_with), journal.as_ref(), remote.as_ref());
        let foundation = Foundation { parked, memory, cores, connect: &**connect, journal, remote };
        BotRegistry::build(settings, Some(&self.registry()), &foundation)
    }

    /// Puts in force what was prepared, in one swap (S6).
    pub(crate) fn install(&self, registry: BotRegistry) {
        let waiting = restart_needed(&self.started_with, &registry.settings);
        self.reloads.waiting.store(Arc::new(waiting));
        registry.apply_bounds(&self.turns, &self.events);
        registry.take_over(&self.registry());
        self.registry.store(Arc::new(registry));
    }

    /// The state that outlasts the process (P1), where there is any.
    #[must_use]
    pub(crate) fn journal(&self) -> Option<&Arc<Journal>> {
        self.journal.as_ref()
    }

    /// The store that several processes share, where there is one.
    pub(crate) fn remote(&self) -> Option<&Arc<Remote>> {
        self.remote.as_ref()
    }

    /// Whether a user may remember what this process does not (I5): it began without anything of the one before.
    #[must_use]
    pub(crate) fn began_empty(&self) -> bool {
        self.remote.is_none() && self.journal.as_ref().is_none_or(|journal| journal.is_new())
    }

    /// Keys whose new values take effect at the next start only; none while the file says what runs.
    #[must_use]
    pub(crate) fn waits_for_restart(&self) -> Arc<Vec<&'static str>> {
        self.reloads.waiting.load_full()
    }

    /// Notes how a reload went.
    pub(crate) fn reloaded(&self, well: bool) {
        self.reloads.failed.store(!well, Ordering::Relaxed);
        self.reloads.at.store(time::now().as_millis(), Ordering::Relaxed);
        self.reloads.count.fetch_add(1, Ordering::Release);
    }

    /// How the last reload went.
    #[must_use]
    pub(crate) fn last_reload(&self) -> LastReload {
        // Last written, first read: a reader who sees the count also sees when it was and how it went.
        let count = self.reloads.count.load(Ordering::Acquire);
        let at = self.reloads.at.load(Ordering::Relaxed);
        LastReload {
            count,
            well: !self.reloads.failed.load(Ordering::Relaxed),
            at: (at > 0).then(|| Moment::from_millis(at)),
        }
    }

    /// No longer ready: the first thing a stop does (S6).
    pub(crate) fn stop_taking(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether new calls are welcome.
    #[must_use]
    pub(crate) fn is_ready(&self) -> bool {
        !self.stopping.load(Ordering::Acquire)
    }

    /// The parts that a fetch of the home keyboard needs.
    #[must_use]
    pub(crate) fn fetcher(&self, bot: &Bot, core: CoreId) -> Fetcher {
        Fetcher {
            bot: bot.settings.id.clone(),
            api: Arc::clone(&bot.api),
            keyboards: Arc::clone(&self.keyboards),
            tasks: self.tasks.clone(),
            core,
        }
    }

    /// Whether a new turn fits, for all bots and for this one (S5).
    #[must_use]
    pub(crate) fn try_acquire(&self, bot: &Bot) -> Option<[Permit; 3]> {
        let [own, total] = self.turns.try_acquire(&bot.turns_share)?;
        Some([own, total, bot.turns.try_acquire()?])
    }

    /// Names a tap (I3).
    #[must_use]
    pub(crate) fn tap_id(&self, mark: &Mark<'_>) -> TapId {
        let mut hasher = SipHasher13::new_with_key(&self.tap_key);
        mark.hash(&mut hasher);
        hasher.finish128().as_u128()
    }

    /// The name of a user in logs: a keyed hash, never the key.
    #[must_use]
    pub(crate) fn log_name(&self, user: &UserKey) -> u64 {
        let mut hasher = SipHasher24::new_with_keys(self.log_key.0, self.log_key.1);
        hasher.write(user.as_str().as_bytes());
        hasher.finish()
    }

    /// Tells of an outage or its end: one log line, one alert (S4).
    pub(crate) fn announce(&self, bot: &Bot, change: Change) {
        let id = &bot.settings.id;
        let (state, words) = match change {
            Change::Opened => {
                tracing::error!(bot = %id, "the bot is out: users read texts.outage until it answers again");
                ("outage", "봇이 응답하지 않습니다. 사용자에게 장애 안내가 나가고 있습니다. / the bot is out")
            }
            Change::Recovered => {
                tracing::warn!(bot = %id, "the bot is back");
                ("recovered", "봇이 다시 응답합니다. / the bot is back")
            }
        };
        let Some(url) = bot.alert.clone() else { return };
        // Slack shows `text`, Discord `content`; the rest is for programs.
        let words = format!("[smartchat-bridge] {id}: {words}");
        let at = time::now().as_millis();
        let body = serde_json::json!({ "bot": id.as_str(), "state": state, "at": at, "text": words, "content": words });
        let (callbacks, id, store) = (self.callbacks.clone(), id.clone(), bot.sessions.shared().cloned());
        self.tasks.track(async move {
            // Of several processes one tells it.
            if let Some(store) = store
                && !store.tells(state).await
            {
                return;
            }
            let until = time::instant() + ALERT;
            if let Err(error) = callbacks.post_json(url.expose(), Bytes::from(body.to_string()), until).await {
                tracing::warn!(bot = %id, %error, "alert.url could not be reached");
            }
        });
    }
}

/// Threads that have a [`CoreId`]: the workers, and behind them that of the operators' listener (C1).
fn cores(settings: &Settings) -> usize {
    settings.workers + 1
}

/// The key of the hashes of user keys in logs: derived from `log.key`, else random for this process.
fn log_key(settings: &Settings) -> (u64, u64) {
    let random;
    let key: &[u8] = match &settings.log.key {
        Some(key) => key.expose(),
        None => {
            random = random_key();
            &random
        }
    };
    let half = |salt: u64| {
        let mut hasher = SipHasher24::new_with_keys(salt, !salt);
        hasher.write(key);
        hasher.finish()
    };
    (half(1), half(2))
}

/// A key for hashes. Without randomness the hashes could be guessed only by a person who has the hashed keys already.
fn random_key() -> [u8; 16] {
    let mut key = [0_u8; 16];
    let _best_effort = getrandom::fill(&mut key);
    key
}
