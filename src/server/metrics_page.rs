//! `/metrics`: everything that is counted, summed over the cores.

use crate::breaker::State;
use crate::degradation::Degradation;
use crate::shared::Shared;
use crate::telemetry::exposition::{Kind, Page};
use crate::telemetry::log;
use crate::telemetry::metrics::{Durations, EventFate, Refusal};
use crate::telemetry::queue::LineKind;
use crate::telemetry::record::{Outcome, PlanKind};

/// The page. Combinations that are rare and never happened are left out, so that a thousand bots stay readable.
#[must_use]
pub fn render(shared: &Shared) -> String {
    let bots = shared.registry();
    let mut bots: Vec<_> = bots.iter().collect();
    bots.sort_by_key(|bot| bot.settings.id.clone());
    let mut page = Page::default();

    page.metric("bridge_turns_total", Kind::Counter, "Turns by bot, by what was to be done and what came of it.");
    for bot in &bots {
        for plan in PlanKind::ALL {
            for outcome in Outcome::ALL {
                let count = bot.metrics.turns(*plan, *outcome);
                // There from the start, so that their first increase is one: what a bot is asked, and what it answers.
                if count > 0 || *plan == PlanKind::Ask || *outcome == Outcome::Answered {
                    let labels =
                        [("bot", bot.settings.id.as_str()), ("plan", plan.as_str()), ("outcome", outcome.as_str())];
                    page.sample("bridge_turns_total", &labels, number(count));
                }
            }
        }
    }
    page.metric("bridge_turn_duration_seconds", Kind::Histogram, "From a call's first byte to something to read.");
    for bot in &bots {
        histogram(&mut page, "bridge_turn_duration_seconds", bot.settings.id.as_str(), &bot.metrics.answered());
    }
    page.metric("bridge_backend_duration_seconds", Kind::Histogram, "How long the old bot took.");
    for bot in &bots {
        histogram(&mut page, "bridge_backend_duration_seconds", bot.settings.id.as_str(), &bot.metrics.backend());
    }
    page.metric("bridge_backend_up", Kind::Gauge, "1 while the breaker is closed, 0 while the bot is out.");
    for bot in &bots {
        let up = matches!(bot.breaker.state(), State::Closed(_));
        page.sample("bridge_backend_up", &[("bot", bot.settings.id.as_str())], f64::from(u8::from(up)));
    }
    page.metric(
        "bridge_backend_failures_in_a_row",
        Kind::Gauge,
        "Turns in a row without a usable reply of the old bot.",
    );
    for bot in &bots {
        let failures = match bot.breaker.state() {
            State::Closed(failures) => failures,
            State::Open(_) | State::Probing => u64::from(bot.settings.breaker.failures),
        };
        page.sample("bridge_backend_failures_in_a_row", &[("bot", bot.settings.id.as_str())], number(failures));
    }
    page.metric("bridge_turns_in_flight", Kind::Gauge, "Turns that run or wait in a line.");
    for bot in &bots {
        page.sample("bridge_turns_in_flight", &[("bot", bot.settings.id.as_str())], count(bot.turns.count()));
    }
    page.metric("bridge_backend_connections", Kind::Gauge, "Connections to the old bot by state.");
    for bot in &bots {
        let connections = bot.api.connections();
        for (state, number) in [("busy", connections.in_use()), ("idle", connections.idle())] {
            let labels = [("bot", bot.settings.id.as_str()), ("state", state)];
            page.sample("bridge_backend_connections", &labels, count(number));
        }
    }
    page.metric("bridge_backend_queue", Kind::Gauge, "Messages and other calls that wait for a connection to the bot.");
    for bot in &bots {
        let waiting = bot.api.connections().waiting();
        page.sample("bridge_backend_queue", &[("bot", bot.settings.id.as_str())], count(waiting));
    }
    page.metric("bridge_callbacks_total", Kind::Counter, "Answers by callback, delivered or not.");
    for (word, outcome) in [("delivered", Outcome::CalledBack), ("failed", Outcome::CallbackFailed)] {
        let total =
            bots.iter().map(|bot| PlanKind::ALL.iter().map(|plan| bot.metrics.turns(*plan, outcome)).sum::<u64>());
        page.sample("bridge_callbacks_total", &[("outcome", word)], number(total.sum()));
    }
    page.metric("bridge_parked", Kind::Gauge, "Replies that wait to be seen.");
    for bot in &bots {
        page.sample("bridge_parked", &[("bot", bot.settings.id.as_str())], count(bot.sessions.stats().parked));
    }
    page.metric("bridge_degradations_total", Kind::Counter, "Turns whose answer differs from the reply, by code.");
    for bot in &bots {
        for degradation in Degradation::ALL {
            let count = bot.metrics.degradations(*degradation);
            if count > 0 || *degradation == Degradation::NoReply {
                let labels = [("bot", bot.settings.id.as_str()), ("code", degradation.code())];
                page.sample("bridge_degradations_total", &labels, number(count));
            }
        }
    }
    page.metric(
        "bridge_home_keyboard_differs",
        Kind::Gauge,
        "1 while the bot's answer to GET /keyboard differs from the documented form, by code.",
    );
    for bot in &bots {
        for degradation in bot.home.degradations().iter() {
            let labels = [("bot", bot.settings.id.as_str()), ("code", degradation.code())];
            page.sample("bridge_home_keyboard_differs", &labels, 1.0);
        }
    }
    page.metric("bridge_refusals_total", Kind::Counter, "Calls that were not admitted, by reason.");
    for refusal in Refusal::ALL {
        let labels = [("reason", refusal.as_str())];
        page.sample("bridge_refusals_total", &labels, number(shared.metrics.refusals(refusal)));
    }
    page.metric("bridge_channel_events_total", Kind::Counter, "Channel events by what became of them.");
    for fate in EventFate::ALL {
        let labels = [("fate", fate.as_str())];
        page.sample("bridge_channel_events_total", &labels, number(shared.metrics.events(fate)));
    }
    page.metric("bridge_sessions", Kind::Gauge, "Users remembered.");
    for bot in &bots {
        page.sample("bridge_sessions", &[("bot", bot.settings.id.as_str())], count(bot.sessions.stats().sessions));
    }
    page.metric("bridge_log_lines_dropped_total", Kind::Counter, "Log lines that did not fit or could not be written.");
    for kind in LineKind::ALL {
        page.sample("bridge_log_lines_dropped_total", &[("kind", kind.as_str())], number(log::dropped(kind)));
    }
    page.metric(
        "bridge_config_last_reload_successful",
        Kind::Gauge,
        "0 while the configuration file is worse than what runs.",
    );
    page.sample("bridge_config_last_reload_successful", &[], f64::from(u8::from(shared.last_reload().well)));
    page.metric("bridge_config_restart_needed", Kind::Gauge, "1 while the file has changes that only a start applies.");
    page.sample("bridge_config_restart_needed", &[], f64::from(u8::from(!shared.waits_for_restart().is_empty())));
    page.metric("bridge_build_info", Kind::Gauge, "Always 1; the version is in the label.");
    page.sample("bridge_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    page.finish()
}

fn histogram(page: &mut Page, name: &str, bot: &str, durations: &Durations) {
    page.histogram(name, &[("bot", bot)], &durations.buckets, durations.count, durations.sum);
}

/// Exact up to 2^53, which no counter here reaches in a century.
#[allow(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers")]
fn number(count: u64) -> f64 {
    count as f64
}

fn count(count: usize) -> f64 {
    u64::try_from(count).map_or(f64::MAX, number)
}
