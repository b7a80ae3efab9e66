//! The one thread that reads and writes the file.
//!
//! It gathers changes for some milliseconds, the newest value of each row alone, and writes them as one group: a turn that
//! is quick costs one row although it is told of twice, when its message leaves and when it ends. Nothing is written before
//! it is as old: by then the answer of a turn that has ended has left, and a process that dies earlier tells the user that
//! it is missing (P3). A question is answered at once, from the file and from what waits. It never waits for the disk;
//! [`super::sync`] does. What cannot be written stays with it, and is tried again each second (P6).

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use foldhash::quality::RandomState;
use hashbrown::HashMap;
use tokio::sync::oneshot;

use super::database::{Database, FILE, OpenError};
use super::record::{
    BotNumber, Changes, FactKind, Found, KEYBOARD, Place, Record, UserKind, Value, encode_keyboard, rows_of_user,
};
use super::salvage::Salvage;
use super::state::{State, Trouble, trouble_of};
use crate::ids::UserKey;
use crate::keyboards::Keyboards;
use crate::time::{self, Instant, Moment};
use crate::translate::keyboard::Keyboard;
use crate::wire::mark::KeyboardId;

/// How long changes are gathered, and how old each is at least when it is written, twice that at most: what was committed
/// 100 ms before the end of the process is kept (P2).
const GATHER: Duration = Duration::from_millis(20);
/// Records that are taken at once, so that questions are answered under load.
const AT_ONCE: usize = 8192;
/// How often what could not be written is tried again, and how often old rows are looked for.
const AGAIN: Duration = Duration::from_secs(1);
/// Bytes of changes that wait while the file cannot be written; a change beyond it is lost and counted.
const WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Keyboards that are known to lie in the file.
const KNOWN_KEYBOARDS: usize = 100_000;
/// How often a keyboard in use is written again, so that it is never over before a session that names it.
const KEYBOARD_AGAIN: Duration = Duration::from_secs(60 * 60);

/// The thread's own.
pub(super) struct Writer {
    pub(super) records: Receiver<Record>,
    pub(super) state: Arc<State>,
    pub(super) folder: PathBuf,
    pub(super) keyboards: Arc<Keyboards>,
    pub(super) database: Option<Database>,
    pub(super) salvage: Option<Salvage>,
    /// To be written.
    pub(super) changes: Changes,
    /// Too young to be written.
    pub(super) fresh: Changes,
    /// When what waits is written.
    pub(super) tick: Instant,
    /// When each was written.
    pub(super) written: HashMap<(BotNumber, KeyboardId), Moment, RandomState>,
    pub(super) again: Instant,
    pub(super) sweep: Instant,
    pub(super) reads: Vec<(BotNumber, UserKey, oneshot::Sender<Found>)>,
    pub(super) settles: Vec<oneshot::Sender<bool>>,
}

impl Writer {
    /// Works until the end of the process.
    pub(super) fn run(mut self) {
        loop {
            let mut ends = self.wait();
            self.state.urgent.store(false, Ordering::Release);
            let mut taken = 0;
            while let Some(record) = (taken < AT_ONCE || ends).then(|| self.records.try_recv().ok()).flatten() {
                taken += 1;
                ends |= self.take(record);
            }
            let now = time::instant();
            if now >= self.tick || ends || !self.settles.is_empty() {
                self.tick = now + GATHER;
                if ends || !self.settles.is_empty() {
                    self.grow_old();
                }
                self.commit(ends);
                self.grow_old();
            }
            self.answer();
            if ends {
                return self.end();
            }
            self.go_on_with_salvage();
            self.sweep();
        }
    }

