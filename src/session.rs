//! What is remembered of a user, and what follows from it (I3, I5, K2, S3).
//!
//! A session is what this bridge last showed: a keyboard or free typing, and when. From that and from what the user
//! says, [`Session::plan`] decides as data what happens next; the engine carries it out. The ten minutes of K2 are
//! looked at when a session is read, never by a timer, so they end on the second whatever a sweeper does.
//! Rejected: asking the bot what it wants to hear. The old platform locked the text box, and bots rely on that.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::time::Moment;
use crate::translate::inbound::Says;
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound::Page;
use crate::translate::view::{FreeText, Texts};
use crate::wire::legacy::MessageType;
use crate::wire::mark::Mark;

/// How long a keyboard counts from when it was shown (legacy.md 1, K2); parked replies wait as long (S3).
pub const TEN_MINUTES: Duration = Duration::from_secs(600);

/// Late replies kept for one user (S3). The oldest goes first. Ten: who writes on to a slow bot for ten minutes instead
/// of looking was seen to lose answers with four.
const LATE_REPLIES: usize = 10;

/// What is remembered of one user of one bot. Small, kept by value; the default is a user nobody knows.
#[derive(Debug, Clone, Default)]
pub struct Session {
    keyboard: Option<Arc<Keyboard>>,
    at: Moment,
    page: u16,
    /// Labels from the shown page back to the one before, and on to the next; 0 for none. A page has at most ten.
    back: u8,
    forth: u8,
    shown: Shown,
    numbered: bool,
    greeted: bool,
    shelf: Option<Box<Shelf>>,
}

/// What kind of thing was last shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Shown {
    /// Nothing that this bridge remembers: first contact, or a restart.
    #[default]
    Nothing,
    /// Free typing.
    Text,
    /// The keyboard in `keyboard`.
    Buttons,
}

/// Replies that wait to be seen: boxed, for few users have any.
#[derive(Debug, Clone, Default)]
struct Shelf {
    late: Vec<Late>,
    rest: Option<Rest>,
}

/// One message's worth of a reply: the bot's bytes, read again when shown, or words of ours in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// What the bot answered, bounded.
    Reply(Bytes),
    /// What the user reads where the bot gave nothing usable.
    Words(Box<str>),
}

impl Piece {
    /// Bytes it holds, for the bound on parked replies (S3).
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Reply(bytes) => bytes.len(),
            Self::Words(words) => words.len(),
        }
    }

    /// Lets go of the buffer it was read into, which may be many times its size: what is kept for minutes holds what
    /// it counts (S3).
    fn detach(&mut self) {
        if let Self::Reply(bytes) = self {
            *bytes = Bytes::copy_from_slice(bytes);
        }
    }
}

/// A reply that came after its call was answered (S3).
#[derive(Debug, Clone)]
pub struct Late {
    /// What it says.
    pub pieces: Vec<Piece>,
    /// When its question was asked: a reply shown after this is newer.
    pub asked: Moment,
    /// When it came.
    pub came: Moment,
}

/// The parts of a long reply that were not shown yet (O5).
#[derive(Debug, Clone)]
pub struct Rest {
    /// The whole reply.
    pub pieces: Vec<Piece>,
    /// The next part to show.
    pub next: u32,
    /// When its first part was shown.
    pub at: Moment,
}

/// Which keyboard counts now.
#[derive(Debug, Clone, Copy)]
pub enum Current<'a> {
    /// The user types what they like.
    Free,
    /// This one, shown by this bridge within the last ten minutes.
    Shown(&'a Keyboard),
    /// The home keyboard (`GET /keyboard`), because nothing newer counts.
    Home(Why),
}

/// Why the home keyboard counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The user is not known.
    Unknown,
    /// The ten minutes are over.
    Expired,
}

/// Operator's choices that a plan depends on, and what the call itself adds.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// I5.
    pub free_text: FreeText,
    /// The labels that navigate, typed.
    pub texts: &'a Texts,
    /// Labels that call a human (K5).
    pub handover: &'a [Box<str>],
    /// A block that is not ours spoke last: what this bridge showed does not bind (I5, K3).
    pub unbound: bool,
}

