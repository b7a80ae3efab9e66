//! Waits for the disk, once a second, in a thread of its own: a slow one must hold up neither a commit nor a question.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use super::database::{Database, FILE};
use super::state::State;

/// Of a power cut at most this is lost (P2).
const EACH: Duration = Duration::from_secs(1);
/// Bytes of the log from which on its pages are moved into the file.
const LOG_BYTES: u64 = 4 * 1024 * 1024;

/// Works until nobody else holds `state`.
pub(super) fn run(folder: &Path, state: &Arc<State>, ended: impl Fn() -> bool) {
    let path = folder.join(FILE);
    let log = folder.join(format!("{FILE}-wal"));
    loop {
        thread::park_timeout(EACH);
        if ended() {
            return;
        }
        let length = |path: &Path| path.metadata().map_or(0, |file| file.len());
        state.bytes.store(length(&path) + length(&log), Ordering::Relaxed);
        let inode = state.inode.load(Ordering::Acquire);
        if inode != 0 && super::folder::inode(&path) != Some(inode) {
            let _files = state.lock_files();
            // The writer may have opened another one meanwhile.
            state
                .moved
                .store(super::folder::inode(&path) != Some(state.inode.load(Ordering::Acquire)), Ordering::Release);
        }
        if !state.dirty.swap(false, Ordering::AcqRel) {
            continue;
        }
        // Another handle of the log will do: the system knows the pages by their file. The file itself must not be opened
        // here, for closing it would end SQLite's locks in this process.
        if let Err(error) = File::open(&log).and_then(|log| log.sync_data()) {
            tracing::debug!(%error, "the store's log cannot be synced");
        }
        if length(&log) > LOG_BYTES {
            let _files = state.lock_files();
            if let Err(error) = Database::checkpoint(&path) {
                tracing::debug!(%error, "the store's log cannot be moved into its file");
            }
        }
    }
}
