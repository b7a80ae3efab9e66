//! One bot as it runs: its settings and everything that is kept for it. The parts that all bots share are in
//! `shared.rs`.
//!
//! A reload builds new bots around the kept parts of unchanged ones (S6), so each part that must survive a reload is
//! behind an `Arc` here.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use foldhash::quality::RandomState;
use tokio::sync::Semaphore;

use crate::breaker::Breaker;
use crate::capture::{Capture, Change, Whom};
use crate::concurrency::ConcurrencyLimit;
use crate::config::secret::SecretUrl;
use crate::config::settings::{BotSettings, Callback};
use crate::legacy::api::LegacyApi;
use crate::legacy::home::HomeCache;
use crate::rate::Rate;
use crate::store::contacts::Contacts;
use crate::store::journal::{FactKind, KNOWN};
use crate::store::outbox::Outbox;
use crate::store::remote::RemoteStore;
use crate::store::{ParkedShare, Store};
use crate::telemetry::metrics::BotMetrics;
use crate::telemetry::sightings::Sightings;
use crate::time::{self, Moment};

/// Blocks of one bot that are remembered as ours; a real bot has a few dozen.
const BLOCKS: usize = 1024;

/// One bot.
pub(crate) struct Bot {
    /// As configured.
    pub(crate) settings: Arc<BotSettings>,
    /// When to answer "wait", and where callbacks may go (S2).
    pub(crate) callback: Arc<Callback>,
    /// Told once when it goes out and once when it is back (S4).
    pub(crate) alert: Option<SecretUrl>,
    /// The old bot itself.
    pub(crate) api: Arc<dyn LegacyApi>,
    /// Its home keyboard.
    pub(crate) home: Arc<HomeCache>,
    /// Whether it is worth asking.
    pub(crate) breaker: Arc<Breaker>,
    /// Its users.
    pub(crate) sessions: Store,
    /// Its turns in flight.
    pub(crate) turns: Arc<ConcurrencyLimit>,
    /// Its share of `limits.turns`, `limits.events` and `limits.parked` (S5).
    pub(crate) turns_share: Arc<ConcurrencyLimit>,
    /// The same of events.
    pub(crate) events_share: Arc<ConcurrencyLimit>,
    /// The same of parked bytes.
    pub(crate) parked_share: Arc<ParkedShare>,
    /// One permit, where only one message may be out at a time (I6).
    pub(crate) one_at_a_time: Option<Arc<Semaphore>>,
    /// The same among all processes that share the store.
    pub(crate) gate_of_all: Option<Arc<RemoteStore>>,
    /// Blocks whose calls came here: they are ours (I5).
    pub(crate) blocks: Arc<ArcSwap<HashSet<Box<str>, RandomState>>>,
    /// Whether the ids of its block were told.
    pub(crate) advice: Arc<BlockAdvice>,
    /// Channel events on their way to it (E4).
    pub(crate) outbox: Arc<Outbox>,
    /// Facts about its users besides their sessions (E2).
    pub(crate) contacts: Arc<Contacts>,
    /// How often its users call.
    pub(crate) rate: Arc<Rate>,
    /// Counters of this bot.
    pub(crate) metrics: Arc<BotMetrics>,
    /// Whose messages are kept for the operators (C5).
    pub(crate) capture: Arc<Capture>,
    /// What was seen of its calls (C3).
    pub(crate) seen: Arc<Sightings>,
}

/// Advice about a bot's blocks that was given already (K3).
#[derive(Debug, Default)]
pub(crate) struct BlockAdvice {
    told: AtomicBool,
    warned: AtomicBool,
    /// The line to paste, once it was told.
    line: OnceLock<String>,
}

impl BlockAdvice {
    /// The line of `message_block` with the ids of this bot's first block; `None` before its first words.
    #[must_use]
    pub(crate) fn line(&self) -> Option<&str> {
        self.line.get().map(String::as_str)
    }
}

