//! File, environment and flags, in that precedence.

use std::fs;

use super::*;

#[test]
fn a_flag_beats_the_environment_which_beats_the_file() {
    let [of_file, of_environment, of_flag] = ["file", "environment", "flag"].map(old_bot);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.toml");
    fs::write(&file, format!("[bots.default]\nurl = \"{}\"\nfree_text = \"forward\"\n", of_file.url())).unwrap();
    let file = file.to_str().unwrap();
    let listen = ["--config", file];
    let environment = of_environment.url();
    let environment = [("BRIDGE_BOTS__DEFAULT__URL", environment.as_str())];

    let bridge = Program::start(&listen, &[]);
    assert_eq!(bridge.say(&Say::words("Qw7-eRt_9YzA", "급식")).text(), "file: 급식");
    let bridge = Program::start(&listen, &environment);
    assert_eq!(bridge.say(&Say::words("Qw7-eRt_9YzA", "급식")).text(), "environment: 급식");
    let flag = of_flag.url();
    let bridge = Program::start(&[&listen[..], &["--bot", &flag]].concat(), &environment);
    assert_eq!(bridge.say(&Say::words("Qw7-eRt_9YzA", "급식")).text(), "flag: 급식");
}

#[test]
fn a_port_that_is_taken_is_told_with_the_flag_that_changes_it_and_exit_78() {
    let bot = old_bot("bot");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = std::process::Command::new(env!("CARGO_BIN_EXE_smartchat-bridge"))
        .args(["serve", "--bot", &bot.url(), "--listen", &address, "--admin", "127.0.0.1:0"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(78), "{said}");
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
}
