//! The inside of a JSON string: how far it is plain, and what its escapes mean.

/// Bytes that neither end a string nor escape anything in it, nor are control characters.
#[allow(clippy::indexing_slicing, reason = "done when it is compiled")]
const PLAIN: [bool; 256] = {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = false;
        byte += 1;
    }
    table[b'"' as usize] = false;
    table[b'\\' as usize] = false;
    table
};

/// Words without their escapes. PHP writes all Korean in them, so half of all replies come this way: one allocation, and
/// no pass but this. `None` for half a pair, which is no character; serde says so.
pub(super) fn unescaped(inner: &str) -> Option<String> {
    let mut words = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        words.push_str(rest.get(..at)?);
        let escape = rest.as_bytes().get(at + 1)?;
        rest = rest.get(at + 2..)?;
        let plain = match escape {
            b'u' => {
                let unit = hexadecimal(&mut rest)?;
                let second = match unit {
                    0xD800..0xDC00 => {
                        rest = rest.strip_prefix("\\u")?;
                        Some(hexadecimal(&mut rest)?)
                    }
                    _ => None,
                };
                char::decode_utf16([unit].into_iter().chain(second)).next()?.ok()?
            }
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            itself => char::from(*itself),
        };
        words.push(plain);
    }
    words.push_str(rest);
    Some(words)
}

/// Takes four digits.
fn hexadecimal(rest: &mut &str) -> Option<u16> {
    let (digits, behind) = rest.split_at_checked(4)?;
    *rest = behind;
    digits.bytes().try_fold(0, |unit, digit| Some(unit << 4 | u16::try_from(char::from(digit).to_digit(16)?).ok()?))
}

/// How many bytes at the beginning neither end a string nor escape anything in it, nor are control characters: eight at a
/// time, by the usual arithmetic that finds a zero byte in a word.
#[inline]
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let zero_in = |word: u64| word.wrapping_sub(ONES) & !word;
    let marks = |chunk: &[u8; 8]| {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        (control | zero_in(word ^ (ONES * 0x22)) | zero_in(word ^ (ONES * 0x5C))) & TOPS
    };
    // The lowest mark is exact; those above it may be its echoes.
    let first = |marks: u64| (marks.trailing_zeros() / 8) as usize;
    let mut plain = 0;
    let mut rest = bytes;
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        match marks(chunk) {
            0 => plain += 8,
            found => return plain + first(found),
        }
        rest = behind;
    }
    match bytes.last_chunk::<8>() {
        // The last eight bytes once more, instead of the last few one by one: those before them are plain.
        Some(last) if !rest.is_empty() => match marks(last) {
            0 => bytes.len(),
            found => bytes.len() - 8 + first(found),
        },
        Some(_) => plain,
        None => rest.iter().take_while(|byte| PLAIN.get(usize::from(**byte)).is_some_and(|plain| *plain)).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn plain_bytes_are_counted_to_the_first_that_is_not(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let plain = bytes.iter().take_while(|byte| **byte >= 0x20 && **byte != b'"' && **byte != b'\\').count();
            prop_assert_eq!(plain_length(&bytes), plain);
        }
    }
}
