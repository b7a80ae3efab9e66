//! The addresses of a name, asked for anew every few seconds and remembered when the resolver is out.
//!
//! `getaddrinfo` blocks a thread per question, and many old bots close every connection (legacy.md 3): without a
//! memory each of their calls would ask, and a resolver that hangs would pile up threads. Rejected: a resolver of our
//! own (hickory), which would have to learn `/etc/hosts`, search domains and container DNS once more.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::timeout_at;
use url::Host;

use crate::time::{self, Instant};

/// How long an answer is used without asking again: shorter than any cluster takes to move a service.
const FRESH: Duration = Duration::from_secs(5);
/// How long the resolver is waited for where an older answer is at hand.
const PATIENCE: Duration = Duration::from_millis(500);
/// Addresses that are tried. Each gets a share of the time, so more would leave none enough.
const TRIED: usize = 8;

/// The known addresses of one host and port.
pub(super) enum Addresses {
    /// The URL says it itself.
    Written(Arc<[SocketAddr]>),
    /// A name.
    Named { name: String, port: u16, known: ArcSwapOption<Known> },
}

/// An answer of the resolver.
#[derive(Debug)]
pub(super) struct Known {
    addresses: Arc<[SocketAddr]>,
    asked: Instant,
}

impl Addresses {
    /// One address, and no look-up.
    pub(super) fn written(address: SocketAddr) -> Self {
        Self::Written(Arc::new([address]))
    }

    /// The addresses of `host`: written in the URL, or to be looked up.
    pub(super) fn new(host: Host<String>, port: u16) -> Self {
        match host {
            Host::Ipv4(ip) => Self::Written(Arc::new([SocketAddr::from((ip, port))])),
            Host::Ipv6(ip) => Self::Written(Arc::new([SocketAddr::from((ip, port))])),
            Host::Domain(name) => Self::Named { name, port, known: ArcSwapOption::empty() },
        }
    }

    /// The addresses to try, best first. May take longer than `until` only where nothing is known yet.
    pub(super) async fn get(&self, until: Instant) -> io::Result<Arc<[SocketAddr]>> {
        match self {
            Self::Written(addresses) => Ok(Arc::clone(addresses)),
            Self::Named { name, port, known } => {
                let lookup = async {
                    let found = tokio::net::lookup_host((name.as_str(), *port)).await?;
                    Ok(found.take(TRIED).collect())
                };
                fresh_or_asked(known, until, lookup).await
            }
        }
    }
}

/// The fresh addresses, else those that `lookup` finds, else the old ones.
async fn fresh_or_asked(
    known: &ArcSwapOption<Known>,
    until: Instant,
    lookup: impl Future<Output = io::Result<Vec<SocketAddr>>>,
) -> io::Result<Arc<[SocketAddr]>> {
    let now = time::instant();
    let remember = |addresses: Arc<[SocketAddr]>| {
        known.store(Some(Arc::new(Known { addresses: Arc::clone(&addresses), asked: now })));
        addresses
    };
    let Some(before) = known.load_full() else {
        return Ok(remember(lookup.await?.into()));
    };
    if now.saturating_duration_since(before.asked) <= FRESH {
        return Ok(Arc::clone(&before.addresses));
    }
    // An error, an empty answer and silence are all the same here, and not asked for again at once.
    let found = timeout_at(until.min(now + PATIENCE), lookup).await;
    let found = found.ok().and_then(Result::ok).filter(|found| !found.is_empty());
    Ok(remember(found.map_or_else(|| Arc::clone(&before.addresses), Arc::from)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    fn at(port: u16) -> Vec<SocketAddr> {
        vec![SocketAddr::from(([127, 0, 0, 1], port))]
    }

    async fn port(known: &ArcSwapOption<Known>, answer: io::Result<Vec<SocketAddr>>) -> Option<u16> {
        let until = time::instant() + Duration::from_secs(60);
        let found = fresh_or_asked(known, until, ready(answer)).await.ok()?;
        found.first().map(SocketAddr::port)
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_used_for_five_seconds_and_outlives_a_resolver_that_is_out() {
        let known = ArcSwapOption::empty();
        let out = || Err(io::Error::other("out"));
        assert_eq!(port(&known, out()).await, None, "nothing known, nothing found");
        assert_eq!(port(&known, Ok(at(1))).await, Some(1));
        assert_eq!(port(&known, Ok(at(2))).await, Some(1), "still fresh");
        tokio::time::advance(FRESH * 2).await;
        assert_eq!(port(&known, Ok(at(3))).await, Some(3));
        for answer in [out(), Ok(Vec::new())] {
            tokio::time::advance(FRESH * 2).await;
            assert_eq!(port(&known, answer).await, Some(3), "the old answer serves");
        }
        tokio::time::advance(FRESH * 2).await;
        let asked = time::instant();
        let silent = fresh_or_asked(&known, asked + FRESH, pending()).await.unwrap();
        assert_eq!(silent.first().map(SocketAddr::port), Some(3));
        assert_eq!(asked.elapsed(), PATIENCE);
    }
}
