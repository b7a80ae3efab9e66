//! `/metrics`: everything that is counted, summed over the cores.
//!
//! Every counter is there from the start with 0: Prometheus sees the first increase of a series only when it has seen
//! the series before, and the first failure of a quiet bot may be the only one of its day.

use std::sync::Arc;

use crate::backend_problem::BackendProblem;
use crate::bot::Bot;
use crate::breaker::State;
use crate::degradation::Degradation;
use crate::shared::Shared;
use crate::store::remote::RemoteStats;
use crate::telemetry::exposition::{Kind, Page};
use crate::telemetry::log;
use crate::telemetry::metrics::{Durations, EventFate, Refusal, StoreEvent};
use crate::telemetry::process::ProcessUsage;
use crate::telemetry::queue::LineKind;
use crate::telemetry::record::{Outcome, PlanKind};
use crate::time::Moment;

/// The page.
#[must_use]
pub(crate) fn render(shared: &Shared) -> String {
    let registry = shared.registry();
    let mut bots: Vec<_> = registry.iter().cloned().collect();
    bots.sort_by_key(|bot| bot.settings.id.clone());
    let mut page = Page::default();
    turns(&mut page, &bots);
    backends(&mut page, &bots);
    users(&mut page, &bots);
    process(&mut page, shared);
    page.finish()
}

fn turns(page: &mut Page, bots: &[Arc<Bot>]) {
    let name = "bridge_turns_total";
    page.metric(name, Kind::Counter, "Turns by bot, by what was to be done and what came of it.");
    for bot in bots {
        for plan in PlanKind::ALL {
            for outcome in Outcome::ALL {
                let count = bot.metrics.turns(*plan, *outcome);
                if count > 0 || plan.can_come_to(*outcome) {
                    let labels = [("bot", id(bot)), ("plan", plan.as_str()), ("outcome", outcome.as_str())];
                    page.sample(name, &labels, number(count));
                }
            }
        }
    }
    let name = "bridge_turn_duration_seconds";
    page.metric(name, Kind::Histogram, "From a call's first byte to something to read.");
    for bot in bots {
        histogram(page, name, bot, &bot.metrics.answered());
    }
    let name = "bridge_degradations_total";
    page.metric(name, Kind::Counter, "Turns whose answer differs from the reply, by code.");
    for bot in bots {
        for degradation in Degradation::ALL {
            let labels = [("bot", id(bot)), ("code", degradation.code())];
            page.sample(name, &labels, number(bot.metrics.degradations(*degradation)));
        }
    }
    let name = "bridge_callbacks_total";
    page.metric(name, Kind::Counter, "Answers by callback, delivered or not.");
    for bot in bots {
        for (word, outcome) in [("delivered", Outcome::CalledBack), ("failed", Outcome::CallbackFailed)] {
            let total: u64 = PlanKind::ALL.iter().map(|plan| bot.metrics.turns(*plan, outcome)).sum();
            page.sample(name, &[("bot", id(bot)), ("outcome", word)], number(total));
        }
    }
}

