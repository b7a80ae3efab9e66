//! Values as `config show` prints them.

use config::{Value, ValueKind};
use url::Url;

use crate::config::key::Kind;

/// A value as `config show` prints it: TOML, secrets dotted.
pub(super) fn shown(value: &Value, kind: Kind) -> String {
    match (kind, &value.kind) {
        (Kind::Secret, _) => String::from("\"…\""),
        (Kind::Secrets, ValueKind::Array(all)) => {
            format!("[{}]", vec!["\"…\""; all.len()].join(", "))
        }
        (Kind::SecretMap, ValueKind::Table(all)) => {
            let mut names: Vec<_> = all.keys().map(|name| format!("{name} = \"…\"")).collect();
            names.sort();
            table(&names)
        }
        (Kind::SecretUrl, ValueKind::String(text)) => quoted(
            &Url::parse(text)
                .map_or_else(|_| String::from("…"), |url| format!("{}/…", url.origin().ascii_serialization())),
        ),
        (_, plain) => toml(plain),
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

/// An inline table of entries that are written already.
fn table(entries: &[String]) -> String {
    if entries.is_empty() { String::from("{}") } else { format!("{{ {} }}", entries.join(", ")) }
}

/// A value without secrets, as TOML.
fn toml(kind: &ValueKind) -> String {
    match kind {
        ValueKind::Nil => String::new(),
        ValueKind::String(text) => quoted(text),
        ValueKind::Array(all) => format!("[{}]", all.iter().map(|v| toml(&v.kind)).collect::<Vec<_>>().join(", ")),
        ValueKind::Table(all) => {
            let mut entries: Vec<_> = all.iter().map(|(k, v)| format!("{} = {}", quoted(k), toml(&v.kind))).collect();
            entries.sort();
            table(&entries)
        }
        ValueKind::Boolean(_)
        | ValueKind::I64(_)
        | ValueKind::I128(_)
        | ValueKind::U64(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_) => kind.to_string(),
    }
}
