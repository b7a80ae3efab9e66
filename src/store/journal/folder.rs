//! The folder and its files, which are this account's alone (P2).

use std::io;
use std::path::Path;

/// Makes the folder, for this account alone.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    #[cfg(unix)]
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

/// Makes the file where it is not there, and lets nobody else on the machine read it (P2).
pub(super) fn make_ours(path: &Path) -> io::Result<()> {
    if !path.exists() {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)?;
    }
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}

/// What the system calls the file at `path`; `None` where there is none.
pub(super) fn inode(path: &Path) -> Option<u64> {
    let file = path.metadata().ok()?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&file);
    #[cfg(not(unix))]
    let number = u64::from(file.is_file());
    Some(number)
}

/// Whether files can be made there: SQLite itself would open a file that it can only read.
pub(super) fn is_writable(folder: &Path) -> io::Result<()> {
    let probe = folder.join(".writable");
    std::fs::write(&probe, b"x")?;
    std::fs::remove_file(&probe)?;
    let file = folder.join(super::database::FILE);
    if file.exists() {
        std::fs::OpenOptions::new().append(true).open(&file)?;
    }
    Ok(())
}
