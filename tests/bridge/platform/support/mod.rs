//! What every test here uses: an old bot that notes down what it is asked, a bridge, a caller.

pub(crate) mod bot;
pub(crate) mod bridge;
pub(crate) mod http;
pub(crate) mod say;

pub(crate) use bot::{Bot, Reply, buttons, text, words};
pub(crate) use bridge::Bridge;
pub(crate) use http::{Answer, post};
pub(crate) use say::{Say, added, blocked, event};

/// Looks until it is so, for at most ten seconds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut it: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !it() {
        assert!(started.elapsed().as_secs() < 10, "waited ten seconds: {what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// A user of the legacy form.
pub(crate) const MINA: &str = "Qw7-eRt_9YzA";
/// Another.
pub(crate) const JUN: &str = "Zx1_aSd-3FgH";
