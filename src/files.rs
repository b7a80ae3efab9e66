//! Reading files that another program may have put there: regular ones only, and never more than a bound.
//!
//! A path of the configuration is looked at every second for as long as the bridge runs. The file there may become a
//! pipe, a device or a log: a pipe would be waited for, `/dev/zero` has no end. So a file is opened without waiting,
//! and read only when it is a regular one.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use thiserror::Error;

use crate::messages::Message;
use crate::messages::config as messages;

/// Why a file was not read.
#[derive(Debug, Error)]
#[error("{}", self.message())]
pub enum ReadError {
    /// There is none, or it may not be read.
    Io(#[source] io::Error),
    /// A folder, a pipe, a socket or a device.
    NotRegular,
    /// It holds more than may be read.
    TooLarge {
        /// Bytes allowed.
        longest: u64,
    },
}

impl ReadError {
    /// The same as a part of a message; of the system's errors the usual ones in words that are the same everywhere.
    #[must_use]
    pub(crate) fn message(&self) -> Message {
        match self {
            Self::Io(error) if error.kind() == ErrorKind::NotFound => messages::no_such_file(),
            Self::Io(error) if error.kind() == ErrorKind::PermissionDenied => messages::no_permission(),
            Self::Io(error) => messages::as_the_system_says(error.to_string()),
            Self::NotRegular => messages::not_a_regular_file(),
            Self::TooLarge { longest } => messages::larger_than(*longest),
        }
    }
}

/// The bytes of a regular file, at most `longest`.
///
/// # Errors
/// [`ReadError`]; nothing is kept then.
pub(crate) fn read(path: &Path, longest: u64) -> Result<Vec<u8>, ReadError> {
    // Without O_NONBLOCK the opening of a pipe waits for a writer.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(ReadError::Io)?;
    if !file.metadata().map_err(ReadError::Io)?.is_file() {
        return Err(ReadError::NotRegular);
    }
    let mut bytes = Vec::new();
    // Not by its declared length: it may grow meanwhile.
    let read = file.take(longest.saturating_add(1)).read_to_end(&mut bytes).map_err(ReadError::Io)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > longest {
        return Err(ReadError::TooLarge { longest });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_up_to_the_bound_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(matches!(read(&path, 5), Err(ReadError::Io(_))));
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert!(matches!(read(&path, 4), Err(ReadError::TooLarge { longest: 4 })));
        for other in [folder.path(), Path::new("/dev/zero"), Path::new("/dev/null")] {
            assert!(matches!(read(other, 5), Err(ReadError::NotRegular)), "{other:?}");
        }
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(matches!(read(&pipe, 5), Err(ReadError::NotRegular)));
    }
}