/// What happens next, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan<'a> {
    /// The bot is asked, one message after the other (I4).
    Ask(Vec<(MessageType, Cow<'a, str>)>),
    /// The home keyboard is shown (I2).
    Home,
    /// The current keyboard is shown again under these words.
    Reprompt(Prompt),
    /// The page of the current keyboard that begins with this label is shown (K4).
    Page(u32),
    /// This part of a long reply is shown (O5).
    More(u32),
    /// The late replies are shown (S3).
    Late,
    /// A human is called (K5).
    Handover(Cow<'a, str>),
    /// The conversation ends (E1).
    Leave,
}

/// The words above a keyboard that is shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// `texts.home`, to a user nobody knows; their next words are forwarded (I5).
    Greet,
    /// `texts.choose`.
    Choose,
    /// `texts.expired`.
    Expired,
    /// `texts.media_refused`; to a user nobody knows like [`Prompt::Greet`].
    MediaRefused,
    /// `texts.empty`.
    Empty,
    /// `texts.nothing_parked`.
    NothingParked,
}

impl Session {
    /// Which keyboard counts at `now` (K2).
    #[must_use]
    pub fn current(&self, now: Moment) -> Current<'_> {
        let fresh = now.since(self.at) < TEN_MINUTES;
        match (self.shown, &self.keyboard) {
            (Shown::Nothing, _) => Current::Home(Why::Unknown),
            _ if !fresh => Current::Home(Why::Expired),
            (Shown::Buttons, Some(keyboard)) => Current::Shown(keyboard),
            (Shown::Buttons | Shown::Text, _) => Current::Free,
        }
    }

    /// The keyboard that was last shown, whether it still counts or not.
    #[must_use]
    pub fn last_keyboard(&self) -> Option<&Arc<Keyboard>> {
        self.keyboard.as_ref()
    }

    /// The page that was last shown, by its first label.
    #[must_use]
    pub fn page(&self) -> u32 {
        u32::from(self.page)
    }

    /// Whether this is a user nobody knows.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.shown == Shown::Nothing
    }

    /// What happens next. `home` is the home keyboard's buttons, needed only where [`Session::current`] says
    /// `Home`; `None` counts as free typing (K1). `paged` tells whether the current keyboard has several pages.
    #[must_use]
    pub fn plan<'a>(&self, says: Says<'a>, home: Option<&Keyboard>, rules: &Rules<'_>, now: Moment) -> Plan<'a> {
        let (keyboard, why) = match self.current(now) {
            Current::Free => (None, None),
            Current::Shown(keyboard) => (Some(keyboard), None),
            Current::Home(why) => (home, Some(why)),
        };
        match says {
            Says::Leave => Plan::Leave,
            Says::Home => Plan::Home,
            Says::Nothing => Plan::Reprompt(Prompt::Empty),
            Says::Tap(mark) => self.plan_tap(mark, keyboard, why, rules, now),
            // Whatever `free_text` says of words: under buttons no bot ever got a medium (legacy.md 1).
            // Only a user nobody knew, who was shown the home keyboard once, is believed, as with words (I5).
            Says::Media(_) if keyboard.is_some() && !rules.unbound && !self.greeted => {
                Plan::Reprompt(Prompt::MediaRefused)
            }
            Says::Media(media) => Plan::Ask(media),
            Says::Words(words) => self.plan_words(words, keyboard, why, rules, now),
        }
    }

    fn plan_tap<'a>(
        &self,
        mark: Mark<'a>,
        keyboard: Option<&Keyboard>,
        why: Option<Why>,
        rules: &Rules<'_>,
        now: Moment,
    ) -> Plan<'a> {
        let again = if why.is_some() { Prompt::Expired } else { Prompt::Choose };
        let named = |id| [keyboard, self.keyboard.as_deref()].into_iter().flatten().find(|k| k.id() == id);
        match mark {
            Mark::Say(words) => ask_or_hand_over(words, rules),
            Mark::Pick { keyboard: id, index } => {
                let label = named(id).and_then(|k| k.labels().get(usize::try_from(index).ok()?));
                label.map_or(Plan::Reprompt(again), |label| ask_or_hand_over(Cow::Owned(label.to_string()), rules))
            }
            Mark::Page { keyboard: id, page } if keyboard.is_some_and(|k| k.id() == id) => Plan::Page(page),
            Mark::Page { .. } => Plan::Reprompt(again),
            Mark::More { part } => self.rest(now).map_or(Plan::Reprompt(Prompt::NothingParked), |_| Plan::More(part)),
            Mark::Late if self.has_late(now) => Plan::Late,
            Mark::Late => Plan::Reprompt(Prompt::NothingParked),
        }
    }

    fn plan_words<'a>(
        &self,
        words: Cow<'a, str>,
        keyboard: Option<&Keyboard>,
        why: Option<Why>,
        rules: &Rules<'_>,
        now: Moment,
    ) -> Plan<'a> {
        if let Some(label) = keyboard.and_then(|k| k.find(&words)) {
            return ask_or_hand_over(as_typed(&words, label).unwrap_or_else(|| Cow::Owned(label.to_owned())), rules);
        }
        if let Some(plan) = self.navigation(&words, keyboard, rules.texts, now) {
            return plan;
        }
        if self.numbered
            && let Some(label) = keyboard.and_then(|k| k.numbered(&words))
        {
            return ask_or_hand_over(Cow::Owned(label.to_owned()), rules);
        }
        match self.refusal(keyboard, why, rules) {
            Some(prompt) if !calls_human(&words, rules) => Plan::Reprompt(prompt),
            _ => ask_or_hand_over(words, rules),
        }
    }

    /// Whether what matches no button is kept from the bot, and under which words (I5).
    fn refusal(&self, keyboard: Option<&Keyboard>, why: Option<Why>, rules: &Rules<'_>) -> Option<Prompt> {
        keyboard?;
        if rules.unbound || rules.free_text == FreeText::Forward {
            return None;
        }
        match why {
            Some(Why::Unknown) => Some(Prompt::Greet),
            Some(Why::Expired) => Some(Prompt::Expired),
            None if self.greeted => None,
            None => Some(Prompt::Choose),
        }
    }

    /// The bridge's own labels, typed. A bot's label of the same words has won before (K4).
    fn navigation<'a>(&self, words: &str, keyboard: Option<&Keyboard>, texts: &Texts, now: Moment) -> Option<Plan<'a>> {
        if *words == *texts.more_label {
            return self.rest(now).map(|rest| Plan::More(rest.next));
        }
        if *words == *texts.late_label {
            return self.has_late(now).then_some(Plan::Late);
        }
        let paged = keyboard.zip(self.keyboard.as_deref()).is_some_and(|(now, shown)| now.id() == shown.id());
        let turned = |by: u8| paged && by > 0;
        if *words == *texts.next_label && turned(self.forth) {
            return Some(Plan::Page(self.page() + u32::from(self.forth)));
        }
        (*words == *texts.previous_label && turned(self.back))
            .then(|| Plan::Page(self.page().saturating_sub(u32::from(self.back))))
    }

    /// A reply, or the home keyboard, was shown (K2): its keyboard counts from now, `None` for free typing.
    pub fn show(&mut self, keyboard: Option<Arc<Keyboard>>, page: Page, numbered: bool, now: Moment) {
        self.shown = if keyboard.is_some() { Shown::Buttons } else { Shown::Text };
        self.keyboard = keyboard;
        self.page = u16::try_from(page.start).unwrap_or(u16::MAX);
        let distance = |to: Option<u32>| to.map_or(0, |to| u8::try_from(to.abs_diff(page.start)).unwrap_or(u8::MAX));
        (self.back, self.forth) = (distance(page.previous), distance(page.next));
        self.numbered = numbered;
        self.greeted = false;
        self.at = now;
    }

    /// The home keyboard was shown to a user nobody knows: their next words are forwarded (I5).
    pub fn greet(&mut self, keyboard: Option<Arc<Keyboard>>, numbered: bool, now: Moment) {
        self.show(keyboard, Page::default(), numbered, now);
        self.greeted = true;
    }

    /// Another page of the current keyboard was shown, or the keyboard again: the free pass of a user nobody knew
    /// stays.
    pub fn show_again(&mut self, keyboard: Option<Arc<Keyboard>>, page: Page, numbered: bool, now: Moment) {
        let greeted = self.greeted;
        self.show(keyboard, page, numbered, now);
        self.greeted = greeted;
    }

    /// Takes back what was shown at `at`, because it never arrived: what was shown before counts again, unless
    /// something newer was shown since (S2).
    pub fn unshow(&mut self, before: &Self, at: Moment) {
        if self.at == at {
            let shelf = self.shelf.take();
            *self = Self { shelf, keyboard: before.keyboard.clone(), ..*before };
        }
    }

    /// Keeps a reply that came late (S3), in the order of the questions.
    pub fn park(&mut self, mut late: Late) {
        late.pieces.iter_mut().for_each(Piece::detach);
        let shelf = self.shelf.get_or_insert_default();
        let place = shelf.late.partition_point(|other| other.asked <= late.asked);
        shelf.late.insert(place, late);
        if shelf.late.len() > LATE_REPLIES {
            // Words of ours go before anything the bot has said.
            let ours = |late: &Late| !late.pieces.iter().any(|piece| matches!(piece, Piece::Reply(_)));
            let gone = shelf.late.iter().position(ours).unwrap_or_default();
            shelf.late.remove(gone);
        }
    }

    /// The late replies that wait (S3), oldest question first.
    pub fn late(&self, now: Moment) -> impl Iterator<Item = &Late> {
        let late = self.shelf.iter().flat_map(|shelf| &shelf.late);
        late.filter(move |late| now.since(late.came) < TEN_MINUTES)
    }

    /// Whether a late reply waits (S3).
    #[must_use]
    pub fn has_late(&self, now: Moment) -> bool {
        self.late(now).next().is_some()
    }

    /// Takes the late replies, oldest first, those over ten minutes left out.
    pub fn take_late(&mut self, now: Moment) -> Vec<Late> {
        let Some(shelf) = &mut self.shelf else { return Vec::new() };
        let mut late = std::mem::take(&mut shelf.late);
        late.retain(|late| now.since(late.came) < TEN_MINUTES);
        self.tidy(now);
        late
    }

    /// Whether a reply was shown after `asked` (S3: then a late one's keyboard does not count).
    #[must_use]
    pub fn shown_since(&self, asked: Moment) -> bool {
        self.shown != Shown::Nothing && self.at > asked
    }

    /// The rest of a long reply, if it still waits (O5).
    #[must_use]
    pub fn rest(&self, now: Moment) -> Option<&Rest> {
        self.shelf.as_ref()?.rest.as_ref().filter(|rest| now.since(rest.at) < TEN_MINUTES)
    }

    /// Keeps the rest of a long reply, in place of an older one.
    pub fn keep_rest(&mut self, mut rest: Rest) {
        rest.pieces.iter_mut().for_each(Piece::detach);
        self.shelf.get_or_insert_default().rest = Some(rest);
    }

    /// Forgets the rest: it was shown to its end.
    pub fn drop_rest(&mut self, now: Moment) {
        if let Some(shelf) = &mut self.shelf {
            shelf.rest = None;
        }
        self.tidy(now);
    }

    /// Drops what waited over ten minutes; frees the shelf when it is empty.
    pub fn tidy(&mut self, now: Moment) {
        if let Some(shelf) = &mut self.shelf {
            shelf.late.retain(|late| now.since(late.came) < TEN_MINUTES);
            if shelf.rest.as_ref().is_some_and(|rest| now.since(rest.at) >= TEN_MINUTES) {
                shelf.rest = None;
            }
            if shelf.late.is_empty() && shelf.rest.is_none() {
                self.shelf = None;
            }
        }
    }

    /// Whether anything waits to be seen: such a session is never evicted (S5).
    #[must_use]
    pub fn has_parked(&self) -> bool {
        self.shelf.is_some()
    }

    /// Bytes that wait to be seen (S3).
    #[must_use]
    pub fn parked_bytes(&self) -> usize {
        let Some(shelf) = &self.shelf else { return 0 };
        let late = shelf.late.iter().flat_map(|late| &late.pieces);
        late.chain(shelf.rest.iter().flat_map(|rest| &rest.pieces)).map(Piece::size).sum()
    }

    /// Since when the oldest of it waits.
    #[must_use]
    pub fn oldest_parked(&self) -> Option<Moment> {
        let shelf = self.shelf.as_ref()?;
        shelf.late.iter().map(|late| late.came).chain(shelf.rest.iter().map(|rest| rest.at)).min()
    }

    /// Replies that wait to be seen.
    #[must_use]
    pub fn parked_count(&self) -> usize {
        self.shelf.as_ref().map_or(0, |shelf| shelf.late.len() + usize::from(shelf.rest.is_some()))
    }

    /// When something was last shown.
    #[must_use]
    pub fn last_shown(&self) -> Moment {
        self.at
    }
}

fn calls_human(words: &str, rules: &Rules<'_>) -> bool {
    rules.handover.iter().any(|label| label.trim() == words.trim())
}

/// Pressed or typed, a hand-over label never reaches the bot (K5).
fn ask_or_hand_over<'a>(words: Cow<'a, str>, rules: &Rules<'_>) -> Plan<'a> {
    if calls_human(&words, rules) {
        return Plan::Handover(words);
    }
    Plan::Ask(vec![(MessageType::Text, words)])
}

/// The words themselves where they are the label, to borrow instead of copying.
fn as_typed<'a>(words: &Cow<'a, str>, label: &str) -> Option<Cow<'a, str>> {
    (**words == *label).then(|| words.clone())
}

#[cfg(test)]
mod tests;
