//! Where words for people go: standard error, so that standard output stays what scripts expect.

use std::fmt::Display;
use std::io::Write;

/// Says something on standard error. There is nowhere to tell that this failed.
pub(super) fn complain(words: impl Display) {
    let _ignored = writeln!(std::io::stderr().lock(), "{words}");
}
