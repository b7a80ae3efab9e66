//! The bots that run, built from a configuration around what is kept of the ones before (S6).

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::bot::Bot;
use crate::breaker::Breaker;
use crate::concurrency::{ConcurrencyLimit, SharedLimit};
use crate::config::settings::{BotSettings, Settings};
use crate::ids::BotId;
use crate::keyboards::SessionMemory;
use crate::legacy::api::LegacyApi;
use crate::legacy::http::{HttpLegacy, SetupProblem};
use crate::store::contacts::Contacts;
use crate::store::journal::Journal;
use crate::store::local::LocalStore;
use crate::store::outbox::Outbox;
use crate::store::remote::Remote;
use crate::store::{ParkedLimit, ParkedShare, Store};
use crate::telemetry::metrics::BotMetrics;

/// All bots, and how a call finds its own.
pub(crate) struct BotRegistry {
    /// The configuration they were built from.
    pub(crate) settings: Arc<Settings>,
    bots: HashMap<BotId, Arc<Bot>>,
    by_openbuilder_id: HashMap<Box<str>, Arc<Bot>>,
    by_channel_id: HashMap<Box<str>, Arc<Bot>>,
    only: Option<Arc<Bot>>,
}

/// Why no bot takes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoBot {
    /// The path names none of ours.
    #[error("no bot of this name is configured")]
    Unknown,
    /// The path names a bot, and `bot.id` is another's.
    #[error("bot.id is not one of this bot's openbuilder_ids")]
    Disagrees,
    /// There are several bots, and `bot.id` belongs to none of them.
    #[error("bot.id is in no bot's openbuilder_ids; use /bots/{{bot}}/skill, or list it")]
    Nobodys,
}

/// Builds what carries questions to a bot; another one in tests.
pub(crate) type Connector = dyn Fn(&BotSettings, usize) -> Result<Arc<dyn LegacyApi>, SetupProblem> + Send + Sync;

/// Real bots, over HTTP.
///
/// # Errors
/// [`SetupProblem`] when a bot's private CA cannot be used.
pub(crate) fn over_http(settings: &BotSettings, cores: usize) -> Result<Arc<dyn LegacyApi>, SetupProblem> {
    Ok(Arc::new(HttpLegacy::new(settings, cores)?))
}

/// The parts that all bots are built on.
pub(crate) struct Foundation<'a> {
    /// The bound on the bytes that they park together.
    pub(crate) parked: &'a Arc<ParkedLimit>,
    /// The bound on the bytes of their sessions together.
    pub(crate) memory: &'a Arc<SessionMemory>,
    /// The number of threads that run, which `workers` of a new file is not.
    pub(crate) cores: usize,
    /// Builds what carries questions to a bot.
    pub(crate) connect: &'a Connector,
    /// What outlasts the process (P1).
    pub(crate) journal: Option<&'a Arc<Journal>>,
    /// What several processes share (P1).
    pub(crate) remote: Option<&'a Arc<Remote>>,
}

impl BotRegistry {
    /// Builds all bots. A bot keeps the state of the bot of the same name in `before`; its connections too, where its
    /// address and trust are the same.
    ///
    /// # Errors
    /// [`SetupProblem`]; nothing has changed then.
    pub(crate) fn build(
        settings: Arc<Settings>,
        before: Option<&Self>,
        foundation: &Foundation<'_>,
    ) -> Result<Self, SetupProblem> {
        let callback = Arc::new(settings.callback.clone());
        let mut bots = HashMap::with_capacity(settings.bots.len());
        let (mut by_openbuilder_id, mut by_channel_id) = (HashMap::new(), HashMap::new());
        for (id, own) in &settings.bots {
            let kept = before.and_then(|bots| bots.bots.get(id));
            let bot = Arc::new(build(own, kept, &settings, Arc::clone(&callback), foundation)?);
            for openbuilder_id in &own.openbuilder_ids {
                by_openbuilder_id.insert(openbuilder_id.clone(), Arc::clone(&bot));
            }
            for channel_id in &own.channel_ids {
                by_channel_id.insert(channel_id.clone(), Arc::clone(&bot));
            }
            bots.insert(id.clone(), bot);
        }
        let only = (bots.len() == 1).then(|| bots.values().next().cloned()).flatten();
        Ok(Self { settings, bots, by_openbuilder_id, by_channel_id, only })
    }

