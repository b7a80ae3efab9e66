//! Conversations as TOML: read, written, and brought up to date without touching what the owner wrote around it.

use std::collections::BTreeMap;
use std::time::Duration;

use regex::RegexBuilder;
use serde::Deserialize;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use super::screen::Screen;
use super::{Act, Conversation, Expected, Step};
use crate::messages::{Message, conversation as messages};
use crate::time::Instant;

/// Bytes of a file that are read.
pub(crate) const LONGEST: u64 = 1024 * 1024;
/// Steps of one conversation: each may take the bot's whole time.
const STEPS: usize = 500;
/// Memory of one compiled pattern.
const PATTERN: usize = 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConversation {
    name: Option<String>,
    bot: Option<String>,
    user: Option<String>,
    #[serde(default)]
    step: Vec<RawStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    enter: Option<bool>,
    tap: Option<String>,
    say: Option<String>,
    photo: Option<String>,
    wait: Option<String>,
    text: Option<String>,
    contains: Option<OneOrMany>,
    matches: Option<String>,
    buttons: Option<Vec<String>>,
    within: Option<String>,
    asked: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Reads a conversation.
///
/// # Errors
/// What is wrong, as a part of a message.
pub(crate) fn read(text: &str, file: &str) -> Result<Conversation, Message> {
    let raw: RawConversation =
        toml_edit::de::from_str(text).map_err(|error| messages::as_told(error.to_string().trim_end()))?;
    if raw.step.is_empty() {
        return Err(messages::no_steps());
    }
    if raw.step.len() > STEPS {
        return Err(messages::too_many_steps(STEPS));
    }
    let steps = (1..)
        .zip(raw.step)
        .map(|(number, raw)| step(raw).map_err(|problem| messages::in_step(number as usize, problem)));
    let steps = steps.collect::<Result<_, _>>()?;
    Ok(Conversation { name: raw.name.unwrap_or_else(|| file.to_owned()), bot: raw.bot, user: raw.user, steps })
}

fn step(raw: RawStep) -> Result<Step, Message> {
    let enter = raw.enter.unwrap_or_default().then_some(Act::Enter);
    let acts = [enter, raw.tap.map(Act::Tap), raw.say.map(Act::Say), raw.photo.map(Act::Photo)];
    let mut acts = acts.into_iter().flatten();
    let (Some(act), None) = (acts.next(), acts.next()) else { return Err(messages::one_act()) };
    let pattern = |pattern: &str| {
        let pattern = RegexBuilder::new(pattern).size_limit(PATTERN).dot_matches_new_line(true).build();
        pattern.map_err(|error| messages::as_told(error.to_string()))
    };
    let duration = |text: &str| match humantime::parse_duration(text) {
        Ok(duration) if duration <= Duration::from_secs(600) => Ok(duration),
        Ok(_) | Err(_) => Err(messages::bad_time(text)),
    };
    let expected = Expected {
        text: raw.text,
        contains: match raw.contains {
            None => Vec::new(),
            Some(OneOrMany::One(words)) => vec![words],
            Some(OneOrMany::Many(words)) => words,
        },
        matches: raw.matches.as_deref().map(pattern).transpose()?,
        buttons: raw.buttons,
        within: raw.within.as_deref().map(duration).transpose()?,
        asked: raw.asked,
    };
    let wait = raw.wait.as_deref().map(duration).transpose()?.unwrap_or_default();
    Ok(Step { wait, act, expected })
}

/// A conversation that was held, as a file.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    steps: ArrayOfTables,
    /// When an answer was not there in time, since when it is waited for.
    late_since: Option<Instant>,
}

impl Recording {
    /// Takes down what was done and what came.
    pub(crate) fn add(&mut self, act: &Act, screen: &Screen, asked: Option<bool>, now: Instant) {
        if self.steps.len() >= STEPS {
            return;
        }
        let mut step = Table::new();
        if let Some(since) = self.late_since.take() {
            let seconds = now.saturating_duration_since(since).as_secs().saturating_add(1);
            step.insert("wait", value(format!("{seconds}s")));
        }
        // A bridge tells nothing yet of a turn that goes on.
        self.late_since = asked.is_none().then_some(now);
        match act {
            Act::Enter => step.insert("enter", value(true)),
            Act::Tap(label) => step.insert("tap", value(label)),
            Act::Say(words) => step.insert("say", value(words)),
            Act::Photo(url) => step.insert("photo", value(url)),
        };
        step.insert("text", value(&screen.text));
        if !screen.presses.is_empty() {
            step.insert("buttons", array(&screen.buttons()));
        }
        if let Some(asked) = asked {
            step.insert("asked", value(asked));
        }
        self.steps.push(step);
    }

    /// The file. `bot` is named where there are several.
    pub(crate) fn to_toml(&self, name: &str, bot: Option<&str>) -> String {
        let mut document = DocumentMut::new();
        document.insert("name", value(name));
        if let Some(bot) = bot {
            document.insert("bot", value(bot));
        }
        document.insert("step", Item::ArrayOfTables(self.steps.clone()));
        document.to_string()
    }
}

