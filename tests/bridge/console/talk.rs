//! *대화*: the simulator (C4), as a browser meets it.

use super::*;

/// What an answer's page offers to press: value by label.
fn presses(page: &str) -> BTreeMap<String, String> {
    let buttons = page.split("name=\"press\" value=\"").skip(1).filter_map(|button| {
        let (value, rest) = button.split_once("\">")?;
        Some((rest.split('<').next()?.to_owned(), value.to_owned()))
    });
    buttons.collect()
}

struct Talk {
    browser: Browser,
    bot: &'static str,
}

impl Talk {
    fn at(bridge: &Bridge) -> Self {
        Self { browser: Browser::signed_in(bridge), bot: "default" }
    }

    fn page(&mut self) -> String {
        let page = self.browser.get(&format!("/console/talk?bot={}", self.bot));
        assert_eq!(page.status, 200, "{}", page.body);
        page.body
    }

    /// Does one thing, and gives the page that the browser comes back to.
    #[track_caller]
    fn does(&mut self, fields: &[(&str, &str)]) -> String {
        let done = self.browser.submit("/console/talk", &[fields, &[("bot", self.bot)]].concat());
        let back = done.header("location").unwrap_or_else(|| panic!("{} {}", done.status, done.body));
        assert_eq!((done.status, back), (303, format!("/console/talk?bot={}", self.bot).as_str()));
        self.page()
    }

    #[track_caller]
    fn says(&mut self, words: &str) -> String {
        self.does(&[("do", "say"), ("words", words)])
    }

    #[track_caller]
    fn presses(&mut self, label: &str) -> String {
        let page = self.page();
        let press = presses(&page).remove(label).unwrap_or_else(|| panic!("no {label} in {page}"));
        self.does(&[("press", &press)])
    }
}

#[test]
fn a_conversation_is_held_with_buttons_and_shows_the_four_messages_of_each_turn() {
    let bot = old_bot();
    let bridge = Bridge::before(&bot.url(), &[]);
    let mut talk = Talk::at(&bridge);
    assert!(talk.page().contains("봇이 실제로 동작합니다"));
    let home = talk.does(&[("do", "enter")]);
    assert_eq!(presses(&home).keys().collect::<Vec<_>>(), ["급식", "시간표"]);
    assert!(bot.contents().is_empty(), "the home keyboard is no message");
    let answered = talk.presses("급식");
    assert_eq!(bot.contents(), ["급식"]);
    assert!(answered.contains("<li class=\"said\">급식</li>") && answered.contains("<p class=\"bubble\">급식</p>"));
    assert!(answered.contains("/message") && answered.contains("&quot;content&quot;: &quot;급식&quot;"), "{answered}");
    let reprompted = talk.says("버튼에 없는 말");
    assert_eq!(bot.contents(), ["급식"], "the rules of real users hold");
    assert!(reprompted.contains("원하는 버튼을 선택하세요"));
    let asked = bot.messages();
    assert!(!answered.contains(&asked[0].user_key()), "even its own key is masked");
}

