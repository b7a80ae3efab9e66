//! A lease of a user, and the end of it: what changed is told, and the place goes to the next (P5).

use std::sync::Arc;

use bytes::Bytes;
use redis::Value;

use super::fields::Found;
use super::health::Trouble;
use super::link::{Command, END};
use super::patience::{self, PATIENCE};
use super::place::{LEASE, Place};
use super::value::{list, numbers, string, text};
use super::{Remote, RemoteStore};
use crate::ids::UserKey;
use crate::session::{Session, StoredItem, TEN_MINUTES};
use crate::store::outbox::decode_notices;
use crate::store::{Acquaintance, Turn};
use crate::time::{self, Moment};
use crate::wire::legacy::Notice;

/// How long a session is kept: a user who comes back within a month reads `texts.expired` (journal/record.rs).
const KEPT: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 60 * 60);

/// The right to speak for a user among all replicas.
#[derive(Debug)]
pub(crate) struct Lease {
    store: Arc<RemoteStore>,
    place: Place,
    user: UserKey,
    /// The replies that waited, as they lie in the store.
    items: Vec<StoredItem>,
    stale: Vec<Vec<u8>>,
    /// That a message was interrupted, or that the user is new, is told by this turn.
    tells: bool,
    is_new: bool,
    /// A message of theirs was out when its holder died (P3).
    interrupted: Option<Moment>,
    /// Events of theirs that stand with them from other processes, as they lie in the store (E4).
    left: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Events that a process which has died has left with a user (E4).
#[derive(Debug)]
pub(crate) struct LeftEvents {
    field: Vec<u8>,
    /// The events, in order.
    pub(crate) notices: Vec<Notice>,
}

impl Lease {
    /// Gives `turn` the lease, and what the store has of the user.
    pub(super) fn take(store: &Arc<RemoteStore>, place: Place, found: Found, is_new: bool, turn: &mut Turn) {
        let Found { session, items, interrupted, token, stale, left, .. } = found;
        let now = time::now();
        let user = turn.user;
        let is_known_here = !turn.session.is_unread();
        // The store was emptied where it knows nothing of a user whom this process knows.
        let emptied = token <= 1 && is_known_here && now.since(turn.session.last_shown()) < TEN_MINUTES;
        let own = std::mem::replace(&mut turn.session, session);
        if emptied {
            store.remote.written.forget();
        }
        let gone = store.unsent.take(&user);
        if let Some(gone) = &gone {
            turn.session.drop_items(gone, now);
        }
        if gone.is_some() || emptied {
            let found = std::mem::replace(&mut turn.session, own);
            turn.session.take_up(found);
        }
        let lost = token <= 1 && is_known_here;
        let tells = interrupted.is_some() || is_new;
        let is_new = is_new && !lost;
        turn.acquaintance = if is_new { Acquaintance::New } else { Acquaintance::Known };
        let lease = Self { store: Arc::clone(store), place, user, items, stale, tells, is_new, interrupted, left };
        turn.lease = Some(Box::new(lease));
    }

    /// Whether the user or the bot is to be told something before this turn.
    pub(crate) fn has_news(&self) -> bool {
        self.is_new || self.interrupted.is_some() || !self.left.is_empty()
    }

    /// When the message left that was out when its holder died, once.
    pub(crate) fn take_interrupted(&mut self) -> Option<Moment> {
        self.interrupted.take()
    }

    /// The next events that were left with the user. They stay in the store until [`Self::took`] is told of them: whoever
    /// begins a turn and delivers none leaves them to the next.
    pub(crate) async fn next_left(&mut self) -> Option<LeftEvents> {
        while let Some((field, value)) = self.left.pop() {
            if self.store.is_left(&field).await {
                return Some(LeftEvents { field, notices: decode_notices(&value) });
            }
        }
        None
    }

    /// These events are in this process's hands.
    pub(crate) fn took(&self, left: &LeftEvents) {
        self.store.took_left(&self.user, &left.field);
    }

    /// The bot was told of this new friend (E3).
    pub(crate) fn has_met(&self) {
        self.store.has_met(&self.user);
    }

    /// Whether a message may leave: the lease is young enough. Where the store is in trouble nobody else is asked (P6).
    pub(crate) fn may_ask(&self, now: Moment) -> bool {
        self.place.standing.is_good(now) || !self.store.remote.health.is_up()
    }

    /// These were written beside the lease: what is left of them at its end is told.
    pub(crate) fn wrote(&mut self, session: &Session) {
        self.items.extend(session.encode_items());
    }

