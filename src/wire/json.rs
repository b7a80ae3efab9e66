//! JSON as it is written: into one buffer, with the names of members written as they are.
//!
//! An answer has sixty members with names that never change. serde writes each name as if it might have to be escaped,
//! and members that are flattened through a map of their own; both together cost more than the words of the answer. The
//! tests of [`super::answer`] hold these bytes to what serde reads.

use std::cell::Cell;

use bytes::Bytes;

use super::json_string::plain_length;

/// Bytes of a buffer that is kept for the next document; a larger one is given back.
const KEPT: usize = 64 * 1024;

thread_local! {
    /// The buffer for the documents of this thread, one after the other.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The document that `write` writes, in a buffer of just its size: it is written into one that is there already, so
/// that none has to grow, and copied once.
pub(crate) fn document(write: impl FnOnce(&mut JsonWriter)) -> Bytes {
    let mut json = JsonWriter::reusing(BUFFER.take());
    write(&mut json);
    let document = Bytes::copy_from_slice(&json.bytes);
    if json.bytes.capacity() <= KEPT {
        BUFFER.set(json.bytes);
    }
    document
}

/// One document under way.
#[derive(Debug)]
pub(crate) struct JsonWriter {
    bytes: Vec<u8>,
}

impl JsonWriter {
    /// A document in a buffer that was used before; its old content is dropped.
    pub(crate) fn reusing(mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        Self { bytes }
    }

    /// Braces, commas and names of members, as they stand.
    pub(crate) fn raw(&mut self, json: &'static str) {
        self.bytes.extend_from_slice(json.as_bytes());
    }

    /// A count of thousandths, as a number.
    pub(crate) fn thousandths(&mut self, count: u64) {
        self.number(count / 1000);
        let rest = u32::try_from(count % 1000).unwrap_or_default();
        if rest > 0 {
            self.raw(".");
            self.digits(rest, 3);
        }
    }

    /// A number.
    pub(crate) fn number(&mut self, number: impl Into<u64>) {
        let mut digits = [0_u8; 20];
        let (mut left, mut at) = (number.into(), digits.len());
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(left % 10).unwrap_or_default();
            (left, at) = (left / 10, at - 1);
            if left == 0 {
                break;
            }
        }
        self.bytes.extend_from_slice(digits.get(at..).unwrap_or_default());
    }

    /// So many digits, the last ones of a number, with zeros before them.
    pub(crate) fn digits(&mut self, number: u32, count: u32) {
        let digit = |place: u32| b'0' + u8::try_from(number / 10_u32.saturating_pow(place) % 10).unwrap_or_default();
        self.bytes.extend((0..count).rev().map(digit));
    }

    /// So many hexadecimal digits at least.
    pub(crate) fn hexadecimal(&mut self, number: u64, at_least: u32) {
        let digits = (u64::BITS - number.leading_zeros()).div_ceil(4).max(at_least);
        self.bytes.extend((0..digits).rev().map(|place| digit(number >> (4 * place))));
    }

    /// Words, in quotes.
    pub(crate) fn string(&mut self, words: &str) {
        self.bytes.push(b'"');
        self.words(words);
        self.bytes.push(b'"');
    }

    /// Words without quotes around them.
    pub(crate) fn words(&mut self, words: &str) {
        let mut rest = words.as_bytes();
        loop {
            let (plain, escaped) = rest.split_at(plain_length(rest).min(rest.len()));
            self.bytes.extend_from_slice(plain);
            let Some((byte, behind)) = escaped.split_first() else { break };
            self.escape(*byte);
            rest = behind;
        }
    }

    /// All of `items`, in brackets, with commas between them.
    pub(crate) fn list<T>(&mut self, items: &[T], write: impl Fn(&T, &mut Self)) {
        self.raw("[");
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.raw(",");
            }
            write(item, self);
        }
        self.raw("]");
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'"' => self.raw("\\\""),
            b'\\' => self.raw("\\\\"),
            b'\n' => self.raw("\\n"),
            b'\r' => self.raw("\\r"),
            b'\t' => self.raw("\\t"),
            0x08 => self.raw("\\b"),
            0x0c => self.raw("\\f"),
            other => {
                self.raw("\\u00");
                self.bytes.extend([digit(u64::from(other >> 4)), digit(u64::from(other))]);
            }
        }
    }

    /// The document.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// The last hexadecimal digit of a number.
fn digit(number: u64) -> u8 {
    let nibble = u8::try_from(number & 15).unwrap_or_default();
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_are_written_as_serde_writes_them(words in "\\PC*[\u{0}-\u{7f}]*", number: u64) {
            let mut json = JsonWriter::reusing(Vec::new());
            json.string(&words);
            json.number(number);
            json.hexadecimal(number, 16);
            json.hexadecimal(number >> 30, 1);
            let expected = format!("{}{number}{number:016x}{:x}", serde_json::to_string(&words).unwrap(), number >> 30);
            prop_assert_eq!(String::from_utf8(json.finish()).unwrap(), expected);
            let mut json = JsonWriter::reusing(Vec::new());
            json.thousandths(number >> 20);
            let read: f64 = serde_json::from_slice(&json.finish()).unwrap();
            prop_assert_eq!(read, (number >> 20) as f64 / 1000.0);
        }
    }
}
