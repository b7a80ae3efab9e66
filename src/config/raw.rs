//! The configuration as it was written, merged and laid out flat: every known key's value with its origin, and every
//! unknown key.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use config::{Value, ValueKind};

use super::keys;
use super::origin::Origin;
use super::problem::Problem;
use super::sources::{FileValues, Written};
use crate::messages::config as messages;

/// The merged sources.
#[derive(Debug, Default)]
pub struct Raw {
    /// Values by path.
    entries: HashMap<String, Value>,
    /// The bots' names as written, with where the first value of each comes from.
    bots: BTreeMap<String, Origin>,
    file: Option<PathBuf>,
    tables: HashMap<String, usize>,
}

impl Raw {
    /// Merges the sources, the later ones winning; unknown keys go to `problems`.
    pub(super) fn merge(
        file: Option<(&Path, FileValues)>,
        variables: Written,
        flags: Written,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let (path, FileValues { written, tables }) = match file {
            Some((path, values)) => (Some(path.to_owned()), values),
            None => (None, FileValues::default()),
        };
        let builder = config::Config::builder().add_source(written).add_source(variables).add_source(flags);
        let mut raw = Self { file: path, tables, ..Self::default() };
        match builder.build() {
            Ok(merged) => raw.flatten(String::new(), "", merged.cache, problems),
            Err(error) => problems.push(Problem {
                origin: Origin::Default,
                key: String::new(),
                message: messages::sources_not_merged(error.to_string()),
            }),
        }
        raw
    }

    /// The value of a path.
    pub(super) fn get(&self, path: &str) -> Option<&Value> {
        self.entries.get(path)
    }

    /// The bots' names as written.
    pub(super) fn bots(&self) -> &BTreeMap<String, Origin> {
        &self.bots
    }

    /// The folder paths in the file are relative to.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.file.as_deref().and_then(Path::parent)
    }

    /// Where a path was written, or the table it belongs in; [`Origin::Default`] where neither was written.
    pub(super) fn origin(&self, path: &str) -> Origin {
        match self.entries.get(path) {
            Some(value) => self.origin_of(path, value),
            None => {
                let (section, name) = path.rsplit_once('.').unwrap_or_default();
                match self.entries.get(section).map(|value| &value.kind) {
                    Some(ValueKind::Table(inner)) => {
                        inner.get(name).map_or_else(|| self.origin(section), |value| self.origin_of(path, value))
                    }
                    _ => self.section_origin(section),
                }
            }
        }
    }

    /// Where one entry of a list was written; long lists have many lines.
    pub(super) fn entry_origin(&self, path: &str, index: usize) -> Origin {
        match self.entries.get(path).map(|value| &value.kind) {
            Some(ValueKind::Array(all)) => match all.get(index) {
                Some(entry) if entry.origin().is_some() => self.origin_of("", entry),
                _ => self.origin(path),
            },
            _ => self.origin(path),
        }
    }

    /// Where a table was opened.
    pub(super) fn section_origin(&self, section: &str) -> Origin {
        match (self.tables.get(section), section.strip_prefix("bots.").and_then(|id| self.bots.get(id))) {
            (Some(line), _) => self.at_line(Some(*line)),
            (None, Some(origin)) => origin.clone(),
            (None, None) => Origin::Default,
        }
    }

    fn at_line(&self, line: Option<usize>) -> Origin {
        Origin::File { path: self.file.clone().unwrap_or_default(), line }
    }

    /// Reads an origin as `sources` wrote it.
    fn origin_of(&self, path: &str, value: &Value) -> Origin {
        match value.origin() {
            Some(code) => match (code.strip_prefix('$'), code.strip_prefix('-')) {
                (Some(name), _) => Origin::Variable(name.to_owned()),
                (_, Some(name)) => Origin::Flag(name.to_owned()),
                _ => self.at_line(code.parse().ok()),
            },
            // Merging forgets where tables come from; the values in them still know.
            None => match (&value.kind, self.tables.get(path)) {
                (_, Some(line)) => self.at_line(Some(*line)),
                (ValueKind::Table(inner), None) => {
                    let first = inner.iter().min_by(|a, b| a.0.cmp(b.0));
                    first.map_or(Origin::Default, |(_, value)| self.origin_of("", value))
                }
                _ => self.at_line(None),
            },
        }
    }

    fn flatten(&mut self, path: String, pattern: &str, value: Value, problems: &mut Vec<Problem>) {
        if keys::of_pattern(pattern).is_some() {
            self.entries.insert(path, value);
            return;
        }
        let origin = self.origin_of(&path, &value);
        if !pattern.is_empty() && !keys::is_section(pattern) && pattern != "bots.*" {
            problems.push(unknown(path, origin));
            return;
        }
        let ValueKind::Table(inner) = value.kind else {
            let message = match &origin {
                Origin::Variable(_) => messages::a_table_in_a_variable(keys::variable_of(&path)),
                _ if path == "bots" => messages::a_table_of_bots(),
                Origin::Default | Origin::File { .. } | Origin::Flag(_) => messages::a_table(&path),
            };
            problems.push(Problem { origin, message, key: path });
            return;
        };
        if pattern == "bots.*"
            && let Some(id) = path.strip_prefix("bots.")
        {
            self.bots.insert(id.to_owned(), origin);
        }
        for (name, value) in inner {
            let join = |outer: &str, name: &str| {
                if outer.is_empty() { name.to_owned() } else { format!("{outer}.{name}") }
            };
            let below = if pattern == "bots" { String::from("bots.*") } else { join(pattern, &name) };
            self.flatten(join(&path, &name), &below, value, problems);
        }
    }
}

fn unknown(path: String, origin: Origin) -> Problem {
    let variable = matches!(origin, Origin::Variable(_));
    let message = match keys::nearest(&path) {
        Some(near) if variable => messages::no_such_key_but(keys::variable_of(&near)),
        Some(near) => messages::no_such_key_but(near),
        None if variable => messages::no_such_variable(),
        None => messages::no_such_key(),
    };
    Problem { origin, message, key: path }
}
