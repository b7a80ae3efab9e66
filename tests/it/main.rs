//! The whole bridge over real sockets, against bots and a Kakao that misbehave.
//!
//! Times are real and short: a deadline of 600 ms stands for the 4.5 s of production. What depends on exact times is
//! tested without sockets, in `tests/patience.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::str_to_string,
    clippy::cast_possible_truncation,
    reason = "a test may fail as it likes, and prints its figures"
)]

mod breaker;
mod callback;
mod chaos;
mod load;
mod overload;
mod parked;
mod shutdown;
mod support;
