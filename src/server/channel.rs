//! Kakao's channel webhook: a friend was added or blocked (E2, openbuilder.md 5).
//!
//! Always answered at once, for Kakao waits three seconds; the event is delivered in the background. An event that fits
//! no bot or user (another channel, an open id) is answered 200 and counted: Kakao would only repeat it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use serde::Deserialize;
use tokio::sync::oneshot;

use super::admit::admit_secret;
use super::respond::{self, Refused, Reply, SecretMiss};
use crate::bot::Bot;
use crate::events;
use crate::ids::BotId;
use crate::net::CoreId;
use crate::shared::Shared;
use crate::store::contacts::Known;
use crate::telemetry::metrics::EventFate;
use crate::time;
use crate::translate::inbound::id_text;
use crate::wire::legacy::Notice;
use crate::wire::text::{Raw, Text};

/// How often it is told that events wait: a campaign brings thousands of new friends.
const WAITING_LINE: Duration = Duration::from_secs(60);
/// What stands before the admin key.
const SCHEME: &str = "KakaoAK";
const RESOURCE_ID: HeaderName = HeaderName::from_static("x-kakao-resource-id");

/// The webhook's body; every member optional, both namings, which may stand side by side.
#[derive(Debug, Default, Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    event: Option<Text<'a>>,
    #[serde(borrow, default)]
    id: Option<Raw<'a>>,
    #[serde(borrow, default)]
    id_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    channel_public_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    channel_uuid: Option<Text<'a>>,
    #[serde(borrow, default)]
    plus_friend_public_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    plus_friend_uuid: Option<Text<'a>>,
}

