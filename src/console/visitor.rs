//! What a request says of the browser that sends it: where it is, what it holds, what it speaks.

use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{ACCEPT_LANGUAGE, COOKIE, HOST, HeaderValue, ORIGIN};
use url::{Url, form_urlencoded};

use crate::config::settings::Admin;
use crate::ids::BotId;
use crate::messages::Language;

/// Bytes of a query that are looked at; what the console's own pages ask for is far shorter.
const QUERY: usize = 4096;
/// Parts of a query.
const PARTS: usize = 16;
/// The cookie of the chosen language.
pub(super) const LANGUAGE_COOKIE: &str = "smartchat-bridge-language";

/// One browser's request, without its body.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) language: Language,
    /// It asks for this language from now on.
    pub(super) chosen: Option<Language>,
    /// The parts of the query.
    pub(super) query: Vec<(String, String)>,
    /// The name in its session cookie.
    pub(super) session: Option<String>,
    /// The name of that cookie.
    pub(super) cookie: String,
    /// It sends a form, whose address may have no page of its own.
    pub(super) sends_a_form: bool,
    /// `Origin` is the console's own.
    pub(super) is_at_home: bool,
    /// It comes by `admin.public_url`, over TLS: its cookies may go over TLS only.
    pub(super) is_secure: bool,
    /// Messages of real users of this bot are kept for so long yet (C5): each page says so.
    pub(super) captured: Option<(BotId, Duration)>,
}

impl Visitor {
    /// Looks at the head of a request whose `Host` has been checked.
    pub(super) fn new(admin: &Admin, headers: &HeaderMap, query: Option<&str>) -> Self {
        let query = query.filter(|query| query.len() <= QUERY).unwrap_or_default();
        let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().take(PARTS).collect();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let direct = Url::parse(&format!("http://{host}")).ok();
        let public = admin.public_url.as_ref();
        let origin = |url: &Url| url.origin().ascii_serialization();
        let offered = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        let is_by_name = public.is_some_and(|public| offered == Some(&origin(public)));
        let is_direct = direct.as_ref().is_some_and(|direct| offered == Some(&origin(direct)));
        // Ports do not keep cookies apart, so the port that the browser sees stands in the name: two bridges on one
        // host do not sign each other out.
        let meant = |url: &&Url| url.host_str() == direct.as_ref().and_then(Url::host_str);
        let port = public.filter(meant).or(direct.as_ref()).and_then(Url::port_or_known_default).unwrap_or_default();
        let cookie = format!("smartchat-bridge-{port}");
        let chosen = query.iter().find(|(name, _)| name == "lang").and_then(|(_, value)| by_code(value));
        let kept = || cookies(headers).find(|(name, _)| *name == LANGUAGE_COOKIE).and_then(|(_, value)| by_code(value));
        Self {
            language: chosen.or_else(kept).unwrap_or_else(|| accepted(headers.get(ACCEPT_LANGUAGE))),
            chosen,
            session: cookies(headers).find(|(name, _)| *name == cookie).map(|(_, value)| value.to_owned()),
            cookie,
            sends_a_form: false,
            is_at_home: is_by_name || is_direct,
            captured: None,
            is_secure: is_by_name && public.is_some_and(|public| public.scheme() == "https"),
            query,
        }
    }

    /// A part of the query; empty where it is not there.
    pub(super) fn asks(&self, name: &str) -> &str {
        self.query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// `Set-Cookie` of a session of this name; without one, the end of it.
    pub(super) fn session_cookie(&self, session: Option<&str>) -> Option<HeaderValue> {
        let (name, secure) = (&self.cookie, if self.is_secure { "; Secure" } else { "" });
        let (value, ends) = session.map_or(("", "; Max-Age=0"), |session| (session, ""));
        HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{ends}")).ok()
    }
}

/// The code in `lang`, in the query and in the cookie.
pub(super) const fn code(language: Language) -> &'static str {
    match language {
        Language::English => "en",
        Language::Korean => "ko",
    }
}

