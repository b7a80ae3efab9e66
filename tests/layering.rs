//! Imports go to lower ranks, inside a rank they have no cycle, ranks 0 and 1 do no IO
//! and are not async, files stay readable.
//!
//! Reads every `crate::` and `super::` path of `src/` as text, comments and strings left out. The ranks are those of
//! the table in `src/lib.rs`; a top-level module that stands in no row of it fails here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, as it should"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of one file; beyond it is split by noun.
const LONGEST_FILE: usize = 600;

/// Rank 0 is given the time, and its type for deadlines is tokio's, whose clock tests can stop; nothing waits there.
const READS_THE_CLOCK: &str = "src/time.rs";

/// One source file.
struct File {
    /// Below the project, with `/`.
    path: String,
    lines: usize,
    tokens: Vec<String>,
    /// Modules above the file: `["net", "tls"]` for `src/net/tls.rs`, none for `src/lib.rs`.
    module: Vec<String>,
}

fn files() -> Vec<File> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    below(&root.join("src"), &mut paths);
    paths.sort();
    paths.into_iter().map(|path| File::read(root, &path)).collect()
}

impl File {
    fn read(root: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let path = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        let name = path.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
        let mut module: Vec<String> = name.split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| last == "mod") || module == ["lib"] {
            module.pop();
        }
        Self { lines: text.lines().count(), tokens: tokens(&text), module, path }
    }

    /// The top-level module it belongs to, or `lib` or `main`.
    fn top_module(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }

    /// The top-level modules its paths lead to.
    fn leads_to(&self) -> BTreeSet<String> {
        let mut modules = BTreeSet::new();
        // For every open brace, whether it is a `mod name {`.
        let mut braces = Vec::new();
        for (place, token) in self.tokens.iter().enumerate() {
            let token = token.as_str();
            match token {
                "{" => braces.push(place >= 2 && self.tokens[place - 2] == "mod"),
                "}" => {
                    braces.pop();
                }
                "crate" | "smartchat_bridge" if self.follows(place, "::") => {
                    // The binary names the library; its paths count the same.
                    modules.extend(self.heads(place + 2));
                }
                "super" if self.follows(place, "::") && (place == 0 || self.tokens[place - 1] != "::") => {
                    let mut at = place;
                    let mut up = 0;
                    while self.tokens.get(at).is_some_and(|token| token == "super") && self.follows(at, "::") {
                        up += 1;
                        at += 2;
                    }
                    let depth = self.module.len() + braces.iter().filter(|is_module| **is_module).count();
                    if up >= depth {
                        modules.extend(self.heads(at));
                    }
                }
                _ => {}
            }
        }
        modules
    }

    fn follows(&self, place: usize, token: &str) -> bool {
        self.tokens.get(place + 1).is_some_and(|next| next == token)
    }

    /// The first names of a use-tree: one, or each of a group.
    fn heads(&self, place: usize) -> Vec<String> {
        let Some(first) = self.tokens.get(place) else { return Vec::new() };
        if first != "{" {
            return vec![first.clone()];
        }
        let (mut heads, mut depth, mut begins) = (Vec::new(), 0, true);
        for token in &self.tokens[place..] {
            match token.as_str() {
                "{" => {
                    depth += 1;
                    begins = depth == 1;
                }
                "}" => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                "," => begins = depth == 1,
                name => {
                    if begins {
                        heads.push(name.to_owned());
                    }
                    begins = false;
                }
            }
        }
        heads
    }
}

/// Names and signs, without comments, strings and characters.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let at = |place: usize| chars.get(place).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut place = 0;
    while place < chars.len() {
        let c = at(place);
        if c == '/' && at(place + 1) == '/' {
            while place < chars.len() && at(place) != '\n' {
                place += 1;
            }
        } else if c == '/' && at(place + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(place), at(place + 1)) {
                    ('/', '*') => (depth, place) = (depth + 1, place + 2),
                    ('*', '/') => (depth, place) = (depth - 1, place + 2),
                    _ => place += 1,
                }
                if depth == 0 || place >= chars.len() {
                    break;
                }
            }
        } else if let Some(hashes) = raw_string(&chars[place..]) {
            let end: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            let body = place + chars[place..].iter().position(|c| *c == '"').unwrap() + 1;
            let end: Vec<char> = end.chars().collect();
            let length = chars[body..].windows(end.len()).position(|window| window == end).unwrap();
            place = body + length + end.len();
        } else if c == '"' {
            place += 1;
            while place < chars.len() && at(place) != '"' {
                place += if at(place) == '\\' { 2 } else { 1 };
            }
            place += 1;
        } else if c == '\'' && (at(place + 1) == '\\' || at(place + 2) == '\'') {
            // A character; what else begins so is a lifetime.
            place += if at(place + 1) == '\\' { 3 } else { 2 };
            while at(place) != '\'' {
                place += 1;
            }
            place += 1;
        } else if c.is_alphanumeric() || c == '_' {
            let start = place;
            while at(place).is_alphanumeric() || at(place) == '_' {
                place += 1;
            }
            tokens.push(chars[start..place].iter().collect());
        } else if c == ':' && at(place + 1) == ':' {
            tokens.push("::".to_owned());
            place += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            place += 1;
        }
    }
    tokens
}