/// Takes one webhook call.
///
/// # Errors
/// [`Refused`] when the body is no event, or the admin key is not this bot's.
pub(crate) async fn receive(
    shared: &Arc<Shared>,
    core: CoreId,
    path: Option<&str>,
    peer: IpAddr,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Reply, Refused> {
    let bots = shared.registry();
    if let Some(path) = path
        && bots.named(path).is_none()
    {
        return Err(Refused::NoBot { why: crate::registry::NoBot::Unknown, openbuilder_id: None });
    }
    if crate::wire::skill::deeper_than(body, crate::wire::limits::DEPTH) {
        return Err(Refused::NotAnEvent("the JSON is nested too deeply"));
    }
    // A list would be read as the members in their order.
    let object = body.trim_ascii_start().starts_with(b"{");
    let event: Option<Event<'_>> = object.then(|| serde_json::from_slice(body).ok()).flatten();
    let event = event.ok_or(Refused::NotAnEvent("the body is not a channel event"))?;
    let ids = [&event.channel_public_id, &event.channel_uuid, &event.plus_friend_public_id, &event.plus_friend_uuid];
    let Some(bot) = bots.find_by_channel(path, ids.map(|id| id.as_ref().map(Text::as_str))) else {
        // Anybody can send this, so it is no line in the log: that could be filled by them.
        tracing::debug!(peer = %peer, "a channel event of no bot's channel was dropped");
        return Ok(accepted(shared, core, Some(EventFate::OtherChannel)));
    };
    let key = bot.settings.channel_key.as_ref().ok_or(Refused::NoChannelKey)?;
    let offered = headers.get(AUTHORIZATION).map(|value| offered_key(&bot.settings.id, value)).transpose()?;
    admit_secret(&bot.settings.id, &AUTHORIZATION, std::slice::from_ref(key), offered)?;
    let notice = match event.event.as_ref().map(Text::as_str) {
        Some("added") => Notice::FriendAdded,
        Some("blocked") => Notice::FriendBlocked,
        _ => {
            tracing::info!(bot = %bot.settings.id, "a channel event of an unknown kind was dropped");
            return Ok(accepted(shared, core, Some(EventFate::OtherKind)));
        }
    };
    let id = event.id.and_then(id_text);
    let (Some("app_user_id"), Some(id)) = (event.id_type.as_ref().map(Text::as_str), id) else {
        tracing::info!(bot = %bot.settings.id, "a channel event by open_id was dropped: it names nobody a skill call names");
        return Ok(accepted(shared, core, Some(EventFate::Nobody)));
    };
    let resource = headers.get(&RESOURCE_ID).and_then(|id| id.to_str().ok()).filter(|id| id.len() <= 256);
    let (shared_with, bot, id, resource) =
        (Arc::clone(shared), Arc::clone(bot), String::from(&*id), resource.map(str::to_owned));
    let (told, fate) = oneshot::channel();
    // A caller who hangs up in the middle of it changes nothing: what they send again would count as a repeat.
    shared.tasks.track(async move {
        let _nobody_waits = told.send(take(&shared_with, &bot, core, notice, &id, resource.as_deref()).await);
    });
    Ok(accepted(shared, core, fate.await.unwrap_or_default()))
}

/// Sends the event on its way, or keeps it for its user. Gives what became of it, where it is not on its way.
async fn take(
    shared: &Arc<Shared>,
    bot: &Arc<Bot>,
    core: CoreId,
    notice: Notice,
    id: &str,
    resource: Option<&str>,
) -> Option<EventFate> {
    if resource.is_some_and(|resource| !bot.contacts.first_time(resource)) {
        return Some(EventFate::Repeat);
    }
    let store = bot.sessions.shared();
    if let (Some(resource), Some(store)) = (resource, store)
        && store.first_time(resource).await == Some(false)
    {
        return Some(EventFate::Repeat);
    }
    let elsewhere = match store {
        Some(store) if bot.contacts.user(id).is_none() => store.event(id, notice).await,
        Some(_) | None => None,
    };
    let known = match elsewhere {
        Some(Some(user)) => Known::User(user),
        Some(None) => Known::Waits,
        None => bot.contacts.event(id, notice),
    };
    if let Known::User(user) = known {
        events::deliver(shared, bot, core, notice, user);
    }
    // Last: what is not on its way yet is no repeat.
    if let Some(resource) = resource {
        bot.contacts.dealt_with(resource);
        if let Some(store) = store {
            store.dealt_with(resource);
        }
    }
    match known {
        Known::User(_) => None,
        Known::Waits => {
            if let Some(events) = bot.contacts.waiting_line.line(WAITING_LINE, time::now()) {
                tracing::info!(bot = %bot.settings.id, events, "channel events wait for the next call of their users");
            }
            Some(EventFate::Waits)
        }
    }
}

/// The key behind Kakao's scheme, however that is written.
fn offered_key<'a>(bot: &BotId, value: &'a HeaderValue) -> Result<&'a [u8], Refused> {
    let value = value.as_bytes();
    let behind = value.split_at_checked(SCHEME.len() + 1);
    let key = behind.filter(|(scheme, _)| scheme.trim_ascii_end().eq_ignore_ascii_case(SCHEME.as_bytes()));
    let other_scheme = || SecretMiss {
        bot: bot.clone(),
        header: AUTHORIZATION,
        scheme: Some(SCHEME),
        offered: Some(value.len()),
        wanted: Vec::new(),
    };
    key.map(|(_, key)| key).ok_or_else(|| Refused::Secret(other_scheme()))
}

/// Kakao wants a 2XX in every case; `fate` is `None` where the delivery will tell.
fn accepted(shared: &Shared, core: CoreId, fate: Option<EventFate>) -> Reply {
    if let Some(fate) = fate {
        shared.metrics.event(core, fate);
    }
    respond::text(StatusCode::OK, "ok\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_scheme_is_told_apart_from_another_key() {
        let bot = BotId::parse("shop").unwrap();
        let key = |value: &'static str| offered_key(&bot, &HeaderValue::from_static(value)).map(<[u8]>::to_vec).ok();
        for value in ["KakaoAK admin-key", "kakaoak admin-key", "KAKAOAK admin-key"] {
            assert_eq!(key(value).as_deref(), Some(&b"admin-key"[..]), "{value}");
        }
        for value in ["Bearer admin-key", "admin-key", "KakaoAKadmin-key", "KakaoAK", ""] {
            let refused = offered_key(&bot, &HeaderValue::from_static(value)).unwrap_err();
            let told = format!("does not begin with KakaoAK and a blank: {} bytes came", value.len());
            assert!(refused.detail().unwrap().ends_with(&told), "{value}");
        }
    }
}
