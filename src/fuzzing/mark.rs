//! A `clientExtra` that claims to be ours is a mark of ours or nothing.

use crate::wire::answer::{Answer, Extra, Output, QuickReply, SayAction, SimpleText, Template};
use crate::wire::mark::Mark;

pub fn mark(extra: &[u8]) {
    let Ok(extra) = std::str::from_utf8(extra) else { return };
    let Some(mark) = Mark::find(extra) else { return };
    // Through a whole answer, as it travels.
    let action = SayAction::Message { message_text: "x".into(), extra: Extra { sb: mark.clone() } };
    let answer = Answer::Bubbles(Template {
        outputs: [Output::SimpleText(SimpleText { text: "x".into() })].into_iter().collect(),
        quick_replies: vec![QuickReply { label: "x".into(), action }],
    });
    let answer: serde_json::Value = serde_json::from_slice(&answer.to_bytes()).expect("an answer is JSON");
    let again = answer["template"]["quickReplies"][0]["extra"].to_string();
    assert_eq!(Mark::find(&again), Some(mark));
}
