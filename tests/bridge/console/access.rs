//! Who gets in, and what a foreign page, a preview or a neighbour cannot do (C2).

use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;

const TOKEN: &str = "0123456789abcdef-operator";

fn with_token() -> (Bot, Bridge) {
    let bot = old_bot();
    let bridge = Bridge::before(&bot.url(), &[("admin.token", TOKEN)]);
    (bot, bridge)
}

fn without_token() -> (Bot, Bridge) {
    let bot = old_bot();
    let bridge = Bridge::before(&bot.url(), &[]);
    (bot, bridge)
}

#[test]
fn the_console_wants_a_sign_in_on_the_loopback_too_and_programs_do_not() {
    let (_bot, bridge) = without_token();
    let mut stranger = Browser::new(bridge.admin);
    for path in ["/", "/console", "/console/"] {
        let reply = stranger.get(path);
        assert_eq!((reply.status, reply.header("location")), (303, Some("/console/sign-in")), "{path}");
    }
    let page = stranger.get("/console/sign-in");
    assert!(page.body.contains("USR1") && !page.body.contains("name=\"token\""), "{}", page.body);
    for path in ["/healthz", "/readyz", "/metrics", "/turns"] {
        assert_eq!(bridge.look(path).status, 200, "{path}");
    }
    let mut browser = Browser::signed_in(&bridge);
    assert!(browser.get("/console/").body.contains("로그아웃"));
    assert_eq!(browser.get("/").header("location"), Some("/console/"));
    assert_eq!(browser.submit("/console/sign-out", &[]).header("location"), Some("/console/sign-in"));
    assert_eq!(browser.get("/console/").status, 303);
}

#[test]
fn a_link_that_was_previewed_still_signs_in_and_only_once() {
    let (_bot, bridge) = without_token();
    let link = bridge.running().sign_in_link().unwrap();
    let (address, path) = (format!("http://{}", bridge.admin), link.split_once("/console").unwrap().1);
    assert!(link.starts_with(&address), "{link}");
    let path = format!("/console{path}");
    for _preview in 0..2 {
        let page = Browser::new(bridge.admin).get(&path);
        assert!(page.status == 200 && page.header("set-cookie").is_none() && page.body.contains("<button"));
    }
    let mut browser = Browser::new(bridge.admin);
    let key = key_of(&link);
    assert_eq!(browser.send("/console/sign-in", &[("key", &key)]).status, 303);
    assert_eq!(browser.get("/console/").status, 200);
    let mut second = Browser::new(bridge.admin);
    assert_eq!(second.send("/console/sign-in", &[("key", &key)]).status, 403);
    let page = second.get(&path);
    assert!(page.status == 403 && page.body.contains("이미 쓰였거나"), "{}", page.body);
}

#[test]
fn a_link_of_before_opens_nothing_once_a_token_is_configured() {
    let bot = old_bot();
    let bridge = Bridge::start(&bridge::shop(&bot, ""));
    let key = key_of(&bridge.running().sign_in_link().unwrap());
    bridge.reload(&format!("admin.token = \"{TOKEN}\"\n{}", bridge::shop(&bot, "")));
    let mut browser = Browser::new(bridge.admin);
    assert_eq!(browser.get(&format!("/console/sign-in?key={key}")).status, 403);
    assert_eq!(browser.send("/console/sign-in", &[("key", &key)]).status, 403);
}

