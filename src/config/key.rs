//! The description of a key.

use std::borrow::Cow;

use crate::messages::Message;
use crate::messages::config as messages;

/// The kind of value that may stand under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// IP address and port.
    Address,
    /// An `http` or `https` URL.
    Url,
    /// The same, but only its origin is shown: the path of a web hook is its password.
    SecretUrl,
    /// `true` or `false`.
    Switch,
    /// A whole number between two others.
    Count(u64, u64),
    /// A size between two others, in bytes.
    Size(u64, u64),
    /// A duration between two others, in milliseconds.
    Duration(u64, u64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Words users read, at most so many UTF-16 units.
    Words(usize),
    /// Any text.
    Text,
    /// A list of texts.
    List,
    /// A table from text to text.
    Map,
    /// A table from text to text whose values are not shown.
    SecretMap,
    /// A secret, not shown.
    Secret,
    /// A list of secrets, not shown.
    Secrets,
    /// Path of a file that is read at load.
    File,
}

impl Kind {
    /// The form that must be written, for messages.
    #[must_use]
    pub fn wants(self) -> Message {
        match self {
            Self::Address => messages::wants_address(),
            Self::Url | Self::SecretUrl => messages::wants_url(),
            Self::Switch => messages::wants_switch(),
            Self::Count(..) => messages::wants_count(),
            Self::Size(..) => messages::wants_size(),
            Self::Duration(..) => messages::wants_duration(),
            Self::Choice(_) | Self::Words(_) | Self::Text | Self::Secret => messages::wants_text(),
            Self::List | Self::Secrets => messages::wants_list(),
            Self::Map | Self::SecretMap => messages::wants_table(),
            Self::File => messages::wants_file(),
        }
    }

    /// Whether what stands there is a secret, or may be one.
    #[must_use]
    pub fn is_secret(self) -> bool {
        match self {
            Self::Secret | Self::Secrets | Self::SecretMap | Self::SecretUrl => true,
            Self::Address
            | Self::Url
            | Self::Switch
            | Self::Count(..)
            | Self::Size(..)
            | Self::Duration(..)
            | Self::Choice(_)
            | Self::Words(_)
            | Self::Text
            | Self::List
            | Self::Map
            | Self::File => false,
        }
    }
}

/// One key.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its path, `*` standing for the name of a bot.
    pub path: Cow<'static, str>,
    /// The kind of its value.
    pub kind: Kind,
    /// The default as TOML; empty for none.
    pub default: Cow<'static, str>,
    /// A valid value as TOML, for the sample.
    pub example: Cow<'static, str>,
    /// Its purpose.
    pub english: &'static str,
    /// The same in Korean.
    pub korean: &'static str,
}

impl Key {
    /// The last part of its path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }

    /// The path without its last part; empty at the top.
    #[must_use]
    pub fn section(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(section, _)| section)
    }
}
