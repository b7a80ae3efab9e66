//! Words that nobody can guess.

use std::fmt::Write as _;

/// Bytes of randomness of a word: 192 bits, written as 48 hexadecimal digits.
pub(super) const BYTES: usize = 24;

/// A random word; `None` where the system gives no randomness, and then nobody is let in.
pub(super) fn word() -> Option<String> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes).ok()?;
    let mut word = String::with_capacity(2 * BYTES);
    for byte in bytes {
        let _infallible = write!(word, "{byte:02x}");
    }
    Some(word)
}
