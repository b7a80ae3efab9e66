//! What calls tell besides their words: which kinds come (C3), who is who (E2), which blocks are ours (I5).

use std::sync::Arc;

use tokio::sync::oneshot;

use super::respond::Refused;
use crate::bot::Bot;
use crate::events;
use crate::ids::UserKey;
use crate::net::CoreId;
use crate::shared::Shared;
use crate::telemetry::sightings::Sight;
use crate::time::{self, Instant};
use crate::translate::inbound::{Inbound, UserInput};
use crate::wire::legacy::Notice;

/// Notes what kind of call this is (C3). `say` makes its calls up, and they are not noted.
pub(super) fn see(bot: &Bot, inbound: &Inbound<'_>, arrived: Instant) {
    let (seen, now) = (&bot.seen, time::moment_of(arrived));
    if inbound.tester {
        return seen.see(Sight::Tester, now);
    }
    seen.see(Sight::Real, now);
    if inbound.says == UserInput::Home {
        seen.see(Sight::Welcome, now);
    }
    // A group room's members have no key of the channel (I10).
    if inbound.is_key_made && !inbound.room {
        seen.see(Sight::Keyless, now);
    }
    if inbound.callback_url.is_some() {
        seen.see(Sight::Callback, now);
    }
}

/// Notes for the bot whose skill lacks its secret that it does.
pub(super) fn see_refusal(shared: &Shared, refused: &Refused) {
    if let Refused::Secret(miss) = refused
        && let Some(bot) = shared.registry().named(miss.bot.as_str())
        // The webhook's key is another one.
        && bot.settings.secret.as_ref().is_some_and(|secret| secret.header == miss.header)
    {
        let sight = if miss.offered.is_none() { Sight::NoSecret } else { Sight::OtherSecret };
        bot.seen.see(sight, time::now());
    }
}

/// Keeps the facts that a call brings besides its words: the shared id of this user (E2), and which blocks are ours
/// (I5). `trial`: the call is one of `say`'s, whose blocks are made up; no operator should paste their ids (K3).
///
/// Gives something to wait for where the store that several processes share has to learn it, too.
pub(super) fn learn(
    shared: &Arc<Shared>,
    core: CoreId,
    bot: &Arc<Bot>,
    inbound: &Inbound<'_>,
    openbuilder_id: Option<&str>,
    trial: bool,
) -> Option<oneshot::Receiver<()>> {
    // Testers are no friends of a channel (I9), and the blocks of the skill page's tester are made up, too
    // (openbuilder.md 1.6).
    if let Some(block) = inbound.block.as_deref().filter(|_| !inbound.tester && !trial) {
        bot.own_block(block);
        if let Some(id) = openbuilder_id
            && inbound.says != UserInput::Home
        {
            bot.advise_message_block(id, block, inbound.last_block.as_deref());
        }
    }
    let app_user_id = inbound.app_user_id.as_deref().filter(|_| !inbound.tester && !inbound.room)?;
    let user = inbound.user;
    let is_new = bot.sessions.shared().filter(|_| !bot.contacts.knows(app_user_id, user));
    let mut waited = bot.contacts.learn(app_user_id, user);
    let Some(store) = is_new.cloned() else {
        send_on(shared, core, bot, user, app_user_id, waited);
        return None;
    };
    let (shared_with, bot, id) = (Arc::clone(shared), Arc::clone(bot), app_user_id.to_owned());
    let (told, has_learnt) = oneshot::channel::<()>();
    // What waited leaves the memory and the store with this: a caller who hangs up must not take it along.
    shared.tasks.track(async move {
        match store.learn(&id, user).await {
            Some(others) => waited.extend(others),
            None => bot.contacts.unlearn(&id),
        }
        send_on(&shared_with, core, &bot, user, &id, waited);
        drop(told);
    });
    Some(has_learnt)
}

/// Delivers the events that waited for this user's first call (E2).
fn send_on(shared: &Arc<Shared>, core: CoreId, bot: &Arc<Bot>, user: UserKey, app_user_id: &str, waited: Vec<Notice>) {
    let any = !waited.is_empty();
    for notice in waited {
        events::deliver(shared, bot, core, notice, user);
    }
    if any {
        bot.contacts.delivered(app_user_id);
    }
}
