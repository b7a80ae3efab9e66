//! What other pages in the operator's browser cannot do (C2).

use serde_json::json;

use crate::house::{Gate, House, snack_bar};
use crate::support::*;
use crate::tab::Tab;

/// Another server on this host, which has this page at every path.
fn neighbour(page: impl Into<String>) -> Bot {
    let page = page.into();
    Bot::new(move |_| status(200, &page))
}

#[test]
fn a_page_of_another_port_of_this_host_cannot_act_though_the_browser_gives_it_the_cookie() {
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "");
    let Some(mut tab) = house.enter_at("/console/") else { return };
    // It even knows the token of the session's forms.
    let token = tab.script("return document.querySelector('[name=form_token]').value", vec![]);
    let token = token.as_str().unwrap();
    let fields = format!("<input name=form_token value='{token}'><input name=bot value=shop><input name=yes value=1>");
    let forms = [
        ("/console/sign-out", ""),
        ("/console/capture", "everybody"),
        ("/console/talk", "enter"),
        ("/console/check", ""),
    ];
    for (path, act) in forms {
        let page = format!(
            "<form method=post action='{}'>{fields}<input name=do value='{act}'></form><script>document.forms[0].submit()</script>",
            house.at(path)
        );
        let evil = neighbour(page);
        tab.go(&evil.url());
        tab.arrives_at(path);
        tab.says("운영자 화면이 아닌 다른 주소에서 보낸 요청입니다");
        assert_eq!(tab.count("nav"), 0, "who is refused learns nothing");
    }
    tab.go(&house.at("/console/capture"));
    tab.says("지금은 아무것도 남기지 않습니다.");
    assert!(bot.asked().is_empty(), "the bot was not asked");
    tab.go(&house.at("/console/"));
    assert!(!tab.words().contains("점검 결과"), "nothing was checked");
    tab.expected();
}

#[test]
fn a_foreign_page_reads_and_frames_nothing_of_the_console() {
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "");
    let Some(mut tab) = house.enter_at("/console/") else { return };
    let console = house.at("/console/");
    let evil = neighbour(format!("<iframe src='{console}'></iframe><img src='{console}'>"));
    tab.go(&evil.url());
    let read = "return fetch(arguments[0], { credentials: 'include' }).then(reply => reply.text(), () => 'refused')";
    assert_eq!(tab.script(read, vec![json!(console)]), "refused");
    tab.holds("document.querySelector('iframe').contentDocument === null");
    tab.until("the browser says that it frames nothing", || {
        let complaints = tab.expected();
        complaints.iter().any(|line| line.contains("frame-ancestors")).then_some(())
    });
}

#[test]
fn a_name_that_was_bent_to_this_address_gets_nothing() {
    let bot = snack_bar(&Gate::default());
    let house = House::before(&bot, "");
    let Some(mut tab) = house.enter_at("/console/") else { return };
    let port = house.bridge.admin.port();
    for path in ["/console/", "/console/sign-in", "/turns", "/metrics"] {
        tab.go(&format!("http://rebound.example:{port}{path}"));
        assert!(!tab.words().contains("smartchat"), "{path}: {}", tab.words());
        assert!(!tab.words().contains("bridge_"), "{path}: {}", tab.words());
    }
    let refused = tab.expected();
    assert!(refused.iter().any(|line| line.contains("403")), "{refused:#?}");
}

#[test]
fn two_bridges_on_one_host_keep_their_operators_apart() {
    let Some(mut tab) = Tab::open() else { return };
    let (one_bot, other_bot) = (snack_bar(&Gate::default()), snack_bar(&Gate::default()));
    let (one, other) = (House::before(&one_bot, ""), House::before(&other_bot, ""));
    one.enter(&mut tab);
    tab.go(&other.at("/console/"));
    tab.arrives_at("/console/sign-in");
    other.enter(&mut tab);
    tab.press_words("로그아웃");
    tab.arrives_at("/console/sign-in");
    tab.go(&one.at("/console/turns"));
    tab.arrives_at("/console/turns");
}
