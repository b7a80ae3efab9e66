//! One user's whole time with a channel: the bot is asked what the old platform would have asked, in its order.

use crate::support::*;

#[test]
fn from_the_first_to_the_last_call_the_bot_sees_the_old_platform() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => bot::home(&["주문", "상담원 연결"]),
        "/message" if asked.content() == "주문" => {
            buttons("무엇을 드릴까요", &["케이크", "사진으로 주문", "상담원 연결"])
        }
        "/message" if asked.content() == "사진으로 주문" => words("사진을 보내 주세요"),
        "/message" => buttons("주문을 받았습니다", &["처음으로", "상담원 연결"]),
        _ => status(200, "ok"),
    });
    let own = "channel_key = \"kakao-admin-key-of-shop\"\nhandover = { labels = [\"상담원 연결\"] }";
    let bridge = Bridge::of(&bot, own);
    let photo = "https://talk.kakaocdn.net/dna/cake.jpg?expires=1";

    // The channel is added; nobody knows yet who that is.
    bridge.tell(&added("31415"));
    // The user enters.
    let home = bridge.say(&Say::welcome(MINA).app_user("31415"));
    assert_eq!(home.quick_replies(), ["주문"]);
    assert!(home.body.contains("\"operator\""));
    // Buttons, and a photo too early.
    let menu = bridge.say(&Say::tap(MINA, &home, "주문").app_user("31415"));
    assert_eq!(menu.quick_replies(), ["케이크", "사진으로 주문"]);
    let refused = bridge.say(&Say::photo(MINA, photo).app_user("31415"));
    assert_eq!(refused.quick_replies(), ["케이크", "사진으로 주문"]);
    bridge.say(&Say::tap(MINA, &menu, "사진으로 주문").app_user("31415"));
    let taken = bridge.say(&Say::photo(MINA, photo).app_user("31415"));
    assert_eq!(taken.quick_replies(), ["처음으로"]);
    // A human is called: the bot hears nothing of it.
    assert!(bridge.say(&Say::words(MINA, "상담원 연결").app_user("31415")).body.contains("\"operator\""));
    // The end block, and the channel blocked.
    bridge.post("/leave", &[], Say::words(MINA, "끝").app_user("31415"));
    bridge.tell(&blocked("31415"));

    let expected = [
        format!("POST /friend {MINA}"),
        "GET /keyboard".to_owned(),
        format!("POST /message {MINA} text 주문"),
        format!("POST /message {MINA} text 사진으로 주문"),
        format!("POST /message {MINA} photo {photo}"),
        format!("DELETE /chat_room/{MINA}"),
        format!("DELETE /friend/{MINA}"),
    ];
    bot.wait_for(6);
    let all: Vec<_> = bot.calls().iter().map(|call| call.line()).collect();
    assert_eq!(all, expected);
    assert_eq!(bot.met(), 0);
}