/// How many hashes the raw string has that begins here.
fn raw_string(chars: &[char]) -> Option<usize> {
    let rest = match chars {
        ['b', 'r', rest @ ..] | ['r', rest @ ..] => rest,
        _ => return None,
    };
    let hashes = rest.iter().take_while(|c| **c == '#').count();
    (rest.get(hashes) == Some(&'"')).then_some(hashes)
}

/// The rank of every top-level module, from the table in `src/lib.rs`.
fn ranks() -> BTreeMap<String, u8> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let mut ranks = BTreeMap::from([("main".to_owned(), 5), ("lib".to_owned(), 5)]);
    for line in text.lines() {
        let Some((rank, modules)) = line.strip_prefix("//! | ").and_then(|row| row.split_once(' ')) else { continue };
        let Ok(rank) = rank.parse() else { continue };
        for (place, piece) in modules.split('`').enumerate() {
            if place % 2 == 1 {
                assert!(ranks.insert(piece.to_owned(), rank).is_none(), "{piece} stands twice in the table");
            }
        }
    }
    assert!(ranks.len() > 20, "the table of ranks in src/lib.rs was not found");
    ranks
}

/// Which top-level module imports which, and in which files.
fn graph() -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let files = files();
    let modules: BTreeSet<String> = files.iter().map(|file| file.top_module().to_owned()).collect();
    let mut graph: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for file in &files {
        let edges = graph.entry(file.top_module().to_owned()).or_default();
        for module in file.leads_to() {
            if module != file.top_module() && modules.contains(&module) {
                edges.entry(module).or_default().insert(file.path.clone());
            }
        }
    }
    graph
}

#[test]
fn every_room_has_a_rank() {
    let ranks = ranks();
    for module in graph().keys() {
        assert!(ranks.contains_key(module), "src/{module} stands in no row of the table in src/lib.rs");
    }
}

#[test]
fn imports_go_to_lower_ranks() {
    let ranks = ranks();
    let mut wrong = Vec::new();
    for (from, edges) in graph() {
        for (to, files) in edges {
            if ranks[&to] > ranks[&from] {
                wrong.push(format!("{from} (rank {}) imports {to} (rank {}) in {files:?}", ranks[&from], ranks[&to]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn inside_a_rank_there_is_no_cycle() {
    let (ranks, graph) = (ranks(), graph());
    // Modules whose neighbours in the rank are all done are done; what is left at the end runs in circles.
    let mut left: BTreeSet<&String> = graph.keys().collect();
    loop {
        let done: Vec<&String> = left
            .iter()
            .copied()
            .filter(|module| !graph[*module].keys().any(|to| ranks[to] == ranks[*module] && left.contains(to)))
            .collect();
        if done.is_empty() {
            break;
        }
        for module in done {
            left.remove(module);
        }
    }
    let circles: Vec<String> = left
        .iter()
        .flat_map(|from| {
            let within = graph[*from].iter().filter(|(to, _)| ranks[*to] == ranks[*from] && left.contains(to));
            within.map(move |(to, files)| format!("{from} imports {to} in {files:?}"))
        })
        .collect();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn words_and_meaning_do_no_io_and_never_wait() {
    let ranks = ranks();
    let forbidden: [&[&str]; 8] = [
        &["async"],
        &["await"],
        &["tokio"],
        &["std", "::", "net", "::", "TcpStream"],
        &["std", "::", "fs"],
        &["std", "::", "thread"],
        &["Instant", "::", "now"],
        &["SystemTime", "::", "now"],
    ];
    for file in files().iter().filter(|file| ranks[file.top_module()] <= 1 && file.path != READS_THE_CLOCK) {
        for words in forbidden {
            let found = file.tokens.windows(words.len()).any(|window| window.iter().zip(words).all(|(a, b)| a == b));
            assert!(!found, "{}: {}", file.path, words.concat());
        }
    }
}

#[test]
fn files_stay_readable() {
    for file in files() {
        assert!(file.lines <= LONGEST_FILE, "{} has {} lines; split it by noun", file.path, file.lines);
    }
}

#[test]
fn paths_are_found_in_every_way_of_writing_them() {
    let text = r##"
        // use crate::comment;
        /* use crate::block; /* nested */ use crate::block; */
        use crate::{one::{self, x}, two, three::deep::Y};
        const S: &str = "crate::string"; const R: &str = r#"crate::raw " "#; const C: char = '"';
        fn f<'a>(x: &'a crate::four::Z) { super::five::g(); }
        mod tests { use super::super::six::H; use super::not_a_module; }
        pub(crate) fn g() {}
    "##;
    let file = File { path: String::new(), lines: 0, tokens: tokens(text), module: vec!["module".to_owned()] };
    let found: Vec<String> = file.leads_to().into_iter().collect();
    assert_eq!(found, ["five", "four", "one", "six", "three", "two"]);
}
