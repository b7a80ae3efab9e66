use std::fs;

use super::{run, run_in};

#[test]
fn a_wrong_configuration_ends_with_78_and_all_its_problems() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.toml");
    fs::write(&file, "lisen = \"x\"\n[bots.shop]\nurl = \"old-bot:8000\"\ndeadline = 4\n").unwrap();
    let file = file.to_str().unwrap();
    for command in [&["config", "check"][..], &["config", "show"], &["serve"]] {
        let ended = run(&[command, &["--config", file]].concat(), b"");
        assert!(ended.out(78).is_empty(), "{command:?}");
        for told in ["lisen", "line 3", "bots.shop.deadline", "3 problems."] {
            assert!(ended.err.contains(told), "{command:?}: {}", ended.err);
        }
    }
    assert!(run(&["serve"], b"").err.contains("--bot"));
    assert!(run(&["config", "check", "--config", "/nowhere.toml"], b"").err.contains("cannot be read"));
}

#[test]
fn what_is_in_force_is_told_with_its_origin() {
    let environment = [("BRIDGE_BOTS__SHOP__URL", "http://old-bot:8000"), ("BRIDGE_GRACE", "20s")];
    let flags = ["config", "show", "--listen", "127.0.0.1:7000", "--set", "callback.after=3s"];
    let shown = run_in(&environment, &flags, b"");
    for line in [
        "listen\t\"127.0.0.1:7000\"\tflag --listen",
        "callback.after\t\"3s\"\tflag --set",
        "grace\t\"20s\"\tvariable BRIDGE_GRACE",
        "admin.listen\t\"127.0.0.1:9090\"\tdefault",
    ] {
        assert!(shown.out(0).lines().any(|shown| shown == line), "{line} in {}", shown.out);
    }
    assert!(run_in(&environment, &["config", "check"], b"").out(0).contains("good: 1 bot."));
}

#[test]
fn schema_and_reference_are_printed() {
    let schema: serde_json::Value = serde_json::from_str(run(&["config", "schema"], b"").out(0)).unwrap();
    assert!(schema["properties"]["listen"].is_object());
    assert!(run(&["config", "reference"], b"").out(0).starts_with("# Configuration"));
    assert!(run(&["config", "reference", "--lang", "ko"], b"").out(0).starts_with("# 설정"));
}

#[test]
fn a_probe_finds_a_bot_that_is_not_there() {
    let ended = run(&["config", "check", "--probe", "--bot", "http://127.0.0.1:1"], b"");
    assert!(ended.out(2).contains("default: [SB3209] Nothing listens at http://127.0.0.1:1/keyboard"));
}

#[test]
fn what_only_a_start_would_find_is_found_by_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let pair = || rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
    let (one, other) = (pair(), pair());
    fs::write(folder.path().join("cert.pem"), one.cert.pem()).unwrap();
    fs::write(folder.path().join("key.pem"), other.signing_key.serialize_pem()).unwrap();
    let file = folder.path().join("bridge.toml");
    fs::write(&file, "tls = { cert = \"cert.pem\", key = \"key.pem\" }\n[bots.shop]\nurl = \"http://old-bot:8000\"\n")
        .unwrap();
    let checked = run(&["config", "check", "--config", file.to_str().unwrap()], b"");
    assert!(checked.out(78).is_empty() && checked.err.contains("key.pem"), "{}", checked.err);
}

#[test]
fn a_key_of_thirty_thousand_levels_is_refused() {
    let deep = "a.".repeat(30_000);
    let flag = run(&["config", "check", "--bot", "http://old-bot:8000", "--set", &format!("{deep}b=1")], b"");
    assert!(flag.out(78).is_empty() && flag.err.contains("levels"), "{}", flag.err);
}

#[test]
fn a_file_that_is_no_regular_one_is_refused_by_the_check_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (file, pipe) = (folder.path().join("bridge.toml"), folder.path().join("pipe"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for named in ["pipe", "/dev/zero"] {
        let secret = format!("secret = {{ header = \"x-skill-secret\", values_file = \"{named}\" }}");
        fs::write(&file, format!("[bots.shop]\nurl = \"http://old-bot:8000\"\n{secret}\n")).unwrap();
        let checked = run(&["config", "check", "--config", file.to_str().unwrap()], b"");
        assert!(checked.out(78).is_empty() && checked.err.contains("no regular file"), "{}", checked.err);
    }
    for named in [pipe.to_str().unwrap(), "/dev/zero"] {
        let checked = run(&["config", "check", "--config", named], b"");
        assert!(checked.out(78).is_empty() && checked.err.contains("no regular file"), "{}", checked.err);
    }
}

#[test]
fn a_ca_that_cannot_be_used_is_found_by_the_check_as_by_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    // Fine as PEM; what it holds is no certificate, which only shows when a client is built with it.
    fs::write(&ca, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let own = ["--bot", "https://old-bot", "--set", &format!("bots.default.ca={}", ca.display())];
    let listen = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    for command in [&["config", "check"][..], &["serve"]] {
        let ended = run(&[command, &own, &listen[..]].concat(), b"");
        assert!(ended.out(78).is_empty() && ended.err.contains("ca.pem"), "{command:?}: {}", ended.err);
    }
}

#[test]
fn a_variable_of_thirty_thousand_levels_is_refused() {
    let deep = format!("BRIDGE_{}B", "A__".repeat(30_000));
    let ended = run_in(&[(&*deep, "1")], &["config", "check", "--bot", "http://old-bot:8000"], b"");
    assert!(ended.out(78).is_empty() && ended.err.contains("levels"), "{}", ended.err);
}
