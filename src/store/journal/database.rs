//! The file: two tables, both rows by key without a hidden number, so that all of one user lie side by side.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, params};

use super::record::{BotNumber, Changes, FactKind, Place, UserKind, Value};
use crate::ids::{BotId, UserKey};
use crate::time::Moment;

/// The name of the file in the folder.
pub(super) const FILE: &str = "bridge.db";
/// The version of the tables.
const VERSION: i64 = 1;
/// `SBRG`, for `file` and its like.
const APPLICATION: i64 = 0x5342_5247;
/// Rows that one sweep looks at: some two milliseconds' work.
const SWEPT: u32 = 2000;
/// Bytes of pages that are kept in memory: the pages of the users who are here now.
const CACHE_KIB: i64 = 16 * 1024;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS bots (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS users (
        bot INTEGER NOT NULL, user BLOB NOT NULL, kind INTEGER NOT NULL, until INTEGER NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (bot, user, kind)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS facts (
        kind INTEGER NOT NULL, bot INTEGER NOT NULL, key BLOB NOT NULL, until INTEGER NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (kind, bot, key)
    ) WITHOUT ROWID;
";

/// How a row is put where one may stand.
struct Inserts {
    user: &'static str,
    fact: &'static str,
}

/// The new one counts.
const REPLACE: Inserts = Inserts {
    user: "INSERT OR REPLACE INTO users VALUES (?1, ?2, ?3, ?4, ?5)",
    fact: "INSERT OR REPLACE INTO facts VALUES (?1, ?2, ?3, ?4, ?5)",
};

/// The one that stands counts.
const IGNORE: Inserts = Inserts {
    user: "INSERT OR IGNORE INTO users VALUES (?1, ?2, ?3, ?4, ?5)",
    fact: "INSERT OR IGNORE INTO facts VALUES (?1, ?2, ?3, ?4, ?5)",
};

/// Why a file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// A later release has written it.
    #[error("a later version of the bridge has written it (tables of version {0})")]
    Later(i64),
    /// `SQLite`'s own.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// Of what kind.
    pub(crate) kind: u8,
    /// Of which bot.
    pub(crate) bot: BotNumber,
    /// Of what.
    pub(crate) key: Vec<u8>,
    /// Its value.
    pub(crate) value: Vec<u8>,
}

/// The key of a user's row: bot, user, kind.
type Key = (i64, Vec<u8>, i64);

/// The bots with their numbers, and the facts that are read at the start.
type BotsAndFacts = (Vec<(BotNumber, BotId)>, Vec<Fact>);

/// The file, open.
pub(super) struct Database {
    connection: Connection,
    /// Whether it was made just now.
    pub(super) is_new: bool,
    /// Where the sweep goes on.
    swept: Key,
}

impl Database {
    /// Opens the file, or makes it.
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        // Whoever looks at the file from outside may hold it for a moment.
        connection.busy_timeout(Duration::from_secs(1))?;
        connection.set_prepared_statement_cache_capacity(16);
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version > VERSION {
            return Err(OpenError::Later(version));
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A commit is in the system's hands; the disk is waited for once a second, by another thread.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        // A container's own files cannot be written, and it may have no folder for temporary ones.
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        if version < VERSION {
            connection.pragma_update(None, "application_id", APPLICATION)?;
            connection.execute_batch(TABLES)?;
            connection.pragma_update(None, "user_version", VERSION)?;
        }
        Ok(Self { connection, is_new: version == 0, swept: Default::default() })
    }

    /// The bots and facts of a file that cannot be opened for want of room for what SQLite puts beside it; without what is
    /// in its log still. Only for who has the folder alone.
    pub(super) fn read_alone(path: &Path, now: Moment) -> rusqlite::Result<BotsAndFacts> {
        if path.metadata().map_or(0, |file| file.len()) == 0 {
            return Ok((Vec::new(), Vec::new()));
        }
        let no_path = |_| rusqlite::Error::InvalidPath(path.to_owned());
        let url = url::Url::from_file_path(std::path::absolute(path).map_err(|_| no_path(()))?).map_err(no_path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(format!("{url}?immutable=1"), flags)?;
        let database = Self { connection, is_new: false, swept: Key::default() };
        Ok((database.bots()?, database.facts(now)?))
    }

    /// Writes all of them, or none.
    pub(super) fn write(&mut self, changes: &Changes) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for (number, name) in &changes.bots {
            let mut insert = transaction.prepare_cached("INSERT OR REPLACE INTO bots VALUES (?1, ?2)")?;
            insert.execute(params![number, name.as_str()])?;
        }
        for (place, value) in &changes.rows {
            write_row(&transaction, place, value, &REPLACE)?;
        }
        transaction.commit()
    }

    /// Writes what stands there already: whether it can be written again.
    pub(super) fn try_to_write(&self) -> rusqlite::Result<()> {
        self.connection.pragma_update(None, "user_version", VERSION)
    }

    /// Writes rows that were saved from a damaged file; what is newer stays.
    pub(super) fn write_if_absent(&mut self, rows: &[(Place, Value)]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for (place, value) in rows {
            write_row(&transaction, place, value, &IGNORE)?;
        }
        transaction.commit()
    }

    /// The rows of one user that count at `now`.
    pub(super) fn user(
        &self,
        bot: BotNumber,
        user: &UserKey,
        now: Moment,
    ) -> rusqlite::Result<Vec<(UserKind, Moment, Vec<u8>)>> {
        let sql = "SELECT kind, until, value FROM users WHERE bot = ?1 AND user = ?2 AND until > ?3";
        let mut select = self.connection.prepare_cached(sql)?;
        let rows = select.query_map(params![bot, user.as_str().as_bytes(), millis(now)], |row| {
            Ok((row.get::<_, u8>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
        })?;
        let mut found = Vec::new();
        for row in rows {
            let (kind, until, value) = row?;
            if let Some(kind) = UserKind::ALL.into_iter().find(|known| *known as u8 == kind) {
                found.push((kind, moment(until), value));
            }
        }
        Ok(found)
    }

    /// One fact.
    pub(super) fn fact(&self, kind: FactKind, bot: BotNumber, key: &[u8]) -> rusqlite::Result<Option<Vec<u8>>> {
        let sql = "SELECT value FROM facts WHERE kind = ?1 AND bot = ?2 AND key = ?3";
        let mut rows = self.connection.prepare_cached(sql)?;
        let mut rows = rows.query_map(params![kind as u8, bot, key], |row| row.get(0))?;
        rows.next().transpose()
    }

    /// The facts that are read at the start.
    pub(super) fn facts(&self, now: Moment) -> rusqlite::Result<Vec<Fact>> {
        let mut found = Vec::new();
        // The newest first: where a bound leaves some out, the oldest are.
        let sql = "SELECT bot, key, value FROM facts WHERE kind = ?1 AND until > ?2 ORDER BY until";
        let mut select = self.connection.prepare(sql)?;
        for kind in FactKind::AT_START {
            let kind = kind as u8;
            let rows = select.query_map(params![kind, millis(now)], |row| {
                Ok(Fact { kind, bot: row.get(0)?, key: row.get(1)?, value: row.get(2)? })
            })?;
            for row in rows {
                found.push(row?);
            }
        }
        Ok(found)
    }

    /// The bots and their numbers.
    pub(super) fn bots(&self) -> rusqlite::Result<Vec<(BotNumber, BotId)>> {
        let mut select = self.connection.prepare("SELECT number, name FROM bots")?;
        let rows = select.query_map([], |row| Ok((row.get::<_, BotNumber>(0)?, row.get::<_, String>(1)?)))?;
        let named = rows.map(|row| row.map(|(number, name)| BotId::parse(&name).map(|name| (number, name))));
        named.filter_map(Result::transpose).collect()
    }

    /// Removes rows whose time is over: of all facts, and of the next users in their order.
    pub(super) fn sweep(&mut self, now: Moment) -> rusqlite::Result<usize> {
        let now = millis(now);
        let (bot, user, kind) = &self.swept;
        let sql = "SELECT bot, user, kind, until FROM users WHERE (bot, user, kind) > (?1, ?2, ?3) \
                   ORDER BY bot, user, kind LIMIT ?4";
        let mut select = self.connection.prepare_cached(sql)?;
        let seen: Vec<(Key, i64)> = select
            .query_map(params![bot, user, kind, SWEPT], |row| {
                Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        drop(select);
        let is_last = u32::try_from(seen.len()).is_ok_and(|seen| seen < SWEPT);
        self.swept = seen.last().filter(|_| !is_last).map(|(key, _)| key.clone()).unwrap_or_default();
        let transaction = self.connection.transaction()?;
        let mut removed = 0;
        for ((bot, user, kind), _) in seen.iter().filter(|(_, until)| *until <= now) {
            let sql = "DELETE FROM users WHERE bot = ?1 AND user = ?2 AND kind = ?3";
            removed += transaction.prepare_cached(sql)?.execute(params![bot, user, kind])?;
        }
        if is_last {
            removed += transaction.execute("DELETE FROM facts WHERE until <= ?1", [now])?;
        }
        transaction.commit()?;
        Ok(removed)
    }

    /// Puts a copy of everything at `path`, where nothing lies: the file itself was moved away, and can still be read.
    pub(super) fn copy_to(&self, path: &Path) -> rusqlite::Result<()> {
        self.connection.execute("VACUUM INTO ?1", [path.to_string_lossy()]).map(|_| ())
    }

    /// Moves what lies in the log into the file, as far as nobody is waited for.
    pub(super) fn checkpoint(path: &Path) -> rusqlite::Result<()> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
    }

    /// Moves all of it, and empties the log: the last thing before the end.
    pub(super) fn close(self) -> rusqlite::Result<()> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        self.connection.close().map_err(|(_, error)| error)
    }
}

fn write_row(transaction: &Transaction<'_>, place: &Place, value: &Value, how: &Inserts) -> rusqlite::Result<()> {
    match (place, value) {
        (Place::User(bot, user, kind), Some((until, value))) => {
            let mut insert = transaction.prepare_cached(how.user)?;
            insert.execute(params![bot, user.as_str().as_bytes(), *kind as u8, millis(*until), value])?;
        }
        (Place::User(bot, user, kind), None) => {
            let sql = "DELETE FROM users WHERE bot = ?1 AND user = ?2 AND kind = ?3";
            transaction.prepare_cached(sql)?.execute(params![bot, user.as_str().as_bytes(), *kind as u8])?;
        }
        (Place::Fact(kind, bot, key), Some((until, value))) => {
            let mut insert = transaction.prepare_cached(how.fact)?;
            insert.execute(params![*kind as u8, bot, key, millis(*until), value])?;
        }
        (Place::Fact(kind, bot, key), None) => {
            let sql = "DELETE FROM facts WHERE kind = ?1 AND bot = ?2 AND key = ?3";
            transaction.prepare_cached(sql)?.execute(params![*kind as u8, bot, key])?;
        }
    }
    Ok(())
}

fn millis(moment: Moment) -> i64 {
    i64::try_from(moment.as_millis()).unwrap_or(i64::MAX)
}

fn moment(millis: i64) -> Moment {
    Moment::from_millis(u64::try_from(millis).unwrap_or_default())
}
