//! Whatever a bot says, the answer obeys the schema and the bounds, and over all parts and pages nothing is lost.

use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::Value;
use smartchat_bridge::ids::BotId;
use smartchat_bridge::reading::{Link, Photo, Reading};
use smartchat_bridge::translate::degradation::Degradation;
use smartchat_bridge::translate::keyboard::Keyboard;
use smartchat_bridge::translate::outbound::{Content, Page, Translated, reply};
use smartchat_bridge::translate::view::{Overflow, Policy, Texts, View};
use smartchat_bridge::wire::limits;
use smartchat_bridge::wire::text::units;
use url::Url;

use crate::support::answer::SCHEMA;

/// Begins the line that a group room has below the text, between two parts of it.
const HINT: &str = "§§";

/// Words as bots write them, and as nobody should.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[가-힣a-z0-9 .!?\n]{0,60}",
        2 => "\\PC{0,30}",
        1 => "[\u{0}-\u{20}\u{300}-\u{303}\"\\\\가👨\u{200d}👩🇰🇷\u{1112}\u{1161}\u{11ab}\u{a0}\u{2028}]{0,60}",
        1 => ("[가-힣 .\n👨\u{200d}\u{301}\u{1}]{1,12}", 1_usize..400).prop_map(|(words, times)| words.repeat(times)),
    ]
}

fn url() -> impl Strategy<Value = String> {
    let host = prop::sample::select(vec![
        "http://a.com",
        "https://한글.com",
        "//b.com",
        "www.c.com",
        "http://old-bot:8000",
        "http://127.0.0.1",
        "http://[::1]:8",
        "tel:02-123",
        "mailto:a@b.c",
        "javascript:",
        "",
        "HTTP:/x",
        "data:image/png;base64,",
        "http://u:p@d.com:81",
        "d.com:80",
        "http://x{y}.com",
        "http://a_b.com",
        "http:\\\\e.com",
    ]);
    let likely = (host, words()).prop_map(|(host, path)| format!("{host}/{path}"));
    prop_oneof![3 => likely, 1 => "http://[!-~]{1,12}", 1 => "https?://[a-z.]{1,5}[!-~ 가]{0,20}"]
}

fn one_reading() -> impl Strategy<Value = Reading<'static>> {
    let photo = (url(), prop::option::of((1_u32..2000, 1_u32..1000)));
    (prop::option::of(words()), prop::option::of(photo), prop::option::of((words(), url()))).prop_map(
        |(text, photo, link)| Reading {
            text: text.filter(|text| !text.is_empty()).map(Into::into),
            photo: photo.map(|(url, size)| Photo { url: url.trim().to_owned().into(), size }),
            link: link.map(|(label, url)| Link { label: label.into(), url: url.trim().to_owned().into() }),
            ..Reading::default()
        },
    )
}

fn labels() -> impl Strategy<Value = Vec<String>> {
    let label = prop_oneof![
        8 => "[가-힣a-z]{1,20}",
        3 => "공지사항 안내 페이지 [0-9]{1,4}",
        1 => prop::sample::select(vec!["다음 ▶", "◀ 이전", "답변 보기", "이어서 보기", "상담원 연결", " 상담원 연결"]).prop_map(str::to_owned),
        1 => words(),
    ];
    prop_oneof![3 => prop::collection::vec(label.clone(), 0..12), 1 => prop::collection::vec(label, 0..130)]
}

fn policy() -> impl Strategy<Value = Policy> {
    let odd = prop::option::weighted(0.2, words());
    (any::<bool>(), any::<bool>(), prop::option::of(Just("https://p.example.com/x/")), odd).prop_map(
        |(carousel, human, public, odd)| {
            let mut texts = Texts { say: HINT.into(), ..Texts::default() };
            if let Some(odd) = odd.map(String::into_boxed_str) {
                (texts.choose, texts.handover, texts.link_label) = (odd.clone(), odd.clone(), odd.clone());
                (texts.next_label, texts.more_label, texts.photo_alt) = (odd.clone(), odd.clone(), odd);
            }
            Policy {
                bot: BotId::parse("shop").unwrap(),
                overflow: if carousel { Overflow::Carousel } else { Overflow::Pages },
                handover: if human { Box::new(["상담원 연결".into()]) } else { Box::default() },
                texts,
                backend: Some(Url::parse("http://old-bot:8000").unwrap()),
                public_url: public.map(|url| Url::parse(url).unwrap()),
            }
        },
    )
}

