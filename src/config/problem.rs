//! Problems of a configuration: what is wrong, where it stands, and what to do.

use std::fmt::{self, Write as _};

use super::origin::Origin;
use crate::messages::config as messages;
use crate::messages::{Language, Message};

/// One thing that is wrong. Never holds a secret's value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where it stands.
    pub origin: Origin,
    /// Its path, such as `bots.shop.url`; empty for the file as a whole.
    pub key: String,
    /// The problem, and what to do.
    pub message: Message,
}

impl Problem {
    /// `[code] key (origin): message`.
    #[must_use]
    pub fn told(&self, language: Language) -> String {
        let origin = self.origin.message().text(language);
        let place = match (self.key.is_empty(), &self.origin) {
            (true, _) => origin,
            (false, Origin::Default) => self.key.clone(),
            (false, _) => format!("{} ({origin})", self.key),
        };
        format!("[{}] {place}: {}", self.message.code(), self.message.text(language))
    }
}

/// English, as log lines have it.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(Language::English))
    }
}

/// Everything that is wrong, in the order of the sources; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// A numbered list, and how many there are.
    #[must_use]
    pub fn told(&self, language: Language) -> String {
        let mut told = String::new();
        for (number, problem) in (1..).zip(&self.0) {
            let _infallible = write!(told, "{number}. {}\n\n", problem.told(language));
        }
        let count = match self.0.len() {
            1 => messages::one_problem(),
            many => messages::problem_count(many),
        };
        told + &count.text(language)
    }
}

/// English, as log lines have it.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(Language::English))
    }
}

impl std::error::Error for Problems {}
