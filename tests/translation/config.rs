//! The configuration as operators meet it: every message as a golden file, sample and reference complete and current.
//!
//! `BLESS=1 cargo test --test config` writes golden files, `docs/configuration*.md` and the sample anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use smartchat_bridge::config::{Flag, Loaded, Origin, Problems, Sources, keys, load};
use smartchat_bridge::config::{reference, restart_needed, sample, schema};
use smartchat_bridge::ids::BotId;
use smartchat_bridge::messages::{self, Language};

/// Every secret of the golden cases; it may be shown nowhere.
const SECRET: &str = "hunter2";

fn flag(key: &str, value: &str, name: &str) -> Flag {
    Flag { key: key.to_owned(), value: value.to_owned(), name: name.to_owned() }
}

fn variable(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn load_text(text: &str) -> Result<Loaded, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.toml");
    fs::write(&file, text).unwrap();
    load(&Sources { file: Some(&file), ..Sources::default() })
}

/// Compares with a file, or writes it when blessing. A difference is told with the first line that differs.
#[track_caller]
fn assert_current(path: &Path, now: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, now).unwrap();
    }
    let then = fs::read_to_string(path).unwrap_or_default();
    let differs = now.lines().zip(then.lines()).find(|(now, then)| now != then);
    assert!(now == then, "{} is not current (BLESS=1 rewrites it): {differs:#?}\n{now}", path.display());
}

/// One case: `config.toml` or the path in `path.txt`; `env` with `NAME=value`, `flags` with `--name key=value` by line.
fn run(case: &Path, language: Language) -> String {
    let lines = |name: &str| fs::read_to_string(case.join(name)).unwrap_or_default();
    let named = lines("path.txt");
    let written = case.join("config.toml");
    let file =
        if written.exists() { Some(written) } else { Some(PathBuf::from(named.trim())).filter(|_| !named.is_empty()) };
    let environment =
        lines("env").lines().filter_map(|line| line.split_once('=')).map(|(n, v)| variable(n, v)).collect();
    let flags = lines("flags");
    let flags = flags.lines().map(|line| {
        let (name, rest) = line.split_once(' ').unwrap();
        let (key, value) = rest.split_once('=').unwrap();
        flag(key, value, name)
    });
    let mut out = String::new();
    match load(&Sources { file: file.as_deref(), environment, flags: flags.collect(), ..Sources::default() }) {
        Err(problems) => writeln!(out, "{}", problems.told(language)).unwrap(),
        Ok(loaded) => {
            for value in loaded.effective.iter().filter(|value| value.origin != Origin::Default) {
                writeln!(out, "{} = {}  # {}", value.key, value.value, value.origin).unwrap();
            }
            let mut notes: Vec<_> = loaded.warnings.iter().chain(&loaded.advice).collect();
            notes.sort();
            for note in notes {
                writeln!(out, "\nnote: {}", note.told(language)).unwrap();
            }
            assert!(!format!("{:?}", loaded.settings).contains(SECRET));
        }
    }
    out
}

#[test]
fn every_message_is_as_recorded() {
    let mut cases: Vec<PathBuf> = fs::read_dir("tests/golden/config")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|p| p.is_dir())
        .collect();
    cases.sort();
    assert!(cases.len() >= 22);
    for case in cases {
        for (language, name) in [(Language::English, "out.txt"), (Language::Korean, "out.ko.txt")] {
            let out = run(&case, language);
            assert!(!out.contains(SECRET), "{} shows a secret:\n{out}", case.display());
            assert_current(&case.join(name), &out);
        }
    }
}

#[test]
fn the_reference_is_current_in_both_languages() {
    assert_current(Path::new("docs/configuration.md"), &reference(Language::English));
    assert_current(Path::new("docs/configuration.ko.md"), &reference(Language::Korean));
}

#[test]
fn the_page_of_messages_is_current_in_both_languages() {
    assert_current(Path::new("docs/messages.md"), &messages::page(Language::English));
    assert_current(Path::new("docs/messages.ko.md"), &messages::page(Language::Korean));
}

