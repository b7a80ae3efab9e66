//! What the process before has left, taken up at the start (P1 to P4).
//!
//! Users are looked up one by one when they come back; everything else is little, and needed before their first call: own
//! blocks, contacts, seen events. Events on their way go on, and promised callbacks are made.

use std::sync::Arc;

use crate::bot::Bot;
use crate::engine::debts;
use crate::events;
use crate::ids::UserKey;
use crate::net::CoreId;
use crate::shared::Shared;
use crate::store::journal::{Fact, FactKind};
use crate::store::outbox::decode_notices;

/// Work that the process before has left.
pub(crate) struct Left(Vec<(Arc<Bot>, FactKind, Fact)>);

/// Takes up what is known; gives what is to be done.
#[must_use]
pub(crate) fn take_up(shared: &Shared) -> Left {
    let mut left = Vec::new();
    for bot in shared.registry().iter() {
        let Some(journal) = bot.sessions.journal() else { continue };
        for fact in journal.take_found() {
            let Some(kind) = FactKind::of(fact.kind) else { continue };
            match kind {
                FactKind::Block => {
                    if let Ok(block) = std::str::from_utf8(&fact.key) {
                        bot.own_block(block);
                    }
                }
                FactKind::Alias | FactKind::Waiting | FactKind::Seen => {
                    bot.contacts.take_up(kind, &fact.key, &fact.value);
                }
                FactKind::Outbox | FactKind::Debt => left.push((Arc::clone(bot), kind, fact)),
                FactKind::Keyboard => {}
            }
        }
    }
    Left(left)
}

impl Left {
    /// Goes on with it, on this core.
    pub(crate) fn go_on(self, shared: &Arc<Shared>, core: CoreId) {
        if shared.remote().is_some() {
            shared.tasks.background(debts::pay_for_others(Arc::clone(shared), core));
        }
        for (bot, kind, fact) in self.0 {
            if kind == FactKind::Debt {
                shared.tasks.track(debts::pay(Arc::clone(shared), bot, core, fact));
            } else if let Some(user) = std::str::from_utf8(&fact.key).ok().and_then(UserKey::parse) {
                for notice in decode_notices(&fact.value) {
                    events::deliver(shared, &bot, core, notice, user);
                }
            }
        }
    }
}
