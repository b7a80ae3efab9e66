//! Users whom the bridge does not know, and a bot that is not at its best.

use crate::support::*;

/// A bot that has an error page for words it never got on the old platform.
fn strict() -> Bot {
    Bot::new(|asked| match &*asked.path {
        "/keyboard" => bot::home(&["급식", "시간표"]),
        "/message" if asked.content() == "급식" => buttons("현미밥", &["급식", "시간표"]),
        "/message" => status(500, "<h1>Internal Server Error</h1>"),
        _ => status(404, ""),
    })
}

#[test]
fn one_strangers_typing_does_not_take_the_bot_out_for_everyone() {
    let bot = strict();
    let bridge = Bridge::of(&bot, "");
    assert!(bridge.say(&Say::words(MINA, "아무 말")).text().contains("원하는 버튼을 선택하세요"));
    for round in 0..20 {
        let read = bridge.say(&Say::words(MINA, "아무 말"));
        assert_eq!(read.quick_replies(), ["급식", "시간표"], "round {round}");
    }
    let asked: Vec<_> = bot.calls().iter().filter(|call| call.path == "/message").map(|call| call.content()).collect();
    assert_eq!(asked, ["아무 말"], "forwarded once, then kept");
    assert_eq!(bridge.metric("bridge_backend_up{bot=\"shop\"}"), 1.0);
    assert_eq!(bridge.say(&Say::words(JUN, "급식")).text(), "현미밥");
}

#[test]
fn an_error_page_for_words_that_match_no_button_does_not_count_and_one_for_a_button_does() {
    let bot = strict();
    let bridge = Bridge::of(&bot, "free_text = \"forward\"\nbreaker = { failures = 3 }");
    bridge.say(&Say::words(MINA, "급식"));
    for _ in 0..10 {
        bridge.say(&Say::words(MINA, "아무 말"));
    }
    assert_eq!(bridge.metric("bridge_backend_up{bot=\"shop\"}"), 1.0);
    for _ in 0..3 {
        bridge.say(&Say::words(MINA, "시간표"));
    }
    assert_eq!(bridge.metric("bridge_backend_up{bot=\"shop\"}"), 0.0);
}

#[test]
fn words_that_match_no_button_count_when_the_bot_hangs_on_them() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => bot::home(&["급식"]),
        "/message" if asked.content() == "급식" => buttons("현미밥", &["급식"]),
        _ => hang(),
    });
    let own = "free_text = \"forward\"\ndeadline = \"100ms\"\nlate = \"200ms\"\nbreaker = { failures = 2 }\n[callback]\nafter = \"50ms\"";
    let bridge = Bridge::of(&bot, own);
    for words in ["급식", "아무 말"] {
        for user in [MINA, JUN] {
            bridge.say(&Say::words(user, words));
        }
    }
    eventually("the breaker opens", || bridge.metric("bridge_backend_up{bot=\"shop\"}") == 0.0);
}

#[test]
fn who_opens_the_room_while_the_bot_is_out_reads_so() {
    let bot = Bot::new(|_| hang_up());
    let bridge = Bridge::of(&bot, "breaker = { failures = 1 }");
    bridge.say(&Say::words(MINA, "안녕"));
    assert!(bridge.say(&Say::welcome(JUN)).text().contains("지금은 답변을 드릴 수 없습니다"));
}

#[test]
fn the_keyboard_that_counts_stays_beside_the_late_answer_while_a_path_hangs() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => bot::home(&["급식", "시간표"]),
        "/message" if asked.content() == "시간표" => hang(),
        _ => buttons("현미밥", &["급식", "시간표", "사진"]),
    });
    let bridge = Bridge::of(&bot, "deadline = \"200ms\"\nlate = \"2s\"\n[callback]\nafter = \"50ms\"");
    // At home, where the home keyboard counts.
    let wait = bridge.say(&Say::words(JUN, "시간표"));
    assert_eq!(wait.quick_replies(), ["답변 보기", "급식", "시간표"]);
    // Under a keyboard of a reply.
    let menu = bridge.say(&Say::words(MINA, "급식"));
    let wait = bridge.say(&Say::tap(MINA, &menu, "시간표"));
    assert!(wait.text().contains("답변을 준비하고 있습니다"), "{}", wait.body);
    assert_eq!(wait.quick_replies(), ["답변 보기", "급식", "시간표", "사진"]);
    // Tapped meanwhile: it cannot be sent in time, and nothing is taken from the screen.
    let resend = bridge.say(&Say::tap(MINA, &menu, "급식"));
    assert!(resend.text().contains("다시 보내 주세요"), "{}", resend.body);
    assert_eq!(resend.quick_replies(), ["답변 보기", "급식", "시간표", "사진"]);
}

