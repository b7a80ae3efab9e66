//! One step of a simulated conversation: what was done, and what the user has seen of it until now.

use std::sync::Arc;

use super::script::{Said, Switches};
use crate::conversation::Act;
use crate::conversation::bubbles::Bubbles;
use crate::conversation::file::Recording;
use crate::conversation::screen::Screen;
use crate::exchange::{AnswerTo, Ended, Exchange, Messages};
use crate::telemetry::record::PlanKind;
use crate::term::draw::Press;
use crate::time::Instant;

/// A step that was done.
#[derive(Debug)]
pub(crate) struct Step {
    /// Its number in the conversation, from 1.
    pub(crate) number: u64,
    /// What was done.
    pub(crate) said: Said,
    /// How.
    pub(crate) switches: Switches,
    /// When.
    pub(super) at: Instant,
    /// The messages of its turn.
    pub(crate) exchange: Arc<Exchange>,
}

/// What the user has seen of a step until now, and what is known of its turn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The first answer; `None` while it is awaited.
    pub(crate) answer: Option<Bubbles>,
    /// The answer that came by callback (S2), in place of the first one.
    pub(crate) callback: Option<Bubbles>,
    /// A callback was promised, and has not come.
    pub(crate) is_awaited: bool,
    /// How the turn ended; `None` while it goes on.
    pub(crate) end: Option<Ended>,
    /// The four messages.
    pub(crate) messages: Messages,
}

impl Step {
    /// What has come of it until now.
    pub(crate) fn seen(&self) -> Seen {
        let messages = self.exchange.messages();
        let bubbles = |to| messages.answer(to).map(|body| Bubbles::of(&body.bytes));
        let (answer, callback) = (bubbles(AnswerTo::Caller), bubbles(AnswerTo::Callback));
        let promised = answer.as_ref().is_some_and(|answer| answer.is_awaited);
        Seen { is_awaited: promised && callback.is_none(), answer, callback, end: messages.end.clone(), messages }
    }

    /// The button at this place of what was seen last of this step.
    pub(super) fn press(&self, place: usize) -> Option<Press> {
        let seen = self.seen();
        let shown = seen.callback.or(seen.answer)?;
        shown.presses.get(place).cloned()
    }

    /// Takes the step down; false where a written conversation cannot say it.
    pub(super) fn record(&self, recording: &mut Recording) -> bool {
        let act = match &self.said {
            Said::Enter => Act::Enter,
            Said::Words(words) => Act::Say(words.clone()),
            Said::Photo(url) => Act::Photo(url.clone()),
            Said::Press(press) => Act::Tap(press.label.clone()),
            Said::Leave => return false,
        };
        let messages = self.exchange.messages();
        let Some(answer) = messages.answer(AnswerTo::Caller) else { return false };
        // A written conversation offers no callback: whoever plays it would read that they have to wait.
        if !self.switches.are_plain() || messages.answer(AnswerTo::Callback).is_some() {
            return false;
        }
        // What the user read first, where the turn went on behind it, was told before anybody knew its plan.
        let in_time = messages.laid_out.as_ref().is_none_or(|laid_out| laid_out.body == *answer);
        let plan = messages.end.as_ref().filter(|_| in_time).map(|ended| ended.end.plan);
        recording.add(&act, &Screen::of(&answer.bytes), plan.map(|plan| plan == PlanKind::Ask), self.at);
        true
    }
}
