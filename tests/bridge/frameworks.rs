//! Bots made with real frameworks of that time, behind the bridge: welcome, every button, free words, a photo.
//!
//! `SMARTCHAT_VENV` names a Python environment with tests/frameworks/requirements*.txt; without it the test says so
//! and passes, with `REQUIRE_ALL=1` it fails.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use smartchat_bridge::translate::view::Texts;

use crate::support::*;

const PHOTO: &str = "https://talk.kakaocdn.net/dna/aBcDe/F0gHi/oPqRs/i_0a1b2c3d4e5f.jpg?signature=x%3D";

/// A Python bot; killed when dropped.
struct PythonBot {
    child: Child,
    address: SocketAddr,
}

impl PythonBot {
    fn start(name: &str) -> Option<Self> {
        let Some(venv) = variable("SMARTCHAT_VENV") else {
            skip("SMARTCHAT_VENV names no Python environment for tests/frameworks");
            return None;
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frameworks").join(format!("{name}_bot.py"));
        let mut child = Command::new(Path::new(&venv).join("bin/python"))
            .arg(script)
            .arg("0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut bot = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut line = String::new();
        while !line.starts_with("PORT ") {
            line.clear();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "{name} did not start");
        }
        bot.address.set_port(line["PORT ".len()..].trim().parse().unwrap());
        // Read on, so that what it prints later never blocks it.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        until(name, || std::net::TcpStream::connect(bot.address).ok());
        Some(bot)
    }
}

impl Drop for PythonBot {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// A conversation through a bridge.
struct Talk {
    bridge: Bridge,
    caller: String,
    texts: Texts,
    _bot: PythonBot,
}

impl Talk {
    fn with(bot: &str) -> Option<Self> {
        let bot = PythonBot::start(bot)?;
        let bridge = Bridge::before(&format!("http://{}", bot.address), &[]);
        Some(Self { bridge, caller: newcomer(), texts: Texts::default(), _bot: bot })
    }

    #[track_caller]
    fn say(&self, say: &Say) -> Answer {
        self.bridge.say(say)
    }

    #[track_caller]
    fn enter(&self, labels: &[&str]) -> Answer {
        let home = self.say(&Say::welcome(&self.caller));
        same_labels(&home, labels);
        home
    }

    /// Presses a label of the answer before.
    #[track_caller]
    fn press(&self, before: &Answer, label: &str) -> Answer {
        let labels = before.labels();
        let found = labels.iter().find(|(own, _)| own == label);
        let (_, button) = found.unwrap_or_else(|| panic!("no {label:?} in {labels:?}"));
        self.say(&Say::press(&self.caller, button))
    }

