//! Where words for people go: standard error, so that standard output stays what scripts expect.

use std::error::Error;
use std::fmt::Display;
use std::io::Write;

/// Says something on standard error. There is nowhere to tell that this failed.
pub(super) fn complain(words: impl Display) {
    let _ignored = writeln!(std::io::stderr().lock(), "{words}");
}

/// An error with all its causes, as one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !line.contains(&words) {
            line = format!("{line}: {words}");
        }
        cause = error.source();
    }
    line
}
