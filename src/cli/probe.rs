//! Finds out what an old bot is like without making it act: one `GET /keyboard`, as the bridge and the old platform ask
//! it.
//!
//! `POST /message` is never sent: the bot would act on it. Its outcome is judged from the answer to `GET /keyboard`,
//! because redirects, refusals and TLS nearly always concern both paths. Where an `http` answer makes no sense, a TLS
//! handshake is tried at the same address; it carries no request. Rejected: `OPTIONS` or `HEAD` of `/message`, for a
//! PHP bot runs on every method.

use std::io::ErrorKind;
use std::time::Duration;

use hyper::Method;
use hyper::header::{HeaderMap, LOCATION, USER_AGENT};
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error as RustlsError};
use url::Url;

use super::http::{self, Answer, Call, CallError};
use crate::config::is_loopback;
use crate::config::settings::{BotSettings, Trust};
use crate::legacy::requests::USER_AGENT as KAKAO;
use crate::messages::{Message, probe as messages};
use crate::net::client::ClientError;
use crate::net::target::Target;
use crate::net::tls;
use crate::reading::{self, Looks, Unreadable};
use crate::term::draw::printable;
use crate::time;
use crate::wire::legacy::Keys;

/// The time that the old platform gave a bot to answer (legacy.md 1).
const PATIENCE: Duration = Duration::from_secs(5);
/// Characters of an address that a bot redirects to.
const LOCATION_LENGTH: usize = 200;

/// The findings.
#[derive(Debug)]
pub(super) struct Found {
    /// One message, or a second one about the home keyboard.
    pub(super) messages: Vec<Message>,
    /// Whether messages can be expected to work.
    pub(super) sound: bool,
    /// No bot is there: refused, or a name without address. It may be just starting.
    pub(super) absent: bool,
}

impl Found {
    fn sound(message: Message) -> Self {
        Self { messages: vec![message], sound: true, absent: false }
    }

    fn unsound(message: Message) -> Self {
        Self { messages: vec![message], sound: false, absent: false }
    }
}

/// Asks `bot` for its home keyboard, once.
pub(super) async fn ask(bot: &BotSettings) -> Found {
    let url = under(&bot.url, "keyboard");
    let headers: Vec<_> = std::iter::once((USER_AGENT, KAKAO)).chain(bot.headers.iter().cloned()).collect();
    let call = Call {
        method: Method::GET,
        url: &url,
        connect: bot.connect,
        headers: &headers,
        body: None,
        within: PATIENCE,
        trust: &bot.trust,
    };
    let answered = http::call(call).await;
    let senseless = match &answered {
        Ok(answer) => answer.status == 400,
        Err(CallError::NoAnswer { source, .. }) => {
            matches!(source, ClientError::Malformed(_) | ClientError::Cut { .. })
        }
        Err(CallError::Tls(_) | CallError::Address(_)) => false,
    };
    if senseless && speaks_tls(bot).await {
        return Found::unsound(messages::speaks_tls(url.as_str()));
    }
    match answered {
        Ok(answer) => judge(bot, &url, &answer),
        Err(CallError::NoAnswer { source, .. }) => {
            let here = bot.connect.map_or_else(|| is_loopback(&url), |address| address.ip().is_loopback());
            let absent = matches!(source, ClientError::Unresolved(_) | ClientError::Unreachable(_));
            Found { absent, ..Found::unsound(silent(url.as_str(), here, &source)) }
        }
        Err(CallError::Tls(problem)) => Found::unsound(messages::not_to_be_asked(problem.message())),
        Err(error @ CallError::Address(_)) => Found::unsound(messages::not_to_be_asked(error.to_string())),
    }
}

/// A call's address below a bot's.
fn under(base: &Url, call: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{call}", base.path().trim_end_matches('/')));
    url
}

fn judge(bot: &BotSettings, url: &Url, answer: &Answer) -> Found {
    let (at, status) = (url.as_str(), answer.status);
    match status {
        200 => home(at, &answer.body),
        301 | 302 | 303 | 307 | 308 => Found::unsound(redirect(&bot.url, url, status, &answer.headers)),
        401 | 403 | 407 => Found::unsound(messages::not_admitted(at, status)),
        // No such path, or not by this method: many bots never had it (legacy.md 3).
        404 | 405 | 410 | 501 => Found::sound(messages::no_home_keyboard(at, status)),
        _ => Found::unsound(messages::bad_status(at, status)),
    }
}

fn home(url: &str, body: &[u8]) -> Found {
    let home = match reading::read_home(body) {
        Ok(home) => home,
        Err(Unreadable::NotJson { looks: Looks::Php, .. }) => return Found::unsound(messages::php_fails(url)),
        Err(unreadable) => return Found::unsound(messages::not_a_keyboard(url, reason(unreadable))),
    };
    let mut found = Found::sound(match home.keys {
        Keys::Text => messages::free_typing(url),
        Keys::Buttons(labels) => messages::buttons(url, labels.len()),
    });
    if !home.degradations.is_empty() {
        found.messages.push(messages::home_differs(home.degradations.to_string()));
    }
    found
}

fn reason(unreadable: Unreadable) -> Message {
    match unreadable {
        Unreadable::Empty => messages::body_empty(),
        Unreadable::NotJson { looks: Looks::Html, .. } => messages::body_html(),
        Unreadable::NotJson { at, .. } => messages::body_not_json(at),
        Unreadable::NotAnObject => messages::body_not_an_object(),
        Unreadable::Foreign => messages::body_foreign(),
        Unreadable::TooDeep | Unreadable::TooMany | Unreadable::TooLong => messages::body_beyond_bounds(),
    }
}

