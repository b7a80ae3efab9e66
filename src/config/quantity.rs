//! Durations and sizes as people write them: `"4.5s"`, `"10m"`, `"256KiB"`.
//!
//! Own code, because the crate for durations (`humantime`) has no fractions, and the design's own defaults have them.
//! Numbers are scaled as integers: `"4.9s"` is 4900 ms and not a rounding below it.

use std::time::Duration;

/// The units of durations with their nanoseconds.
const TIMES: [(&str, u128); 4] =
    [("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];

/// The units of sizes with their bytes; compared without regard to case.
const SIZES: [(&str, u128); 7] = [
    ("B", 1),
    ("KB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
];

/// The ways in which a quantity can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Below zero.
    Negative,
    /// A number alone.
    WithoutUnit,
    /// No number, or a unit that is none.
    Unreadable,
    /// More than can be counted.
    TooLarge,
}

/// A duration such as `4.5s`.
///
/// # Errors
/// A [`Flaw`].
pub fn duration(text: &str) -> Result<Duration, Flaw> {
    let (number, unit) = split(text);
    if number.starts_with('-') {
        return Err(Flaw::Negative);
    }
    if unit.is_empty() && !number.is_empty() {
        return Err(Flaw::WithoutUnit);
    }
    let scale = TIMES.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale);
    let nanos = scale.and_then(|scale| scaled(number, scale)).ok_or(Flaw::Unreadable)?;
    u64::try_from(nanos).map(Duration::from_nanos).map_err(|_| Flaw::TooLarge)
}

/// A size in bytes such as `256KiB`, or plain bytes.
///
/// # Errors
/// As [`duration`].
pub fn size(text: &str) -> Result<u64, Flaw> {
    let (number, unit) = split(text);
    if number.starts_with('-') {
        return Err(Flaw::Negative);
    }
    let unit = if unit.is_empty() { "B" } else { unit };
    let scale = SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, scale)| *scale);
    let bytes = scale.and_then(|scale| scaled(number, scale)).ok_or(Flaw::Unreadable)?;
    u64::try_from(bytes).map_err(|_| Flaw::TooLarge)
}

/// A duration as it would be written.
#[must_use]
pub fn show_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let fits = TIMES.iter().rev().find(|(_, scale)| nanos >= *scale && nanos.is_multiple_of(*scale / 10));
    let (unit, scale) = fits.copied().unwrap_or(("ms", 1_000_000));
    if nanos == 0 {
        return String::from("0s");
    }
    let (whole, rest) = (nanos / scale, (nanos % scale) * 1000 / scale);
    let fraction = format!("{rest:03}");
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{whole}{unit}") } else { format!("{whole}.{fraction}{unit}") }
}

/// A size as it would be written.
#[must_use]
pub fn show_size(bytes: u64) -> String {
    let exact = SIZES.iter().rev().find(|(name, scale)| {
        let binary = name.len() == 3 || *scale == 1;
        binary && u128::from(bytes) >= *scale && u128::from(bytes).is_multiple_of(*scale)
    });
    let (unit, scale) = exact.copied().unwrap_or(("B", 1));
    format!("{}{unit}", u128::from(bytes) / scale)
}

/// Number and unit.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end).unwrap_or((text, ""));
    (number, unit.trim())
}

/// A decimal number times `scale`, rounded down; `None` when it is no number.
fn scaled(number: &str, scale: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.len() <= 18 && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let ten = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let parts = (whole.parse::<u128>().ok()?, fraction.parse::<u128>().ok()?);
    parts.0.checked_mul(scale)?.checked_add(parts.1.checked_mul(scale)? / ten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, millis) in [("4.5s", 4500), ("500ms", 500), ("10m", 600_000), ("1h", 3_600_000), ("1.5 m", 90_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for (text, flaw) in [
            ("5", Flaw::WithoutUnit),
            ("-3s", Flaw::Negative),
            ("abc", Flaw::Unreadable),
            ("", Flaw::Unreadable),
            ("1.s", Flaw::Unreadable),
        ] {
            assert_eq!(duration(text), Err(flaw), "{text}");
        }
        assert!(duration("999999999999999999h").is_err());
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [("256KiB", 262_144), ("64MB", 64_000_000), ("1.5kib", 1536), ("10", 10), ("7 B", 7)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for odd in ["", "-1", "KiB", "1XB", "999999999999999999GiB"] {
            assert!(size(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn what_is_shown_is_read_back() {
        for text in ["4.5s", "500ms", "10m", "1h", "55s", "1.5m", "0s", "1.25s"] {
            let meant = duration(text).unwrap();
            assert_eq!(duration(&show_duration(meant)), Ok(meant), "{text}");
        }
        assert_eq!(show_duration(Duration::from_millis(4900)), "4.9s");
        assert_eq!(show_duration(Duration::from_mins(1)), "1m");
        assert_eq!(show_size(262_144), "256KiB");
        assert_eq!(show_size(64_000_001), "64000001B");
    }
}
