//! Why there is no store, and what to do about it.

use std::io;
use std::path::PathBuf;

use crate::messages::{Message, start as messages};

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or its files cannot be made, read or written.
    #[error("store.path {} cannot be used: {source}", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// Another process has it.
    #[error("store.path {} belongs to process {pid} on {host} since {started}", folder.display())]
    Taken {
        /// Which.
        folder: PathBuf,
        /// The machine or container of the other.
        host: String,
        /// Its number there.
        pid: String,
        /// When it started.
        started: String,
    },
    /// The file cannot be opened, for another reason than damage.
    #[error("store.path {}: {reason}", folder.display())]
    File {
        /// Which.
        folder: PathBuf,
        /// Why.
        reason: String,
    },
}

impl StoreError {
    /// The message to the operator, with what to do.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Folder { folder, source } => {
                messages::store_unusable(folder.display().to_string(), source.to_string(), account())
            }
            Self::Taken { folder, host, pid, started } => {
                messages::store_taken(folder.display().to_string(), pid, host, started)
            }
            Self::File { folder, reason } => messages::store_file(folder.display().to_string(), reason),
        }
    }
}

/// The account and group that the process runs as, as `chown` takes them.
fn account() -> String {
    // Each line has the real, the effective and two more.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let id = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().nth(1).map(str::to_owned)
    };
    match (id("Uid:"), id("Gid:")) {
        (Some(user), Some(group)) => format!("{user}:{group}"),
        _ => "$(id -u):$(id -g)".to_owned(),
    }
}
