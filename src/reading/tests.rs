//! One fact a test: how each recorded or likely quirk of legacy.md 3 and 4 is read.

use super::*;
use crate::degradation::Degradation::{self, *};

mod keyboards;
mod messages;
mod syntax;

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

fn set(found: &[Degradation]) -> Degradations {
    let mut set = Degradations::NONE;
    found.iter().for_each(|degradation| set.add(*degradation));
    set
}

/// This keyboard in a reply is read so, and with exactly these degradations.
#[track_caller]
fn keyboard_is(keyboard: &str, keys: Option<Keys<'_>>, found: &[Degradation]) {
    let body = format!(r#"{{"message":{{"text":"a"}},"keyboard":{keyboard}}}"#);
    let expected = Reading { keyboard: keys, degradations: set(found), ..Reading::words("a") };
    assert_eq!(reading(&body), expected, "{keyboard}");
}

/// This home keyboard is read so, and with exactly these degradations.
#[track_caller]
fn home_is(body: &str, keys: Option<Keys<'_>>, found: &[Degradation]) {
    let expected = keys.map(|keys| Home { keys, degradations: set(found) });
    assert_eq!(read_home(body.as_bytes()).ok(), expected, "{body}");
}

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
    let Some(Keys::Buttons(labels)) = reading.keyboard else { panic!("no buttons") };
    assert!(labels.iter().all(|label| matches!(label, Cow::Borrowed(_))));
    assert!(reading.degradations.is_empty());
}

#[test]
fn extra_members_are_ignored_silently() {
    says(r#"{"user_key":"x","type":"text","message":{"text":"a","content":[1,{}]},"version":2}"#, "a", &[]);
}

#[test]
fn words_and_labels_are_kept_exactly() {
    says(r#"{"message":{"text":" a\n\n "}}"#, " a\n\n ", &[]);
    keyboard_is(r#"{"type":"buttons","buttons":[" a ","b\nc"," a "]}"#, labels([" a ", "b\nc", " a "]), &[]);
}

#[test]
fn what_is_not_an_object_is_no_reply() {
    assert_eq!(refusal(""), Unreadable::Empty);
    assert_eq!(refusal("\u{feff} \r\n\u{a0}"), Unreadable::Empty);
    assert_eq!(refusal("Unable file"), Unreadable::NotJson { at: 0, looks: Looks::Other });
    let page = "<html>{\"message\":{\"text\":\"a\"}}</html>";
    assert_eq!(refusal(page), Unreadable::NotJson { at: 0, looks: Looks::Html });
    for body in ["\"SUCCESS\"", "12", "null", "true", "[]", "[1]", "[{},{}]"] {
        assert_eq!(refusal(body), Unreadable::NotAnObject, "{body}");
    }
}

#[test]
fn a_refusal_has_a_code_and_quotes_nothing() {
    let error = refusal("secret");
    assert_eq!(error.code(), "not_json");
    assert!(!error.to_string().contains("secret"));
}

#[test]
fn what_is_not_json_is_told_by_its_kind_and_by_none_of_its_words() {
    let fatal = "<br />\n<b>Fatal error</b>:  Uncaught Error: hunter2 in <b>/b.php</b> on line <b>3</b><br />\n";
    for (body, kind) in [
        (fatal, "an error message of PHP, not JSON"),
        ("PHP Parse error:  hunter2 in /b.php on line 3\n", "an error message of PHP, not JSON"),
        ("\n<!DOCTYPE html><title>hunter2</title>", "an HTML page, not JSON"),
        ("<h1>hunter2</h1>", "an HTML page, not JSON"),
        ("<hunter2", "an HTML page, not JSON"),
        ("< hunter2", "the body is not JSON"),
        ("{\"message\": <b>hunter2</b>", "the body is not JSON"),
    ] {
        let told = refusal(body).to_string();
        assert!(told.contains(kind) && !told.contains("hunter2"), "{body}: {told}");
    }
}

#[test]
fn status_bodies_are_no_reply() {
    assert_eq!(refusal(r#"{"error":"x"}"#), Unreadable::Foreign);
    let recorded = r#"{"http_status_code":200,"code":0,"message":"SUCCESS","comment":"정상 응답"}"#;
    assert_eq!(refusal(recorded), Unreadable::Foreign);
    assert_eq!(refusal(r#"{"timestamp":1,"status":404,"message":"No message available"}"#), Unreadable::Foreign);
    says(r#"{"message":"네","code":0,"keyboard":{"type":"text"}}"#, "네", &[Shape]);
    says(r#"{"message":{"text":"a"},"code":0}"#, "a", &[]);
}

#[test]
fn a_good_reply_may_have_nothing_in_it() {
    for (body, found) in [
        ("{}", Degradations::NONE),
        (r#"{"message":{}}"#, Degradations::NONE),
        (r#"{"message":{"text":" \u200b"}}"#, Degradations::NONE),
        (r#"{"message":null,"keyboard":null}"#, Null.into()),
        (r#"{"message":null,"error":null}"#, Null.into()),
        (r#"{"message":[]}"#, Shape.into()),
    ] {
        assert_eq!(reading(body), Reading { degradations: found, ..Reading::default() }, "{body}");
    }
}
