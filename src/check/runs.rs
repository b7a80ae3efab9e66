//! What a bot runs on, as far as its answers tell, for remedies in its own language. A guess from headers and from the
//! words of usual error pages; it decides nothing but words.

use hyper::header::{HeaderMap, SERVER, SET_COOKIE};

/// Bytes of a body that are looked at.
const LOOKED_AT: usize = 16 * 1024;

/// A bot's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Runs {
    Php,
    Python,
    Node,
    Java,
    /// Another one, or none that shows.
    #[default]
    Unknown,
}

/// Words in `Server`, `X-Powered-By` or the name of a cookie, lower case; the first that fits counts.
const IN_HEADERS: [(&str, Runs); 19] = [
    ("php", Runs::Php),
    ("laravel", Runs::Php),
    ("express", Runs::Node),
    ("connect.sid", Runs::Node),
    ("next.js", Runs::Node),
    ("werkzeug", Runs::Python),
    ("wsgiserver", Runs::Python),
    ("cpython", Runs::Python),
    ("python", Runs::Python),
    ("gunicorn", Runs::Python),
    ("uvicorn", Runs::Python),
    ("aiohttp", Runs::Python),
    ("csrftoken", Runs::Python),
    ("jetty", Runs::Java),
    ("coyote", Runs::Java),
    ("tomcat", Runs::Java),
    ("servlet", Runs::Java),
    ("jsessionid", Runs::Java),
    ("undertow", Runs::Java),
];

/// Words of usual error pages.
const IN_BODIES: [(&[u8], Runs); 8] = [
    (b"<b>Warning</b>:", Runs::Php),
    (b"<b>Notice</b>:", Runs::Php),
    (b"Fatal error</b>:", Runs::Php),
    (b"Traceback (most recent call last)", Runs::Python),
    (b"DJANGO_SETTINGS_MODULE", Runs::Python),
    (b"<pre>Cannot POST /", Runs::Node),
    (b"Whitelabel Error Page", Runs::Java),
    (b"java.lang.", Runs::Java),
];

impl Runs {
    /// From one answer.
    pub(super) fn of(headers: &HeaderMap, body: &[u8]) -> Self {
        let values = [SERVER.as_str(), "x-powered-by", SET_COOKIE.as_str()];
        let told = values.iter().flat_map(|name| headers.get_all(*name));
        let told: Vec<String> = told.map(|value| String::from_utf8_lossy(value.as_bytes()).to_lowercase()).collect();
        let by_header = IN_HEADERS.iter().find(|(word, _)| told.iter().any(|value| value.contains(word)));
        let looked_at = body.get(..LOOKED_AT).unwrap_or(body);
        let by_body = || IN_BODIES.iter().find(|(words, _)| memchr::memmem::find(looked_at, words).is_some());
        by_header.map(|(_, runs)| *runs).or_else(|| by_body().map(|(_, runs)| *runs)).unwrap_or_default()
    }

    /// Its name; empty where it is not known.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Php => "PHP",
            Self::Python => "Python",
            Self::Node => "Node",
            Self::Java => "Java",
            Self::Unknown => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn a_language_shows_in_headers_and_else_in_error_pages() {
        for (name, value, body, expected) in [
            ("server", "Apache/2.4.71 (Debian) PHP/8.2.36", "", Runs::Php),
            ("x-powered-by", "Express", "", Runs::Node),
            ("server", "Werkzeug/1.0.1 Python/3.11.7", "", Runs::Python),
            ("server", "WSGIServer/0.2 CPython/3.11.7", "", Runs::Python),
            ("server", "Jetty(9.4.57.v20241219)", "", Runs::Java),
            ("set-cookie", "JSESSIONID=1; Path=/", "", Runs::Java),
            ("server", "nginx", "<br />\n<b>Warning</b>: a", Runs::Php),
            ("server", "nginx", "<pre>Cannot POST /message</pre>", Runs::Node),
            ("server", "Apache", "", Runs::Unknown),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(Runs::of(&headers, body.as_bytes()), expected, "{value} {body}");
        }
    }
}
