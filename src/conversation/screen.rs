//! What a user sees of one answer: its words, and what can be pressed.

use serde_json::Value;

use crate::messages::Message;
use crate::term::draw::{self, Press};

/// One answer as a user sees it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Screen {
    /// The words of all bubbles, one below the other.
    pub(crate) text: String,
    /// Buttons and quick replies that say something, in their order.
    pub(crate) presses: Vec<Press>,
    /// The whole, drawn.
    pub(crate) drawn: String,
    /// Reasons why Kakao would not show it.
    pub(crate) flaw: Option<Message>,
}

impl Screen {
    /// Of the body of an answer. Total.
    pub(crate) fn of(body: &[u8]) -> Self {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let drawn = draw::draw(&answer, 1);
        let outputs = answer.pointer("/template/outputs").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut text = Vec::new();
        for output in outputs {
            for bubble in output.as_object().into_iter().flat_map(|output| output.values()) {
                match bubble.get("items").and_then(Value::as_array) {
                    Some(cards) => cards.iter().for_each(|card| words(card, &mut text)),
                    None => words(bubble, &mut text),
                }
            }
        }
        Self { text: text.join("\n"), presses: drawn.presses, drawn: drawn.text, flaw: draw::flaw(&answer) }
    }

    /// The labels, whole: one that was cut for show is told as what it says.
    pub(crate) fn buttons(&self) -> Vec<String> {
        self.presses.iter().map(|press| whole(press).to_owned()).collect()
    }

    /// The button with this label, as it is shown or as it is whole.
    pub(crate) fn press(&self, label: &str) -> Option<&Press> {
        let is = |press: &&Press| press.label.trim() == label.trim() || whole(press).trim() == label.trim();
        self.presses.iter().find(is)
    }
}

/// A label that was cut ends in an ellipsis; what it says is the whole one. A button of the bridge says more than its
/// label.
fn whole(press: &Press) -> &str {
    if press.label.ends_with('…') { &press.words } else { &press.label }
}

fn words(bubble: &Value, text: &mut Vec<String>) {
    for part in ["text", "title", "description"] {
        if let Some(words) = bubble.get(part).and_then(Value::as_str).filter(|words| !words.is_empty()) {
            text.push(words.trim_end().to_owned());
        }
    }
    let picture = bubble.get("imageUrl").or_else(|| bubble.pointer("/thumbnail/imageUrl"));
    if let Some(url) = picture.and_then(Value::as_str) {
        text.push(url.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_of_all_bubbles_are_one_text_and_a_cut_label_is_whole() {
        let answer = json!({"version": "2.0", "template": {
            "outputs": [
                {"simpleText": {"text": "급식"}},
                {"simpleImage": {"imageUrl": "https://a/b.jpg", "altText": "사진"}},
                {"carousel": {"type": "textCard", "items": [{"title": "하나", "description": "둘"}]}},
            ],
            "quickReplies": [
                {"label": "아주 긴 이름의 버…", "action": "message", "messageText": "아주 긴 이름의 버튼"},
                {"label": "다음 ▶", "action": "message", "messageText": "다음 ▶"},
            ],
        }});
        let screen = Screen::of(answer.to_string().as_bytes());
        assert_eq!(screen.text, "급식\nhttps://a/b.jpg\n하나\n둘");
        assert_eq!(screen.buttons(), ["아주 긴 이름의 버튼", "다음 ▶"]);
        assert!(screen.press("아주 긴 이름의 버튼").is_some() && screen.press("아주 긴 이름의 버…").is_some());
        assert!(screen.press("없는 것").is_none() && screen.flaw.is_none());
        assert!(Screen::of(b"no").flaw.is_some());
    }
}
