//! A user as the fields of a hash: what was shown, and each reply that waits under a name of its own (P2).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;

use super::Remote;
use super::link::Command;
use super::patience::{self, PATIENCE};
use super::value::bytes;
use crate::mutex::lock;
use crate::session::{Session, StoredItem, StoredShown};
use crate::store::journal::{decode_labels, encode_keyboard};
use crate::time::{self, Moment};
use crate::translate::keyboard::Keyboard;
use crate::wire::mark::KeyboardId;

/// How long a keyboard is kept behind its last use; it counts for ten minutes (K2).
const KEYBOARD: Duration = Duration::from_secs(24 * 60 * 60);
/// When a keyboard that is in use is written again.
const AGAIN: Duration = Duration::from_secs(60 * 60);
/// Keyboards that are known to be written; past it all are written once more.
const WRITTEN: usize = 50_000;
/// How long it is remembered that a reply went: as long as it could have waited (S3), and some.
const GONE: Duration = Duration::from_secs(15 * 60);

/// What the store has of a user.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) session: Session,
    /// The replies that wait, as they lie there.
    pub(super) items: Vec<StoredItem>,
    /// When the message left whose holder has died (P3).
    pub(super) interrupted: Option<Moment>,
    /// How often the lease was taken: 1 where the store knew nothing.
    pub(super) token: u64,
    /// Marks of replies that went long ago.
    pub(super) stale: Vec<Vec<u8>>,
    /// Events that stand with the user, from other replicas (E4).
    pub(super) left: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Reads the fields of a user. A keyboard that this process does not know is looked up.
pub(super) async fn read(fields: Vec<(Vec<u8>, Vec<u8>)>, remote: &Remote) -> Found {
    let now = time::now();
    let mut found = Found::default();
    let mut shown = None;
    let number = |value: &[u8]| std::str::from_utf8(value).ok().and_then(|text| text.parse::<u64>().ok());
    for (name, value) in fields {
        match name.first() {
            Some(b'v') => shown = StoredShown::decode(&value, now),
            Some(b'i') => found.interrupted = number(&value).map(|at| Moment::from_millis(at).min(now)),
            Some(b'n') => found.token = number(&value).unwrap_or_default(),
            Some(b'l' | b'r') => found.items.push(StoredItem { name: name.into(), value }),
            Some(b'o') if name.get(1..) != Some(remote.replica.as_bytes()) => found.left.push((name, value)),
            Some(b'x') if number(&value).is_none_or(|at| now.since(Moment::from_millis(at)) > GONE) => {
                found.stale.push(name);
            }
            _ => {}
        }
    }
    if let Some(shown) = shown {
        let keyboard = match shown.keyboard {
            Some(id) => match remote.keyboards.find(id) {
                Some(known) => Some(known),
                None => remote.look_up(id).await,
            },
            None => None,
        };
        found.session = shown.with_keyboard(keyboard);
    }
    found.session.decode_items(found.items.iter(), now);
    found
}

/// Which keyboards lie in the store, and since when.
#[derive(Debug, Default)]
pub(super) struct WrittenKeyboards(Mutex<HashMap<KeyboardId, Moment>>);

impl WrittenKeyboards {
    /// Whether it has to be written now.
    fn is_due(&self, id: KeyboardId, now: Moment) -> bool {
        let mut written = lock(&self.0);
        if written.get(&id).is_some_and(|at| now.since(*at) < AGAIN) {
            return false;
        }
        if written.len() >= WRITTEN {
            written.clear();
        }
        written.insert(id, now);
        true
    }

    /// Nothing is known of it any more: it was emptied, or is another one.
    pub(super) fn forget(&self) {
        lock(&self.0).clear();
    }
}

impl Remote {
    fn keyboard_key(&self, id: KeyboardId) -> Vec<u8> {
        format!("{}:keyboard:{:016x}", self.prefix, id.0).into_bytes()
    }

    /// Writes a keyboard where it does not lie there already, ahead of the session that names it.
    pub(super) fn keep_keyboard(&self, keyboard: &Keyboard, link: usize) {
        let now = time::now();
        if !self.written.is_due(keyboard.id(), now) {
            return;
        }
        let mut cmd = redis::cmd("SET");
        cmd.arg(self.keyboard_key(keyboard.id())).arg(encode_keyboard(keyboard)).arg("EX").arg(KEYBOARD.as_secs());
        self.link(link).send(Command::plain(cmd, |_written| {}));
    }

    /// A keyboard that another process has shown.
    async fn look_up(&self, id: KeyboardId) -> Option<Arc<Keyboard>> {
        let mut cmd = redis::cmd("GET");
        let key = self.keyboard_key(id);
        cmd.arg(&key[..]);
        let (reply, asked) = oneshot::channel();
        let done = move |answer| {
            let _nobody_waits = reply.send(answer);
        };
        self.link(self.link_of(&key)).send(Command::plain(cmd, done));
        let answer = patience::wait(PATIENCE, asked).await?.ok()?.ok()?;
        let labels = bytes(answer)?;
        self.keyboards.intern(&decode_labels(&labels)?)
    }
}
