//! One process at a time has the folder.
//!
//! A lock of the system, which ends with its process whatever ends it; a file beside it says who has it. Rejected: a file
//! that is there while the folder is taken, which a crash leaves behind.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::time;

/// How often the lock is tried while another process drains.
const TRY: Duration = Duration::from_millis(200);
/// Bytes of what the file may say.
const LONGEST: u64 = 1024;

/// The folder is this process's for as long as this lives.
#[derive(Debug)]
pub(crate) struct Owner(#[allow(dead_code, reason = "the lock ends when it is closed")] File);

/// The process that has the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Other {
    /// The name of its machine or container.
    pub(crate) host: String,
    /// Its number there.
    pub(crate) pid: String,
    /// When it started.
    pub(crate) started: String,
}

/// Why the folder is not to be had.
#[derive(Debug)]
pub(crate) enum NotOwned {
    /// Another process has it.
    Taken(Other),
    /// The system's error.
    Io(io::Error),
}

impl Owner {
    /// Takes the folder; waits as long as `patience` for a process that drains.
    pub(crate) fn acquire(folder: &Path, patience: Duration) -> Result<Self, NotOwned> {
        let path = folder.join("bridge.lock");
        super::folder::make_ours(&path).map_err(NotOwned::Io)?;
        let mut file = OpenOptions::new().read(true).write(true).open(&path).map_err(NotOwned::Io)?;
        let until = time::instant() + patience;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(NotOwned::Io(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            let other = Other::read(&mut file);
            if time::instant() >= until {
                return Err(NotOwned::Taken(other));
            }
            if !told {
                told = true;
                let (host, pid, patience) = (&other.host, &other.pid, humantime::format_duration(patience).to_string());
                tracing::warn!(%host, %pid, patience, "another process has store.path: its end is waited for");
            }
            thread::sleep(TRY);
        }
        let started =
            humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + Duration::from_millis(time::now().as_millis()));
        let words = format!("host {}\npid {}\nstarted {started}\n", host(), std::process::id());
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(words.as_bytes())
        };
        // On a full disk the lock counts all the same; it only cannot say whose it is.
        let _best_effort = write(&mut file);
        Ok(Self(file))
    }
}

impl Other {
    fn read(file: &mut File) -> Self {
        let mut words = String::new();
        let _best_effort = file.rewind().and_then(|()| file.take(LONGEST).read_to_string(&mut words));
        let word = |name: &str| {
            let line = words.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or("?").to_owned()
        };
        Self { host: word("host"), pid: word("pid"), started: word("started") }
    }
}

fn host() -> String {
    let read =
        |path| std::fs::read_to_string(path).ok().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    read("/proc/sys/kernel/hostname").or_else(|| read("/etc/hostname")).unwrap_or_else(|| "?".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_has_the_folder_and_gets_it_when_they_end() {
        let folder = tempfile::tempdir().unwrap();
        let first = Owner::acquire(folder.path(), Duration::ZERO).unwrap();
        match Owner::acquire(folder.path(), Duration::ZERO) {
            Err(NotOwned::Taken(other)) => {
                assert_eq!((other.host, other.pid), (host(), std::process::id().to_string()));
                assert!(humantime::parse_rfc3339(&other.started).is_ok(), "{}", other.started);
            }
            other => panic!("{other:?}"),
        }
        let waits = {
            let folder = folder.path().to_owned();
            thread::spawn(move || Owner::acquire(&folder, Duration::from_secs(20)).is_ok())
        };
        drop(first);
        assert!(waits.join().unwrap());
    }
}
