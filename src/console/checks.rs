//! *점검*: `check` of a configured bot, never of an address that somebody writes into a page (C3).
//!
//! One at a time, a minute at most, on the operators' thread, which serves no user. The last report of each bot is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::check::report::Report;
use crate::check::{self, Plan};
use crate::config::settings::BotSettings;
use crate::mutex::lock;
use crate::shared::Shared;
use crate::time::{self, Moment};

/// How long a check may take: each of its few calls ends after 5 s.
const WITHIN: Duration = Duration::from_secs(60);
/// Characters of a message that is sent; the old platform's own bound is 1000.
const WORDS: usize = 200;

/// The check that runs, and what the ones before have found.
#[derive(Debug, Default)]
pub(super) struct Checks(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    running: Option<String>,
    done: HashMap<String, Arc<Checked>>,
}

/// What a check has found.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) at: Moment,
    /// `None` where it took too long.
    pub(super) report: Option<Report>,
    /// No message was sent: nothing was seen of what messages come to.
    pub(super) only_home: bool,
}

/// Takes the place of the one that runs; gives it back also when the check is cut off.
struct Place(Arc<Checks>);

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.0.0).running = None;
    }
}

impl Checks {
    /// Begins to check `bot`, unless another check is under way.
    pub(super) fn begin(self: &Arc<Self>, shared: &Shared, bot: &Arc<BotSettings>, words: &str) {
        {
            let mut state = lock(&self.0);
            if state.running.is_some() {
                return;
            }
            state.running = Some(bot.id.as_str().to_owned());
            // Bots that a reload has taken away.
            let registry = shared.registry();
            state.done.retain(|known, _| registry.named(known).is_some());
        }
        let (place, bot) = (Place(Arc::clone(self)), Arc::clone(bot));
        let words: String = words.trim().chars().take(WORDS).collect();
        let words = Some(words).filter(|words| !words.is_empty());
        shared.tasks.background(async move {
            let only_home = words.is_none();
            let plan = Plan { words, ..Plan::default() };
            let report = tokio::time::timeout(WITHIN, Box::pin(check::check(&bot, &plan))).await.ok();
            let checked = Checked { at: time::now(), report, only_home };
            lock(&place.0.0).done.insert(bot.id.as_str().to_owned(), Arc::new(checked));
            drop(place);
        });
    }

    /// The bot that is checked now.
    pub(super) fn running(&self) -> Option<String> {
        lock(&self.0).running.clone()
    }

    /// What the last check of `bot` has found.
    pub(super) fn last(&self, bot: &str) -> Option<Arc<Checked>> {
        lock(&self.0).done.get(bot).cloned()
    }
}
