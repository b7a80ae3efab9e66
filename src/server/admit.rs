//! Who may call: after the bot is known, its address lists and its secret.

use std::net::IpAddr;

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};

use super::respond::Refused;
use crate::config::settings::{Access, BotSettings};
use crate::net::ip;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whether a call for `bot` from `peer` with these headers is admitted.
///
/// # Errors
/// [`Refused::Address`] or [`Refused::Secret`]; neither tells what would have been right.
pub fn admit(access: &Access, bot: &BotSettings, peer: IpAddr, headers: &HeaderMap) -> Result<(), Refused> {
    admit_address(access, bot, peer, headers)?;
    if let Some(secret) = &bot.secret {
        let offered = headers.get(&secret.header).map_or(&[][..], HeaderValue::as_bytes);
        // Every value is compared, so that the time does not tell which of two was nearly right.
        let right = secret.values.iter().fold(false, |right, value| value.matches(offered) | right);
        if !right {
            return Err(Refused::Secret);
        }
    }
    Ok(())
}

/// Whether the address of a call for `bot` is admitted.
///
/// # Errors
/// [`Refused::Address`].
pub fn admit_address(access: &Access, bot: &BotSettings, peer: IpAddr, headers: &HeaderMap) -> Result<(), Refused> {
    let listed = !access.allow.is_empty() || !bot.allow.is_empty();
    if listed {
        let forwarded = headers.get_all(FORWARDED_FOR).iter();
        let caller = ip::caller(peer, forwarded, &access.trusted_proxies);
        if !ip::contains(&access.allow, caller) && !ip::contains(&bot.allow, caller) {
            return Err(Refused::Address);
        }
    }
    Ok(())
}
