//! Rank 5: conversations with a bot that are written down, played through a whole bridge, and compared.
//!
//! A conversation is a TOML file that an owner can write: what the user does, and what must come of it. It is played by
//! real skill calls to a bridge of its own in this process, before the bot, so that what is compared is what users
//! read: pages, rests, late answers and the bridge's own words included. Playing reports data; the command line and the
//! console word it. Rejected: comparing the bot's bodies, in which a new field is a difference and a lost page is none.

pub(crate) mod bubbles;
pub(crate) mod call;
pub(crate) mod crawl;
pub(crate) mod file;
pub(crate) mod judge;
pub(crate) mod play;
pub(crate) mod player;
pub(crate) mod report;
pub(crate) mod screen;

use std::time::Duration;

use regex::Regex;

/// A conversation as it is meant.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    /// What it is about.
    pub(crate) name: String,
    /// The bot of the configuration; needed where there are several.
    pub(crate) bot: Option<String>,
    /// Who speaks; somebody new each time without.
    pub(crate) user: Option<String>,
    /// At least one.
    pub(crate) steps: Vec<Step>,
}

/// One thing that the user does, and what must come of it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// How long the user waits first, for an answer that comes late.
    pub(crate) wait: Duration,
    pub(crate) act: Act,
    pub(crate) expected: Expected,
}

/// What a user does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// Enters the chat room.
    Enter,
    /// Presses the button with this label.
    Tap(String),
    /// Types words.
    Say(String),
    /// Sends the photo at this URL.
    Photo(String),
}

/// What must come of it; what is left out may be anything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    /// All words of the bubbles, exactly.
    pub(crate) text: Option<String>,
    /// Each of these stands in them.
    pub(crate) contains: Vec<String>,
    /// They match this.
    pub(crate) matches: Option<Regex>,
    /// The buttons, in this order.
    pub(crate) buttons: Option<Vec<String>>,
    /// The answer comes in time.
    pub(crate) within: Option<Duration>,
    /// Whether the bot was asked.
    pub(crate) asked: Option<bool>,
}
