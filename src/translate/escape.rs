//! Addresses in characters of RFC 3986, which OpenBuilder's schema asks for (`format: uri`).
//!
//! The `url` crate escapes as browsers do (WHATWG): `|`, `[`, `^` or a stray `%` stay as they are. So what it parsed
//! is written again here, part by part, and an escape that is there already stays one.

use url::{Host, Url};

/// Unreserved and sub-delims of RFC 3986.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
        )
}

/// Whether `%` at this place begins an escape.
fn is_escape(bytes: &[u8], at: usize) -> bool {
    let hex = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_hexdigit);
    hex(at.saturating_add(1)) && hex(at.saturating_add(2))
}

/// Whether an address has only characters of RFC 3986, each where it may stand.
pub(super) fn is_strict(raw: &str) -> bool {
    /// Bytes that stand anywhere in an address; `#` and `%` are looked at one by one.
    #[allow(clippy::indexing_slicing, reason = "done when it is compiled")]
    const ANYWHERE: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0_u8;
        while byte < 128 {
            table[byte as usize] = is_plain(byte) || matches!(byte, b'/' | b':' | b'?' | b'@');
            byte += 1;
        }
        table
    };
    let bytes = raw.as_bytes();
    let anywhere = |byte: &u8| ANYWHERE.get(usize::from(*byte)).is_some_and(|anywhere| *anywhere);
    if bytes.iter().all(anywhere) {
        return true;
    }
    let mut fragments = 0;
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        byte if anywhere(byte) => true,
        b'#' => {
            fragments += 1;
            fragments == 1
        }
        b'%' => is_escape(bytes, at),
        _ => false,
    })
}

/// The address in characters of RFC 3986; `None` where the host cannot be.
pub(super) fn escaped(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let is_domain = matches!(url.host(), Some(Host::Domain(_)));
    if is_domain && !host.bytes().all(is_plain) {
        return None;
    }
    let mut out = String::with_capacity(url.as_str().len() + 16);
    out.push_str(url.scheme());
    out.push_str("://");
    if !url.username().is_empty() || url.password().is_some() {
        escape_into(&mut out, url.username(), b"");
        if let Some(password) = url.password() {
            out.push(':');
            escape_into(&mut out, password, b"");
        }
        out.push('@');
    }
    out.push_str(host);
    if let Some(port) = url.port() {
        out.push_str(&format!(":{port}"));
    }
    escape_into(&mut out, url.path(), b"/:@");
    for (sign, part) in [('?', url.query()), ('#', url.fragment())] {
        if let Some(part) = part {
            out.push(sign);
            escape_into(&mut out, part, b"/:@?");
        }
    }
    Some(out)
}

fn escape_into(out: &mut String, part: &str, also: &[u8]) {
    let bytes = part.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        if is_plain(*byte) || also.contains(byte) || (*byte == b'%' && is_escape(bytes, at)) {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}
