//! The program itself, as a shell runs it: what it prints where, and what it ends with.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::let_underscore_must_use,
    clippy::str_to_string,
    clippy::cast_possible_truncation,
    clippy::duplicate_mod,
    unreachable_pub,
    reason = "a test that panics has failed, as it should; it may print its figures and waits in real time"
)]

mod check;
mod config;
mod conversation;
mod demo;
mod language;
mod probe;
mod say;
#[path = "../support/mod.rs"]
mod support;
mod support_file;
mod translate;

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// The program, without this machine's environment.
fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smartchat-bridge"));
    command.args(arguments).env_clear();
    command
}

/// Runs it to its end with `input` on standard input.
fn run(arguments: &[&str], input: &[u8]) -> Ended {
    run_in(&[], arguments, input)
}

/// The same with environment variables.
fn run_in(environment: &[(&str, &str)], arguments: &[&str], input: &[u8]) -> Ended {
    let mut child = program(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // In a thread: the program may answer before it has read everything, or not read at all.
    let writer = std::thread::spawn(move || stdin.write_all(&input).ok());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
}

/// How it ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Ended {
    /// Standard output, when it ended with `code`.
    #[track_caller]
    fn out(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{self:?}");
        &self.out
    }
}

#[test]
fn help_and_version_end_well_and_a_wrong_line_is_a_usage_error() {
    let help = run(&["--help"], b"");
    for command in ["serve", "demo", "say", "check", "test", "translate", "config", "health", "support", "completions"]
    {
        assert!(
            help.out(0).contains(&format!("smartchat-bridge {command}")) || help.out.contains(&format!("  {command} "))
        );
        let own = run(&[command, "--help"], b"");
        assert!(own.out(0).contains("Examples:"), "{command} teaches by example");
    }
    assert!(run(&["--version"], b"").out(0).contains(env!("CARGO_PKG_VERSION")));
    for wrong in [&["nope"][..], &[], &["serve", "--set", "listen"], &["translate", "--part", "x"], &["config"]] {
        let ended = run(wrong, b"");
        assert!(ended.out(64).is_empty() && !ended.err.is_empty(), "{wrong:?}");
    }
}

#[test]
fn every_shell_gets_a_completion_script() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(run(&["completions", shell], b"").out(0).contains("translate"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = program(&["config", "reference"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert_eq!((status.code(), String::from_utf8(stderr).unwrap()), (Some(0), String::new()));
}
