//! Replies as files: `tests/golden/reading/<case>/` holds `title` (one line that says why the case is there), the
//! body (`in.json`, or `in.bin` where it is not UTF-8 or hidden characters matter) and what is read in it
//! (`out.json`). Cases named `home-…` are answers to `GET /keyboard`. `BLESS=1` writes `out.json` anew.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::{Value, json};
use smartchat_bridge::reading::{Reading, read, read_home};
use smartchat_bridge::translate::degradation::{Degradation, Degradations};
use smartchat_bridge::wire::legacy::Keys;

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/reading");
    let mut cases: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn codes(degradations: Degradations) -> Vec<&'static str> {
    degradations.iter().map(Degradation::code).collect()
}

fn keyboard(keys: &Keys<'_>) -> Value {
    match keys {
        Keys::Text => json!("text"),
        Keys::Buttons(labels) => json!(labels),
    }
}

fn reply(reading: &Reading<'_>) -> Value {
    json!({
        "text": reading.text,
        "photo": reading.photo.as_ref().map(|photo| json!({"url": photo.url, "size": photo.size})),
        "link": reading.link.as_ref().map(|link| json!({"label": link.label, "url": link.url})),
        "keyboard": reading.keyboard.as_ref().map(keyboard),
        "degradations": codes(reading.degradations),
    })
}

fn dump(body: &[u8], home: bool) -> Value {
    let read = if home {
        read_home(body).map(|home| json!({"keyboard": keyboard(&home.keys), "degradations": codes(home.degradations)}))
    } else {
        read(body).map(|reading| reply(&reading))
    };
    read.unwrap_or_else(|refusal| json!({"unreadable": refusal.code(), "because": refusal.to_string()}))
}

#[test]
fn every_golden_reply_is_read_as_its_file_says() {
    let bless = env::var_os("BLESS").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(!cases.is_empty());
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let title = fs::read_to_string(case.join("title")).unwrap_or_else(|_| panic!("{name} has no title"));
        assert_eq!(title.trim().lines().count(), 1, "{name}: the title is one line");
        let body = fs::read(case.join("in.json")).or_else(|_| fs::read(case.join("in.bin"))).unwrap();
        let read = dump(&body, name.starts_with("home-"));
        let out = serde_json::to_string_pretty(&read).unwrap() + "\n";
        if bless {
            fs::write(case.join("out.json"), &out).unwrap();
        } else if serde_json::from_str(&fs::read_to_string(case.join("out.json")).unwrap()).ok() != Some(read) {
            wrong.push(format!("{name} ({}):\n{out}", title.trim()));
        }
    }
    assert!(wrong.is_empty(), "read otherwise than out.json says:\n{}", wrong.join("\n"));
}
