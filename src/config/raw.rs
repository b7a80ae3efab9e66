//! What was written, merged and laid out flat: every known key's value with its origin, and every unknown key.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use config::{Value, ValueKind};

use super::keys;
use super::origin::Origin;
use super::problem::Problem;
use super::sources::{FileValues, Written};

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
                what: format!("The sources cannot be merged: {error}."),
                fix: String::from("Please report this."),
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

    /// Where a path was written, or the table it belongs in; [`Origin::Default`] where nobody wrote either.
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
            // Merging forgets where tables come from; what they hold still knows.
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
            let fix = match &origin {
                Origin::Variable(_) => format!("Set its keys one by one, such as {}__….", keys::variable_of(&path)),
                _ if path == "bots" => String::from("Write a table for each bot: [bots.name]."),
                Origin::Default | Origin::File { .. } | Origin::Flag(_) => {
                    format!("Write a table: [{path}].")
                }
            };
            problems.push(Problem {
                origin,
                what: String::from("This is a table of keys, not a value."),
                fix,
                key: path,
            });
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
    let fix = match keys::nearest(&path) {
        Some(near) if variable => format!("Did you mean {}?", keys::variable_of(&near)),
        Some(near) => format!("Did you mean {near}?"),
        None if variable => String::from("Remove it: names that begin with BRIDGE_ are reserved for configuration."),
        None => String::from("Remove it; docs/configuration.md lists every key."),
    };
    Problem { origin, what: String::from("There is no such key."), fix, key: path }
}
