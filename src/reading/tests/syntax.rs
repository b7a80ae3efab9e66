//! Bytes and syntax: what had to be let pass to read a document at all (legacy.md 4).

use std::io::Write;

use super::*;

#[test]
fn a_byte_order_mark_is_skipped_also_behind_white_space() {
    says("\u{feff}{\"message\":{\"text\":\"a\"}}", "a", &[Bom]);
    says("\r\n\u{feff}\u{feff} {\"message\":{\"text\":\"a\"}}", "a", &[Bom]);
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
    let body = [r#"{"message":{"text":"오늘의 급식은 "#.as_bytes(), &[0xeb, 0xb9], br#""}}"#].concat();
    says(body, "오늘의 급식은 \u{fffd}", &[BrokenUtf8]);
}

#[test]
fn utf16_with_its_mark_is_read() {
    let units: Vec<u16> = "\u{feff}{\"message\":{\"text\":\"안녕\"}}".encode_utf16().collect();
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
    assert_eq!(read(&gzip(b"")), Err(Unreadable::Empty));
    assert!(matches!(read(&[0x1f, 0x8b, 1, 2]), Err(Unreadable::NotJson { .. })));
}

#[test]
fn white_space_json_does_not_know_is_skipped() {
    says("\u{a0}\u{b}\u{c}\u{200b}{\"message\":\u{3000}{\"text\":\"a\"}}\u{a0}", "a", &[WhiteSpace]);
    says("\r\n\t {\"message\":{\"text\":\"a\"}}\r\n", "a", &[]);
}

#[test]
fn of_joined_documents_the_first_counts() {
    says(r#"{"message":{"text":"a"}}{"message":{"text":"b"}}"#, "a", &[Joined]);
    says("{\"message\":{\"text\":\"a\"}}\u{feff}", "a", &[WhiteSpace]);
    says(r#"{"message":{"text":"a"}}}}"#, "a", &[Joined]);
    says(r#"{"message":{"text":"a"}}<br>Warning"#, "a", &[Joined]);
}

#[test]
fn raw_control_characters_stand_for_themselves() {
    says("{\"message\":{\"text\":\"a\nb\tc\"}}", "a\nb\tc", &[ControlCharacters]);
}

#[test]
fn an_unknown_escape_keeps_its_letter() {
    says(r#"{"message":{"text":"\(a\) \'b\' \x41"}}"#, "(a) 'b' x41", &[EscapeRepaired]);
    says(r#"{"message":{"text":"\u12G4 \u"}}"#, "u12G4 u", &[EscapeRepaired]);
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
    let reading = reading(r#"{"message":{"text":"a"},"keyboard":{"type":"buttons","buttons":["b","c"}}"#);
    assert_eq!(reading.keyboard, labels(["b", "c"]));
    assert_eq!(reading.degradations, BracesRepaired.into());
}

#[test]
fn a_message_that_swallowed_the_keyboard_gives_it_back() {
    let reading = reading(r#"{"message":{"text":"a","keyboard":{"type":"buttons","buttons":["b"]}}"#);
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
    keyboard_is(r#"{"type":"buttons","buttons":["a",,"b",]}"#, labels(["a", "b"]), &[CommaRepaired]);
}

#[test]
fn of_a_repeated_member_the_last_counts() {
    says(r#"{"message":{"text":"a","text":"b"}}"#, "b", &[DuplicateKey]);
}

#[test]
fn depth_and_number_of_values_are_bounded() {
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(refusal(&deep), Unreadable::TooDeep);
    let wide = format!(r#"{{"text":"a","x":[{}0]}}"#, "0,".repeat(document::VALUES));
    assert_eq!(refusal(&wide), Unreadable::TooMany);
    let nested = format!(r#"{{"message":{{"text":"a"}},"x":{}{}}}"#, "[".repeat(63), "]".repeat(63));
    says(&nested, "a", &[]);
}

#[test]
fn hostile_bodies_are_read_in_linear_time() {
    // Each of these takes minutes where a step is quadratic, and a blink where it is not.
    let begun = crate::time::instant();
    let size = limits::REPLY_BYTES / 4;
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
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}
