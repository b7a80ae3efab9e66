//! What operators see, and what they must never see.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use crate::bridge::{Bridge, OldBot, post, skill_call};

/// Words nobody else says, so that finding them anywhere means that they leaked.
const SECRET_WORDS: &str = "아무도모르는비밀낱말";

#[test]
fn no_user_key_and_no_words_in_log_or_metrics_after_a_thousand_turns() {
    let bot = OldBot::start("bot");
    let url = bot.url();
    let mut bridge = Bridge::start(
        &[
            "--bot",
            &url,
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
            "--set",
            "bots.default.free_text=forward",
        ],
        &[],
    );
    let key = |number: usize| format!("Leak-{number:07}");
    thread::scope(|threads| {
        for part in 0..10 {
            let bridge = &bridge;
            threads.spawn(move || {
                for number in 0..100 {
                    bridge.say(&key(part * 100 + number), &format!("{SECRET_WORDS} {number}"));
                }
            });
        }
    });
    // Refusals and broken calls are logged by another way.
    post(bridge.public, "/skill", &[], &serde_json::json!({ "userRequest": { "utterance": SECRET_WORDS, "user": 1 } }));
    let mut call = skill_call(&key(1), SECRET_WORDS);
    call["userRequest"]["callbackUrl"] = serde_json::json!("https://evil.example/v1/bots/x/callback/LeakToken");
    post(bridge.public, "/skill", &[], &call);

    let (status, metrics) = bridge.get("/metrics");
    assert_eq!(status, 200);
    let counted = metrics
        .lines()
        .filter(|line| line.starts_with("bridge_turns_total{"))
        .filter_map(|line| line.rsplit_once(' ').and_then(|(_, count)| count.parse::<f64>().ok()));
    assert!(counted.sum::<f64>() >= 1000.0, "{metrics}");
    let (_, ready) = bridge.get("/readyz");
    let log = bridge.whole_log();
    assert!(log.lines().filter(|line| line.contains("\"message\":\"turn\"")).count() >= 1000);
    for shown in [&metrics, &ready, &log] {
        for leak in [SECRET_WORDS, "Leak-", "LeakToken"] {
            assert!(!shown.contains(leak), "{leak} is in {shown}");
        }
    }
}

#[test]
fn every_metric_of_the_design_is_there() {
    let bot = OldBot::start("bot");
    let url = bot.url();
    let bridge = Bridge::start(&["--bot", &url, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], &[]);
    bridge.say("Qw7-eRt_9YzA", "급식");
    let (_, metrics) = bridge.get("/metrics");
    for name in [
        "bridge_turns_total",
        "bridge_turn_duration_seconds",
        "bridge_backend_duration_seconds",
        "bridge_backend_up",
        "bridge_turns_in_flight",
        "bridge_callbacks_total",
        "bridge_parked",
        "bridge_degradations_total",
        "bridge_refusals_total",
        "bridge_sessions",
        "bridge_config_last_reload_successful",
        "bridge_build_info",
    ] {
        assert!(metrics.contains(&format!("# TYPE {name} ")), "{name} is missing in {metrics}");
    }
    assert!(metrics.contains("bridge_turns_total{bot=\"default\",plan=\"ask\",outcome=\"answered\"} 1"), "{metrics}");
}

#[test]
fn promtool_finds_nothing_to_say_about_the_metrics() {
    let promtool = Command::new("promtool").arg("--version").output();
    if promtool.is_err() {
        assert!(std::env::var_os("REQUIRE_ALL").is_none(), "promtool is missing");
        eprintln!("skipped: promtool is not installed");
        return;
    }
    let bot = OldBot::start("bot");
    let url = bot.url();
    let bridge = Bridge::start(&["--bot", &url, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], &[]);
    bridge.say("Qw7-eRt_9YzA", "급식");
    let (_, metrics) = bridge.get("/metrics");
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let said = promtool.wait_with_output().unwrap();
    let words = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success() && words.trim().is_empty(), "{words}");
}

#[test]
fn the_operators_listener_checks_host_and_origin() {
    let bot = OldBot::start("bot");
    let url = bot.url();
    let bridge = Bridge::start(&["--bot", &url, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], &[]);
    let get = |headers: &[(&str, &str)]| crate::bridge::request(bridge.admin, "GET", "/metrics", headers, None).0;
    assert_eq!(get(&[]), 200);
    assert_eq!(get(&[("Origin", "https://evil.example")]), 403);
    assert_eq!(get(&[("Origin", "http://localhost:3000")]), 200);
    assert_eq!(get(&[("Host", "localhost")]), 403, "two Hosts");
    let absolute = |host: &str| {
        let target = format!("http://{host}/metrics");
        crate::bridge::request(bridge.admin, "GET", &target, &[], None).0
    };
    assert_eq!(absolute("evil.example"), 403);
    assert_eq!(absolute(&bridge.admin.to_string()), 200);
}

