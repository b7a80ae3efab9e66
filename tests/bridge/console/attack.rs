//! What hostile words, a stop and a crowd at the console can do.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

/// Breaks out of an attribute and of a text.
const HOSTILE: &str = "\"'><script>hit()</script><b x=";
/// What no page may hold of it.
const BROKEN_OUT: [&str; 3] = ["<script>hit", "\"'><", "<b x="];
const TOKEN: &str = "0123456789abcdef-operator";

/// Every page of the console, in both languages, with what stands in its filters.
fn every_page(browser: &mut Browser, bot: &str) -> Vec<(String, Answer)> {
    let hostile: String = url::form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect();
    let mut paths: Vec<String> =
        ["/", "/console/", "/console/turns", "/console/turns/rows", "/console/sign-in"].map(str::to_owned).into();
    for page in ["talk", "talk/file", "capture", "capture/turn"] {
        paths.push(format!("/console/{page}?bot={bot}"));
        paths.push(format!("/console/{page}?bot={hostile}&turn={hostile}&again={hostile}"));
    }
    paths.push(format!("/console/turns?bot={hostile}&outcome={hostile}&difference={hostile}&notable={hostile}"));
    paths.push(format!("/console/turns/rows?bot={hostile}&after={hostile}"));
    paths.push(format!("/console/sign-in?key={hostile}&lang={hostile}"));
    paths.push(format!("/console/{hostile}"));
    let kept = browser.get(&format!("/console/capture?bot={bot}")).body;
    let links = kept.split("href=\"").skip(1).filter_map(|link| link.split('"').next());
    let turns: Vec<_> =
        links.filter(|path| path.contains("/capture/turn")).map(|path| path.replace("&amp;", "&")).collect();
    for turn in turns {
        paths.push(turn.clone());
        paths.push(format!("{turn}&again=1"));
    }
    let mut english = browser.clone().in_english();
    let look = |path: String| [browser.get(&path), english.get(&path)].map(|answer| (path.clone(), answer));
    paths.into_iter().flat_map(look).collect()
}

#[test]
fn script_in_every_word_of_a_bot_a_user_or_a_header_stays_words_on_every_page_and_in_every_file() {
    let answer = || {
        reply(serde_json::json!({
            "message": {
                "text": HOSTILE,
                "photo": { "url": format!("https://a.example/{HOSTILE}"), "width": 640, "height": 480 },
                "message_button": { "label": HOSTILE, "url": format!("https://a.example/?{HOSTILE}") },
                HOSTILE: HOSTILE,
            },
            "keyboard": { "type": "buttons", "buttons": [HOSTILE, "급식"] },
        }))
    };
    let bot = Bot::before(bot::home(&[HOSTILE, "급식"]), move |asked| match asked.content().as_str() {
        "상태" => status(500, HOSTILE),
        "JSON 아님" => raw(format!(
            "HTTP/1.1 200 {HOSTILE}\r\nContent-Type: {HOSTILE}\r\nContent-Length: {}\r\n\r\n{HOSTILE}",
            HOSTILE.len()
        )),
        _ => answer(),
    });
    let bridge = Bridge::before(&bot.url(), &[("bots.default.free_text", "forward")]);
    let mut browser = Browser::signed_in(&bridge);
    browser.submit("/console/capture", &[("bot", "default"), ("do", "everybody"), ("yes", "1")]);
    let headers = ["User-Agent", "X-Request-Id", "X-Forwarded-For", "Referer", "Traceparent", "Accept-Language"];
    let headers = headers.map(|name| (name, HOSTILE));
    // Keys are masked wherever they come, so nothing else may be a part of this one.
    let user = format!("key of {HOSTILE}");
    for words in [HOSTILE, "상태", "JSON 아님"] {
        let mut say = Say::words(&user, words).block(HOSTILE, HOSTILE).param(HOSTILE, HOSTILE).after(HOSTILE);
        for name in ["/bot/name", "/action/name", "/action/id", "/userRequest/lang", "/userRequest/timezone"] {
            say = say.with(name, HOSTILE);
        }
        assert_eq!(bridge.post("/skill", &headers, say.body()).status, 200);
    }
    assert_eq!(bridge.post("/skill", &headers, Say::words(MINA, "사진").media(HOSTILE, HOSTILE).body()).status, 200);
    let switches = [("words", HOSTILE), ("block", HOSTILE), ("last_block", HOSTILE), ("bot", "default")];
    for act in ["say", "enter"] {
        browser.submit("/console/talk", &[&switches[..], &[("do", act)]].concat());
    }
    browser.submit("/console/talk", &[("bot", "default"), ("do", "photo"), ("photo", HOSTILE)]);
    let (mut shown, mut turns) = (0, 0);
    for (path, answer) in every_page(&mut browser, "default") {
        let kind = answer.header("content-type").unwrap_or_default();
        if !kind.starts_with("text/html") {
            let is_saved = answer.header("content-disposition").is_some_and(|how| how.starts_with("attachment"));
            assert!(answer.body.is_empty() || is_saved, "{path}: {kind} {}", answer.body);
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            continue;
        }
        for broken_out in BROKEN_OUT {
            assert!(!answer.body.contains(broken_out), "{path}: {broken_out}: {}", answer.body);
        }
        shown += usize::from(answer.body.contains("&lt;script&gt;hit"));
        turns += usize::from(path.contains("&again=1") && answer.status == 200);
    }
    assert!(shown >= 10 && turns >= 4, "the pages have shown it {shown} times, and {turns} turns");
    // A refusal, and programs' paths, which are no pages.
    for (path, fields) in [
        ("/console/talk", [("bot", HOSTILE), ("press", HOSTILE)]),
        ("/console/capture", [("do", HOSTILE), ("turn", HOSTILE)]),
    ] {
        let refused = browser.submit(path, &fields);
        assert!(refused.status >= 400 && !refused.body.contains("<script>hit"), "{}", refused.body);
    }
    for path in ["/turns", "/readyz", "/metrics"] {
        let answer = bridge.look(path);
        assert!(!answer.header("content-type").unwrap().contains("html"), "{path}");
        assert!(!answer.body.contains("<script>hit"), "{path}: {}", answer.body);
    }
}

