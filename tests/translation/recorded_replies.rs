//! Every recorded 200 answer of a real bot whose body holds JSON is read, and nothing of it is lost (legacy.md 4).
//!
//! What the body holds is found by other means than ours: a plain walk over the first document serde_json finds
//! behind the byte order mark. The recordings lie beside the repository; without them the test says so and passes,
//! with `REQUIRE_ALL=1` it fails.

use std::path::PathBuf;
use std::{env, fs};

use serde_json::Value;
use smartchat_bridge::reading::{Unreadable, read, read_home};
use smartchat_bridge::wire::legacy::Keys;

fn recordings() -> Option<Vec<(String, Value)>> {
    let shared = env::var_os("SMARTCHAT_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")), PathBuf::from);
    let Ok(entries) = fs::read_dir(shared.join("bots")) else {
        assert!(env::var_os("REQUIRE_ALL").is_none_or(|value| value != "1"), "the recordings are missing");
        eprintln!("skipped: the recordings are not here; SMARTCHAT_SHARED says where they are");
        return None;
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let parse = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
    };
    Some(paths.into_iter().map(parse).collect())
}

fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        bits = (bits << 6) | u32::try_from(ALPHABET.iter().position(|a| *a == letter).unwrap()).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).unwrap());
        }
    }
    bytes
}

/// The bodies of the 200 answers to one kind of call, each with a name.
fn bodies(bot: &str, recording: &Value, kind: &str) -> Vec<(String, Vec<u8>)> {
    let answers = recording[kind].as_array().cloned().unwrap_or_default();
    let good = |answer: &&Value| answer["status_line"].as_str().is_some_and(|line| line.contains(" 200"));
    answers
        .iter()
        .filter(good)
        .enumerate()
        .map(|(place, answer)| (format!("{bot} {kind} {place}"), base64(answer["body"].as_str().unwrap_or_default())))
        .collect()
}

/// The first document in a body, as another parser sees it.
fn json(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    serde_json::Deserializer::from_slice(body).into_iter().next()?.ok()
}

/// A string with something in it.
fn words(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

fn labels(keyboard: &Value) -> Vec<String> {
    let labels = keyboard["buttons"].as_array().cloned().unwrap_or_default();
    labels.iter().filter_map(words).map(str::to_owned).collect()
}

#[track_caller]
fn same_labels(name: &str, keys: Option<&Keys<'_>>, keyboard: &Value) {
    let expected = labels(keyboard);
    match keys {
        Some(Keys::Buttons(labels)) => assert_eq!(*labels, expected, "{name}"),
        Some(Keys::Text) | None => assert!(expected.is_empty(), "{name} lost {expected:?}"),
    }
}

#[test]
fn every_recorded_reply_survives() {
    let Some(recordings) = recordings() else {
        return;
    };
    let mut read_whole = 0;
    for (name, body) in recordings.iter().flat_map(|(bot, recording)| bodies(bot, recording, "message")) {
        let Some(document) = json(&body) else {
            let refusal = read(&body).expect_err(&name);
            assert!(matches!(refusal, Unreadable::Empty | Unreadable::NotJson { .. }), "{name}: {refusal}");
            continue;
        };
        let reading = read(&body).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        read_whole += 1;
        let message = &document["message"];
        assert_eq!(reading.text.as_deref(), words(&message["text"]), "{name}");
        let photo = reading.photo.as_ref().map(|photo| &*photo.url);
        assert_eq!(photo, words(&message["photo"]["url"]).map(str::trim), "{name}");
        let button = [message, &document].map(|holder| &holder["message_button"]).into_iter().find(|b| b.is_object());
        let link = reading.link.as_ref().map(|link| (&*link.label, &*link.url));
        let expected = button.and_then(|b| Some((b["label"].as_str()?, words(&b["url"])?.trim())));
        assert_eq!(link, expected, "{name}");
        same_labels(&name, reading.keyboard.as_ref(), &document["keyboard"]);
    }
    assert!(read_whole >= 60, "only {read_whole} recorded replies were found");
}

#[test]
fn every_recorded_home_keyboard_survives() {
    let Some(recordings) = recordings() else {
        return;
    };
    let mut read_whole = 0;
    for (name, body) in recordings.iter().flat_map(|(bot, recording)| bodies(bot, recording, "keyboard")) {
        let Some(document) = json(&body) else {
            continue;
        };
        let home = read_home(&body).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        read_whole += 1;
        let keyboard = if document["keyboard"].is_object() { &document["keyboard"] } else { &document };
        same_labels(&name, Some(&home.keys), keyboard);
    }
    assert!(read_whole >= 15, "only {read_whole} recorded keyboards were found");
}

#[test]
fn no_recorded_status_body_is_shown_as_words() {
    let Some(recordings) = recordings() else {
        return;
    };
    for (name, body) in recordings.iter().flat_map(|(bot, recording)| bodies(bot, recording, "lifecycle")) {
        if let Ok(reading) = read(&body) {
            assert!(reading.is_empty(), "{name}: {reading:?}");
        }
    }
}