#[test]
fn the_configured_token_signs_in_and_no_link_is_made_then() {
    let (_bot, bridge) = with_token();
    assert_eq!(bridge.running().sign_in_link(), None);
    let mut browser = Browser::new(bridge.admin);
    for wrong in ["", "0123456789abcdef-operatoR", "admin"] {
        assert_eq!(browser.send("/console/sign-in", &[("token", wrong)]).status, 403, "{wrong}");
        assert_eq!(browser.get("/console/").status, 303);
    }
    let reply = browser.send("/console/sign-in", &[("token", TOKEN)]);
    assert_eq!(reply.status, 303, "{}", reply.body);
    let cookie = reply.header("set-cookie").unwrap();
    let port = bridge.admin.port();
    assert!(cookie.starts_with(&format!("smartchat-bridge-{port}=")), "{cookie}");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/"), "{cookie}");
    assert!(!cookie.contains("Secure"), "it goes over plain HTTP: {cookie}");
    // The cookie is for pages; programs bring the token.
    assert_eq!(browser.get("/metrics").status, 401);
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(get_with(bridge.admin, "/metrics", &[("Authorization", &bearer)]).status, 200);
    assert!(get_with(bridge.admin, "/", &[("Authorization", &bearer)]).body.contains("/readyz"));
    assert_eq!(get_with(bridge.admin, "/", &[("Authorization", "Bearer wrong")]).status, 401);
}

#[test]
fn the_metrics_token_opens_no_page() {
    let bot = old_bot();
    let metrics = "0123456789abcdef-metrics";
    let bridge = Bridge::before(&bot.url(), &[("admin.metrics_token", metrics)]);
    let bearer = format!("Bearer {metrics}");
    let look = |path| get_with(bridge.admin, path, &[("Authorization", &bearer)]).status;
    assert_eq!((look("/metrics"), look("/console/")), (200, 303));
    let mut browser = Browser::new(bridge.admin);
    assert_eq!(browser.send("/console/sign-in", &[("token", metrics)]).status, 403);
}

