//! Reload (S6): one swap, unchanged bots untouched, a bad file changes nothing.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use serde_json::Value;

use crate::bridge::{Bridge, OldBot, PATIENCE, text};

fn write(file: &Path, bot: &OldBot, choose: &str) {
    let url = bot.url();
    fs::write(file, format!("[bots.default]\nurl = \"{url}\"\n[bots.default.texts]\nchoose = \"{choose}\"\n")).unwrap();
}

/// Sends SIGHUP and waits until the reload has been tried.
fn reload(bridge: &Bridge, tried: &mut u64) -> bool {
    bridge.signal("HUP");
    let until = Instant::now() + PATIENCE;
    loop {
        let detail: Value = serde_json::from_str(&bridge.get("/readyz").1).unwrap();
        let count = detail["config"]["reloads"].as_u64().unwrap();
        if count > *tried {
            *tried = count;
            return detail["config"]["last_reload_successful"].as_bool().unwrap();
        }
        assert!(Instant::now() < until, "no reload happens");
        thread::yield_now();
    }
}

#[test]
fn two_hundred_reloads_half_of_them_bad_while_fifty_users_talk() {
    let bot = OldBot::start("bot");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.toml");
    write(&file, &bot, "골라 주세요 0");
    let bridge = Bridge::with_file(&file);

    // Somebody is in the middle of a conversation: only a user who is remembered reads "choose".
    bridge.say("Remembered01", "급식");
    let (stop, calls, tried) = (AtomicBool::new(false), AtomicUsize::new(0), &mut 0);
    thread::scope(|threads| {
        for user in 0..50 {
            let (bridge, stop, calls) = (&bridge, &stop, &calls);
            threads.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let words = if calls.fetch_add(1, Ordering::Relaxed) % 2 == 0 { "급식" } else { "시간표" };
                    let answer = bridge.say(&format!("Talker-{user:05}"), words);
                    assert_eq!(text(&answer), format!("bot: {words}"));
                }
            });
        }
        for round in 1..=100 {
            fs::write(&file, "[bots.default]\nurl = 7\nulr = \"x\"\n").unwrap();
            assert!(!reload(&bridge, tried), "a bad file was taken");
            write(&file, &bot, &format!("골라 주세요 {round}"));
            assert!(reload(&bridge, tried), "a good file was refused: {}", bridge.log.lock().unwrap());
        }
        stop.store(true, Ordering::Relaxed);
    });
    let answer = bridge.say("Remembered01", "버튼에 없는 말");
    assert_eq!(text(&answer), "골라 주세요 100", "the session or the newest words are gone");
    println!("calls during 200 reloads: {}, failed: 0", calls.load(Ordering::Relaxed));
    assert!(bridge.get("/metrics").1.contains("bridge_config_last_reload_successful 1"));
}

#[test]
fn a_changed_file_is_noticed_without_a_signal() {
    let bot = OldBot::start("bot");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.toml");
    write(&file, &bot, "먼저");
    let bridge = Bridge::with_file(&file);
    bridge.say("Qw7-eRt_9YzA", "급식");
    write(&file, &bot, "나중");
    bridge.wait_for("the new configuration is in force");
    assert_eq!(text(&bridge.say("Qw7-eRt_9YzA", "다른 말")), "나중");
}

#[test]
fn a_bad_file_is_told_in_log_metrics_and_readiness_and_changes_nothing() {
    let bot = OldBot::start("bot");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.toml");
    write(&file, &bot, "먼저");
    let bridge = Bridge::with_file(&file);
    bridge.say("Qw7-eRt_9YzA", "급식");
    fs::write(&file, "[bots.default]\nurl = \"ftp://x\"\n").unwrap();
    bridge.signal("HUP");
    let line = bridge.wait_for("the old one stays in force");
    assert!(line.contains("bots.default.url"), "{line}");
    assert!(bridge.get("/metrics").1.contains("bridge_config_last_reload_successful 0"));
    let ready = bridge.get("/readyz").1;
    assert!(ready.contains("\"last_reload_successful\":false"), "{ready}\n{}", bridge.log.lock().unwrap());
    assert_eq!(text(&bridge.say("Qw7-eRt_9YzA", "다른 말")), "먼저");
}

#[test]
fn what_only_a_restart_applies_is_said() {
    let bot = OldBot::start("bot");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.toml");
    write(&file, &bot, "먼저");
    let bridge = Bridge::with_file(&file);
    let written = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("workers = 7\n{written}")).unwrap();
    bridge.signal("HUP");
    let line = bridge.wait_for("at the next start only");
    assert!(line.contains("workers"), "{line}");
}

#[test]
fn a_refused_configuration_is_taken_when_what_it_lacked_has_come() {
    let bot = OldBot::start("bot");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.toml");
    write(&file, &bot, "먼저");
    let bridge = Bridge::with_file(&file);
    let secret = folder.path().join("secret");
    let written = fs::read_to_string(&file).unwrap();
    let lacking = format!("{written}\n[bots.default.secret]\nheader = \"x-s\"\nvalues_file = {secret:?}\n");
    fs::write(&file, lacking).unwrap();
    bridge.wait_for("the old one stays in force");
    fs::write(&secret, "sixteen-characters-at-least\n").unwrap();
    bridge.wait_for("the new configuration is in force");
}