impl Bot {
    /// Remembers that calls of this block come here.
    pub(crate) fn own_block(&self, block: &str) {
        let known = self.blocks.load();
        if known.contains(block) || known.len() >= BLOCKS {
            return;
        }
        // Rare: a bot has a few dozen blocks, and each is new once.
        self.blocks.rcu(|known| {
            let mut more = HashSet::clone(known);
            more.insert(Box::from(block));
            more
        });
        if let Some(store) = self.sessions.shared() {
            store.own_block(block);
        }
        if let Some(journal) = self.sessions.journal() {
            journal.fact(FactKind::Block, block.as_bytes(), Some((time::now().plus(KNOWN), vec![1])));
        }
    }

    /// Captures `whom` from now on (C5), and says so in the log. Gives when that ends.
    pub(crate) fn start_capture(&self, whom: Whom, now: Moment) -> Moment {
        let until = self.capture.start(whom, now);
        self.tell_of_capture(whom);
        until
    }

    /// Says in the log that capture is on.
    pub(crate) fn tell_of_capture(&self, whom: Whom) {
        let bot = &self.settings.id;
        match whom {
            Whom::User(user) => tracing::warn!(
                %bot,
                user = %format_args!("{user:016x}"),
                "capture is on: for ten minutes the messages of this user are kept in memory"
            ),
            Whom::Everybody => tracing::warn!(
                %bot,
                "capture is on: for ten minutes the messages of all users of this bot are kept in memory"
            ),
        }
    }

    /// Ends capture before its time.
    pub(crate) fn stop_capture(&self, now: Moment) {
        if self.capture.stop(now) {
            self.tell_of_end(Change::Ended);
        }
    }

    /// Erases at once what was captured.
    pub(crate) fn erase_captured(&self) {
        self.capture.erase();
        self.tell_of_end(Change::Erased);
    }

    /// Lets time pass for capture: it ends, and what was captured is erased.
    pub(crate) fn sweep_capture(&self, now: Moment) {
        for change in self.capture.sweep(now) {
            self.tell_of_end(change);
        }
    }

    fn tell_of_end(&self, change: Change) {
        let bot = &self.settings.id;
        match change {
            Change::Ended => tracing::warn!(%bot, "capture is off: what was kept is erased in ten minutes"),
            Change::Erased => tracing::info!(%bot, "what was captured is erased"),
        }
    }

    /// Tells which ids `message_block` wants (K3): once when the first words of a block came, and once as a warning when
    /// another block spoke in between, which is what it is for. Silent where it is configured.
    pub(crate) fn advise_message_block(&self, openbuilder_id: &str, block: &str, last_block: Option<&str>) {
        let is_foreign = last_block.is_some_and(|last| self.foreign_block(last));
        let given = if is_foreign { &self.advice.warned } else { &self.advice.told };
        if given.load(Ordering::Relaxed) {
            return;
        }
        let id = openbuilder_id.trim_end_matches('!');
        let plain = |id: &str| !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if self.settings.message_block.contains_key(id) || !plain(id) || !plain(block) {
            return;
        }
        if given.swap(true, Ordering::Relaxed) {
            return;
        }
        let bot = &self.settings.id;
        let paste = format!("bots.{bot}.message_block = {{ \"{id}\" = \"{block}\" }}");
        let _kept = self.advice.line.get_or_init(|| paste.clone());
        if is_foreign {
            tracing::warn!(%bot, paste, "another block of the scenario answered in between; with these ids quick replies come here whatever their words");
        } else {
            tracing::info!(%bot, paste, "the first words of this block; should other blocks catch words of quick replies, paste these ids");
        }
    }

    /// Whether a block is known not to be ours: this bridge has seen calls of some blocks, and not of this one. Then
    /// something else spoke to the user last, and the keyboard we showed does not bind them (I5).
    #[must_use]
    pub(crate) fn foreign_block(&self, block: &str) -> bool {
        let welcome = self.settings.welcome_blocks.iter().any(|own| **own == *block);
        let quick = self.settings.message_block.values().any(|own| **own == *block);
        let known = self.blocks.load();
        // Once no more fit, a block that is not among them may be ours all the same.
        !welcome && !quick && !known.is_empty() && known.len() < BLOCKS && !known.contains(block)
    }
}
