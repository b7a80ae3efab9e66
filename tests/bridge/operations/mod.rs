//! The bridge as an operator runs it: the real binary with a file, signals, metrics and log lines.

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
