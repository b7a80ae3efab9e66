//! Reload (S6): one swap, unchanged bots untouched, a bad file changes nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use tempfile::TempDir;

use super::*;

fn write(file: &Path, bot: &Bot, choose: &str) {
    let url = bot.url();
    fs::write(file, format!("[bots.default]\nurl = \"{url}\"\n[bots.default.texts]\nchoose = \"{choose}\"\n")).unwrap();
}

/// An old bot, and the configuration file of a bridge for it, in a folder of its own.
fn bot_and_file() -> (Bot, TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.toml");
    (old_bot("bot"), folder, file)
}

/// A bridge that runs by `file`.
fn started(bot: &Bot, file: &Path) -> Program {
    write(file, bot, "먼저");
    Program::with_file(file)
}

/// Sends SIGHUP and waits until the reload has been tried.
fn reload(bridge: &Program, tried: &mut u64) -> bool {
    bridge.signal("HUP");
    let config = until("a reload", || {
        let config = bridge.readiness()["config"].clone();
        (config["reloads"].as_u64().unwrap() > *tried).then_some(config)
    });
    *tried = config["reloads"].as_u64().unwrap();
    config["last_reload_successful"].as_bool().unwrap()
}

#[test]
fn two_hundred_reloads_half_of_them_bad_while_fifty_users_talk() {
    let (bot, _folder, file) = bot_and_file();
    write(&file, &bot, "골라 주세요 0");
    let bridge = Program::with_file(&file);

    // Somebody is in the middle of a conversation: only a user who is remembered reads "choose".
    bridge.say(&Say::words("Remembered01", "급식"));
    let (stop, calls, tried) = (AtomicBool::new(false), AtomicUsize::new(0), &mut 0);
    thread::scope(|threads| {
        for user in 0..50 {
            let (bridge, stop, calls) = (&bridge, &stop, &calls);
            threads.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let words = if calls.fetch_add(1, Ordering::Relaxed) % 2 == 0 { "급식" } else { "시간표" };
                    let answer = bridge.say(&Say::words(&format!("Talker-{user:05}"), words));
                    assert_eq!(answer.text(), format!("bot: {words}"));
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
    let answer = bridge.say(&Say::words("Remembered01", "버튼에 없는 말"));
    assert_eq!(answer.text(), "골라 주세요 100", "the session or the newest words are gone");
    println!("calls during 200 reloads: {}, failed: 0", calls.load(Ordering::Relaxed));
    assert!(bridge.metrics().contains("bridge_config_last_reload_successful 1"));
}

#[test]
fn a_changed_file_is_noticed_without_a_signal() {
    let (bot, _folder, file) = bot_and_file();
    let bridge = started(&bot, &file);
    bridge.say(&Say::words("Qw7-eRt_9YzA", "급식"));
    write(&file, &bot, "나중");
    bridge.wait_for("the new configuration is in force");
    assert_eq!(bridge.say(&Say::words("Qw7-eRt_9YzA", "다른 말")).text(), "나중");
}

#[test]
fn a_bad_file_is_told_in_log_metrics_and_readiness_and_changes_nothing() {
    let (bot, _folder, file) = bot_and_file();
    let bridge = started(&bot, &file);
    bridge.say(&Say::words("Qw7-eRt_9YzA", "급식"));
    fs::write(&file, "[bots.default]\nurl = \"ftp://x\"\n").unwrap();
    bridge.signal("HUP");
    let line = bridge.wait_for("the old one stays in force");
    assert!(line.contains("bots.default.url"), "{line}");
    assert!(bridge.metrics().contains("bridge_config_last_reload_successful 0"));
    let ready = bridge.look("/readyz").body;
    assert!(ready.contains("\"last_reload_successful\":false"), "{ready}\n{}", bridge.log.lock().unwrap());
    assert_eq!(bridge.say(&Say::words("Qw7-eRt_9YzA", "다른 말")).text(), "먼저");
}

#[test]
fn what_only_a_restart_applies_is_said() {
    let (bot, _folder, file) = bot_and_file();
    let bridge = started(&bot, &file);
    let written = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("workers = 7\n{written}")).unwrap();
    bridge.signal("HUP");
    let line = bridge.wait_for("at the next start only");
    assert!(line.contains("workers"), "{line}");
}

#[test]
fn a_refused_configuration_is_taken_when_what_it_lacked_has_come() {
    let (bot, folder, file) = bot_and_file();
    let bridge = started(&bot, &file);
    let secret = folder.path().join("secret");
    let written = fs::read_to_string(&file).unwrap();
    let lacking = format!("{written}\n[bots.default.secret]\nheader = \"x-s\"\nvalues_file = {secret:?}\n");
    fs::write(&file, lacking).unwrap();
    bridge.wait_for("the old one stays in force");
    fs::write(&secret, "sixteen-characters-at-least\n").unwrap();
    bridge.wait_for("the new configuration is in force");
}

#[test]
fn a_file_that_drops_the_secret_is_refused_while_the_bridge_still_listens_on_every_address() {
    let (bot, _folder, file) = bot_and_file();
    let bots = format!("[bots.default]\nurl = \"{}\"\n", bot.url());
    let secret = "secret = { header = \"x-skill-secret\", values = [\"0123456789abcdef\"] }\n";
    fs::write(&file, format!("listen = \"0.0.0.0:0\"\n{bots}{secret}")).unwrap();
    let bridge = Program::start(&["--config", file.to_str().unwrap(), "--admin", "127.0.0.1:0"], &[]);
    let public = std::net::SocketAddr::from(([127, 0, 0, 1], bridge.public.port()));
    let call = || post(public, "/skill", &[], &Say::words("Qw7-eRt_9YzA", "급식").call).status;
    assert_eq!(call(), 401);
    // The new address would be harmless, and is not the one that is listened on.
    fs::write(&file, format!("listen = \"127.0.0.1:0\"\n{bots}")).unwrap();
    assert!(!reload(&bridge, &mut 0), "it was taken");
    assert_eq!(call(), 401);
    bridge.wait_for("Anyone who reaches 0.0.0.0");
}

#[test]
fn a_secret_that_becomes_a_pipe_or_an_endless_device_blocks_neither_the_watcher_nor_a_stop() {
    let bot = old_bot("bot");
    let folder = tempfile::tempdir().unwrap();
    let (file, secret) = (folder.path().join("bridge.toml"), folder.path().join("secret"));
    let of_bot =
        format!("url = \"{}\"\nsecret = {{ header = \"x-skill-secret\", values_file = \"secret\" }}", bot.url());
    fs::write(&file, format!("[bots.default]\n{of_bot}\n")).unwrap();
    fs::write(&secret, "0123456789abcdef\n").unwrap();
    let mut bridge = Program::with_file(&file);
    let mut tried = 0;
    fs::remove_file(&secret).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&secret).status().unwrap().success());
    assert!(!reload(&bridge, &mut tried));
    fs::remove_file(&secret).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &secret).unwrap();
    assert!(!reload(&bridge, &mut tried));
    bridge.wait_for("no regular file");
    // It comes back by itself once the secret does.
    fs::remove_file(&secret).unwrap();
    fs::write(&secret, "fedcba9876543210\n").unwrap();
    eventually("the new secret is taken", || bridge.readiness()["config"]["last_reload_successful"] == true);
    fs::remove_file(&secret).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&secret).status().unwrap().success());
    bridge.signal("TERM");
    assert_eq!(bridge.ended(), 0);
}

