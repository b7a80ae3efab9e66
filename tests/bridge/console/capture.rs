//! Capture, pairing and dry replay (C5), as an owner meets them: KakaoTalk in one hand, the console in the other.

use super::*;

const TOKEN: &str = "t0ken-of-mina-1234";

/// A bot that repeats everything that it must not.
fn echo() -> Bot {
    Bot::before(text(), |asked| words(&format!("{} {}", asked.content(), asked.user_key())))
}

fn mina(words: &str) -> Say {
    let url = format!("https://bot-api.kakao.com/v1/bots/{}/callback/{TOKEN}", say::BOT_ID);
    let mut say = Say::words(MINA, words);
    say.call["userRequest"]["callbackUrl"] = url.into();
    say
}

/// Pages, files and logs that could tell of users.
fn everything(bridge: &Bridge, browser: &mut Browser) -> String {
    let pages = ["/console/", "/console/talk", "/console/talk/file", "/console/capture", "/console/turns"];
    let mut all: String = pages.iter().map(|page| browser.get(page).body).collect();
    for page in ["/turns", "/metrics", "/readyz", "/"] {
        all.push_str(&bridge.look(page).body);
    }
    all
}

/// The pages of all turns that are kept.
fn turns(browser: &mut Browser) -> Vec<(String, String)> {
    let page = browser.get("/console/capture?bot=default").body;
    let paths = page.split("href=\"").skip(1).filter_map(|link| link.split('"').next());
    let paths: Vec<_> =
        paths.filter(|path| path.contains("/capture/turn")).map(|path| path.replace("&amp;", "&")).collect();
    paths.into_iter().map(|path| (path.clone(), browser.get(&path).body)).collect()
}

fn act(browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
    browser.submit("/console/capture", &[fields, &[("bot", "default")]].concat())
}

/// The code that the page shows.
fn code(page: &str) -> String {
    let behind = page.split_once("<code id=\"code\">").unwrap_or_else(|| panic!("{page}")).1;
    behind.split('<').next().unwrap().to_owned()
}

#[test]
fn an_owner_pairs_with_a_code_that_the_bot_never_sees_and_finds_their_own_turns_only() {
    let bot = echo();
    let bridge = Bridge::before(&bot.url(), &[]);
    let mut browser = Browser::signed_in(&bridge);
    bridge.say(&mina("기록 전의 말"));
    act(&mut browser, &[("do", "pair")]);
    let code = code(&browser.get("/console/capture").body);
    let paired = bridge.say(&Say::words(MINA, &format!("{}\n", code.to_lowercase())));
    assert!(paired.text().contains("확인되었습니다"), "{}", paired.body);
    assert_eq!(bot.contents(), ["기록 전의 말"]);
    assert!(browser.get("/console/").body.contains("실제 사용자의 대화를 남기고 있습니다"));

    bridge.say(&mina("내가 한 말"));
    bridge.say(&Say::words(JUN, "남이 한 말"));
    bridge.say(&Say::words(JUN, &code));
    assert_eq!(bot.contents().last().unwrap(), &code, "a code is good once");
    let turns = turns(&mut browser);
    assert_eq!(turns.len(), 1);
    let turn = &turns[0].1;
    assert!(turn.contains("내가 한 말") && turn.contains("************"), "{turn}");
    for hidden in [MINA, TOKEN, "7d3b1f0a5c9e2468", "기록 전의 말", "남이 한 말", JUN] {
        assert!(!turn.contains(hidden), "{hidden}: {turn}");
    }
}

