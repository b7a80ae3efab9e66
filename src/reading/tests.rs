//! One fact a test: how each recorded or likely quirk of legacy.md 3 and 4 is read.

use std::io::Write;

use super::*;
use crate::translate::degradation::Degradation::{self, *};

#[track_caller]
fn reading(body: &str) -> Reading<'_> {
    read(body.as_bytes()).unwrap()
}

#[track_caller]
fn refusal(body: &str) -> Unreadable {
    read(body.as_bytes()).expect_err(body)
}

/// The body says these words, and was read with exactly these degradations.
#[track_caller]
fn says(body: impl AsRef<[u8]>, text: &str, found: &[Degradation]) {
    let reading = read(body.as_ref()).unwrap();
    assert_eq!(reading.text.as_deref(), Some(text));
    assert_eq!(reading.degradations.iter().collect::<Vec<_>>(), found);
}

fn labels<const N: usize>(labels: [&str; N]) -> Option<Keys<'_>> {
    Some(Keys::Buttons(labels.map(Cow::Borrowed).to_vec()))
}

/// This keyboard in a reply is read so, and with exactly these degradations.
#[track_caller]
fn keyboard_is(keyboard: &str, keys: Option<Keys<'_>>, found: &[Degradation]) {
    let body = format!(r#"{{"message":{{"text":"a"}},"keyboard":{keyboard}}}"#);
    let reading = reading(&body);
    assert_eq!(reading.keyboard, keys);
    assert_eq!(reading.degradations.iter().collect::<Vec<_>>(), found);
}

#[track_caller]
fn home_is(body: &str, keys: Option<Keys<'_>>, found: &[Degradation]) {
    let home = read_home(body.as_bytes()).unwrap();
    assert_eq!(Some(home.keys), keys);
    assert_eq!(home.degradations.iter().collect::<Vec<_>>(), found);
}

// Strict.

#[test]
fn a_documented_reply_borrows_everything() {
    let reading = reading(
        r#"{"message":{"text":"안녕","photo":{"url":"http://a/b.jpg","width":640,"height":480},
            "message_button":{"label":"보기","url":"http://a/"}},"keyboard":{"type":"buttons","buttons":["가","나"]}}"#,
    );
    assert!(matches!(reading.text, Some(Cow::Borrowed("안녕"))));
    let photo = reading.photo.unwrap();
    assert!(matches!(photo.url, Cow::Borrowed("http://a/b.jpg")));
    assert_eq!(photo.size, Some((640, 480)));
    assert!(matches!(reading.link.unwrap().label, Cow::Borrowed("보기")));
    let Some(Keys::Buttons(labels)) = reading.keyboard else {
        panic!("no buttons")
    };
    assert!(labels.iter().all(|label| matches!(label, Cow::Borrowed(_))));
    assert!(reading.degradations.is_empty());
}

#[test]
fn extra_members_are_ignored_silently() {
    says(
        r#"{"user_key":"x","type":"text","message":{"text":"a","content":[1,{}]},"version":2}"#,
        "a",
        &[],
    );
}

