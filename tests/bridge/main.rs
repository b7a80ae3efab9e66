//! The whole bridge over real sockets: old bots on one side, OpenBuilder, Kakao and operators on the other.

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

mod apache;
mod console;
mod examples;
mod frameworks;
mod operations;
mod platform;
mod replicas;
mod store;
#[path = "../support/mod.rs"]
mod support;
mod trouble;
mod walk;
