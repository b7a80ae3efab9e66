//! The bridge as an operator runs it: the real binary with a file, signals, metrics and log lines.

mod greeting;
mod log_lines;
mod metrics;
mod open_files;
mod precedence;
mod protocols;
mod reload;
mod service_manager;
mod stop;
mod unwritable_log;

use crate::support::*;

const HOME: [&str; 2] = ["급식", "시간표"];

/// An old bot with a home keyboard of two buttons, that answers every message with a text and the same buttons.
fn old_bot(name: &'static str) -> Bot {
    old_bot_at(std::net::SocketAddr::from(([127, 0, 0, 1], 0)), name)
}

/// The same at this address.
fn old_bot_at(address: std::net::SocketAddr, name: &'static str) -> Bot {
    Bot::at(address, move |asked| match asked.method() {
        "GET" => bot::home(&HOME),
        _ => buttons(&format!("{name}: {}", asked.content()), &HOME),
    })
}

/// One with the same home keyboard that answers messages by their words.
fn answering(answers: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Bot {
    Bot::before(bot::home(&HOME), move |asked| answers(&asked.content()))
}
