//! Properties of every body: no panic, the strict form read strictly and exactly, the usual disfigurements undone.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::degradation::Degradation;

/// A reply of the documented form, and what it says.
fn reply() -> impl Strategy<Value = (Value, Reading<'static>)> {
    let words = "[가-힣a-z \\n\"\\\\/😀\u{1}]{0,20}[가-힣a-z]";
    let address = "https?://[a-z가-힣]{1,9}/[a-z%?&=\"]{0,9}";
    let size = (1..=5000_u32, 1..=5000_u32);
    (
        proptest::option::of(words),
        proptest::option::of((address, proptest::option::of(size))),
        proptest::option::of((words, address)),
        proptest::option::of(proptest::collection::vec(words, 0..20)),
    )
        .prop_map(|(text, photo, link, labels)| {
            let mut message = json!({});
            if let Some(text) = &text {
                message["text"] = json!(text);
            }
            if let Some((url, size)) = &photo {
                message["photo"] = match size {
                    Some((width, height)) => json!({"url": url, "width": width, "height": height}),
                    None => json!({"url": url}),
                };
            }
            if let Some((label, url)) = &link {
                message["message_button"] = json!({"label": label, "url": url});
            }
            let mut whole = json!({"message": message});
            let keyboard = labels.map(|labels| {
                let buttons = json!({"type": "buttons", "buttons": labels});
                whole["keyboard"] = if labels.is_empty() { json!({"type": "text"}) } else { buttons };
                if labels.is_empty() { Keys::Text } else { Keys::Buttons(labels.into_iter().map(Cow::Owned).collect()) }
            });
            let reading = Reading {
                text: text.map(Cow::Owned),
                photo: photo.map(|(url, size)| Photo { url: Cow::Owned(url), size }),
                link: link.map(|(label, url)| Link { label: Cow::Owned(label), url: Cow::Owned(url) }),
                keyboard,
                degradations: Degradations::NONE,
            };
            (whole, reading)
        })
}

fn with(reading: &Reading<'_>, degradation: Degradation) -> Reading<'static> {
    Reading { degradations: degradation.into(), ..reading.clone().into_owned() }
}

proptest! {
    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _answered = (read(&body), read_home(&body));
    }

    #[test]
    fn no_json_like_text_panics(body in "([\\[\\]{},:\"\\\\ ua0]|null|true|1e9|\"(text|message|photo|url|label|keyboard|type|buttons|message_button)\":?|\u{feff}|\u{a0}|가){0,40}") {
        let _answered = (read(body.as_bytes()), read_home(body.as_bytes()));
    }

    #[test]
    fn no_json_of_the_legacy_members_panics_and_both_readers_agree(body in odd_json(), member in "[a-z]") {
        let whole = json!({"message": body, "keyboard": body, member: body}).to_string();
        for text in [body.to_string(), whole] {
            let bytes = text.as_bytes();
            if let Some(strict) = strict::reply(bytes) {
                prop_assert_eq!(Ok(strict), lenient::read(bytes, lenient::ReplyKind::Message));
            }
            if let Some(strict) = strict::home(bytes) {
                prop_assert_eq!(Ok(strict), lenient::read(bytes, lenient::ReplyKind::Home));
            }
            let _answered = (read(bytes), read_home(bytes));
        }
    }

    #[test]
    fn a_documented_reply_is_read_strictly_and_exactly((reply, reading) in reply()) {
        let body = reply.to_string();
        prop_assert_eq!(strict::reply(body.as_bytes()), Some(reading.clone()));
        let pretty = serde_json::to_string_pretty(&reply).unwrap();
        prop_assert_eq!(strict::reply(pretty.as_bytes()), Some(reading));
    }

    #[test]
    fn the_lenient_reader_reads_a_documented_reply_the_same((reply, reading) in reply()) {
        let body = reply.to_string();
        prop_assert_eq!(lenient::read(body.as_bytes(), lenient::ReplyKind::Message), Ok(reading));
    }

    #[test]
    fn disfigured_replies_say_the_same((reply, reading) in reply()) {
        let body = reply.to_string();
        let marked = format!("\r\n\u{feff}{body}");
        prop_assert_eq!(read(marked.as_bytes()), Ok(with(&reading, Degradation::Bom)));
        let joined = format!("{body}\n{body}");
        prop_assert_eq!(read(joined.as_bytes()), Ok(with(&reading, Degradation::Joined)));
        let spaced = format!("\u{a0}\u{b}{body}\u{200b}");
        prop_assert_eq!(read(spaced.as_bytes()), Ok(with(&reading, Degradation::WhiteSpace)));
        let open = body.strip_suffix('}').unwrap();
        prop_assume!(!open.ends_with("{}"));
        prop_assert_eq!(read(open.as_bytes()), Ok(with(&reading, Degradation::BracesRepaired)));
    }

    #[test]
    fn cp949_says_the_same(words in "[가-힣]{1,20}", label in "[가-힣a-z]{1,14}") {
        let body = json!({"message": {"text": words}, "keyboard": {"type": "buttons", "buttons": [label]}}).to_string();
        let (bytes, _, unmappable) = encoding_rs::EUC_KR.encode(&body);
        prop_assert!(!unmappable);
        let reading = read(&bytes).unwrap();
        // Few and rare syllables can by chance be good UTF-8.
        if reading.degradations.has(Degradation::Cp949) {
            prop_assert_eq!(reading.text.as_deref(), Some(words.as_str()));
            prop_assert_eq!(reading.keyboard, Some(Keys::Buttons(vec![Cow::Owned(label)])));
        }
    }
}

/// JSON of any shape out of the members that mean something.
fn odd_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof!["(text|buttons|Button| |http://a/b|12|[a-z가]{0,3})", any::<String>()].prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let name = "(message|keyboard|text|photo|message_button|url|label|width|height|type|buttons|name|error|x)";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
