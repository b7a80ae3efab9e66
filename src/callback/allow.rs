//! Where a late answer may go.
//!
//! `callbackUrl` comes with the request, so any caller of the bridge could make it POST anywhere (SSRF). A
//! [`CallbackUrl`] exists only after the allow-list, and nothing else can be posted to as a callback. It hides its
//! token, which is as good as the right to speak for the bot.

use std::fmt;

use thiserror::Error;
use url::Url;

/// Bytes of a callback URL; real ones have under 200.
const LONGEST_URL: usize = 2048;
/// Where callbacks live on an allowed host (openbuilder.md 3).
const PATH: &str = "/v1/bots/";

/// Why a `callbackUrl` is not used. The answer is parked then (S2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum NotAllowed {
    /// Longer than any real one, or no URL at all.
    #[error("the callback URL is not a URL of at most {LONGEST_URL} bytes")]
    Malformed,
    /// Scheme, host and port are not one of `callback.origins`.
    #[error("the callback URL's origin is not one of callback.origins")]
    Origin,
    /// The path is not below `/v1/bots/`, or hides where it leads.
    #[error("the callback URL's path is not below {PATH}")]
    Path,
}

/// A callback URL that is allowed. `Debug` shows its origin only.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CallbackUrl(Url);

impl CallbackUrl {
    /// `url` as it came, when its scheme, host and port are exactly those of one of `origins`, its path lies below
    /// `/v1/bots/`, and nothing in it could be read differently by another parser (user info, fragment, backslash,
    /// white space, encoded dots and slashes).
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub(crate) fn parse(url: &str, origins: &[Url]) -> Result<Self, NotAllowed> {
        // The parser drops tabs and line feeds and turns `\` into `/`: such a URL is not Kakao's.
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
        if url.len() > LONGEST_URL || !url.bytes().all(plain) {
            return Err(NotAllowed::Malformed);
        }
        let parsed = Url::parse(url).map_err(|_| NotAllowed::Malformed)?;
        let (_, after_scheme) = url.split_once("://").ok_or(NotAllowed::Malformed)?;
        let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') || url.contains('#') {
            return Err(NotAllowed::Malformed);
        }
        let is_here = |origin: &Url| {
            origin.scheme() == parsed.scheme()
                && origin.host() == parsed.host()
                && origin.port_or_known_default() == parsed.port_or_known_default()
        };
        if parsed.cannot_be_a_base() || !origins.iter().any(is_here) {
            return Err(NotAllowed::Origin);
        }
        // `Url` has taken dot segments out, `%2e` ones too. Encoded slashes are taken out by some servers, path
        // parameters (`;`) by others, and a double encoding becomes one of these behind a proxy that decodes once.
        let path = parsed.path();
        let below = path.strip_prefix(PATH).is_some_and(|rest| !rest.is_empty());
        let lower = url.to_ascii_lowercase();
        let tricks = ["%2e", "%2f", "%5c", "%00", "%25", "%3b", ";", "/../", "/./"];
        if !below || tricks.iter().any(|trick| lower.contains(trick)) {
            return Err(NotAllowed::Path);
        }
        Ok(Self(parsed))
    }

    /// As text, to be kept until it has been called (P4). It names a user's token: no log line has it.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The URL, token and all.
    pub(super) fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallbackUrl({}…)", self.0.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str, origins: &[&str]) -> Result<CallbackUrl, NotAllowed> {
        let origins: Vec<Url> = origins.iter().map(|origin| Url::parse(origin).unwrap()).collect();
        CallbackUrl::parse(url, &origins)
    }

    const KAKAO: &[&str] = &["https://bot-api.kakao.com"];

    #[test]
    fn real_callback_urls_are_allowed() {
        for url in [
            "https://bot-api.kakao.com/v1/bots/5a0f/callback/abc-_=",
            "https://bot-api.kakao.com/v1/bots/5a0f!/callback/cbtoken:0123456789abcdef",
            "https://bot-api.kakao.com:443/v1/bots/5a0f/callback/x",
            "HTTPS://BOT-API.KAKAO.COM/v1/bots/5a0f/callback/x",
            "https://bot-api.kakao.com/v1/bots/5a0f/callback/x?y=1",
        ] {
            assert!(parsed(url, KAKAO).is_ok(), "{url}");
        }
    }

    #[test]
    fn nothing_else_is() {
        use NotAllowed::{Malformed, Origin, Path};
        for (url, why) in [
            ("http://bot-api.kakao.com/v1/bots/x/callback/y", Origin),
            ("https://bot-api.kakao.com:8443/v1/bots/x", Origin),
            ("https://bot-api.kakao.com.evil.example/v1/bots/x", Origin),
            ("https://evil.example/v1/bots/x", Origin),
            ("https://169.254.169.254/v1/bots/x", Origin),
            ("ftp://bot-api.kakao.com/v1/bots/x", Origin),
            ("https://bot-api.kakao.com@evil.example/v1/bots/x", Malformed),
            ("https://a:b@bot-api.kakao.com/v1/bots/x", Malformed),
            ("https://@bot-api.kakao.com/v1/bots/x", Malformed),
            ("https://bot-api.kakao.com\\@evil.example/v1/bots/x", Malformed),
            ("https:\\\\bot-api.kakao.com/v1/bots/x", Malformed),
            ("https:bot-api.kakao.com/v1/bots/x", Malformed),
            ("https://bot-api.kakao.com/v1/bots/x#y", Malformed),
            ("https://bot-api.kakao.com/v1/bots/x\n", Malformed),
            (" https://bot-api.kakao.com/v1/bots/x", Malformed),
            ("https://bot-api.kakao.com/v1/bots/가", Malformed),
            ("/v1/bots/x", Malformed),
            ("", Malformed),
            ("https://bot-api.kakao.com/", Path),
            ("https://bot-api.kakao.com/v1/bots", Path),
            ("https://bot-api.kakao.com/v1/bots/", Path),
            ("https://bot-api.kakao.com/v2/bots/x", Path),
            ("https://bot-api.kakao.com/v1/bots/../../v2/x", Path),
            ("https://bot-api.kakao.com/v1/bots/%2e%2e/x", Path),
            ("https://bot-api.kakao.com/v1/bots/..%2Fx", Path),
            ("https://bot-api.kakao.com/v1/bots/a%5cb", Path),
            ("https://bot-api.kakao.com//v1/bots/x", Path),
            ("https://bot-api.kakao.com/v1/bots/x;y/callback/z", Path),
            ("https://bot-api.kakao.com/v1/bots/x%3By", Path),
            ("https://bot-api.kakao.com/v1/bots/%252e%252e/x", Path),
            ("https://bot-api.kakao.com/v1/bots/x%252Fy", Path),
            ("https://bot-api.kakao.com/v1/bots/x/./y", Path),
        ] {
            assert_eq!(parsed(url, KAKAO), Err(why), "{url}");
        }
        let long = format!("https://bot-api.kakao.com/v1/bots/{}", "x".repeat(LONGEST_URL));
        assert_eq!(parsed(&long, KAKAO), Err(Malformed));
        assert_eq!(parsed("https://bot-api.kakao.com/v1/bots/x", &[]), Err(Origin));
    }

    #[test]
    fn plain_http_goes_only_to_an_origin_that_is_plain_http() {
        let relay = &["http://127.0.0.1:9000"];
        assert!(parsed("http://127.0.0.1:9000/v1/bots/x", relay).is_ok());
        assert!(parsed("https://127.0.0.1:9000/v1/bots/x", relay).is_err());
        assert!(parsed("http://127.0.0.1/v1/bots/x", relay).is_err());
    }

    #[test]
    fn the_token_is_never_shown() {
        let url = parsed("https://bot-api.kakao.com/v1/bots/x/callback/t0ken", KAKAO).unwrap();
        assert_eq!(format!("{url:?}"), "CallbackUrl(https://bot-api.kakao.com…)");
    }
}