    /// Puts the bounds of each bot in force: on its connections (I8) and turns, and its share of what all bound
    /// together, of which there are as many as bots now (S5).
    pub(crate) fn apply_bounds(&self, turns: &SharedLimit, events: &SharedLimit) {
        let bots = self.bots.len();
        for bot in self.bots.values() {
            bot.turns.set_bound(bot.settings.turns);
            bot.turns_share.set_bound(turns.share_of(bots));
            bot.events_share.set_bound(events.share_of(bots));
            bot.parked_share.resize(bots);
            bot.sessions.local().share_memory(bots);
            bot.api.connections().set_bound(bot.settings.connections);
        }
    }

    /// These bots take the place of those of `before`: an outage goes on (S4), and a bot at another address is told of
    /// all events again (E4).
    pub(crate) fn take_over(&self, before: &Self) {
        for bot in self.bots.values() {
            let Some(old) = before.bots.get(&bot.settings.id) else { continue };
            if !Arc::ptr_eq(&old.breaker, &bot.breaker) {
                bot.breaker.take_over(&old.breaker);
            }
            if !is_same_backend(&old.settings, &bot.settings) {
                bot.outbox.ask_again();
            }
        }
    }

    /// The bot of a skill call: by path, by `bot.id`, or the only one.
    ///
    /// # Errors
    /// [`NoBot`].
    pub(crate) fn find(&self, path: Option<&str>, openbuilder_id: Option<&str>) -> Result<&Arc<Bot>, NoBot> {
        let by_id = openbuilder_id.and_then(|id| self.by_openbuilder_id.get(id));
        if let Some(path) = path {
            let bot = self.bots.get(path).ok_or(NoBot::Unknown)?;
            let takes_all = bot.settings.openbuilder_ids.is_empty() && by_id.is_none();
            let agrees = by_id.is_some_and(|other| other.settings.id == bot.settings.id);
            return if takes_all || agrees { Ok(bot) } else { Err(NoBot::Disagrees) };
        }
        if let Some(bot) = by_id {
            return Ok(bot);
        }
        match &self.only {
            Some(bot) if bot.settings.openbuilder_ids.is_empty() => Ok(bot),
            Some(_) => Err(NoBot::Disagrees),
            None => Err(NoBot::Nobodys),
        }
    }

    /// The bot of a channel event (E2): by path, else by the event's channel ids; a bot without a list takes every
    /// event on its path, and the only bot without a list every event.
    #[must_use]
    pub(crate) fn find_by_channel(&self, path: Option<&str>, channel_ids: [Option<&str>; 4]) -> Option<&Arc<Bot>> {
        let by_id = channel_ids.into_iter().flatten().find_map(|id| self.by_channel_id.get(id));
        let Some(path) = path else {
            return by_id.or_else(|| self.only.as_ref().filter(|bot| bot.settings.channel_ids.is_empty()));
        };
        let bot = self.bots.get(path)?;
        let takes =
            bot.settings.channel_ids.is_empty() || by_id.is_some_and(|other| other.settings.id == bot.settings.id);
        takes.then_some(bot)
    }

    /// The only bot there is, where the path names none.
    #[must_use]
    pub(crate) fn only(&self) -> Option<&Arc<Bot>> {
        self.only.as_ref()
    }

    /// The bot of this name.
    #[must_use]
    pub(crate) fn named(&self, id: &str) -> Option<&Arc<Bot>> {
        self.bots.get(id)
    }

    /// All of them, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Bot>> {
        self.bots.values()
    }
}

