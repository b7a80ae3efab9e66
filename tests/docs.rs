//! The documents say what the program does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that panics has failed, as it should"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use smartchat_bridge::backend_problem::BackendProblem;
use smartchat_bridge::degradation::Degradation;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines outside fenced blocks that are headings, as their level.
fn headings(path: &str) -> Vec<usize> {
    let mut fenced = false;
    let mut levels = Vec::new();
    for line in text(path).lines() {
        fenced ^= line.trim_start().starts_with("```");
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if !fenced && level > 0 && line.as_bytes().get(level) == Some(&b' ') {
            levels.push(level);
        }
    }
    levels
}

/// Pages for those who change the code: English only, as the code is.
const FOR_CONTRIBUTORS: [&str; 2] = ["behaviour.md", "performance.md"];

/// Every document that is there in both languages.
fn pairs() -> Vec<(String, String)> {
    let mut pairs = vec![("README.md".to_owned(), "README.ko.md".to_owned())];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        if FOR_CONTRIBUTORS.contains(&&*name) {
            continue;
        }
        if let Some(stem) = name.strip_suffix(".md").filter(|stem| !stem.ends_with(".ko")) {
            pairs.push((format!("docs/{name}"), format!("docs/{stem}.ko.md")));
        }
    }
    pairs
}

#[test]
fn both_languages_have_the_same_headings() {
    for (english, korean) in pairs() {
        assert_eq!(headings(&english), headings(&korean), "{english} and {korean}");
    }
}

#[test]
fn korean_has_one_word_for_one_thing_and_nothing_speaks_of_what_does_not_exist() {
    let mut texts: Vec<(String, String)> = pairs().into_iter().map(|(_, korean)| (text(&korean), korean)).collect();
    for path in ["src/messages", "src/config", "deploy/compose.yaml", "deploy/config.example.toml"] {
        let mut found = String::new();
        if root().join(path).is_dir() {
            sources(&root().join(path), &mut found)
        } else {
            found = text(path)
        }
        texts.push((found, path.to_owned()));
    }
    for (words, place) in &texts {
        // A quick reply is 바로연결, the home keyboard 홈 키보드, a refusal 거절, a port 포트.
        for other in
            ["바로가기", "바로 연결", "홈키보드", "첫 화면", "거부되", "거부합", "거부하", "두 개의 문", "메트릭"]
        {
            assert!(!words.contains(other), "{place} says {other}");
        }
    }
    for (english, korean) in pairs() {
        for path in [english, korean] {
            assert!(!text(&path).to_lowercase().contains("inspector"), "{path} speaks of an inspector");
        }
    }
}

#[test]
fn the_guide_names_what_stands_on_the_screens() {
    for path in ["docs/openbuilder.md", "docs/openbuilder.ko.md"] {
        let guide = text(path);
        for words in ["기본 시나리오** > **폴백 블록", "기본 스킬로 설정", "변환함수", "스킬 서버로 전송", "스킬 버전"]
        {
            assert!(guide.contains(words), "{path} does not name {words}");
        }
    }
}

#[test]
fn troubleshooting_says_what_late_does_and_when_to_lower_it() {
    for (path, lower) in
        [("docs/troubleshooting.md", "Lower `late`"), ("docs/troubleshooting.ko.md", "`late`를 6~8초로 줄이")]
    {
        let page = text(path);
        let place = page.find("`late`").unwrap_or_else(|| panic!("{path} does not name late"));
        assert!(page[place..].contains("texts.resend") && page.contains(lower), "{path}");
    }
}

