//! What goes in and what comes out: calls, replies, configuration, and whatever else arrives.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::let_underscore_must_use,
    clippy::str_to_string,
    clippy::cast_possible_truncation,
    clippy::duplicate_mod,
    unreachable_pub,
    reason = "a test that panics has failed, as it should; it may print its figures and waits in real time"
)]

mod bad_input;
mod config;
mod golden_outbound;
mod golden_reading;
mod outbound;
mod payloads;
mod recorded_replies;
#[path = "../support/mod.rs"]
mod support;
