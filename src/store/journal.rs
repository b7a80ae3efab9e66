//! The journal of the store: what must outlast the process, in one SQLite file (P1, P2).
//!
//! Memory stays the place where a turn looks. The core that answers puts one record into a bounded queue when a message
//! leaves and one when its turn ends, and waits for neither; one thread gathers them and writes them in groups
//! ([`writer`]), another waits for the disk once a second ([`sync`]). A user who is not in memory is looked up, once.
//!
//! Why SQLite: a million rows of 132 bytes in groups of 100 were written to each candidate, on one core of the machine
//! the gate runs on.
//!
//! | | CPU a row | longest step | file | opens in | look-up | `kill -9`, three times |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | SQLite (WAL) | 13.1 µs | 28 ms | 151 MB | 1 ms | 6.7 µs | nothing that was committed was missing |
//! | redb (no wait for the disk) | 7.7 µs | 359 ms | 544 MB | 1 ms | – | all since the last sync was missing |
//! | fjall | 2.1 µs | – | 157 to 228 MB | 0.9 to 1.2 s | 4.6 µs | nothing was missing |
//!
//! What a turn costs the core that answers (`benches/gate/gate.py --with-store`): 86,900 to 87,100 instructions with a
//! journal, 85,600 to 87,200 without; the writer's thread takes another 5,000. A million users and as many who are known
//! take 89 MB on the disk, and the bridge listens 48 ms after its start (14 MB resident).
//!
//! An old bot answers some hundred messages a second, so the microseconds decide nothing; a step that never takes long, a
//! start that does not grow with the users, and one file that anybody can open, copy and repair do. Rejected with them: a
//! log of our own, which would need its own repair.

mod database;
mod error;
mod folder;
mod look_up;
mod owner;
mod record;
mod salvage;
mod state;
mod sync;
mod writer;

#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use hashbrown::HashMap;
use tokio::sync::oneshot;

use crate::ids::{BotId, UserKey};
use crate::keyboards::Keyboards;
use crate::mutex::lock;
use crate::session::Session;
use crate::time::{self, Moment};

pub(crate) use database::Fact;
pub(crate) use error::StoreError;
pub(crate) use owner::Other;
pub(crate) use record::{EVENT, FactKind, Found, KNOWN, Loaded, Record, SEEN, decode_labels, encode_keyboard};
pub(crate) use state::JournalStats;

use database::{Database, OpenError};
use folder::{is_writable, make_folder};
use owner::{NotOwned, Owner};
use record::{BotNumber, Changes};
use state::{State, Trouble, trouble_of};
use writer::Writer;

/// Records on their way to the writer: what 50,000 turns a second tell in a third of a second. A writer that hangs longer
/// costs what does not fit.
const QUEUE: usize = 32_768;
/// How long a user is waited for who has to be looked up; then nobody can say who they are (P6).
const PATIENCE: Duration = Duration::from_millis(500);
/// How long it is waited for that a debt lies in the file: the acknowledgement has until the deadline (P4, S1).
const SETTLED: Duration = Duration::from_millis(500);
/// How long the folder is waited for: the grace period of the process before, and some (S6).
pub(crate) const HANDOVER: Duration = Duration::from_secs(70);

/// The journal of a process.
#[derive(Debug)]
pub(crate) struct Journal {
    sender: SyncSender<Record>,
    writer: Thread,
    state: Arc<State>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    ending: Arc<AtomicBool>,
    /// Facts of the process before, until their bot takes them.
    found: Mutex<Vec<Fact>>,
    is_new: bool,
    _owner: Owner,
    /// Removed with it.
    #[cfg(test)]
    folder: Mutex<Option<tempfile::TempDir>>,
}

/// The part of the journal that is one bot's. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct BotJournal {
    journal: Arc<Journal>,
    bot: BotNumber,
}