#[test]
fn a_file_that_is_valid_in_its_half_removes_no_bot_while_it_is_written() {
    let (bot, _folder, file) = bot_and_file();
    let of = |name: &str| format!("[bots.{name}]\nurl = \"{}\"\n", bot.url());
    fs::write(&file, of("first") + &of("second")).unwrap();
    let bridge = Program::with_file(&file);
    let call = Say::words("Qw7-eRt_9YzA", "급식").call;
    let served = || post(bridge.public, "/bots/second/skill", &[], &call).status == 200;
    // Half of it lies there and grows, as an editor writes it over a slow line, for longer than two looks at it take:
    // no two of them see the same.
    let half = Instant::now();
    for written in 0.. {
        fs::write(&file, of("first") + &"# a comment\n".repeat(written)).unwrap();
        let so_far = Instant::now();
        while so_far.elapsed() < ms(100) {
            assert!(served(), "the second bot is gone");
        }
        if half.elapsed() > ms(2_000) {
            break;
        }
    }
    fs::write(&file, of("first") + &of("second") + &of("third")).unwrap();
    eventually("the third bot comes", || {
        assert!(served(), "the second bot is gone");
        post(bridge.public, "/bots/third/skill", &[], &call).status == 200
    });
}

#[test]
fn what_only_a_start_applies_is_told_until_the_start_and_fewer_workers_lose_no_count() {
    let (bot, _folder, file) = bot_and_file();
    let with = |top: &str, choose: &str| {
        let own = format!("[bots.default]\nurl = \"{}\"\n[bots.default.texts]\nchoose = \"{choose}\"\n", bot.url());
        fs::write(&file, format!("{top}{own}")).unwrap();
    };
    with("workers = 2\n", "하나");
    let bridge = Program::with_file(&file);
    let mut tried = 0;
    with("workers = 1\n", "둘");
    assert!(reload(&bridge, &mut tried));
    with("workers = 1\n", "셋");
    assert!(reload(&bridge, &mut tried));
    assert_eq!(bridge.readiness()["config"]["waits_for_restart"], serde_json::json!(["workers"]));
    assert!(bridge.metrics().contains("bridge_config_restart_needed 1"));
    for user in 0..40 {
        bridge.say(&Say::words(&format!("Qw7-eRt_{user:04}"), "급식"));
    }
    let series = "bridge_turns_total{bot=\"default\",plan=\"ask\",outcome=\"answered\"} 40";
    assert!(bridge.metrics().contains(series), "turns of a thread were not counted");
    with("workers = 2\n", "넷");
    assert!(reload(&bridge, &mut tried));
    assert_eq!(bridge.readiness()["config"]["waits_for_restart"], serde_json::json!([]));
}

