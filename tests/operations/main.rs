//! The bridge as an operator runs it: the real binary with a file, signals, metrics and log lines.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test may fail loudly, prints what it measured, and looks at real time"
)]

mod bridge;
mod greeting;
mod log_lines;
mod metrics;
mod open_files;
mod precedence;
mod protocols;
mod reload;
mod stop;
mod unwritable_log;
