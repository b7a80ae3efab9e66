//! The form in which values are kept on a disk (P7): a version, then fields in a fixed order.
//!
//! A reader passes over bytes behind the last field it knows, so a field may be added at the end within a version. A
//! value of a version that is not known reads as nothing and is left where it is. Rejected: JSON, three times the bytes of
//! a session and ten times the work; a serialization crate, whose format would be the version.

/// Puts a value together.
#[derive(Debug)]
pub(crate) struct Encoder(Vec<u8>);

impl Encoder {
    /// A value of this version.
    #[must_use]
    pub(crate) fn new(version: u8) -> Self {
        let mut bytes = Vec::with_capacity(48);
        bytes.push(version);
        Self(bytes)
    }

    /// A whole number; seven bits a byte, the lowest first.
    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
            number >>= 7;
        }
        self.0.push(u8::try_from(number).unwrap_or_default());
    }

    /// A count of what follows.
    pub(crate) fn count(&mut self, count: usize) {
        self.number(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// Bytes behind their length.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// A number that may be missing.
    pub(crate) fn optional(&mut self, number: Option<u64>) {
        self.number(u64::from(number.is_some()));
        self.number(number.unwrap_or_default());
    }

    /// The value.
    #[must_use]
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Takes a value apart. Every field is `None` where the value ends before it, or was never such a value.
#[derive(Debug)]
pub(crate) struct Decoder<'a>(&'a [u8]);

impl<'a> Decoder<'a> {
    /// A value of this version; `None` for any other.
    #[must_use]
    pub(crate) fn open(value: &'a [u8], version: u8) -> Option<Self> {
        let (first, rest) = value.split_first()?;
        (*first == version).then_some(Self(rest))
    }

    /// A whole number.
    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A number of a smaller kind.
    pub(crate) fn small<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.number()?).ok()
    }

    /// A count of what follows; never more than the bytes that are left, so that a damaged one reserves no memory.
    pub(crate) fn count(&mut self) -> Option<usize> {
        self.small().filter(|count| *count <= self.0.len())
    }

    /// Bytes behind their length.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.count()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Text.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// A number that may be missing.
    pub(crate) fn optional(&mut self) -> Option<Option<u64>> {
        let (is_there, number) = (self.number()?, self.number()?);
        Some((is_there != 0).then_some(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_put_in_comes_out(numbers in prop::collection::vec(any::<u64>(), 0..9), bytes: Vec<u8>, last: Option<u64>) {
            let mut encoder = Encoder::new(3);
            numbers.iter().for_each(|number| encoder.number(*number));
            encoder.bytes(&bytes);
            encoder.optional(last);
            let mut value = encoder.finish();
            // A field of a later release.
            value.push(7);
            let mut decoder = Decoder::open(&value, 3).unwrap();
            for number in numbers {
                prop_assert_eq!(decoder.number(), Some(number));
            }
            prop_assert_eq!(decoder.bytes(), Some(&bytes[..]));
            prop_assert_eq!(decoder.optional(), Some(last));
            prop_assert!(Decoder::open(&value, 4).is_none());
        }

        #[test]
        fn nothing_that_lies_on_a_disk_makes_it_panic(value: Vec<u8>) {
            let Some(mut decoder) = Decoder::open(&value, 1) else { return Ok(()) };
            while decoder.bytes().is_some() {}
            let (_number, _text, _last) = (decoder.number(), decoder.text(), decoder.optional());
        }
    }
}
