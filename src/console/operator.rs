//! Which operator may read what of the admin listener (C2).
//!
//! Two tokens: `admin.token` opens everything, `admin.metrics_token` opens `/metrics` and `/readyz` only, so that a
//! Prometheus that is broken into cannot act as an operator. A listener that other machines reach is never open: where
//! no `admin.token` is configured, the process makes a random one and prints it at start. Rejected: refusing to start
//! without a token, because a person who tries the container image could not look at it then.

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderValue};

use super::random;
use crate::config::secret::Secret;
use crate::config::settings::Admin;

/// The token that a path of the admin listener asks its reader for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// `admin.token` or `admin.metrics_token`: `/metrics` and `/readyz`.
    Metrics,
    /// `admin.token`: everything else.
    Operator,
}

/// The part of the admin listener's rules that one process keeps over reloads.
#[derive(Debug, Default)]
pub(crate) struct OperatorAccess {
    /// The listener is bound off the loopback.
    exposed: bool,
    /// Counts where the listener is exposed and no `admin.token` is configured.
    own_token: Option<Secret>,
}

impl OperatorAccess {
    /// The rules of a listener that is bound at `admin.listen`. Without randomness there is no token of the process,
    /// and an exposed listener stays closed to everybody until `admin.token` is set.
    #[must_use]
    pub(crate) fn new(admin: &Admin) -> Self {
        let exposed = !admin.listen.ip().is_loopback();
        Self { exposed, own_token: exposed.then(random::word).flatten().map(|word| Secret::new(&word)) }
    }

    /// The token to print at start: the listener is exposed and `admin.token` is not configured.
    #[must_use]
    pub(crate) fn token_to_print(&self, admin: &Admin) -> Option<&Secret> {
        self.own_token.as_ref().filter(|_| admin.token.is_none())
    }

    /// Whether a request with these headers may read what needs `needs`.
    #[must_use]
    pub(crate) fn admits(&self, admin: &Admin, headers: &HeaderMap, needs: Needs) -> bool {
        let open = !self.exposed && admin.token.is_none();
        if open && (needs == Needs::Operator || admin.metrics_token.is_none()) {
            return true;
        }
        let offered = headers.get(AUTHORIZATION).map_or(&[][..], HeaderValue::as_bytes);
        let offered = offered.strip_prefix(b"Bearer ").unwrap_or_default();
        let is_for_metrics = || admin.metrics_token.as_ref().is_some_and(|token| token.matches(offered));
        self.is_operators(admin, offered) || needs == Needs::Metrics && is_for_metrics()
    }

    /// Whether this is `admin.token`, or where none is configured the one that the process has printed.
    #[must_use]
    pub(crate) fn is_operators(&self, admin: &Admin, offered: &[u8]) -> bool {
        admin.token.as_ref().or(self.own_token.as_ref()).is_some_and(|token| token.matches(offered))
    }

    /// Whether a token is offered at all.
    #[must_use]
    pub(crate) fn offers(headers: &HeaderMap) -> bool {
        headers.contains_key(AUTHORIZATION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    const TOKEN: &str = "0123456789abcdef";
    const METRICS: &str = "fedcba9876543210";

    fn admin(ip: [u8; 4], token: Option<&str>, metrics: Option<&str>) -> Admin {
        let listen = SocketAddr::from((ip, 9090));
        Admin {
            listen,
            token: token.map(Secret::new),
            metrics_token: metrics.map(Secret::new),
            hosts: Vec::new(),
            public_url: None,
        }
    }

    fn bearing(token: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap())])
    }

    const LOOPBACK: [u8; 4] = [127, 0, 0, 1];
    const EVERYWHERE: [u8; 4] = [0, 0, 0, 0];

    #[test]
    fn the_loopback_without_tokens_is_open() {
        let admin = admin(LOOPBACK, None, None);
        let access = OperatorAccess::new(&admin);
        assert!(access.admits(&admin, &HeaderMap::new(), Needs::Operator));
        assert!(access.admits(&admin, &HeaderMap::new(), Needs::Metrics));
        assert!(access.token_to_print(&admin).is_none());
    }

    #[test]
    fn an_exposed_listener_without_a_token_asks_for_one_of_its_own() {
        let admin = admin(EVERYWHERE, None, None);
        let access = OperatorAccess::new(&admin);
        let token = access.token_to_print(&admin).unwrap().expose();
        let token = std::str::from_utf8(token).unwrap().to_owned();
        assert_eq!(token.len(), 2 * random::BYTES);
        for needs in [Needs::Operator, Needs::Metrics] {
            assert!(!access.admits(&admin, &HeaderMap::new(), needs));
            assert!(!access.admits(&admin, &bearing(""), needs));
            assert!(access.admits(&admin, &bearing(&token), needs));
        }
        let other = OperatorAccess::new(&admin);
        assert!(!other.admits(&admin, &bearing(&token), Needs::Metrics), "two processes had the same token");
    }

    #[test]
    fn the_metrics_token_opens_metrics_and_nothing_else() {
        for ip in [LOOPBACK, EVERYWHERE] {
            let admin = admin(ip, Some(TOKEN), Some(METRICS));
            let access = OperatorAccess::new(&admin);
            assert!(access.admits(&admin, &bearing(METRICS), Needs::Metrics));
            assert!(!access.admits(&admin, &bearing(METRICS), Needs::Operator));
            assert!(access.admits(&admin, &bearing(TOKEN), Needs::Metrics));
            assert!(access.admits(&admin, &bearing(TOKEN), Needs::Operator));
            assert!(!access.admits(&admin, &HeaderMap::new(), Needs::Metrics));
            assert!(access.token_to_print(&admin).is_none());
        }
    }

    #[test]
    fn a_metrics_token_alone_is_asked_for_on_the_loopback_too() {
        let admin = admin(LOOPBACK, None, Some(METRICS));
        let access = OperatorAccess::new(&admin);
        assert!(!access.admits(&admin, &HeaderMap::new(), Needs::Metrics));
        assert!(access.admits(&admin, &bearing(METRICS), Needs::Metrics));
    }

    #[test]
    fn a_token_that_a_reload_sets_replaces_the_one_of_the_process() {
        let before = admin(EVERYWHERE, None, None);
        let access = OperatorAccess::new(&before);
        let own = String::from_utf8(access.token_to_print(&before).unwrap().expose().to_vec()).unwrap();
        let after = admin(EVERYWHERE, Some(TOKEN), None);
        assert!(!access.admits(&after, &bearing(&own), Needs::Operator));
        assert!(access.admits(&after, &bearing(TOKEN), Needs::Operator));
    }
}
