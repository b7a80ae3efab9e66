//! The memory of a user, and the decisions that follow from it (I3, I5, K2, S3).
//!
//! A session is what this bridge last showed: a keyboard or free typing, and when. From that and from what the user
//! says, [`Session::plan`] decides as data what happens next; the engine carries it out. The ten minutes of K2 are
//! looked at when a session is read, never by a timer, so they end on the second, independent of the sweeper. Rejected:
//! asking the bot what it wants to hear. The old platform locked the text box, and bots rely on that.

mod parked;
mod plan;
mod stored;

use std::sync::Arc;
use std::time::Duration;

use crate::time::Moment;
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound::Page;

use parked::Parked;

pub(crate) use parked::{LateReply, ReplyBody, Rest};
pub(crate) use plan::{LocalStep, Messages, Plan, Prompt, Rules, Step};
pub(crate) use stored::{StoredItem, StoredShown};

/// How long a keyboard counts from when it was shown (legacy.md 1, K2); parked replies wait as long (S3).
pub(crate) const TEN_MINUTES: Duration = Duration::from_secs(600);

/// The memory of one user of one bot. Small, kept by value; the default is an unknown user.
#[derive(Debug, Clone, Default)]
pub struct Session {
    keyboard: Option<Arc<Keyboard>>,
    at: Moment,
    page: u16,
    /// Labels from the shown page back to the one before, and on to the next; 0 for none. A page has at most ten.
    back: u8,
    forth: u8,
    shown: LastShown,
    numbered: bool,
    greeted: bool,
    /// The store was not asked yet what it has kept.
    unread: bool,
    parked: Option<Box<Parked>>,
}

/// The kind of answer that was last shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum LastShown {
    /// Nothing that this bridge remembers: first contact, or a restart.
    #[default]
    Nothing,
    /// Free typing.
    Text,
    /// The keyboard in `keyboard`.
    Buttons,
}

/// Which keyboard counts now.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Current<'a> {
    /// The user types what they like.
    Free,
    /// This one, shown by this bridge within the last ten minutes.
    Shown(&'a Arc<Keyboard>),
    /// The home keyboard (`GET /keyboard`), because nothing newer counts.
    Home(Why),
}

/// Why the home keyboard counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The user is not known.
    Unknown,
    /// The ten minutes are over.
    Expired,
}

impl Session {
    /// Which keyboard counts at `now` (K2).
    #[must_use]
    pub(crate) fn current(&self, now: Moment) -> Current<'_> {
        let fresh = now.since(self.at) < TEN_MINUTES;
        match (self.shown, &self.keyboard) {
            (LastShown::Nothing, _) => Current::Home(Why::Unknown),
            _ if !fresh => Current::Home(Why::Expired),
            (LastShown::Buttons, Some(keyboard)) => Current::Shown(keyboard),
            (LastShown::Buttons | LastShown::Text, _) => Current::Free,
        }
    }

    /// The keyboard that was last shown, whether it counts or not.
    #[must_use]
    pub(crate) fn last_keyboard(&self) -> Option<&Arc<Keyboard>> {
        self.keyboard.as_ref()
    }

    /// The page that was last shown, by its first label.
    #[must_use]
    pub(crate) fn page(&self) -> u32 {
        u32::from(self.page)
    }

    /// Whether this is an unknown user.
    #[must_use]
    pub(crate) fn is_new(&self) -> bool {
        self.shown == LastShown::Nothing
    }

    /// A reply, or the home keyboard, was shown (K2): its keyboard counts from now, `None` for free typing.
    pub fn show(&mut self, keyboard: Option<Arc<Keyboard>>, page: Page, numbered: bool, now: Moment) {
        self.shown = if keyboard.is_some() { LastShown::Buttons } else { LastShown::Text };
        self.keyboard = keyboard;
        self.page = u16::try_from(page.start).unwrap_or(u16::MAX);
        let distance = |to: Option<u32>| to.map_or(0, |to| u8::try_from(to.abs_diff(page.start)).unwrap_or(u8::MAX));
        (self.back, self.forth) = (distance(page.previous), distance(page.next));
        self.numbered = numbered;
        self.greeted = false;
        self.at = now;
    }

    /// The home keyboard was shown to an unknown user: their next words are forwarded (I5).
    pub(crate) fn greet(&mut self, keyboard: Option<Arc<Keyboard>>, page: Page, numbered: bool, now: Moment) {
        self.show(keyboard, page, numbered, now);
        self.greeted = true;
    }

    /// Words of an unknown user went to the bot although they match no button: the next ones do not (I5).
    pub(crate) fn spend_greeting(&mut self) {
        self.greeted = false;
    }

    /// Another page of the current keyboard was shown, or the keyboard again: the free pass of an unknown user stays.
    pub(crate) fn show_again(&mut self, keyboard: Option<Arc<Keyboard>>, page: Page, numbered: bool, now: Moment) {
        let greeted = self.greeted;
        self.show(keyboard, page, numbered, now);
        self.greeted = greeted;
    }

    /// Whether a keyboard is remembered that no other user is shown: it goes when this session goes.
    #[must_use]
    pub(crate) fn keeps_a_keyboard_of_its_own(&self) -> bool {
        self.keyboard.as_ref().is_some_and(|keyboard| Arc::strong_count(keyboard) == 1)
    }

    /// Drops a keyboard whose ten minutes are over (K2): it may be large, and no decision needs it any more.
    pub(crate) fn forget_expired_keyboard(&mut self, now: Moment) {
        if now.since(self.at) >= TEN_MINUTES {
            self.keyboard = None;
        }
    }

    /// Whether a reply was shown after `asked` (S3: then a late one's keyboard does not count).
    #[must_use]
    pub(crate) fn shown_since(&self, asked: Moment) -> bool {
        self.shown != LastShown::Nothing && self.at > asked
    }

    /// When something was last shown.
    #[must_use]
    pub(crate) fn last_shown(&self) -> Moment {
        self.at
    }
}

#[cfg(test)]
mod tests;
