//! Every shape of call that OpenBuilder is known to make is answered; what is no skill call is refused in clear words.
//!
//! `tests/payloads/*.json` are our own, in invented words; those beside the repository are read where they are there.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use smartchat_bridge::translate::view::Texts;

use crate::support::answer::SCHEMA;
use crate::support::*;

/// A bot with free typing that repeats what it hears, behind a bridge.
struct Heard {
    bot: Bot,
    bridge: Bridge,
}

impl Heard {
    fn start() -> Self {
        let bot = Bot::answering(|asked| words(&asked.content()));
        Self { bridge: Bridge::before(&bot.url(), &[]), bot }
    }

    /// The answer, and what the bot was asked for it.
    fn say(&self, name: &str, body: &[u8]) -> (Answer, Vec<Value>) {
        let before = self.bot.messages().len();
        let answer = self.bridge.send(body).valid(name);
        (answer, self.bot.messages()[before..].iter().map(|asked| asked.json()).collect())
    }
}

fn own(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/payloads").join(format!("{name}.json"))).unwrap()
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths
}

#[test]
fn every_shape_of_call_reaches_the_bot_as_the_old_platform_said_it() {
    let heard = Heard::start();
    let key = "aB3_-xYz09Qk";
    let photo = "https://talk.kakaocdn.net/dna/zYxWv/U1tSrQpO/NmLkJi/i_f0e1d2c3b4a5.jpg?credential=made-up&expires=1798761600&signature=made-up%3D";
    for (name, kind, content, user_key) in [
        ("fallback", "text", "오늘 몇 시까지 열어요?", Some(key)),
        ("skill_console", "text", "발화 내용", None),
        ("bot_test_panel", "text", "대출 연장", None),
        ("photo", "photo", photo, Some(key)),
        ("callback", "text", "추천 도서 열 권", Some(key)),
        ("group", "text", "@도서관 휴관일", None),
        ("quick_reply", "text", "휴관일 ", Some(key)),
        ("from_2019", "text", "안녕하세요", Some(key)),
    ] {
        let (answer, asked) = heard.say(name, &own(name));
        assert_eq!(asked.len(), 1, "{name}: {asked:?}");
        assert_eq!((&asked[0]["type"], &asked[0]["content"]), (&kind.into(), &content.into()), "{name}");
        let given = asked[0]["user_key"].as_str().unwrap();
        match user_key {
            Some(key) => assert_eq!(given, key, "{name}"),
            None => assert!(given.len() == 12 && given != key, "{name}: {given}"),
        }
        assert!(answer.text().contains(content.trim()), "{name}: {}", answer.text());
    }
}

#[test]
fn two_secure_images_are_two_messages_and_one_answer() {
    let heard = Heard::start();
    let (answer, asked) = heard.say("secure_image", &own("secure_image"));
    let contents: Vec<&str> = asked.iter().map(|body| body["content"].as_str().unwrap()).collect();
    assert!(asked.iter().all(|body| body["type"] == "photo"), "{asked:?}");
    assert!(contents.len() == 2 && contents[0].contains("signature=one") && contents[1].contains("signature=two"));
    assert!(contents.iter().all(|url| answer.text().contains(url)), "{}", answer.text());
}

#[test]
fn the_welcome_block_shows_home_and_asks_the_bot_nothing() {
    let heard = Heard::start();
    let (answer, asked) = heard.say("welcome", &own("welcome"));
    assert!(asked.is_empty(), "{asked:?}");
    assert!(answer.text().contains(&*Texts::default().home_text), "{}", answer.text());
}

#[test]
fn every_known_payload_is_answered() {
    let Some(folder) = shared("protocol/payloads") else { return };
    let heard = Heard::start();
    for path in json_files(&folder) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let body = fs::read(&path).unwrap();
        if name.starts_with("26-") {
            let refused = heard.bridge.send(&body);
            assert_eq!(refused.status, 400, "{name}");
            assert_eq!(refused.json()["path"], "userRequest", "{name}");
            continue;
        }
        let (answer, asked) = heard.say(&name, &body);
        let call: Value = serde_json::from_slice(&body).unwrap();
        let utterance = call["userRequest"]["utterance"].as_str().unwrap_or_default().trim();
        let at_home = call["userRequest"]["block"]["name"] == "웰컴 블록";
        assert_eq!(asked.is_empty(), at_home || utterance.is_empty(), "{name}: {asked:?}");
        if let Some(given) = call["userRequest"]["user"]["properties"]["plusfriendUserKey"].as_str() {
            assert!(asked.iter().all(|body| body["user_key"] == given), "{name}: {asked:?}");
        }
        assert!(!answer.outputs().is_empty(), "{name}");
    }
}

#[test]
fn what_is_no_skill_call_is_refused_in_clear_words() {
    let Some(folder) = shared("protocol/payloads/other") else { return };
    let heard = Heard::start();
    for path in json_files(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let refused = heard.bridge.send(fs::read(&path).unwrap());
        assert_eq!(refused.status, 400, "{name}");
        let said = refused.json();
        assert!(said["error"].as_str().is_some_and(|error| !error.is_empty()), "{name}: {said}");
        assert_eq!(said["path"], "userRequest", "{name}: {said}");
    }
    assert!(heard.bot.messages().is_empty());
}

#[test]
fn our_copy_of_the_schema_accepts_what_kakao_shows_and_nothing_that_breaks_its_rules() {
    let Some(samples) = shared("protocol/samples") else { return };
    for (folder, valid) in [("valid", true), ("invalid", false)] {
        for path in json_files(&samples.join(folder)) {
            let sample: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            assert_eq!(SCHEMA.is_valid(&sample), valid, "{}", path.display());
        }
    }
    let Some(original) = shared("protocol/skill-response.schema.json") else { return };
    let original: Value = serde_json::from_slice(&fs::read(original).unwrap()).unwrap();
    let ours: Value = serde_json::from_str(include_str!("../schema/skill-response.schema.json")).unwrap();
    assert!(original == ours, "tests/schema/skill-response.schema.json differs from the protocol's");
}