/// What follows `smartchat-bridge` or `cargo run … --` in fenced blocks.
fn commands_named() -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for path in pairs().into_iter().flat_map(|(english, korean)| [english, korean]) {
        let mut fenced = false;
        for line in text(&path).lines() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            // `kubectl -n smartchat-bridge set image`: there the name is a namespace.
            let after = words
                .iter()
                .position(|word| *word == "smartchat-bridge" || word.ends_with("/smartchat-bridge"))
                .filter(|_| !line.contains("kubectl"));
            let after =
                after.or_else(|| words.iter().position(|word| *word == "--").filter(|_| line.contains("cargo run")));
            let Some(word) = after.filter(|_| fenced).and_then(|place| words.get(place + 1)) else { continue };
            if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
                named.insert((*word).to_owned());
            }
        }
    }
    named
}

fn sources(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_command_in_the_documents_exists() {
    let named = commands_named();
    assert!(named.contains("serve") && named.contains("say"), "{named:?}");
    let mut cli = fs::read_to_string(root().join("src/cli.rs")).unwrap_or_default();
    sources(&root().join("src/cli"), &mut cli);
    if cli.is_empty() {
        eprintln!("skipped: there is no src/cli");
        return;
    }
    for command in named {
        // A clap variant (`Serve`), or a name given by hand.
        let variant = format!("{}{}", command[..1].to_uppercase(), &command[1..]);
        let there = [format!("{variant} {{"), format!("{variant}("), format!("{variant},"), format!("\"{command}\"")];
        assert!(there.iter().any(|form| cli.contains(form)), "the documents name `smartchat-bridge {command}`");
    }
}

#[test]
fn the_tables_of_differences_are_those_of_the_code() {
    let english = |degradation: &Degradation| degradation.english();
    let korean = |degradation: &Degradation| degradation.korean();
    same_table("docs/differences.md", "| code | meaning |", english);
    same_table("docs/differences.ko.md", "| 코드 | 뜻 |", korean);
}

#[track_caller]
fn same_table(path: &str, heading: &str, meaning: impl Fn(&Degradation) -> &'static str) {
    const BEGIN: &str = "<!-- degradations:begin -->";
    const END: &str = "<!-- degradations:end -->";
    let document = text(path);
    let (before, rest) = document.split_once(BEGIN).unwrap_or_else(|| panic!("{path}: no {BEGIN}"));
    let (table, after) = rest.split_once(END).unwrap_or_else(|| panic!("{path}: no {END}"));
    // The heading stays as it is written.
    let written_heading = table.trim_start().lines().next().unwrap_or(heading);
    let mut expected = format!("\n{written_heading}\n| --- | --- |\n");
    for degradation in Degradation::ALL {
        expected.push_str(&format!("| `{}` | {} |\n", degradation.code(), meaning(degradation)));
    }
    if blessing() {
        fs::write(root().join(path), format!("{before}{BEGIN}{expected}{END}{after}")).unwrap();
    } else {
        assert_eq!(table, expected, "{path}: BLESS=1 writes it anew");
    }
}

#[allow(clippy::disallowed_methods, reason = "a test's own switch, not configuration")]
fn blessing() -> bool {
    std::env::var("BLESS").is_ok_and(|bless| bless == "1")
}

/// How names of metrics begin.
const METRICS: [&str; 2] = ["bridge_", "process_"];

/// Names of metrics in a text that follow upon `before`.
fn metrics(text: &str, before: char) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (place, _) in METRICS.into_iter().flat_map(|begin| text.match_indices(begin)) {
        if text[..place].ends_with(before) {
            let length = text[place..].bytes().take_while(|b| b.is_ascii_lowercase() || *b == b'_').count();
            names.insert(text[place..place + length].to_owned());
        }
    }
    names
}