    #[track_caller]
    fn type_words(&self, words: &str) -> Answer {
        self.say(&Say::words(&self.caller, words))
    }
}

#[track_caller]
fn same_labels(answer: &Answer, expected: &[&str]) {
    let labels: Vec<String> = answer.labels().into_iter().map(|(label, _)| label).collect();
    assert_eq!(labels, expected, "{}", answer.body);
}

#[track_caller]
fn says(answer: &Answer, words: &str) {
    assert!(answer.text().contains(words), "{words:?} is not in {}", answer.body);
}

#[test]
fn a_chatterbox_bot_keeps_its_states_buttons_photo_and_link() {
    const HOME: [&str; 4] = ["오늘의 급식", "자기소개", "학교 사진", "홈페이지"];
    const MEALS: [&str; 3] = ["중식", "석식", "처음으로"];
    let Some(talk) = Talk::with("chatterbox") else { return };
    let home = talk.enter(&HOME);

    let introduced = talk.press(&home, "자기소개");
    says(&introduced, "안녕하세요! 급식 알리미입니다.");
    same_labels(&introduced, &HOME);

    let photo = talk.press(&introduced, "학교 사진");
    says(&photo, "우리 학교입니다.");
    assert_eq!(photo.pictures(), ["http://school.example/%EC%A0%95%EB%AC%B8%20%EC%82%AC%EC%A7%84.png"]);

    let link = talk.press(&photo, "홈페이지");
    says(&link, "홈페이지에서 더 보실 수 있습니다.");
    assert_eq!(link.links(), [("학교 홈페이지".to_owned(), "https://school.example/".to_owned())]);

    for meal in ["중식", "석식"] {
        let meals = talk.press(&link, "오늘의 급식");
        same_labels(&meals, &MEALS);
        let menu = talk.press(&meals, meal);
        says(&menu, &format!("{meal}: 현미밥, 미역국, 제육볶음, 배추김치"));
        same_labels(&menu, &HOME);
    }
    let meals = talk.press(&link, "오늘의 급식");
    says(&talk.press(&meals, "처음으로"), "처음으로 돌아왔습니다.");

    // Typed as a phone does it: the label is found all the same; other words bring the buttons again.
    says(&talk.type_words("자기 소개"), "안녕하세요! 급식 알리미입니다.");
    let again = talk.type_words("아무 말");
    says(&again, &talk.texts.choose);
    same_labels(&again, &HOME);
}

#[test]
fn a_chatterbox_bot_that_fails_is_not_shown() {
    let Some(talk) = Talk::with("chatterbox") else { return };
    // Nobody knows this user: home first, then the words go on, and the library answers a 500 with a page.
    says(&talk.type_words("아무 말"), &talk.texts.home);
    let failed = talk.type_words("아무 말");
    says(&failed, &talk.texts.no_reply);
    assert!(!failed.text().contains("Internal"), "{}", failed.text());
    // A photo goes to the bot as a photo; the library takes its URL for words, and fails too.
    let caller = newcomer();
    says(&talk.say(&Say::photo(&caller, PHOTO)), &talk.texts.media_refused);
    says(&talk.say(&Say::photo(&caller, PHOTO)), &talk.texts.no_reply);
}

#[test]
fn a_kakaoplus_bot_gets_words_and_photos_and_answers_under_text_html() {
    const HOME: [&str; 3] = ["메뉴 보기", "영업 시간", "오시는 길"];
    let Some(talk) = Talk::with("kakaoplus") else { return };
    let home = talk.enter(&HOME);

    let menu = talk.press(&home, "메뉴 보기");
    says(&menu, "김치찌개 8,000원\n된장찌개 8,000원");
    same_labels(&menu, &["김치찌개", "된장찌개", "처음으로"]);
    for (place, (label, button)) in menu.labels().iter().enumerate() {
        let answer = talk.say(&Say::press(&talk.caller, button));
        assert!(!answer.text().contains(&*talk.texts.no_reply), "{place} {label}: {}", answer.text());
    }
    let hours = talk.press(&home, "영업 시간");
    assert!(!hours.text().contains(&*talk.texts.no_reply), "{}", hours.text());

    let way = talk.press(&home, "오시는 길");
    says(&way, "시청역 3번 출구에서 5분입니다.");
    assert_eq!(way.pictures(), ["https://shop.example/map.png"]);
    assert_eq!(way.links(), [("지도에서 보기".to_owned(), "https://shop.example/map".to_owned())]);

    // That reply had no keyboard: the user types, and sends a photo.
    says(&talk.type_words("예약 되나요?"), "다시 말씀해 주세요: 예약 되나요?");
    says(&talk.say(&Say::photo(&talk.caller, PHOTO)), &format!("사진을 받았습니다: {PHOTO}"));
}

#[test]
fn a_kakaobot_bot_echoes_what_it_hears() {
    const HOME: [&str; 3] = ["안녕하세요", "오늘 날씨", "도움말"];
    let Some(talk) = Talk::with("kakaobot") else { return };
    let home = talk.enter(&HOME);
    for label in HOME {
        let answer = talk.press(&home, label);
        assert!(!answer.text().contains(&*talk.texts.no_reply), "{label}: {}", answer.text());
    }
    let caller = newcomer();
    says(&talk.say(&Say::words(&caller, "아무 말")), &talk.texts.home);
    let echoed = talk.say(&Say::words(&caller, "아무 말"));
    assert!(!echoed.text().contains(&*talk.texts.no_reply), "{}", echoed.text());
    let photo = newcomer();
    says(&talk.say(&Say::photo(&photo, PHOTO)), &talk.texts.media_refused);
    talk.say(&Say::photo(&photo, PHOTO));
}
