//! What can be read of a damaged file.
//!
//! The file is set aside, never removed. Its rows are read in small ranges, each from both ends, for an error ends a
//! reading: so what is lost is what lies on the damaged pages. Rows that the bridge has written since then stay as they
//! are. Rejected: `SQLite`'s own recovery, which is no part of the library and holds everything up until it has ended.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row, ToSql, params};

use super::database::FILE;
use super::record::{BotNumber, FactKind, Place, UserKind, Value};
use crate::ids::{BotId, UserKey};
use crate::time::Moment;

/// The characters of a user key, in the order of their bytes.
const ALPHABET: &[u8] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
/// Bots that are looked for where the file cannot tell which it has.
const BOTS: BotNumber = 64;
/// Every kind of fact.
const FACTS: [FactKind; 7] = [
    FactKind::Debt,
    FactKind::Outbox,
    FactKind::Waiting,
    FactKind::Alias,
    FactKind::Block,
    FactKind::Seen,
    FactKind::Keyboard,
];

/// A damaged file that is being read.
pub(super) struct Salvage {
    path: PathBuf,
    connection: Option<Connection>,
    /// Read, first of all.
    pub(super) bots: Vec<(BotNumber, BotId)>,
    left: VecDeque<Part>,
    saved: usize,
}

/// A range of rows.
#[derive(Debug, Clone, Copy)]
enum Part {
    Facts(FactKind),
    /// Users of a bot whose key begins with these.
    Users(BotNumber, [u8; 2]),
}

impl Salvage {
    /// Puts the file in the folder aside, with its log, and begins to read it.
    pub(super) fn set_aside(folder: &Path, now: Moment) -> io::Result<Self> {
        let aside = format!("damaged-{}.db", now.as_millis());
        let path = folder.join(&aside);
        std::fs::rename(folder.join(FILE), &path)?;
        // The log is found by the name of its file. What the two are told of each other is made anew.
        let _none = std::fs::rename(folder.join(format!("{FILE}-wal")), folder.join(format!("{aside}-wal")));
        let _none = std::fs::remove_file(folder.join(format!("{FILE}-shm")));
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).ok();
        let bots = connection.as_ref().map(bots).unwrap_or_default();
        let numbers: Vec<BotNumber> =
            if bots.is_empty() { (1..=BOTS).collect() } else { bots.iter().map(|(number, _)| *number).collect() };
        let pairs = || ALPHABET.iter().flat_map(|first| ALPHABET.iter().map(|second| [*first, *second]));
        let users = numbers.iter().flat_map(|bot| pairs().map(|pair| Part::Users(*bot, pair)));
        // Where not even the tables are known, no row can be found: a quarter of a million ranges would be asked for nothing.
        let has_tables = connection.as_ref().is_some_and(|connection| {
            ["SELECT 1 FROM facts", "SELECT 1 FROM users"].iter().any(|sql| connection.prepare(sql).is_ok())
        });
        let parts = FACTS.into_iter().map(Part::Facts).chain(users);
        let left = if has_tables { parts.collect() } else { VecDeque::new() };
        Ok(Self { path, connection, bots, left, saved: 0 })
    }

    /// Where it lies now.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it still reads the facts that are needed at the start; they come first.
    pub(super) fn is_at_facts(&self) -> bool {
        self.left.front().is_some_and(|part| matches!(part, Part::Facts(_)))
    }

    /// Rows that were saved.
    pub(super) fn saved(&self) -> usize {
        self.saved
    }

    /// So many rows are in the new file; the next part is read next.
    pub(super) fn done(&mut self, rows: usize) {
        self.saved += rows;
        self.left.pop_front();
    }

    /// The rows of the next part, and whether it is the last one.
    pub(super) fn step(&self) -> (Vec<(Place, Value)>, bool) {
        let (Some(part), Some(connection)) = (self.left.front(), &self.connection) else {
            return (Vec::new(), true);
        };
        let rows = match part {
            Part::Facts(kind) => {
                let sql = "SELECT kind, bot, key, until, value FROM facts WHERE kind = ?1 ORDER BY kind, bot, key";
                let back = "SELECT kind, bot, key, until, value FROM facts WHERE kind = ?1 \
                            ORDER BY kind DESC, bot DESC, key DESC";
                from_both_ends(connection, sql, back, params![*kind as u8], |row| fact(*kind, row))
            }
            Part::Users(bot, [first, second]) => {
                let sql = "SELECT bot, user, kind, until, value FROM users \
                           WHERE bot = ?1 AND user >= ?2 AND user < ?3 ORDER BY bot, user, kind";
                let back = "SELECT bot, user, kind, until, value FROM users \
                            WHERE bot = ?1 AND user >= ?2 AND user < ?3 ORDER BY bot DESC, user DESC, kind DESC";
                let range = params![bot, [*first, *second], [*first, second.saturating_add(1)]];
                from_both_ends(connection, sql, back, range, user)
            }
        };
        (rows, self.left.len() == 1)
    }
}

