//! The calls of the life cycle (legacy.md 1): half of the old bots do not take them, and no turn depends on them (E4).

use url::Url;

use super::exchange::Line;
use super::home::{PATIENCE, under};
use super::report::Report;
use super::{Finding, USER, Weight, called, note};
use crate::config::settings::BotSettings;
use crate::ids::UserKey;
use crate::messages::check as messages;
use crate::net::client::ClientError;
use crate::wire::legacy::Notice;

/// Adds the channel, leaves the room, blocks the channel: what the user of a check left in the bot goes with it.
pub(super) async fn ask(bot: &BotSettings, line: &Line, user: &UserKey, report: &mut Report) {
    let of_user = |call: &str| under(&bot.url, &format!("{call}/{USER}"));
    let calls: [(&str, Url, Notice); 3] = [
        ("POST", under(&bot.url, "friend"), Notice::FriendAdded),
        ("DELETE", of_user("chat_room"), Notice::RoomLeft),
        ("DELETE", of_user("friend"), Notice::FriendBlocked),
    ];
    for (method, url, notice) in calls {
        let call = called(method, &url, None);
        let exchange = line.ask(line.requests.notice(notice, user), PATIENCE).await;
        note(report, &call, &exchange);
        let seen = match &exchange.answered {
            Ok(answer) if answer.status == 200 => continue,
            Ok(answer) => messages::event_unknown(call, answer.status),
            Err(ClientError::TimedOut { .. }) => messages::event_unanswered(call, PATIENCE.as_secs()),
            Err(_) => messages::event_cut(call),
        };
        let finding = Finding::new(Weight::Note, seen).users(messages::users_nothing_lost());
        report.add(finding.remedy(messages::mend_events()));
    }
}