fn pair(folder: &Path) -> rcgen::CertifiedKey<rcgen::KeyPair> {
    let made = rcgen::generate_simple_self_signed(["bridge.test".to_owned()]).unwrap();
    fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made
}

/// Whether the bridge shows this certificate.
fn shows(bridge: &Program, made: &rcgen::CertifiedKey<rcgen::KeyPair>) -> bool {
    use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, crypto::ring};
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(std::sync::Arc::new(ring::default_provider()));
    let config =
        builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
    let mut stream = std::net::TcpStream::connect(bridge.public).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut connection = ClientConnection::new(config.into(), "bridge.test".try_into().unwrap()).unwrap();
    while connection.is_handshaking() {
        if connection.complete_io(&mut stream).is_err() {
            return false;
        }
    }
    true
}

#[test]
fn a_certificate_comes_into_force_with_the_rest_of_its_configuration_or_not_at_all() {
    let (bot, folder, file) = bot_and_file();
    let good = format!("tls = {{ cert = \"cert.pem\", key = \"key.pem\" }}\n[bots.default]\nurl = \"{}\"\n", bot.url());
    let first = pair(folder.path());
    fs::write(&file, &good).unwrap();
    let bridge = Program::with_file(&file);
    let mut tried = 0;
    let second = pair(folder.path());
    // Fine as PEM, and no certificate: found when the bots are built, behind everything else.
    fs::write(folder.path().join("ca.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    for bad in [good.replace("http://", "ftp://"), good.replace("http://", "https://") + "ca = \"ca.pem\"\n"] {
        fs::write(&file, bad).unwrap();
        assert!(!reload(&bridge, &mut tried));
        assert!(shows(&bridge, &first) && !shows(&bridge, &second), "swapped although the rest was refused");
    }
    fs::write(&file, &good).unwrap();
    assert!(reload(&bridge, &mut tried));
    assert!(shows(&bridge, &second));
}

#[test]
fn a_pair_that_does_not_match_is_told_once_however_often_it_is_tried() {
    let (bot, folder, file) = bot_and_file();
    let text = format!("tls = {{ cert = \"cert.pem\", key = \"key.pem\" }}\n[bots.default]\nurl = \"{}\"\n", bot.url());
    let first = pair(folder.path());
    fs::write(&file, text).unwrap();
    let mut bridge = Program::with_file(&file);
    let other = rcgen::generate_simple_self_signed(["bridge.test".to_owned()]).unwrap();
    fs::write(folder.path().join("key.pem"), other.signing_key.serialize_pem()).unwrap();
    let mut tried = 0;
    for _ in 0..4 {
        assert!(!reload(&bridge, &mut tried));
    }
    assert!(shows(&bridge, &first));
    let log = bridge.whole_log();
    assert_eq!(log.lines().filter(|line| line.contains("key.pem")).count(), 1, "{log}");
}

/// A pipe that nobody writes into stands for every file that blocks, a network disk that is gone among them.
#[test]
fn a_configuration_that_becomes_a_pipe_is_refused_and_blocks_no_signal() {
    let (bot, _folder, file) = bot_and_file();
    let mut bridge = started(&bot, &file);
    fs::remove_file(&file).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    assert!(!reload(&bridge, &mut 0));
    bridge.wait_for("no regular file");
    bridge.signal("TERM");
    assert_eq!(bridge.ended(), 0);
}
