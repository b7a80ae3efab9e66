//! What the process before has left of a user, looked up when they are not in memory (P1, P3, E3).

use super::call::Call;
use crate::events;
use crate::session::{LateReply, ReplyBody};
use crate::store::{Acquaintance, Turn};
use crate::telemetry::metrics::StoreEvent;
use crate::wire::legacy::Notice;

/// Looks the user up. A message that was out when the process died is told of above their next answer, once (P3); a friend
/// who was never seen before is announced before their words (E3).
pub(super) async fn look_up(call: &Call, turn: &mut Turn) {
    if let Some(asked) = turn.read().await {
        let words = call.texts().interrupted.clone();
        turn.session.park(LateReply { bodies: vec![ReplyBody::Interrupted(words)], asked, came: asked });
        call.shared.metrics.store(call.arrival.core, StoreEvent::Interrupted);
    }
    while let Some(left) = turn.next_left().await {
        let told = events::announce(&call.shared, &call.bot, call.arrival.core, &left.notices, call.input.user);
        turn.took(&left);
        told.await;
    }
    if turn.acquaintance() == Acquaintance::Unsure {
        call.shared.metrics.store(call.arrival.core, StoreEvent::Unsure);
    }
    let input = &call.input;
    let announced = call.bot.settings.friend_on_first_contact && input.is_friend && !input.tester && !input.room;
    if announced && turn.acquaintance() == Acquaintance::New {
        call.shared.metrics.store(call.arrival.core, StoreEvent::FirstContact);
        events::announce(&call.shared, &call.bot, call.arrival.core, &[Notice::FriendAdded], input.user).await;
        turn.has_met();
    }
}
