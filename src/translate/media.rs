//! Addresses as OpenBuilder takes them: absolute, http or https, ASCII, RFC 3986 (O3). Nothing is fetched.
//!
//! An address that is fine already is passed on byte for byte, not as the `url` crate would write it: a signed URL
//! does not survive a tidied path. Everything else goes through the crate for the host (Hangul hosts become
//! punycode) and then through our own escaping, because WHATWG leaves `|`, `[` or a stray `%` in a path and
//! OpenBuilder's schema asks for RFC 3986.

use std::borrow::Cow;

use url::{Position, Url};

use super::escape::{escaped, is_strict};
use super::host::is_public;
use super::text;
use super::view::Policy;
use crate::degradation::{Degradation, Degradations};
use crate::wire::limits;

/// Units of a `data:` address that are written out.
const DATA_UNITS: usize = 100;

/// A usable address and what was done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// Absolute, http or https, ASCII, at most [`limits::URL_BYTES`].
    pub(super) url: Cow<'a, str>,
    /// Escaped, resolved, internal, scheme added.
    pub(super) degradations: Degradations,
}

/// The address a bot wrote, made usable; `None` where it is not and has to be written out in the text.
pub(super) fn address<'a>(raw: &'a str, policy: &Policy) -> Option<Address<'a>> {
    let raw = raw.trim();
    if raw.len() > limits::URL_BYTES {
        return None;
    }
    if is_plainly_public(raw, policy) {
        return Some(Address { url: Cow::Borrowed(raw), degradations: Degradations::NONE });
    }
    by_parts(raw, policy)
}

/// The address, taken apart.
fn by_parts<'a>(raw: &'a str, policy: &Policy) -> Option<Address<'a>> {
    let mut degradations = Degradations::NONE;
    let resolve = |path: &str| policy.public_url.as_ref().and_then(|public| beneath(public, path));
    let mut parsed = match kind(raw) {
        Kind::Absolute => Url::parse(raw).ok()?,
        Kind::WithoutScheme(scheme) => {
            degradations.add(Degradation::UrlScheme);
            Url::parse(&format!("{scheme}{raw}")).ok()?
        }
        Kind::Relative => {
            degradations.add(Degradation::UrlResolved);
            resolve(raw)?
        }
        Kind::Other => return None,
    };
    let mut as_written = kind(raw) == Kind::Absolute;
    let public = policy.public_url.as_ref();
    if public.is_some_and(|public| same_host(public, &parsed)) {
        // Where it should be already, also where the bot's own host is the public one.
    } else if policy.backend.as_ref().is_some_and(|backend| same_host(backend, &parsed)) {
        match resolve(&parsed[Position::BeforePath..]) {
            Some(public) => {
                degradations.add(Degradation::UrlResolved);
                parsed = public;
                as_written = false;
            }
            None => degradations.add(Degradation::UrlInternal),
        }
    } else if is_internal(&parsed) {
        degradations.add(Degradation::UrlInternal);
    }
    if !is_strict(raw) {
        degradations.add(Degradation::UrlEscaped);
        as_written = false;
    }
    let url =
        if as_written && authority_is_plain(raw, &parsed) { Cow::Borrowed(raw) } else { escaped(&parsed)?.into() };
    (url.len() <= limits::URL_BYTES).then_some(Address { url, degradations })
}

/// Whether an address is nothing but usual: http or https, a public name in lower case without user or port that is
/// not the bot's own, and characters of RFC 3986. Nearly all are; taking them apart would change nothing of them, and
/// costs as much as the rest of their answer.
fn is_plainly_public(raw: &str, policy: &Policy) -> bool {
    let Some(rest) = raw.strip_prefix("https://").or_else(|| raw.strip_prefix("http://")) else { return false };
    let end = rest.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let host = rest.get(..end).unwrap_or_default();
    let own = |url: &Option<Url>| url.as_ref().and_then(Url::host_str).is_some_and(|own| own == host);
    is_public_name(host.as_bytes()) && !own(&policy.backend) && !own(&policy.public_url) && is_strict(raw)
}

