//! Values that must not be seen: compared in constant time, never printed.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use url::Url;

/// A secret. `Debug` and `Display` show dots.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Hides `value`.
    #[must_use]
    pub fn new(value: &str) -> Self {
        Self(SecretString::from(value))
    }

    /// Whether `offered` is the secret; takes as long for a near miss as for a far one.
    #[must_use]
    pub fn matches(&self, offered: &[u8]) -> bool {
        self.0.expose_secret().as_bytes().ct_eq(offered).into()
    }

    /// The bytes, for keying a hash.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.expose())
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A URL whose path is its password, as those of web hooks are. `Debug` shows its origin only.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(Url);

impl SecretUrl {
    /// Hides `url`.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self(url)
    }

    /// The URL, to be called.
    #[must_use]
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/…", self.0.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_matches_itself_and_is_never_shown() {
        let secret = Secret::new("s3cret");
        assert!(secret.matches(b"s3cret"));
        assert!(!secret.matches(b"s3cre") && !secret.matches(b"s3crets") && !secret.matches(b""));
        assert_eq!(format!("{secret:?}{secret}"), "……");
    }
}
