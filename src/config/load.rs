//! From sources to settings. `config check` and the start take this one way.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::origin::{Effective, Origin};
use super::problem::{Problem, Problems};
use super::raw::Raw;
use super::read::Reader;
use super::settings::Settings;
use super::sources::{self, FileValues, Written};
use super::validate;
use crate::messages::config as messages;
use crate::messages::{Language, Message};

/// The prefix of our environment variables.
const PREFIX: &str = "BRIDGE_";
/// The variable that names the configuration file; the only one that is no key.
const FILE_VARIABLE: &str = "BRIDGE_CONFIG";
/// Longest configuration file, in bytes: a thousand bots with every key have under half of it.
pub const LONGEST_FILE: u64 = 16 * 1024 * 1024;

/// Levels of a key's name beyond which it is none: the deepest key has four.
const DEEPEST_KEY: usize = 16;

/// A setting given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The key it sets, such as `bots.default.url`.
    pub key: String,
    /// Its value, as text.
    pub value: String,
    /// The flag as the user wrote it, such as `--bot`.
    pub name: String,
}

/// Where settings come from; flags beat environment beats file beats defaults.
#[derive(Debug, Clone, Default)]
pub struct Sources<'a> {
    /// The file; without it the one `BRIDGE_CONFIG` names, if any.
    pub file: Option<&'a Path>,
    /// Environment variables; those without our prefix are ignored.
    pub environment: Vec<(String, String)>,
    /// Flags.
    pub flags: Vec<Flag>,
    /// Where the running bridge listens: a new configuration is checked against that as well, for `listen` takes effect
    /// at the next start only (S6).
    pub bound: Option<SocketAddr>,
}

impl Sources<'_> {
    /// The file that is read, if any.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        let variable = || self.environment.iter().find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
        self.file.map(Path::to_owned).or_else(|| variable().map(|(_, path)| PathBuf::from(path)))
    }
}

/// A configuration without problems.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration as it is meant.
    pub settings: Arc<Settings>,
    /// Every value in force, sorted by key; keys without value and default are left out.
    pub effective: Vec<Effective>,
    /// Settings that work but may not be wanted.
    pub warnings: Vec<Problem>,
    /// Hints for an operator who runs `config check`; nothing is wrong.
    pub advice: Vec<Problem>,
    /// Every file that was read: the configuration, secrets, certificates. A change of one is a reason to load again.
    pub files: Vec<PathBuf>,
}

/// Reads, merges and checks.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(sources: &Sources<'_>) -> Result<Loaded, Problems> {
    let mut problems = Vec::new();
    let path = sources.file();
    let file = path.as_deref().and_then(|path| match read(path) {
        Ok(values) => Some((path, values)),
        Err(problem) => {
            problems.push(problem);
            None
        }
    });
    // Without its file the rest would only be told to be missing.
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let variables = variables(&sources.environment, &mut problems);
    let flags = flags(&sources.flags, &mut problems);
    let raw = Raw::merge(file, variables, flags, &mut problems);
    let mut reader = Reader::new(&raw, problems);
    let settings = validate::settings(&mut reader, sources.bound);
    let Reader { mut problems, mut warnings, advice, mut effective, mut files, .. } = reader;
    if !problems.is_empty() {
        problems.sort();
        problems.dedup();
        return Err(Problems(problems));
    }
    warnings.sort();
    effective.sort_by(|a, b| a.key.cmp(&b.key));
    files.extend(path);
    Ok(Loaded { settings: Arc::new(settings), effective, warnings, advice, files })
}

/// The process's environment: the one place where it is read. A value that is not UTF-8 comes with replacement
/// characters, so that a broken variable of ours is reported and not passed over.
#[must_use]
pub fn environment() -> Vec<(String, String)> {
    let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

/// The language that an environment asks for: of `LC_ALL`, `LC_MESSAGES` and `LANG` the first that is set, as POSIX has
/// it. Korean where it says so, else English.
#[must_use]
pub fn language(environment: &[(String, String)]) -> Language {
    let set = |wanted: &&str| environment.iter().find(|(name, value)| name == wanted && !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set).map_or("", |(_, value)| value);
    let tongue = locale.split(['_', '.', '@', '-']).next().unwrap_or_default();
    if tongue.eq_ignore_ascii_case("ko") { Language::Korean } else { Language::English }
}

fn read(path: &Path) -> Result<FileValues, Problem> {
    let problem = |line, message: Message| Problem {
        origin: Origin::File { path: path.to_owned(), line },
        key: String::new(),
        message,
    };
    let bytes = crate::files::read(path, LONGEST_FILE)
        .map_err(|error| problem(None, messages::file_unreadable(error.message())))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(valid).filter(|byte| **byte == b'\n').count() + 1;
        problem(Some(line), messages::file_not_utf8())
    })?;
    sources::file(text.trim_start_matches('\u{feff}'))
        .map_err(|error| problem(error.line, messages::not_toml(error.message)))
}

