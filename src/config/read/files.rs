//! Files the configuration names: secrets and PEM files. Bounded, and read while the configuration is loaded.

use std::path::Path;

use hyper::header::HeaderValue;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::messages::Message;
use crate::messages::config as messages;

/// Longest file of secrets that is read; a name that leads to a log or a device must not fill the memory.
const LONGEST_SECRETS: u64 = 64 * 1024;
/// Longest PEM file that is read; bundles of all public authorities have about 250 KB.
const LONGEST_PEM: u64 = 4 * 1024 * 1024;

/// The content that a PEM file must have.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) enum Pem {
    /// At least one certificate.
    Certificate,
    /// A private key.
    Key,
}

/// The lines of a file of secrets, without blank ones. The name is never repeated: it may be the secret itself, written
/// under the wrong key.
pub(super) fn secrets(name: &Path) -> Result<Vec<String>, Message> {
    let bytes =
        crate::files::read(name, LONGEST_SECRETS).map_err(|error| messages::secret_file_unreadable(error.message()))?;
    let text = String::from_utf8(bytes).map_err(|_| messages::secret_file_not_text())?;
    Ok(text.trim_start_matches('\u{feff}').lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Secrets must be able to arrive in a header.
pub(super) fn check(values: &[String]) -> Result<(), Message> {
    if values.is_empty() || values.iter().any(String::is_empty) {
        return Err(messages::secret_empty());
    }
    if values.iter().any(|value| value.trim() != value || HeaderValue::from_str(value).is_err()) {
        return Err(messages::secret_characters());
    }
    Ok(())
}

/// Whether a PEM file holds what is wanted.
pub(super) fn pem(name: &Path, wanted: Pem) -> Result<(), Message> {
    let file = name.display().to_string();
    let bytes = crate::files::read(name, LONGEST_PEM)
        .map_err(|error| messages::named_file_unreadable(&file, error.message()))?;
    let found = match wanted {
        Pem::Certificate => CertificateDer::from_pem_slice(&bytes).is_ok(),
        Pem::Key => PrivateKeyDer::from_pem_slice(&bytes).is_ok(),
    };
    match (found, wanted) {
        (true, _) => Ok(()),
        (false, Pem::Certificate) => Err(messages::no_certificate_in(file)),
        (false, Pem::Key) => Err(messages::no_private_key_in(file)),
    }
}