    /// Waits for something to do; true where nothing will come any more.
    fn wait(&mut self) -> bool {
        let until_tick = self.tick.saturating_duration_since(time::instant());
        let reads_on = self.salvage.is_some() && self.state.trouble().is_none();
        let waits = !self.fresh.is_empty() || !self.changes.is_empty() && self.state.trouble().is_none();
        if reads_on {
            return false;
        }
        if waits {
            // Without listening: a core that tells something would have to wake this thread each time.
            if !self.state.urgent.load(Ordering::Acquire) {
                thread::park_timeout(until_tick);
            }
            return false;
        }
        match self.records.recv_timeout(AGAIN) {
            Ok(record) => {
                self.tick = time::instant() + GATHER;
                self.take(record)
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        }
    }

    /// What was too young is old enough.
    fn grow_old(&mut self) {
        if self.changes.is_empty() {
            std::mem::swap(&mut self.changes, &mut self.fresh);
            return;
        }
        let fresh = std::mem::take(&mut self.fresh);
        self.changes.bots.extend(fresh.bots);
        for (place, value) in fresh.rows {
            if !self.changes.put(place, value, WAITING_BYTES) {
                self.state.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Notes one record; true where it is the last one.
    fn take(&mut self, record: Record) -> bool {
        match record {
            Record::User { bot, user, session, asking, whole } => {
                if let Some(keyboard) = session.last_keyboard() {
                    self.keep_keyboard(bot, keyboard);
                }
                for (place, value) in rows_of_user(bot, user, &session, asking, whole).into_iter().flatten() {
                    self.put(place, value);
                }
            }
            Record::Known { bot, user, until } => {
                self.put(Place::User(bot, user, UserKind::Known), until.map(|until| (until, vec![1])));
            }
            Record::Fact { kind, bot, key, value } => self.put(Place::Fact(kind, bot, key), value),
            Record::Bot { number, name } => self.fresh.bots.push((number, name)),
            Record::Together(records) => records.into_iter().for_each(|record| {
                self.take(record);
            }),
            Record::Read { bot, user, reply } => self.reads.push((bot, user, reply)),
            Record::Settle { reply } => self.settles.push(reply),
            Record::Close => return true,
        }
        false
    }

    fn put(&mut self, place: Place, value: Value) {
        if !self.fresh.put(place, value, WAITING_BYTES) {
            self.state.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes a keyboard beside the session that names it, unless it lies there.
    fn keep_keyboard(&mut self, bot: BotNumber, keyboard: &Keyboard) {
        let (key, now) = ((bot, keyboard.id()), time::now());
        if self.written.get(&key).is_some_and(|at| now.since(*at) < KEYBOARD_AGAIN) {
            return;
        }
        if self.written.len() >= KNOWN_KEYBOARDS {
            self.written.clear();
        }
        self.written.insert(key, now);
        let place = Place::Fact(FactKind::Keyboard, bot, Box::from(keyboard.id().0.to_be_bytes()));
        self.put(place, Some((now.plus(KEYBOARD), encode_keyboard(keyboard))));
    }

    /// Writes what was gathered; where that fails, it is kept and tried again.
    fn commit(&mut self, now_or_never: bool) {
        let in_trouble = self.state.trouble().is_some() || self.state.moved.load(Ordering::Acquire);
        if self.changes.is_empty() && !in_trouble || in_trouble && time::instant() < self.again && !now_or_never {
            self.count_waiting();
            return;
        }
        // A second try at once: where the file was damaged or gone, there is a new one by then.
        for _ in 0..2 {
            match self.write() {
                Ok(()) => {
                    let rows = u64::try_from(self.changes.rows.len()).unwrap_or_default();
                    self.state.written.fetch_add(rows, Ordering::Relaxed);
                    self.state.dirty.store(true, Ordering::Release);
                    self.changes.clear();
                    self.state.waiting.store(0, Ordering::Relaxed);
                    self.state.set_trouble(None);
                    return;
                }
                Err(error) => {
                    self.again = time::instant() + AGAIN;
                    let trouble = trouble_of(&error);
                    self.state.set_trouble(Some((trouble, &error)));
                    match trouble {
                        Trouble::Damaged => self.set_aside(),
                        Trouble::Gone => match self.reopen() {
                            Ok(()) => {}
                            Err(error) => {
                                self.state.set_trouble(Some((trouble_of(&error), &error)));
                                break;
                            }
                        },
                        Trouble::Full | Trouble::ReadOnly | Trouble::Slow | Trouble::Other => break,
                    }
                }
            }
        }
        self.count_waiting();
    }

    fn count_waiting(&self) {
        self.state.waiting.store(self.changes.rows.len() + self.fresh.rows.len(), Ordering::Relaxed);
    }

    fn write(&mut self) -> rusqlite::Result<()> {
        // SQLite itself goes on with a file that nobody can find any more.
        if self.state.moved.swap(false, Ordering::AcqRel) {
            return Err(rusqlite::Error::InvalidPath(self.folder.join(FILE)));
        }
        if self.database.is_none() {
            self.reopen()?;
        }
        let Some(database) = &mut self.database else {
            return Err(rusqlite::Error::InvalidPath(self.folder.clone()));
        };
        if self.changes.is_empty() { database.try_to_write() } else { database.write(&self.changes) }
    }

    /// Opens the file anew: it was moved away, or could not be opened before.
    fn reopen(&mut self) -> rusqlite::Result<()> {
        let files = self.state.lock_files();
        let path = self.folder.join(FILE);
        if let Some(database) = self.database.take()
            && !path.exists()
        {
            // The logs of the file that went would be taken for those of the new one.
            for log in ["-wal", "-shm"] {
                let _none = std::fs::remove_file(self.folder.join(format!("{FILE}{log}")));
            }
            let copied = super::folder::make_folder(&self.folder).and_then(|()| super::folder::make_ours(&path));
            if let Err(error) = copied
                .map_err(|error| error.to_string())
                .and_then(|()| database.copy_to(&path).map_err(|error| error.to_string()))
            {
                tracing::warn!(error, "the store's file went away, and cannot be copied");
                let _none = std::fs::remove_file(&path);
            }
        }
        match open(&self.folder, &self.state) {
            Ok(database) => {
                self.state.file.fetch_add(1, Ordering::AcqRel);
                if database.is_new {
                    self.written.clear();
                    // The numbers of the bots went with the file.
                    self.changes.bots.extend(self.state.bots());
                }
                self.database = Some(database);
            }
            Err(OpenError::Sqlite(error)) if trouble_of(&error) == Trouble::Damaged => {
                drop(files);
                self.set_aside();
            }
            Err(OpenError::Sqlite(error)) => return Err(error),
            Err(OpenError::Later(_)) => return Err(rusqlite::Error::InvalidPath(path)),
        }
        Ok(())
    }

    /// Puts a damaged file aside and goes on with a new one, into which all that can be read is saved.
    pub(super) fn set_aside(&mut self) {
        self.database = None;
        self.written.clear();
        let files = self.state.lock_files();
        let aside = Salvage::set_aside(&self.folder, time::now());
        drop(files);
        match aside {
            Ok(salvage) => {
                tracing::error!(file = %salvage.path().display(), "the store is damaged: it is set aside, and what can be read is saved into a new one");
                self.state.salvaging.store(true, Ordering::Release);
                self.salvage = Some(salvage);
            }
            Err(error) => tracing::error!(%error, "the store is damaged, and cannot be set aside"),
        }
        if let Ok(database) = open(&self.folder, &self.state) {
            self.state.file.fetch_add(1, Ordering::AcqRel);
            self.database = Some(database);
            self.changes.bots.extend(self.state.bots());
        }
    }

    /// Saves some more rows of a damaged file.
    pub(super) fn go_on_with_salvage(&mut self) {
        let Some((rows, is_over)) = self.salvage.as_ref().map(Salvage::step) else { return };
        // What was changed since then counts, and is not all in the file yet.
        let rows: Vec<_> = rows.into_iter().filter(|(place, _)| self.waiting(place).is_none()).collect();
        let (Some(database), Some(salvage)) = (&mut self.database, &mut self.salvage) else { return };
        if let Err(error) = database.write_if_absent(&rows) {
            self.again = time::instant() + AGAIN;
            return self.state.set_trouble(Some((trouble_of(&error), &error)));
        }
        salvage.done(rows.len());
        if is_over {
            let (rows, file) = (salvage.saved(), salvage.path().display());
            tracing::warn!(rows, %file, "what could be read of the damaged store is saved");
            self.salvage = None;
            self.state.salvaging.store(false, Ordering::Release);
        }
    }

    fn sweep(&mut self) {
        if time::instant() < self.sweep || self.state.trouble().is_some() {
            return;
        }
        self.sweep = time::instant() + AGAIN;
        if let Some(Err(error)) = self.database.as_mut().map(|database| database.sweep(time::now())) {
            self.failed(&error);
        }
    }

    /// A question or a sweep could not be carried out.
    pub(super) fn failed(&mut self, error: &rusqlite::Error) {
        self.again = time::instant() + AGAIN;
        let trouble = trouble_of(error);
        self.state.set_trouble(Some((trouble, error)));
        if trouble == Trouble::Damaged {
            self.set_aside();
        }
    }

    fn end(mut self) {
        while self.salvage.is_some() && self.state.trouble().is_none() {
            self.go_on_with_salvage();
        }
        let left = self.changes.rows.len();
        if left > 0 {
            tracing::error!(rows = left, "the store could not be written: these changes are lost");
        }
        if let Some(Err(error)) = self.database.map(Database::close) {
            tracing::warn!(%error, "the store could not be closed in order; nothing is lost by that");
        }
    }
}

/// Opens the file in the folder, for this account alone.
pub(super) fn open(folder: &std::path::Path, state: &State) -> Result<Database, OpenError> {
    let path = folder.join(FILE);
    // Beside it SQLite makes files with the rights of this one. Where it cannot be made, SQLite says why.
    let _said_below = super::folder::make_ours(&path);
    let database = Database::open(&path)?;
    state.inode.store(super::folder::inode(&path).unwrap_or_default(), Ordering::Release);
    state.moved.store(false, Ordering::Release);
    Ok(database)
}