/// The answer, checked against everything that holds for one answer.
fn checked(translated: &Translated<'_>) -> Value {
    let bytes = translated.response.to_bytes();
    let json: Value = serde_json::from_slice(&bytes).unwrap();
    if let Err(error) = SCHEMA.validate(&json) {
        panic!("{error} at {} in {json}", error.instance_path());
    }
    assert!(bytes.len() <= limits::ANSWER_BYTES, "{} bytes", bytes.len());
    assert!(translated.part < translated.parts);
    assert!(translated.page.next.is_none_or(|next| next > translated.page.start));
    assert!(translated.page.previous.is_none_or(|previous| previous < translated.page.start));
    for output in json["template"]["outputs"].as_array().expect("bubbles") {
        assert!(serde_json::to_vec(output).unwrap().len() <= limits::BUBBLE_BYTES);
        if let Some(text) = output["simpleText"]["text"].as_str() {
            assert!(units(text) <= limits::SIMPLE_TEXT && !text.trim().is_empty());
        }
        let card = &output["textCard"];
        let card_units = [&card["title"], &card["description"]].map(|text| text.as_str().map_or(0, units));
        assert!(card_units.iter().sum::<usize>() <= limits::TEXT_CARD && card_units[0] <= limits::TITLE);
    }
    let mut shown = HashMap::new();
    for quick_reply in quick_replies(&json) {
        let label = quick_reply["label"].as_str().unwrap();
        assert!(units(label) <= limits::LABEL && !label.trim().is_empty(), "{label:?}");
        assert!(units(quick_reply["messageText"].as_str().unwrap()) <= limits::LABEL_TRAVELS_WHOLE);
        let mark = &quick_reply["extra"]["sb"];
        // A label too long to travel is known by its index; twice the same one has two.
        if mark["i"].is_null() {
            let before = shown.insert(label.to_owned(), mark.clone());
            assert!(before.is_none_or(|before| before == *mark), "{label:?} means two things");
        }
    }
    json
}

fn quick_replies(answer: &Value) -> &[Value] {
    answer["template"]["quickReplies"].as_array().map_or(&[], Vec::as_slice)
}

/// The labels that these buttons say.
fn said<'b>(buttons: impl Iterator<Item = &'b Value>, labels: &[String]) -> Vec<String> {
    let said = buttons.filter_map(|button| {
        let mark = &button["extra"]["sb"];
        let index = mark["i"].as_u64().and_then(|index| usize::try_from(index).ok());
        mark["w"].as_str().map(str::to_owned).or_else(|| Some(labels[index?].clone()))
    });
    said.collect()
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect()
}