impl Journal {
    /// Opens the journal in `folder`, or begins one; waits as long as `patience` for a process that has it.
    ///
    /// # Errors
    /// [`StoreError`]; nothing has changed then.
    pub(crate) fn open(folder: &Path, keyboards: &Arc<Keyboards>, patience: Duration) -> Result<Arc<Self>, StoreError> {
        let io = |source| StoreError::Folder { folder: folder.to_owned(), source };
        make_folder(folder).map_err(io)?;
        let owner = Owner::acquire(folder, patience).map_err(|not| match not {
            NotOwned::Io(source) => io(source),
            NotOwned::Taken(Other { host, pid, started }) => {
                StoreError::Taken { folder: folder.to_owned(), host, pid, started }
            }
        })?;
        match is_writable(folder) {
            Err(error) if error.kind() != io::ErrorKind::StorageFull => return Err(io(error)),
            Ok(()) | Err(_) => {}
        }
        let (sender, records) = sync_channel(QUEUE);
        let state = Arc::new(State::default());
        let (again, now) = (time::instant(), time::now());
        let mut writer = Writer {
            records,
            state: Arc::clone(&state),
            folder: folder.to_owned(),
            keyboards: Arc::clone(keyboards),
            database: None,
            salvage: None,
            changes: Changes::default(),
            fresh: Changes::default(),
            tick: again,
            written: HashMap::default(),
            again,
            sweep: again,
            reads: Vec::new(),
            settles: Vec::new(),
        };
        let read = |database: Database| -> Result<_, OpenError> {
            let (bots, facts) = (database.bots()?, database.facts(now)?);
            Ok((database, bots, facts))
        };
        let refused = |reason: String| StoreError::File { folder: folder.to_owned(), reason };
        let (mut facts, mut is_new) = (Vec::new(), false);
        match writer::open(folder, &state).and_then(read) {
            Ok((database, bots, found)) => {
                is_new = database.is_new;
                state.know(bots);
                facts = found;
                writer.database = Some(database);
            }
            Err(OpenError::Sqlite(error)) if trouble_of(&error) == Trouble::Damaged => {
                writer.set_aside();
                if let Some(salvage) = &writer.salvage {
                    state.know(salvage.bots.clone());
                    writer.changes.bots.clone_from(&salvage.bots);
                }
                // What must be taken up at the start is saved at once: it comes first.
                while writer.salvage.as_ref().is_some_and(salvage::Salvage::is_at_facts) {
                    writer.go_on_with_salvage();
                }
                if let Some(database) = &writer.database {
                    facts = database.facts(now).unwrap_or_default();
                }
            }
            // A restart on a full disk must not be the end: it goes on in memory, and opens the file when there is room.
            Err(OpenError::Sqlite(error)) if trouble_of(&error) == Trouble::Full => {
                let (bots, found) = Database::read_alone(&folder.join(database::FILE), now)
                    .map_err(|error| refused(crate::fault::chain(&error)))?;
                // The numbers of the bots must stay theirs.
                state.know(bots);
                facts = found;
                state.set_trouble(Some((Trouble::Full, &error)));
            }
            Err(error) => return Err(refused(crate::fault::chain(&error))),
        }
        let threads = |error: io::Error| refused(error.to_string());
        let thread = |name: &str| thread::Builder::new().name(name.to_owned());
        let writing = thread("bridge-store").spawn(move || writer.run()).map_err(threads)?;
        let ending = Arc::new(AtomicBool::new(false));
        let syncing = {
            let (folder, state, ending) = (folder.to_owned(), Arc::clone(&state), Arc::clone(&ending));
            let run = move || sync::run(&folder, &state, || ending.load(Ordering::Acquire));
            thread("bridge-sync").spawn(run).map_err(threads)?
        };
        let writer = writing.thread().clone();
        let threads = Mutex::new(vec![writing, syncing]);
        let found = Mutex::new(facts);
        Ok(Arc::new(Self {
            sender,
            writer,
            state,
            threads,
            ending,
            found,
            is_new,
            _owner: owner,
            #[cfg(test)]
            folder: Mutex::default(),
        }))
    }

