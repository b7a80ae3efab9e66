//! What operators see, and what they must never see.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::*;

/// Words nobody else says, so that finding them anywhere means that they leaked.
const SECRET_WORDS: &str = "아무도모르는비밀낱말";

#[test]
fn no_user_key_and_no_words_in_log_or_metrics_after_a_thousand_turns() {
    let bot = old_bot("bot");
    let url = bot.url();
    let mut bridge = Program::start(
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
                    bridge.say(&Say::words(&key(part * 100 + number), &format!("{SECRET_WORDS} {number}")));
                }
            });
        }
    });
    // Refusals and broken calls are logged by another way.
    post(bridge.public, "/skill", &[], serde_json::json!({ "userRequest": { "utterance": SECRET_WORDS, "user": 1 } }));
    let mut call = Say::words(&key(1), SECRET_WORDS).call;
    call["userRequest"]["callbackUrl"] = serde_json::json!("https://evil.example/v1/bots/x/callback/LeakToken");
    post(bridge.public, "/skill", &[], &call);

    let metrics = bridge.metrics();
    let counted = metrics
        .lines()
        .filter(|line| line.starts_with("bridge_turns_total{"))
        .filter_map(|line| line.rsplit_once(' ').and_then(|(_, count)| count.parse::<f64>().ok()));
    assert!(counted.sum::<f64>() >= 1000.0, "{metrics}");
    let ready = bridge.look("/readyz").body;
    let log = bridge.whole_log();
    assert!(log.lines().filter(|line| line.contains("\"message\":\"turn\"")).count() >= 1000);
    for shown in [&metrics, &ready, &log] {
        for leak in [SECRET_WORDS, "Leak-", "LeakToken"] {
            assert!(!shown.contains(leak), "{leak} is in {shown}");
        }
    }
}

/// A bridge before `bot`, its listeners on free ports.
fn before(bot: &Bot) -> Program {
    Program::start(&["--bot", &bot.url()], &[])
}

/// The samples of a page by series: `name{labels}`.
fn series(page: &str) -> BTreeMap<String, f64> {
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    samples
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(series, n)| (series.to_owned(), n.parse().unwrap()))
        .collect()
}

/// The kind of every metric on a page.
fn kinds(page: &str) -> BTreeMap<&str, &str> {
    page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect()
}

impl Program {
    fn series(&self) -> BTreeMap<String, f64> {
        series(&self.metrics())
    }
}

#[test]
fn every_metric_of_the_documents_is_there_from_the_start_and_its_counters_are_zero() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("store.path={}", folder.path().join("state").display());
    let bridge = Program::start(&["--bot", &old_bot("bot").url(), "--set", &store], &[]);
    let page = bridge.look("/metrics").body;
    let (kinds, samples) = (kinds(&page), series(&page));
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md");
    let document = std::fs::read_to_string(document).unwrap();
    let rows = document.lines().filter(|line| line.starts_with("| `bridge_") || line.starts_with("| `process_"));
    // A row may name several metrics.
    let names = rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2));
    let names: Vec<&str> = names.map(|name| name.split('{').next().unwrap()).collect();
    assert!(names.len() > 20, "{names:?}");
    let has_proc = std::path::Path::new("/proc/self/stat").exists();
    // With `store.url` only; the tests of replicas look at them.
    let of_a_shared_store = |name: &&str| ["bridge_store_leases", "bridge_store_alone_total"].contains(name);
    let names = names.into_iter().filter(|name| !of_a_shared_store(name));
    for name in names.filter(|name| has_proc || !name.starts_with("process_")) {
        let kind = kinds.get(name).unwrap_or_else(|| panic!("{name} is missing in {page}"));
        let own = |series: &str| {
            series.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', '_']) || rest.is_empty())
        };
        let mut counted = samples.iter().filter(|(series, _)| own(series)).peekable();
        if matches!(*kind, "counter" | "histogram") {
            assert!(counted.peek().is_some(), "{name} has no series before its first increase");
        }
        if !name.starts_with("process_") && *kind == "counter" {
            assert!(counted.all(|(_, value)| *value == 0.0), "{name}: {page}");
        }
    }
}