fn backends(page: &mut Page, bots: &[Arc<Bot>]) {
    let name = "bridge_backend_duration_seconds";
    page.metric(name, Kind::Histogram, "How long the old bot took.");
    for bot in bots {
        histogram(page, name, bot, &bot.metrics.backend());
    }
    gauge(page, bots, "bridge_backend_up", "1 while the breaker is closed, 0 while the bot is out.", |bot| {
        truth(matches!(bot.breaker.state(), State::Closed(_)))
    });
    gauge(
        page,
        bots,
        "bridge_backend_failures_in_a_row",
        "Turns in a row without a usable reply of the old bot.",
        |bot| number(bot.breaker.failures_in_a_row()),
    );
    gauge(
        page,
        bots,
        "bridge_backend_last_success_timestamp_seconds",
        "When a turn with a usable reply of the old bot ended last; 0 before any.",
        |bot| bot.metrics.last_reply().map_or(0.0, seconds),
    );
    let name = "bridge_backend_problems_total";
    page.metric(name, Kind::Counter, "Turns in which the old bot gave no usable reply, by why.");
    for bot in bots {
        for problem in BackendProblem::ALL {
            let labels = [("bot", id(bot)), ("problem", problem.as_str())];
            page.sample(name, &labels, number(bot.metrics.problems(*problem)));
        }
    }
    let name = "bridge_backend_connections";
    page.metric(name, Kind::Gauge, "Connections to the old bot by state.");
    for bot in bots {
        let connections = bot.api.connections();
        for (state, number) in [("busy", connections.in_use()), ("idle", connections.idle())] {
            page.sample(name, &[("bot", id(bot)), ("state", state)], size(number));
        }
    }
    let help = "Messages and other calls that wait for a connection to the bot.";
    gauge(page, bots, "bridge_backend_queue", help, |bot| size(bot.api.connections().waiting()));
    let name = "bridge_home_keyboard_differs";
    let help = "1 while the bot's answer to GET /keyboard differs from the documented form, by code.";
    page.metric(name, Kind::Gauge, help);
    for bot in bots {
        for degradation in bot.home.degradations().iter() {
            page.sample(name, &[("bot", id(bot)), ("code", degradation.code())], 1.0);
        }
    }
}

fn users(page: &mut Page, bots: &[Arc<Bot>]) {
    gauge(page, bots, "bridge_turns_in_flight", "Turns that run or wait in a line.", |bot| size(bot.turns.count()));
    gauge(page, bots, "bridge_parked", "Replies that wait to be seen.", |bot| {
        size(bot.sessions.local().stats().parked)
    });
    gauge(page, bots, "bridge_sessions", "Users remembered.", |bot| size(bot.sessions.local().stats().sessions));
}

