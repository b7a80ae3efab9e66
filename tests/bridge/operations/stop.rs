//! Stopping (S6).

use super::*;

#[test]
fn a_bridge_that_serves_nobody_stops_at_once_with_exit_0() {
    let bot = old_bot("bot");
    for signal in ["TERM", "INT"] {
        let mut bridge = Program::before(&bot.url(), &[]);
        bridge.signal(signal);
        assert_eq!(bridge.ended(), 0);
    }
}

#[test]
fn a_stop_is_in_the_log_from_its_signal_to_its_end() {
    let bot = old_bot("bot");
    let mut bridge = Program::before(&bot.url(), &[]);
    let log = bridge.whole_log();
    let place = |words: &str| log.find(words).unwrap_or_else(|| panic!("no {words:?} in {log}"));
    assert!(place("\"signal\":\"SIGTERM\"") < place("the bridge has stopped"), "{log}");
    assert!(place("stopping: what is in flight is finished") < place("\"turns_cut\":0"), "{log}");
}

#[test]
fn of_bridges_that_start_at_once_at_one_address_exactly_one_serves() {
    let bot = old_bot("bot");
    for _ in 0..10 {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let start = || {
            std::process::Command::new(env!("CARGO_BIN_EXE_smartchat-bridge"))
                .args(["serve", "--bot", &bot.url(), "--listen", &address, "--admin", "127.0.0.1:0"])
                .stdin(std::process::Stdio::null())
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap()
        };
        let mut bridges = [start(), start(), start()];
        let codes: Vec<Option<i32>> = until("two are refused", || {
            let ended = bridges.iter_mut().filter_map(|bridge| bridge.try_wait().unwrap());
            Some(ended.map(|status| status.code()).collect::<Vec<_>>()).filter(|codes| codes.len() >= 2)
        });
        for bridge in &mut bridges {
            let _gone = bridge.kill();
            let _reaped = bridge.wait();
        }
        assert_eq!(codes, [Some(78), Some(78)], "two must be refused");
    }
}

#[test]
fn the_log_says_what_a_stop_waits_for_and_what_a_second_signal_cuts() {
    let bot = answering(|_| hang());
    let mut bridge = Program::before(&bot.url(), &[]);
    let public = bridge.public;
    let waits = std::thread::spawn(move || Client::connect(public).say(&Say::words(MINA, "급식")));
    eventually("the bot was asked", || bridge.metric("bridge_turns_in_flight{bot=\"default\"}") == 1.0);
    bridge.signal("TERM");
    let line = bridge.wait_for("stopping: what is in flight is finished");
    assert!(line.contains("\"turns\":1") && line.contains("\"events\":0"), "{line}");
    let (code, took) = timed(|| {
        bridge.signal("TERM");
        bridge.ended()
    });
    assert_eq!(code, 1);
    assert!(took < ms(10_000), "a second signal ends it at once, not after {took:?}");
    let line = bridge.wait_for("a second signal: leaving now");
    assert!(line.contains("\"turns\":1"), "{line}");
    let _no_answer = waits.join();
}
