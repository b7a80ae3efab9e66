//! Reading values by key: type, range, origin; a wrong value is noted and reading goes on.
//!
//! Every value passes here once, so this is also where the list of effective values is made, with secrets left out.

pub(super) mod files;
pub(super) mod parse;
mod shown;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use config::Value;
use url::Url;

use super::keys::{self, Key};
use super::origin::{Effective, Origin};
use super::problem::Problem;
use super::raw::Raw;
use super::secret::Secret;
use crate::messages::Message;
use crate::messages::config as messages;

/// A secret below this many bytes is noted: 16 characters of base64 are 96 bits.
const SHORT_SECRET: usize = 16;

/// Reads the merged values and keeps the list of what is wrong.
pub(super) struct Reader<'a> {
    pub(super) raw: &'a Raw,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    pub(super) advice: Vec<Problem>,
    pub(super) effective: Vec<Effective>,
    /// Files that were read, so that a change of one can be noticed.
    pub(super) files: Vec<PathBuf>,
}

impl<'a> Reader<'a> {
    /// A reader of the merged values. `problems` are those found so far; its own come behind them.
    pub(super) fn new(raw: &'a Raw, problems: Vec<Problem>) -> Self {
        Self { raw, problems, warnings: Vec::new(), advice: Vec::new(), effective: Vec::new(), files: Vec::new() }
    }

    /// Notes a problem of a key, where it was written or belongs.
    pub(super) fn problem(&mut self, path: &str, message: Message) {
        let origin = self.raw.origin(path);
        self.problems.push(Problem { origin, key: path.to_owned(), message });
    }

    /// Notes something that works but may not be what is wanted.
    pub(super) fn warning(&mut self, path: &str, message: Message) {
        let origin = self.raw.origin(path);
        self.warnings.push(Problem { origin, key: path.to_owned(), message });
    }

    /// Whether this key was written anywhere.
    pub(super) fn written(&self, path: &str) -> bool {
        self.raw.get(path).is_some()
    }

    /// Reads one key, or its default; `None` when there is neither or when it is wrong.
    fn read<T>(&mut self, path: &str, parse: impl FnOnce(&Value, &Key) -> Result<T, Message>) -> Option<T> {
        let Some(key) = keys::of_pattern(&keys::pattern_of(path)) else {
            self.problem(path, messages::key_without_row());
            return None;
        };
        let raw = self.raw;
        let (value, origin) = match raw.get(path) {
            Some(value) => (parse::typed(value, key.kind, &raw.origin(path)), raw.origin(path)),
            None => (Ok(parse::default_of(key)?), Origin::Default),
        };
        let read = value.and_then(|value| {
            let read = parse(&value, key)?;
            Ok((read, shown::shown(&value, key.kind)))
        });
        match read {
            Ok((read, shown)) => {
                if key.kind.is_secret() && matches!(origin, Origin::Flag(_)) {
                    self.warning(path, messages::secret_on_the_command_line(keys::variable_of(path)));
                }
                self.effective.push(Effective { key: path.to_owned(), value: shown, origin });
                Some(read)
            }
            Err(message) => {
                self.problems.push(Problem { origin, key: path.to_owned(), message });
                None
            }
        }
    }

    /// The IP address with port at `path`, or its default; `None` when there is neither, or when it is wrong, which is
    /// noted. The methods below do the same for other kinds of values.
    pub(super) fn address(&mut self, path: &str) -> Option<SocketAddr> {
        self.read(path, |value, _| parse::address(value))
    }

    /// The `http` or `https` URL at `path`.
    pub(super) fn url(&mut self, path: &str) -> Option<Url> {
        self.read(path, |value, _| parse::url(value))
    }

    /// `true` or `false` at `path`.
    pub(super) fn switch(&mut self, path: &str) -> Option<bool> {
        self.read(path, |value, _| parse::switch(value))
    }

    /// The duration at `path`, within its key's bounds.
    pub(super) fn duration(&mut self, path: &str) -> Option<Duration> {
        self.read(path, parse::duration)
    }

    /// The count or size at `path`, within its key's bounds, as the type that the caller wants.
    pub(super) fn count<N: TryFrom<u64>>(&mut self, path: &str) -> Option<N> {
        self.read(path, parse::number).and_then(|number| N::try_from(number).ok())
    }