/// A name in lower case, of labels of letters and digits, with a top level that no private network uses.
fn is_public_name(host: &[u8]) -> bool {
    let Some(dot) = host.iter().rposition(|byte| *byte == b'.') else { return false };
    let top = host.get(dot + 1..).unwrap_or_default();
    // The length of the label under way, and whether its last character is a letter or a digit. Two hyphens in a row
    // mark a name that is not what it seems (`xn--`).
    let (mut length, mut may_end) = (0, false);
    let below_is_usual = host.iter().take(dot + 1).all(|byte| {
        length += 1;
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => may_end = true,
            b'-' | b'.' if may_end => {
                may_end = false;
                length = if *byte == b'.' { 0 } else { length };
            }
            _ => return false,
        }
        length <= 63
    });
    below_is_usual
        && (2..=63).contains(&top.len())
        && host.len() <= 253
        && top.iter().all(u8::is_ascii_lowercase)
        && !matches!(top, b"localhost" | b"local" | b"internal" | b"lan" | b"intranet" | b"arpa")
}

/// An address that has to be written out. Of a `data:` address, the picture itself in letters, only the beginning: no
/// user can read it, and the words would be lost above it.
pub(super) fn written(raw: &str) -> Cow<'_, str> {
    match raw.split_once(':') {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("data") => text::cut(raw, DATA_UNITS),
        _ => Cow::Borrowed(raw),
    }
}

/// The form of an address before it is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `http:` or `https:`.
    Absolute,
    /// A host, and this in front makes it absolute.
    WithoutScheme(&'static str),
    /// A path on the bot's own host.
    Relative,
    /// `mailto:`, `kakaotalk:`, `javascript:`, nothing.
    Other,
}

fn kind(raw: &str) -> Kind {
    if raw.is_empty() {
        return Kind::Other;
    }
    if raw.starts_with("//") {
        return Kind::WithoutScheme("https:");
    }
    if raw.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www.")) {
        return Kind::WithoutScheme("http://");
    }
    let is_scheme = |s: &str| {
        s.starts_with(|c: char| c.is_ascii_alphabetic())
            && s.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    match raw.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => {
            if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") {
                Kind::Absolute
            } else if (scheme.contains('.') || scheme == "localhost") && rest.starts_with(|c: char| c.is_ascii_digit())
            {
                // `example.com:8080/x`: a host and a port.
                Kind::WithoutScheme("http://")
            } else {
                Kind::Other
            }
        }
        _ => Kind::Relative,
    }
}

