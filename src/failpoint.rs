//! Places where a test makes the process die (P2 to P4), and times that a test cannot wait for. The program that is
//! released has none of them.

use std::time::Duration;

/// Steps of a turn before each of which a process can die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Begun,
    Decided,
    Mark,
    Send,
    Reply,
    Claimed,
    Deliver,
    Commit,
    Committed,
    Debt,
    Acknowledge,
    KeepAnswer,
    Post,
    Posted,
    Settle,
    Settled,
}

impl Step {
    #[cfg(debug_assertions)]
    fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Decided => "decided",
            Self::Mark => "mark",
            Self::Send => "send",
            Self::Reply => "reply",
            Self::Claimed => "claimed",
            Self::Deliver => "deliver",
            Self::Commit => "commit",
            Self::Committed => "committed",
            Self::Debt => "debt",
            Self::Acknowledge => "acknowledge",
            Self::KeepAnswer => "keep_answer",
            Self::Post => "post",
            Self::Posted => "posted",
            Self::Settle => "settle",
            Self::Settled => "settled",
        }
    }
}

/// The process dies here where `SMARTCHAT_DIES_AT` says so: `send` the first time, `send:2` the second. It waits a tenth of
/// a second before, in which everything that was told is written; not when a turn has ended, for then it is about the
/// answer that has not left yet.
#[inline]
pub(crate) fn reach(step: Step) {
    #[cfg(debug_assertions)]
    armed::reach(step);
    #[cfg(not(debug_assertions))]
    let _no_test = step;
}

/// A time of ten minutes (C5). `SMARTCHAT_TEN_MINUTES`, in milliseconds, takes its place.
#[inline]
pub(crate) fn shortened(usual: Duration) -> Duration {
    #[cfg(debug_assertions)]
    return armed::ten_minutes().unwrap_or(usual);
    #[cfg(not(debug_assertions))]
    usual
}

#[cfg(debug_assertions)]
mod armed {
    use super::Step;
    use std::process::Command;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    struct Armed {
        name: String,
        left: AtomicUsize,
    }

    #[allow(clippy::disallowed_methods, reason = "no part of the configuration, and of no released program")]
    fn armed() -> Option<&'static Armed> {
        static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
        let read = || {
            let wanted = std::env::var("SMARTCHAT_DIES_AT").ok()?;
            let (name, times) = wanted.split_once(':').unwrap_or((&wanted, "1"));
            Some(Armed { name: name.to_owned(), left: AtomicUsize::new(times.parse().ok()?) })
        };
        ARMED.get_or_init(read).as_ref()
    }

    #[allow(clippy::disallowed_methods, reason = "as above")]
    pub(super) fn ten_minutes() -> Option<Duration> {
        static WANTED: OnceLock<Option<Duration>> = OnceLock::new();
        let read = || std::env::var("SMARTCHAT_TEN_MINUTES").ok()?.parse().ok().map(Duration::from_millis);
        *WANTED.get_or_init(read)
    }

    pub(super) fn reach(step: Step) {
        let Some(armed) = armed().filter(|armed| armed.name == step.name()) else { return };
        if armed.left.fetch_sub(1, Ordering::SeqCst) != 1 {
            return;
        }
        if step != Step::Committed {
            std::thread::sleep(Duration::from_millis(100));
        }
        let _dies = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
        loop {
            std::thread::park();
        }
    }
}
