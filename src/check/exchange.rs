//! One call to a bot, written as the old platform wrote it, and everything of the answer that tells about the bot.
//!
//! Each call has a connection of its own: a kept one would hide a bot that closes it, or one that answers a call twice.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::HeaderMap;
use hyper::{Request, Version};
use url::Url;

use crate::config::settings::BotSettings;
use crate::fault::Sent;
use crate::legacy::requests::Requests;
use crate::messages::Message;
use crate::net::client::ClientError;
use crate::net::once::{OneAnswer, once};
use crate::net::target::Target;
use crate::net::tls;
use crate::time;
use crate::wire::limits;

/// How a bot is reached, and what its calls look like.
pub(super) struct Line {
    target: Target,
    pub(super) requests: Requests,
}

/// The answer to one call.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    /// At most [`limits::REPLY_BYTES`].
    pub(super) body: Bytes,
    /// The connection ended before the announced length.
    pub(super) cut_short: bool,
}

/// What came of one call.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) answered: Result<Answer, ClientError>,
    pub(super) took: Duration,
}

impl Line {
    /// The line to a bot at `base`, which need not be the address that is configured.
    ///
    /// # Errors
    /// Why a bot cannot be asked, as a part of a message.
    pub(super) fn new(bot: &BotSettings, base: &Url) -> Result<Self, Message> {
        let bad_address = || crate::messages::start::bot_address(bot.id.as_str());
        let config = tls::client_config(&bot.trust).map_err(|problem| problem.message())?;
        let target = Target::new(base, &config).ok_or_else(bad_address)?;
        let target = match bot.connect {
            Some(address) => target.reached_at(address),
            None => target,
        };
        let requests = Requests::new(base.path(), target.authority(), &bot.headers).ok_or_else(bad_address)?;
        Ok(Self { target, requests })
    }

    /// Asks once, and waits for so long.
    pub(super) async fn ask(&self, request: Request<Full<Bytes>>, within: Duration) -> Exchange {
        let started = time::instant();
        let asked = once(&self.target, request, limits::REPLY_BYTES, started + within, &mut Sent::Nothing).await;
        let answered = asked.and_then(|OneAnswer { head, body, cut_short }| {
            Ok(Answer {
                status: head.status.as_u16(),
                version: head.version,
                headers: head.headers,
                body: body?,
                cut_short,
            })
        });
        Exchange { answered, took: time::instant().saturating_duration_since(started) }
    }
}