#[test]
fn no_counter_appears_only_with_its_first_increase() {
    let bot = answering(|words| match words {
        "급식" => status(500, ""),
        "시간표" => reply("<html>"),
        _ => reply(r#"{"message":{"text":"","photo":{"url":"/a.png"}}}"#),
    });
    let bridge = before(&bot);
    let counters = || {
        let page = bridge.look("/metrics").body;
        let kinds = kinds(&page);
        let name = |series: &str| series.split('{').next().unwrap().to_owned();
        let of_counter = |series: &String| kinds.get(&*name(series)).is_none_or(|kind| *kind != "gauge");
        let own = series(&page).into_iter();
        own.filter(|(series, _)| of_counter(series) && !series.starts_with("process_")).collect::<BTreeMap<_, _>>()
    };
    let first = counters();
    for words in ["급식", "시간표", "모르는 말", "다른 말", "또 다른 말"] {
        bridge.say(&Say::words("Qw7-eRt_9YzA", words));
    }
    post(bridge.public, "/keyboard", &[], &Say::words("Qw7-eRt_9YzA", "홈").call);
    post(bridge.public, "/leave", &[], &Say::words("Qw7-eRt_9YzA", "나가기").call);
    post(bridge.public, "/skill", &[], serde_json::json!({}));
    post(bridge.public, "/nowhere", &[], serde_json::json!({}));
    let then = counters();
    assert!(then.iter().filter(|(series, value)| first.get(*series) != Some(value)).count() > 10, "nothing happened");
    let late: Vec<_> = then.keys().filter(|series| !first.contains_key(*series)).collect();
    assert!(late.is_empty(), "{late:#?}");
}

#[test]
fn a_failing_bot_shows_its_problem_and_its_failures_and_no_success() {
    let bot = answering(|words| match words {
        "급식" => status(500, "<html>"),
        _ => reply(r#"{"message":{"text":"3교시 수학"}}"#),
    });
    let bridge = before(&bot);
    const SUCCESS: &str = r#"bridge_backend_last_success_timestamp_seconds{bot="default"}"#;
    const IN_A_ROW: &str = r#"bridge_backend_failures_in_a_row{bot="default"}"#;
    let problem = |code: &str| format!(r#"bridge_backend_problems_total{{bot="default",problem="{code}"}}"#);
    for user in ["Qw7-eRt_9Yz1", "Qw7-eRt_9Yz2", "Qw7-eRt_9Yz3"] {
        bridge.say(&Say::words(user, "급식"));
    }
    let failing = bridge.series();
    assert_eq!((failing[&problem("status")], failing[IN_A_ROW], failing[SUCCESS]), (3.0, 3.0, 0.0), "{failing:#?}");
    let others = failing.iter().filter(|(series, _)| series.starts_with("bridge_backend_problems_total"));
    assert_eq!(others.map(|(_, count)| count).sum::<f64>(), 3.0);

    let seconds = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let asked = seconds();
    bridge.say(&Say::words("Qw7-eRt_9Yz1", "시간표"));
    let well = bridge.series();
    assert_eq!((well[&problem("status")], well[IN_A_ROW]), (3.0, 0.0), "{well:#?}");
    // A second, for the bridge carries its clock on from its start.
    assert!((asked - 1.0..=seconds() + 1.0).contains(&well[SUCCESS]), "{asked}: {well:#?}");
    // A failure does not take it back.
    bridge.say(&Say::words("Qw7-eRt_9Yz1", "급식"));
    assert_eq!(bridge.series()[SUCCESS], well[SUCCESS]);
}

#[test]
fn the_process_is_measured_under_the_names_that_prometheus_gives() {
    if !std::path::Path::new("/proc/self/stat").exists() {
        eprintln!("skipped: there is no /proc");
        return;
    }
    let bridge = before(&old_bot("bot"));
    let page = bridge.look("/metrics").body;
    let (kinds, samples) = (kinds(&page), series(&page));
    assert_eq!(kinds["process_cpu_seconds_total"], "counter");
    assert!((0.0..60.0).contains(&samples["process_cpu_seconds_total"]), "{page}");
    let (resident, space) = (samples["process_resident_memory_bytes"], samples["process_virtual_memory_bytes"]);
    assert!((1e6..1e9).contains(&resident) && space > resident, "{page}");
    let (open, most) = (samples["process_open_fds"], samples["process_max_fds"]);
    assert!(open > 5.0 && open < most, "{page}");
    assert!(samples["process_threads"] >= 3.0, "{page}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((now - 60.0..=now + 1.0).contains(&samples["process_start_time_seconds"]), "{page}");
    // Files that are open are those of the bridge: each connection is one more.
    let callers: Vec<_> = (0..10).map(|_| std::net::TcpStream::connect(bridge.public).unwrap()).collect();
    assert_eq!(get(bridge.public, "/healthz").status, 200);
    let more = bridge.series()["process_open_fds"];
    assert!(more >= open + 5.0, "{open} open, then {more} with {} callers", callers.len());
}

/// The buckets of a bot's histogram: upper bounds and how many fell up to each.
fn buckets(samples: &BTreeMap<String, f64>, histogram: &str, bot: &str) -> Vec<(f64, f64)> {
    let prefix = format!("{histogram}_bucket{{bot=\"{bot}\",le=\"");
    let own = samples.iter().filter_map(|(series, count)| Some((series.strip_prefix(&prefix)?, *count)));
    let mut buckets: Vec<_> =
        own.map(|(bound, count)| (bound.trim_end_matches("\"}").parse().unwrap(), count)).collect();
    buckets.sort_by(|one: &(f64, f64), other| one.0.total_cmp(&other.0));
    buckets
}

/// `histogram_quantile` of Prometheus: upper bounds and how many fell up to each, the last bound infinite.
fn quantile(of: f64, buckets: &[(f64, f64)]) -> f64 {
    let rank = of * buckets.last().unwrap().1;
    let place = buckets.iter().position(|(_, count)| *count >= rank).unwrap();
    let (lower, before) = if place == 0 { (0.0, 0.0) } else { buckets[place - 1] };
    let (upper, count) = buckets[place];
    if upper.is_infinite() { lower } else { lower + (upper - lower) * (rank - before) / (count - before) }
}

#[test]
fn p95_of_turns_that_are_answered_at_the_deadline_reads_below_four_point_six() {
    // On a machine that is too busy to answer at the deadline there is nothing to read; then it is tried again.
    for _ in 0..5 {
        let bot = answering(|_| hang());
        let bridge = Program::before(&bot.url(), &["--set", "bots.default.late=5s"]);
        let slowest = thread::scope(|threads| {
            let turns = (0..20).map(|number| {
                let bridge = &bridge;
                threads.spawn(move || {
                    let asked = Instant::now();
                    bridge.say(&Say::words(&format!("Deadline-{number:03}"), "급식"));
                    asked.elapsed()
                })
            });
            let turns: Vec<_> = turns.collect();
            turns.into_iter().map(|turn| turn.join().unwrap()).max().unwrap()
        });
        if slowest > Duration::from_millis(4_600) {
            eprintln!("again: the slowest of 20 took {slowest:?}");
            continue;
        }
        // A turn is counted when it ends: its caller has been answered, and the bot is given up later.
        let buckets = until("all are counted", || {
            let buckets = buckets(&bridge.series(), "bridge_turn_duration_seconds", "default");
            buckets.last().is_some_and(|(_, count)| *count == 20.0).then_some(buckets)
        });
        let p95 = quantile(0.95, &buckets);
        assert!((4.5..4.6).contains(&p95), "{p95} of {buckets:?}, slowest {slowest:?}");
        return;
    }
    panic!("this machine never answers within 0.1 s of the deadline");
}

#[test]
fn promtool_finds_nothing_to_say_about_the_metrics() {
    let promtool = Command::new("promtool").arg("--version").output();
    if promtool.is_err() {
        return skip("promtool is not installed");
    }
    let bot = old_bot("bot");
    let bridge = Program::before(&bot.url(), &[]);
    bridge.say(&Say::words("Qw7-eRt_9YzA", "급식"));
    let metrics = bridge.look("/metrics").body;
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
    let bot = old_bot("bot");
    let bridge = Program::before(&bot.url(), &[]);
    let get = |headers: &[(&str, &str)]| get_with(bridge.admin, "/metrics", headers).status;
    assert_eq!(get(&[]), 200);
    assert_eq!(get(&[("Origin", "https://evil.example")]), 403);
    assert_eq!(get(&[("Origin", "http://localhost:3000")]), 200);
    assert_eq!(get(&[("Host", "localhost")]), 403, "two Hosts");
    let absolute = |host: &str| {
        let request = format!("GET http://{host}/metrics HTTP/1.1\r\nHost: {}\r\n\r\n", bridge.admin);
        http::exchange(bridge.admin, request).status
    };
    assert_eq!(absolute("evil.example"), 403);
    assert_eq!(absolute(&bridge.admin.to_string()), 200);
}

#[test]
fn an_admin_listener_off_the_loopback_prints_a_token_of_its_own_and_asks_for_it() {
    let bot = old_bot("bot");
    let url = bot.url();
    let mut bridge = Program::before(&url, &["--listen", "127.0.0.1:0", "--admin", "0.0.0.0:0"]);
    let printed = bridge.printed_until("curl -H");
    let token = printed.split("Bearer ").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    assert_eq!(token.len(), 48, "{printed}");
    let bearer = format!("Bearer {token}");
    let admin = std::net::SocketAddr::from(([127, 0, 0, 1], bridge.admin.port()));
    let get = |path: &str, headers: &[(&str, &str)]| get_with(admin, path, headers).status;
    for path in ["/", "/turns", "/metrics", "/readyz"] {
        // A browser, which brings no token, is led to the console's sign-in.
        assert_eq!(get(path, &[]), if path == "/" { 303 } else { 401 }, "{path}");
        assert_eq!(get(path, &[("Authorization", "Bearer 0")]), 401, "{path}");
        assert_eq!(get(path, &[("Authorization", &bearer)]), 200, "{path}");
    }
    assert_eq!(get("/healthz", &[]), 200);
    assert!(!bridge.whole_log().contains(&token), "the token is in the log");
}

#[test]
fn the_metrics_token_reads_metrics_and_readiness_and_nothing_else() {
    let bot = old_bot("bot");
    let url = bot.url();
    let tokens =
        [("BRIDGE_ADMIN__TOKEN", "an-operators-own-token"), ("BRIDGE_ADMIN__METRICS_TOKEN", "the-token-of-prometheus")];
    let bridge = Program::start(&["--bot", &url], &tokens);
    let get = |path: &str, bearer: &str| get_with(bridge.admin, path, &[("Authorization", bearer)]).status;
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
    let bot = old_bot("bot");
    let mut bridge = Program::before(&bot.url(), &[]);
    for _ in 0..200 {
        assert_eq!(get(bridge.public, "/nothing").status, 404);
    }
    assert!(bridge.metrics().contains("bridge_refusals_total{reason=\"not_found\"} 200"));
    let lines = bridge.whole_log().lines().filter(|line| line.contains("\"message\":\"refused\"")).count();
    assert!((1..100).contains(&lines), "{lines} lines");
}

#[test]
fn the_ids_for_message_block_are_told_once_ready_to_paste_and_no_start_warns_of_them() {
    let bot = old_bot("bot");
    let mut bridge = Program::before(&bot.url(), &[]);
    let mut call = Say::words("Qw7-eRt_9YzA", "급식").call;
    call["userRequest"]["block"] = serde_json::json!({ "id": "64a1f0c27b3d9e5a10c4e8b7", "name": "폴백 블록" });
    let say = |call: &serde_json::Value| assert_eq!(post(bridge.public, "/skill", &[], call).status, 200);
    // As `say` calls: its ids are made up, and nobody should paste them.
    let mut trial = call.clone();
    trial["userRequest"]["block"]["id"] = serde_json::json!("64a1f0c27b3d9e5a10c4e800");
    assert_eq!(post(bridge.public, "/skill", &[("x-bridge-explain", "1")], &trial).status, 200);
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