/// Writes into a file what came in place of what was expected, for the steps that differ. Comments and order stay.
///
/// # Errors
/// The file is no TOML.
pub(crate) fn update(text: &str, came: &BTreeMap<usize, (Screen, Option<bool>)>) -> Result<String, Message> {
    let mut document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| messages::as_told(error.to_string()))?;
    let steps = document.get_mut("step").and_then(Item::as_array_of_tables_mut).ok_or_else(messages::steps_inline)?;
    for (place, step) in steps.iter_mut().enumerate() {
        let Some((screen, asked)) = came.get(&place) else { continue };
        let fits = |item: &Item| {
            let words: Vec<&str> = match item.as_array() {
                Some(words) => words.iter().filter_map(toml_edit::Value::as_str).collect(),
                None => item.as_str().into_iter().collect(),
            };
            words.iter().all(|words| screen.text.contains(words))
        };
        let contains_fails = step.get("contains").is_some_and(|item| !fits(item));
        let matches_fails = step.get("matches").and_then(Item::as_str).is_some_and(|pattern| {
            let pattern = RegexBuilder::new(pattern).size_limit(PATTERN).dot_matches_new_line(true).build();
            pattern.is_ok_and(|pattern| !pattern.is_match(&screen.text))
        });
        for (name, fails) in [("contains", contains_fails), ("matches", matches_fails)] {
            if fails {
                step.remove(name);
            }
        }
        if contains_fails || matches_fails || step.contains_key("text") {
            step.insert("text", value(&screen.text));
        }
        if step.contains_key("buttons") {
            step.insert("buttons", array(&screen.buttons()));
        }
        if let (true, Some(asked)) = (step.contains_key("asked"), asked) {
            step.insert("asked", value(*asked));
        }
    }
    Ok(document.to_string())
}

fn array(words: &[String]) -> Item {
    value(words.iter().map(String::as_str).collect::<Array>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Language;

    const MEAL: &str = r#"
name = "급식 묻기"

# 학교 급식
[[step]]
enter = true
buttons = ["오늘의 급식", "내일의 급식"]

[[step]]
tap = "오늘의 급식"
contains = ["급식", "kcal"]
within = "2s"

[[step]]
say = "아무 말"
asked = false                 # 봇에 보내지 않음
"#;

    fn problem(text: &str) -> String {
        read(text, "a.toml").unwrap_err().text(Language::English)
    }

    #[test]
    fn a_conversation_is_read_as_an_owner_writes_it() {
        let conversation = read(MEAL, "meal.toml").unwrap();
        assert_eq!((conversation.name.as_str(), conversation.steps.len()), ("급식 묻기", 3));
        assert_eq!(conversation.steps[0].act, Act::Enter);
        assert_eq!(conversation.steps[1].expected.contains, ["급식", "kcal"]);
        assert_eq!(conversation.steps[1].expected.within, Some(Duration::from_secs(2)));
        assert_eq!(conversation.steps[2].expected.asked, Some(false));
        let one = read("[[step]]\nsay = 'a'\ncontains = 'b'", "one.toml").unwrap();
        assert_eq!((one.name.as_str(), &one.steps[0].expected.contains[..]), ("one.toml", &["b".to_owned()][..]));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert!(problem("name = 'a'").contains("no [[step]]"));
        assert!(problem("[[step]]\nsay = 'a'\n[[step]]\nsay = 'a'\ntap = 'b'").starts_with("step 2: "));
        assert!(problem("[[step]]\ntext = 'a'").contains("one of enter"));
        assert!(problem("[[step]]\nsay = 'a'\ncontain = 'b'").contains("unknown field"));
        assert!(problem("[[step]]\nsay = 'a'\nmatches = '('").contains("step 1"));
        assert!(problem("[[step]]\nsay = 'a'\nwithin = 'soon'").contains("soon"));
    }

    #[test]
    fn an_update_keeps_comments_and_changes_only_what_differs() {
        let screen = Screen { text: "오늘은 쉽니다".into(), ..Screen::default() };
        let updated = update(MEAL, &BTreeMap::from([(1, (screen, Some(true)))])).unwrap();
        assert!(updated.contains("# 학교 급식") && updated.contains("# 봇에 보내지 않음"), "{updated}");
        assert!(updated.contains("text = \"오늘은 쉽니다\"") && !updated.contains("kcal"), "{updated}");
        assert!(updated.contains("buttons = [\"오늘의 급식\", \"내일의 급식\"]"), "{updated}");
        assert_eq!(read(&updated, "a").unwrap().steps.len(), 3);
        let inline = update("step = [{ say = 'a', text = 'b' }]", &BTreeMap::new());
        assert!(inline.unwrap_err().text(Language::English).contains("[[step]]"));
    }

    #[test]
    fn what_is_recorded_can_be_read_again() {
        let mut recording = Recording::default();
        let (said, now) = (Act::Say("\"'\n\u{1}한글".into()), crate::time::instant());
        recording.add(&said, &Screen { text: "a\nb\"".into(), ..Screen::default() }, None, now);
        recording.add(
            &Act::Tap("답변 보기".into()),
            &Screen::default(),
            Some(false),
            now + Duration::from_millis(6500),
        );
        let read = read(&recording.to_toml("이름", None), "a").unwrap();
        assert_eq!(read.steps[0].act, Act::Say("\"'\n\u{1}한글".into()));
        assert_eq!(read.steps[0].expected.text.as_deref(), Some("a\nb\""));
        assert_eq!(read.steps[1].wait, Duration::from_secs(7), "the late answer was waited for");
    }
}
