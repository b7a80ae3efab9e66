//! The home keyboard (K1): one fetch per bot and minute for all users, as the old server did (legacy.md 1).
//!
//! Reading a fresh copy is one atomic load. A miss starts at most one fetch for all cores; a turn that needs it waits
//! at most one second, while the fetch itself may take the five seconds the old server gave it, so that a slow bot
//! still fills the cache. A failure is remembered for ten seconds and the last good copy serves meanwhile. Rejected: a
//! refresh by timer, which would ask bots that no user talks to.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::watch;
use tokio::time::timeout_at;

use super::api::LegacyApi;
use crate::backend_problem::BackendProblem;
use crate::degradation::Degradations;
use crate::ids::BotId;
use crate::keyboards::Keyboards;
use crate::mutex::lock;
use crate::net::CoreId;
use crate::reading;
use crate::tasks::Tasks;
use crate::time::{self, Instant, Moment};
use crate::translate::keyboard::Keyboard;
use crate::wire::legacy::Keys;

/// How long a copy counts as fresh (legacy.md 1).
const FRESH: Duration = Duration::from_secs(60);
/// How long a failure is remembered (K1).
const FAILED: Duration = Duration::from_secs(10);
/// How much of a turn a fetch may take (K1).
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the fetch itself may take (legacy.md 1).
const FETCH: Duration = Duration::from_secs(5);

/// The home keyboard of one bot.
#[derive(Debug, Default)]
pub(crate) struct HomeCache {
    copy: ArcSwapOption<CachedHome>,
    failed_at: AtomicU64,
    flight: Mutex<Option<Flight>>,
}

/// A fetch under way, and since when.
type Flight = (watch::Receiver<()>, Instant);

#[derive(Debug)]
struct CachedHome {
    keyboard: Option<Arc<Keyboard>>,
    /// How the bot's answer had to be read.
    degradations: Degradations,
    at: Moment,
}

/// The parts that a fetch needs.
#[derive(Clone)]
pub(crate) struct Fetcher {
    /// The bot's name, for the log.
    pub(crate) bot: BotId,
    /// The bot.
    pub(crate) api: Arc<dyn LegacyApi>,
    /// Where its keyboard is shared.
    pub(crate) keyboards: Arc<Keyboards>,
    /// Where the fetch runs.
    pub(crate) tasks: Tasks,
    /// On which core.
    pub(crate) core: CoreId,
}

impl HomeCache {
    /// The home keyboard's buttons; `None` for free typing, which is also what counts when there is no copy at all.
    pub(crate) async fn keyboard(self: &Arc<Self>, fetcher: &Fetcher, until: Instant) -> Option<Arc<Keyboard>> {
        let now = time::now();
        if let Some(copy) = &*self.copy.load()
            && now.since(copy.at) < FRESH
        {
            return copy.keyboard.clone();
        }
        let failed_at = Moment::from_millis(self.failed_at.load(Ordering::Relaxed));
        if now.since(failed_at) >= FAILED {
            let (mut landed, since) = self.fetch(fetcher);
            let until = until.min(since + PATIENCE);
            // An error means that the fetch has ended, which is what is waited for.
            drop(timeout_at(until, landed.changed()).await);
        }
        self.last()
    }

    /// Takes the copy of another cache where it is the newer one: the simulator sees the keyboard that users see (C4).
    pub(crate) fn take_newer(&self, other: &Self) {
        let (own, others) = (self.copy.load_full(), other.copy.load_full());
        if let Some(copy) = others.filter(|copy| own.is_none_or(|own| own.at < copy.at)) {
            self.copy.store(Some(copy));
        }
    }

    /// The last good copy, without waiting and however old: `None` when there is none, or it is free typing.
    #[must_use]
    pub(crate) fn last(&self) -> Option<Arc<Keyboard>> {
        self.copy.load().as_ref().and_then(|copy| copy.keyboard.clone())
    }

    /// How the last good copy differs from the documented form.
    #[must_use]
    pub(crate) fn degradations(&self) -> Degradations {
        self.copy.load().as_ref().map_or(Degradations::NONE, |copy| copy.degradations)
    }

    /// Whether a good copy was ever had, for `/readyz` detail.
    #[must_use]
    pub(crate) fn is_known(&self) -> bool {
        self.copy.load().is_some()
    }

    /// Joins the fetch that is under way, or starts one; and since when it is. One that hangs is waited for by those
    /// of its first second, not by every turn until it ends.
    fn fetch(self: &Arc<Self>, fetcher: &Fetcher) -> Flight {
        let mut flight = lock(&self.flight);
        if let Some(under_way) = &*flight
            && under_way.0.has_changed().is_ok()
        {
            return under_way.clone();
        }
        let (landed, receiver) = watch::channel(());
        let started = (receiver, time::instant());
        *flight = Some(started.clone());
        drop(flight);
        let (cache, fetcher_of_task) = (Arc::clone(self), fetcher.clone());
        fetcher.tasks.track(async move {
            cache.refresh(&fetcher_of_task).await;
            drop(landed);
        });
        started
    }

    /// Keeps a good copy. How it had to be read is told when that changes: the same would be told every minute.
    fn keep(&self, copy: CachedHome, bot: &BotId) {
        let (before, codes) = (self.degradations(), copy.degradations);
        if !codes.is_empty() && codes != before {
            tracing::warn!(
                %bot,
                degradations = %codes,
                "the bot's home keyboard (GET /keyboard) is not as documented and is read all the same"
            );
        }
        self.copy.store(Some(Arc::new(copy)));
    }

    async fn refresh(&self, fetcher: &Fetcher) {
        let answered = fetcher.api.home(fetcher.core, time::instant() + FETCH).await;
        let now = time::now();
        let problem = match &answered {
            Ok(raw) if raw.status == 200 => match reading::read_home(&raw.body) {
                Ok(home) => {
                    let keyboard = match home.keys {
                        Keys::Buttons(labels) => fetcher.keyboards.intern(&labels),
                        Keys::Text => None,
                    };
                    self.keep(CachedHome { keyboard, degradations: home.degradations, at: now }, &fetcher.bot);
                    return;
                }
                Err(unreadable) => unreadable.problem(),
            },
            Ok(_) => BackendProblem::Status,
            Err(error) => error.problem(),
        };
        self.failed_at.store(now.as_millis(), Ordering::Relaxed);
        let problem = problem.as_str();
        tracing::warn!(bot = %fetcher.bot, problem, "the bot's home keyboard (GET /keyboard) could not be had");
    }
}
