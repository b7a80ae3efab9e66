//! A low limit on open files.

use std::io::Write;
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::*;

#[test]
fn with_sixty_four_files_and_sixty_idle_strangers_every_turn_is_answered_and_the_bot_is_not_called_out() {
    let bot = old_bot("bot");
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_smartchat-bridge")]).arg0("sh");
    let bridge = Program::run(shell, &["--bot", &bot.url(), "--set", "workers=2"], &[]);
    let strangers: Vec<TcpStream> = (0..60).filter_map(|_| TcpStream::connect(bridge.public).ok()).collect();
    for mut stranger in &strangers {
        let _closed = stranger.write_all(b"POST /skill HTTP/1.1\r\n");
    }
    std::thread::scope(|scope| {
        for user in 0..8 {
            let bridge = &bridge;
            scope.spawn(move || {
                for _ in 0..25 {
                    assert_eq!(bridge.say(&Say::words(&format!("Qw7-eRt_{user:04}"), "급식")).text(), "bot: 급식");
                }
            });
        }
    });
    let metrics = bridge.look("/metrics").body;
    assert!(metrics.contains("bridge_backend_up{bot=\"default\"} 1"), "{metrics}");
    drop(strangers);
}

#[test]
fn a_cut_that_leaves_enough_connections_alarms_nobody() {
    let bot = old_bot("bot");
    for (files, level, connections) in [("4096", "INFO", 1968), ("1024", "WARN", 432)] {
        let mut shell = Command::new("sh");
        let limited = format!("ulimit -n {files}; exec \"$0\" \"$@\"");
        shell.args(["-c", &limited, env!("CARGO_BIN_EXE_smartchat-bridge")]).arg0("sh");
        let mut bridge = Program::run(shell, &["--bot", &bot.url()], &[]);
        let log = bridge.whole_log();
        let line = log.lines().find(|line| line.contains("limits.connections is cut")).unwrap();
        assert!(line.contains(&format!("\"level\":\"{level}\"")), "{line}");
        assert!(line.contains(&format!("\"connections\":{connections}")), "{line}");
    }
}

/// The binary under `limits`, a line of the shell.
fn under(limits: &str, bot: &Bot) -> Program {
    let mut shell = Command::new("sh");
    let limited = format!("{limits}; exec \"$0\" \"$@\"");
    shell.args(["-c", &limited, env!("CARGO_BIN_EXE_smartchat-bridge")]).arg0("sh");
    Program::run(shell, &["--bot", &bot.url(), "--set", "workers=2"], &[])
}

#[test]
fn the_soft_limit_on_open_files_is_raised_to_the_hard_one() {
    let bot = old_bot("bot");
    let mut bridge = under("ulimit -S -n 64; ulimit -H -n 4096", &bot);
    assert_eq!(bridge.metric("process_max_fds"), 4096.0);
    let log = bridge.whole_log();
    let line = log.lines().find(|line| line.contains("limits.connections is cut")).unwrap();
    assert!(line.contains("\"files\":4096") && line.contains("\"connections\":1968"), "{line}");
}

/// Strangers at the operators' port take what is left, so that nobody is accepted for a while.
#[test]
fn that_no_connection_can_be_accepted_is_told_once_in_a_while() {
    let bot = old_bot("bot");
    let mut bridge = under("ulimit -n 64", &bot);
    let strangers: Vec<TcpStream> = (0..200)
        .filter_map(|number| TcpStream::connect(if number % 4 == 0 { bridge.public } else { bridge.admin }).ok())
        .collect();
    bridge.wait_for("connections cannot be accepted");
    for _ in 0..20 {
        assert_eq!(bridge.say(&Say::words(MINA, "급식")).text(), "bot: 급식");
    }
    drop(strangers);
    let log = bridge.whole_log();
    // One a listener and thread: two for callers, one for operators.
    let lines = log.lines().filter(|line| line.contains("connections cannot be accepted")).count();
    assert!(lines <= 3, "{lines} lines: {log}");
}
