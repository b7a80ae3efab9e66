//! What several test binaries need: a bridge that runs, a plain HTTP client, skill calls and their answers.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

pub mod answer;
pub mod bot;
pub mod bridge;
pub mod call;
pub mod http;

use std::env;
use std::path::PathBuf;

/// An environment variable that steers a test.
#[allow(clippy::disallowed_methods, reason = "a test's own switch, not configuration")]
pub fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// UserInput on stderr that a test has nothing to work with; fails where everything must be there.
pub fn skip(reason: &str) {
    assert!(variable("REQUIRE_ALL").is_none_or(|value| value != "1"), "{reason}");
    eprintln!("skipped: {reason}");
}

/// The folder of recordings and samples beside the repository, or where `SMARTCHAT_SHARED` says.
pub fn shared(part: &str) -> Option<PathBuf> {
    let folder = variable("SMARTCHAT_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")), PathBuf::from)
        .join(part);
    if folder.exists() {
        return Some(folder);
    }
    skip(&format!("no {part} beside the repository; SMARTCHAT_SHARED says where it is"));
    None
}

/// Tries until it works, for at most ten seconds.
#[allow(clippy::disallowed_methods, reason = "a test waits in real time")]
pub fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let started = std::time::Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(started.elapsed().as_secs() < 10, "waited ten seconds for {what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// What something takes.
#[allow(clippy::disallowed_methods, reason = "a test measures in real time")]
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, std::time::Duration) {
    let started = std::time::Instant::now();
    let done = work();
    (done, started.elapsed())
}

/// Resident memory of this process in MiB.
pub fn resident_mib() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4 / 1024
}
