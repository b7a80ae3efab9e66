//! What is wrong with a configuration, where it stands, and what to do.

use std::fmt;
use std::path::PathBuf;

/// Where a value comes from; the later one wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody wrote it.
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
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: Some(line) } => write!(f, "{}, line {line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// One thing that is wrong. Never holds a secret's value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where it stands.
    pub origin: Origin,
    /// Its path, such as `bots.shop.url`; empty for the file as a whole.
    pub key: String,
    /// What is wrong, a sentence.
    pub what: String,
    /// What to do, a sentence.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key.is_empty(), &self.origin) {
            (true, origin) => write!(f, "{origin}: ")?,
            (false, Origin::Default) => write!(f, "{}: ", self.key)?,
            (false, origin) => write!(f, "{} ({origin}): ", self.key)?,
        }
        write!(f, "{} {}", self.what, self.fix)
    }
}

/// Everything that is wrong, in the order of the sources; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in (1..).zip(&self.0) {
            writeln!(f, "{number}. {problem}\n")?;
        }
        match self.0.len() {
            1 => f.write_str("1 problem."),
            many => write!(f, "{many} problems."),
        }
    }
}

impl std::error::Error for Problems {}

impl crate::fault::Fault for Problems {
    fn blame(&self) -> crate::fault::Blame {
        crate::fault::Blame::Operator
    }

    fn sent(&self) -> crate::fault::Sent {
        crate::fault::Sent::Nothing
    }
}
