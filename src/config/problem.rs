//! What is wrong with a configuration, where it stands, and what to do.

use std::fmt;

use super::origin::Origin;
use crate::fault::{Blame, Fault, Sent};
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

impl Fault for Problems {
    fn blame(&self) -> Blame {
        Blame::Operator
    }

    fn sent(&self) -> Sent {
        Sent::Nothing
    }
}
