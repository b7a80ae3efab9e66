//! The JSON Schema of the configuration, for editors.
//!
//! Made from the table of keys, which knows ranges and meanings. Rejected: deriving it from Rust types with schemars;
//! the types as written would exist for that alone and drift from the table.

use serde_json::{Map, Value, json};

use super::keys::{self, Key, Kind};
use super::quantity::show_duration;

/// A JSON Schema (draft 2020-12).
#[must_use]
pub fn schema() -> Value {
    let mut root = section("");
    if let Some(members) = root.as_object_mut() {
        members.insert(String::from("$schema"), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert(String::from("title"), json!("smartchat-bridge"));
    }
    root
}

fn section(path: &str) -> Value {
    let below = |name: &str| {
        if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
    };
    let mut properties = Map::new();
    for key in keys::all() {
        let Some(rest) = (if path.is_empty() { Some(key.path.as_ref()) } else { within(&key.path, path) }) else {
            continue;
        };
        let name = rest.split('.').next().unwrap_or_default();
        if properties.contains_key(name) {
            continue;
        }
        let value = match keys::of_pattern(&below(name)) {
            Some(key) => leaf(key),
            None if below(name) == "bots" => json!({
                "type": "object",
                "patternProperties": { "^[a-z0-9_-]{1,64}$": section("bots.*") },
                "additionalProperties": false,
            }),
            None => section(&below(name)),
        };
        properties.insert(name.to_owned(), value);
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn within<'a>(key: &'a str, section: &str) -> Option<&'a str> {
    key.strip_prefix(section)?.strip_prefix('.')
}

fn leaf(key: &Key) -> Value {
    let texts = json!({ "type": "string", "minLength": 1 });
    let mut schema = match key.kind {
        Kind::Switch => json!({ "type": "boolean" }),
        Kind::Count(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Size(least, most) => json!({
            "anyOf": [
                { "type": "integer", "minimum": least, "maximum": most },
                { "type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*([KkMmGg]?[Ii]?[Bb])?\s*$" },
            ]
        }),
        Kind::Duration(..) => {
            json!({ "type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*(ms|s|m|h)\s*$" })
        }
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Words(longest) => json!({ "type": "string", "minLength": 1, "maxLength": longest }),
        Kind::List | Kind::Secrets => json!({ "type": "array", "items": texts }),
        Kind::Map | Kind::SecretMap => {
            json!({ "type": "object", "additionalProperties": { "type": "string" } })
        }
        Kind::Url | Kind::SecretUrl => json!({ "type": "string", "pattern": "^https?://" }),
        Kind::Address | Kind::Text | Kind::Secret | Kind::File => texts,
    };
    if let Some(members) = schema.as_object_mut() {
        members.insert(String::from("description"), json!(description(key)));
        if let Some(default) = toml_json(&key.default) {
            members.insert(String::from("default"), default);
        }
    }
    schema
}

/// The meaning, with the range where the schema itself cannot say it.
fn description(key: &Key) -> String {
    let show = |millis| show_duration(std::time::Duration::from_millis(millis));
    if let Kind::Duration(least, most) = key.kind {
        format!("{} From {} to {}.", key.english, show(least), show(most))
    } else {
        key.english.to_owned()
    }
}

fn toml_json(text: &str) -> Option<Value> {
    let value = text.parse::<toml_edit::Value>().ok()?;
    fn json_of(value: &toml_edit::Value) -> Value {
        match value {
            toml_edit::Value::String(text) => json!(text.value()),
            toml_edit::Value::Integer(number) => json!(number.value()),
            toml_edit::Value::Float(number) => json!(number.value()),
            toml_edit::Value::Boolean(switch) => json!(switch.value()),
            toml_edit::Value::Datetime(date) => json!(date.value().to_string()),
            toml_edit::Value::Array(array) => array.iter().map(json_of).collect(),
            toml_edit::Value::InlineTable(table) => {
                Value::Object(table.iter().map(|(name, value)| (name.to_owned(), json_of(value))).collect())
            }
        }
    }
    Some(json_of(&value))
}