fn all_strings(value: &Value, into: &mut String) {
    match value {
        Value::String(text) => into.push_str(&squeezed(text.split(HINT).next().unwrap_or_default())),
        Value::Array(items) => items.iter().for_each(|item| all_strings(item, into)),
        Value::Object(members) => {
            for name in ["text", "title", "description", "simpleText", "textCard", "basicCard"] {
                members.get(name).into_iter().for_each(|member| all_strings(member, into));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn plain_policy(overflow: Overflow) -> Policy {
    Policy {
        bot: BotId::parse("shop").unwrap(),
        overflow,
        handover: Box::default(),
        texts: Texts::default(),
        backend: None,
        public_url: None,
    }
}

#[test]
fn the_heaviest_replies_stay_within_the_bytes() {
    let url = format!("http://a.com/{}", "x".repeat(limits::URL_BYTES - 13));
    let heavy = Reading {
        text: Some("\u{1}".repeat(limits::BASIC_CARD).into()),
        photo: Some(Photo { url: url.clone().into(), size: Some((2, 1)) }),
        link: Some(Link { label: "\u{1}a".repeat(7).into(), url: url.into() }),
        ..Reading::default()
    };
    let huge = "가\u{301}".repeat(limits::REPLY_UNITS * 6 / 10);
    let one_grapheme = format!("가{}", "\u{301}".repeat(50_000));
    let words = |text: String| Reading { text: Some(text.into()), ..Reading::default() };
    let replies = [
        vec![heavy.clone(), heavy.clone(), heavy],
        vec![words("\u{1}".repeat(3000))],
        vec![words(huge)],
        vec![words(one_grapheme.clone())],
    ];
    let keyboards = [
        Keyboard::new(&vec!["\u{1}".repeat(limits::LABEL_TRAVELS_WHOLE); 12]),
        Keyboard::new(&vec!["긴 이름 ".repeat(200); 100]),
        Keyboard::new(&[one_grapheme]),
    ];
    let block = Some("5f2a0b9c1d3e4f5a6b7c8d9e");
    let views = [(Overflow::Pages, false), (Overflow::Carousel, false), (Overflow::Pages, true)];
    for (overflow, room) in views {
        let policy = plain_policy(overflow);
        let view = View { policy: &policy, message_block: block.filter(|_| !room), room };
        for (readings, keyboard) in replies.iter().flat_map(|r| keyboards.iter().map(move |k| (r, k))) {
            for place in [0, u32::MAX] {
                let content = Content {
                    readings,
                    keyboard: keyboard.as_ref(),
                    part: place,
                    page: place,
                    late: true,
                    older_rest: Some(7),
                };
                checked(&reply(&content, &view));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_word_picture_link_and_button_is_in_some_part_or_page(
        readings in prop::collection::vec(one_reading(), 0..4),
        labels in labels(),
        policy in policy(),
        room in prop::bool::weighted(0.3),
        block in prop::option::of(prop::sample::select(vec!["5f2a0b9c1d3e4f5a6b7c8d9e", ""])),
        late: bool,
        older_rest in prop::option::of(0_u32..5),
    ) {
        let keyboard = Keyboard::new(&labels);
        let view = View { policy: &policy, message_block: block, room };
        let content = Content { readings: &readings, keyboard: keyboard.as_ref(), part: 0, page: 0, late, older_rest };
        let first = reply(&content, &view);
        let human = |label: &&String| policy.handover.iter().any(|human| **human == *label.trim());
        let expected: Vec<_> = labels.iter().filter(|label| !human(label)).cloned().collect();

        let (mut words, mut on_cards, mut images, mut links) = (String::new(), Vec::new(), 0, 0);
        for part in 0..first.parts {
            let translated = reply(&Content { part, ..content }, &view);
            prop_assert_eq!((translated.part, translated.parts), (part, first.parts));
            let json = checked(&translated);
            let more = quick_replies(&json).iter().find_map(|button| button["extra"]["sb"]["m"].as_u64());
            if !room {
                let rest = (part + 1 < first.parts).then_some(part + 1).or(older_rest);
                prop_assert_eq!(more, rest.map(u64::from), "the next part is offered");
            }
            all_strings(&json["template"]["outputs"], &mut words);
            for output in json["template"]["outputs"].as_array().unwrap() {
                images += usize::from(output["simpleImage"].is_object() || output["basicCard"].is_object());
                let buttons = [&output["textCard"]["buttons"], &output["basicCard"]["buttons"]];
                let buttons = buttons.into_iter().filter_map(Value::as_array).flatten();
                links += buttons.filter(|button| button["action"] == "webLink" || button["action"] == "phone").count();
                let cards = output["carousel"]["items"].as_array();
                let pressed = cards.into_iter().flatten().flat_map(|card| card["buttons"].as_array().unwrap());
                on_cards.extend(said(pressed, &labels));
            }
        }
        let whole = !first.degradations.has(Degradation::TextCut);
        if whole {
            for reading in &readings {
                let text = squeezed(reading.text.as_deref().unwrap_or_default());
                prop_assert!(words.contains(&text), "{:?} is not in {:?}", text, words);
            }
        }
        let written = |url: &str| url.starts_with("data:") || words.contains(&squeezed(url));
        let unwritten = |urls: Vec<&str>| urls.into_iter().filter(|url| whole && !written(url)).count();
        prop_assert!(unwritten(readings.iter().filter_map(|r| Some(&*r.photo.as_ref()?.url)).collect()) <= images);
        prop_assert!(unwritten(readings.iter().filter_map(|r| Some(&*r.link.as_ref()?.url)).collect()) <= links);

        if room {
            for (place, label) in labels.iter().enumerate().filter(|(_, label)| !human(label)) {
                let line = squeezed(&format!("{}.{label}", place + 1));
                prop_assert!(words.contains(&line), "{:?} is not in {:?}", line, words);
            }
            prop_assert_eq!(first.page, Page::default());
        } else {
            let (mut pressed, mut next) = (on_cards, Some(0));
            while let Some(page) = next {
                let translated = reply(&Content { page, ..content }, &view);
                prop_assert_eq!(translated.page.start, page);
                pressed.extend(said(quick_replies(&checked(&translated)).iter(), &labels));
                next = translated.page.next;
            }
            prop_assert_eq!(pressed, expected);
        }
        let past = reply(&Content { part: u32::MAX, page: u32::MAX, ..content }, &view);
        prop_assert_eq!(past.part + 1, past.parts);
    }

    #[test]
    fn no_button_is_lost_between_two_pages_whatever_comes_and_goes(
        labels in prop::collection::vec("[가-힣]{1,3}", 1..60),
        offers in prop::collection::vec((any::<bool>(), prop::option::of(0_u32..3)), 1..8),
    ) {
        let labels: Vec<_> = labels.into_iter().enumerate().map(|(place, label)| format!("{place}{label}")).collect();
        let keyboard = Keyboard::new(&labels);
        let policy = plain_policy(Overflow::Pages);
        let view = View { policy: &policy, message_block: None, room: false };
        let (mut page, mut seen) = (0, Vec::new());
        for (late, older_rest) in offers.iter().cycle().copied() {
            let content = Content { readings: &[], keyboard: keyboard.as_ref(), part: 0, page, late, older_rest };
            let json = checked(&reply(&content, &view));
            seen.extend(said(quick_replies(&json).iter(), &labels));
            let turns = quick_replies(&json).iter().filter_map(|button| button["extra"]["sb"]["p"].as_u64());
            match turns.max().and_then(|to| u32::try_from(to).ok()).filter(|to| *to > page) {
                Some(next) => page = next,
                None => break,
            }
        }
        if labels.len() <= limits::QUICK_REPLIES {
            // A keyboard that was in pages may fit whole by the next turn; then it is shown whole.
            seen.sort_by_key(|label| labels.iter().position(|other| other == label));
            seen.dedup();
        }
        prop_assert_eq!(seen, labels);
    }

    #[test]
    fn back_from_any_page_comes_to_the_first_one(count in 11_usize..130, late: bool, older_rest in prop::option::of(0_u32..3)) {
        let labels: Vec<_> = (0..count).map(|place| format!("메뉴 {place}")).collect();
        let keyboard = Keyboard::new(&labels);
        let policy = plain_policy(Overflow::Pages);
        let view = View { policy: &policy, message_block: None, room: false };
        let content = Content { readings: &[], keyboard: keyboard.as_ref(), part: 0, page: u32::MAX, late, older_rest };
        let mut shown = reply(&content, &view).page;
        while let Some(page) = shown.previous {
            let before = reply(&Content { page, ..content }, &view).page;
            prop_assert!(before.start < shown.start && before.next.is_some());
            shown = before;
        }
        prop_assert_eq!(shown.start, 0);
    }
}
