//! The access check of a call whose bot is known: address lists and the secret.

use std::net::IpAddr;

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};

use super::respond::{Refused, SecretMiss};
use crate::config::secret::Secret;
use crate::config::settings::{Access, BotSettings};
use crate::ids::BotId;
use crate::net::ip;
use crate::wire::text::printable;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Characters of `X-Forwarded-For` that the log gets.
const LOGGED_ADDRESSES: usize = 200;

/// Whether a call for `bot` from `peer` with these headers is admitted.
///
/// # Errors
/// [`Refused::Address`] or [`Refused::Secret`]; neither tells what would have been right.
pub(crate) fn admit(access: &Access, bot: &BotSettings, peer: IpAddr, headers: &HeaderMap) -> Result<(), Refused> {
    admit_address(access, bot, peer, headers)?;
    if let Some(secret) = &bot.secret {
        admit_secret(&bot.id, &secret.header, &secret.values, headers.get(&secret.header).map(HeaderValue::as_bytes))?;
    }
    Ok(())
}

/// Whether the value `offered` in `header` is one of `values`.
///
/// # Errors
/// [`Refused::Secret`].
pub(crate) fn admit_secret(
    bot: &BotId,
    header: &HeaderName,
    values: &[Secret],
    offered: Option<&[u8]>,
) -> Result<(), Refused> {
    // Every value is compared, so that the time does not tell which of two was nearly right.
    let right = values.iter().fold(false, |right, value| value.matches(offered.unwrap_or_default()) | right);
    if right {
        return Ok(());
    }
    Err(Refused::Secret(SecretMiss {
        bot: bot.clone(),
        header: header.clone(),
        scheme: None,
        offered: offered.map(<[u8]>::len),
        wanted: values.iter().map(|value| value.expose().len()).collect(),
    }))
}

/// The caller's address, behind the proxies that are trusted.
#[must_use]
pub(crate) fn caller_address(access: &Access, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    ip::caller(peer, headers.get_all(FORWARDED_FOR).iter(), &access.trusted_proxies)
}

/// The proxies' word about the caller's address, for the log.
#[must_use]
pub(crate) fn forwarded_for(headers: &HeaderMap) -> Option<Box<str>> {
    let all: Vec<_> = headers.get_all(FORWARDED_FOR).iter().map(|value| value.as_bytes()).collect();
    (!all.is_empty()).then(|| printable(&String::from_utf8_lossy(&all.join(&b", "[..])), LOGGED_ADDRESSES))
}

/// Whether the address of a call for `bot` is admitted.
///
/// # Errors
/// [`Refused::Address`].
pub(crate) fn admit_address(
    access: &Access,
    bot: &BotSettings,
    peer: IpAddr,
    headers: &HeaderMap,
) -> Result<(), Refused> {
    let listed = !access.allow.is_empty() || !bot.allow.is_empty();
    if listed {
        let caller = caller_address(access, peer, headers);
        if !ip::contains(&access.allow, caller) && !ip::contains(&bot.allow, caller) {
            return Err(Refused::Address { bot: Some(bot.id.clone()), caller });
        }
    }
    Ok(())
}
