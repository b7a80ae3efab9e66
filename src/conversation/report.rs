//! What came of conversations, for people, as TAP (version 14), and as JUnit's XML.

use std::fmt::Write as _;

use maud::{PreEscaped, html};

use super::Act;
use super::judge::shown;
use super::play::{Played, PlayedStep};
use crate::messages::{Language, Message, conversation as messages};

/// For people: a line a conversation, and below it each step that differs, drawn.
pub(crate) fn text(file: &str, played: &Played, language: Language) -> String {
    let took = format!("{:.1}", played.took().as_secs_f32());
    let line = if played.is_good() {
        messages::as_expected(shown(&played.name), file, played.steps.len(), took)
    } else {
        messages::differs(shown(&played.name), file)
    };
    let mut text = line.text(language) + "\n";
    for (number, step) in differing(played) {
        let _infallible = writeln!(text, "  {}", messages::in_step(number, done(&step.act)).text(language));
        for difference in &step.differences {
            let _infallible = writeln!(text, "    {}", difference.told(language).replace('\n', "\n    "));
        }
        for line in step.came.iter().flat_map(|came| came.screen.drawn.lines()) {
            let _infallible = writeln!(text, "    {line}");
        }
    }
    text
}

/// One line of TAP and what explains it.
pub(crate) fn tap(number: usize, file: &str, played: &Played, language: Language) -> String {
    // `#` begins a directive there.
    let name = format!("{file}: {}", shown(&played.name)).replace('\\', "\\\\").replace('#', "\\#");
    if played.is_good() {
        return format!("ok {number} - {name}\n");
    }
    let mut tap = format!("not ok {number} - {name}\n  ---\n  differences:\n");
    for difference in told(played, language) {
        let quoted = serde_json::Value::from(difference).to_string();
        let _infallible = writeln!(tap, "    - {quoted}");
    }
    tap + "  ...\n"
}

/// The XML that JUnit writes, as far as CI servers agree on it.
pub(crate) fn junit(all: &[(String, Played)], language: Language) -> String {
    let failures = all.iter().filter(|(_, played)| !played.is_good()).count();
    let seconds = |played: &Played| format!("{:.3}", played.took().as_secs_f64());
    let suite = html! {
        testsuites {
            testsuite name="smartchat-bridge" tests=(all.len()) failures=(failures) {
                @for (file, played) in all {
                    testcase classname=(xml(file)) name=(xml(&played.name)) time=(seconds(played)) {
                        @if !played.is_good() {
                            @let differences = told(played, language).join("\n");
                            failure message=(xml(differences.lines().next().unwrap_or_default())) { (xml(&differences)) }
                        }
                    }
                }
            }
        }
    };
    html! { (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")) (suite) "\n" }.into_string()
}

/// XML knows no control characters but white space, not even escaped.
fn xml(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(shown).collect();
    lines.join("\n")
}

fn told(played: &Played, language: Language) -> Vec<String> {
    let line = |number, difference: &Message| messages::in_step(number, difference.clone()).text(language);
    let lines = |(number, step): (usize, &PlayedStep)| -> Vec<String> {
        step.differences.iter().map(|difference| line(number, difference)).collect()
    };
    differing(played).flat_map(lines).collect()
}

/// The steps that differ, counted from 1.
fn differing(played: &Played) -> impl Iterator<Item = (usize, &PlayedStep)> {
    (1..).zip(&played.steps).filter(|(_, step)| !step.differences.is_empty())
}

/// What was done, in the words of the file.
fn done(act: &Act) -> Message {
    match act {
        Act::Enter => messages::as_told("enter"),
        Act::Tap(label) => messages::as_told(format!("tap = \"{}\"", shown(label))),
        Act::Say(words) => messages::as_told(format!("say = \"{}\"", shown(words))),
        Act::Photo(url) => messages::as_told(format!("photo = \"{}\"", shown(url))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(name: &str, difference: Option<Message>) -> Played {
        let step = PlayedStep { act: Act::Enter, came: None, differences: difference.into_iter().collect() };
        Played { name: name.to_owned(), steps: vec![step] }
    }

    #[test]
    fn tap_and_xml_survive_every_word() {
        let bad = played("<a> # \u{1b}[2J", Some(messages::lacks("<b>\"", "    + x & y")));
        let line = tap(2, "f.toml", &bad, Language::English);
        assert!(line.starts_with("not ok 2 - f.toml: <a> \\# ") && !line.contains('\u{1b}'), "{line}");
        assert!(line.ends_with("  ...\n") && line.lines().count() == 5, "{line}");
        assert_eq!(tap(1, "f.toml", &played("a", None), Language::English), "ok 1 - f.toml: a\n");
        let xml = junit(&[("f.toml".to_owned(), bad), ("g.toml".to_owned(), played("b", None))], Language::English);
        assert!(xml.contains("tests=\"2\" failures=\"1\"") && xml.contains("&lt;b&gt;&quot;"), "{xml}");
        assert!(xml.contains("x &amp; y") && !xml.contains('\u{1b}'), "{xml}");
    }
}