#[test]
fn an_admin_listener_off_the_loopback_prints_a_token_of_its_own_and_asks_for_it() {
    let bot = OldBot::start("bot");
    let url = bot.url();
    let mut bridge = Bridge::start(&["--bot", &url, "--listen", "127.0.0.1:0", "--admin", "0.0.0.0:0"], &[]);
    let printed = bridge.printed_until("curl -H");
    let token = printed.split("Bearer ").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    assert_eq!(token.len(), 48, "{printed}");
    let bearer = format!("Bearer {token}");
    let admin = std::net::SocketAddr::from(([127, 0, 0, 1], bridge.admin.port()));
    let get = |path: &str, headers: &[(&str, &str)]| crate::bridge::request(admin, "GET", path, headers, None).0;
    for path in ["/", "/metrics", "/readyz"] {
        assert_eq!(get(path, &[]), 401, "{path}");
        assert_eq!(get(path, &[("Authorization", "Bearer 0")]), 401, "{path}");
        assert_eq!(get(path, &[("Authorization", &bearer)]), 200, "{path}");
    }
    assert_eq!(get("/healthz", &[]), 200);
    assert!(!bridge.whole_log().contains(&token), "the token is in the log");
}

#[test]
fn the_metrics_token_reads_metrics_and_readiness_and_nothing_else() {
    let bot = OldBot::start("bot");
    let url = bot.url();
    let tokens =
        [("BRIDGE_ADMIN__TOKEN", "an-operators-own-token"), ("BRIDGE_ADMIN__METRICS_TOKEN", "the-token-of-prometheus")];
    let bridge = Bridge::start(&["--bot", &url, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], &tokens);
    let get = |path: &str, bearer: &str| {
        crate::bridge::request(bridge.admin, "GET", path, &[("Authorization", bearer)], None).0
    };
    for path in ["/metrics", "/readyz"] {
        assert_eq!(get(path, "Bearer the-token-of-prometheus"), 200, "{path}");
        assert_eq!(get(path, "Bearer an-operators-own-token"), 200, "{path}");
        assert_eq!(get(path, "Bearer "), 401, "{path}");
    }
    assert_eq!(get("/", "Bearer the-token-of-prometheus"), 401);
    assert_eq!(get("/", "Bearer an-operators-own-token"), 200);
}

#[test]
fn refusals_that_anybody_can_make_do_not_fill_the_log() {
    let bot = OldBot::start("bot");
    let url = bot.url();
    let mut bridge = Bridge::start(&["--bot", &url, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], &[]);
    for _ in 0..200 {
        assert_eq!(crate::bridge::request(bridge.public, "GET", "/nothing", &[], None).0, 404);
    }
    assert!(bridge.get("/metrics").1.contains("bridge_refusals_total{reason=\"not_found\"} 200"));
    let lines = bridge.whole_log().lines().filter(|line| line.contains("\"message\":\"refused\"")).count();
    assert!((1..100).contains(&lines), "{lines} lines");
}

#[test]
fn the_ids_for_message_block_are_told_once_ready_to_paste_and_no_start_warns_of_them() {
    let bot = OldBot::start("bot");
    let url = bot.url();
    let mut bridge = Bridge::start(&["--bot", &url, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], &[]);
    let mut call = skill_call("Qw7-eRt_9YzA", "급식");
    call["userRequest"]["block"] = serde_json::json!({ "id": "64a1f0c27b3d9e5a10c4e8b7", "name": "폴백 블록" });
    let say = |call: &serde_json::Value| assert_eq!(post(bridge.public, "/skill", &[], call).0, 200);
    say(&call);
    say(&call);
    call["flow"] = serde_json::json!({ "lastBlock": { "id": "64a1f0c27b3d9e5a10c4e8ff", "name": "배송 조회" } });
    say(&call);
    say(&call);
    let log = bridge.whole_log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("message_block")).collect();
    let ids = "bots.default.message_block = { \\\"64a1f0c27b3d9e5a10c4e8b2\\\" = \\\"64a1f0c27b3d9e5a10c4e8b7\\\" }";
    assert!(lines.len() == 2 && lines.iter().all(|line| line.contains(ids)), "{lines:#?}");
    assert!(lines[0].contains("INFO") && lines[1].contains("WARN"), "{lines:#?}");
}