fn by_code(text: &str) -> Option<Language> {
    [Language::Korean, Language::English].into_iter().find(|language| code(*language) == text)
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

/// The first of the two that a browser names, as browsers name the wanted one first; Korean where it names neither.
fn accepted(value: Option<&HeaderValue>) -> Language {
    let named = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let tags = named.split(',').map(|tag| tag.split([';', '-']).next().unwrap_or_default().trim().to_ascii_lowercase());
    tags.into_iter().find_map(|tag| by_code(&tag)).unwrap_or(Language::Korean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderName;

    fn visit(public: Option<&str>, headers: &[(HeaderName, &str)], query: Option<&str>) -> Visitor {
        let admin = Admin {
            listen: std::net::SocketAddr::from(([127, 0, 0, 1], 0)),
            token: None,
            metrics_token: None,
            hosts: Vec::new(),
            public_url: public.map(|url| url.parse().unwrap()),
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        Visitor::new(&admin, &map, query)
    }

    #[test]
    fn only_the_very_origin_is_home() {
        let at = |host, origin| visit(None, &[(HOST, host), (ORIGIN, origin)], None).is_at_home;
        assert!(at("127.0.0.1:9090", "http://127.0.0.1:9090") && at("localhost", "http://localhost"));
        assert!(at("[::1]:9090", "http://[::1]:9090") && at("localhost:80", "http://localhost"));
        for foreign in ["http://127.0.0.1:8080", "https://127.0.0.1:9090", "http://localhost:9090", "null", ""] {
            assert!(!at("127.0.0.1:9090", foreign), "{foreign}");
        }
        assert!(!visit(None, &[(HOST, "127.0.0.1:9090")], None).is_at_home, "a browser always sends it with a form");
    }

    #[test]
    fn behind_a_proxy_the_name_is_home_whatever_host_it_passes_on() {
        let name = Some("https://console.example.com");
        for host in ["console.example.com", "127.0.0.1:9090"] {
            let visitor = visit(name, &[(HOST, host), (ORIGIN, "https://console.example.com")], None);
            assert!(visitor.is_at_home && visitor.is_secure);
            assert!(!visit(name, &[(HOST, host), (ORIGIN, "http://console.example.com")], None).is_secure);
            assert!(!visit(name, &[(HOST, host), (ORIGIN, "https://console.example.com:8443")], None).is_at_home);
        }
        // Past the proxy, by a tunnel: plain HTTP, so the cookie must go over it.
        let visitor = visit(name, &[(HOST, "127.0.0.1:9090"), (ORIGIN, "http://127.0.0.1:9090")], None);
        assert!(visitor.is_at_home && !visitor.is_secure);
    }

    #[test]
    fn the_cookie_has_the_port_that_the_browser_sees() {
        let own = [
            (HOST, "127.0.0.1:9091"),
            (COOKIE, "a=b; smartchat-bridge-9090=other"),
            (COOKIE, "smartchat-bridge-9091=own"),
        ];
        assert_eq!(visit(None, &own, None).session.as_deref(), Some("own"));
        let visitor = visit(Some("https://console.example.com"), &[(HOST, "console.example.com")], None);
        assert_eq!(visitor.cookie, "smartchat-bridge-443");
        let cookie = visitor.session_cookie(None).unwrap();
        assert!(cookie.to_str().unwrap().contains("HttpOnly; SameSite=Strict; Max-Age=0"), "{cookie:?}");
    }

    #[test]
    fn a_choice_beats_the_cookie_and_the_cookie_the_browser() {
        use Language::{English, Korean};
        for (query, cookie, browser, expected) in [
            (None, "", "", Korean),
            (None, "", "fr, de;q=0.5", Korean),
            (None, "", "en-US,en;q=0.9,ko;q=0.8", English),
            (None, "", "fr;q=1, ko-KR", Korean),
            (None, "smartchat-bridge-language=ko", "en", Korean),
            (Some("lang=en"), "smartchat-bridge-language=ko", "ko", English),
            (Some("lang=xx"), "smartchat-bridge-language=en", "ko", English),
        ] {
            let visitor = visit(None, &[(HOST, "localhost"), (COOKIE, cookie), (ACCEPT_LANGUAGE, browser)], query);
            assert_eq!(visitor.language, expected, "{query:?} {cookie} {browser}");
        }
    }
}
