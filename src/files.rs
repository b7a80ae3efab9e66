//! Reading files that somebody else may have put there: regular ones only, and never more than a bound.
//!
//! A path of the configuration is looked at every second for as long as the bridge runs. What stands there may become
//! a pipe, a device or a log: a pipe would be waited for, `/dev/zero` has no end. So a file is opened without waiting,
//! and read only when it is a regular one.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use thiserror::Error;

/// Why a file was not read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There is none, or it may not be read.
    #[error("{}", told(.0))]
    Io(#[source] io::Error),
    /// A folder, a pipe, a socket or a device.
    #[error("it is no regular file")]
    NotRegular,
    /// It holds more than may be read.
    #[error("it is larger than {longest} bytes")]
    TooLarge {
        /// Bytes allowed.
        longest: u64,
    },
}

/// The bytes of a regular file, at most `longest`.
///
/// # Errors
/// [`ReadError`]; nothing is kept then.
pub fn read(path: &Path, longest: u64) -> Result<Vec<u8>, ReadError> {
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

/// An error of the system in words that are the same everywhere.
fn told(error: &io::Error) -> String {
    let kind = error.kind();
    if kind == ErrorKind::NotFound {
        String::from("there is no such file")
    } else if kind == ErrorKind::PermissionDenied {
        String::from("no permission")
    } else {
        error.to_string()
    }
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
