//! Where words for people go: standard error, so that standard output stays what scripts expect.

use std::fmt::Display;
use std::io::Write;

use crate::messages::{Language, Message, start as messages};

/// Says something on standard error. There is nowhere to tell that this failed.
pub(super) fn complain(words: impl Display) {
    let _ignored = writeln!(std::io::stderr().lock(), "{words}");
}

/// Says on standard error why a command ends.
pub(super) fn refuse(why: &Message, language: Language) {
    complain(messages::error(why.told(language)).text(language));
}
