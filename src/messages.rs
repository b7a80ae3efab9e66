//! The words for operators on the command line: every message once, in English and in Korean.
//!
//! A message has a code that never changes and is printed with it, so that one can search for it; `docs/messages.md`
//! and its Korean twin are made from these tables. A row of a table becomes a function that takes the message's values,
//! so a value that is forgotten does not compile, and a test holds both languages to the same values. A message is data
//! until it is printed: the language is chosen there, once, and log lines take English ([`fmt::Display`]). A row
//! without a code is a part of other messages, or a heading, which is never searched for.
//!
//! Rejected: catalogues beside the program (gettext, Fluent). A single file is what people install, the two languages
//! would drift, and nothing here needs plurals or genders.

pub mod capture;
pub mod chat;
pub mod check;
pub mod checklist;
pub mod config;
pub mod console;
pub mod conversation;
pub mod probe;
pub mod start;
pub mod support;
pub mod talk;
pub mod why;

use std::fmt::{self, Write as _};
use std::net::{IpAddr, SocketAddr};

/// The reader's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Korean.
    Korean,
}

impl Language {
    /// One of two.
    #[must_use]
    pub fn pick<T>(self, english: T, korean: T) -> T {
        match self {
            Self::English => english,
            Self::Korean => korean,
        }
    }
}

/// One row of a table. `{name}` in a text stands for the value of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// `SB` and four digits; empty for a part of other messages.
    pub code: &'static str,
    /// The names of its values, in the order in which the row's function takes them.
    pub names: &'static [&'static str],
    /// English.
    pub english: &'static str,
    /// Korean.
    pub korean: &'static str,
}

/// A message with its values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    row: &'static Row,
    values: Vec<Value>,
}

/// The value that stands in a message at a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// The same in every language. Never a secret.
    Plain(String),
    /// Words that stand in another table: English and Korean.
    Words(&'static str, &'static str),
    /// Worded itself.
    Worded(Message),
}

impl Message {
    fn new(row: &'static Row, values: Vec<Value>) -> Self {
        Self { row, values }
    }

    /// Its code; empty for a part.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.row.code
    }

    /// Its words, without the code.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut text = String::new();
        let mut rest = language.pick(self.row.english, self.row.korean);
        while let Some((before, behind)) = rest.split_once('{') {
            text.push_str(before);
            let value = behind.split_once('}').and_then(|(name, after)| Some((self.value(name)?, after)));
            match value {
                Some((value, after)) => {
                    text.push_str(&value.text(language));
                    rest = after;
                }
                // A brace that belongs to the text.
                None => {
                    text.push('{');
                    rest = behind;
                }
            }
        }
        text.push_str(rest);
        // A value left out at the end leaves its blank.
        text.truncate(text.trim_end_matches(' ').len());
        text
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let place = self.row.names.iter().position(|known| *known == name)?;
        self.values.get(place)
    }

    /// `[code] words`, as it is printed; the words alone where there is no code.
    #[must_use]
    pub fn told(&self, language: Language) -> String {
        let mut told = String::new();
        if !self.code().is_empty() {
            let _infallible = write!(told, "[{}] ", self.code());
        }
        told + &self.text(language)
    }
}

/// English with its code, as log lines have it.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(Language::English))
    }
}

impl Value {
    /// A part that is left out.
    pub const NOTHING: Self = Self::Words("", "");

    fn text(&self, language: Language) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Words(english, korean) => language.pick(*english, *korean).to_owned(),
            Self::Worded(message) => message.text(language),
        }
    }
}

impl From<Message> for Value {
    fn from(message: Message) -> Self {
        Self::Worded(message)
    }
}

macro_rules! plain {
    ($($kind:ty),*) => {
        $(impl From<$kind> for Value {
            fn from(value: $kind) -> Self {
                Self::Plain(value.to_string())
            }
        })*
    };
}

plain!(&str, String, &String, i64, u16, u64, usize, IpAddr, SocketAddr);

/// A table of messages: for each `"code" name(values) "English" "Korean";`.
macro_rules! messages {
    ($($code:literal $name:ident($($value:ident),*) $english:literal $korean:literal;)*) => {
        $(
            #[doc = concat!("```text\n", $english, "\n```")]
            #[must_use]
            pub fn $name($($value: impl Into<$crate::messages::Value>),*) -> $crate::messages::Message {
                const ROW: &$crate::messages::Row = &$crate::messages::Row {
                    code: $code,
                    names: &[$(stringify!($value)),*],
                    english: $english,
                    korean: $korean,
                };
                $crate::messages::Message::new(ROW, vec![$($value.into()),*])
            }
        )*

        /// Every row of this table.
        pub const ROWS: &[$crate::messages::Row] = &[$(
            $crate::messages::Row {
                code: $code,
                names: &[$(stringify!($value)),*],
                english: $english,
                korean: $korean,
            },
        )*];
    };
}

pub(crate) use messages;

