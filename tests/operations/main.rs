//! The bridge as an operator runs it: the real binary with a file, signals, metrics and log lines (issue 4).

mod bridge;
mod metrics;
mod precedence;
mod reload;
mod stop;
