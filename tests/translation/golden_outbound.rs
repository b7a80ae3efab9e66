//! What comes out for what goes in, as files to read: `tests/golden/outbound/<case>/{in.json,out.json}`. `BLESS=1`
//! writes `out.json` anew; the diff is then what changes for users.
//!
//! A string may be written `{"repeat": "가", "times": 1000}`, a list of buttons `{"prefix": "메뉴 ", "count": 122}`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use smartchat_bridge::ids::BotId;
use smartchat_bridge::reading::{Link, Photo, Reading};
use smartchat_bridge::translate::keyboard::Keyboard;
use smartchat_bridge::translate::outbound::{Content, reply};
use smartchat_bridge::translate::view::{Overflow, Policy, Texts, View};
use url::Url;

use crate::support::answer::SCHEMA;

fn string(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => {
            let times = object["times"].as_u64().unwrap();
            Some(object["repeat"].as_str().unwrap().repeat(usize::try_from(times).unwrap()))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

fn reading(message: &Value) -> Reading<'static> {
    let size = |photo: &Value| {
        let side = |name: &str| photo[name].as_u64().and_then(|side| u32::try_from(side).ok());
        Some((side("width")?, side("height")?))
    };
    let photo = &message["photo"];
    let link = &message["message_button"];
    Reading {
        text: string(&message["text"]).map(Into::into),
        photo: string(&photo["url"]).map(|url| Photo { url: url.into(), size: size(photo) }),
        link: string(&link["url"])
            .map(|url| Link { label: string(&link["label"]).unwrap_or_default().into(), url: url.into() }),
        ..Reading::default()
    }
}

fn labels(buttons: &Value) -> Vec<String> {
    match buttons {
        Value::Array(labels) => labels.iter().map(|label| string(label).unwrap()).collect(),
        Value::Object(many) => {
            let prefix = many["prefix"].as_str().unwrap();
            (1..=many["count"].as_u64().unwrap()).map(|number| format!("{prefix}{number}")).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn policy(view: &Value) -> Policy {
    let url = |name: &str| view[name].as_str().map(|url| Url::parse(url).unwrap());
    Policy {
        bot: BotId::parse("shop").unwrap(),
        overflow: if view["overflow"] == "carousel" { Overflow::Carousel } else { Overflow::Pages },
        handover: labels(&view["handover"]).into_iter().map(Box::from).collect(),
        texts: Texts::default(),
        backend: url("backend"),
        public_url: url("public_url"),
    }
}

/// What comes out of one `in.json`.
fn outbound(case: &Value) -> Value {
    let readings: Vec<_> = case["messages"].as_array().unwrap().iter().map(reading).collect();
    let keyboard = Keyboard::new(&labels(&case["buttons"]));
    let policy = policy(&case["view"]);
    let view = View {
        policy: &policy,
        message_block: case["view"]["message_block"].as_str(),
        room: case["view"]["room"] == true,
    };
    let number = |name: &str| case[name].as_u64().and_then(|number| u32::try_from(number).ok());
    let content = Content {
        readings: &readings,
        keyboard: keyboard.as_ref(),
        part: number("part").unwrap_or(0),
        page: number("page").unwrap_or(0),
        late: case["late"] == true,
        older_rest: number("older_rest"),
    };
    let translated = reply(&content, &view);
    let response: Value = serde_json::from_slice(&translated.response.to_bytes()).unwrap();
    json!({
        "degradations": translated.degradations.iter().map(|degradation| degradation.code()).collect::<Vec<_>>(),
        "part": translated.part,
        "parts": translated.parts,
        "page": translated.page.start,
        "next_page": translated.page.next,
        "numbered": translated.numbered,
        "response": response,
    })
}

#[test]
fn every_outbound_case_comes_out_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/outbound");
    let bless = blessing();
    let mut cases: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty(), "no cases in {}", folder.display());
    let mut differing = Vec::new();
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let input: Value = serde_json::from_slice(&fs::read(case.join("in.json")).unwrap()).expect(&name);
        assert!(
            input["title"].as_str().is_some_and(|title| !title.is_empty()),
            "{name}: a title says why the case exists"
        );
        let found = outbound(&input);
        if let Err(error) = SCHEMA.validate(&found["response"]) {
            panic!("{name}: {error} at {}", error.instance_path());
        }
        let shown = format!("{}\n", serde_json::to_string_pretty(&found).unwrap());
        let written = fs::read_to_string(case.join("out.json")).unwrap_or_default();
        if bless {
            fs::write(case.join("out.json"), shown).unwrap();
        // The order of members is serde_json's, and changes with the features somebody's dependency asks for.
        } else if serde_json::from_str::<Value>(&written).ok().as_ref() != Some(&found) {
            differing.push(format!("--- {name}\n{shown}"));
        }
    }
    assert!(differing.is_empty(), "BLESS=1 writes these anew:\n{}", differing.join("\n"));
}

#[allow(clippy::disallowed_methods, reason = "a test's own switch, not configuration")]
fn blessing() -> bool {
    std::env::var("BLESS").is_ok_and(|bless| bless == "1")
}
