//! State that lasts (P1 to P4, P6): the real program on one folder, stopped, killed and started again.

mod kills;
mod lasting;
mod trouble;

use std::path::Path;

use tempfile::TempDir;

use crate::support::*;
use crate::trouble::callback_sink::{CallbackSink, Mood};

const CHOOSE: &str = "원하는 버튼을 선택하세요";

/// A key of the legacy form from a short name.
fn key(user: &str) -> String {
    assert!(user.len() <= 12);
    format!("{user:_<12}")
}

/// What `user` says in `words`.
fn words(user: &str, words: &str) -> Say {
    Say::words(&key(user), &format!("{words}\n"))
}

const INTERRUPTED: &str = "앞선 메시지의 답변을 받지 못했습니다. 필요하면 다시 보내 주세요.";

/// A folder, and programs that run on it one after the other.
struct Lasting {
    folder: TempDir,
    url: String,
    keys: Vec<(String, String)>,
}

impl Lasting {
    fn before(bot: &Bot, keys: &[(&str, &str)]) -> Self {
        let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Self { folder: tempfile::tempdir().unwrap(), url: bot.url(), keys }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self) -> std::path::PathBuf {
        self.path().join("bridge.db")
    }

    fn start(&self) -> Program {
        self.dying_at("")
    }

    /// One that dies at this step of a turn, the so manieth time that it comes there.
    fn dying_at(&self, step: &str) -> Program {
        let folder = self.path().to_str().unwrap();
        let mut keys = vec![("store.path", folder), ("workers", "2"), ("grace", "5s")];
        keys.extend(self.keys.iter().map(|(key, value)| (&**key, &**value)));
        let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let arguments: Vec<&str> = keys.iter().flat_map(|key| ["--set", key]).collect();
        let environment = [("SMARTCHAT_DIES_AT", step)];
        Program::start(&[&["--bot", &self.url], &*arguments].concat(), if step.is_empty() { &[] } else { &environment })
    }

    /// As `kill -9` leaves it.
    fn kill(program: Program) {
        drop(program);
    }

    fn stop(mut program: Program) {
        program.signal("TERM");
        assert_eq!(program.ended(), 0, "{}", program.log.lock().unwrap());
    }

    /// One row of one column of the file, read while nobody has it.
    fn count(&self, sql: &str) -> i64 {
        let file = rusqlite::Connection::open(self.file()).unwrap();
        file.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// Waits until everything that was told is written.
fn written(program: &Program) {
    // What was committed a tenth of a second ago is there (P2).
    std::thread::sleep(ms(100));
    eventually("all is written", || program.metric("bridge_store_waiting") == 0.0);
}

/// A bot that has every path, and answers words with words.
pub(crate) fn polite() -> Bot {
    Bot::new(|asked| match &*asked.path {
        "/keyboard" => text(),
        "/message" => bot::words(&format!("{}의 답", asked.content())),
        _ => status(200, ""),
    })
}

/// How many calls the bot got whose line holds `part`.
pub(crate) fn said(bot: &Bot, part: &str) -> usize {
    bot.asked().iter().filter(|line| line.contains(part)).count()
}
