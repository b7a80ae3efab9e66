//! Photos, films and recordings from the user (I4).

use std::net::TcpListener;

use serde_json::json;

use crate::support::*;

const JPG: &str = "https://talk.kakaocdn.net/dna/aB/img.jpg?credential=x&expires=1";

fn contents(bot: &Bot) -> Vec<String> {
    bot.asked()
        .into_iter()
        .filter_map(|line| line.strip_prefix("POST /message Qw7-eRt_9YzA ").map(str::to_owned))
        .collect()
}

#[test]
fn i4_media_reach_the_bot_under_the_names_of_the_old_platform() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "");
    let mp4 = "https://talk.kakaocdn.net/dna/v.mp4";
    let m4a = "https://talk.kakaocdn.net/dna/a.m4a";
    let old = "http://dn-m.talk.kakao.com/talkm/a/b/i_c.png";
    bridge.say(&Say::photo(MINA, JPG));
    bridge.say(&Say::words(MINA, mp4).media("video", mp4));
    bridge.say(&Say::words(MINA, m4a).media("audio", m4a));
    // 2019: the bare URL as words, and nothing else.
    bridge.say(&Say::words(MINA, old));
    // A kind that nobody has seen goes as the words it came with.
    bridge.say(
        &Say::words(MINA, "https://talk.kakaocdn.net/dna/f.hwp")
            .media("file", "https://talk.kakaocdn.net/dna/f.hwp")
            .with("/userRequest/utterance", "파일을 보냈습니다"),
    );
    let expected = [
        format!("photo {JPG}"),
        format!("video {mp4}"),
        format!("audio {m4a}"),
        format!("photo {old}"),
        "text 파일을 보냈습니다".to_owned(),
    ];
    assert_eq!(contents(&bot), expected);
}

#[test]
fn i4_the_hosts_of_bare_urls_are_configurable() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::start(&format!("media_hosts = [\"media.example.kr\"]\n{}", bridge::shop(&bot, "")));
    bridge.say(&Say::words(MINA, "https://media.example.kr/a.jpg"));
    bridge.say(&Say::words(MINA, JPG));
    bridge.say(&Say::words(MINA, "https://media.example.kr/a.jpg 예쁘죠"));
    let expected = [
        "photo https://media.example.kr/a.jpg".to_owned(),
        format!("text {JPG}"),
        "text https://media.example.kr/a.jpg 예쁘죠".to_owned(),
    ];
    assert_eq!(contents(&bot), expected);
}

fn secure(urls: &str) -> String {
    let held = json!({ "privacyAgreement": "Y", "imageQuantity": "1", "secureUrls": urls, "expire": "2026-12-15T11:56:40+0000" });
    held.to_string()
}

#[test]
fn i4_secure_images_come_one_by_one_and_their_replies_together() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "");
    let url = |number: u32| format!("https://secure.kakaocdn.net/dna/{number}/img_org.jpg?credential=a,b&signature=c");
    let one = bridge.say(&Say::words(MINA, "사진 보내기").param("secureimage", secure(&format!("List({})", url(0)))));
    assert!(one.text().contains(&url(0)), "{}", one.body);
    let two = bridge
        .say(&Say::words(MINA, "사진 보내기").param("productImg", secure(&format!("List({}, {})", url(1), url(2)))));
    assert!(two.text().contains(&url(1)) && two.text().contains(&url(2)), "{}", two.body);
    assert_eq!(contents(&bot), (0..3).map(|n| format!("photo {}", url(n))).collect::<Vec<_>>());
}

#[test]
fn i4_a_thousand_secure_images_are_ten_and_nested_lists_are_words() {
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "");
    let all: Vec<_> = (0..1000).map(|n| format!("https://secure.kakaocdn.net/{n}.jpg")).collect();
    let answer =
        bridge.say(&Say::words(MINA, "사진").param("secureimage", secure(&format!("List({})", all.join(",")))));
    assert_eq!(contents(&bot).len(), 10);
    assert!(answer.body.len() < 64 * 1024);
    assert_eq!(bridge.metric("bridge_degradations_total{bot=\"shop\",code=\"media.dropped\"}"), 1.0);
    for nested in
        ["List(List(https://secure.kakaocdn.net/a.jpg))", "List((((https://a.kr/b))))", "List(", "List()", ")List("]
    {
        bridge.say(&Say::words(MINA, "이것 봐").param("secureimage", secure(nested)));
        assert_eq!(contents(&bot).last().unwrap(), "text 이것 봐", "{nested}");
    }
}