#[test]
fn every_problem_of_a_bot_is_explained_and_every_alert() {
    let problems: BTreeSet<String> = BackendProblem::ALL.iter().map(|problem| problem.as_str().to_owned()).collect();
    let rules = text("deploy/monitoring/alerts.yaml");
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim_start().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 8, "{alerts:?}");
    for path in ["docs/operations.md", "docs/operations.ko.md"] {
        let document = text(path);
        let table = document.split("| problem |").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
        let explained = table.lines().filter_map(|row| row.strip_prefix("| `")?.split('`').next());
        assert_eq!(explained.map(str::to_owned).collect::<BTreeSet<_>>(), problems, "{path}");
        let rows = document.lines().filter(|line| line.starts_with("| Bridge"));
        let rows: Vec<&str> = rows.filter_map(|row| row.split(' ').nth(1)).collect();
        assert_eq!(rows, alerts, "{path}");
    }
}

#[test]
fn every_metric_is_explained_and_none_that_is_not_there() {
    let served = metrics(&text("src/server/metrics_page.rs"), '"');
    assert!(served.len() > 8, "{served:?}");
    for path in ["docs/operations.md", "docs/operations.ko.md"] {
        let rows: String = text(path)
            .lines()
            .filter(|line| METRICS.iter().any(|name| line.starts_with(&format!("| `{name}"))))
            .collect();
        assert_eq!(metrics(&rows, '`'), served, "{path}");
    }
    let mut monitoring = String::new();
    sources(&root().join("deploy/monitoring"), &mut monitoring);
    for name in monitoring.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')) {
        if METRICS.iter().any(|begin| name.starts_with(begin)) {
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            assert!(served.contains(base) || served.contains(name), "deploy/monitoring names {name}");
        }
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let pages = pairs().into_iter().flat_map(|(english, korean)| [english, korean]);
    let others = [
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/behaviour.md",
        "docs/protocol/legacy.md",
        "docs/protocol/openbuilder.md",
    ];
    for path in pages.chain(others.map(str::to_owned)) {
        let folder = root().join(&path).parent().unwrap().to_owned();
        for (_, after) in text(&path).match_indices("](").map(|(place, _)| ((), text(&path)[place + 2..].to_owned())) {
            let link = after.split(')').next().unwrap_or_default();
            let file = link.split('#').next().unwrap_or_default();
            if file.contains("://") || file.starts_with("mailto:") {
                continue;
            }
            let page = if file.is_empty() { root().join(&path) } else { folder.join(file) };
            assert!(page.exists(), "{path} leads to {link}");
            if let Some((_, anchor)) = link.split_once('#') {
                let there = fs::read_to_string(&page).unwrap();
                let mut headings = there.lines().filter(|line| line.starts_with('#'));
                assert!(headings.any(|line| anchor_of(line) == anchor), "{path} leads to {link}");
            }
        }
    }
}

