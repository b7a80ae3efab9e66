//! Who is to blame, and may it be tried again: the two facts every error of this project carries as data.
//!
//! A status code or a retry that is guessed from an error's text goes wrong sooner or later; here both fall out
//! of the type (pingora's idea). Rejected: one error enum for everything, which would know every room of the house.

/// Whose doing it was. Decides the status before admission, the words after it, and the log level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The one who called us sent something we cannot take.
    Caller,
    /// The old bot failed.
    Bot,
    /// A bug or a bound of ours.
    Us,
    /// Kakao's side failed (callback, webhook).
    Platform,
    /// The configuration or the installation is wrong.
    Operator,
}

impl Blame {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Bot => "bot",
            Self::Us => "us",
            Self::Platform => "platform",
            Self::Operator => "operator",
        }
    }
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

/// What every error can say of itself.
pub trait Fault: std::error::Error {
    /// Whose doing it was.
    fn blame(&self) -> Blame;

    /// Whether a repeat is safe.
    fn sent(&self) -> Sent;
}