/// The page that explains the codes, `docs/messages.md` and its Korean twin.
#[must_use]
pub fn page(language: Language) -> String {
    const ENGLISH: &str = "\
# Messages by code

<!-- Generated from src/messages/; `BLESS=1 cargo test --test translation config` writes it anew. -->

[한국어](messages.ko.md)

What `serve`, `demo`, `say`, `check`, `test`, `support` and `config check` print for people has a code that never changes: search here for the `SB…` of a message.
Words in braces stand for what was found. `--lang en` or `--lang ko` chooses the language; without it `LC_ALL`, `LC_MESSAGES`, `LANG` do,
and English counts where none of them begins with `ko`. Log lines are English; where they say the same they carry the same code.
";
    const KOREAN: &str = "\
# 코드별 메시지

<!-- src/messages/에서 만든 문서입니다. `BLESS=1 cargo test --test translation config`로 다시 씁니다. -->

[English](messages.md)

`serve`, `demo`, `say`, `check`, `test`, `support`, `config check`가 사람에게 보여 주는 메시지에는 바뀌지 않는 코드가 있습니다. 메시지의 `SB…`를 이 문서에서 찾으세요.
중괄호 안의 이름은 실제로 발견된 값을 뜻합니다. `--lang ko`나 `--lang en`으로 언어를 고르고, 생략하면 `LC_ALL`, `LC_MESSAGES`, `LANG` 순서로 봅니다.
그중 `ko`로 시작하는 값이 없으면 영어입니다. 로그는 영어이며, 같은 내용이면 같은 코드가 붙습니다.
";
    let tables: [(&str, &str, &[Row]); 7] = [
        ("Configuration", "설정", config::ROWS),
        ("Start", "시작", start::ROWS),
        (
            "The old bot, asked at start, by `check` and by `config check --probe`",
            "시작할 때와 `check`, `config check --probe`로 물어본 봇",
            probe::ROWS,
        ),
        ("`check`", "`check`", check::ROWS),
        ("`test`, `say --record` and `check --crawl`", "`test`, `say --record`, `check --crawl`", conversation::ROWS),
        ("`say` and `demo`", "`say`와 `demo`", chat::ROWS),
        ("`support`", "`support`", support::ROWS),
    ];
    let mut page = String::from(language.pick(ENGLISH, KOREAN));
    for (english, korean, rows) in tables {
        let heading = language.pick("| code | message |", "| 코드 | 메시지 |");
        let _infallible = write!(page, "\n## {}\n\n{heading}\n| --- | --- |\n", language.pick(english, korean));
        for row in rows.iter().filter(|row| !row.code.is_empty()) {
            let text = language.pick(row.english, row.korean).replace('|', "\\|");
            let text = in_a_cell(&text);
            let _infallible = writeln!(page, "| {} | {} |", row.code, text.trim_end());
        }
    }
    page
}

/// A text as one cell of a table; its indented lines are there to be copied.
fn in_a_cell(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("    ") {
        Some(code) => format!("`{code}`"),
        None => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("<br>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn rows() -> impl Iterator<Item = &'static Row> {
        [
            config::ROWS,
            start::ROWS,
            probe::ROWS,
            check::ROWS,
            conversation::ROWS,
            chat::ROWS,
            support::ROWS,
            capture::ROWS,
            console::ROWS,
            talk::ROWS,
            why::ROWS,
            checklist::ROWS,
        ]
        .into_iter()
        .flatten()
    }

    /// The names of values in a text.
    fn named(text: &str) -> BTreeSet<&str> {
        let after = text.split('{').skip(1).filter_map(|after| after.split_once('}'));
        after.map(|(name, _)| name).filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')).collect()
    }

    #[test]
    fn codes_are_unique_and_of_one_form() {
        let codes: Vec<_> = rows().map(|row| row.code).filter(|code| !code.is_empty()).collect();
        let form =
            |code: &&str| code.len() == 6 && code.starts_with("SB") && code[2..].bytes().all(|b| b.is_ascii_digit());
        assert_eq!(codes.iter().find(|code| !form(code)), None);
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    }

    #[test]
    fn both_languages_of_every_message_use_all_its_values_and_no_others() {
        for row in rows() {
            let names: BTreeSet<&str> = row.names.iter().copied().collect();
            assert_eq!(named(row.english), names, "{}", row.english);
            assert_eq!(named(row.korean), names, "{}", row.korean);
        }
    }

    #[test]
    fn korean_is_korean_and_english_is_not() {
        let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
        for row in rows().filter(|row| !row.code.is_empty()) {
            assert!(hangul(row.korean), "{}: {}", row.code, row.korean);
            // Names of the console and words of the demo stand in Korean in both.
            assert!(row.english.is_ascii() || !hangul(row.english) || row.english.contains('\"'), "{}", row.code);
        }
    }

    #[test]
    fn values_stand_where_their_names_are_and_are_not_read_again() {
        const ROW: &Row = &Row { code: "SB0001", names: &["a", "b"], english: "{b} {x} {a} {b}.", korean: "{a}" };
        let message = Message::new(ROW, vec![Value::from("{b}"), Value::Words("one", "하나")]);
        assert_eq!(message.text(Language::English), "one {x} {b} one.");
        assert_eq!(message.told(Language::Korean), "[SB0001] {b}");
        let without = Message::new(ROW, vec![Value::NOTHING, Value::NOTHING]);
        assert_eq!(without.text(Language::Korean), "");
    }
}