#[test]
fn ten_failing_taps_change_nothing_for_real_users() {
    logs::capture();
    let bot = Bot::before(bot::home(&["급식"]), |asked| match asked.content().as_str() {
        "급식" => buttons("밥", &["급식"]),
        _ => hang_up(),
    });
    let bridge = Bridge::before(&bot.url(), &[("bots.default.free_text", "forward")]);
    bridge.say(&Say::words(MINA, "급식"));
    let before = (bridge.detail("default"), bridge.metrics());
    let mut talk = Talk::at(&bridge);
    for _ in 0..12 {
        assert!(talk.says("실패").contains("쓸 수 있는 답을 받지 못했습니다"));
    }
    let counted = |page: &str| {
        let lines = page.lines().filter(|line| line.starts_with("bridge_turn") || line.contains("breaker"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(bridge.detail("default"), before.0);
    assert_eq!(counted(&bridge.metrics()), counted(&before.1));
    assert!(!logs::lines().contains("simulator-"), "no log line of a turn is a simulated one's");
    assert_eq!(bridge.say(&Say::words(MINA, "급식")).text(), "밥");
}

#[test]
fn late_answers_callbacks_pages_and_rests_are_met_as_a_user_meets_them() {
    let labels: Vec<String> = (1..=25).map(|number| format!("버튼 {number}")).collect();
    let bot = Bot::before(text(), move |asked| match asked.content().as_str() {
        "느린 말" => words("늦은 답").after(ms(900)),
        "많은 버튼" => buttons(&"가나다라 ".repeat(900), &labels.iter().map(String::as_str).collect::<Vec<_>>()),
        said => words(said),
    });
    let keys = [("bots.default.deadline", "400ms"), ("bots.default.late", "3s"), ("callback.after", "200ms")];
    let bridge = Bridge::before(&bot.url(), &keys);
    let mut talk = Talk::at(&bridge);
    let waits = talk.says("느린 말");
    assert!(waits.contains("답변을 준비하고 있습니다") && waits.contains("http-equiv=\"refresh\""), "{waits}");
    eventually("the bot has answered", || !talk.page().contains("http-equiv=\"refresh\""));
    assert!(talk.presses("답변 보기").contains("<p class=\"bubble\">늦은 답</p>"));

    let promised = talk.does(&[("do", "say"), ("words", "느린 말"), ("callback", "1")]);
    assert!(promised.contains("콜백으로 답하기로 했습니다"), "{promised}");
    eventually("the callback has come", || talk.page().contains("콜백으로 온 답변"));
    assert!(talk.page().contains("name=\"callback\" value=\"1\" checked"), "a switch stays as it was set");

    talk.says("많은 버튼");
    assert!(talk.presses("이어서 보기").contains("긴 답의 나머지"));
    assert!(talk.presses("다음 ▶").contains("(2/3)"));
}

#[test]
fn a_tester_a_room_a_photo_and_a_block_are_as_in_real_calls() {
    let bot = Bot::before(bot::home(&["급식"]), |asked| match asked.content().as_str() {
        "안녕" => buttons("안녕", &["하나", "둘"]),
        said => words(said),
    });
    let bridge = Bridge::before(&bot.url(), &[("bots.default.free_text", "forward")]);
    let mut talk = Talk::at(&bridge);
    assert!(talk.does(&[("do", "say"), ("words", "안녕"), ("room", "1")]).contains("2. 둘"));
    talk.does(&[("do", "say"), ("words", "시험"), ("tester", "1")]);
    talk.says("말");
    talk.does(&[("do", "photo"), ("photo", "https://talk.kakaocdn.net/a/b.jpg")]);
    let keys: Vec<_> = bot.messages().iter().map(|asked| asked.user_key()).collect();
    assert_eq!(bot.contents(), ["안녕", "시험", "말", "https://talk.kakaocdn.net/a/b.jpg"]);
    assert!(bot.messages()[3].line().contains(" photo "));
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2], "three keys, as in real calls (I1)");
    let home = talk.does(&[("do", "say"), ("words", "아무 말"), ("block", "웰컴 블록")]);
    assert!(presses(&home).contains_key("급식") && bot.contents().len() == 4, "a welcome block is home (I2)");
    talk.does(&[("do", "leave")]);
    assert!(bot.wait_for(5).iter().any(|line| line.starts_with("DELETE /chat_room/")), "{:?}", bot.asked());
}

#[test]
fn a_conversation_is_saved_as_a_test_and_somebody_new_begins_another() {
    let bot = old_bot();
    let bridge = Bridge::before(&bot.url(), &[]);
    let mut talk = Talk::at(&bridge);
    talk.does(&[("do", "enter")]);
    talk.presses("급식");
    let file = talk.browser.get("/console/talk/file?bot=default");
    assert!(file.header("content-disposition").is_some_and(|how| how.starts_with("attachment")));
    assert!(file.body.contains("enter = true") && file.body.contains("tap = \"급식\""), "{}", file.body);
    let done = talk.browser.submit("/console/talk", &[("bot", "default"), ("do", "again")]);
    assert_eq!(done.header("location"), Some("/console/talk?bot=default"));
    assert!(talk.page().contains("채팅방에 들어가거나"));
    talk.does(&[("do", "enter")]);
    talk.presses("급식");
    let keys: Vec<_> = bot.messages().iter().map(|asked| asked.user_key()).collect();
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn a_conversation_is_its_operators_own_and_ends_with_the_sign_in() {
    let bot = old_bot();
    let bridge = Bridge::before(&bot.url(), &[("bots.default.free_text", "forward")]);
    let mut first = Talk::at(&bridge);
    assert!(first.says("첫째의 말").contains("첫째의 말"));
    assert!(!Talk::at(&bridge).page().contains("첫째의 말"));
    let mut stranger = Browser::new(bridge.admin);
    for path in ["/console/talk", "/console/talk/file", "/console/capture", "/console/capture/turn?turn=1"] {
        assert_eq!(stranger.get(path).header("location"), Some("/console/sign-in"), "{path}");
    }
    for path in ["/console/talk", "/console/capture"] {
        assert_eq!(stranger.send(path, &[("bot", "default"), ("do", "everybody"), ("yes", "1")]).status, 403);
    }
}

#[test]
fn nothing_that_a_bot_or_an_operator_writes_becomes_markup() {
    const HOSTILE: &str = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>";
    let bot = Bot::before(text(), |_| {
        let link = serde_json::json!({"label": HOSTILE, "url": "javascript:alert(1)"});
        let photo = serde_json::json!({"url": format!("https://a.example/{HOSTILE}"), "width": 640, "height": 320});
        reply(serde_json::json!({
            "message": {"text": HOSTILE, "message_button": link, "photo": photo},
            "keyboard": {"type": "buttons", "buttons": [HOSTILE]},
        }))
    });
    let bridge = Bridge::before(&bot.url(), &[]);
    let mut talk = Talk::at(&bridge);
    let page = talk.does(&[("do", "say"), ("words", HOSTILE), ("block", HOSTILE), ("last_block", HOSTILE)]);
    assert!(page.contains("&lt;script&gt;alert"), "{page}");
    assert!(
        !page.contains("<script>alert") && !page.contains("<img") && !page.contains("href=\"javascript:"),
        "{page}"
    );
    assert!(!page.contains("\"><img"), "{page}");
    let nobody = talk.browser.get(&format!("/console/talk?bot={}", "%3Cscript%3E"));
    assert!(nobody.status == 404 && !nobody.body.contains("<script>alert"), "{}", nobody.body);
}

#[test]
fn a_press_that_is_not_there_and_words_without_end_are_refused() {
    let bot = old_bot();
    let bridge = Bridge::before(&bot.url(), &[]);
    let mut talk = Talk::at(&bridge);
    talk.does(&[("do", "enter")]);
    for press in ["1.99", "99.0", "x", "1.", "-1.0"] {
        let refused = talk.browser.submit("/console/talk", &[("bot", "default"), ("press", press)]);
        assert_eq!(refused.status, 409, "{press}");
    }
    let long = "a".repeat(20_000);
    let refused = talk.browser.submit("/console/talk", &[("bot", "default"), ("do", "say"), ("words", &long)]);
    assert_eq!(refused.status, 413);
    assert!(bot.contents().is_empty());
}