/// Whether both settings of a bot lead to the same server, asked in the same way.
fn is_same_backend(before: &BotSettings, after: &BotSettings) -> bool {
    before.url == after.url
        && before.connect == after.connect
        && before.trust == after.trust
        && before.headers == after.headers
}

fn build(
    own: &Arc<BotSettings>,
    kept: Option<&Arc<Bot>>,
    settings: &Settings,
    callback: Arc<crate::config::settings::Callback>,
    foundation: &Foundation<'_>,
) -> Result<Bot, SetupProblem> {
    let Foundation { parked, memory, cores, connect, journal, remote } = *foundation;
    let journal = journal.map(|journal| journal.of_bot(&own.id));
    let same_backend = kept.filter(|bot| is_same_backend(&bot.settings, own));
    let api = match same_backend {
        Some(bot) => Arc::clone(&bot.api),
        None => connect(own, cores)?,
    };
    let same_breaker = same_backend.filter(|bot| bot.settings.breaker == own.breaker);
    let same_gate = kept.filter(|bot| bot.settings.one_at_a_time == own.one_at_a_time);
    let parked_share = kept
        .map_or_else(|| Arc::new(ParkedShare::new(parked, settings.bots.len())), |bot| Arc::clone(&bot.parked_share));
    let blocks = kept.map_or_else(Default::default, |bot| Arc::clone(&bot.blocks));
    let contacts = kept.map_or_else(|| Arc::new(Contacts::new(journal.clone())), |bot| Arc::clone(&bot.contacts));
    // A changed bound on sessions applies to new ones at the next start; the sessions themselves must stay.
    let sessions = match kept {
        Some(bot) => bot.sessions.clone(),
        None => {
            let (parked, memory) = (Arc::clone(&parked_share), Arc::clone(memory));
            let turns = settings.limits.turns_per_user;
            let store = LocalStore::new(own.sessions, turns, parked, memory);
            match remote {
                Some(remote) => Store::Remote(remote.of_bot(&own.id, store, turns, &blocks, &contacts)),
                None => Store::Local(Arc::new(store.with_journal(journal.clone()))),
            }
        }
    };
    let shared = sessions.shared().cloned();
    Ok(Bot {
        settings: Arc::clone(own),
        callback,
        alert: settings.alert.clone(),
        api,
        home: same_backend.map_or_else(Default::default, |bot| Arc::clone(&bot.home)),
        breaker: same_breaker.map_or_else(
            || Arc::new(Breaker::new(own.breaker.failures, own.breaker.open)),
            |bot| Arc::clone(&bot.breaker),
        ),
        sessions,
        parked_share,
        turns_share: kept.map_or_else(|| ConcurrencyLimit::new(0), |bot| Arc::clone(&bot.turns_share)),
        events_share: kept.map_or_else(|| ConcurrencyLimit::new(0), |bot| Arc::clone(&bot.events_share)),
        // Turns in flight stay counted; the bound is set when this comes into force.
        turns: kept.map_or_else(|| ConcurrencyLimit::new(own.turns), |bot| Arc::clone(&bot.turns)),
        one_at_a_time: match same_gate {
            Some(bot) => bot.one_at_a_time.clone(),
            None => own.one_at_a_time.then(|| Arc::new(Semaphore::new(1))),
        },
        gate_of_all: shared.clone(),
        blocks,
        advice: kept.map_or_else(Default::default, |bot| Arc::clone(&bot.advice)),
        outbox: kept.map_or_else(|| Arc::new(Outbox::new(journal.clone(), shared)), |bot| Arc::clone(&bot.outbox)),
        contacts,
        rate: kept.map_or_else(Default::default, |bot| Arc::clone(&bot.rate)),
        metrics: kept.map_or_else(|| BotMetrics::new(cores), |bot| Arc::clone(&bot.metrics)),
        capture: kept.map_or_else(Default::default, |bot| Arc::clone(&bot.capture)),
        seen: kept.map_or_else(Default::default, |bot| Arc::clone(&bot.seen)),
    })
}
