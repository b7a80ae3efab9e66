//! Kakao's channel webhook: a friend was added or blocked (E2, openbuilder.md 5).
//!
//! Always answered at once, for Kakao waits three seconds; what follows is delivered in the background. An event that
//! cannot be anybody's (another channel, an open id) is answered 200 and counted: Kakao would only repeat it.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::respond::{self, Refused, Reply};
use crate::app::App;
use crate::events;
use crate::net::CoreId;
use crate::store::contacts::Known;
use crate::wire::legacy::Notice;
use crate::wire::text::Text;

const RESOURCE_ID: HeaderName = HeaderName::from_static("x-kakao-resource-id");

/// The webhook's body; every member optional, both namings.
#[derive(Debug, Default, Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    event: Option<Text<'a>>,
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    id_type: Option<Text<'a>>,
    #[serde(borrow, default, alias = "plus_friend_public_id")]
    channel_public_id: Option<Text<'a>>,
    #[serde(borrow, default, alias = "plus_friend_uuid")]
    channel_uuid: Option<Text<'a>>,
}

/// Takes one webhook call.
///
/// # Errors
/// [`Refused`] when the body is no event, or the admin key is not this bot's.
pub fn receive(
    app: &Arc<App>,
    core: CoreId,
    path: Option<&str>,
    peer: IpAddr,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Reply, Refused> {
    let roster = app.roster();
    if let Some(path) = path
        && roster.named(path).is_none()
    {
        return Err(Refused::NoBot(crate::roster::NoBot::Unknown));
    }
    if crate::wire::skill::deeper_than(body, crate::wire::limits::DEPTH) {
        return Err(Refused::NotAnEvent("the JSON is nested too deeply"));
    }
    let event: Event<'_> =
        serde_json::from_slice(body).map_err(|_| Refused::NotAnEvent("the body is not a channel event"))?;
    let ids = [&event.channel_public_id, &event.channel_uuid].map(|id| id.as_ref().map(Text::as_str));
    let Some(bot) = roster.find_by_channel(path, ids) else {
        tracing::info!(peer = %peer, "a channel event of no bot's channel was dropped");
        return Ok(accepted());
    };
    let key = bot.settings.channel_key.as_ref().ok_or(Refused::NoChannelKey)?;
    let offered = headers.get(AUTHORIZATION).map_or(&[][..], HeaderValue::as_bytes);
    let offered = offered.strip_prefix(b"KakaoAK ").unwrap_or_default();
    if !key.matches(offered) {
        return Err(Refused::Secret);
    }
    let notice = match event.event.as_ref().map(Text::as_str) {
        Some("added") => Notice::FriendAdded,
        Some("blocked") => Notice::FriendBlocked,
        _ => {
            tracing::info!(bot = %bot.settings.id, "a channel event of an unknown kind was dropped");
            return Ok(accepted());
        }
    };
    let id = event.id.as_ref().map(Text::as_str).filter(|id| !id.is_empty() && id.len() <= 128);
    let (Some("app_user_id"), Some(id)) = (event.id_type.as_ref().map(Text::as_str), id) else {
        tracing::info!(bot = %bot.settings.id, "a channel event by open_id was dropped: it names nobody a skill call names");
        return Ok(accepted());
    };
    let resource = headers.get(&RESOURCE_ID).and_then(|id| id.to_str().ok()).filter(|id| id.len() <= 256);
    if resource.is_some_and(|resource| !bot.contacts.first_time(resource)) {
        return Ok(accepted());
    }
    match bot.contacts.event(id, notice) {
        Known::User(user) => events::deliver(&app.house, bot, core, notice, user),
        Known::Waits => {
            tracing::info!(bot = %bot.settings.id, ?notice, "a channel event waits for this user's next call")
        }
    }
    Ok(accepted())
}

fn accepted() -> Reply {
    respond::text(StatusCode::OK, "ok\n")
}
