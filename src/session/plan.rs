//! The decision what to do next (I3, I5), made from the memory of a user and from their words.

use std::borrow::Cow;
use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use super::{Current, Session, Why};
use crate::time::Moment;
use crate::translate::inbound::UserInput;
use crate::translate::keyboard::Keyboard;
use crate::translate::view::{FreeText, Texts, calls_human};
use crate::wire::legacy::MessageType;
use crate::wire::mark::Mark;

/// Operator's choices that a plan depends on, and what the call itself adds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    /// I5.
    pub(crate) free_text: FreeText,
    /// The labels that navigate, typed.
    pub(crate) texts: &'a Texts,
    /// Labels that call a human (K5).
    pub(crate) handover: &'a [Box<str>],
    /// A block that is not ours spoke last: the keyboard of this bridge does not bind the user (I5, K3).
    pub(crate) unbound: bool,
    /// The process started less than ten minutes ago and its store began empty: a text keyboard of before may still
    /// count, so an unknown user's words may be meant for the bot (I5, K2).
    pub(crate) recently_started: bool,
    /// When the call arrived: the user had not seen an answer that was shown only after that (I5).
    pub(crate) arrived: Moment,
}

/// The next step, and the keyboard by which it was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan<'a> {
    /// The step.
    pub(crate) step: Step<'a>,
    /// The keyboard that counts; `None` for free typing.
    pub(crate) keyboard: Option<Arc<Keyboard>>,
}

/// Messages to the bot, in order; nearly always one, several for several photos (I4).
pub(crate) type Messages<'a> = SmallVec<[(MessageType, Cow<'a, str>); 1]>;