/// Our variables: `BRIDGE_BOTS__SHOP__URL` is `bots.shop.url`.
fn variables(environment: &[(String, String)], problems: &mut Vec<Problem>) -> Written {
    let mut written = Written::default();
    for (name, value) in environment {
        let Some(path) = name.strip_prefix(PREFIX) else {
            continue;
        };
        if name == FILE_VARIABLE || of_kubernetes(name) {
            continue;
        }
        if path.matches("__").count() >= DEEPEST_KEY {
            problems.push(too_deep(Origin::Variable(shortened(name))));
            continue;
        }
        let path: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
        written.put(&path, value, &format!("${name}"));
    }
    written
}

fn too_deep(origin: Origin) -> Problem {
    Problem { origin, key: String::new(), message: messages::too_deep() }
}

/// The beginning of a name that is too long to be shown whole.
fn shortened(name: &str) -> String {
    name.chars().take(80).chain(['…']).collect()
}

/// Whether Kubernetes put this variable there for a Service named `bridge` or `bridge-…`: a pod must not fail for
/// the name of its Service.
fn of_kubernetes(name: &str) -> bool {
    let port = name.split_once("_PORT").map(|(_, rest)| rest);
    let protocol = |rest: &str| ["_TCP", "_UDP", "_SCTP"].iter().any(|protocol| rest.contains(protocol));
    let of_service = name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT");
    !name.contains("__") && (of_service || port.is_some_and(|rest| rest.is_empty() || protocol(rest)))
}

fn flags(flags: &[Flag], problems: &mut Vec<Problem>) -> Written {
    let mut written = Written::default();
    for Flag { key, value, name } in flags {
        if key.matches('.').count() >= DEEPEST_KEY {
            problems.push(too_deep(Origin::Flag(name.clone())));
            continue;
        }
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        written.put(&path, value, &format!("-{name}"));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_that_is_set_says_the_language() {
        let of = |set: &[(&str, &str)]| {
            let set: Vec<_> = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            language(&set)
        };
        for korean in ["ko_KR.UTF-8", "ko", "ko-KR", "ko.UTF-8", "ko_KR@x"] {
            assert_eq!(of(&[("LANG", korean)]), Language::Korean, "{korean}");
        }
        for other in ["", "C", "C.UTF-8", "en_US.UTF-8", "kok_IN", "POSIX"] {
            assert_eq!(of(&[("LANG", other)]), Language::English, "{other}");
        }
        assert_eq!(of(&[]), Language::English);
        assert_eq!(of(&[("LANG", "ko_KR"), ("LC_MESSAGES", "en_US"), ("LC_ALL", "")]), Language::English);
        assert_eq!(of(&[("LANG", "en_US"), ("LC_ALL", "ko_KR")]), Language::Korean);
    }

    #[test]
    fn variables_of_a_kubernetes_service_are_not_ours() {
        for theirs in [
            "BRIDGE_SERVICE_HOST",
            "BRIDGE_SERVICE_PORT",
            "BRIDGE_SERVICE_PORT_HTTP",
            "BRIDGE_PORT",
            "BRIDGE_PORT_8080_TCP",
            "BRIDGE_PORT_8080_TCP_ADDR",
            "BRIDGE_ADMIN_PORT_9090_TCP_PROTO",
        ] {
            assert!(of_kubernetes(theirs), "{theirs}");
        }
        for ours in ["BRIDGE_LISTEN", "BRIDGE_BOTS__SHOP__URL", "BRIDGE_BOTS__PORT__URL", "BRIDGE_ADMIN__LISTEN"] {
            assert!(!of_kubernetes(ours), "{ours}");
        }
    }
}
