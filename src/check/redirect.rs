//! What a redirect of `GET /keyboard` means for `POST /message`, which is never sent on to another address (legacy.md 1).

use hyper::header::{HeaderMap, LOCATION};
use url::Url;

use super::home::under;
use crate::messages::{Message, probe as messages};
use crate::term::draw::printable;

/// Characters of an address that a bot redirects to.
const LOCATION_LENGTH: usize = 200;

/// The meaning of an answer of `status` to `GET asked`, for a bot at `base`.
pub(super) fn redirect(base: &Url, asked: &Url, status: u16, headers: &HeaderMap) -> Message {
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
pub(super) fn shown(url: &Url) -> String {
    printable(url.as_str()).chars().take(LOCATION_LENGTH).collect()
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