#[test]
fn the_bubble_of_a_page_says_where_one_is() {
    let labels: Vec<String> = (1..=30).map(|number| format!("메뉴 {number}")).collect();
    let bot = Bot::new(move |asked| match &*asked.path {
        "/keyboard" => bot::home(&labels.iter().map(String::as_str).collect::<Vec<_>>()),
        _ => words("네"),
    });
    let bridge = Bridge::of(&bot, "");
    let mut page = bridge.say(&Say::welcome(MINA));
    for place in ["(2/4)", "(3/4)", "(4/4)"] {
        page = bridge.say(&Say::tap(MINA, &page, "다음 ▶"));
        assert!(page.text().ends_with(place), "{place} in {}", page.text());
    }
    let back = bridge.say(&Say::tap(MINA, &page, "◀ 이전"));
    assert!(back.text().ends_with("(3/4)"), "{}", back.text());
}

#[test]
fn k3_long_labels_keep_what_tells_them_apart_and_are_understood_as_shown() {
    let stops = ["청원고등학교_노원08_상계역방면", "청원고등학교_노원08_중계동방면"];
    let bot = Bot::new(move |asked| match &*asked.path {
        "/keyboard" => bot::home(&stops),
        _ => words(&format!("{}: 3분", asked.content())),
    });
    let bridge = Bridge::of(&bot, "");
    let home = bridge.say(&Say::welcome(MINA));
    assert_eq!(home.quick_replies(), ["청원고등학교_노…상계역방면", "청원고등학교_노…중계동방면"]);
    // Typed as it is shown, by hand.
    assert_eq!(bridge.say(&Say::words(MINA, "청원고등학교_노…중계동방면")).text(), format!("{}: 3분", stops[1]));
}

#[test]
fn k3_labels_that_no_cut_tells_apart_are_listed_whole_and_answered_by_number() {
    // They differ in one place only, and in more places than any short name holds.
    let labels: Vec<String> =
        (0..3).map(|place| format!("{}{}", "가".repeat(10), "나다".repeat(30 + 20 * place))).collect();
    let asked_for = labels.clone();
    let bot = Bot::new(move |asked| match &*asked.path {
        "/keyboard" => bot::home(&labels.iter().map(String::as_str).collect::<Vec<_>>()),
        _ => words(&format!("{} 글자", asked.content().chars().count())),
    });
    let bridge = Bridge::of(&bot, "");
    let home = bridge.say(&Say::welcome(MINA));
    let shown = home.quick_replies();
    assert!(shown.iter().enumerate().all(|(place, label)| label.starts_with(&format!("{}. ", place + 1))), "{shown:?}");
    assert!(asked_for.iter().all(|label| home.text().contains(label.as_str())), "{}", home.text());
    let third = format!("{} 글자", asked_for[2].chars().count());
    assert_eq!(bridge.say(&Say::words(MINA, "3")).text(), third);
    assert_eq!(bridge.say(&Say::tap(JUN, &home, &shown[2])).text(), third);
}

/// A chip of one page is not the chip of another, and says its own episode.
#[test]
fn k3_long_labels_differ_over_all_pages_of_a_keyboard() {
    let labels: Vec<String> = (1..=25).map(|number| format!("【KBS2】.연애의 발견.{number}회 다시 보기")).collect();
    let bot = Bot::new(move |asked| match &*asked.path {
        "/keyboard" => bot::home(&labels.iter().map(String::as_str).collect::<Vec<_>>()),
        _ => words(&asked.content()),
    });
    let bridge = Bridge::of(&bot, "");
    let mut page = bridge.say(&Say::welcome(MINA));
    let mut shown = std::collections::BTreeMap::new();
    loop {
        for chip in page.quick_replies().into_iter().filter(|chip| chip.contains("회 다시 보기")) {
            assert!(!shown.contains_key(&chip), "{chip} stands twice");
            let said = bridge.say(&Say::tap(JUN, &page, &chip)).text();
            shown.insert(chip, said);
        }
        if page.next_page().is_none() {
            break;
        }
        page = bridge.say(&Say::tap(MINA, &page, "다음 ▶"));
    }
    let said: std::collections::BTreeSet<_> = shown.values().collect();
    assert_eq!((shown.len(), said.len()), (25, 25), "{shown:#?}");
}
