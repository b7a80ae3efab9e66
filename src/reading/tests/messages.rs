//! Messages of any shape (legacy.md 3).

use super::*;

#[test]
fn null_counts_as_absent() {
    says(r#"{"message":{"text":"a","photo":null,"message_button":null},"keyboard":null}"#, "a", &[Null]);
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
    says(r#"{"message":{"text":"a"},"text":"b"}"#, "a\nb", &[BesideMessage]);
    says(r#"{"message":{"text":"a"},"text":"a"}"#, "a", &[BesideMessage]);
    let reading = reading(r#"{"message":{"text":"a"},"photo":{"url":"b"},"message_button":{"label":"c","url":"d"}}"#);
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
        (r#"[{"url":"u","width":3,"height":4}]"#, Some((3, 4)), Shape.into()),
        (r#"{"url":" u ","width":"640","height":480.4}"#, Some((640, 480)), NumberAsString.into()),
        (r#"{"url":"u","width":0,"height":4}"#, None, Degradations::NONE),
        (r#"{"url":"u","width":"","height":4}"#, None, Degradations::NONE),
        (r#"{"url":"u","width":-1,"height":1e99}"#, None, Shape.into()),
        (r#"{"url":"u","width":"wide","height":[]}"#, None, Shape.into()),
    ] {
        let body = format!(r#"{{"message":{{"photo":{photo}}}}}"#);
        let expected = Photo { url: Cow::Borrowed("u"), size };
        assert_eq!(
            reading(&body),
            Reading { photo: Some(expected), degradations: found, ..Reading::default() },
            "{photo}"
        );
    }
}

#[test]
fn empty_urls_count_as_absent() {
    assert!(reading(r#"{"message":{"photo":{"url":" "},"message_button":{"label":"","url":""}}}"#).is_empty());
    assert!(reading(r#"{"message":{"photo":"","message_button":[]}}"#).is_empty());
}

#[test]
fn what_has_no_place_of_its_own_is_written_out() {
    says(r#"{"message":{"text":"a","message_button":{"label":"b","url":""}}}"#, "a\nb", &[Shape]);
    says(r#"{"message":{"photo":["http://a","http://b","http://a"]}}"#, "http://b", &[Shape, PhotoWritten]);
    let two = r#"{"message":{"message_button":[{"label":"a","url":"b"},{"label":"c","url":"d"}]}}"#;
    says(two, "c\nd", &[Shape, LinkWritten]);
}

#[test]
fn a_link_may_be_a_bare_url_and_may_lack_its_label() {
    let link = reading(r#"{"message":{"message_button":"http://a/"}}"#).link.unwrap();
    assert_eq!((&*link.label, &*link.url), ("", "http://a/"));
    let link = reading(r#"{"message":{"message_button":{"url":" http://a/ "}}}"#).link.unwrap();
    assert_eq!((&*link.label, &*link.url), ("", "http://a/"));
    says(r#"{"message":{"message_button":"전화 주세요"}}"#, "전화 주세요", &[Shape]);
}

#[test]
fn parts_encoded_twice_are_not_shown_as_json() {
    says(r#"{"message":"{\"text\":\"a\"}"}"#, "a", &[Shape]);
    says(r#"{"message":"{a smile}"}"#, "{a smile}", &[Shape]);
    let keyboard = r#""{\"type\":\"buttons\",\"buttons\":[\"b\"]}""#;
    keyboard_is(keyboard, labels(["b"]), &[Shape]);
}

#[test]
fn a_url_is_a_string() {
    let body = r#"{"message":{"photo":{"url":false},"message_button":{"label":null,"url":0}}}"#;
    assert!(reading(body).is_empty());
    says(r#"{"message":{"message_button":"문의: http://a/"}}"#, "문의: http://a/", &[Shape]);
}