/// The codes that the golden cases show.
#[test]
fn every_message_of_the_configuration_has_a_golden_case() {
    let mut shown = String::new();
    for case in fs::read_dir("tests/golden/config").unwrap() {
        shown += &fs::read_to_string(case.unwrap().path().join("out.txt")).unwrap_or_default();
    }
    // What no file of a test can bring about: a bug of ours, bytes that are not UTF-8, a flag of absurd depth.
    let elsewhere = ["SB1002", "SB1004", "SB1005", "SB1012", "SB1203"];
    let codes = messages::config::ROWS.iter().map(|row| row.code).filter(|code| !code.is_empty());
    let missing: Vec<_> = codes.filter(|code| !shown.contains(code) && !elsewhere.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_sample_is_current_and_valid_as_it_stands() {
    let path = Path::new("deploy/config.example.toml");
    assert_current(path, &sample());
    let loaded = load(&Sources { file: Some(path), ..Sources::default() }).unwrap();
    let settings = &loaded.settings;
    assert!(settings.listen.ip().is_loopback() && settings.admin.listen.ip().is_loopback());
    assert!(settings.bots.values().all(|bot| !bot.open && !bot.trust.insecure));
}

/// The sample with every key in force: secrets either inline or from files, and one of the two stores.
fn uncommented(folder: &Path, secrets_from_files: bool, shared_store: bool) -> String {
    let secrets: BTreeSet<String> = keys::all().iter().map(|key| key.path.replace('*', "shop")).collect();
    let mut section = String::new();
    let mut text = String::new();
    for line in sample().lines() {
        let line = line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line);
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned() + ".";
        }
        let key = line.split(" = ").next().unwrap_or_default();
        let inline = secrets.contains(&format!("{section}{key}_file"));
        let filed = key.strip_suffix("_file").is_some_and(|key| secrets.contains(&format!("{section}{key}")));
        let other_store = match (&*section, key) {
            ("store.", "path") => shared_store,
            ("store.", "url" | "url_file" | "ca" | "prefix") => !shared_store,
            _ => false,
        };
        if (inline && secrets_from_files) || (filed && !secrets_from_files) || other_store {
            continue;
        }
        let folder = folder.to_str().unwrap();
        let line = line.replace("/run/secrets", folder).replace("/etc/smartchat-bridge", folder);
        writeln!(text, "{line}").unwrap();
    }
    text
}

