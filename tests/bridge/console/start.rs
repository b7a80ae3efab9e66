//! *시작하기* (C3): the checklist, what goes into OpenBuilder, and the check.

use super::*;

const TOKEN: &str = "0123456789abcdef-operator";
const SECRET: &str = "a-secret-of-the-skill-<script>alert(2)</script>";
const HEADER: &str = "x-skill-secret";

/// The standing of a step of the checklist, by its name.
#[track_caller]
fn standing(page: &str, name: &str) -> String {
    let step = page.split("<li class=\"step ").find(|step| step.contains(&format!("<h3>{name}<")));
    step.unwrap_or_else(|| panic!("no {name} in {page}")).split('"').next().unwrap().to_owned()
}

fn with_secret(bot: &Bot) -> Bridge {
    let values = format!("secret = {{ header = \"{HEADER}\", values = [\"{SECRET}\"] }}");
    Bridge::of(bot, &values)
}

#[test]
fn the_checklist_goes_from_red_to_green_as_calls_come() {
    let bot = old_bot();
    let bridge = with_secret(&bot);
    let mut browser = Browser::signed_in(&bridge);
    let page = browser.get("/console/").body;
    for name in ["봇 연결", "봇의 답변", "스킬의 비밀값 헤더", "실제 사용자의 호출"] {
        assert_eq!(standing(&page, name), "open", "{name}");
    }
    assert_eq!(standing(&page, "비밀값 설정"), "good");

    let say = Say::words("Qw7-eRt_9YzA", "급식");
    assert_eq!(bridge.post("/skill", &[], say.body()).status, 401);
    let page = browser.get("/console/").body;
    assert_eq!(standing(&page, "스킬의 비밀값 헤더"), "bad");
    assert!(page.contains("스킬에 헤더가 없습니다"), "{page}");
    assert_eq!(bridge.post("/skill", &[(HEADER, "another")], say.body()).status, 401);

    let mut test: serde_json::Value = say.call.clone();
    test["userRequest"]["params"]["surface"] = "BuilderBotTest".into();
    assert_eq!(bridge.post("/skill", &[(HEADER, SECRET)], &test).status, 200);
    let page = browser.get("/console/").body;
    assert!(page.contains("봇테스트의 호출만 왔습니다"), "{page}");
    assert_eq!(standing(&page, "실제 사용자의 호출"), "open");

    // What `say` sends is made up and shows nothing.
    let explained = [(HEADER, SECRET), ("x-bridge-explain", "1")];
    assert_eq!(bridge.post("/skill", &explained, say.body()).status, 200);
    assert_eq!(standing(&browser.get("/console/").body, "실제 사용자의 호출"), "open");

    assert_eq!(bridge.post("/skill", &[(HEADER, SECRET)], say.body()).status, 200);
    let page = browser.get("/console/").body;
    for name in ["봇 연결", "봇의 답변", "스킬의 비밀값 헤더", "실제 사용자의 호출", "예전과 같은 사용자 키"]
    {
        assert_eq!(standing(&page, name), "good", "{name}: {page}");
    }
    assert_eq!(standing(&page, "웰컴 블록의 호출"), "open");
    for leak in ["Qw7-eRt_9YzA", "급식", SECRET, "a-secret-of-the-skill"] {
        assert!(!page.contains(leak), "{leak} in {page}");
    }
    assert_eq!(bridge.post("/keyboard", &[(HEADER, SECRET)], say.body()).status, 200);
    assert_eq!(standing(&browser.get("/console/").body, "웰컴 블록의 호출"), "good");
}

#[test]
fn a_bot_that_is_always_late_is_not_green_and_leads_to_its_calls() {
    let bot = Bot::before(bot::home(&["급식"]), |_| words("늦은 답").after(ms(600)));
    let (url, slow) = (bot.url(), ["bots.default.deadline=200ms", "bots.default.late=3s", "callback.after=100ms"]);
    let arguments: Vec<&str> = ["--bot", &url].into_iter().chain(slow.iter().flat_map(|key| ["--set", key])).collect();
    let program = Program::start(&arguments, &[("BRIDGE_ADMIN__TOKEN", TOKEN)]);
    let mut browser = Browser::new(program.admin);
    assert_eq!(browser.send("/console/sign-in", &[("token", TOKEN)]).status, 303);
    for user in ["Qw7-eRt_9YzA", "Qw7-eRt_9YzB"] {
        assert!(program.say(&Say::words(user, "급식")).text().contains("답변을 준비하고 있습니다"));
    }
    let told = "최근 2번 가운데 2번은 사용자가 기다려야 했습니다";
    let page =
        until("both answers have come", || Some(browser.get("/console/").body).filter(|page| page.contains(told)));
    assert_eq!(standing(&page, "봇의 답변"), "bad");
    let link = "<a href=\"/console/turns?bot=default&amp;notable=1\">호출 보기</a>";
    assert!(page.contains(link), "{page}");
    assert!(page.contains("<dt>호출하는 블록</dt><dd><code>"), "{page}");
}