#[test]
fn nothing_of_a_user_is_told_before_capture_and_after_it_was_erased() {
    logs::capture();
    let bot = echo();
    let bridge = Bridge::before(&bot.url(), &[]);
    let mut browser = Browser::signed_in(&bridge);
    let photo = "https://talk.kakaocdn.net/dna/secret-photo.jpg";
    let talks = |word: &str| {
        bridge.say(&mina(word));
        bridge.say(&Say::photo(MINA, photo));
    };
    let secrets = [MINA, TOKEN, "secret-photo", "몰래 한 말", "보인 말", "나중 말"];
    let holds_none = |all: &str| secrets.iter().for_each(|secret| assert!(!all.contains(secret), "{secret}: {all}"));
    talks("몰래 한 말");
    holds_none(&everything(&bridge, &mut browser));
    act(&mut browser, &[("do", "everybody"), ("yes", "1")]);
    talks("보인 말");
    let shown: String = turns(&mut browser).into_iter().map(|(_, page)| page).collect();
    assert!(shown.contains("보인 말") && shown.contains("secret-photo"), "{shown}");
    assert!(!shown.contains(MINA) && !shown.contains(TOKEN) && !shown.contains("몰래 한 말"));
    holds_none(&everything(&bridge, &mut browser));
    let last = turns(&mut browser).pop().unwrap().0;
    act(&mut browser, &[("do", "stop")]);
    talks("나중 말");
    assert_eq!(turns(&mut browser).len(), 2, "what was captured stays for a while, and no more comes");
    act(&mut browser, &[("do", "erase")]);
    assert!(turns(&mut browser).is_empty());
    let gone = browser.get(&last);
    assert_eq!(gone.status, 404);
    holds_none(&gone.body);
    holds_none(&everything(&bridge, &mut browser));
    let log = logs::lines();
    assert!(log.contains("capture is on") && log.contains("capture is off") && log.contains("erased"), "{log}");
    for secret in ["몰래 한 말", "보인 말", "나중 말", TOKEN] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn a_whole_bot_wants_a_second_yes() {
    let bot = echo();
    let bridge = Bridge::before(&bot.url(), &[]);
    let mut browser = Browser::signed_in(&bridge);
    assert_eq!(act(&mut browser, &[("do", "everybody")]).status, 400);
    bridge.say(&mina("아직 아님"));
    assert!(turns(&mut browser).is_empty());
    assert_eq!(act(&mut browser, &[("do", "everybody"), ("yes", "1")]).status, 303);
    bridge.say(&mina("하나"));
    bridge.say(&Say::words(JUN, "둘"));
    assert_eq!(turns(&mut browser).len(), 2);
}

#[test]
fn headers_are_never_kept() {
    let bot = echo();
    let bridge = Bridge::before(&bot.url(), &[("bots.default.headers", "{ \"x-to-bot\" = \"operators-secret\" }")]);
    let mut browser = Browser::signed_in(&bridge);
    act(&mut browser, &[("do", "everybody"), ("yes", "1")]);
    let headers = [("X-Request-Id", "callers-own-id"), ("X-Skill-Secret", "skill-secret")];
    assert_eq!(bridge.post("/skill", &headers, mina("안녕").body()).status, 200);
    let turn = turns(&mut browser).pop().unwrap().1;
    for hidden in ["callers-own-id", "skill-secret", "operators-secret"] {
        assert!(!turn.contains(hidden), "{hidden}: {turn}");
    }
}

#[test]
fn a_reply_is_translated_again_with_the_configuration_of_now_and_the_bot_is_not_asked() {
    let bot = Bot::before(text(), |_| buttons("급식", &["상담원", "내일"]));
    let file = |own: &str| bridge::shop(&bot, own);
    let bridge = Bridge::start(&file(""));
    let mut browser = Browser::signed_in(&bridge);
    browser.submit("/console/capture", &[("bot", "shop"), ("do", "everybody"), ("yes", "1")]);
    bridge.say(&Say::words(MINA, "안녕"));
    let page = browser.get("/console/capture?bot=shop").body;
    let path = page.split("href=\"").find(|link| link.starts_with("/console/capture/turn")).unwrap();
    let path = path.split('"').next().unwrap().replace("&amp;", "&");
    let again = browser.get(&format!("{path}&again=1")).body;
    assert!(again.contains("지금 설정으로도 답변이 같습니다"), "{again}");
    bridge.reload(&file("handover.labels = [\"상담원\"]"));
    let again = browser.get(&format!("{path}&again=1")).body;
    assert!(again.contains("지금 설정으로는 답변이 달라집니다") && again.contains("<ins>"), "{again}");
    assert_eq!(bot.contents(), ["안녕"]);
}

/// The real program, for the thread that keeps the list of turns is one of a process.
#[test]
fn a_user_is_chosen_from_a_row_of_the_list_and_their_later_turns_show_their_messages() {
    const OPERATOR: &str = "0123456789abcdef-operator";
    let bot = echo();
    let bridge = Program::start(&["--bot", &bot.url()], &[("BRIDGE_ADMIN__TOKEN", OPERATOR)]);
    let mut browser = Browser::new(bridge.admin);
    assert_eq!(browser.send("/console/sign-in", &[("token", OPERATOR)]).status, 303);
    let listed = |browser: &mut Browser, count: usize| {
        let page = |browser: &mut Browser| browser.get("/console/turns").body;
        until("the turns are listed", || {
            Some(page(browser)).filter(|page| page.matches("<li class=\"turn").count() == count)
        })
    };
    bridge.say(&Say::words(JUN, "남이 한 말"));
    bridge.say(&Say::words(MINA, "기록 전의 말"));
    let page = listed(&mut browser, 2);
    let newest = page.split_once("name=\"turn\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    assert_eq!(act(&mut browser, &[("do", "user"), ("turn", "999")]).status, 404);
    assert_eq!(act(&mut browser, &[("do", "user"), ("turn", &newest)]).status, 303);
    bridge.say(&Say::words(JUN, "남의 말"));
    bridge.say(&Say::words(MINA, "내가 한 말"));
    let page = listed(&mut browser, 4);
    assert_eq!(page.matches("/console/capture/turn").count(), 1, "{page}");
    assert!(!page.contains("내가 한 말") && !page.contains(MINA));
    let turns = turns(&mut browser);
    assert!(turns.len() == 1 && turns[0].1.contains("내가 한 말") && !turns[0].1.contains(MINA), "{turns:?}");
}
