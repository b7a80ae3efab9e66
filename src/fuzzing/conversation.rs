//! A conversation is read or refused; what is brought up to date can be read again, with as many steps.

use std::collections::BTreeMap;

use crate::conversation::file::{read, update};
use crate::conversation::screen::Screen;

pub fn conversation(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(conversation) = read(text, "fuzz.toml") else { return };
    let screen = Screen { text: "다른 \u{1} 말\n\"'\\".to_owned(), ..Screen::default() };
    let came = (0..conversation.steps.len()).map(|step| (step, (screen.clone(), Some(false)))).collect();
    for came in [BTreeMap::new(), came] {
        // Steps in one line are read and not brought up to date.
        let Ok(updated) = update(text, &came) else { continue };
        let again = read(&updated, "fuzz.toml").unwrap_or_else(|error| panic!("{error:?}: {updated}"));
        assert_eq!(again.steps.len(), conversation.steps.len());
    }
}
