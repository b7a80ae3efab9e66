//! What came, held against what was expected.

use std::time::Duration;

use super::Expected;
use super::screen::Screen;
use crate::messages::{Message, conversation as messages};
use crate::wire::text::printable;

/// Characters of words that are repeated in a message.
const SHOWN: usize = 4000;

/// What came of a step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Came {
    pub(crate) screen: Screen,
    pub(crate) took: Duration,
    /// Whether the bot was asked; `None` where the bridge does not tell.
    pub(crate) asked: Option<bool>,
    /// Why the bot gave no usable reply, in the word of the log line.
    pub(crate) problem: Option<String>,
}

/// Every difference between the two.
pub(crate) fn judge(expected: &Expected, came: &Came) -> Vec<Message> {
    let Came { screen, took, asked, .. } = came;
    let mut differences = Vec::new();
    if let Some(flaw) = &screen.flaw {
        differences.push(messages::not_shown(flaw.clone()));
    }
    if let Some(text) = &expected.text
        && lines(text) != lines(&screen.text)
    {
        differences.push(messages::other_text(marked('-', text), marked('+', &screen.text)));
    }
    for words in expected.contains.iter().filter(|words| !screen.text.contains(words.as_str())) {
        differences.push(messages::lacks(shown(words), marked('+', &screen.text)));
    }
    if let Some(pattern) = expected.matches.as_ref().filter(|pattern| !pattern.is_match(&screen.text)) {
        differences.push(messages::no_match(shown(pattern.as_str()), marked('+', &screen.text)));
    }
    if let Some(buttons) = expected.buttons.as_ref().filter(|buttons| **buttons != screen.buttons()) {
        differences.push(messages::other_buttons(list(buttons), list(&screen.buttons())));
    }
    if let Some(within) = expected.within.filter(|within| took > within) {
        differences.push(messages::too_slow(seconds(*took), seconds(within)));
    }
    match (expected.asked, asked) {
        (Some(true), Some(false)) => differences.push(messages::was_not_asked()),
        (Some(false), Some(true)) => differences.push(messages::was_asked()),
        _ => {}
    }
    differences
}

/// Ends of lines do not count: editors cut them.
fn lines(text: &str) -> Vec<&str> {
    text.trim().lines().map(str::trim_end).collect()
}

/// Lines with a mark before each.
fn marked(mark: char, text: &str) -> String {
    let line = |line: &str| format!("    {mark} {}", shown(line));
    text.trim().lines().map(line).collect::<Vec<_>>().join("\n")
}

pub(super) fn list(labels: &[String]) -> String {
    labels.iter().map(|label| format!("[{}]", shown(label))).collect::<Vec<_>>().join(" ")
}

pub(super) fn shown(words: &str) -> String {
    printable(words, SHOWN).into()
}

fn seconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f32())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::draw::Press;
    use regex::Regex;

    fn codes(expected: &Expected, came: &Came) -> Vec<&'static str> {
        judge(expected, came).iter().map(Message::code).collect()
    }

    #[test]
    fn each_expectation_is_judged_and_what_is_left_out_may_be_anything() {
        let press =
            Press { label: "내일".into(), words: "내일".into(), extra: serde_json::Value::Null, block: None };
        let screen = Screen { text: "오늘의 급식\n770 kcal".into(), presses: vec![press], ..Screen::default() };
        let came = Came { screen, took: Duration::from_secs(3), asked: Some(true), problem: None };
        assert_eq!(codes(&Expected::default(), &came), [""; 0]);
        let good = Expected {
            text: Some("오늘의 급식  \n770 kcal\n".into()),
            contains: vec!["급식".into(), "kcal".into()],
            matches: Regex::new("[0-9]+ kcal$").ok(),
            buttons: Some(vec!["내일".into()]),
            within: Some(Duration::from_secs(3)),
            asked: Some(true),
        };
        assert_eq!(codes(&good, &came), [""; 0]);
        let bad = Expected {
            text: Some("내일의 급식".into()),
            contains: vec!["급식".into(), "g".into()],
            matches: Regex::new("^kcal").ok(),
            buttons: Some(Vec::new()),
            within: Some(Duration::from_secs(2)),
            asked: Some(false),
        };
        assert_eq!(codes(&bad, &came), ["SB6011", "SB6012", "SB6013", "SB6014", "SB6015", "SB6016"]);
    }
}