/// The meaning of a redirect of `GET /keyboard` for `POST /message`, which is never followed (legacy.md 1).
fn redirect(base: &Url, asked: &Url, status: u16, headers: &HeaderMap) -> Message {
    let location = headers.get(LOCATION).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    let Some(mut to) = location.and_then(|location| asked.join(location).ok()) else {
        return messages::redirects_nowhere(asked.as_str(), status);
    };
    // A query may hold a secret.
    to.set_query(None);
    to.set_fragment(None);
    let message = under(base, "message");
    let (folder, bare) = match to.path().strip_suffix('/') {
        Some(path) => (true, path.to_owned()),
        None => (false, to.path().to_owned()),
    };
    let (asked_at, to_shown) = (asked.as_str(), shown(&to));
    let Some(new_base) = bare.strip_suffix("/keyboard") else {
        return messages::redirects_elsewhere(asked_at, status, to_shown, message.as_str());
    };
    let mut better = to.clone();
    better.set_path(new_base);
    let mut there = under(&better, "message");
    if folder {
        there.set_path(&format!("{}/", there.path()));
    }
    let (there, message) = (shown(&there), message.as_str());
    let same_server = to.host() == asked.host()
        && to.scheme() == asked.scheme()
        && to.port_or_known_default() == asked.port_or_known_default();
    let better = shown(&better).trim_end_matches('/').to_owned();
    if same_server && folder {
        messages::redirects_to_a_folder(asked_at, status, to_shown, message, there)
    } else if to.scheme() == "https" && asked.scheme() == "http" {
        messages::redirects_to_https(asked_at, status, to_shown, message, there, better)
    } else if !same_server || new_base != base.path().trim_end_matches('/') {
        messages::redirects_to_another_address(asked_at, status, to_shown, message, there, better)
    } else {
        messages::redirects_elsewhere(asked_at, status, to_shown, message)
    }
}

/// A foreign address, fit for a terminal.
fn shown(url: &Url) -> String {
    printable(url.as_str()).chars().take(LOCATION_LENGTH).collect()
}

/// Whether a TLS handshake succeeds at the address of an `http` bot.
async fn speaks_tls(bot: &BotSettings) -> bool {
    let mut url = bot.url.clone();
    let port = bot.url.port_or_known_default();
    if url.scheme() != "http" || url.set_scheme("https").is_err() || url.set_port(port).is_err() {
        return false;
    }
    let anyone = Trust { insecure: true, ..Trust::default() };
    let Ok(config) = tls::client_config(&anyone) else { return false };
    let Some(target) = Target::new(&url, &config) else { return false };
    let target = match bot.connect {
        Some(address) => target.reached_at(address),
        None => target,
    };
    target.connect(time::instant() + PATIENCE).await.is_ok()
}

/// Why nothing came. `here`: the address is this machine's own, or in a container the container's.
fn silent(url: &str, here: bool, error: &ClientError) -> Message {
    match error {
        ClientError::Unresolved(_) => messages::name_unknown(url),
        ClientError::Unreachable(error) if error.kind() == ErrorKind::ConnectionRefused => {
            if here {
                messages::nobody_listens(url)
            } else {
                messages::refuses(url)
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
    use hyper::header::HeaderValue;

    fn code(base: &str, location: &str) -> (&'static str, String) {
        let base = Url::parse(base).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_str(location).unwrap());
        let message = redirect(&base, &under(&base, "keyboard"), 301, &headers);
        (message.code(), message.text(crate::messages::Language::English))
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
            (ClientError::Tls(ErrorKind::UnexpectedEof.into()), "SB3203"),
            (
                ClientError::Untrusted(Error::other(RustlsError::InvalidCertificate(CertificateError::Revoked))),
                "SB3207",
            ),
            (ClientError::TooLarge { bound: 1 }, "SB3108"),
        ] {
            assert_eq!(silent("http://h/keyboard", false, &error).code(), code, "{error:?}");
        }
        let refused = ClientError::Unreachable(ErrorKind::ConnectionRefused.into());
        assert_eq!(silent("http://127.0.0.1:1/keyboard", true, &refused).code(), "SB3209");
    }

    fn rustls_invalid() -> tokio_rustls::rustls::InvalidMessage {
        tokio_rustls::rustls::InvalidMessage::InvalidContentType
    }

    #[test]
    fn a_redirect_says_what_a_message_will_get() {
        for (base, location, expected, there) in [
            (
                "http://h/kakao",
                "https://h/kakao/keyboard",
                "SB3101",
                "POST http://h/kakao/message will get 301 → https://h/kakao/message.",
            ),
            ("http://h/kakao", "https://h/kakao/keyboard", "SB3101", "Write url = \"https://h/kakao\"."),
            ("http://h", "https://h/keyboard", "SB3101", "Write url = \"https://h\"."),
            ("http://h/kakao", "/kakao/keyboard/", "SB3102", "will get 301 → http://h/kakao/message/."),
            ("http://h/kakao", "http://h/kakao/keyboard/", "SB3102", "DirectorySlash Off"),
            ("http://h", "http://www.h/keyboard?key=hunter2", "SB3103", "Write url = \"http://www.h\""),
            ("http://h:8000", "http://h/bot/keyboard", "SB3103", "→ http://h/bot/message."),
            ("http://h/kakao", "/kakao/login", "SB3104", "If POST http://h/kakao/message gets 301 too"),
            ("http://h", "http://[", "SB3105", "says not where to"),
        ] {
            let (found, text) = code(base, location);
            assert_eq!(found, expected, "{base} {location}");
            assert!(text.contains(there) && !text.contains("hunter2"), "{text}");
        }
    }
}
