//! Walks through eighteen recorded bots as a user would: home, every button of every page of every keyboard that is
//! reached, free words, a photo. What the bridge asks is read on the wire, what the bots say is read by an own small
//! reading, and every word, button, link and picture of it must be seen. The first loss fails, and says where.

mod late;
mod recording;
mod walker;

use walker::{Style, Walker};

/// Walks all bots in one style.
fn walk(style: Style) {
    let Some(recordings) = recording::all() else { return };
    for recording in &recordings {
        let mut walker = Walker::new(recording, style);
        walker.everything();
    }
}

#[test]
fn nothing_of_any_recorded_bot_is_lost() {
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
