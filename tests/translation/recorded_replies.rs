//! Every good answer of a bot in a file whose body holds JSON is read, and nothing of it is lost (legacy.md 4). What the
//! body holds is found by other means than ours.

use smartchat_bridge::reading::{Unreadable, read, read_home};
use smartchat_bridge::wire::legacy::Keys;

use crate::support::recorded::{Recorded, Said};

fn labels(keys: Option<&Keys<'_>>) -> Option<Vec<String>> {
    match keys {
        Some(Keys::Buttons(labels)) => Some(labels.iter().map(ToString::to_string).collect()),
        Some(Keys::Text) | None => None,
    }
}

#[test]
fn every_recorded_reply_survives() {
    for (name, body) in Recorded::all().iter().flat_map(|bot| bot.bodies("message")) {
        let Some(said) = Said::read(&body) else {
            let refusal = read(&body).expect_err(&name);
            assert!(matches!(refusal, Unreadable::Empty | Unreadable::NotJson { .. }), "{name}: {refusal}");
            continue;
        };
        let reading = read(&body).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        let found = Said {
            text: reading.text.as_deref().map(str::to_owned),
            photo: reading.photo.as_ref().map(|photo| photo.url.to_string()),
            link: reading.link.as_ref().map(|link| (link.label.to_string(), link.url.to_string())),
            labels: labels(reading.keyboard.as_ref()),
        };
        assert_eq!(found, said, "{name}");
    }
}

#[test]
fn every_recorded_home_keyboard_survives() {
    for (name, body) in Recorded::all().iter().flat_map(|bot| bot.bodies("keyboard")) {
        let Some(said) = Said::home(&body) else { continue };
        let home = read_home(&body).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(labels(Some(&home.keys)), said, "{name}");
    }
}

#[test]
fn no_recorded_status_body_is_shown_as_words() {
    let mut read_well = 0;
    for (name, body) in Recorded::all().iter().flat_map(|bot| bot.bodies("lifecycle")) {
        if let Ok(reading) = read(&body) {
            assert!(reading.is_empty(), "{name}: {reading:?}");
            read_well += 1;
        }
    }
    assert!(read_well > 0, "no body of a status is JSON");
}