#[test]
fn a_call_without_the_old_key_is_told_and_a_bot_without_a_secret_gets_the_lines_for_one() {
    let bot = old_bot();
    let bridge = Bridge::of(&bot, "");
    let mut browser = Browser::signed_in(&bridge);
    let mut call = Say::words("Qw7-eRt_9YzA", "급식").call;
    call["userRequest"]["user"]["properties"] = serde_json::json!({});
    assert_eq!(bridge.post("/skill", &[], &call).status, 200);
    let page = browser.get("/console/").body;
    assert_eq!(standing(&page, "예전과 같은 사용자 키"), "bad");
    assert_eq!(standing(&page, "비밀값 설정"), "bad");
    assert!(page.contains("openssl rand") && page.contains("[bots.shop]"), "{page}");
}

#[test]
fn the_value_of_the_secret_is_shown_only_to_who_asks_for_it() {
    let bot = old_bot();
    let bridge = with_secret(&bot);
    let mut browser = Browser::signed_in(&bridge);
    let page = browser.get("/console/").body;
    assert!(page.contains(HEADER) && !page.contains("a-secret-of-the-skill"), "{page}");
    assert!(page.contains("https://YOUR-HOST/skill"), "{page}");
    let shown = browser.submit("/console/secret", &[("bot", "shop")]);
    assert_eq!((shown.status, shown.header("cache-control")), (200, Some("no-store")));
    assert!(shown.body.contains("a-secret-of-the-skill-&lt;script&gt;"), "{}", shown.body);
    assert!(!shown.body.contains("<script>alert"), "{}", shown.body);
    // Its links lead to pages, though it answers a form.
    assert!(shown.body.contains("href=\"/console/?lang=en\""), "{}", shown.body);
    assert_eq!(browser.get("/console/secret").status, 405);
    assert_eq!(browser.send("/console/secret", &[("bot", "shop")]).status, 403, "without the form token");
}

#[test]
fn a_check_of_a_configured_bot_is_shown_and_no_other_address_is_asked() {
    let elsewhere = old_bot();
    let bot = Bot::before(bot::home(&["<script>alert(3)</script>"]), |_| status(500, "<script>alert(4)</script>"));
    let bridge = Bridge::of(&bot, "");
    let mut browser = Browser::signed_in(&bridge);
    let url = elsewhere.url();
    assert_eq!(browser.submit("/console/check", &[("bot", "other"), ("url", &url)]).status, 404);
    assert_eq!(browser.submit("/console/check", &[("bot", &url)]).status, 404);
    let reply = browser.submit("/console/check", &[("bot", "shop"), ("url", &url), ("words", "<b>급식</b>")]);
    assert_eq!((reply.status, reply.header("location")), (303, Some("/console/?bot=shop#check")));
    let page = until("the report is shown", || {
        Some(browser.get("/console/?bot=shop").body).filter(|page| page.contains("점검 결과"))
    });
    assert!(page.contains("SB3") && page.contains("500"), "{page}");
    assert!(!page.contains("<script>alert") && !page.contains("<b>급식"), "{page}");
    assert!(!page.contains("http-equiv=\"refresh\""), "nothing is under way any more");
    assert_eq!(standing(&page, "봇 연결"), "good");
    assert!(elsewhere.calls().is_empty(), "a free address was asked");
}

#[test]
fn one_check_runs_at_a_time_and_the_page_loads_itself_meanwhile() {
    let hangs = Bot::before(hang(), |_| hang());
    let bridge = Bridge::of(&hangs, "");
    let mut browser = Browser::signed_in(&bridge);
    for _ in 0..2 {
        assert_eq!(browser.submit("/console/check", &[("bot", "shop")]).status, 303);
    }
    let page = browser.get("/console/").body;
    assert!(page.contains("점검하는 중입니다") && page.contains("http-equiv=\"refresh\""), "{page}");
    assert!(page.contains("disabled"), "{page}");
    until("it was asked once", || (hangs.calls().len() == 1).then_some(()));
    // The operators' thread goes on meanwhile.
    assert_eq!(bridge.look("/healthz").status, 200);
}

#[test]
fn the_last_error_of_a_bot_is_told_in_full() {
    let bot = Bot::before(bot::home(&["급식"]), |_| status(503, "<script>alert(5)</script>"));
    let program = Program::start(&["--bot", &bot.url()], &[("BRIDGE_ADMIN__TOKEN", TOKEN)]);
    let mut browser = Browser::new(program.admin);
    assert_eq!(browser.send("/console/sign-in", &[("token", TOKEN)]).status, 303);
    program.say(&Say::words("Qw7-eRt_9YzA", "급식"));
    let page = until("the error is told", || Some(browser.get("/console/").body).filter(|page| page.contains("503")));
    assert_eq!(standing(&page, "봇의 답변"), "bad");
    assert_eq!(standing(&page, "봇 연결"), "good");
    assert!(!page.contains("<script>alert"), "{page}");
}

#[test]
fn with_several_bots_each_has_its_own_list_and_its_own_address() {
    let (one, other) = (old_bot(), old_bot());
    let sections = format!("[bots.school]\nurl = \"{}\"\n[bots.shop]\nurl = \"{}\"\n", one.url(), other.url());
    let bridge = Bridge::start(&sections);
    let mut browser = Browser::signed_in(&bridge);
    let page = browser.get("/console/").body;
    assert!(page.contains("YOUR-HOST/bots/school/skill") && page.contains("?bot=shop"), "{page}");
    assert!(browser.get("/console/?bot=shop").body.contains("YOUR-HOST/bots/shop/skill"));
    assert!(browser.get("/console/?bot=%3Cscript%3E").body.contains("YOUR-HOST/bots/school/skill"));
}
