//! Which side caused a failed call to a bot, and whether the call may be sent again: two facts that its error carries
//! as data.
//!
//! A retry that is guessed from an error's text goes wrong sooner or later; here it falls out of the type (pingora's
//! idea). Rejected: one error enum for the whole crate, which would have to know every module.

/// The side that caused a failure. Decides whether a failed message counts for the breaker (S4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The old bot failed.
    Bot,
    /// A bound of ours was reached: it says nothing of the bot.
    Us,
    /// The configuration or the installation is wrong.
    Operator,
}

/// Whether anything of a request may have reached the other side. `POST /message` is repeated only after
/// [`Sent::Nothing`] (I7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sent {
    /// Not a byte was written: safe to try again.
    Nothing,
    /// Some or all was written, the other side may have acted: never repeated.
    Unknown,
}

/// An error and its causes in one line, for operators. A cause that an error has told already is not told twice.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !line.contains(&words) {
            line.push_str(": ");
            line.push_str(&words);
        }
        cause = error.source();
    }
    line
}
