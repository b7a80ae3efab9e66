//! A skill response drawn as text: bubbles behind a bar, buttons and quick replies with numbers to press.
//!
//! Pure, and total for any JSON: it draws what it knows and names what it does not. The words come from a bot, so
//! control characters and marks of direction, with which a terminal can be made to lie, are shown as `�`. Bubbles are
//! not wrapped: a terminal wraps, and a script wants the lines as they were. Rejected: a table of character widths for
//! boxes with a right border; it would be wrong in every second font.

use std::fmt::Write as _;

use serde_json::Value;

use crate::messages::{Message, chat as messages};

/// Columns of a row of quick replies.
const COLUMNS: usize = 76;

/// An answer, drawn.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Drawn {
    /// Lines, each with its end.
    pub(crate) text: String,
    /// The buttons of the printed numbers, in their order.
    pub(crate) presses: Vec<Press>,
}

/// A button that says something when it is pressed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Press {
    /// What stands on it.
    pub(crate) label: String,
    /// The words that a press says.
    pub(crate) words: String,
    /// The value that comes back as `clientExtra`.
    pub(crate) extra: Value,
    /// The block it runs, where it runs one.
    pub(crate) block: Option<String>,
}

impl Press {
    /// Of a button or quick reply; `None` where a press says nothing.
    pub(crate) fn of(button: &Value) -> Option<Self> {
        let action = string(button, "action").filter(|action| matches!(*action, "message" | "block"))?;
        let label = string(button, "label").unwrap_or_default();
        Some(Self {
            label: label.to_owned(),
            words: string(button, "messageText").unwrap_or(label).to_owned(),
            extra: button.get("extra").cloned().unwrap_or_default(),
            block: string(button, "blockId").filter(|_| action == "block").map(str::to_owned),
        })
    }
}

/// Draws `answer`; numbers begin with `first`.
#[must_use]
pub(crate) fn draw(answer: &Value, first: usize) -> Drawn {
    let mut pen = Pen { first, drawn: Drawn::default() };
    if answer.get("useCallback") == Some(&Value::Bool(true)) {
        pen.bar("(the answer comes by callback)");
        return pen.drawn;
    }
    let template = answer.get("template");
    for (place, output) in items(template, "outputs").iter().enumerate() {
        if place > 0 {
            pen.blank();
        }
        pen.output(output);
    }
    pen.quick_replies(items(template, "quickReplies"));
    pen.drawn
}

/// Reasons why Kakao would not show this answer, as far as its shape tells (openbuilder.md 2).
#[must_use]
pub(crate) fn flaw(answer: &Value) -> Option<Message> {
    if answer.get("version").and_then(Value::as_str) != Some("2.0") {
        return Some(messages::flaw_version());
    }
    if answer.get("useCallback") == Some(&Value::Bool(true)) {
        return None;
    }
    match items(answer.get("template"), "outputs").len() {
        0 => Some(messages::flaw_empty()),
        1..=3 if items(answer.get("template"), "quickReplies").len() > 10 => Some(messages::flaw_quick_replies()),
        1..=3 => None,
        _ => Some(messages::flaw_bubbles()),
    }
}

/// `text` without what a terminal would obey.
#[must_use]
pub(crate) fn printable(text: &str) -> String {
    let obeyed = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if obeyed(c) { '\u{fffd}' } else { c }).collect()
}

struct Pen {
    first: usize,
    drawn: Drawn,
}

impl Pen {
    fn blank(&mut self) {
        self.drawn.text.push('\n');
    }

    /// One line behind the bar.
    fn bar(&mut self, line: &str) {
        let line = printable(line);
        let line = if line.is_empty() { String::from("│") } else { format!("│ {line}") };
        let _infallible = writeln!(self.drawn.text, "{line}");
    }

    fn words(&mut self, words: Option<&str>) {
        for line in words.unwrap_or_default().split('\n') {
            self.bar(&line.trim_end_matches('\r').replace('\t', "    "));
        }
    }

    fn output(&mut self, output: &Value) {
        let Some((kind, body)) = output.as_object().and_then(|output| output.iter().next()) else {
            return self.bar("(an empty bubble)");
        };
        match kind.as_str() {
            "simpleText" => self.words(string(body, "text")),
            "simpleImage" => self.picture(body),
            "carousel" => {
                let cards = items(Some(body), "items");
                for (place, card) in (1..).zip(cards) {
                    self.bar(&format!("── {place}/{} ──", cards.len()));
                    self.card(card);
                }
            }
            "textCard" | "basicCard" => self.card(body),
            // None of the bridge's own making.
            other => {
                self.bar(&format!("({other})"));
                self.card(body);
            }
        }
    }

    fn picture(&mut self, picture: &Value) {
        let alt = string(picture, "altText").filter(|alt| !alt.is_empty()).unwrap_or("사진");
        self.bar(&format!("({alt}) {}", string(picture, "imageUrl").unwrap_or("without a URL")));
    }

