//! The mark on every button the bridge makes: `extra.sb`, which comes back as `clientExtra.sb`.
//!
//! A tap must mean what its label said when it was shown, no matter which keyboard is current by then (I3), also after
//! a restart; so the mark carries the exact words itself, not a reference into state that may be gone. Only words over
//! 1000 units, and the bridge's own navigation, refer to a keyboard by its id. Small and versioned: a mark of another
//! version, or one that makes no sense, is ignored and the utterance speaks for itself.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

use super::json::JsonWriter;
use super::text::Text;

/// The version this build writes and reads.
const VERSION: u8 = 1;

/// Names a keyboard by its labels: the same labels in the same order have the same id, after a restart too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyboardId(pub u64);

impl fmt::Debug for KeyboardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The meaning of a button of ours.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Mark<'a> {
    /// Say these exact words to the bot (I3).
    Say(Cow<'a, str>),
    /// Say the label with this index of that keyboard: a label too long to travel (K3).
    Pick {
        /// Which keyboard.
        keyboard: KeyboardId,
        /// Counted from 0.
        index: u32,
    },
    /// Show this page of that keyboard (K4).
    Page {
        /// Which keyboard.
        keyboard: KeyboardId,
        /// The label it begins with, counted from 0.
        page: u32,
    },
    /// `이어서 보기`: show this part of what was too long for one answer (O5).
    More {
        /// Counted from 0.
        part: u32,
    },
    /// `답변 보기`: show the answer that came late (S3).
    Late,
}

/// The mark as it comes back.
#[derive(Deserialize)]
struct Written<'a> {
    v: u8,
    #[serde(borrow, default)]
    w: Option<WrittenText<'a>>,
    #[serde(borrow, default)]
    k: Option<WrittenText<'a>>,
    #[serde(default)]
    i: Option<u32>,
    #[serde(default)]
    p: Option<u32>,
    #[serde(default)]
    m: Option<u32>,
    #[serde(default)]
    l: bool,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct WrittenText<'a>(#[serde(borrow)] Text<'a>);

impl Mark<'_> {
    /// The mark as it stands in JSON: one letter a member, for ten of them travel with every keyboard.
    pub(super) fn write(&self, json: &mut JsonWriter) {
        json.raw(r#"{"v":1"#);
        match self {
            Self::Say(words) => {
                json.raw(r#","w":"#);
                json.string(words);
            }
            Self::Pick { keyboard, index } => {
                json.raw(r#","k":"#);
                json.string(&format!("{keyboard:?}"));
                json.raw(r#","i":"#);
                json.number(*index);
            }
            Self::Page { keyboard, page } => {
                json.raw(r#","k":"#);
                json.string(&format!("{keyboard:?}"));
                json.raw(r#","p":"#);
                json.number(*page);
            }
            Self::More { part } => {
                json.raw(r#","m":"#);
                json.number(*part);
            }
            Self::Late => json.raw(r#","l":true"#),
        }
        json.raw("}");
    }
}

impl<'a> Mark<'a> {
    /// The same, borrowing its words.
    #[must_use]
    pub fn borrowed(&self) -> Mark<'_> {
        match self {
            Self::Say(words) => Mark::Say(Cow::Borrowed(words)),
            Self::Pick { keyboard, index } => Mark::Pick { keyboard: *keyboard, index: *index },
            Self::Page { keyboard, page } => Mark::Page { keyboard: *keyboard, page: *page },
            Self::More { part } => Mark::More { part: *part },
            Self::Late => Mark::Late,
        }
    }

    /// The same, owning its words.
    #[must_use]
    pub fn into_owned(self) -> Mark<'static> {
        match self {
            Self::Say(words) => Mark::Say(Cow::Owned(words.into_owned())),
            Self::Pick { keyboard, index } => Mark::Pick { keyboard, index },
            Self::Page { keyboard, page } => Mark::Page { keyboard, page },
            Self::More { part } => Mark::More { part },
            Self::Late => Mark::Late,
        }
    }

    /// Our mark in a `clientExtra`, if there is one that this version understands.
    #[must_use]
    pub fn find(client_extra: &'a str) -> Option<Self> {
        #[derive(Deserialize)]
        struct ClientExtra<'b> {
            #[serde(borrow, default)]
            sb: Option<Written<'b>>,
        }
        // Nearly all words come with an empty one.
        if client_extra == "{}" {
            return None;
        }
        let written = serde_json::from_str::<ClientExtra<'a>>(client_extra).ok()?.sb?;
        if written.v != VERSION {
            return None;
        }
        let keyboard = written.k.and_then(|k| u64::from_str_radix(k.0.as_str(), 16).ok()).map(KeyboardId);
        match (written.w, keyboard, written.i, written.p, written.m) {
            // Blank words are no label of ours, and no bot was ever sent any (legacy.md 2).
            (Some(words), ..) if !words.0.as_str().trim().is_empty() => Some(Self::Say(words.0.0)),
            (None, Some(keyboard), Some(index), None, None) => Some(Self::Pick { keyboard, index }),
            (None, Some(keyboard), None, Some(page), None) => Some(Self::Page { keyboard, page }),
            (None, None, None, None, Some(part)) => Some(Self::More { part }),
            (None, None, None, None, None) if written.l => Some(Self::Late),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_comes_back_as_it_went() {
        let keyboard = KeyboardId(0x00ab_cdef_0123_4567);
        let marks = [
            Mark::Say("급식(조식)\n\"둘째 줄\"".into()),
            Mark::Pick { keyboard, index: 121 },
            Mark::Page { keyboard, page: 0 },
            Mark::More { part: 3 },
            Mark::Late,
        ];
        for mark in marks {
            let extra = super::super::answer::Extra { sb: mark.clone() }.to_json();
            assert_eq!(Mark::find(&extra), Some(mark), "{extra}");
        }
    }

    #[test]
    fn what_is_not_our_mark_is_ignored() {
        for other in [
            "null",
            "\"null\"",
            "{}",
            "[]",
            "7",
            r#"{"kb":"a1"}"#,
            r#"{"sb":null}"#,
            r#"{"sb":{"v":2,"w":"x"}}"#,
            r#"{"sb":{"v":1}}"#,
            r#"{"sb":{"v":1,"w":""}}"#,
            r#"{"sb":{"v":1,"w":" \n"}}"#,
            r#"{"sb":{"v":1,"k":"zz","p":1}}"#,
            r#"{"sb":"x"}"#,
            "{",
        ] {
            assert_eq!(Mark::find(other), None, "{other}");
        }
        assert_eq!(Mark::find(r#"{"id":7,"sb":{"v":1,"w":"급식"},"x":[]}"#), Some(Mark::Say("급식".into())));
    }
}
