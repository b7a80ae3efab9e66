//! What is told to the journal, and the rows that come of it.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::quality::RandomState;
use tokio::sync::oneshot;

use crate::ids::{BotId, UserKey};
use crate::session::Session;
use crate::time::Moment;
use crate::translate::keyboard::Keyboard;

/// How long a session is kept: a user who comes back within a month reads `texts.expired`, not the greeting of a new one.
pub(super) const SESSION: Duration = days(30);
/// How long it is known who was announced (P2).
pub(crate) const KNOWN: Duration = days(400);
/// How long a keyboard is kept behind its last use; it counts for ten minutes (K2).
pub(super) const KEYBOARD: Duration = days(1);
/// How long a webhook call is known to have been seen (E2). Kakao repeats within minutes.
pub(crate) const SEEN: Duration = days(1);
/// How long an event waits for a bot or for its user (E2, E4).
pub(crate) const EVENT: Duration = days(30);

const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}

/// A bot's number in the journal.
pub(crate) type BotNumber = u16;

/// A change, or a question, in the order in which it was made.
#[derive(Debug)]
pub(crate) enum Record {
    /// What is kept of a user is this now.
    User {
        bot: BotNumber,
        user: UserKey,
        session: Session,
        /// When the message left that is out (P3).
        asking: Option<Moment>,
        /// Whether the replies that wait are to be written too: nearly always there are none, before and after.
        whole: bool,
    },
    /// The user is known until then, or not any more (E3).
    Known { bot: BotNumber, user: UserKey, until: Option<Moment> },
    /// A fact that is no user's session; `None` removes it.
    Fact { kind: FactKind, bot: BotNumber, key: Box<[u8]>, value: Option<(Moment, Vec<u8>)> },
    /// A bot has this number.
    Bot { number: BotNumber, name: BotId },
    /// All or nothing of these.
    Together(Vec<Record>),
    /// What is kept of this user?
    Read { bot: BotNumber, user: UserKey, reply: oneshot::Sender<Found> },
    /// Tells when everything before it lies in the file; false where that cannot be.
    Settle { reply: oneshot::Sender<bool> },
    /// The process ends.
    Close,
}

/// What is kept of a user.
#[derive(Debug)]
pub(crate) enum Found {
    /// This, or nothing.
    User(Box<Loaded>),
    /// It is not to be had now: nobody can say whether the user is new (P6).
    Unsure,
}

/// A user as they were kept.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// What was shown, and the replies that wait.
    pub(crate) session: Session,
    /// Until when it is known that they were here.
    pub(crate) known: Option<Moment>,
    /// When the message left that was out when the process died (P3).
    pub(crate) interrupted: Option<Moment>,
}

/// The kinds of rows of one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum UserKind {
    Shown = 1,
    Parked = 2,
    Known = 3,
}

impl UserKind {
    pub(super) const ALL: [Self; 3] = [Self::Shown, Self::Parked, Self::Known];
}

/// The kinds of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum FactKind {
    /// A keyboard, by its id.
    Keyboard = 1,
    /// A block that is ours (I5).
    Block = 2,
    /// Whose an app user id is (E2).
    Alias = 3,
    /// Events that wait for the user of an app user id (E2).
    Waiting = 4,
    /// A webhook call that was seen (E2).
    Seen = 5,
    /// Events on their way to the bot, by user (E4).
    Outbox = 6,
    /// A promised callback (P4).
    Debt = 7,
}

impl FactKind {
    /// The kind of this number.
    #[must_use]
    pub(crate) fn of(number: u8) -> Option<Self> {
        Self::AT_START.into_iter().find(|kind| *kind as u8 == number)
    }

    /// Those that are read at the start.
    pub(super) const AT_START: [Self; 6] =
        [Self::Block, Self::Alias, Self::Waiting, Self::Seen, Self::Outbox, Self::Debt];
}

/// Where a row stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Place {
    User(BotNumber, UserKey, UserKind),
    Fact(FactKind, BotNumber, Box<[u8]>),
}

/// The new value of a row, and until when it counts; `None` removes it.
pub(super) type Value = Option<(Moment, Vec<u8>)>;

/// Rows that are not in the file yet, each with its newest value.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) rows: HashMap<Place, Value, RandomState>,
    pub(super) bots: Vec<(BotNumber, BotId)>,
    bytes: usize,
}

/// Bytes of one row beside its value, about.
const EACH: usize = 96;

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.bots.is_empty()
    }

    /// Notes the newest value of a row. False where it does not fit into `most` bytes, and is lost.
    pub(super) fn put(&mut self, place: Place, value: Value, most: usize) -> bool {
        let size = |value: &Value| EACH + value.as_ref().map_or(0, |(_, value)| value.len());
        let before = self.rows.get(&place).map_or(0, size);
        let bytes = self.bytes - before + size(&value);
        if bytes > most && bytes > self.bytes {
            return false;
        }
        self.bytes = bytes;
        self.rows.insert(place, value);
        true
    }

    /// They lie in the file.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.bots.clear();
        self.bytes = 0;
        // A burst must not hold its memory for ever.
        if self.rows.capacity() > 100_000 {
            self.rows.shrink_to(1024);
        }
    }
}

/// The rows of a user's session.
pub(super) fn rows_of_user(
    bot: BotNumber,
    user: UserKey,
    session: &Session,
    asking: Option<Moment>,
    whole: bool,
) -> [Option<(Place, Value)>; 2] {
    let newest = session.last_shown().max(asking.unwrap_or_default());
    let shown = session.encode_shown(asking).map(|value| (newest.plus(SESSION), value));
    let parked = whole.then(|| session.encode_parked().map(|value| (session.parked_until(), value)));
    let at = |kind| Place::User(bot, user, kind);
    [Some((at(UserKind::Shown), shown)), parked.map(|parked| (at(UserKind::Parked), parked))]
}

/// The labels of a keyboard, as a value.
pub(crate) fn encode_keyboard(keyboard: &Keyboard) -> Vec<u8> {
    let mut value = crate::stored::Encoder::new(1);
    value.count(keyboard.labels().len());
    keyboard.labels().iter().for_each(|label| value.bytes(label.as_bytes()));
    value.finish()
}

/// Reads them back.
pub(crate) fn decode_labels(value: &[u8]) -> Option<Vec<Box<str>>> {
    let mut value = crate::stored::Decoder::open(value, 1)?;
    (0..value.count()?).map(|_| value.text().map(Box::from)).collect()
}
