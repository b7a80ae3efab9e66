//! A log that cannot be written, or that nobody reads, changes nothing for users.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;

use super::*;
use crate::support::bridge::{ended, signal};

const USERS: usize = 50;
const TURNS: usize = 40;

/// The binary with a standard error of the test's choice, at ports of the test's choice: no log line tells them.
struct Unheard {
    child: Child,
    public: SocketAddr,
    admin: SocketAddr,
}

impl Drop for Unheard {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Unheard {
    fn start(bot: &Bot, stderr: Stdio) -> Self {
        let (public, admin) = (free(), free());
        let child = Command::new(env!("CARGO_BIN_EXE_smartchat-bridge"))
            .args(["serve", "--bot", &bot.url(), "--listen", &public.to_string(), "--admin", &admin.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut bridge = Self { child, public, admin };
        eventually("it serves", || {
            assert!(bridge.child.try_wait().unwrap().is_none(), "it has ended");
            TcpStream::connect(public).is_ok()
        });
        bridge
    }

    /// Every user's every word is answered by the bot.
    fn answers_everybody(&self) {
        thread::scope(|scope| {
            for user in 0..USERS {
                scope.spawn(move || {
                    let key = format!("Qw7-eRt_{user:04}");
                    for _ in 0..TURNS {
                        assert_eq!(
                            post(self.public, "/skill", &[], Say::words(&key, "급식")).valid("급식").text(),
                            "bot: 급식"
                        );
                    }
                });
            }
        });
    }

    /// Turns whose line was dropped.
    fn dropped(&self) -> u64 {
        let metrics = get(self.admin, "/metrics").body;
        let line =
            metrics.lines().find(|line| line.starts_with("bridge_log_lines_dropped_total{kind=\"turn\"}")).unwrap();
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    }

    /// A reload that has something to tell, then a stop.
    fn reloads_and_stops(mut self) {
        signal(&self.child, "HUP");
        self.answers_everybody();
        signal(&self.child, "TERM");
        assert_eq!(ended(&mut self.child), 0);
    }
}

/// Keeps the reading end as long as nobody is to read.
fn piped(bridge: &mut Unheard) -> ChildStderr {
    bridge.child.stderr.take().unwrap()
}

#[test]
fn a_log_pipe_that_is_closed_costs_no_turn() {
    let bot = old_bot("bot");
    let mut bridge = Unheard::start(&bot, Stdio::piped());
    drop(piped(&mut bridge));
    bridge.answers_everybody();
    assert!(bridge.dropped() > 0);
    bridge.reloads_and_stops();
}

#[test]
fn a_log_on_a_full_disk_costs_no_turn() {
    let bot = old_bot("bot");
    let bridge = Unheard::start(&bot, File::options().write(true).open("/dev/full").unwrap().into());
    bridge.answers_everybody();
    assert!(bridge.dropped() > 0);
    bridge.reloads_and_stops();
}

#[test]
fn a_log_pipe_that_nobody_reads_holds_up_neither_turns_nor_the_stop() {
    let bot = old_bot("bot");
    let mut bridge = Unheard::start(&bot, Stdio::piped());
    let unread = piped(&mut bridge);
    // Each round writes several times the 64 KiB that a pipe takes; the queue is full in the end.
    for _ in 0..3 {
        bridge.answers_everybody();
    }
    assert!(bridge.dropped() > 0);
    bridge.reloads_and_stops();
    drop(unread);
}

#[test]
fn what_is_queued_when_it_stops_is_written() {
    let bot = old_bot("bot");
    let mut bridge = Unheard::start(&bot, Stdio::piped());
    let lines = BufReader::new(piped(&mut bridge)).lines();
    let reader = thread::spawn(move || lines.map_while(Result::ok).filter(|line| line.contains("\"turn\"")).count());
    bridge.answers_everybody();
    signal(&bridge.child, "TERM");
    assert_eq!(bridge.child.wait().unwrap().code(), Some(0));
    assert_eq!(reader.join().unwrap(), USERS * TURNS);
}
