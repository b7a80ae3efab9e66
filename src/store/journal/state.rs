//! How the store is, for those who look.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use rusqlite::ErrorCode;

use super::record::BotNumber;
use crate::ids::BotId;
use crate::mutex::lock;
use crate::time::{self, Moment};

/// Why the file cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The disk is full.
    Full,
    /// The file or its folder cannot be written.
    ReadOnly,
    /// The file is damaged.
    Damaged,
    /// The file is not there any more.
    Gone,
    /// The disk does not answer.
    Slow,
    /// Something else.
    Other,
}

impl Trouble {
    const ALL: [Self; 6] = [Self::Full, Self::ReadOnly, Self::Damaged, Self::Gone, Self::Slow, Self::Other];

    /// Its word in metrics, `/readyz` and log lines.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::ReadOnly => "read_only",
            Self::Damaged => "damaged",
            Self::Gone => "gone",
            Self::Slow => "slow",
            Self::Other => "other",
        }
    }
}

/// What an error of the file means.
pub(super) fn trouble_of(error: &rusqlite::Error) -> Trouble {
    let rusqlite::Error::SqliteFailure(failure, _) = error else { return Trouble::Gone };
    let is = |codes: &[ErrorCode]| codes.contains(&failure.code);
    // No room for the memory that is shared with those who look from outside, either.
    if is(&[ErrorCode::DiskFull]) || failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE {
        Trouble::Full
    } else if is(&[ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase]) {
        Trouble::Damaged
    } else if is(&[ErrorCode::CannotOpen]) || failure.extended_code == rusqlite::ffi::SQLITE_READONLY_DBMOVED {
        Trouble::Gone
    } else if is(&[ErrorCode::ReadOnly, ErrorCode::PermissionDenied]) {
        Trouble::ReadOnly
    } else {
        Trouble::Other
    }
}

/// Shared by the threads of the store and those who look at it.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// 0 for none, else the place in [`Trouble::ALL`] plus one.
    trouble: AtomicU8,
    since: AtomicU64,
    /// Somebody waits for an answer.
    pub(super) urgent: AtomicBool,
    /// A question was not answered in time, and none since.
    pub(super) slow: AtomicBool,
    /// How often the file was replaced by another one.
    pub(super) file: AtomicUsize,
    /// The file is not where it was.
    pub(super) moved: AtomicBool,
    /// What the system calls the open file; 0 for none.
    pub(super) inode: AtomicU64,
    /// Something was written since the disk was last waited for.
    pub(super) dirty: AtomicBool,
    /// A damaged file is being read.
    pub(super) salvaging: AtomicBool,
    /// Rows written.
    pub(super) written: AtomicU64,
    /// Changes that found no room.
    pub(super) lost: AtomicU64,
    /// Rows that wait to be written.
    pub(super) waiting: AtomicUsize,
    /// Bytes of the file and its log.
    pub(super) bytes: AtomicU64,
    /// Users looked up.
    pub(super) reads: AtomicU64,
    /// Held while files are renamed or opened by another connection.
    files: Mutex<()>,
    bots: Mutex<Vec<(BotNumber, BotId)>>,
}

/// How the store is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JournalStats {
    /// Why it cannot be written, and since when.
    pub(crate) trouble: Option<(Trouble, Moment)>,
    /// Whether a damaged file is being read.
    pub(crate) salvaging: bool,
    /// Rows written.
    pub(crate) written: u64,
    /// Users looked up.
    pub(crate) reads: u64,
    /// Changes that are lost.
    pub(crate) lost: u64,
    /// Changes that wait.
    pub(crate) waiting: usize,
    /// Bytes on the disk.
    pub(crate) bytes: u64,
}

impl State {
    /// Why it cannot be written.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        let number = self.trouble.load(Ordering::Acquire);
        Trouble::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// Notes how it is; one log line a change (P6).
    pub(super) fn set_trouble(&self, trouble: Option<(Trouble, &dyn std::error::Error)>) {
        let place = |own| Trouble::ALL.iter().position(|known| *known == own).and_then(|at| u8::try_from(at + 1).ok());
        let number = trouble.and_then(|(trouble, _)| place(trouble)).unwrap_or_default();
        let before = self.trouble.swap(number, Ordering::AcqRel);
        if before == number {
            return;
        }
        if before == 0 {
            self.since.store(time::now().as_millis(), Ordering::Release);
        }
        match trouble {
            Some((trouble, error)) => {
                let error = crate::fault::chain(error);
                tracing::error!(
                    trouble = trouble.as_str(),
                    error,
                    "the store cannot be written: the bridge goes on in memory, and writes again when it can"
                );
            }
            None => tracing::warn!("the store is written again"),
        }
    }

    /// Holds off the others who open or rename files.
    pub(super) fn lock_files(&self) -> MutexGuard<'_, ()> {
        lock(&self.files)
    }

    /// The bots and their numbers.
    pub(super) fn bots(&self) -> Vec<(BotNumber, BotId)> {
        lock(&self.bots).clone()
    }

    /// The number of this bot, and whether it is a new one.
    pub(super) fn number(&self, name: &BotId) -> (BotNumber, bool) {
        let mut bots = lock(&self.bots);
        if let Some((number, _)) = bots.iter().find(|(_, own)| own == name) {
            return (*number, false);
        }
        let number = bots.iter().map(|(number, _)| *number).max().map_or(1, |last| last.saturating_add(1));
        bots.push((number, name.clone()));
        (number, true)
    }

    /// These have their numbers already.
    pub(super) fn know(&self, known: Vec<(BotNumber, BotId)>) {
        *lock(&self.bots) = known;
    }

    /// How it is.
    pub(super) fn stats(&self) -> JournalStats {
        let since = Moment::from_millis(self.since.load(Ordering::Acquire));
        let slow = self.slow.load(Ordering::Acquire).then_some(Trouble::Slow);
        JournalStats {
            trouble: self.trouble().or(slow).map(|trouble| (trouble, since)),
            salvaging: self.salvaging.load(Ordering::Acquire),
            written: self.written.load(Ordering::Relaxed),
            reads: self.reads.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}
