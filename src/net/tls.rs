//! TLS to bots and to Kakao, and TLS for those who have no front proxy.
//!
//! rustls with ring and the roots of `webpki-roots`: the same on every machine, no system store to be missing from a
//! small container image. A private CA is an addition to those roots (I8), as `curl --cacert` does, for an operator
//! with both kinds of servers.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::{self, ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme};

use crate::config::settings::{TlsFiles, Trust};
use crate::files::{self, ReadError};
use crate::messages::{Message, start as messages};

/// The only protocol spoken inside TLS: old bots know nothing newer.
const ALPN: &[u8] = b"http/1.1";
/// Longest PEM file that is read, in bytes: bundles of all public authorities have about 250 KB.
const LONGEST_PEM: u64 = 4 * 1024 * 1024;

/// Certificates or keys that cannot be used. The operator's doing, found before anything is sent.
#[derive(Debug, Error)]
pub enum TlsProblem {
    /// A file is missing or unreadable.
    #[error("cannot read {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// A file is not PEM.
    #[error("cannot read PEM from {path}")]
    Pem {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: pem::Error,
    },
    /// A file has no certificate in it.
    #[error("{path} holds no certificate")]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// The content of the file is refused: a broken certificate, a key of another certificate.
    #[error("{path} cannot be used")]
    Refused {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// The cryptography offers no protocol version. Never seen.
    #[error("TLS is not available")]
    Unavailable(#[source] rustls::Error),
}

impl TlsProblem {
    /// The message to the operator, with what to do.
    #[must_use]
    pub(crate) fn message(&self) -> Message {
        let file = |path: &Path| path.display().to_string();
        match self {
            Self::File { path, source } => messages::tls_file_unreadable(file(path), source.message()),
            Self::Pem { path, source } => messages::tls_file_not_pem(file(path), source.to_string()),
            Self::Empty { path } => messages::tls_file_empty(file(path)),
            Self::Refused { path, source } => messages::tls_refused(file(path), source.to_string()),
            Self::Unavailable(error) => messages::tls_unavailable(error.to_string()),
        }
    }
}

/// How an `https` server is verified, as [`Trust`] wants it. Servers verified by the public roots alone share one
/// configuration, and with it the roots and the store of resumable sessions (by server name), which with a thousand
/// bots would be a thousand copies.
///
/// # Errors
/// [`TlsProblem`] when the private CA's file cannot be used.
pub(crate) fn client_config(trust: &Trust) -> Result<Arc<ClientConfig>, TlsProblem> {
    static PUBLIC: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if *trust != Trust::default() {
        return new_client_config(trust);
    }
    match PUBLIC.get() {
        Some(config) => Ok(Arc::clone(config)),
        None => new_client_config(trust).map(|config| Arc::clone(PUBLIC.get_or_init(|| config))),
    }
}

fn new_client_config(trust: &Trust) -> Result<Arc<ClientConfig>, TlsProblem> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsProblem::Unavailable)?;
    let mut config = if trust.insecure {
        let anyone = Arc::new(AnyCertificate { provider });
        builder.dangerous().with_custom_certificate_verifier(anyone).with_no_client_auth()
    } else {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = &trust.ca {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|source| TlsProblem::Refused { path: path.clone(), source })?;
            }
        }
        builder.with_root_certificates(roots).with_no_client_auth()
    };
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Arc::new(config))
}

/// Certificate and key of the public listener. Reloading swaps them for the connections to come (S6).
#[derive(Debug)]
pub struct ServerTls {
    files: TlsFiles,
    current: ArcSwap<ServerConfig>,
}

impl ServerTls {
    /// Reads and checks the files.
    ///
    /// # Errors
    /// [`TlsProblem`], naming the file.
    pub(crate) fn load(files: TlsFiles) -> Result<Self, TlsProblem> {
        let current = ArcSwap::new(server_config(&files)?);
        Ok(Self { files, current })
    }

    /// Reads the files again, as after a renewal. Nothing changes before [`NewCertificate::install`].
    ///
    /// # Errors
    /// [`TlsProblem`]; the old certificate stays in use then.
    pub fn prepare(self: &Arc<Self>) -> Result<NewCertificate, TlsProblem> {
        Ok(NewCertificate { tls: Arc::clone(self), config: server_config(&self.files)? })
    }

    /// Takes the next connection's handshake.
    #[must_use]
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.load_full())
    }
}

/// A certificate that was read and checked, and is not in use yet.
#[derive(Debug)]
pub struct NewCertificate {
    tls: Arc<ServerTls>,
    config: Arc<ServerConfig>,
}

impl NewCertificate {
    /// Puts it in use for the connections to come.
    pub fn install(self) {
        self.tls.current.store(self.config);
    }
}

fn server_config(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsProblem> {
    let chain = certificates(&files.cert)?;
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?)
        .map_err(|source| TlsProblem::Pem { path: files.key.clone(), source })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsProblem::Unavailable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|source| TlsProblem::Refused { path: files.key.clone(), source })?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Arc::new(config))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsProblem> {
    files::read(path, LONGEST_PEM).map_err(|source| TlsProblem::File { path: path.to_owned(), source })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsProblem> {
    let chain = CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| TlsProblem::Pem { path: path.to_owned(), source })?;
    if chain.is_empty() { Err(TlsProblem::Empty { path: path.to_owned() }) } else { Ok(chain) }
}

/// Accepts any certificate: for `insecure = true` alone (I8), a bot with an expired or home-made certificate inside the
/// operator's own network. The line is still encrypted, but an attacker on the way can read it. Signatures are not
/// looked at either, because old certificates (X.509 v1, SHA-1) fail before they come to be compared.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let trust = Trust { ca: Some(path.clone()), insecure: false };
        assert!(matches!(client_config(&trust), Err(TlsProblem::File { path: named, .. }) if named == path));
        std::fs::write(&path, "no certificate").unwrap();
        assert!(matches!(client_config(&trust), Err(TlsProblem::Empty { path: named }) if named == path));
        let public = || client_config(&Trust::default()).unwrap();
        assert!(Arc::ptr_eq(&public(), &public()), "built once");
    }

    #[test]
    fn a_reload_that_fails_keeps_the_old_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        let made = rcgen::generate_simple_self_signed(["bridge.example".to_owned()]).unwrap();
        std::fs::write(&files.cert, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        let tls = Arc::new(ServerTls::load(files.clone()).unwrap());
        let before = tls.current.load_full();

        let other = rcgen::generate_simple_self_signed(["bridge.example".to_owned()]).unwrap();
        std::fs::write(&files.key, other.signing_key.serialize_pem()).unwrap();
        assert!(matches!(tls.prepare(), Err(TlsProblem::Refused { path, .. }) if path == files.key));
        assert!(Arc::ptr_eq(&before, &tls.current.load_full()));

        std::fs::write(&files.cert, other.cert.pem()).unwrap();
        let next = tls.prepare().unwrap();
        assert!(Arc::ptr_eq(&before, &tls.current.load_full()), "in use before the rest is");
        next.install();
        assert!(!Arc::ptr_eq(&before, &tls.current.load_full()));
    }
}