#[test]
fn a_form_of_any_other_origin_is_refused_another_port_of_this_host_too() {
    let (_bot, bridge) = with_token();
    let port = bridge.admin.port();
    let foreign = [
        format!("http://127.0.0.1:{}", bridge.public.port()),
        format!("https://127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        "http://evil.example".to_owned(),
        "null".to_owned(),
    ];
    for origin in &foreign {
        let mut browser = Browser::new(bridge.admin).at_origin(origin);
        let reply = browser.send("/console/sign-in", &[("token", TOKEN)]);
        assert_eq!((reply.status, reply.header("set-cookie")), (403, None), "{origin}: {}", reply.body);
    }
    // Signed in, and lured to a page of another port: its form has the cookie at most.
    let mut browser = Browser::new(bridge.admin);
    assert_eq!(browser.send("/console/sign-in", &[("token", TOKEN)]).status, 303);
    let token = browser.form_token();
    let mut lured = browser.clone().at_origin(&foreign[0]);
    assert_eq!(lured.send("/console/sign-out", &[("form_token", &token)]).status, 403);
    assert_eq!(browser.get("/console/").status, 200, "it is still signed in");
}

#[test]
fn a_form_without_the_token_of_its_session_is_refused() {
    let (_bot, bridge) = with_token();
    let sign_in = || {
        let mut browser = Browser::new(bridge.admin);
        assert_eq!(browser.send("/console/sign-in", &[("token", TOKEN)]).status, 303);
        browser
    };
    let (mut one, mut other) = (sign_in(), sign_in());
    let others = other.form_token();
    for token in ["", "0", &others] {
        assert_eq!(one.send("/console/sign-out", &[("form_token", token)]).status, 403, "{token}");
    }
    assert_eq!(one.send("/console/sign-out", &[]).status, 403);
    assert_eq!(one.get("/console/").status, 200);
    assert_eq!(one.submit("/console/sign-out", &[]).status, 303);
}

#[test]
fn a_name_that_was_bent_to_this_address_gets_nothing() {
    let (_bot, bridge) = without_token();
    let mut rebound = Browser::signed_in(&bridge);
    rebound.host = format!("evil.example:{}", bridge.admin.port());
    rebound.origin = format!("http://{}", rebound.host);
    for path in ["/", "/console/", "/console/sign-in", "/readyz"] {
        assert_eq!(rebound.get(path).status, 403, "{path}");
    }
    assert_eq!(rebound.send("/console/sign-out", &[]).status, 403);
}

#[test]
fn the_cookie_of_another_bridge_on_this_host_opens_nothing() {
    let ((_bot, one), (_other_bot, other)) = (without_token(), without_token());
    let browser = Browser::signed_in(&one);
    let mut lost = Browser { at: other.admin, ..Browser::new(other.admin) };
    for (name, value) in &browser.cookies {
        lost.cookies.insert(name.clone(), value.clone());
        // And under the other's own name.
        lost.cookies.insert(format!("smartchat-bridge-{}", other.admin.port()), value.clone());
    }
    assert_eq!(lost.get("/console/").status, 303);
}

#[test]
fn behind_a_proxy_with_a_name_cookies_go_over_tls_only() {
    let bot = old_bot();
    let keys = [("admin.token", TOKEN), ("admin.public_url", "https://console.example.com")];
    let bridge = Bridge::before(&bot.url(), &keys);
    let mut browser = Browser::new(bridge.admin).at_origin("https://console.example.com");
    "console.example.com".clone_into(&mut browser.host);
    let reply = browser.send("/console/sign-in", &[("token", TOKEN)]);
    let cookie = reply.header("set-cookie").unwrap();
    assert!(cookie.starts_with("smartchat-bridge-443=") && cookie.contains("; Secure"), "{cookie}");
    assert_eq!(browser.get("/console/").status, 200);
    assert_eq!(browser.submit("/console/sign-out", &[]).status, 303);
}

#[test]
fn every_response_forbids_all_that_is_not_the_consoles_own() {
    let (_bot, bridge) = without_token();
    let mut browser = Browser::signed_in(&bridge);
    for path in ["/console/", "/console/sign-in", "/console/nowhere", "/console/sign-out"] {
        let reply = browser.get(path);
        let policy = reply.header("content-security-policy").unwrap();
        for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("same-origin"), "{path}");
    }
    let page = browser.get("/console/").body;
    for inline in
        ["<style", " style=", " onclick=", "<script>", "javascript:", "src=\"http", "href=\"http", "action=\"http"]
    {
        assert!(!page.contains(inline), "{inline} in {page}");
    }
    let linked = |ending: &str| {
        let found = page.split('"').find(|word| word.starts_with("/console/") && word.ends_with(ending));
        found.unwrap_or_else(|| panic!("no {ending} in {page}")).to_owned()
    };
    for (ending, kind) in [(".css", "text/css"), (".js", "text/javascript"), (".svg", "image/svg+xml")] {
        let asset = Browser::new(bridge.admin).get(&linked(ending));
        assert!(asset.status == 200 && asset.header("content-type").unwrap().starts_with(kind), "{ending}");
        assert!(asset.header("cache-control").unwrap().contains("immutable"), "{ending}");
    }
}

