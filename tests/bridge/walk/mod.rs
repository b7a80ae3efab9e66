//! Walks through bots in files as a user would: home, every button of every page of every keyboard that is reached, free
//! words, a photo. What the bridge asks is read on the wire, what the bots say is read by an own small reading, and
//! every word, button, link and picture of it must be seen. The first loss fails, and says where.

mod walker;
mod wire;

use walker::{Style, Walker};

use crate::support::recorded::Recorded;
use crate::support::*;

/// Walks all bots in one style.
fn walk(style: Style) {
    for recorded in &Recorded::all() {
        Walker::new(recorded, style).everything();
    }
}

#[test]
fn nothing_of_any_bot_is_lost() {
    walk(Style::Plain);
}

#[test]
fn nothing_is_lost_when_quick_replies_run_a_block() {
    walk(Style::Block);
}

#[test]
fn nothing_is_lost_when_many_buttons_stand_on_cards() {
    walk(Style::Carousel);
}

#[test]
fn nothing_is_lost_in_group_rooms() {
    walk(Style::Room);
}

#[test]
fn every_quirk_is_shown_as_its_file_says() {
    for recorded in &Recorded::own() {
        let bot = recorded.serve();
        let keys = [
            ("bots.default.deadline", "600ms"),
            ("bots.default.late", "700ms"),
            ("callback.after", "300ms"),
            ("bots.default.free_text", "forward"),
        ];
        let bridge = Bridge::before(&format!("{}{}", bot.url(), recorded.base_path()), &keys);
        let user = newcomer();
        let mut shown = bridge.say(&Say::welcome(&user));
        for (said, expected) in recorded.expected() {
            let about = format!("{}, {said:?}", recorded.name);
            let pressed = shown.labels().into_iter().find(|(label, _)| *label == said);
            shown = match pressed {
                _ if said == "home" => bridge.say(&Say::welcome(&user)),
                _ if said.starts_with("http") => bridge.say(&Say::photo(&user, &said)),
                _ if said == "답변 보기" => bridge.say(&Say::tap(&user, &shown, &said)),
                Some((_, button)) => bridge.say(&Say::press(&user, &button)),
                None => bridge.say(&Say::words(&user, &said)),
            };
            assert_eq!(shown.text(), expected["reads"].as_str().unwrap_or_default(), "{about}");
            let buttons = serde_json::json!(shown.quick_replies());
            assert_eq!(buttons, expected.get("quick_replies").cloned().unwrap_or(serde_json::json!([])), "{about}");
            if let Some(pictures) = expected.get("pictures") {
                assert_eq!(serde_json::json!(shown.pictures()), *pictures, "{about}");
            }
            if let Some(links) = expected.get("links") {
                assert_eq!(serde_json::json!(shown.links()), *links, "{about}");
            }
        }
    }
}
