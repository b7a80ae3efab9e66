//! Hand-over to a human (K5), quick replies by block (K3), and what another block's words mean (I5).

use serde_json::json;

use crate::support::*;

fn menu() -> Bot {
    Bot::new(|asked| match &*asked.path {
        "/keyboard" => bot::home(&["메뉴", "상담원 연결", "위치"]),
        _ if asked.content() == "메뉴" => buttons("무엇을 볼까요", &["급식", "날씨"]),
        _ => words("네"),
    })
}

#[test]
fn k5_the_operator_button_stands_beside_the_remaining_quick_replies_and_never_reaches_the_bot() {
    let bot = menu();
    let bridge = Bridge::of(&bot, "handover = { labels = [\"상담원 연결\"] }");
    let home = bridge.say(&Say::welcome(MINA));
    assert_eq!(home.quick_replies(), ["메뉴", "위치"]);
    let buttons = home.json()["template"]["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|o| o.pointer("/textCard/buttons").cloned());
    let buttons = buttons.unwrap();
    assert_eq!(buttons[0]["action"], json!("operator"));
    assert_eq!(buttons[0]["label"], json!("상담원 연결"));
    // Typed, or pressed on a phone that still shows an older bubble: the button again, the bot is not asked.
    for say in [
        Say::words(MINA, "상담원 연결"),
        Say::words(MINA, " 상담원 연결\n"),
        Say::words(MINA, "x").with("/action/clientExtra", json!({ "sb": { "v": 1, "w": "상담원 연결" } })),
    ] {
        let answer = bridge.say(&say);
        assert!(answer.body.contains("\"operator\""), "{}", answer.body);
        assert_eq!(answer.quick_replies(), ["메뉴", "위치"]);
    }
    assert!(bot.asked().is_empty());
    bridge.say(&Say::tap(MINA, &home, "메뉴"));
    // Under other buttons too: Kakao promises a human at any time.
    let answer = bridge.say(&Say::words(MINA, "상담원 연결"));
    assert!(answer.body.contains("\"operator\""), "{}", answer.body);
    assert_eq!(answer.quick_replies(), ["급식", "날씨"]);
    assert_eq!(bot.asked(), [format!("POST /message {MINA} text 메뉴")]);
}

#[test]
fn k5_the_documents_say_what_must_be_switched_on() {
    for (file, words) in
        [("docs/openbuilder.md", "switched on at Kakao"), ("docs/openbuilder.ko.md", "상담 기능을 켜야")]
    {
        let text = std::fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(text.contains("handover = { labels") && text.contains(words), "{file}");
    }
}

#[test]
fn k3_quick_replies_run_the_block_of_their_own_openbuilder_bot() {
    let bot = menu();
    let bridge = Bridge::of(
        &bot,
        "message_block = { \"64a1f0c27b3d9e5a10c4e8b2\" = \"block-of-b2\", \"64a1f0c27b3d9e5a10c4e8b3\" = \"block-of-b3\" }",
    );
    for (id, block) in [("64a1f0c27b3d9e5a10c4e8b2", "block-of-b2"), ("64a1f0c27b3d9e5a10c4e8b3!", "block-of-b3")] {
        let home = bridge.say(&Say::welcome(MINA).to(id));
        for label in home.quick_replies() {
            let quick = home.quick_reply(&label);
            assert_eq!(
                (&quick["action"], &quick["blockId"], &quick["messageText"]),
                (&json!("block"), &json!(block), &json!(label)),
                "{id}"
            );
        }
        // The block's own call carries what was pressed.
        bridge.say(&Say::tap(MINA, &home, "위치").to(id).block(block, "말하기 블록"));
    }
    let third = bridge.say(&Say::welcome(MINA).to("64a1f0c27b3d9e5a10c4e8b4"));
    assert_eq!(third.quick_reply("메뉴")["action"], "message");
    let place = format!("POST /message {MINA} text 위치");
    assert_eq!(bot.asked(), [place.clone(), place]);
}

#[test]
fn i5_words_after_another_block_are_not_bound_by_our_buttons() {
    for own in ["", "message_block = { \"64a1f0c27b3d9e5a10c4e8b2\" = \"64a1f0c27b3d9e5a10c4e8c1\" }"] {
        let bot = menu();
        let bridge = Bridge::of(&bot, own);
        let home = bridge.say(&Say::welcome(MINA));
        bridge.say(&Say::tap(MINA, &home, "메뉴"));
        // Our own block spoke last, by any of its names: bound.
        for ours in ["64a1f0c27b3d9e5a10c4e8b7", "64a1f0c27b3d9e5a10c4e8b5"] {
            assert_eq!(bridge.say(&Say::words(MINA, "아무 말").after(ours)).text(), "원하는 버튼을 선택하세요");
        }
        // Blocks of the console's tester are made up, and make nobody ours.
        bridge.say(&Say::words(JUN, "x").tester().block("xkqzjwvbnm", "블록 이름"));
        let asked = bot.asked().len();
        assert_eq!(bridge.say(&Say::words(MINA, "홍길동").after("xkqzjwvbnm")).text(), "네");
        assert_eq!(bot.asked().len(), asked + 1);
        bridge.say(&Say::words(MINA, "메뉴"));
        // A photo the other block asked for passes as well.
        bridge.say(&Say::photo(MINA, "https://talk.kakaocdn.net/a.jpg").after("64a1f0c27b3d9e5a10c4ffff"));
        assert_eq!(bot.asked().last().unwrap(), &format!("POST /message {MINA} photo https://talk.kakaocdn.net/a.jpg"));
    }
}
