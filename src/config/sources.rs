//! File, environment and flags as sources of the `config` crate.
//!
//! The crate's own file and environment sources keep the file's name but not the line, and no variable's name. These
//! put both into a value's origin: `12` is a line, `$NAME` a variable, `-NAME` a flag.

use std::collections::HashMap;

use config::{ConfigError, Map, Source, Value, ValueKind};
use toml_edit::{Document, Item, TableLike};

/// Values with where they come from, ready to be merged.
#[derive(Debug, Clone, Default)]
pub(super) struct Written {
    values: Map<String, Value>,
}

impl Source for Written {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.values.clone())
    }
}

impl Written {
    /// Puts `text` under a path, making the tables on the way. A later one wins.
    pub(super) fn put(&mut self, path: &[String], text: &str, origin: &str) {
        let mut table = &mut self.values;
        let Some((last, sections)) = path.split_last() else {
            return;
        };
        for section in sections {
            let below = table.entry(section.clone()).or_insert_with(|| Value::new(None, Map::<String, Value>::new()));
            if !matches!(below.kind, ValueKind::Table(_)) {
                *below = Value::new(None, Map::<String, Value>::new());
            }
            let ValueKind::Table(inner) = &mut below.kind else {
                return;
            };
            table = inner;
        }
        table.insert(last.clone(), Value::new(Some(&origin.to_owned()), text));
    }
}

/// A file's values, and the line of every table's header.
#[derive(Debug, Default)]
pub(super) struct FileValues {
    pub(super) written: Written,
    pub(super) tables: HashMap<String, usize>,
}

/// A syntax error: line and what. Never the line's content, which may be a secret.
pub(super) struct Syntax {
    pub(super) line: Option<usize>,
    pub(super) message: String,
}

/// Reads a TOML text.
pub(super) fn file(text: &str) -> Result<FileValues, Syntax> {
    let lines = Lines::of(text);
    let document = Document::parse(text).map_err(|error| Syntax {
        line: error.span().map(|span| lines.at(span.start)),
        message: error.message().lines().collect::<Vec<_>>().join(", "),
    })?;
    let mut tables = HashMap::new();
    let values = table(document.as_table(), "", &lines, &mut tables);
    Ok(FileValues { written: Written { values }, tables })
}

/// Reads one TOML value, as variables and flags carry for lists and tables.
pub(super) fn value(text: &str, origin: &str) -> Result<Value, String> {
    let parsed = text.parse::<toml_edit::Value>().map_err(|error| error.message().to_owned())?;
    let mut value = convert(&Item::Value(parsed), "", &Lines::of(""), &mut HashMap::new());
    mark(&mut value, origin);
    Ok(value)
}

/// Gives a value and all it holds an origin.
fn mark(value: &mut Value, origin: &str) {
    let mut kind = std::mem::take(&mut value.kind);
    if let ValueKind::Table(map) = &mut kind {
        map.values_mut().for_each(|inner| mark(inner, origin));
    } else if let ValueKind::Array(array) = &mut kind {
        array.iter_mut().for_each(|inner| mark(inner, origin));
    }
    *value = Value::new(Some(&origin.to_owned()), kind);
}

fn table(table: &dyn TableLike, path: &str, lines: &Lines, tables: &mut HashMap<String, usize>) -> Map<String, Value> {
    let mut values = Map::new();
    for (name, item) in table.iter() {
        let below = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let line = table.get_key_value(name).and_then(|(key, _)| key.span()).map(|span| lines.at(span.start));
        if item.is_table_like()
            && let Some(line) = item.as_table().and_then(|t| t.span()).map(|span| lines.at(span.start)).or(line)
        {
            tables.insert(below.clone(), line);
        }
        let mut value = convert(item, &below, lines, tables);
        if !matches!(value.kind, ValueKind::Table(_)) {
            let line = line.map(|line| line.to_string());
            value = Value::new(line.as_ref(), value.kind);
        }
        values.insert(name.to_owned(), value);
    }
    values
}

fn convert(item: &Item, path: &str, lines: &Lines, tables: &mut HashMap<String, usize>) -> Value {
    let line = item.span().map(|span| lines.at(span.start).to_string());
    if let Some(below) = item.as_table_like() {
        return Value::new(line.as_ref(), table(below, path, lines, tables));
    }
    let kind = match item {
        Item::Value(toml_edit::Value::String(text)) => ValueKind::String(text.value().clone()),
        Item::Value(toml_edit::Value::Integer(number)) => ValueKind::I64(*number.value()),
        Item::Value(toml_edit::Value::Float(number)) => ValueKind::Float(*number.value()),
        Item::Value(toml_edit::Value::Boolean(switch)) => ValueKind::Boolean(*switch.value()),
        // A date is nowhere allowed; as its own text it is at least shown as written.
        Item::Value(toml_edit::Value::Datetime(date)) => ValueKind::String(date.value().to_string()),
        Item::Value(toml_edit::Value::Array(array)) => {
            ValueKind::Array(array.iter().map(|v| convert(&Item::Value(v.clone()), path, lines, tables)).collect())
        }
        Item::ArrayOfTables(array) => {
            ValueKind::Array(array.iter().map(|t| Value::new(None, table(t, path, lines, tables))).collect())
        }
        Item::Value(toml_edit::Value::InlineTable(_)) | Item::Table(_) | Item::None => ValueKind::Nil,
    };
    Value::new(line.as_ref(), kind)
}

/// Where the lines of a text begin, so that a thousand bots cost a thousand binary searches.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(memchr::memchr_iter(b'\n', text.as_bytes()).collect())
    }

    /// The line of a byte, counted from one.
    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|newline| *newline < offset) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_a_file_knows_its_line() {
        let read =
            file("listen = \"x\"\n\n[bots.shop]\nurl = \"http://a\"\nbreaker = { failures = 1 }\n").ok().unwrap();
        assert_eq!(read.tables.get("bots.shop"), Some(&3));
        assert_eq!(read.tables.get("bots.shop.breaker"), Some(&5));
        let ValueKind::Table(bots) = read.written.values["bots"].kind.clone() else { panic!() };
        let ValueKind::Table(shop) = bots["shop"].kind.clone() else { panic!() };
        assert_eq!(shop["url"].origin(), Some("4"));
        let ValueKind::Table(breaker) = shop["breaker"].kind.clone() else { panic!() };
        assert_eq!(breaker["failures"].origin(), Some("5"));
    }

    #[test]
    fn a_syntax_error_has_a_line_and_does_not_show_it() {
        let error = file("listen = 1\ntoken = \"hunter2\n").err().unwrap();
        assert_eq!(error.line, Some(2));
        assert!(!error.message.contains("hunter2"));
    }
}