    /// Keeps the session, gives the place to the next, and `answer` to those who follow.
    pub(crate) fn end(mut self, session: &Session, answer: Option<&Bytes>) {
        let (changes, gone) = changes(session, &self.items);
        let mut args = self.place.leave();
        let shown_at = self.store.remote.health.by_its_clock(session.last_shown());
        write_args(&mut args, session, shown_at, self.tells, &self.stale, &gone, &changes);
        self.place.ends();
        let Self { store, place, user, .. } = &self;
        if let Some(keyboard) = session.last_keyboard() {
            store.remote.keep_keyboard(keyboard, place.standing.link);
        }
        let (remote, unsent) = (Arc::clone(&store.remote), Arc::clone(&store.unsent));
        let (call, user, answer) = (Arc::clone(&place.call), *user, answer.cloned());
        let done = move |ended: Result<Value, Trouble>| {
            remote.standing.remove(&call);
            match ended {
                Ok(value) => {
                    if let Some(now) = numbers(&value).nth(1) {
                        remote.health.tells_time(now);
                    }
                    followed(&remote, &call, value, answer.as_ref());
                }
                Err(_) => unsent.put(user, gone),
            }
        };
        store.remote.link(place.standing.link).send(Command::script(&END, 1, args, done));
    }
}

/// The replies that are new or changed, and the names of those that went.
fn changes(session: &Session, before: &[StoredItem]) -> (Vec<StoredItem>, Vec<Box<[u8]>>) {
    let mut items = session.encode_items();
    let is_there = |name: &[u8]| items.iter().any(|item| *item.name == *name);
    let gone = before.iter().filter(|item| !is_there(&item.name)).map(|item| item.name.clone()).collect();
    items.retain(|item| !before.contains(item));
    (items, gone)
}

/// The rest of the arguments of an end that writes, behind those of [`Place::leave`].
fn write_args(
    args: &mut Vec<Vec<u8>>,
    session: &Session,
    shown_at: i64,
    tells: bool,
    stale: &[Vec<u8>],
    gone: &[Box<[u8]>],
    changes: &[StoredItem],
) {
    let shown = session.encode_shown(None).unwrap_or_default();
    let head = [
        (2, b"1".to_vec()),
        (4, text(KEPT.as_millis())),
        (5, text(shown_at)),
        (6, shown),
        (7, vec![if tells { b'1' } else { b'0' }]),
    ];
    for (place, value) in head {
        if let Some(arg) = args.get_mut(place) {
            *arg = value;
        }
    }
    args.push(text(stale.len()));
    args.extend(stale.iter().cloned());
    args.push(text(gone.len()));
    args.extend(gone.iter().map(|name| name.to_vec()));
    for item in changes {
        args.push(item.name.to_vec());
        args.push(item.value.clone());
    }
}

/// The answer goes to the replicas where others made the same tap.
fn followed(remote: &Remote, call: &str, ended: Value, answer: Option<&Bytes>) {
    for replica in list(ended).unwrap_or_default().into_iter().skip(2).filter_map(string) {
        let mut message = vec![if answer.is_some() { b'A' } else { b'N' }];
        message.extend_from_slice(call.as_bytes());
        message.extend_from_slice(answer.map(|answer| &answer[..]).unwrap_or_default());
        let mut cmd = redis::cmd("PUBLISH");
        cmd.arg(remote.channel(&replica)).arg(message);
        remote.link(0).send(Command::plain(cmd, |_told| {}));
    }
}

impl RemoteStore {
    /// Tells the store what this process knows of a user, without a lease: what is newer there stays (P6). False where it
    /// could not be told.
    pub(super) async fn tell(&self, user: UserKey) -> bool {
        let Some(gone) = self.unsent.take(&user) else { return true };
        let is_told = self.keep(user, &self.local.peek(&user), &gone).await;
        if !is_told {
            self.unsent.put(user, gone);
        }
        is_told
    }

    /// Adds what is kept of a user to what lies there; false where it could not be told.
    pub(super) async fn keep(&self, user: UserKey, session: &Session, gone: &[Box<[u8]>]) -> bool {
        let key = self.key(&user, "s");
        let link = self.remote.link_of(&key);
        if let Some(keyboard) = session.last_keyboard() {
            self.remote.keep_keyboard(keyboard, link);
        }
        // No call has this name, so the lease stays whose it is.
        let mut args = vec![Vec::new(); 10];
        for (place, value) in [(0, key), (1, b"-".to_vec()), (3, text(LEASE.as_millis())), (8, b"0".to_vec())] {
            if let Some(arg) = args.get_mut(place) {
                *arg = value;
            }
        }
        // By its clock: those of two processes may be apart, and the newest counts.
        let shown_at = self.remote.health.by_its_clock(session.last_shown());
        write_args(&mut args, session, shown_at, false, &[], gone, &session.encode_items());
        let (reply, told) = tokio::sync::oneshot::channel();
        let done = move |answer: Result<Value, Trouble>| {
            let _nobody_waits = reply.send(answer.is_ok());
        };
        self.remote.link(link).send(Command::script(&END, 1, args, done));
        patience::wait(PATIENCE, told).await.is_some_and(|told| told.unwrap_or_default())
    }
}