    /// A count that is `otherwise` when it was not written.
    pub(super) fn count_or(&mut self, path: &str, otherwise: usize) -> usize {
        if self.written(path) {
            return self.count(path).unwrap_or(otherwise);
        }
        let value = otherwise.to_string();
        self.effective.push(Effective { key: path.to_owned(), value, origin: Origin::Default });
        otherwise
    }

    /// The words for users at `path`, not blank and no longer than its key allows.
    pub(super) fn text(&mut self, path: &str) -> Option<String> {
        self.read(path, parse::words)
    }

    /// A word out of the key's choices.
    pub(super) fn choice(&mut self, path: &str) -> Option<String> {
        self.read(path, parse::choice)
    }

    /// A list, every entry read by `entry`; wrong entries are told one by one.
    pub(super) fn list<T>(&mut self, path: &str, entry: impl Fn(&str) -> Result<T, Message>) -> Option<Vec<T>> {
        let entries = self.read(path, |value, _| parse::list(value))?;
        let mut read = Vec::with_capacity(entries.len());
        for (index, text) in entries.iter().enumerate() {
            match entry(text) {
                Ok(value) => read.push(value),
                Err(message) => {
                    let origin = self.raw.entry_origin(path, index);
                    self.problems.push(Problem { origin, key: path.to_owned(), message });
                }
            }
        }
        (read.len() == entries.len()).then_some(read)
    }

    /// A table from text to text, sorted.
    pub(super) fn map(&mut self, path: &str) -> Option<Vec<(String, String)>> {
        self.read(path, |value, key| parse::map(value, key.kind))
    }

    /// A secret, written here or in a file; at most one of the two from the same kind of source.
    pub(super) fn secret(&mut self, path: &str) -> Option<Secret> {
        let values = self.secrets_of(path, &format!("{path}_file"))?;
        let [value] = values.as_slice() else {
            self.problem(&format!("{path}_file"), messages::secret_of_several_lines());
            return None;
        };
        Some(Secret::new(value))
    }

    /// A list of secrets, written here or one per line in a file.
    pub(super) fn secrets(&mut self, path: &str) -> Option<Vec<Secret>> {
        Some(self.secrets_of(path, &format!("{path}_file"))?.iter().map(|value| Secret::new(value)).collect())
    }

    fn secrets_of(&mut self, path: &str, file: &str) -> Option<Vec<String>> {
        let here = self.raw.origin(path).precedence();
        let there = self.raw.origin(file).precedence();
        let from_file = match (self.written(path), self.written(file)) {
            (false, false) => return None,
            (true, true) if here == there => {
                self.problem(path, messages::secret_twice(file));
                return None;
            }
            (inline, filed) => filed && (!inline || there > here),
        };
        let (values, origin) = if from_file {
            let name = self.file(file)?;
            match files::secrets(&name) {
                Ok(values) => (values, file),
                Err(message) => {
                    self.problem(file, message);
                    return None;
                }
            }
        } else {
            (self.read(path, |value, key| parse::secrets(value, key.kind))?, path)
        };
        match files::check(&values) {
            Ok(()) => {
                if values.iter().any(|value| value.len() < SHORT_SECRET) {
                    self.warning(origin, messages::secret_short());
                }
                Some(values)
            }
            Err(message) => {
                self.problem(origin, message);
                None
            }
        }
    }

    /// The path of a file, relative to the folder of the configuration file when written there.
    pub(super) fn file(&mut self, path: &str) -> Option<PathBuf> {
        let text = self.read(path, |value, _| parse::text(value))?;
        let name = match (self.raw.origin(path), self.raw.folder()) {
            (Origin::File { .. }, Some(folder)) => folder.join(text),
            _ => PathBuf::from(text),
        };
        self.files.push(name.clone());
        Some(name)
    }

    /// A PEM file that holds at least one of what is wanted.
    pub(super) fn pem(&mut self, path: &str, wanted: files::Pem) -> Option<PathBuf> {
        let name = self.file(path)?;
        match files::pem(&name, wanted) {
            Ok(()) => Some(name),
            Err(message) => {
                self.problem(path, message);
                None
            }
        }
    }
}
