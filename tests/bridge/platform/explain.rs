//! What a caller is told of their own turn, when they ask for it.

use crate::platform::support::*;

const EXPLAIN: (&str, &str) = ("X-Bridge-Explain", "1");

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer
        .head
        .lines()
        .find_map(|line| line.split_once(": ").filter(|(own, _)| own.eq_ignore_ascii_case(name))?.1.into())
}

fn plan(answer: &Answer) -> Option<(&str, &str)> {
    header(answer, "x-bridge-plan").zip(header(answer, "x-bridge-outcome"))
}

#[test]
fn only_an_admitted_caller_who_asks_is_told_what_became_of_their_turn() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => bot::home(&["급식", "고장"]),
        "/message" if asked.content() == "고장" => Reply::With(500, String::new()),
        _ => buttons("현미밥", &["급식", "고장"]),
    });
    let own = "secret = { header = \"x-skill-secret\", values = [\"0123456789abcdef\"] }";
    let bridge = Bridge::of(&bot, own);
    let secret = ("x-skill-secret", "0123456789abcdef");
    let said = |words: &str, headers: &[(&str, &str)]| bridge.post("/skill", headers, &Say::words(MINA, words).body());
    for (words, expected) in
        [("급식", ("ask", "answered")), ("비행기", ("reprompt", "answered")), ("고장", ("ask", "no_reply"))]
    {
        assert_eq!(plan(&said(words, &[secret, EXPLAIN])), Some(expected), "{words}");
        let unasked = said(words, &[secret]);
        assert!(unasked.status == 200 && !unasked.head.to_ascii_lowercase().contains("x-bridge"), "{}", unasked.head);
    }
    let stranger = said("급식", &[EXPLAIN]);
    assert!(stranger.status == 401 && !stranger.head.to_ascii_lowercase().contains("x-bridge"), "{}", stranger.head);
}

#[test]
fn while_a_turn_goes_on_nothing_is_told_of_it() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => text(),
        _ => Reply::After(std::time::Duration::from_secs(2), 200, String::from("{\"message\":{\"text\":\"늦은 답\"}}")),
    });
    let own = "deadline = \"200ms\"\n[callback]\nafter = \"100ms\"";
    let bridge = Bridge::of(&bot, own);
    let answer = bridge.post("/skill", &[EXPLAIN], &Say::words(MINA, "안녕").body());
    assert!(answer.status == 200 && plan(&answer).is_none(), "{}", answer.head);
}
