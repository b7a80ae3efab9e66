//! `check`: each quirk of a bot with its code, what users make of it and a remedy, and none of a healthy bot.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::support::bot::home;
use super::support::recorded::Recorded;
use super::support::{self, Bot, Reply, hang_up, raw, reply, status, words};
use super::{Ended, run};

/// A whole answer with these headers.
fn answer(line: &str, headers: &str, body: &str) -> Reply {
    raw(format!("HTTP/1.1 {line}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()))
}

fn check(url: &str, flags: &[&str]) -> Ended {
    run(&[&["check", url][..], flags].concat(), b"")
}

/// The findings of one bot as JSON, the good ones left out: code and weight.
fn findings(url: &str, flags: &[&str]) -> BTreeSet<(String, String)> {
    let ended = check(url, &[&["--json"][..], flags].concat());
    let reports: Value = serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let word = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let all = reports[0]["findings"].as_array().unwrap().iter();
    all.map(|one| (word(one, "code"), word(one, "weight"))).filter(|(_, weight)| weight != "good").collect()
}

fn codes(url: &str, flags: &[&str]) -> BTreeSet<String> {
    findings(url, flags).into_iter().map(|(code, _)| code).collect()
}

fn healthy() -> Bot {
    Bot::new(|asked| match (asked.method(), &*asked.path) {
        (_, "/keyboard") => home(&["메뉴", "위치"]),
        (_, "/message") => words("우동"),
        _ => reply(json!({})),
    })
}

#[test]
fn nothing_is_found_of_a_healthy_bot() {
    let bot = healthy();
    assert_eq!(findings(&bot.url(), &["--all", "--events"]), BTreeSet::new());
    let ended = check(&bot.url(), &["--all", "--events", "--strict"]);
    assert!(ended.out(0).ends_with("Users lose nothing that was tried. Bots: 1.\n"), "{}", ended.out);
}

#[test]
fn nothing_but_the_keyboard_is_asked_unasked() {
    let bot = healthy();
    let ended = check(&bot.url(), &[]);
    assert!(ended.out(0).contains("Only GET /keyboard was asked."), "{}", ended.out);
    assert_eq!(bot.calls().len(), 1);
    assert!(bot.asked().is_empty());
}

#[test]
fn a_bot_that_is_not_there_ends_with_1() {
    for flags in [&[][..], &["--all", "--events"]] {
        assert!(check("http://127.0.0.1:1", flags).out(1).contains("SB3209"));
    }
}

#[test]
fn bots_whose_keyboard_is_fine_and_whose_messages_fail_are_found() {
    fn before(message: impl Fn(SocketAddr) -> Reply + Send + Sync + 'static) -> Bot {
        Bot::new(move |asked| match &*asked.path {
            "/keyboard" => home(&["메뉴"]),
            _ => message(asked.header("host").unwrap().parse().unwrap()),
        })
    }
    let moved = |at: String| answer("301 Moved", &format!("Server: Apache/2.4\r\nLocation: {at}\r\n"), "");
    let folder = before(move |own| moved(format!("http://{own}/message/")));
    let https = before(move |own| moved(format!("https://{own}/message")));
    let forbidden = before(|_| status(403, "no"));
    let form = before(|_| answer("403 Forbidden", "Server: WSGIServer/0.2 CPython/3.11\r\n", "CSRF cookie not set."));
    for (bot, code, remedy) in [
        (folder, "SB5101", "DirectorySlash Off"),
        (https, "SB5101", "Write url = \"https://127.0.0.1"),
        (forbidden, "SB5102", "let the bot admit this machine's"),
        (form, "SB5102", "@csrf_exempt"),
    ] {
        assert!(check(&bot.url(), &[]).out(0).contains("SB3001"), "the keyboard tells nothing");
        let ended = check(&bot.url(), &["--message", "안녕"]);
        assert!(ended.out(2).contains(code) && ended.out.contains(remedy), "{}", ended.out);
    }
}

#[test]
fn every_quirk_has_a_code_and_a_remedy_in_the_language_of_the_bot() {
    const PHP: &str = "Content-Type: application/json\r\nX-Powered-By: PHP/7.4\r\n";
    const GOOD: &str = r#"{"message":{"text":"우동"}}"#;
    let whole = |body: &str| answer("200 OK", PHP, body);
    for (reply, code, remedy) in [
        (whole(&format!("\u{feff}{GOOD}")), "reply.bom", "without a byte order mark"),
        (whole(&format!("\n{GOOD}")), "SB5208", "before <?php"),
        (
            whole(&format!("<br />\n<b>Warning</b>:  a in <b>/a.php</b> on line <b>3</b><br />\n{GOOD}")),
            "reply.php_message",
            "display_errors",
        ),
        (whole(&format!("{GOOD}{GOOD}")), "reply.joined", "json_encode"),
        (whole(r#"{"message":{"text":"a"}"#), "reply.braces", "json_encode"),
        (whole(""), "SB5107", "error_log"),
        (whole("<html>no</html>"), "SB5108", "error_log"),
        (whole("\nPHP Fatal error:  Uncaught Error in /srv/bot.php on line 3\n"), "SB5109", "error_log"),
        (whole("menu.txt"), "SB5110", "json_encode"),
        (whole(r#"{"code":0}"#), "SB5111", "json_encode"),
        (whole(r#"{"message":{"text":"(하트)"}}"#), "SB5007", "not documented"),
        (
            whole(
                r#"{"message":{"text":"a"},"keyboard":{"type":"buttons","buttons":["1","2","3","4","5","6","7","8","9","10","11"]}}"#,
            ),
            "keyboard.pages",
            "carousel",
        ),
        (
            answer("200 OK", "Content-Type: text/html\r\nX-Powered-By: PHP/7.4\r\n", GOOD),
            "SB5203",
            "header('Content-Type",
        ),
        (answer("200 OK", "X-Powered-By: Express\r\n", GOOD), "SB5204", "res.json"),
        (
            answer("200 OK", "Content-Type: application/json; charset=euc-kr\r\nServer: Werkzeug/1\r\n", GOOD),
            "SB5205",
            "jsonify",
        ),
        (answer("200 OK", &format!("{PHP}Content-Encoding: br\r\n"), GOOD), "SB5206", "zlib"),
        (answer("200 OK", &format!("{PHP}Set-Cookie: PHPSESSID=1\r\n"), GOOD), "SB5207", ""),
        (answer("404 Not Found", PHP, "no"), "SB5103", "$1.php"),
        (answer("405 Not Allowed", "Server: Werkzeug/1\r\n", "no"), "SB5104", "methods=['POST']"),
        (
            answer("400 Bad Request", "Server: WSGIServer/0.2 CPython/3\r\n", "DisallowedHost at /message"),
            "SB5118",
            "ALLOWED_HOSTS",
        ),
        (answer("500 Error", "Server: Jetty(9)\r\n", "java.lang.Error"), "SB5106", "catalina.out"),
        (raw("SSH-2.0-OpenSSH_9.2\r\n"), "SB5116", ""),
        (hang_up(), "SB5113", "log"),
    ] {
        let bot = Bot::before(home(&["메뉴"]), move |_| reply.clone());
        let ended = check(&bot.url(), &["--message", "안녕"]);
        assert!(ended.out.contains(&format!("[{code}]")) && ended.out.contains(remedy), "{code}: {ended:?}");
        assert!(!ended.out.contains("/srv") && !ended.out.contains("menu.txt"), "nothing of a page is shown");
        let ended = check(&bot.url(), &["--message", "안녕", "--lang", "ko"]);
        assert!(ended.out.contains("사용자") && !ended.out.contains("Users"), "{code}: {ended:?}");
    }
}

#[test]
fn a_slow_bot_is_told_by_what_its_users_wait_for() {
    let slow = Bot::before(home(&["메뉴"]), |_| words("우동").after(support::ms(800)));
    let patience = ["--set", "bots.default.deadline=700ms", "--set", "callback.after=100ms"];
    let flags = [&["--message", "a"][..], &patience].concat();
    let ended = check(&slow.url(), &flags);
    assert!(ended.out(0).contains("SB5115") && ended.out.contains("press a button"), "{ended:?}");
    assert_eq!(check(&slow.url(), &[&flags[..], &["--strict"]].concat()).code, 2);
    let dead = Bot::before(home(&["메뉴"]), |_| support::hang());
    let flags = [&flags[..], &["--set", "bots.default.late=800ms"]].concat();
    assert!(check(&dead.url(), &flags).out(2).contains("SB5114"));
}

#[test]
fn a_photo_taken_for_words_and_a_fault_on_unknown_words_are_told() {
    let bot = Bot::before(home(&["메뉴"]), |asked| match asked.json()["type"].as_str() {
        Some("photo") => words(&asked.content()),
        _ if asked.content() == "메뉴" => words("우동"),
        _ => status(500, "no"),
    });
    let found = codes(&bot.url(), &["--all"]);
    assert!(found.contains("SB5006") && found.contains("SB5106"), "{found:?}");
    assert_eq!(bot.contents()[0], "메뉴");
}

#[test]
fn a_keyboard_at_a_usual_path_is_pointed_to() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/api/plusfriend/keyboard" => home(&["메뉴"]),
        _ => status(404, "no"),
    });
    let ended = check(&bot.url(), &[]);
    assert!(ended.out(2).contains("SB5401"), "{ended:?}");
    assert!(ended.out.contains(&format!("url = \"{}/api/plusfriend\"", bot.url())), "{ended:?}");
}

#[test]
fn the_page_to_send_on_escapes_every_foreign_word_and_has_no_script() {
    let bot = Bot::before(home(&["<img src=x onerror=alert(1)>"]), |_| {
        answer("301 Moved", "Location: /<script>alert(1)</script>/\r\n", "<script>alert(2)</script>")
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("check.html");
    let ended = check(&bot.url(), &["--all", "--html", file.to_str().unwrap()]);
    assert_eq!(ended.code, 2, "{ended:?}");
    let page = std::fs::read_to_string(file).unwrap();
    assert!(page.contains("SB5101") && page.contains("Content-Security-Policy"), "{page}");
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("alert(2)"), "{page}");
}

#[test]
fn the_quirks_of_each_recorded_bot_are_found_and_no_others() {
    if support::shared("bots").is_none() {
        return support::skip("the recordings of bots are not there");
    }
    let mut wrong = Vec::new();
    for (name, expected) in [
        ("bot-01", "SB5301"),
        ("bot-02", "SB5301 reply.no_message reply.null"),
        ("bot-03", "SB5202 SB5203 SB5208 SB5301"),
        ("bot-04", "SB5107 SB5202 SB5203 SB5208 SB5301"),
        ("bot-05", "SB5107 SB5110 SB5202 SB5203 SB5301"),
        ("bot-06", "SB5202 SB5203 SB5208 SB5301 reply.bom reply.joined"),
        ("bot-07", "reply.null"),
        ("bot-09", "SB5003 SB5106 SB5201 SB5301"),
        ("bot-10", "SB5301"),
        ("bot-11", "SB5202 SB5301"),
        ("bot-12", "SB5201"),
        ("bot-13", "SB5301"),
        ("bot-14", "SB5106 SB5201 SB5301 keyboard.pages"),
        ("bot-15", "reply.no_message"),
        ("bot-16", "SB5107 SB5301 photo.whole reply.beside_message url.internal"),
        ("bot-17", "SB5106"),
        ("bot-18", ""),
    ] {
        let Some(bot) = Recorded::all().into_iter().find(|bot| bot.name == name) else { continue };
        let server = bot.serve();
        let found = codes(&format!("{}{}", server.url(), bot.base_path()), &["--all", "--events"]);
        let expected: BTreeSet<String> = expected.split_whitespace().map(str::to_owned).collect();
        if found != expected {
            wrong.push(format!("{name}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_crawl_draws_every_screen_and_presses_nothing_before_somebody_agrees() {
    let bot = Bot::before(home(&["급식", "주문하기"]), |asked| match &*asked.content() {
        "급식" => support::buttons("고르세요", &["오늘"]),
        _ => words("현미밥"),
    });
    let ended = check(&bot.url(), &["--crawl", "5"]);
    assert!(ended.out(64).is_empty() && ended.err.contains("[SB6031]") && ended.err.contains("[SB6032]"), "{ended:?}");
    assert!(bot.calls().is_empty());
    let ended = check(&bot.url(), &["--crawl", "5", "--yes-the-bot-acts"]);
    for told in ["» home\n", "» 급식\n│ 고르세요\n  [1] 오늘", "» 급식 › 오늘\n│ 현미밥", "[SB6033]", "주문하기"]
    {
        assert!(ended.out(0).contains(told), "{told}: {}", ended.out);
    }
    assert_eq!(bot.contents(), ["급식", "오늘"], "nothing is typed");
}

#[test]
fn a_screen_without_a_reply_is_a_finding_of_a_crawl() {
    let bot = Bot::before(home(&["급식"]), |_| status(500, "no"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crawl.html");
    let flags = ["--crawl", "5", "--yes-the-bot-acts", "--html", file.to_str().unwrap(), "--lang", "ko"];
    let ended = check(&bot.url(), &flags);
    assert!(ended.out(2).contains("[SB6035]") && ended.out.contains("» 홈"), "{ended:?}");
    assert!(std::fs::read_to_string(file).unwrap().contains("SB6035"));
}
