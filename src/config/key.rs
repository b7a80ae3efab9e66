//! What a key is.

use std::borrow::Cow;

/// What may stand under a key.
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
    /// What must be written, for messages.
    #[must_use]
    pub fn wants(self) -> &'static str {
        match self {
            Self::Address => "an IP address and port in quotes, such as \"127.0.0.1:8080\"",
            Self::Url | Self::SecretUrl => "a URL in quotes, such as \"http://old-bot:8000\"",
            Self::Switch => "true or false",
            Self::Count(..) => "a whole number",
            Self::Size(..) => "a size, such as \"256KiB\", \"64MB\" or plain bytes",
            Self::Duration(..) => "a number and a unit in quotes, such as \"4.5s\", \"500ms\", \"10m\" or \"1h\"",
            Self::Choice(_) | Self::Words(_) | Self::Text | Self::Secret => "a text in quotes",
            Self::List | Self::Secrets => "a list of texts, such as [\"a\", \"b\"]",
            Self::Map | Self::SecretMap => "a table of texts, such as { a = \"b\" }",
            Self::File => "the path of a file in quotes",
        }
    }
}

/// One key.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its path, `*` standing for the name of a bot.
    pub path: Cow<'static, str>,
    /// What may stand there.
    pub kind: Kind,
    /// The default as TOML; empty for none.
    pub default: Cow<'static, str>,
    /// A valid value as TOML, for the sample.
    pub example: Cow<'static, str>,
    /// What it is for.
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
