//! Which hosts are private: nobody outside their network reaches them (I4, O3). Judged by how they are written: a look-up
//! would be a call for every address, and could say something else a second later.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::Host;

/// Endings of names of private networks (RFC 6761, 6762, 8375; `.internal` by ICANN).
const PRIVATE: [&str; 6] = ["localhost", "local", "internal", "home.arpa", "lan", "intranet"];

/// Whether a host is one of the internet's.
pub(super) fn is_public(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => is_public_v4(*ip),
        Host::Ipv6(ip) => match ip.to_ipv4() {
            // Mapped (::ffff:10.0.0.1) and compatible (::10.0.0.1) are the same IPv4 address written as IPv6.
            Some(ip) => is_public_v4(ip),
            None => !(ip.is_multicast() || ip.is_unique_local() || ip.is_unicast_link_local() || holds_ipv4(*ip)),
        },
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let ends = |private: &str| name.strip_suffix(private).is_some_and(|rest| rest.ends_with('.'));
            name.contains('.') && !PRIVATE.iter().any(|private| ends(private))
        }
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    // 0/8 is this host, 100.64/10 a provider's own network (RFC 6598), 240/4 is reserved.
    let shared = first == 100 && second & 0xc0 == 64;
    !(first == 0 || first >= 240 || shared)
        && !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_multicast())
}

/// NAT64 (64:ff9b::/96) and 6to4 (2002::/16) carry an IPv4 address, private ones too. No photo of Kakao's lies there.
fn holds_ipv4(ip: Ipv6Addr) -> bool {
    matches!(ip.segments(), [0x64, 0xff9b, ..] | [0x2002, ..])
}