/// Reads to the first error, and where there was one, from the other end to its first error.
fn from_both_ends(
    connection: &Connection,
    forth: &str,
    back: &str,
    range: &[&dyn ToSql],
    read: impl Fn(&Row<'_>) -> Option<(Place, Value)>,
) -> Vec<(Place, Value)> {
    let mut found = Vec::new();
    let mut collect = |sql: &str| -> rusqlite::Result<()> {
        let mut select = connection.prepare_cached(sql)?;
        let mut rows = select.query(range)?;
        while let Some(row) = rows.next()? {
            found.extend(read(row));
        }
        Ok(())
    };
    if collect(forth).is_err() {
        let _ends_there_too = collect(back);
    }
    found
}

fn bots(connection: &Connection) -> Vec<(BotNumber, BotId)> {
    let read = || -> rusqlite::Result<Vec<(BotNumber, String)>> {
        let mut select = connection.prepare("SELECT number, name FROM bots")?;
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    let rows = read().unwrap_or_default().into_iter();
    rows.filter_map(|(number, name)| Some((number, BotId::parse(&name)?))).collect()
}

fn value(row: &Row<'_>) -> Option<Value> {
    let (until, value): (i64, Vec<u8>) = (row.get(3).ok()?, row.get(4).ok()?);
    Some(Some((Moment::from_millis(u64::try_from(until).ok()?), value)))
}

fn fact(kind: FactKind, row: &Row<'_>) -> Option<(Place, Value)> {
    let (bot, key): (BotNumber, Vec<u8>) = (row.get(1).ok()?, row.get(2).ok()?);
    Some((Place::Fact(kind, bot, key.into()), value(row)?))
}

fn user(row: &Row<'_>) -> Option<(Place, Value)> {
    let bot: BotNumber = row.get(0).ok()?;
    let ValueRef::Blob(user) = row.get_ref(1).ok()? else { return None };
    let user = UserKey::parse(std::str::from_utf8(user).ok()?)?;
    let kind: u8 = row.get(2).ok()?;
    let kind = UserKind::ALL.into_iter().find(|known| *known as u8 == kind)?;
    Some((Place::User(bot, user, kind), value(row)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_noise_has_nothing_to_be_read_and_one_with_a_table_has() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), [0xA5; 64 * 1024]).unwrap();
        let noise = Salvage::set_aside(folder.path(), Moment::from_millis(1)).unwrap();
        assert!(noise.left.is_empty() && noise.step().1 && noise.path().exists());
        let file = folder.path().join(FILE);
        let made = Connection::open(&file).and_then(|file| file.execute_batch("CREATE TABLE users (user BLOB)"));
        made.unwrap();
        let readable = Salvage::set_aside(folder.path(), Moment::from_millis(2)).unwrap();
        assert!(readable.is_at_facts());
    }
}