#[test]
fn words_and_labels_are_kept_exactly() {
    says(r#"{"message":{"text":" a\n\n "}}"#, " a\n\n ", &[]);
    keyboard_is(
        r#"{"type":"buttons","buttons":[" a ","b\nc"," a "]}"#,
        labels([" a ", "b\nc", " a "]),
        &[],
    );
}

// Bytes.

#[test]
fn a_byte_order_mark_is_skipped_also_behind_white_space() {
    says("\u{feff}{\"message\":{\"text\":\"a\"}}", "a", &[Bom]);
    says(
        "\r\n\u{feff}\u{feff} {\"message\":{\"text\":\"a\"}}",
        "a",
        &[Bom],
    );
}

#[test]
fn bytes_that_are_not_utf8_are_cp949() {
    let (body, _, _) = encoding_rs::EUC_KR.encode(r#"{"message":{"text":"안녕하세요 똠방각하"}}"#);
    says(&body, "안녕하세요 똠방각하", &[Cp949]);
    let marked = [&[0xef, 0xbb, 0xbf], &*body].concat();
    says(marked, "안녕하세요 똠방각하", &[Bom, Cp949]);
}

#[test]
fn utf8_cut_inside_a_syllable_stays_utf8() {
    let body = [
        r#"{"message":{"text":"오늘의 급식은 "#.as_bytes(),
        &[0xeb, 0xb9],
        br#""}}"#,
    ]
    .concat();
    says(body, "오늘의 급식은 \u{fffd}", &[BrokenUtf8]);
}

#[test]
fn utf16_with_its_mark_is_read() {
    let units: Vec<u16> = "\u{feff}{\"message\":{\"text\":\"안녕\"}}"
        .encode_utf16()
        .collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    says(little, "안녕", &[Utf16]);
    says(big, "안녕", &[Utf16]);
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_nobody_asked_for_is_read() {
    let mut body = gzip("{\"message\":{\"text\":\"안녕\"}}".as_bytes());
    says(&body, "안녕", &[Gzip]);
    body.truncate(body.len() - 8);
    says(&body, "안녕", &[Gzip]);
}

#[test]
fn decompression_is_bounded() {
    let body = gzip(&vec![b' '; limits::REPLY_BYTES + 1]);
    assert!(body.len() < 10_000);
    assert_eq!(read(&body), Err(Unreadable::TooLong));
    assert_eq!(
        read(&gzip(b"")),
        Err(Unreadable::NotJson { at: 0 }).or(Err(Unreadable::Empty))
    );
    assert!(matches!(
        read(&[0x1f, 0x8b, 1, 2]),
        Err(Unreadable::NotJson { .. })
    ));
}

// Syntax.

#[test]
fn white_space_json_does_not_know_is_skipped() {
    says(
        "\u{a0}\u{b}\u{c}\u{200b}{\"message\":\u{3000}{\"text\":\"a\"}}\u{a0}",
        "a",
        &[WhiteSpace],
    );
    says("\r\n\t {\"message\":{\"text\":\"a\"}}\r\n", "a", &[]);
}

#[test]
fn of_joined_documents_the_first_counts() {
    says(
        r#"{"message":{"text":"a"}}{"message":{"text":"b"}}"#,
        "a",
        &[Joined],
    );
    says("{\"message\":{\"text\":\"a\"}}\u{feff}", "a", &[WhiteSpace]);
    says(r#"{"message":{"text":"a"}}}}"#, "a", &[Joined]);
    says(r#"{"message":{"text":"a"}}<br>Warning"#, "a", &[Joined]);
}

#[test]
fn raw_control_characters_stand_for_themselves() {
    says(
        "{\"message\":{\"text\":\"a\nb\tc\"}}",
        "a\nb\tc",
        &[ControlCharacters],
    );
}

#[test]
fn an_unknown_escape_keeps_its_letter() {
    says(
        r#"{"message":{"text":"\(a\) \'b\' \x41"}}"#,
        "(a) 'b' x41",
        &[EscapeRepaired],
    );
    says(
        r#"{"message":{"text":"\u12G4 \u"}}"#,
        "u12G4 u",
        &[EscapeRepaired],
    );
}

#[test]
fn surrogates_without_their_other_half_are_replaced() {
    says(r#"{"message":{"text":"\ud83d\ude00"}}"#, "😀", &[]);
    says(
        r#"{"message":{"text":"\ud83d\ud83d\ude00!\ude00\ud83d\n"}}"#,
        "\u{fffd}😀!\u{fffd}\u{fffd}\n",
        &[EscapeRepaired],
    );
}

#[test]
fn missing_closing_braces_are_added() {
    says(r#"{"message":{"text":"a"}"#, "a", &[BracesRepaired]);
    says("{\"message\":{\"text\":\"a\"\n", "a", &[BracesRepaired]);
    let reading =
        reading(r#"{"message":{"text":"a"},"keyboard":{"type":"buttons","buttons":["b","c"}}"#);
    assert_eq!(reading.keyboard, labels(["b", "c"]));
    assert_eq!(reading.degradations, BracesRepaired.into());
}

#[test]
fn a_message_that_swallowed_the_keyboard_gives_it_back() {
    let reading =
        reading(r#"{"message":{"text":"a","keyboard":{"type":"buttons","buttons":["b"]}}"#);
    assert_eq!(reading.keyboard, labels(["b"]));
    assert!(reading.degradations.has(BracesRepaired) && reading.degradations.has(NestedKeyboard));
}

#[test]
fn content_is_never_invented() {
    for cut in [
        r#"{"message":{"text":"a"#,
        r#"{"message":{"text":"a\"#,
        r#"{"message":{"text":"#,
        r#"{"message""#,
        "{",
        "{\"message\":{",
    ] {
        assert!(matches!(refusal(cut), Unreadable::NotJson { .. }), "{cut}");
    }
}

#[test]
fn commas_too_many_are_skipped() {
    says(r#"{"message":{"text":"a",},}"#, "a", &[CommaRepaired]);
    keyboard_is(
        r#"{"type":"buttons","buttons":["a",,"b",]}"#,
        labels(["a", "b"]),
        &[CommaRepaired],
    );
}

#[test]
fn of_a_repeated_member_the_last_counts() {
    says(
        r#"{"message":{"text":"a","text":"b"}}"#,
        "b",
        &[DuplicateKey],
    );
}

#[test]
fn depth_and_number_of_values_are_bounded() {
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(refusal(&deep), Unreadable::TooDeep);
    let wide = format!(r#"{{"text":"a","x":[{}0]}}"#, "0,".repeat(document::VALUES));
    assert_eq!(refusal(&wide), Unreadable::TooMany);
    let nested = format!(
        r#"{{"message":{{"text":"a"}},"x":{}{}}}"#,
        "[".repeat(63),
        "]".repeat(63)
    );
    says(&nested, "a", &[]);
}

#[test]
fn hostile_bodies_of_a_mebibyte_are_read_in_linear_time() {
    // Each of these takes minutes where a step is quadratic, and a blink where it is not.
    let size = limits::REPLY_BYTES;
    for (start, piece) in [
        ("{", ""),
        ("", "["),
        ("{\"text\":\"", "\\u"),
        ("{\"text\":\"", "\\ud800"),
        ("{\"text\":\"", "\\q"),
        ("", "\u{feff}\u{a0}"),
        ("{", ","),
        ("{\"text\":[", "\"a\","),
        ("{\"message\":{\"photo\":[", "\"http://a\","),
        ("{", "\"text\":1,"),
        ("{\"message_button\":[", "{\"label\":\"a\"},"),
        ("{\"a\":[", "}"),
        ("{\"keyboard\":[", "\"a\",\"\","),
        ("{\"keyboard\":{\"buttons\":{", "\"a\":{\"name\":7},"),
        ("", "\u{7}"),
        ("{\"message\":[", "{\"keyboard\":1},"),
    ] {
        let piece = if piece.is_empty() { " " } else { piece };
        let body = format!("{start}{}", piece.repeat(size / piece.len()));
        let _answered = (read(body.as_bytes()), read_home(body.as_bytes()));
    }
    for byte in [0x80, 0xb0, 0xea, 0xff] {
        let _answered = read(&vec![byte; size]);
    }
}

// What is no reply.

#[test]
fn what_is_not_an_object_is_no_reply() {
    assert_eq!(refusal(""), Unreadable::Empty);
    assert_eq!(refusal("\u{feff} \r\n\u{a0}"), Unreadable::Empty);
    assert_eq!(refusal("Unable file"), Unreadable::NotJson { at: 0 });
    assert_eq!(
        refusal("<html>{\"message\":{\"text\":\"a\"}}</html>"),
        Unreadable::NotJson { at: 0 }
    );
    for body in ["\"SUCCESS\"", "12", "null", "true", "[]", "[1]", "[{},{}]"] {
        assert_eq!(refusal(body), Unreadable::NotAnObject, "{body}");
    }
}

#[test]
fn a_refusal_blames_the_bot_and_quotes_nothing() {
    let error = refusal("secret");
    assert_eq!(
        (error.blame(), error.sent(), error.code()),
        (Blame::Bot, Sent::Unknown, "not_json")
    );
    assert!(!error.to_string().contains("secret"));
}

#[test]
fn status_bodies_are_no_reply() {
    assert_eq!(refusal(r#"{"error":"x"}"#), Unreadable::Foreign);
    let recorded = r#"{"http_status_code":200,"code":0,"message":"SUCCESS","comment":"정상 응답"}"#;
    assert_eq!(refusal(recorded), Unreadable::Foreign);
    assert_eq!(
        refusal(r#"{"timestamp":1,"status":404,"message":"No message available"}"#),
        Unreadable::Foreign
    );
    says(
        r#"{"message":"네","code":0,"keyboard":{"type":"text"}}"#,
        "네",
        &[Shape],
    );
    says(r#"{"message":{"text":"a"},"code":0}"#, "a", &[]);
}

#[test]
fn a_good_reply_may_have_nothing_in_it() {
    for (body, found) in [
        ("{}", Degradations::NONE),
        (r#"{"message":{}}"#, Degradations::NONE),
        (r#"{"message":{"text":" \u200b"}}"#, Degradations::NONE),
        (r#"{"message":null,"keyboard":null}"#, Null.into()),
        (r#"{"message":[]}"#, Shape.into()),
    ] {
        assert_eq!(
            reading(body),
            Reading {
                degradations: found,
                ..Reading::default()
            },
            "{body}"
        );
    }
}

// Shapes of the message.

#[test]
fn null_counts_as_absent() {
    says(
        r#"{"message":{"text":"a","photo":null,"message_button":null},"keyboard":null}"#,
        "a",
        &[Null],
    );
}

#[test]
fn a_message_that_is_a_string_is_its_text() {
    says(r#"{"message":"a"}"#, "a", &[Shape]);
    says(r#"{"message":["a",{"text":"b"}]}"#, "a\nb", &[Shape]);
}

#[test]
fn a_text_that_is_a_number_is_its_digits() {
    says(r#"{"message":{"text":1.50}}"#, "1.50", &[StringAsNumber]);
    says(r#"{"message":{"text":true}}"#, "true", &[StringAsNumber]);
}

#[test]
fn content_beside_message_is_kept() {
    says(r#"{"text":"a"}"#, "a", &[BesideMessage]);
    says(
        r#"{"message":{"text":"a"},"text":"b"}"#,
        "a\nb",
        &[BesideMessage],
    );
    says(
        r#"{"message":{"text":"a"},"text":"a"}"#,
        "a",
        &[BesideMessage],
    );
    let reading = reading(
        r#"{"message":{"text":"a"},"photo":{"url":"b"},"message_button":{"label":"c","url":"d"}}"#,
    );
    assert_eq!(reading.photo.unwrap().url, "b");
    assert_eq!(reading.link.unwrap().url, "d");
}

#[test]
fn a_list_or_string_around_the_whole_is_taken_off() {
    says(r#"[{"message":{"text":"a"}}]"#, "a", &[Shape]);
    says(r#""{\"message\":{\"text\":\"a\\n\"}}""#, "a\n", &[Shape]);
    let thrice = serde_json::to_string(&serde_json::to_string("{}").unwrap()).unwrap();
    assert_eq!(refusal(&thrice), Unreadable::NotAnObject);
}

#[test]
fn photos_of_any_shape_are_kept() {
    for (photo, size, found) in [
        (r#""u""#, None, Shape.into()),
        (
            r#"[{"url":"u","width":3,"height":4}]"#,
            Some((3, 4)),
            Shape.into(),
        ),
        (
            r#"{"url":" u ","width":"640","height":480.4}"#,
            Some((640, 480)),
            NumberAsString.into(),
        ),
        (
            r#"{"url":"u","width":0,"height":4}"#,
            None,
            Degradations::NONE,
        ),
        (
            r#"{"url":"u","width":"","height":4}"#,
            None,
            Degradations::NONE,
        ),
        (
            r#"{"url":"u","width":-1,"height":1e99}"#,
            None,
            Shape.into(),
        ),
        (
            r#"{"url":"u","width":"wide","height":[]}"#,
            None,
            Shape.into(),
        ),
    ] {
        let body = format!(r#"{{"message":{{"photo":{photo}}}}}"#);
        let expected = Photo {
            url: Cow::Borrowed("u"),
            size,
        };
        assert_eq!(
            reading(&body),
            Reading {
                photo: Some(expected),
                degradations: found,
                ..Reading::default()
            },
            "{photo}"
        );
    }
}

#[test]
fn empty_urls_count_as_absent() {
    assert!(
        reading(r#"{"message":{"photo":{"url":" "},"message_button":{"label":"","url":""}}}"#)
            .is_empty()
    );
    assert!(reading(r#"{"message":{"photo":"","message_button":[]}}"#).is_empty());
}

#[test]
fn what_has_no_place_of_its_own_is_written_out() {
    says(
        r#"{"message":{"text":"a","message_button":{"label":"b","url":""}}}"#,
        "a\nb",
        &[Shape],
    );
    says(
        r#"{"message":{"photo":["http://a","http://b","http://a"]}}"#,
        "http://b",
        &[Shape, PhotoWritten],
    );
    let two = r#"{"message":{"message_button":[{"label":"a","url":"b"},{"label":"c","url":"d"}]}}"#;
    says(two, "c\nd", &[Shape, LinkWritten]);
}

#[test]
fn a_link_may_be_a_bare_url_and_may_lack_its_label() {
    let link = reading(r#"{"message":{"message_button":"http://a/"}}"#)
        .link
        .unwrap();
    assert_eq!((&*link.label, &*link.url), ("", "http://a/"));
    let link = reading(r#"{"message":{"message_button":{"url":" http://a/ "}}}"#)
        .link
        .unwrap();
    assert_eq!((&*link.label, &*link.url), ("", "http://a/"));
    says(
        r#"{"message":{"message_button":"전화 주세요"}}"#,
        "전화 주세요",
        &[Shape],
    );
}

// Keyboards.

#[test]
fn the_type_decides_what_a_keyboard_is() {
    keyboard_is(r#"{"type":"text"}"#, Some(Keys::Text), &[]);
    keyboard_is(r#"{"type":"text","buttons":[]}"#, Some(Keys::Text), &[]);
    keyboard_is(
        r#"{"type":"text","buttons":null}"#,
        Some(Keys::Text),
        &[Null],
    );
    keyboard_is(
        r#"{"type":"text","buttons":["a"]}"#,
        Some(Keys::Text),
        &[KeyboardType],
    );
    keyboard_is(
        r#"{"type":"carousel","buttons":["a"]}"#,
        Some(Keys::Text),
        &[KeyboardType],
    );
    keyboard_is(
        r#"{"type":"buttons","buttons":[]}"#,
        Some(Keys::Text),
        &[KeyboardType],
    );
    keyboard_is(r#"{"type":"buttons"}"#, Some(Keys::Text), &[KeyboardType]);
    keyboard_is("{}", Some(Keys::Text), &[KeyboardType]);
}

#[test]
fn a_list_of_labels_makes_up_for_a_missing_type() {
    for kind in [
        "",
        r#""type":"button","#,
        r#""type":"Buttons","#,
        r#""type":{},"#,
        r#""type":3,"#,
        r#""type":"","#,
    ] {
        keyboard_is(
            &format!(r#"{{{kind}"buttons":["a"]}}"#),
            labels(["a"]),
            &[KeyboardType],
        );
    }
    keyboard_is(
        r#"{"type":null,"buttons":["a"]}"#,
        labels(["a"]),
        &[Null, KeyboardType],
    );
    keyboard_is(
        r#"{"type":{"type":"buttons","buttons":["a"]}}"#,
        labels(["a"]),
        &[NestedKeyboard],
    );
}

#[test]
fn labels_of_any_shape_are_kept() {
    keyboard_is(
        r#"{"type":"buttons","buttons":"a"}"#,
        labels(["a"]),
        &[Shape],
    );
    keyboard_is(
        r#"{"type":"buttons","buttons":{"1":"a","3":"b"}}"#,
        labels(["a", "b"]),
        &[Shape],
    );
    keyboard_is(
        r#"{"type":"buttons","buttons":[1,2.50]}"#,
        labels(["1", "2.50"]),
        &[StringAsNumber],
    );
    keyboard_is(
        r#"{"type":"buttons","buttons":[{"label":"a"},{"name":"b"},{"text":"c"}]}"#,
        labels(["a", "b", "c"]),
        &[Shape],
    );
    keyboard_is(
        r#"{"type":"buttons","buttons":[["a","b"],["c"]]}"#,
        labels(["a", "b", "c"]),
        &[Shape],
    );
}

#[test]
fn empty_labels_are_dropped_and_equal_ones_kept() {
    keyboard_is(
        r#"{"type":"buttons","buttons":["a",""," ","a"]}"#,
        labels(["a", "a"]),
        &[LabelDropped],
    );
    keyboard_is(
        r#"{"type":"buttons","buttons":["a",null]}"#,
        labels(["a"]),
        &[Null, LabelDropped],
    );
    keyboard_is(
        r#"{"type":"buttons","buttons":[""]}"#,
        Some(Keys::Text),
        &[KeyboardType, LabelDropped],
    );
}

#[test]
fn buttons_are_bounded() {
    let many = format!(
        r#"{{"type":"buttons","buttons":["a"{}]}}"#,
        r#","a""#.repeat(limits::BUTTONS)
    );
    keyboard_is(
        &many,
        Some(Keys::Buttons(vec![Cow::Borrowed("a"); limits::BUTTONS])),
        &[ButtonsDropped],
    );
}

#[test]
fn keyboards_are_found_where_they_were_put() {
    keyboard_is(
        r#"{"keyboard":{"type":"buttons","buttons":["a"]}}"#,
        labels(["a"]),
        &[NestedKeyboard],
    );
    keyboard_is(r#"["a","b"]"#, labels(["a", "b"]), &[Shape]);
    keyboard_is(
        r#"[{"type":"buttons","buttons":["a"]}]"#,
        labels(["a"]),
        &[Shape],
    );
    keyboard_is("[]", None, &[Shape]);
    keyboard_is(r#""text""#, Some(Keys::Text), &[Shape]);
    let inner = r#"{"message":{"keyboard":{"type":"buttons","buttons":["a"]}},"keyboard":null}"#;
    assert_eq!(reading(inner).keyboard, labels(["a"]));
    let bare = reading(r#"{"message":{"text":"a"},"type":"buttons","buttons":["b"]}"#);
    assert_eq!(
        (bare.keyboard, bare.degradations),
        (labels(["b"]), Shape.into())
    );
}

#[test]
fn home_keyboards_are_found_where_they_were_put() {
    home_is(r#"{"type":"buttons","buttons":["a"]}"#, labels(["a"]), &[]);
    home_is(r#"{"type":"text"}"#, Some(Keys::Text), &[]);
    home_is(
        r#"{"keyboard":{"type":"buttons","buttons":["a"]}}"#,
        labels(["a"]),
        &[NestedKeyboard],
    );
    home_is(
        r#"{"message":{"text":"x"},"keyboard":{"type":"buttons","buttons":["a"]}}"#,
        labels(["a"]),
        &[NestedKeyboard],
    );
    home_is(
        r#"{"message":{"keyboard":{"type":"buttons","buttons":["a"]}}}"#,
        labels(["a"]),
        &[NestedKeyboard],
    );
    home_is(
        "\u{feff}{\"type\":\"buttons\",\"buttons\":[\"a\"]}",
        labels(["a"]),
        &[Bom],
    );
    home_is(r#"["a","b"]"#, labels(["a", "b"]), &[Shape]);
    home_is("{}", Some(Keys::Text), &[KeyboardType]);
    home_is(r#"{"type":"text","message":"x"}"#, Some(Keys::Text), &[]);
    home_is(
        r#"{"keyboard":null}"#,
        Some(Keys::Text),
        &[Null, NestedKeyboard],
    );
    home_is(
        r#"{"type":"text","buttons":null}"#,
        Some(Keys::Text),
        &[Null],
    );
}

#[test]
fn what_is_no_keyboard_is_not_taken_for_one() {
    for body in [
        r#"{"error":"x"}"#,
        r#"{"message":"Not Found"}"#,
        r#"{"message":{"text":"a"}}"#,
    ] {
        assert_eq!(
            read_home(body.as_bytes()),
            Err(Unreadable::Foreign),
            "{body}"
        );
    }
    assert_eq!(read_home(b""), Err(Unreadable::Empty));
}

#[test]
fn our_own_words_are_a_reading() {
    assert_eq!(Reading::words("a").text.as_deref(), Some("a"));
    assert!(Reading::words(" ").is_empty());
}