#[test]
fn nothing_of_a_user_stands_in_a_page_an_address_a_log_line_or_a_file_unless_capture_is_on() {
    const CALLBACK: &str = "callback-token-of-mina";
    const PHOTO: &str = "https://talk.kakaocdn.net/dna/photo-of-mina.jpg";
    const SAID: [&str; 3] = ["은밀한 물음", "은밀한 답", "은밀한 사진 설명"];
    let bot = Bot::before(bot::home(&["급식"]), |asked| match asked.content().as_str() {
        "은밀한 물음 500" => status(500, format!("{} {}", asked.content(), asked.user_key())),
        said if said.contains("은밀한 물음") => words("은밀한 답"),
        _ => words(SAID[2]),
    });
    let (folder, file) =
        bridge::file(&bridge::shop(&bot, "free_text = \"forward\"\n[log]\nfilter = \"trace\"\nformat = \"json\""));
    let mut bridge = Program::start(&["--config", file.to_str().unwrap()], &[("BRIDGE_ADMIN__TOKEN", TOKEN)]);
    let mut browser = Browser::new(bridge.admin);
    assert_eq!(browser.send("/console/sign-in", &[("token", TOKEN)]).status, 303);
    let session = browser.cookies.values().next().unwrap().clone();
    let secrets = [MINA, &MINA[..8], CALLBACK, "photo-of-mina", SAID[0], SAID[1], SAID[2], TOKEN, &session];
    let talk = || {
        let callback = format!("https://bot-api.kakao.com/v1/bots/{}/callback/{CALLBACK}", say::BOT_ID);
        bridge.say(&Say::welcome(MINA));
        for words in [SAID[0], "은밀한 물음 500"] {
            let mut say = Say::words(MINA, words);
            say.call["userRequest"]["callbackUrl"] = callback.as_str().into();
            bridge.say(&say);
        }
        bridge.say(&Say::photo(MINA, PHOTO));
        // What is refused: another bot, a broken call.
        bridge.post("/bots/other/skill", &[], Say::words(MINA, SAID[0]).body());
        bridge.post(
            "/skill",
            &[],
            format!("{{\"userRequest\": {{\"user\": {{\"id\": 7}}, \"utterance\": \"{}\"}}}}", SAID[0]),
        );
    };
    let holds_none = |what: &str, text: &str| {
        for secret in secrets {
            assert!(!text.contains(secret), "{what} has {secret}: {text}");
        }
    };
    let bearer = format!("Bearer {TOKEN}");
    let look_around = |browser: &mut Browser, is_on: bool| {
        let mut seen = 0;
        for (path, answer) in every_page(browser, "shop") {
            holds_none("an address", &path);
            let head: Vec<_> = answer.headers.iter().filter(|(name, _)| name != "set-cookie").collect();
            holds_none(&path, &format!("{head:?}"));
            if path.starts_with("/console/capture/turn") && answer.status == 200 {
                assert!(is_on, "{path}");
                assert!(!answer.body.contains(MINA) && !answer.body.contains(CALLBACK), "{path}: {}", answer.body);
                seen += usize::from(SAID.iter().any(|said| answer.body.contains(said)));
            } else {
                holds_none(&path, &answer.body);
            }
        }
        for path in ["/turns", "/readyz", "/metrics", "/"] {
            holds_none(path, &get_with(bridge.admin, path, &[("Authorization", &bearer)]).body);
        }
        seen
    };
    talk();
    until("the list has them", || browser.get("/console/turns").body.contains("500").then_some(()));
    assert_eq!(look_around(&mut browser, false), 0);
    browser.submit("/console/capture", &[("bot", "shop"), ("do", "everybody"), ("yes", "1")]);
    talk();
    assert!(look_around(&mut browser, true) >= 6, "under capture the words are shown");
    for act in ["stop", "erase"] {
        browser.submit("/console/capture", &[("bot", "shop"), ("do", act)]);
    }
    assert_eq!(look_around(&mut browser, false), 0);
    let admin = bridge.admin.to_string();
    let mut support = std::process::Command::new(env!("CARGO_BIN_EXE_smartchat-bridge"));
    support.args(["support", "--config", file.to_str().unwrap(), "--admin", &admin, "--output", "-"]);
    let support = support.env("BRIDGE_ADMIN__TOKEN", TOKEN).output().unwrap();
    let file = String::from_utf8(support.stdout).unwrap();
    assert!(file.contains("bridge_turns_total"), "{file}");
    holds_none("the file of support", &file);
    let log = bridge.whole_log();
    assert!(log.contains("\"message\":\"turn\""), "{log}");
    holds_none("the log", &log);
    drop(folder);
}

