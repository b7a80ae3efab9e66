//! The list of turns (C5).

use super::*;

const TOKEN: &str = "0123456789abcdef-operator";

/// The real program, for the thread that keeps turns is one of a process.
fn program(bot: &Bot, more: &[&str]) -> (Program, Browser) {
    let program = Program::start(&[&["--bot", &bot.url()], more].concat(), &[("BRIDGE_ADMIN__TOKEN", TOKEN)]);
    let mut browser = Browser::new(program.admin);
    assert_eq!(browser.send("/console/sign-in", &[("token", TOKEN)]).status, 303);
    (program, browser)
}

/// The number to ask behind.
fn newest(page: &str) -> u64 {
    page.split_once("data-newest=\"").unwrap().1.split('"').next().unwrap().parse().unwrap()
}

fn rows(page: &str) -> usize {
    page.matches("<li class=\"turn").count()
}

fn moody() -> Bot {
    Bot::before(bot::home(&["급식", "시간표"]), |asked| match &*asked.content() {
        "급식" => status(500, "<html><script>alert(1)</script>"),
        "시간표" => reply("\u{feff}{\"message\":{\"text\":\"3교시\"}}"),
        _ => text(),
    })
}

#[test]
fn a_turn_appears_with_its_reason_and_what_to_change_in_the_bot() {
    let bot = moody();
    let (bridge, mut browser) = program(&bot, &[]);
    assert_eq!(rows(&browser.get("/console/turns").body), 0);
    let (user, secret_words) = ("Qw7-eRt_9YzA", "아무도모르는비밀낱말");
    bridge.say(&Say::words(user, "급식"));
    bridge.say(&Say::words(user, "시간표"));
    bridge.say(&Say::words(user, secret_words));
    let page =
        until("three turns are listed", || Some(browser.get("/console/turns").body).filter(|page| rows(page) == 3));
    assert!(page.contains("봇에 물었지만 쓸 수 있는 답을 받지 못했습니다: 응답 상태가 200이 아님"), "{page}");
    assert!(page.contains("왜: ") && page.contains("500"), "{page}");
    assert!(page.contains("reply.bom") && page.contains("할 일: "), "{page}");
    for leak in [user, secret_words, "<script>alert", TOKEN] {
        assert!(!page.contains(leak), "{leak} in {page}");
    }
}

#[test]
fn a_page_asks_only_for_what_is_newer_and_for_what_it_filters() {
    let bot = moody();
    let (bridge, mut browser) = program(&bot, &[]);
    let user = "Qw7-eRt_9YzA";
    let listed = |browser: &mut Browser, path: &str, count: usize| {
        until(path, || Some(browser.get(path).body).filter(|page| rows(page) == count))
    };
    bridge.say(&Say::words(user, "급식"));
    let first = listed(&mut browser, "/console/turns", 1);
    let after = newest(&first);
    let nothing = browser.get(&format!("/console/turns/rows?after={after}")).body;
    assert_eq!((rows(&nothing), newest(&nothing)), (0, after));
    bridge.say(&Say::words(user, "시간표"));
    let newer = listed(&mut browser, &format!("/console/turns/rows?after={after}"), 1);
    assert!(newer.contains("reply.bom") && newest(&newer) > after, "{newer}");
    for (query, count) in [
        ("outcome=no_reply", 1),
        ("outcome=answered", 1),
        ("difference=reply.bom", 1),
        ("difference=reply.cp949", 0),
        ("notable=1", 2),
        ("bot=default", 2),
        ("bot=other", 0),
        ("outcome=%3Cscript%3E", 2),
        ("after=x", 2),
    ] {
        assert_eq!(rows(&browser.get(&format!("/console/turns/rows?{query}")).body), count, "{query}");
    }
    assert_eq!(Browser::new(bridge.admin).get("/console/turns/rows").status, 401);
    assert_eq!(Browser::new(bridge.admin).get("/console/turns").status, 303);
}