/// The next step, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// The bot is asked, one message after the other (I4).
    Ask(Messages<'a>),
    /// The bot is asked what matches no button of the keyboard that counts (I5). On the old platform it never got such
    /// words, so an error page in return says nothing of its health (S4).
    Forward(Messages<'a>),
    /// The bot is not asked.
    Local(LocalStep<'a>),
}

/// A step that the bridge does by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LocalStep<'a> {
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
pub(crate) enum Prompt {
    /// `texts.home`, to an unknown user; their next words are forwarded (I5).
    Greet,
    /// `texts.choose`.
    Choose,
    /// `texts.expired`.
    Expired,
    /// `texts.media_refused`; to an unknown user like [`Prompt::Greet`].
    MediaRefused,
    /// `texts.empty`.
    Empty,
    /// `texts.nothing_parked`.
    NothingParked,
}

impl Session {
    /// Decides the next step. `home` is the home keyboard's buttons, needed only where [`Session::current`] says
    /// `Home`; `None` counts as free typing (K1).
    #[must_use]
    pub(crate) fn plan<'a>(
        &self,
        says: UserInput<'a>,
        home: Option<&Arc<Keyboard>>,
        rules: &Rules<'_>,
        now: Moment,
    ) -> Plan<'a> {
        let (keyboard, why) = match self.current(now) {
            Current::Free => (None, None),
            Current::Shown(keyboard) => (Some(keyboard), None),
            Current::Home(why) => (home, Some(why)),
        };
        let step = match says {
            UserInput::Leave => Step::Local(LocalStep::Leave),
            UserInput::Home => Step::Local(LocalStep::Home),
            UserInput::Nothing => Step::Local(LocalStep::Reprompt(Prompt::Empty)),
            UserInput::Tap(mark) => self.plan_tap(mark, keyboard, why, rules, now),
            // This does not depend on `free_text`: under buttons no bot ever got a medium (legacy.md 1). Only an
            // unknown user who was shown the home keyboard once may pass, as with words (I5).
            UserInput::Media(_) if keyboard.is_some() && self.binds(rules) && !self.is_believed(rules) => {
                Step::Local(LocalStep::Reprompt(Prompt::MediaRefused))
            }
            UserInput::Media(media) if keyboard.is_some() => Step::Forward(media.into()),
            UserInput::Media(media) => Step::Ask(media.into()),
            UserInput::Words(words) => self.plan_words(words, keyboard, why, rules, now),
        };
        let keyboard = if step == Step::Local(LocalStep::Home) { home } else { keyboard };
        Plan { step, keyboard: keyboard.cloned() }
    }

    fn plan_tap<'a>(
        &self,
        mark: Mark<'a>,
        keyboard: Option<&Arc<Keyboard>>,
        why: Option<Why>,
        rules: &Rules<'_>,
        now: Moment,
    ) -> Step<'a> {
        let again = if why.is_some() { Prompt::Expired } else { Prompt::Choose };
        // A button of a forgotten keyboard: the keyboard that counts, or home where there is none.
        let lost =
            || if keyboard.is_some() { Step::Local(LocalStep::Reprompt(again)) } else { Step::Local(LocalStep::Home) };
        let named = |id| [keyboard, self.keyboard.as_ref()].into_iter().flatten().find(|k| k.id() == id);
        match mark {
            Mark::Say(words) => ask_or_hand_over(words, rules),
            Mark::Pick { keyboard: id, index } => {
                let label = named(id).and_then(|k| k.labels().get(usize::try_from(index).ok()?));
                label.map_or_else(lost, |label| ask_or_hand_over(Cow::Owned(label.to_string()), rules))
            }
            Mark::Page { keyboard: id, page } if keyboard.is_some_and(|k| k.id() == id) => {
                Step::Local(LocalStep::Page(page))
            }
            Mark::Page { .. } => lost(),
            Mark::More { part } => {
                self.rest(now).map_or(Step::Local(LocalStep::Reprompt(Prompt::NothingParked)), |_| {
                    Step::Local(LocalStep::More(part))
                })
            }
            Mark::Late if self.has_late(now) => Step::Local(LocalStep::Late),
            Mark::Late => Step::Local(LocalStep::Reprompt(Prompt::NothingParked)),
        }
    }

    fn plan_words<'a>(
        &self,
        words: Cow<'a, str>,
        keyboard: Option<&Arc<Keyboard>>,
        why: Option<Why>,
        rules: &Rules<'_>,
        now: Moment,
    ) -> Step<'a> {
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
            Some(prompt) if !calls_human(rules.handover, &words) => Step::Local(LocalStep::Reprompt(prompt)),
            _ if calls_human(rules.handover, &words) => Step::Local(LocalStep::Handover(words)),
            _ if keyboard.is_some() => Step::Forward(smallvec![(MessageType::Text, words)]),
            _ => Step::Ask(smallvec![(MessageType::Text, words)]),
        }
    }

    /// Whether an unknown user who has read the home keyboard may pass: their words may answer a text keyboard that an
    /// earlier process has shown (I5).
    fn is_believed(&self, rules: &Rules<'_>) -> bool {
        self.greeted && rules.recently_started
    }

    /// Whether the user saw what this bridge showed last when they spoke, and nothing else since (I5). When a user
    /// types two lines at once, the second one answers neither keyboard: the old platform passed both on.
    fn binds(&self, rules: &Rules<'_>) -> bool {
        !rules.unbound && self.at <= rules.arrived
    }

    /// Whether what matches no button is kept from the bot, and under which words (I5).
    fn refusal(&self, keyboard: Option<&Arc<Keyboard>>, why: Option<Why>, rules: &Rules<'_>) -> Option<Prompt> {
        keyboard?;
        if !self.binds(rules) || rules.free_text == FreeText::Forward {
            return None;
        }
        match why {
            Some(Why::Unknown) => Some(Prompt::Greet),
            Some(Why::Expired) => Some(Prompt::Expired),
            None if self.is_believed(rules) => None,
            None => Some(Prompt::Choose),
        }
    }

    /// The bridge's own labels, typed. A bot's label of the same words has won before (K4).
    fn navigation<'a>(
        &self,
        words: &str,
        keyboard: Option<&Arc<Keyboard>>,
        texts: &Texts,
        now: Moment,
    ) -> Option<Step<'a>> {
        if *words == *texts.more_label {
            return self.rest(now).map(|rest| Step::Local(LocalStep::More(rest.next)));
        }
        if *words == *texts.late_label {
            return self.has_late(now).then_some(Step::Local(LocalStep::Late));
        }
        let paged = keyboard.zip(self.keyboard.as_ref()).is_some_and(|(now, shown)| now.id() == shown.id());
        let turned = |by: u8| paged && by > 0;
        if *words == *texts.next_label && turned(self.forth) {
            return Some(Step::Local(LocalStep::Page(self.page() + u32::from(self.forth))));
        }
        (*words == *texts.previous_label && turned(self.back))
            .then(|| Step::Local(LocalStep::Page(self.page().saturating_sub(u32::from(self.back)))))
    }
}

/// Pressed or typed, a hand-over label never reaches the bot (K5).
fn ask_or_hand_over<'a>(words: Cow<'a, str>, rules: &Rules<'_>) -> Step<'a> {
    if calls_human(rules.handover, &words) {
        return Step::Local(LocalStep::Handover(words));
    }
    Step::Ask(smallvec![(MessageType::Text, words)])
}

/// The words themselves where they are the label, to borrow instead of copying.
fn as_typed<'a>(words: &Cow<'a, str>, label: &str) -> Option<Cow<'a, str>> {
    (**words == *label).then(|| words.clone())
}
