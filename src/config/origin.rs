//! Where a value comes from.

use std::fmt;
use std::path::PathBuf;

use crate::messages::config as messages;
use crate::messages::{Language, Message};

/// Where a value comes from; the later one wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// It was not written: the default counts.
    Default,
    /// The configuration file.
    File {
        /// Which file.
        path: PathBuf,
        /// Counted from one, where known.
        line: Option<usize>,
    },
    /// An environment variable.
    Variable(String),
    /// A flag of the command line.
    Flag(String),
}

impl Origin {
    /// Which of two sources wins: flags, then environment, then file, then defaults.
    #[must_use]
    pub fn precedence(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::File { .. } => 1,
            Self::Variable(_) => 2,
            Self::Flag(_) => 3,
        }
    }

    /// The same in words.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Default => messages::origin_default(),
            Self::File { path, line: Some(line) } => messages::origin_line(path.display().to_string(), *line),
            Self::File { path, line: None } => messages::origin_file(path.display().to_string()),
            Self::Variable(name) => messages::origin_variable(name),
            Self::Flag(name) => messages::origin_flag(name),
        }
    }
}

/// English, as `config show` prints it for scripts.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message().text(Language::English))
    }
}

/// One value in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// Its path.
    pub key: String,
    /// TOML; secrets are dots.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}