    /// One in a folder that goes with it.
    #[cfg(test)]
    pub(crate) fn of_a_test() -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        let keyboards = Arc::new(Keyboards::new(crate::keyboards::SessionMemory::new(1 << 20)));
        let journal = Self::open(folder.path(), &keyboards, Duration::ZERO).unwrap();
        *lock(&journal.folder) = Some(folder);
        journal
    }

    /// The part of `bot`.
    #[must_use]
    pub(crate) fn of_bot(self: &Arc<Self>, name: &BotId) -> BotJournal {
        let (number, is_new) = self.state.number(name);
        if is_new {
            self.tell(Record::Bot { number, name: name.clone() });
        }
        BotJournal { journal: Arc::clone(self), bot: number }
    }

    /// Whether nothing was kept before this start: an earlier process may have shown what nobody remembers (I5).
    #[must_use]
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// How it is.
    #[must_use]
    pub(crate) fn stats(&self) -> JournalStats {
        self.state.stats()
    }

    /// Writes all that was told, and ends.
    pub(crate) fn close(&self) {
        let threads = std::mem::take(&mut *lock(&self.threads));
        if threads.is_empty() {
            return;
        }
        self.ending.store(true, Ordering::Release);
        self.state.urgent.store(true, Ordering::Release);
        // The last record may wait for room; the writer takes them as long as it lives.
        let _ended = self.sender.send(Record::Close);
        for thread in threads {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("a thread of the store died: this is a bug, please report it");
            }
        }
    }

    fn tell(&self, record: Record) {
        if self.sender.try_send(record).is_err() {
            self.state.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Asks, and makes the writer hurry. `None` where it has not answered in time.
    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Record, patience: Duration) -> Option<T> {
        // Once it was too slow, it is left alone until it has answered again (P6).
        if self.state.slow.load(Ordering::Acquire) {
            return None;
        }
        let (reply, answer) = oneshot::channel();
        self.state.urgent.store(true, Ordering::Release);
        self.sender.try_send(question(reply)).ok()?;
        self.writer.unpark();
        let answered = tokio::time::timeout(patience, answer).await;
        if answered.is_err() {
            self.state.slow.store(true, Ordering::Release);
            tracing::warn!("the store does not answer: users who are not in memory are unsure until it does");
        }
        answered.ok()?.ok()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.close();
    }
}

impl BotJournal {
    /// What is kept of a user is this now.
    pub(crate) fn user(&self, user: UserKey, session: &Session, asking: Option<Moment>, whole: bool) {
        self.journal.tell(self.user_record(user, session, asking, whole));
    }

    /// The same as a record, to be told together with others.
    pub(crate) fn user_record(&self, user: UserKey, session: &Session, asking: Option<Moment>, whole: bool) -> Record {
        Record::User { bot: self.bot, user, session: session.to_store(whole), asking, whole }
    }

    /// The user is known from now on, or not any more (E3).
    pub(crate) fn know(&self, user: UserKey, until: Option<Moment>) {
        self.journal.tell(Record::Known { bot: self.bot, user, until });
    }

    /// A fact; `None` removes it.
    pub(crate) fn fact(&self, kind: FactKind, key: &[u8], value: Option<(Moment, Vec<u8>)>) {
        self.journal.tell(self.fact_record(kind, key, value));
    }

    /// The same as a record.
    pub(crate) fn fact_record(&self, kind: FactKind, key: &[u8], value: Option<(Moment, Vec<u8>)>) -> Record {
        Record::Fact { kind, bot: self.bot, key: key.into(), value }
    }

    /// All of these or none.
    pub(crate) fn together(&self, records: Vec<Record>) {
        self.journal.tell(Record::Together(records));
    }

    /// What is kept of `user`.
    pub(crate) async fn read(&self, user: UserKey) -> Found {
        self.journal.state.reads.fetch_add(1, Ordering::Relaxed);
        let bot = self.bot;
        let found = self.journal.ask(|reply| Record::Read { bot, user, reply }, PATIENCE).await;
        found.unwrap_or(Found::Unsure)
    }

    /// Which file it is, counted from the start of the process: another one may lack what memory has.
    pub(crate) fn file(&self) -> usize {
        self.journal.state.file.load(Ordering::Acquire)
    }

    /// Waits until everything that was told before lies in the file; false where it does not.
    pub(crate) async fn settle(&self) -> bool {
        self.journal.ask(|reply| Record::Settle { reply }, SETTLED).await.unwrap_or_default()
    }

    /// Takes the facts that the process before has left of this bot, each kind in the order of their times.
    pub(crate) fn take_found(&self) -> Vec<Fact> {
        let mut found = lock(&self.journal.found);
        let (own, others) = std::mem::take(&mut *found).into_iter().partition(|fact| fact.bot == self.bot);
        *found = others;
        own
    }
}
