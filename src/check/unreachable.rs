//! Why a bot that was asked did not answer, with the remedy.

use std::io::ErrorKind;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error as RustlsError};
use url::Url;

use super::home::PATIENCE;
use crate::messages::{Message, probe as messages};
use crate::net::client::ClientError;

/// Why nothing came. `here`: the address is this machine's own, or in a container the container's.
pub(super) fn silent(url: &Url, here: bool, error: &ClientError) -> Message {
    let port = url.port_or_known_default().unwrap_or_default();
    let url = url.as_str();
    match error {
        ClientError::Unresolved(_) => messages::name_unknown(url),
        ClientError::Unreachable(error) if error.kind() == ErrorKind::ConnectionRefused => {
            if here {
                messages::nobody_listens(url, port)
            } else {
                messages::refuses(url, port)
            }
        }
        ClientError::Unreachable(error) if error.kind() == ErrorKind::TimedOut => timed_out(url),
        ClientError::Unreachable(error) => messages::unreachable(url, error.to_string()),
        ClientError::Tls(error) => match of_rustls(error) {
            Some(RustlsError::InvalidMessage(_)) => messages::speaks_no_tls(url),
            Some(
                RustlsError::PeerIncompatible(_)
                | RustlsError::AlertReceived(
                    AlertDescription::HandshakeFailure
                    | AlertDescription::ProtocolVersion
                    | AlertDescription::InsufficientSecurity,
                ),
            ) => messages::tls_too_old(url),
            // A server without TLS may hang up at what it cannot read, as `php -S` does.
            None if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                messages::tls_hangs_up(url)
            }
            _ => messages::tls_fails(url, error.to_string()),
        },
        ClientError::Untrusted(error) => untrusted(url, error),
        ClientError::TimedOut { .. } => timed_out(url),
        ClientError::Cut { .. } => messages::hangs_up(url),
        ClientError::Malformed(_) => messages::not_http(url),
        ClientError::TooLarge { .. } => messages::not_a_keyboard(url, messages::body_beyond_bounds()),
    }
}

fn timed_out(url: &str) -> Message {
    messages::silent(url, PATIENCE.as_secs())
}

fn untrusted(url: &str, error: &std::io::Error) -> Message {
    let Some(RustlsError::InvalidCertificate(why)) = of_rustls(error) else {
        return messages::certificate_refused(url, error.to_string());
    };
    if matches!(why, CertificateError::Expired | CertificateError::ExpiredContext { .. }) {
        messages::certificate_expired(url)
    } else if matches!(why, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) {
        messages::certificate_of_another_name(url)
    } else if matches!(why, CertificateError::UnknownIssuer) {
        messages::certificate_of_nobody_known(url)
    } else if format!("{why:?}").contains("CaUsedAsEndEntity") {
        // The verifier's own error, of a type that rustls does not name.
        messages::certificate_of_an_authority(url)
    } else {
        messages::certificate_refused(url, why.to_string())
    }
}

/// The error of rustls about a handshake.
fn of_rustls(error: &std::io::Error) -> Option<&RustlsError> {
    error.get_ref()?.downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Language;

    fn url(url: &str) -> Url {
        Url::parse(url).unwrap()
    }

    #[test]
    fn what_keeps_a_bot_from_answering_has_a_message_of_its_own() {
        use crate::fault::Sent;
        use std::io::Error;
        for (error, code) in [
            (ClientError::Unresolved(Error::other("no address")), "SB3208"),
            (ClientError::Unreachable(ErrorKind::ConnectionRefused.into()), "SB3215"),
            (ClientError::Unreachable(ErrorKind::NetworkUnreachable.into()), "SB3210"),
            (ClientError::Unreachable(ErrorKind::TimedOut.into()), "SB3211"),
            (ClientError::TimedOut { sent: Sent::Unknown }, "SB3211"),
            (ClientError::Cut { sent: Sent::Unknown, source: None }, "SB3212"),
            (ClientError::Tls(Error::other(RustlsError::InvalidMessage(rustls_invalid()))), "SB3201"),
            (ClientError::Tls(Error::other(RustlsError::AlertReceived(AlertDescription::ProtocolVersion))), "SB3202"),
            (ClientError::Tls(ErrorKind::UnexpectedEof.into()), "SB3216"),
            (ClientError::Tls(ErrorKind::ConnectionReset.into()), "SB3216"),
            (ClientError::Tls(ErrorKind::BrokenPipe.into()), "SB3203"),
            (
                ClientError::Untrusted(Error::other(RustlsError::InvalidCertificate(CertificateError::Revoked))),
                "SB3207",
            ),
            (ClientError::TooLarge { bound: 1 }, "SB3108"),
        ] {
            assert_eq!(silent(&url("http://h/keyboard"), false, &error).code(), code, "{error:?}");
        }
        let refused = ClientError::Unreachable(ErrorKind::ConnectionRefused.into());
        assert_eq!(silent(&url("http://127.0.0.1:1/keyboard"), true, &refused).code(), "SB3209");
        let without_port = silent(&url("http://h/keyboard"), false, &refused).text(Language::English);
        assert!(without_port.contains("port 80"), "{without_port}");
    }

    fn rustls_invalid() -> tokio_rustls::rustls::InvalidMessage {
        tokio_rustls::rustls::InvalidMessage::InvalidContentType
    }
}
