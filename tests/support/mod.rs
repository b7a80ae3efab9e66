//! What several test binaries need: a bridge that runs, a plain HTTP client, skill calls and their answers.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::needless_pass_by_value,
    clippy::cast_possible_truncation,
    reason = "each test binary uses its part, and waits in real time"
)]

pub mod answer;
pub mod bot;
pub mod bridge;
pub mod http;
pub mod logs;
pub mod recorded;
pub mod say;

pub use answer::Answer;
pub use bot::{Asked, Bot, Reply, buttons, hang, hang_up, raw, raw_open, reply, reset, status, text, words};
pub use bridge::{Bridge, Program};
pub use http::{Client, get, get_with, post};
pub use say::{JUN, MINA, Say, added, blocked, event, newcomer};

use std::env;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// An environment variable that steers a test.
pub fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Says on stderr that a test has nothing to work with; fails where everything must be there.
pub fn skip(reason: &str) {
    assert!(variable("REQUIRE_ALL").is_none_or(|value| value != "1"), "{reason}");
    eprintln!("skipped: {reason}");
}

/// The folder of recordings and samples beside the repository, or where `SMARTCHAT_SHARED` says. A clone has none.
pub fn shared(part: &str) -> Option<PathBuf> {
    let folder = variable("SMARTCHAT_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")), PathBuf::from)
        .join(part);
    folder.exists().then_some(folder)
}

/// How long anything may take before the test says that it hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Milliseconds.
pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Looks until it is so.
#[track_caller]
pub fn eventually(what: &str, mut it: impl FnMut() -> bool) {
    until(what, || it().then_some(()));
}

/// Both at once, the second in a thread of its own.
pub fn together<A, B: Send>(one: impl FnOnce() -> A, other: impl FnOnce() -> B + Send) -> (A, B) {
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        (one(), other.join().unwrap())
    })
}

/// Tries until it works.
#[track_caller]
pub fn until<T>(what: &str, attempt: impl FnMut() -> Option<T>) -> T {
    until_at_most(PATIENCE, what, attempt)
}

/// The same for what may take longer.
#[track_caller]
pub fn until_at_most<T>(most: Duration, what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(started.elapsed() < most, "waited {most:?}: {what}");
        std::thread::sleep(ms(2));
    }
}

/// What something takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let done = work();
    (done, started.elapsed())
}

/// Bytes a process has in memory; `self` is this one.
pub fn resident(process: &str) -> usize {
    let statm = std::fs::read_to_string(format!("/proc/{process}/statm")).unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0) * 4096
}