#[test]
fn other_methods_are_told_which_are_taken() {
    let (_bot, bridge) = without_token();
    let mut browser = Browser::signed_in(&bridge);
    for (method, path, taken) in [
        ("DELETE", "/console/", "GET, HEAD"),
        ("PUT", "/console/sign-in", "GET, HEAD, POST"),
        ("GET", "/console/sign-out", "POST"),
        ("POST", "/console/", "GET, HEAD"),
    ] {
        let reply = browser.request(method, path, &[], b"");
        assert_eq!((reply.status, reply.header("allow")), (405, Some(taken)), "{method} {path}");
    }
    let mut stream = TcpStream::connect(bridge.admin).unwrap();
    stream.write_all(b"HEAD /console/sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut head = String::new();
    stream.read_to_string(&mut head).unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn a_form_is_bounded_and_of_one_kind() {
    let (_bot, bridge) = with_token();
    let mut browser = Browser::new(bridge.admin);
    let large = "x".repeat(64 * 1024 + 1);
    assert_eq!(browser.send("/console/sign-in", &[("token", &large)]).status, 413);
    let json = [("Content-Type", "application/json")];
    assert_eq!(browser.request("POST", "/console/sign-in", &json, b"{}").status, 415);
    assert_eq!(browser.request("POST", "/console/sign-in", &[], b"").status, 415);
    let multipart = [("Content-Type", "multipart/form-data; boundary=x")];
    assert_eq!(browser.request("POST", "/console/sign-in", &multipart, b"--x--").status, 415);
    assert_eq!(browser.send("/console/sign-in", &[("token", TOKEN)]).status, 303);
}

#[test]
fn the_thirty_third_session_ends_the_quietest_one() {
    let (_bot, bridge) = with_token();
    let sign_in = || {
        let mut browser = Browser::new(bridge.admin);
        assert_eq!(browser.send("/console/sign-in", &[("token", TOKEN)]).status, 303);
        browser
    };
    let mut first = sign_in();
    let mut others: Vec<_> = (0..32).map(|_| sign_in()).collect();
    assert_eq!(first.get("/console/").status, 303);
    assert!(others.iter_mut().all(|browser| browser.get("/console/").status == 200));
}

#[test]
fn a_language_that_was_chosen_is_kept_and_korean_is_first() {
    let (_bot, bridge) = without_token();
    let mut browser = Browser::new(bridge.admin);
    assert!(browser.get("/console/sign-in").body.contains("<html lang=\"ko\">"));
    assert!(Browser::new(bridge.admin).in_english().get("/console/sign-in").body.contains("<html lang=\"en\">"));
    assert!(browser.get("/console/sign-in?lang=en").body.contains("<html lang=\"en\">"));
    let page = browser.get("/console/sign-in").body;
    assert!(page.contains("<html lang=\"en\">") && page.contains("?lang=ko"), "{page}");
}

#[test]
fn what_stands_in_an_address_is_shown_as_words() {
    let (_bot, bridge) = without_token();
    let mut browser = Browser::signed_in(&bridge);
    let script = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for path in ["/console/?x=", "/console/sign-in?key=", "/console/nowhere?x="] {
        let body = browser.get(&format!("{path}{script}")).body;
        let stranger = Browser::new(bridge.admin).get(&format!("{path}{script}")).body;
        assert!(!body.contains("<script>alert") && !stranger.contains("<script>alert"), "{path}");
    }
}

#[test]
fn a_start_prints_a_link_and_a_signal_another_and_both_sign_in() {
    let bot = old_bot();
    let mut bridge = Program::before(&bot.url(), &[]);
    bridge.signal("USR1");
    let printed = bridge.printed_until_times("/console/sign-in?key=", 2);
    let port = bridge.admin.port();
    assert!(printed.contains(&format!("ssh -L {port}:127.0.0.1:{port} SERVER")), "{printed}");
    let keys: Vec<String> = printed.lines().filter(|line| line.contains("?key=")).map(key_of).collect();
    assert_eq!(keys.len(), 2, "{printed}");
    for key in keys {
        let key = key.split(' ').next().unwrap().to_owned();
        let mut browser = Browser::new(bridge.admin);
        assert_eq!(browser.send("/console/sign-in", &[("key", &key)]).status, 303, "{printed}");
        assert!(!bridge.log.lock().unwrap().contains(&key), "the log has a link");
    }
    assert!(bridge.whole_log().contains("an operator has signed in to the console"));
}

#[test]
fn with_a_token_a_start_and_a_signal_print_no_link() {
    let bot = old_bot();
    let mut bridge = Program::start(&["--bot", &bot.url()], &[("BRIDGE_ADMIN__TOKEN", TOKEN)]);
    bridge.signal("USR1");
    let printed = bridge.printed_until_times("admin.token", 2);
    assert!(!printed.contains("key=") && !printed.contains(TOKEN), "{printed}");
}
