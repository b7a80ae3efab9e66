//! The address of a caller: the peer's, or the one a trusted proxy speaks for.
//!
//! `X-Forwarded-For` can be written by any caller, so it is read from the right and only as far as each hop is one the
//! operator listed (rust-rpxy's rule). Rejected: taking its leftmost entry, which any caller can invent.

use std::net::{IpAddr, SocketAddr};

use hyper::header::HeaderValue;
use ipnet::IpNet;

/// Entries of `X-Forwarded-For` that are looked at. No installation has more proxies than that.
const HOPS: usize = 32;

/// The caller's address, given the connection's peer and every `X-Forwarded-For` header in order of arrival.
///
/// Walks from the right while the hop that vouches is in `trusted`; an entry that is not an address ends the walk
/// at the hop that wrote it.
#[must_use]
pub(crate) fn caller<'a>(
    peer: IpAddr,
    x_forwarded_for: impl DoubleEndedIterator<Item = &'a HeaderValue>,
    trusted: &[IpNet],
) -> IpAddr {
    let mut caller = peer.to_canonical();
    let hops = x_forwarded_for.rev().flat_map(|header| header.as_bytes().rsplit(|byte| *byte == b','));
    for hop in hops.take(HOPS) {
        if !contains(trusted, caller) {
            break;
        }
        match address(hop) {
            Some(before) => caller = before,
            None => break,
        }
    }
    caller
}

/// Whether one of `list` holds `ip`, where an IPv4 address written as IPv6 counts as IPv4.
#[must_use]
pub(crate) fn contains(list: &[IpNet], ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    list.iter().any(|net| net.contains(&ip))
}

/// An address as proxies write it: bare, in brackets, with a port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let ip = bare.parse::<IpAddr>().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
    ip.ok().map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, headers: &[&str], trusted: &[&str]) -> String {
        let headers: Vec<HeaderValue> = headers.iter().map(|h| HeaderValue::from_str(h).unwrap()).collect();
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        caller(peer.parse().unwrap(), headers.iter(), &trusted).to_string()
    }

    #[test]
    fn a_peer_that_is_not_listed_speaks_for_itself_only() {
        assert_eq!(seen("203.0.113.9", &["219.249.231.40"], &[]), "203.0.113.9");
        assert_eq!(seen("203.0.113.9", &["219.249.231.40"], &["10.0.0.0/8"]), "203.0.113.9");
    }

    #[test]
    fn hops_are_believed_from_the_right_while_they_are_listed() {
        let trusted = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(seen("10.0.0.1", &["1.2.3.4, 219.249.231.40"], &trusted), "219.249.231.40");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4, 219.249.231.40", "10.0.0.2"], &trusted), "219.249.231.40");
        assert_eq!(seen("fd00::1", &["10.9.9.9"], &trusted), "10.9.9.9");
        assert_eq!(seen("10.0.0.1", &[], &trusted), "10.0.0.1");
    }

    #[test]
    fn garbage_ends_the_walk_at_the_hop_that_wrote_it() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(seen("10.0.0.1", &["219.249.231.40, unknown, 10.0.0.2"], &trusted), "10.0.0.2");
        assert_eq!(seen("10.0.0.1", &["219.249.231.40,"], &trusted), "10.0.0.1");
    }

    #[test]
    fn ports_brackets_and_mapped_addresses_are_undone() {
        let trusted = ["10.0.0.0/8"];
        for written in ["219.249.231.40", "219.249.231.40:5123", "::ffff:219.249.231.40", "[::ffff:219.249.231.40]:1"] {
            assert_eq!(seen("::ffff:10.0.0.1", &[written], &trusted), "219.249.231.40", "{written}");
        }
        assert_eq!(seen("10.0.0.1", &["[2001:db8::7]"], &trusted), "2001:db8::7");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::7]:443"], &trusted), "2001:db8::7");
    }
}