fn folder_of_files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let certified = rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
    for (name, text) in [
        ("cert.pem", certified.cert.pem()),
        ("ca.pem", certified.cert.pem()),
        ("store-ca.pem", certified.cert.pem()),
        ("key.pem", certified.signing_key.serialize_pem()),
        ("skill-secret", format!("{SECRET}-one\n{SECRET}-two\n")),
        ("admin-token", format!("{SECRET}\n")),
        ("metrics-token", format!("{SECRET}-of-metrics\n")),
        ("kakao-admin-key", SECRET.to_owned()),
        ("log-key", SECRET.to_owned()),
        ("store-url", format!("redis://:{SECRET}@redis")),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn every_key_of_the_sample_works_when_its_comment_is_taken_away() {
    let folder = folder_of_files();
    let mut seen = BTreeSet::new();
    for (secrets_from_files, shared_store) in [(false, false), (false, true), (true, true)] {
        let file = folder.path().join("bridge.toml");
        fs::write(&file, uncommented(folder.path(), secrets_from_files, shared_store)).unwrap();
        let loaded = load(&Sources { file: Some(&file), ..Sources::default() }).unwrap_or_else(|all| panic!("{all}"));
        let written = loaded.effective.iter().filter(|value| value.origin != Origin::Default);
        seen.extend(written.map(|value| keys::pattern_of(&value.key).into_owned()));
        assert!(loaded.effective.iter().all(|value| !value.value.contains(SECRET)));
    }
    let known: BTreeSet<String> = keys::all().iter().map(|key| key.path.to_string()).collect();
    assert_eq!(seen, known);
}

#[test]
fn the_sample_obeys_the_schema_and_typos_do_not() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let folder = folder_of_files();
    for text in [sample(), uncommented(folder.path(), false, false), uncommented(folder.path(), true, true)] {
        let json = json_of(&text);
        let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    for wrong in ["lissten = 1", "[bots.Shop]\nurl = \"http://a\"", "[bots.a]\ndeadline = 5", "[limits]\nturns = 0"] {
        assert!(!validator.is_valid(&json_of(wrong)), "{wrong}");
    }
}

fn json_of(toml: &str) -> serde_json::Value {
    fn of(item: &toml_edit::Item) -> serde_json::Value {
        if let Some(table) = item.as_table_like() {
            return serde_json::Value::Object(table.iter().map(|(name, item)| (name.to_owned(), of(item))).collect());
        }
        if let Some(array) = item.as_array() {
            return array.iter().map(|value| of(&toml_edit::Item::Value(value.clone()))).collect();
        }
        match (item.as_str(), item.as_integer()) {
            (Some(text), _) => text.into(),
            (_, Some(number)) => number.into(),
            _ => item.as_bool().into(),
        }
    }
    of(toml.parse::<toml_edit::DocumentMut>().unwrap().as_item())
}

/// Everything that a load tells, in both languages.
fn all_told(sources: &Sources<'_>) -> String {
    match load(sources) {
        Ok(loaded) => {
            let notes = || loaded.warnings.iter().chain(&loaded.advice);
            let told = [Language::English, Language::Korean]
                .map(|tongue| notes().map(|note| note.told(tongue)).collect::<String>());
            let shown: String = loaded.effective.iter().map(|value| format!("{} {}", value.key, value.value)).collect();
            format!("{told:?}{shown}{:?}", loaded.settings)
        }
        Err(problems) => {
            format!("{}{}{problems:?}", problems.told(Language::English), problems.told(Language::Korean))
        }
    }
}

#[test]
fn a_secret_that_is_wrong_in_any_way_is_told_and_never_repeated() {
    let secrets: BTreeSet<&str> =
        keys::all().iter().filter(|key| key.kind.is_secret()).map(|key| key.path.as_ref()).collect();
    let may_hold_one = |path: &str| {
        let named = path.strip_suffix("_file").is_some_and(|secret| secrets.contains(secret));
        secrets.contains(path) || named || path == "bots.*.secret.header"
    };
    // TOML, as a file has them; a variable and a flag carry the same as text.
    let wrong = [
        r#""hunter2""#,
        r#"" hunter2""#,
        r#""hunter2\u0007""#,
        r#""hunter2 비밀""#,
        r#""hunter2/../hunter2.txt""#,
        r#""http://admin:hunter2@old-bot""#,
        r#""hunter2://a/b""#,
        r#""hunter2:8000""#,
        r##""https://a.example/#hunter2""##,
        r#""https://[hunter2/""#,
        r#"["hunter2"]"#,
        r#"["hunter2", ""]"#,
        r#"["hunter2", 5]"#,
        r#"[["hunter2"]]"#,
        r#"{ a = "hunter2" }"#,
        r#"{ x-a = "hunter2\u0007" }"#,
        r#"{ "hunter2 a" = "b" }"#,
        r#"{ hunter2 = 5 }"#,
        r#"{ a = ["hunter2"] }"#,
    ];
    let texts = ["[hunter2", "{ hunter2", "hunter2,", "[\"hunter2\", 5]", "hunter2 = hunter2"];
    let (mut tried, mut told) = (0, 0);
    for key in keys::all().iter().filter(|key| may_hold_one(&key.path)) {
        let path = key.path.replace('*', "shop");
        let bot = flag("bots.shop.url", "http://old-bot:8000", "--bot");
        let mut seen = |sources: Sources<'_>, value: &str| {
            let all = all_told(&sources);
            assert!(!all.contains(SECRET), "{path} = {value} by {sources:?}: {all}");
            tried += 1;
            told += usize::from(all.contains("[SB1"));
        };
        for value in wrong {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("bridge.toml");
            let (section, name) = path.rsplit_once('.').unwrap_or(("", &path));
            fs::write(&file, format!("[{section}]\n{name} = {value}\n")).unwrap();
            seen(Sources { file: Some(&file), flags: vec![bot.clone()], ..Sources::default() }, value);
        }
        for value in wrong.iter().chain(&texts) {
            let text = value.trim_matches('"');
            let environment = vec![variable(&keys::variable_of(&path), text)];
            seen(Sources { environment, flags: vec![bot.clone()], ..Sources::default() }, value);
            seen(Sources { flags: vec![bot.clone(), flag(&path, text, "--set")], ..Sources::default() }, value);
        }
    }
    assert!(tried > 800 && told > tried / 2, "{told} of {tried} were told");
}

