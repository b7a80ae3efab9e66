//! Keyboards of any shape, of a reply and of `GET /keyboard` (legacy.md 3).

use super::*;

#[test]
fn the_type_decides_what_a_keyboard_is() {
    keyboard_is(r#"{"type":"text"}"#, Some(Keys::Text), &[]);
    keyboard_is(r#"{"type":"text","buttons":[]}"#, Some(Keys::Text), &[]);
    keyboard_is(r#"{"type":"text","buttons":null}"#, Some(Keys::Text), &[Null]);
    keyboard_is(r#"{"type":"text","buttons":["a"]}"#, Some(Keys::Text), &[KeyboardType]);
    keyboard_is(r#"{"type":"carousel","buttons":["a"]}"#, Some(Keys::Text), &[KeyboardType]);
    keyboard_is(r#"{"type":"buttons","buttons":[]}"#, Some(Keys::Text), &[KeyboardType]);
    keyboard_is(r#"{"type":"buttons"}"#, Some(Keys::Text), &[KeyboardType]);
    keyboard_is("{}", Some(Keys::Text), &[KeyboardType]);
}

#[test]
fn a_list_of_labels_makes_up_for_a_missing_type() {
    for kind in ["", r#""type":"button","#, r#""type":"Buttons","#, r#""type":{},"#, r#""type":3,"#, r#""type":"","#] {
        keyboard_is(&format!(r#"{{{kind}"buttons":["a"]}}"#), labels(["a"]), &[KeyboardType]);
    }
    keyboard_is(r#"{"type":null,"buttons":["a"]}"#, labels(["a"]), &[Null, KeyboardType]);
    keyboard_is(r#"{"type":{"type":"buttons","buttons":["a"]}}"#, labels(["a"]), &[NestedKeyboard]);
}

#[test]
fn labels_of_any_shape_are_kept() {
    keyboard_is(r#"{"type":"buttons","buttons":"a"}"#, labels(["a"]), &[Shape]);
    keyboard_is(r#"{"type":"buttons","buttons":{"1":"a","3":"b"}}"#, labels(["a", "b"]), &[Shape]);
    keyboard_is(r#"{"type":"buttons","buttons":[1,2.50]}"#, labels(["1", "2.50"]), &[StringAsNumber]);
    keyboard_is(
        r#"{"type":"buttons","buttons":[{"label":"a"},{"name":"b"},{"text":"c"}]}"#,
        labels(["a", "b", "c"]),
        &[Shape],
    );
    keyboard_is(r#"{"type":"buttons","buttons":[["a","b"],["c"]]}"#, labels(["a", "b", "c"]), &[Shape]);
}

#[test]
fn empty_labels_are_dropped_and_equal_ones_kept() {
    keyboard_is(r#"{"type":"buttons","buttons":["a",""," ","a"]}"#, labels(["a", "a"]), &[LabelDropped]);
    keyboard_is(r#"{"type":"buttons","buttons":["a",null]}"#, labels(["a"]), &[Null, LabelDropped]);
    keyboard_is(r#"{"type":"buttons","buttons":[""]}"#, Some(Keys::Text), &[KeyboardType, LabelDropped]);
}

#[test]
fn buttons_are_bounded() {
    let many = format!(r#"{{"type":"buttons","buttons":["a"{}]}}"#, r#","a""#.repeat(limits::BUTTONS));
    keyboard_is(&many, Some(Keys::Buttons(vec![Cow::Borrowed("a"); limits::BUTTONS])), &[ButtonsDropped]);
}

#[test]
fn keyboards_are_found_where_they_were_put() {
    keyboard_is(r#"{"keyboard":{"type":"buttons","buttons":["a"]}}"#, labels(["a"]), &[NestedKeyboard]);
    keyboard_is(r#"["a","b"]"#, labels(["a", "b"]), &[Shape]);
    keyboard_is(r#"[{"type":"buttons","buttons":["a"]}]"#, labels(["a"]), &[Shape]);
    keyboard_is("[]", None, &[Shape]);
    keyboard_is(r#""text""#, Some(Keys::Text), &[Shape]);
    let inner = r#"{"message":{"keyboard":{"type":"buttons","buttons":["a"]}},"keyboard":null}"#;
    assert_eq!(reading(inner).keyboard, labels(["a"]));
    let bare = reading(r#"{"message":{"text":"a"},"type":"buttons","buttons":["b"]}"#);
    assert_eq!((bare.keyboard, bare.degradations), (labels(["b"]), Shape.into()));
}

#[test]
fn home_keyboards_are_found_where_they_were_put() {
    home_is(r#"{"type":"buttons","buttons":["a"]}"#, labels(["a"]), &[]);
    home_is(r#"{"type":"text"}"#, Some(Keys::Text), &[]);
    home_is(r#"{"keyboard":{"type":"buttons","buttons":["a"]}}"#, labels(["a"]), &[NestedKeyboard]);
    home_is(
        r#"{"message":{"text":"x"},"keyboard":{"type":"buttons","buttons":["a"]}}"#,
        labels(["a"]),
        &[NestedKeyboard],
    );
    home_is(r#"{"message":{"keyboard":{"type":"buttons","buttons":["a"]}}}"#, labels(["a"]), &[NestedKeyboard]);
    home_is("\u{feff}{\"type\":\"buttons\",\"buttons\":[\"a\"]}", labels(["a"]), &[Bom]);
    home_is(r#"["a","b"]"#, labels(["a", "b"]), &[Shape]);
    home_is("{}", Some(Keys::Text), &[KeyboardType]);
    home_is(r#"{"type":"text","message":"x"}"#, Some(Keys::Text), &[]);
    home_is(r#"{"keyboard":null}"#, Some(Keys::Text), &[Null, NestedKeyboard]);
    home_is(r#"{"type":"text","buttons":null}"#, Some(Keys::Text), &[Null]);
}

#[test]
fn what_is_no_keyboard_is_not_taken_for_one() {
    for body in [r#"{"error":"x"}"#, r#"{"message":"Not Found"}"#, r#"{"message":{"text":"a"}}"#] {
        assert_eq!(read_home(body.as_bytes()), Err(Unreadable::Foreign), "{body}");
    }
    assert_eq!(read_home(b""), Err(Unreadable::Empty));
}

#[test]
fn our_own_words_are_a_reading() {
    assert_eq!(Reading::words("a").text.as_deref(), Some("a"));
    assert!(Reading::words(" ").is_empty());
}