    fn card(&mut self, card: &Value) {
        if let Some(thumbnail) = card.get("thumbnail") {
            self.picture(thumbnail);
        }
        for part in ["title", "description"] {
            if let Some(words) = string(card, part) {
                self.words(Some(words));
            }
        }
        for button in items(Some(card), "buttons") {
            let button = self.button(button);
            self.bar(&button);
        }
    }

    /// A button in words; one that says something gets a number.
    fn button(&mut self, button: &Value) -> String {
        let label = string(button, "label").unwrap_or_default();
        let action = string(button, "action").unwrap_or_default();
        match action {
            "webLink" => format!("[{label}] → {}", string(button, "webLinkUrl").unwrap_or_default()),
            "phone" => format!("[{label}] ☎ {}", string(button, "phoneNumber").unwrap_or_default()),
            "operator" => format!("[{label}] → 상담원"),
            other => match Press::of(button) {
                Some(press) => {
                    let number = self.first + self.drawn.presses.len();
                    self.drawn.presses.push(press);
                    format!("[{number}] {label}")
                }
                None => format!("[{label}] ({other})"),
            },
        }
    }

    /// Rows below the bubbles.
    fn quick_replies(&mut self, quick_replies: &[Value]) {
        let (mut row, mut used) = (String::new(), 0);
        for quick_reply in quick_replies {
            let button = printable(&self.button(quick_reply));
            let width = columns(&button);
            if !row.is_empty() && used + 3 + width > COLUMNS {
                let _infallible = writeln!(self.drawn.text, "  {row}");
                (row, used) = (String::new(), 0);
            }
            if !row.is_empty() {
                row.push_str("   ");
                used += 3;
            }
            row.push_str(&button);
            used += width;
        }
        if !row.is_empty() {
            let _infallible = writeln!(self.drawn.text, "  {row}");
        }
    }
}

/// Columns on a terminal, near enough for breaking rows: Hangul and everything behind it takes two.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if c >= '\u{1100}' && !('\u{2000}'..='\u{2e7f}').contains(&c) { 2 } else { 1 }).sum()
}

fn string<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn items<'a>(value: Option<&'a Value>, name: &str) -> &'a [Value] {
    value.and_then(|value| value.get(name)).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bubbles_stand_behind_a_bar_and_what_can_be_pressed_has_a_number() {
        let answer = json!({"version": "2.0", "template": {
            "outputs": [
                {"simpleText": {"text": "오늘의 급식\n\n· 현미밥"}},
                {"textCard": {"description": "학교", "buttons": [
                    {"label": "홈페이지", "action": "webLink", "webLinkUrl": "http://school.example"},
                    {"label": "고르기", "action": "message", "messageText": "전체", "extra": {"sb": {"v": 1}}}]}},
            ],
            "quickReplies": [
                {"label": "내일", "action": "message", "messageText": "내일의 급식", "extra": {"sb": {"v": 1, "w": "내일의 급식"}}},
                {"label": "끝", "action": "block", "blockId": "5f", "messageText": "끝"},
            ],
        }});
        assert_eq!(flaw(&answer), None);
        let drawn = draw(&answer, 1);
        assert_eq!(
            drawn.text,
            "│ 오늘의 급식\n│\n│ · 현미밥\n\n│ 학교\n│ [홈페이지] → http://school.example\n│ [1] 고르기\n  [2] 내일   [3] 끝\n"
        );
        assert_eq!(drawn.presses[1].extra["sb"]["w"], "내일의 급식");
        assert_eq!(drawn.presses[2].block.as_deref(), Some("5f"));
    }

    #[test]
    fn a_bot_cannot_write_to_the_terminal_what_it_likes() {
        let answer = json!({"template": {"outputs": [{"simpleText": {"text": "\u{1b}[2Jbad\u{202e}txt\u{7}"}}]}});
        assert_eq!(draw(&answer, 1).text, "│ \u{fffd}[2Jbad\u{fffd}txt\u{fffd}\n");
    }

    #[test]
    fn anything_is_drawn_and_what_kakao_would_not_show_is_told() {
        for odd in
            [json!(null), json!([]), json!({"template": 5}), json!({"version": "2.0", "template": {"outputs": []}})]
        {
            assert!(draw(&odd, 1).presses.is_empty());
            assert!(flaw(&odd).is_some(), "{odd}");
        }
        assert_eq!(flaw(&json!({"version": "2.0", "useCallback": true})), None);
    }

    #[test]
    fn rows_of_quick_replies_are_broken_before_they_are_too_long() {
        let labels = (0..10).map(|n| json!({"label": format!("공지사항 안내 {n}"), "action": "message"}));
        let drawn = draw(&json!({"template": {"quickReplies": labels.collect::<Vec<_>>()}}), 1);
        assert!(drawn.text.lines().all(|line| columns(line) <= COLUMNS + 2));
        assert!(drawn.text.lines().count() > 1);
        assert_eq!(drawn.presses.len(), 10);
    }
}