#[test]
fn a_secret_on_the_command_line_is_warned_about() {
    let flags = |path: &str, value: &str| {
        vec![flag("bots.shop.url", "http://old-bot:8000", "--bot"), flag(path, value, "--set")]
    };
    for key in keys::all().iter().filter(|key| key.kind.is_secret()) {
        let path = key.path.replace('*', "shop");
        let value = key.example.trim_matches('"');
        let mut flags = flags(&path, value);
        if path.ends_with("secret.values") {
            flags.push(flag("bots.shop.secret.header", "x-skill-secret", "--set"));
        }
        let loaded = load(&Sources { flags, ..Sources::default() }).unwrap_or_else(|all| panic!("{path}: {all}"));
        let warned = loaded.warnings.iter().any(|warning| warning.key == path && warning.message.code() == "SB1402");
        assert!(warned, "{path}: {:?}", loaded.warnings);
    }
    let environment = vec![variable("BRIDGE_BOTS__SHOP__CHANNEL_KEY", "0123456789abcdef")];
    let flags = vec![flag("bots.shop.url", "http://old-bot:8000", "--bot")];
    assert!(load(&Sources { environment, flags, ..Sources::default() }).unwrap().warnings.is_empty());
}

#[test]
fn one_flag_is_a_whole_configuration() {
    let flags = vec![flag("bots.default.url", "http://127.0.0.1:8000/kakao/", "--bot")];
    let loaded = load(&Sources { flags, ..Sources::default() }).unwrap();
    let bot = &loaded.settings.bots[&BotId::parse("default").unwrap()];
    assert_eq!(bot.url.as_str(), "http://127.0.0.1:8000/kakao");
    assert_eq!((bot.deadline, bot.late), (Duration::from_millis(4500), Duration::from_secs(15)));
    assert_eq!((bot.turns, bot.sessions), (10_000, 1_000_000));
    assert_eq!(loaded.settings.limits.body, 256 * 1024);
    assert_eq!(bot.policy.texts, smartchat_bridge::translate::view::Texts::default());
}

#[test]
fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.toml");
    fs::write(&file, "[bots.shop]\nurl = \"http://file\"\nlate = \"20s\"\ndeadline = \"4.1s\"\nrate = 1\n").unwrap();
    let environment = vec![
        variable("BRIDGE_CONFIG", file.to_str().unwrap()),
        variable("BRIDGE_BOTS__SHOP__RATE", "2"),
        variable("BRIDGE_BOTS__SHOP__DEADLINE", "4.2s"),
        variable("BRIDGE_BOTS__SHOP__WELCOME_BLOCKS", "하나, 둘"),
        variable("BRIDGE_BOTS__SHOP__MESSAGE_BLOCK", "{ abc = \"def\" }"),
        variable("BRIDGE_BOTS__SHOP__OPEN", "true"),
        variable("PATH", "/bin"),
    ];
    let flags = vec![flag("bots.shop.rate", "3", "--set")];
    let loaded = load(&Sources { environment, flags, ..Sources::default() }).unwrap_or_else(|all| panic!("{all}"));
    let bot = &loaded.settings.bots[&BotId::parse("shop").unwrap()];
    assert_eq!(bot.rate, Some(3));
    assert_eq!(bot.deadline, Duration::from_millis(4200));
    assert_eq!(bot.late, Duration::from_secs(20));
    assert_eq!(bot.breaker.failures, 10);
    assert_eq!(bot.welcome_blocks, [Box::from("하나"), Box::from("둘")]);
    assert_eq!(bot.message_block.get("abc").map(AsRef::as_ref), Some("def"));
    assert!(bot.open && loaded.files.contains(&file));
}

