//! What a caller is told of their own turn, when they ask for it.

use serde_json::json;

use crate::support::*;

const EXPLAIN: (&str, &str) = ("X-Bridge-Explain", "1");

fn plan(answer: &Answer) -> Option<(&str, &str)> {
    answer.header("x-bridge-plan").zip(answer.header("x-bridge-outcome"))
}

/// Whether any header is about the turn.
fn tells(answer: &Answer) -> bool {
    answer.headers.iter().any(|(name, _)| name.starts_with("x-bridge"))
}

#[test]
fn only_an_admitted_caller_who_asks_is_told_what_became_of_their_turn() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => bot::home(&["급식", "고장", "메뉴판"]),
        "/message" if asked.content() == "메뉴판" => reply(json!({ "keyboard": { "type": "text" } })),
        "/message" if asked.content() == "고장" => status(500, ""),
        _ => buttons("현미밥", &["급식", "고장", "메뉴판"]),
    });
    let own = "secret = { header = \"x-skill-secret\", values = [\"0123456789abcdef\"] }";
    let bridge = Bridge::of(&bot, own);
    let secret = ("x-skill-secret", "0123456789abcdef");
    let said = |words: &str, headers: &[(&str, &str)]| bridge.post("/skill", headers, Say::words(MINA, words));
    for (words, expected) in
        [("급식", ("ask", "answered")), ("비행기", ("reprompt", "answered")), ("고장", ("ask", "no_reply"))]
    {
        let explained = said(words, &[secret, EXPLAIN]);
        assert_eq!(plan(&explained), Some(expected), "{words}");
        assert_eq!(explained.header("x-bridge-problem"), (words == "고장").then_some("status 500"), "{words}");
        let unasked = said(words, &[secret]);
        assert!(unasked.status == 200 && !tells(&unasked), "{:?}", unasked.headers);
    }
    let explained = said("메뉴판", &[secret, EXPLAIN]);
    assert_eq!(explained.header("x-bridge-degradations"), Some("reply.no_message"));
    let stranger = said("급식", &[EXPLAIN]);
    assert!(stranger.status == 401 && !tells(&stranger), "{:?}", stranger.headers);
}

#[test]
fn while_a_turn_goes_on_nothing_is_told_of_it() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => text(),
        _ => hang(),
    });
    let own = "deadline = \"200ms\"\n[callback]\nafter = \"100ms\"";
    let bridge = Bridge::of(&bot, own);
    let answer = bridge.post("/skill", &[EXPLAIN], Say::words(MINA, "안녕"));
    assert!(answer.status == 200 && plan(&answer).is_none(), "{:?}", answer.headers);
}
