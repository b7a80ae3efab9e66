//! Users looked up: in the file, and before it in what waits to be written.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::database::Database;
use super::record::{BotNumber, FactKind, Found, Loaded, Place, UserKind, Value, decode_labels};
use super::writer::Writer;
use crate::ids::UserKey;
use crate::session::{Session, StoredShown};
use crate::time;
use crate::translate::keyboard::Keyboard;
use crate::wire::mark::KeyboardId;

impl Writer {
    /// The value of a row that is not in the file yet.
    pub(super) fn waiting(&self, place: &Place) -> Option<&Value> {
        self.fresh.rows.get(place).or_else(|| self.changes.rows.get(place))
    }

    /// Answers those who wait for a user, or for the file to hold what they told before.
    pub(super) fn answer(&mut self) {
        let held = self.changes.is_empty() && self.fresh.is_empty();
        for settle in self.settles.drain(..) {
            // Whoever has gone does not wait for it.
            let _gone = settle.send(held);
        }
        for (bot, user, reply) in std::mem::take(&mut self.reads) {
            let found = self.find(bot, &user).unwrap_or_else(|error| {
                self.failed(&error);
                Found::Unsure
            });
            let _gone = reply.send(found);
        }
        self.state.slow.store(false, Ordering::Release);
    }

    fn find(&self, bot: BotNumber, user: &UserKey) -> rusqlite::Result<Found> {
        let now = time::now();
        let Some(database) = &self.database else { return Ok(Found::Unsure) };
        let mut rows = database.user(bot, user, now)?;
        if !self.changes.is_empty() || !self.fresh.is_empty() {
            for kind in UserKind::ALL {
                if let Some(newer) = self.waiting(&Place::User(bot, *user, kind)) {
                    rows.retain(|(own, ..)| *own != kind);
                    rows.extend(newer.as_ref().map(|(until, value)| (kind, *until, value.clone())));
                }
            }
        }
        if rows.is_empty() && self.salvage.is_some() {
            return Ok(Found::Unsure);
        }
        let mut loaded = Loaded::default();
        let value = |kind| rows.iter().find(|(own, ..)| *own == kind).map(|(_, until, value)| (*until, value));
        if let Some(stored) = value(UserKind::Shown).and_then(|(_, value)| StoredShown::decode(value, now)) {
            loaded.interrupted = stored.asking;
            let keyboard = stored.keyboard.and_then(|id| self.keyboard(database, bot, id));
            loaded.session = stored.with_keyboard(keyboard);
        }
        if let Some((_, value)) = value(UserKind::Parked) {
            Session::decode_parked(&mut loaded.session, value, now);
        }
        loaded.known = value(UserKind::Known).map(|(until, _)| until);
        Ok(Found::User(Box::new(loaded)))
    }

    fn keyboard(&self, database: &Database, bot: BotNumber, id: KeyboardId) -> Option<Arc<Keyboard>> {
        let key = id.0.to_be_bytes();
        let waits = self.waiting(&Place::Fact(FactKind::Keyboard, bot, Box::from(key)));
        let labels = match waits {
            Some(value) => decode_labels(&value.as_ref()?.1)?,
            None => decode_labels(&database.fact(FactKind::Keyboard, bot, &key).ok()??)?,
        };
        self.keyboards.intern(&labels)
    }
}