/// The anchor of a heading, as GitHub makes it.
fn anchor_of(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The lines of the fenced `sh` blocks, without their comments.
fn shell_lines(path: &str) -> Vec<String> {
    let (mut fenced, mut shell) = (false, false);
    let mut lines = Vec::new();
    for line in text(path).lines() {
        if let Some(kind) = line.trim_start().strip_prefix("```") {
            fenced = !fenced;
            shell = fenced && kind == "sh";
        } else if shell {
            let command = line.split_once("   #").map_or(line, |(command, _)| command);
            lines.push(command.trim_end().to_owned());
        }
    }
    lines
}

#[test]
fn both_languages_give_the_same_commands() {
    for (english, korean) in pairs() {
        assert_eq!(shell_lines(&english), shell_lines(&korean), "{english} and {korean}");
    }
}

#[test]
fn no_command_of_the_documents_starts_a_part_of_the_compose_files() {
    // Such a command leaves out what .env names: the bridge would be started again without its secret.
    for path in pairs().into_iter().flat_map(|(english, korean)| [english, korean]) {
        for line in shell_lines(&path) {
            assert!(!line.contains("docker compose -f") && !line.contains("docker compose --file"), "{path}: {line}");
        }
    }
    let deploy = ["compose.yaml", "compose.caddy.yaml", "compose.tunnel.yaml", "compose.monitoring.yaml"];
    for file in deploy {
        assert!(!text(&format!("deploy/{file}")).contains("docker compose -f"), "deploy/{file}");
    }
}

/// The comments of all Rust sources, each with its file.
fn comments() -> Vec<(String, String)> {
    let mut comments = Vec::new();
    for folder in ["src", "tests", "benches", "examples", "fuzz/fuzz_targets"] {
        below(&root().join(folder), &mut |path| {
            if path.extension().is_some_and(|kind| kind == "rs") {
                let text = fs::read_to_string(path).unwrap();
                let of_file = text.lines().filter_map(|line| line.split_once("//")).map(|(_, comment)| comment);
                comments.extend(of_file.map(|comment| (path.display().to_string(), comment.to_owned())));
            }
        });
    }
    comments
}

/// What `comment` cites of `page`: the number behind each mention, `None` for the page as a whole.
fn sections<'a>(comment: &'a str, page: &'a str) -> impl Iterator<Item = Option<&'a str>> {
    comment.match_indices(page).map(|(place, _)| {
        let behind = comment[place + page.len()..].strip_prefix(' ').unwrap_or_default();
        let end = behind.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(behind.len());
        Some(behind[..end].trim_end_matches('.')).filter(|number| !number.is_empty())
    })
}

#[test]
fn every_section_that_a_comment_cites_exists() {
    let mut followed = 0;
    for page in ["legacy.md", "openbuilder.md"] {
        let there: BTreeSet<String> = text(&format!("docs/protocol/{page}"))
            .lines()
            .filter(|line| line.starts_with('#'))
            .filter_map(|line| line.trim_start_matches('#').trim().split(' ').next())
            .map(|number| number.trim_end_matches('.').to_owned())
            .collect();
        for (file, comment) in comments() {
            for section in sections(&comment, page).flatten() {
                assert!(there.contains(section), "{file} cites {page} {section}:{comment}");
                followed += 1;
            }
        }
    }
    assert!(followed > 50, "only {followed} citations were found");
}

/// Words behind `//` that look like rules and are none: percent escapes in a URL of a test.
const NO_RULES: [&str; 3] = ["A0", "A7", "B8"];

#[test]
fn every_rule_that_a_comment_cites_exists() {
    let rules: BTreeSet<String> = text("docs/behaviour.md")
        .lines()
        .filter_map(|line| line.strip_prefix("**")?.split(' ').next())
        .map(str::to_owned)
        .collect();
    let mut followed = 0;
    for (file, comment) in comments() {
        for word in comment.split(|c: char| !c.is_ascii_alphanumeric()) {
            let is_rule = word.len() <= 3
                && word.starts_with(|letter: char| letter.is_ascii_uppercase())
                && word.len() > 1
                && word[1..].bytes().all(|byte| byte.is_ascii_digit())
                && !NO_RULES.contains(&word);
            if is_rule {
                assert!(rules.contains(word), "{file} cites {word}:{comment}");
                followed += 1;
            }
        }
    }
    assert!(followed > 200, "only {followed} citations were found");
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    // In two pieces, so that this file does not find itself.
    let forbidden = [["/wo", "rk/"].concat(), ["/ro", "ot/"].concat()];
    let mut found = Vec::new();
    below(root(), &mut |path| {
        let Ok(bytes) = fs::read(path) else { return };
        let text = String::from_utf8_lossy(&bytes);
        for (number, line) in text.lines().enumerate() {
            for word in &forbidden {
                // A path of another tree, such as `target/work/`, does not begin there.
                let begins = |place: usize| {
                    line[..place].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && !"._-/}".contains(c))
                };
                if line.match_indices(word.as_str()).any(|(place, _)| begins(place)) {
                    found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
                }
            }
        }
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn below(folder: &Path, see: &mut dyn FnMut(&PathBuf)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", ".git", "node_modules"].contains(&name.as_str()) {
                below(&path, see);
            }
        } else if name != ".git" {
            see(&path);
        }
    }
}