#[test]
fn a_secret_of_a_stronger_source_beats_the_file_of_a_weaker_one() {
    let folder = folder_of_files();
    let file = folder.path().join("bridge.toml");
    fs::write(&file, "[bots.shop]\nurl = \"http://a\"\nchannel_key_file = \"admin-token\"\n").unwrap();
    let key = |environment| {
        let loaded = load(&Sources { file: Some(&file), environment, ..Sources::default() }).unwrap();
        loaded.settings.bots.values().next().unwrap().channel_key.clone().unwrap()
    };
    assert!(key(Vec::new()).matches(SECRET.as_bytes()), "a path in the file is relative to the file");
    assert!(key(vec![variable("BRIDGE_BOTS__SHOP__CHANNEL_KEY", "other")]).matches(b"other"));
}

#[test]
fn a_reload_names_what_only_a_restart_applies() {
    let old = load_text("[bots.a]\nurl = \"http://a\"").unwrap().settings;
    let same = load_text("[bots.a]\nurl = \"http://b\"\nturns = 5\n[limits]\nbody = \"1MiB\"").unwrap().settings;
    assert_eq!(restart_needed(&old, &same), Vec::<&str>::new());
    let moved =
        "listen = \"127.0.0.1:1\"\nworkers = 77\n[admin]\nlisten = \"127.0.0.1:2\"\n[bots.a]\nurl = \"http://a\"";
    let moved = load_text(moved).unwrap().settings;
    assert_eq!(restart_needed(&old, &moved), ["listen", "workers", "admin.listen"]);
    let bounds = "connections = 1\nturns = 2\nturns_per_user = 3\nsessions = 4\nparked = \"5KiB\"\nevents = 6";
    let bounds = load_text(&format!("[bots.a]\nurl = \"http://a\"\n[limits]\n{bounds}")).unwrap().settings;
    let keys = ["connections", "turns", "turns_per_user", "sessions", "parked", "events"];
    assert_eq!(restart_needed(&old, &bounds), keys.map(|key| format!("limits.{key}")));
}

#[test]
fn a_thousand_bots_load_without_quadratic_lookups() {
    let mut text = String::new();
    for bot in 0..1000 {
        write!(text, "[bots.bot{bot}]\nurl = \"http://bot{bot}:8000\"\nopenbuilder_ids = [\"id{bot}\"]\n").unwrap();
        write!(text, "[bots.bot{bot}.texts]\noutage = \"쉬는 중입니다.\"\n").unwrap();
    }
    let start = smartchat_bridge::time::instant();
    let loaded = load_text(&text).unwrap();
    let took = start.elapsed();
    eprintln!("a thousand bots: {took:?}");
    assert_eq!(loaded.settings.bots.len(), 1000);
    // One second is the goal of a release build; unoptimised code on a busy machine gets ten.
    assert!(took < Duration::from_secs(10), "{took:?}");
}

proptest::proptest! {
    /// Whatever is written: an answer and no panic, and a secret in none of it.
    #[test]
    fn loading_is_total(which in proptest::collection::vec((0_usize..1000, 0_usize..14), 1..30), any in ".{0,40}") {
        let values = ["", "0", "-1", "5", "4.5s", "true", "[]", "{}", "http://a", "::", "[\"a\", 1]", "{ a = [1] }", "64MiB"];
        let flags = which.iter().map(|(key, value)| {
            let path = keys::all()[key % keys::all().len()].path.replace('*', "shop");
            let path = match key % 7 {
                0 => path + ".deeper",
                1 => path.rsplit_once('.').map_or("", |(section, _)| section).to_owned(),
                _ => path,
            };
            flag(&path, values.get(*value).copied().unwrap_or(&any), "--set")
        });
        let environment = vec![variable(&format!("BRIDGE_{any}"), &any)];
        match load(&Sources { environment, flags: flags.collect(), ..Sources::default() }) {
            Ok(loaded) => proptest::prop_assert!(!loaded.settings.bots.is_empty()),
            Err(problems) => proptest::prop_assert!(!problems.0.is_empty()),
        }
    }

    #[test]
    fn reading_any_text_is_total(text in "(\\PC|\n){0,200}") {
        proptest::prop_assert!(load_text(&text).is_err());
    }
}
