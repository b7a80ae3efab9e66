//! Channel events on their way to a bot (E1, E2, E4): delivered in the background, in order per user, and never while
//! that user's `/message` is out.
//!
//! Each user with events has one small queue and one worker, which takes the user's turn for the length of one try
//! only: between tries the user's own messages pass. Any status is fine (legacy.md 3: half of all bots have no such
//! paths); a 404 or 405 is remembered, so that such a bot is left in peace for a while.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::bot::{Bot, House};
use crate::ids::UserKey;
use crate::net::CoreId;
use crate::store::Begun;
use crate::time;
use crate::wire::legacy::Notice;

/// How long one try may take: what the old server gave a bot (legacy.md 1).
const TRY: Duration = Duration::from_secs(5);
/// Waits between the tries; their number is the number of repeats.
const WAITS: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(8)];

/// Sends `notice` of `user` on its way. Past the bound on events (S5) it is dropped and said so in the log.
pub fn deliver(house: &Arc<House>, bot: &Arc<Bot>, core: CoreId, notice: Notice, user: UserKey) {
    if bot.outbox.at_peace(notice, time::now()) {
        return;
    }
    let Some(place) = house.events.enter() else {
        tracing::warn!(bot = %bot.settings.id, ?notice, "a channel event was dropped: limits.events is reached");
        return;
    };
    let works_already = bot.outbox.push(user, notice, place);
    if !works_already {
        let (house_of_task, bot) = (Arc::clone(house), Arc::clone(bot));
        house.tasks.track(async move {
            while let Some((notice, _place)) = bot.outbox.next(user) {
                tell(&house_of_task, &bot, core, notice, user).await;
            }
        });
    }
}

async fn tell(house: &House, bot: &Bot, core: CoreId, notice: Notice, user: UserKey) {
    let mut waits = WAITS.iter();
    loop {
        let told = {
            let turn = match Arc::clone(&bot.sessions).begin(user, None) {
                Begun::Turn(turn) => Some(turn),
                Begun::Queued(queued) => queued.await,
                Begun::Follow(_) | Begun::Full => None,
            };
            match turn {
                Some(_turn) => bot.api.notify(core, notice, &user, time::instant() + TRY).await.map_err(|e| e.code()),
                None => Err("busy"),
            }
        };
        match told {
            Ok(status) => {
                if matches!(status, 404 | 405) {
                    bot.outbox.leave_in_peace(notice, time::now());
                }
                tracing::info!(bot = %bot.settings.id, ?notice, user = %format_args!("{:016x}", house.log_name(&user)), status, "event");
                return;
            }
            Err(problem) => {
                let Some(wait) = waits.next() else {
                    tracing::warn!(bot = %bot.settings.id, ?notice, problem, "a channel event could not be delivered");
                    return;
                };
                sleep(*wait).await;
            }
        }
    }
}
