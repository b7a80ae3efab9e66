//! The console in a real browser: Chromium and its driver, as Debian packages them.
//!
//! One driver and one browser serve all tests, one test after the other. Each begins with a tab, cookies and a cache of
//! its own, and ends by showing that the browser had nothing to complain of (`tab.rs`).
//!
//! `BLESS_IMAGES=1 cargo test --test browser pictures` writes the pictures in `docs/images`.

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

mod driver;
mod hostile;
mod house;
mod pages;
mod pictures;
mod sign_in;
mod start;
#[path = "../support/mod.rs"]
mod support;
mod tab;
mod talk;
mod turns;
