//! Dry replay (C5): what today's configuration would make of a stored reply, beside what was made of it then.

use bytes::Bytes;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::backend_problem::BackendProblem;
use crate::config::settings::BotSettings;
use crate::degradation::Degradations;
use crate::engine::replay::{self, Replayed};
use crate::exchange::{Exchange, NotWhole};
use crate::translate::view::View;

/// Lines of the two answers that are compared: 64 KiB have no more than this, for real answers.
const LINES: usize = 8_000;

/// What a replay gives.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    /// Both answers, line by line; only the lines of today where they cannot be compared.
    pub(crate) lines: Vec<Line>,
    /// How today's answer differs from the bot's reply.
    pub(crate) degradations: Degradations,
    /// Why the reply cannot be read today.
    pub(crate) problem: Option<(BackendProblem, Box<str>)>,
    /// The answer of then also showed late replies or a rest of before, which are not stored with this turn.
    pub(crate) showed_more: bool,
}

/// A line of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) mark: Mark,
    pub(crate) text: String,
}

/// In which answer a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// In both.
    Both,
    /// In that of then only.
    Then,
    /// In that of today only.
    Today,
}

/// Why there is nothing to replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoReplay {
    /// The turn goes on.
    GoesOn,
    /// The bot was not asked, or gave no reply.
    NoReply,
    /// The reply was longer than is kept.
    TooLong,
}

impl Replay {
    /// Whether nothing differs.
    pub(crate) fn is_same(&self) -> bool {
        self.lines.iter().all(|line| line.mark == Mark::Both)
    }
}

/// Translates the replies of a turn again. It asks nobody and changes nothing.
///
/// # Errors
/// [`NoReplay`].
pub(crate) fn replay(exchange: &Exchange, settings: &BotSettings) -> Result<Replay, NoReplay> {
    let messages = exchange.messages();
    let replies = messages.replies().map_err(|NotWhole| NoReplay::TooLong)?;
    if replies.iter().all(Option::is_none) {
        return Err(NoReplay::NoReply);
    }
    let then = messages.laid_out.as_ref().ok_or(NoReplay::GoesOn)?;
    if !then.body.is_whole {
        return Err(NoReplay::TooLong);
    }
    let block = exchange.manner.openbuilder_bot.as_ref().and_then(|id| settings.message_block.get(id));
    let view =
        View { policy: &settings.policy, message_block: block.map(|block| &**block), room: exchange.manner.room };
    let was_unusable = messages.end.as_ref().is_some_and(|ended| ended.end.problem.is_some());
    let replies = replies.iter().map(|reply| reply.map(|kept| Bytes::copy_from_slice(&kept.bytes))).collect();
    let Replayed { answer, degradations, problem } = replay::replay(replies, &view);
    let shown =
        |answer: &[u8]| if was_unusable && problem.is_some() { without_buttons(answer) } else { pretty(answer) };
    let lines = compare(&shown(&then.body.bytes), &shown(&answer));
    Ok(Replay { lines, degradations, problem, showed_more: then.shows_more })
}

/// An answer in place of a reply that could not be read: the buttons below it are those of the keyboard that counted then
/// (O4), which is not stored with the turn.
fn without_buttons(answer: &[u8]) -> String {
    let mut value = serde_json::from_slice::<Value>(answer).unwrap_or_default();
    if let Some(template) = value.get_mut("template").and_then(Value::as_object_mut) {
        template.remove("quickReplies");
    }
    format!("{value:#}")
}

/// One member a line: that is where answers differ.
fn pretty(body: &[u8]) -> String {
    serde_json::from_slice::<Value>(body)
        .map_or_else(|_| String::from_utf8_lossy(body).into_owned(), |answer| format!("{answer:#}"))
}

fn compare(then: &str, today: &str) -> Vec<Line> {
    let lines = then.lines().count() + today.lines().count();
    if lines > LINES {
        return today.lines().map(|line| Line { mark: Mark::Today, text: line.to_owned() }).collect();
    }
    let diff = TextDiff::from_lines(then, today);
    let line = |change: similar::Change<&str>| Line {
        mark: match change.tag() {
            ChangeTag::Equal => Mark::Both,
            ChangeTag::Delete => Mark::Then,
            ChangeTag::Insert => Mark::Today,
        },
        text: change.value().trim_end_matches('\n').to_owned(),
    };
    diff.iter_all_changes().map(line).collect()
}
