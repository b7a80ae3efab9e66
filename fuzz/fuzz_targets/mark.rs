//! A `clientExtra` that claims to be ours is a mark of ours or nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smartchat_bridge::wire::answer::Extra;
use smartchat_bridge::wire::mark::Mark;

fuzz_target!(|extra: &str| {
    if let Some(mark) = Mark::find(extra) {
        let again = Extra { sb: mark.clone() };
        let text = String::from_utf8(again_bytes(&again)).unwrap_or_default();
        assert_eq!(Mark::find(&text), Some(mark));
    }
});

fn again_bytes(extra: &Extra<'_>) -> Vec<u8> {
    use smartchat_bridge::wire::answer::{Answer, Output, QuickReply, SayAction, SimpleText, Template};
    // Through a whole answer, as it travels.
    let action = SayAction::Message { message_text: "x".into(), extra: extra.clone() };
    let answer = Answer::Bubbles(Template {
        outputs: [Output::SimpleText(SimpleText { text: "x".into() })].into_iter().collect(),
        quick_replies: vec![QuickReply { label: "x".into(), action }],
    });
    let bytes = answer.to_bytes();
    let text = String::from_utf8_lossy(&bytes);
    let from = text.find("\"extra\":").map_or(0, |at| at + "\"extra\":".len());
    let to = text.rfind("}]}}").unwrap_or(text.len());
    text.get(from..to).unwrap_or_default().as_bytes().to_vec()
}
