//! Files the configuration names: secrets and PEM files. Bounded, and read while the configuration is loaded.

use std::path::Path;

use hyper::header::HeaderValue;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::parse::Wrong;
use crate::files::ReadError;

/// Longest file of secrets that is read; a name that leads to a log or a device must not fill the memory.
const LONGEST_SECRETS: u64 = 64 * 1024;
/// Longest PEM file that is read; bundles of all public authorities have about 250 KB.
const LONGEST_PEM: u64 = 4 * 1024 * 1024;

/// What a PEM file must hold.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) enum Pem {
    Certificate,
    Key,
}

/// The lines of a file of secrets, without blank ones.
pub(super) fn secrets(name: &Path) -> Result<Vec<String>, Wrong> {
    let bytes = read(name, LONGEST_SECRETS)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Wrong::new(format!("The file {} is not text.", name.display()), "Write the secret as UTF-8."))?;
    Ok(text.trim_start_matches('\u{feff}').lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Secrets must be able to arrive in a header.
pub(super) fn check(values: &[String]) -> Result<(), Wrong> {
    if values.is_empty() || values.iter().any(String::is_empty) {
        return Err(Wrong::new("The secret is empty.", "Write a secret of at least 16 random characters."));
    }
    if values.iter().any(|value| value.trim() != value || HeaderValue::from_str(value).is_err()) {
        let what = "The secret begins or ends with a blank, or has characters no header can carry.";
        return Err(Wrong::new(what, "Write printable ASCII characters."));
    }
    Ok(())
}

/// Whether a PEM file holds what is wanted.
pub(super) fn pem(name: &Path, wanted: Pem) -> Result<(), Wrong> {
    let bytes = read(name, LONGEST_PEM)?;
    let (found, what) = match wanted {
        Pem::Certificate => (CertificateDer::from_pem_slice(&bytes).is_ok(), "certificate"),
        Pem::Key => (PrivateKeyDer::from_pem_slice(&bytes).is_ok(), "private key"),
    };
    if found {
        return Ok(());
    }
    let fix = "Name a PEM file, one that begins with -----BEGIN.";
    Err(Wrong::new(format!("The file {} holds no {what}.", name.display()), fix))
}

/// The bytes of a file, at most `longest`.
pub(in crate::config) fn read(name: &Path, longest: u64) -> Result<Vec<u8>, Wrong> {
    crate::files::read(name, longest).map_err(|error| {
        let fix = match error {
            ReadError::Io(_) => "Check the path and who may read it.",
            ReadError::NotRegular | ReadError::TooLarge { .. } => "Check the path.",
        };
        Wrong::new(format!("The file {} cannot be read: {error}.", name.display()), fix)
    })
}