#[test]
fn i5_a_photo_of_a_user_nobody_knows_is_refused_once_and_then_forwarded() {
    let bot = Bot::new(|asked| match &*asked.path {
        "/keyboard" => bot::home(&["메뉴", "사진 보내기"]),
        _ => words("받았습니다"),
    });
    let bridge = Bridge::of(&bot, "");
    // After a restart the user may be in the middle of sending one: the second try is believed, as with words.
    let refused = bridge.say(&Say::photo(MINA, JPG));
    assert_eq!(refused.quick_replies(), ["메뉴", "사진 보내기"]);
    assert_eq!(bridge.say(&Say::photo(MINA, JPG)).text(), "받았습니다");
    assert_eq!(contents(&bot), [format!("photo {JPG}")]);
}

#[test]
fn i4_a_photo_under_buttons_is_not_forwarded_and_the_buttons_are_shown_again() {
    for own in ["", "free_text = \"forward\""] {
        let bot = Bot::new(|asked| match &*asked.path {
            "/keyboard" => bot::home(&["메뉴", "사진 보내기"]),
            _ if asked.content() == "사진 보내기" => words("사진을 보내 주세요"),
            _ => buttons("무엇을 볼까요", &["급식", "날씨"]),
        });
        let bridge = Bridge::of(&bot, own);
        // At home, and after a reply with buttons; as often as it is tried.
        bridge.say(&Say::welcome(MINA));
        for _ in 0..2 {
            let refused = bridge.say(&Say::photo(MINA, JPG));
            assert_eq!(refused.text(), "지금은 사진이나 동영상을 받을 수 없습니다. 원하는 버튼을 선택하세요");
            assert_eq!(refused.quick_replies(), ["메뉴", "사진 보내기"]);
        }
        bridge.say(&Say::words(MINA, "메뉴"));
        let refused = bridge.say(&Say::photo(MINA, JPG));
        assert_eq!(refused.quick_replies(), ["급식", "날씨"]);
        assert_eq!(contents(&bot), ["text 메뉴"], "{own}");
        // Under free typing it passes.
        let answer = bridge.say(&Say::welcome(MINA));
        bridge.say(&Say::tap(MINA, &answer, "사진 보내기"));
        bridge.say(&Say::photo(MINA, JPG));
        assert_eq!(contents(&bot), ["text 메뉴", "text 사진 보내기", &format!("photo {JPG}")], "{own}");
    }
}

#[test]
fn i4_a_forged_photo_is_words_and_nothing_is_ever_fetched() {
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = trap.local_addr().unwrap().port();
    let bot = Bot::echo("봇");
    let bridge = Bridge::of(&bot, "");
    let forged = [
        format!("http://127.0.0.1:{port}/x.jpg"),
        format!("http://localhost:{port}/x.jpg"),
        format!("http://localhost.:{port}/x.jpg"),
        format!("http://[::ffff:127.0.0.1]:{port}/x.jpg"),
        format!("http://user:pass@talk.kakaocdn.net:{port}/x.jpg"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
        "javascript:alert(1)".to_owned(),
    ];
    for url in &forged {
        bridge.say(&Say::photo(MINA, url));
        bridge.say(&Say::words(MINA, "사진").param("secureimage", secure(&format!("List({url})"))));
    }
    bridge.say(&Say::photo(MINA, &format!("https://talk.kakaocdn.net:{port}/ok.jpg")));
    let mut expected: Vec<_> = forged.iter().flat_map(|url| [format!("text {url}"), "text 사진".to_owned()]).collect();
    expected.push(format!("photo https://talk.kakaocdn.net:{port}/ok.jpg"));
    assert_eq!(contents(&bot), expected);
    trap.set_nonblocking(true).unwrap();
    assert_eq!(trap.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}