#[test]
fn a_stop_does_not_wait_for_pages_that_are_open() {
    let bot = old_bot();
    let environment = [("BRIDGE_ADMIN__TOKEN", TOKEN), ("BRIDGE_GRACE", "10m")];
    let mut bridge = Program::start(&["--bot", &bot.url()], &environment);
    let mut browser = Browser::new(bridge.admin);
    assert_eq!(browser.send("/console/sign-in", &[("token", TOKEN)]).status, 303);
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let cookies = cookies.join("; ");
    let request = format!("GET /console/turns/rows HTTP/1.1\r\nHost: {}\r\nCookie: {cookies}\r\n\r\n", bridge.admin);
    let request = request.as_bytes();
    // Connections that stay: an answered one, a fresh one, half a request, half a form.
    let mut open: Vec<Client> = (0..8).map(|_| Client::connect(bridge.admin)).collect();
    for (place, client) in open.iter_mut().enumerate() {
        match place % 4 {
            0 => assert_eq!(client.exchange(request).unwrap().status, 200),
            1 => {}
            2 => client.write(&request[..request.len() / 2]).unwrap(),
            _ => client
                .write(b"POST /console/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\ntok")
                .unwrap(),
        }
    }
    bridge.signal("TERM");
    assert_eq!(bridge.ended(), 0, "it ends within {PATIENCE:?}, not after ten minutes");
    drop(open);
}

#[test]
fn a_crowd_that_watches_is_bounded_in_memory_and_holds_up_no_turn() {
    const WATCHERS: usize = 10;
    let bot = Bot::before(text(), |_| reply("\u{feff}{\"message\":{\"text\":\"안녕\"}}"));
    let arguments = ["--bot", &bot.url(), "--set", "bots.default.free_text=forward"];
    let bridge = Program::start(&arguments, &[("BRIDGE_ADMIN__TOKEN", TOKEN)]);
    let mut browser = Browser::new(bridge.admin);
    assert_eq!(browser.send("/console/sign-in", &[("token", TOKEN)]).status, 303);
    let (is_over, polls) = (AtomicBool::new(false), AtomicUsize::new(0));
    let turns = |count: usize| {
        let mut client = bridge.client();
        for _ in 0..count {
            assert_eq!(client.say(&Say::words(MINA, "말")).unwrap().text(), "안녕");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..WATCHERS {
            let (mut browser, is_over, polls) = (browser.clone(), &is_over, &polls);
            scope.spawn(move || {
                let mut after = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let page = browser.get(&format!("/console/turns/rows?after={after}"));
                    assert_eq!(page.status, 200);
                    let newest = page.body.split_once("data-newest=\"").unwrap().1.split('"').next().unwrap();
                    after = newest.parse().unwrap();
                    polls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Both rings are full, and every watcher has read them, before memory is looked at.
        turns(500);
        eventually("all have looked", || polls.load(Ordering::Relaxed) > 10 * WATCHERS);
        let before = bridge.resident();
        turns(4500);
        let seen = polls.load(Ordering::Relaxed);
        eventually("all have looked again", || polls.load(Ordering::Relaxed) > seen + 2 * WATCHERS);
        let grown = bridge.resident().saturating_sub(before);
        is_over.store(true, Ordering::Relaxed);
        assert!(grown < 8 * 1024 * 1024, "{} KiB more after 4,500 more turns", grown / 1024);
    });
    let page = browser.get("/console/turns").body;
    assert!(page.matches("<li class=\"turn").count() <= 256, "the list is bounded");
    let metrics = get_with(bridge.admin, "/metrics", &[("Authorization", &format!("Bearer {TOKEN}"))]).body;
    let ended = metrics.lines().filter(|line| line.starts_with("bridge_turns_total{"));
    let ended: f64 = ended.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum();
    assert!((ended - 5000.0).abs() < 0.5, "{ended} turns of 5,000");
}