/// A path on the bot's host as seen from outside: below the public URL's own path.
fn beneath(public: &Url, path: &str) -> Option<Url> {
    let base = public[..Position::AfterPath].trim_end_matches('/');
    let path = path.trim_start_matches('/');
    Url::parse(&format!("{base}/{path}")).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

fn same_host(one: &Url, other: &Url) -> bool {
    one.host() == other.host() && one.port_or_known_default() == other.port_or_known_default()
}

/// Whether a user's phone cannot reach it.
fn is_internal(url: &Url) -> bool {
    !url.host().is_some_and(|host| is_public(&host))
}

/// Whether scheme and host stand in the address as the crate understood them.
fn authority_is_plain(raw: &str, parsed: &Url) -> bool {
    let Some(rest) = raw.strip_prefix("https://").or_else(|| raw.strip_prefix("http://")) else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let host = host.split(':').next().unwrap_or_default();
    !user.contains('@') && parsed.host_str().is_some_and(|parsed| parsed.eq_ignore_ascii_case(host))
}

/// Which crop of a card loses less than a tenth of a picture: `Some(false)` for 2:1, `Some(true)` for 1:1
/// (`fixedRatio`). Counted in integers: the part that is kept is the smaller over the larger of `w` and `2h`.
pub(super) fn crop(size: Option<(u32, u32)>) -> Option<bool> {
    let (width, height) = size?;
    let kept = |one: u64, other: u64| one.min(other) * 10 > one.max(other) * 9;
    let (width, height) = (u64::from(width), u64::from(height));
    if kept(width, height * 2) { Some(false) } else { kept(width, height).then_some(true) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::BotId;
    use crate::translate::view::{Overflow, Texts};
    use proptest::prelude::*;

    fn policy(public: Option<&str>) -> Policy {
        Policy {
            bot: BotId::parse("shop").unwrap(),
            overflow: Overflow::Pages,
            handover: Box::default(),
            texts: Texts::default(),
            backend: Some(Url::parse("http://old-bot:8000/kakao").unwrap()),
            public_url: public.map(|url| Url::parse(url).unwrap()),
        }
    }

    #[track_caller]
    fn check(raw: &str, public: Option<&str>, expected: Option<(&str, &str)>) {
        let policy = policy(public);
        let found = address(raw, &policy);
        let found = found.as_ref().map(|a| (&*a.url, a.degradations.to_string()));
        assert_eq!(found, expected.map(|(url, codes)| (url, codes.to_owned())), "{raw}");
    }

    #[test]
    fn an_address_that_is_fine_is_not_touched() {
        for fine in ["http://a.com", "https://A.com:443/../x/./y?b=%2f&c=d", "http://u:p@a.com/x#y"] {
            check(fine, None, Some((fine, "")));
        }
    }

    #[test]
    fn what_is_not_ascii_is_escaped_once() {
        check(
            "http://a.com/학식 1.jpg?q=%EA\"",
            None,
            Some(("http://a.com/%ED%95%99%EC%8B%9D%201.jpg?q=%EA%22", "url.escaped")),
        );
        check("http://한글.com/", None, Some(("http://xn--bj0bj06e.com/", "url.escaped")));
        check(
            "http://a.com/100%|[x]{y}^`#a#b",
            None,
            Some(("http://a.com/100%25%7C%5Bx%5D%7By%7D%5E%60#a%23b", "url.escaped")),
        );
        check("http:\\\\a.com\\b", None, Some(("http://a.com/b", "url.escaped")));
        check("http:/a.com/b", None, Some(("http://a.com/b", "")));
        check("HTTP://a.com/b", None, Some(("http://a.com/b", "")));
    }

    #[test]
    fn relative_and_internal_addresses_are_resolved_by_the_public_one() {
        let public = Some("https://cdn.example.com/bot/");
        let resolved = |url| Some((url, "url.resolved"));
        check("/img/a.jpg", public, resolved("https://cdn.example.com/bot/img/a.jpg"));
        check("img/a.jpg", public, resolved("https://cdn.example.com/bot/img/a.jpg"));
        check("http://old-bot:8000/img/a.jpg?x=1", public, resolved("https://cdn.example.com/bot/img/a.jpg?x=1"));
        check("img/a.jpg", None, None);
        check("http://old-bot:8000/s/a", Some("http://old-bot:8000/s"), Some(("http://old-bot:8000/s/a", "")));
        check("/a", Some("http://old-bot:8000/s"), resolved("http://old-bot:8000/s/a"));
        check("http://old-bot:8000/a", None, Some(("http://old-bot:8000/a", "url.internal")));
        check("http://old-bot:8001/a", public, Some(("http://old-bot:8001/a", "url.internal")));
    }

    #[test]
    fn hosts_that_no_phone_reaches_are_named() {
        for host in ["127.0.0.1", "10.1.2.3:81", "192.168.0.2", "localhost", "db", "[::1]", "[fd00::1]"] {
            let url = format!("http://{host}/a");
            assert!(address(&url, &policy(None)).unwrap().degradations.has(Degradation::UrlInternal), "{host}");
        }
    }

    #[test]
    fn an_address_without_a_scheme_gets_one() {
        check("//a.com/x", None, Some(("https://a.com/x", "url.scheme")));
        check("www.a.com/x", None, Some(("http://www.a.com/x", "url.scheme")));
        check("a.com:8080/x", None, Some(("http://a.com:8080/x", "url.scheme")));
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        for bad in [
            "",
            "mailto:a@b.c",
            "javascript:alert(1)",
            "kakaotalk://x",
            "http://",
            "http://a b/",
            "http://a.com:99999/",
        ] {
            check(bad, Some("https://p.com"), None);
        }
        check(&format!("http://a.com/{}", "x".repeat(limits::URL_BYTES)), None, None);
    }

    #[test]
    fn a_crop_may_lose_less_than_a_tenth() {
        assert_eq!(crop(Some((800, 400))), Some(false));
        assert_eq!(crop(Some((721, 400))), Some(false));
        assert_eq!(crop(Some((720, 400))), None);
        assert_eq!(crop(Some((500, 500))), Some(true));
        assert_eq!(crop(Some((720, 630))), None);
        assert_eq!(crop(Some((u32::MAX, u32::MAX))), Some(true));
        assert_eq!(crop(None), None);
    }

    proptest! {
        #[test]
        fn a_plainly_public_address_is_what_it_would_be_taken_apart(
            scheme in "https?|HTTP|ftp",
            host in "([a-z0-9-]{1,6}\\.){0,3}(com|kr|local|internal|1|xn--3e0b707e|example)",
            path in "(/[a-z%~A-Z0-9.가|]{0,8}){0,3}(\\?[a-z=&%5]{0,9})?(#[a-z]{0,4})?",
        ) {
            let raw = format!("{scheme}://{host}{path}");
            let policy = policy(Some("https://shop.example.com/bot"));
            if is_plainly_public(&raw, &policy) {
                let found = by_parts(&raw, &policy);
                prop_assert_eq!(found, Some(Address { url: Cow::Borrowed(&*raw), degradations: Degradations::NONE }));
            }
        }
    }
}
