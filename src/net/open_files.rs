//! How many files the process may have open, and how they are shared out (S5).
//!
//! Each caller is one file and each message to a bot another. A bridge that gives all of them to callers cannot reach
//! the bot any more, and would take its own shortage for the bot's outage. So the soft limit is raised to the hard one
//! at start, and callers get no more than half of what is left beside the process's own files.

use std::io;

/// Files of the process itself: listeners, runtimes, the admin listener's connections, configuration, alerts. Of a
/// very low limit it is half.
const OWN: u64 = 160;

/// Raises the soft limit on open files to the hard one; the limit that counts then.
///
/// # Errors
/// The system does not tell its limits. A limit that may not be raised is no error.
pub(crate) fn raise_limit() -> io::Result<u64> {
    match rlimit::increase_nofile_limit(rlimit::INFINITY) {
        Ok(limit) => Ok(limit),
        Err(_) => rlimit::Resource::NOFILE.get_soft(),
    }
}

/// Connections of callers that fit a limit of `files`: at most `wanted`, at least one, and as many files are left for
/// connections to bots.
#[must_use]
pub(crate) fn connections(files: u64, wanted: usize) -> usize {
    let callers = files.saturating_sub(OWN.min(files / 2)) / 2;
    usize::try_from(callers).unwrap_or(usize::MAX).clamp(1, wanted.max(1))
}

/// Whether an error of the system says that this process, or the whole machine, has no file left: the bridge's own
/// shortage, and no fault of another side.
#[must_use]
pub(crate) fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_files_are_left_for_bots_as_callers_get() {
        assert_eq!(connections(1_048_576, 20_000), 20_000);
        assert_eq!(connections(20_000, 20_000), 9_920);
        assert_eq!(connections(1024, 20_000), 432);
        assert_eq!(connections(64, 20_000), 16);
        assert_eq!(connections(0, 20_000), 1);
        assert_eq!(connections(64, 8), 8);
    }
}