fn process(page: &mut Page, shared: &Shared) {
    let name = "bridge_refusals_total";
    page.metric(name, Kind::Counter, "Calls that were not admitted, by reason.");
    for refusal in Refusal::ALL {
        page.sample(name, &[("reason", refusal.as_str())], number(shared.metrics.refusals(*refusal)));
    }
    let name = "bridge_channel_events_total";
    page.metric(name, Kind::Counter, "Channel events by what became of them.");
    for fate in EventFate::ALL {
        page.sample(name, &[("fate", fate.as_str())], number(shared.metrics.events(*fate)));
    }
    let name = "bridge_log_lines_dropped_total";
    page.metric(name, Kind::Counter, "Log lines that did not fit or could not be written.");
    for kind in LineKind::ALL {
        page.sample(name, &[("kind", kind.as_str())], number(log::dropped(*kind)));
    }
    store(page, shared);
    let mut own = |name, kind, help, value: Option<f64>| {
        if let Some(value) = value {
            page.metric(name, kind, help);
            page.sample(name, &[], value);
        }
    };
    let (well, waits) = (shared.last_reload().well, !shared.waits_for_restart().is_empty());
    let help = "0 while the configuration file is worse than what runs.";
    own("bridge_config_last_reload_successful", Kind::Gauge, help, Some(truth(well)));
    let help = "1 while the file has changes that only a start applies.";
    own("bridge_config_restart_needed", Kind::Gauge, help, Some(truth(waits)));
    let usage = ProcessUsage::read();
    let help = "Total user and system CPU time spent in seconds.";
    own("process_cpu_seconds_total", Kind::Counter, help, usage.cpu_seconds);
    own("process_resident_memory_bytes", Kind::Gauge, "Resident memory size in bytes.", usage.resident_bytes);
    own("process_virtual_memory_bytes", Kind::Gauge, "Virtual memory size in bytes.", usage.virtual_bytes);
    own("process_open_fds", Kind::Gauge, "Number of open file descriptors.", usage.open_files);
    own("process_max_fds", Kind::Gauge, "Maximum number of open file descriptors.", usage.max_files);
    own("process_threads", Kind::Gauge, "Number of OS threads in the process.", usage.threads);
    let help = "Start time of the process since unix epoch in seconds.";
    own("process_start_time_seconds", Kind::Gauge, help, Some(seconds(shared.started)));
    let name = "bridge_build_info";
    page.metric(name, Kind::Gauge, "Always 1; the version is in the label.");
    page.sample(name, &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
}

fn store(page: &mut Page, shared: &Shared) {
    if let Some(remote) = shared.remote() {
        shared_store(page, shared, &remote.stats());
    }
    let Some(stats) = shared.journal().map(|journal| journal.stats()) else { return };
    let mut own = |name, kind, help, value: f64| {
        page.metric(name, kind, help);
        page.sample(name, &[], value);
    };
    let help = "1 while the store is written, 0 while the bridge goes on in memory.";
    own("bridge_store_up", Kind::Gauge, help, truth(stats.trouble.is_none()));
    let help = "1 while a damaged file of the store is being read.";
    own("bridge_store_salvaging", Kind::Gauge, help, truth(stats.salvaging));
    own("bridge_store_bytes", Kind::Gauge, "Size of the store's file and its log.", number(stats.bytes));
    own("bridge_store_waiting", Kind::Gauge, "Changes that wait to be written.", size(stats.waiting));
    own("bridge_store_written_total", Kind::Counter, "Rows written.", number(stats.written));
    let help = "Users looked up because they were not in memory.";
    own("bridge_store_lookups_total", Kind::Counter, help, number(stats.reads));
    let help = "Changes that found no room while the store could not be written.";
    own("bridge_store_lost_total", Kind::Counter, help, number(stats.lost));
    store_events(page, shared);
}

/// What Redis or Valkey is to this process (P6).
fn shared_store(page: &mut Page, shared: &Shared, stats: &RemoteStats) {
    let mut own = |name, kind, help, value: f64| {
        page.metric(name, kind, help);
        page.sample(name, &[], value);
    };
    let help = "1 while the shared store is asked, 0 while the bridge goes on from what this process knows.";
    own("bridge_store_up", Kind::Gauge, help, truth(stats.trouble.is_none()));
    own(
        "bridge_store_waiting",
        Kind::Gauge,
        "Users with changes that the shared store was not told.",
        size(stats.unsent),
    );
    let help = "Calls that hold a lease of the shared store or wait for one.";
    own("bridge_store_leases", Kind::Gauge, help, size(stats.standing));
    let help = "Turns that went on without the shared store.";
    own("bridge_store_alone_total", Kind::Counter, help, number(stats.alone));
    let help = "Changes that found no room while the store could not be written.";
    own("bridge_store_lost_total", Kind::Counter, help, number(stats.lost));
    store_events(page, shared);
}

fn store_events(page: &mut Page, shared: &Shared) {
    let name = "bridge_store_events_total";
    page.metric(name, Kind::Counter, "What the store has made of restarts and of its own trouble, by what it was.");
    for event in StoreEvent::ALL {
        page.sample(name, &[("event", event.as_str())], number(shared.metrics.stored(*event)));
    }
}

fn gauge(page: &mut Page, bots: &[Arc<Bot>], name: &str, help: &str, value: impl Fn(&Bot) -> f64) {
    page.metric(name, Kind::Gauge, help);
    for bot in bots {
        page.sample(name, &[("bot", id(bot))], value(bot));
    }
}

fn histogram(page: &mut Page, name: &str, bot: &Bot, durations: &Durations) {
    page.histogram(name, &[("bot", id(bot))], &durations.buckets, durations.count, durations.sum);
}

fn id(bot: &Bot) -> &str {
    bot.settings.id.as_str()
}

fn truth(is: bool) -> f64 {
    f64::from(u8::from(is))
}

fn seconds(moment: Moment) -> f64 {
    number(moment.as_millis()) / 1000.0
}

fn size(count: usize) -> f64 {
    u64::try_from(count).map_or(f64::MAX, number)
}

/// Exact up to 2^53, which no counter here reaches in a century.
#[allow(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers")]
fn number(count: u64) -> f64 {
    count as f64
}
