//! The words of the demo's old bot: a snack bar, with one button for everything a bridge has to be good at.

use std::collections::HashSet;

use serde_json::{Value, json};

const TODAY: &str = "오늘의 메뉴";
const ALL: &str = "전체 메뉴 30가지";
const PHOTO: &str = "가게 사진";
const WAY: &str = "찾아오는 길";
const ORDER: &str = "주문 남기기";
/// The button whose answer takes longer than OpenBuilder waits.
pub(super) const SLOW: &str = "천천히 답하기 (8초)";
const BROKEN: &str = "고장 난 답 보기";
const LONG: &str = "단체 주문과 포장 시간이 궁금해요";
/// Typed, not a button: an error page, as many bots of that time had for what they did not expect.
const FAULT: &str = "고장";
const BACK: &str = "처음으로";

const HOME: [&str; 8] = [TODAY, ALL, PHOTO, WAY, ORDER, SLOW, BROKEN, LONG];

const DISHES: [&str; 30] = [
    "떡볶이",
    "로제떡볶이",
    "짜장떡볶이",
    "치즈떡볶이",
    "순대",
    "순대볶음",
    "모둠튀김",
    "김말이",
    "오징어튀김",
    "고구마튀김",
    "어묵탕",
    "꼬치어묵",
    "라면",
    "치즈라면",
    "떡라면",
    "쫄면",
    "비빔국수",
    "잔치국수",
    "칼국수",
    "김밥",
    "참치김밥",
    "치즈김밥",
    "멸치김밥",
    "주먹밥",
    "오므라이스",
    "김치볶음밥",
    "돈가스",
    "치즈돈가스",
    "만두",
    "식혜",
];

/// Words to try in this order, and what can be seen then, in English and Korean. While buttons are shown only their
/// labels reach the bot (I5), so each line is a button of the answer before it, or comes where typing is free.
pub(super) const TRY: &[(&str, &str, &str)] = &[
    (TODAY, "words and buttons", "글과 버튼"),
    (ALL, "31 buttons in pages", "버튼 31개를 쪽으로 나눔"),
    ("돈가스", "a button of a page further on, typed", "뒤쪽에 있는 버튼을 글로 입력"),
    (BACK, "back to the beginning", "처음으로 돌아감"),
    (PHOTO, "a photo", "사진"),
    (WAY, "a link button", "링크 버튼"),
    (ORDER, "no buttons: what is typed now goes to the bot", "버튼 없음: 다음에 입력하는 글이 봇에 전달됨"),
    ("김밥 두 줄", "free typing", "자유 입력"),
    (SLOW, "a reply that takes 8 s: it will wait behind a button", "8초 걸리는 답변: 버튼 뒤에서 기다림"),
    (LATE, "that button, typed or pressed: the late reply", "그 버튼을 누르거나 입력하면 늦은 답변이 보임"),
    (BROKEN, "broken JSON is read all the same", "깨진 JSON도 읽음"),
    (BACK, "back to the beginning", "처음으로 돌아감"),
    (LONG, "a label too long to be shown whole", "긴 버튼 이름"),
];

/// The bridge's own button for what came late, as it is unless configured (S3).
const LATE: &str = "답변 보기";

/// Guests that are remembered; the demo has one or two.
const GUESTS: usize = 1000;

/// The ways in which the bot answers a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    /// Answers.
    Said(Value),
    /// Answers after a while.
    Slowly(Value),
    /// Answers with what is not quite JSON.
    Broken(&'static str),
    /// Has an error page for it, as many bots of that time.
    Error,
}

/// Users who are writing an order: state by user key, as the old bots kept it.
#[derive(Debug, Default)]
pub(super) struct Guests {
    ordering: HashSet<String>,
}

/// The home keyboard.
pub(super) fn home() -> Value {
    buttons(&HOME)
}

impl Guests {
    /// Forgets a user who left the chat room.
    pub(super) fn leave(&mut self, guest: &str) {
        self.ordering.remove(guest);
    }

    /// The reply to one message; `photo` is where the bot's own picture lies.
    pub(super) fn reply(&mut self, guest: &str, kind: &str, content: &str, photo: &str) -> Reply {
        if self.ordering.remove(guest) && !HOME.contains(&content) {
            let said = match kind {
                "text" => format!("주문을 받았습니다: {content}\n20분 뒤에 찾으러 오세요."),
                _ => String::from("사진 잘 받았습니다. 그대로 만들어 드릴게요."),
            };
            return text(&said, &home());
        }
        if kind != "text" {
            return text("사진 잘 받았습니다.", &home());
        }
        match content {
            TODAY => text("오늘의 메뉴\n\n· 떡볶이 4,000원\n· 참치김밥 3,500원\n· 어묵탕 5,000원", &home()),
            ALL => {
                let all: Vec<&str> = DISHES.iter().copied().chain([BACK]).collect();
                text("무엇이 궁금하세요? 서른 가지가 있습니다.", &buttons(&all))
            }
            PHOTO => Reply::Said(json!({
                "message": {
                    "text": "저희 가게입니다.",
                    "photo": { "url": photo, "width": super::picture::WIDTH, "height": super::picture::HEIGHT },
                },
                "keyboard": home(),
            })),
            WAY => Reply::Said(json!({
                "message": {
                    "text": "다리 건너 첫 골목, 파란 지붕입니다.",
                    "message_button": { "label": "지도 보기", "url": "https://map.kakao.com/" },
                },
                "keyboard": home(),
            })),
            ORDER => {
                if self.ordering.len() < GUESTS {
                    self.ordering.insert(guest.to_owned());
                }
                Reply::Said(
                    json!({ "message": { "text": "무엇을 몇 개 드릴까요? 편하게 적어 주세요. 사진도 좋습니다." } }),
                )
            }
            SLOW => Reply::Slowly(json!({
                "message": { "text": "오래 기다리셨습니다. 이 답은 8초 걸렸습니다." },
                "keyboard": home(),
            })),
            // A raw line break in a string, and a brace short (legacy.md 4).
            BROKEN => Reply::Broken(
                "\n{\"message\":{\"text\":\"이 답은 JSON이 깨져 있습니다:\n줄바꿈이 그대로 있고 괄호가 모자랍니다.\"},\"keyboard\":{\"type\":\"buttons\",\"buttons\":[\"처음으로\"]}",
            ),
            LONG => text("열 분부터는 하루 전에, 포장은 20분 전에 말씀해 주세요.", &home()),
            BACK => text("무엇을 도와드릴까요?", &home()),
            dish if DISHES.contains(&dish) => {
                text(&format!("{dish} 하나 드릴까요? 4,000원입니다."), &buttons(&[ORDER, ALL, BACK]))
            }
            FAULT => Reply::Error,
            words => text(&format!("‘{words}’라고 하셨네요. 아래에서 골라 주시면 알려 드릴게요."), &home()),
        }
    }
}

fn text(text: &str, keyboard: &Value) -> Reply {
    Reply::Said(json!({ "message": { "text": text }, "keyboard": keyboard }))
}

fn buttons(labels: &[&str]) -> Value {
    json!({ "type": "buttons", "buttons": labels })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading;
    use crate::wire::legacy::Keys;

    #[test]
    fn every_button_of_every_keyboard_is_answered() {
        let mut guests = Guests::default();
        let mut open: Vec<String> = HOME.iter().map(|label| (*label).to_owned()).collect();
        let mut seen = HashSet::new();
        while let Some(label) = open.pop() {
            if !seen.insert(label.clone()) {
                continue;
            }
            let reply = guests.reply("Qw7-eRt_9YzA", "text", &label, "http://a/photo.png");
            guests.leave("Qw7-eRt_9YzA");
            let body = match reply {
                Reply::Said(reply) | Reply::Slowly(reply) => reply.to_string(),
                Reply::Broken(text) => text.to_owned(),
                Reply::Error => panic!("{label} comes to an error page"),
            };
            let reading = reading::read(body.as_bytes()).unwrap();
            assert!(reading.text.is_some());
            if let Some(Keys::Buttons(labels)) = reading.keyboard {
                open.extend(labels.into_iter().map(|label| label.into_owned()));
            }
        }
        assert_eq!(seen.len(), HOME.len() + DISHES.len() + 1);
        assert!(
            TRY.iter()
                .filter(|(words, ..)| *words != LATE && *words != "김밥 두 줄")
                .all(|(words, ..)| seen.contains(*words))
        );
    }

    #[test]
    fn an_order_is_what_is_written_next() {
        let mut guests = Guests::default();
        let say = |guests: &mut Guests, words| guests.reply("Qw7-eRt_9YzA", "text", words, "");
        say(&mut guests, ORDER);
        let Reply::Said(taken) = say(&mut guests, "김밥 두 줄") else { panic!() };
        assert!(taken["message"]["text"].as_str().unwrap().contains("김밥 두 줄"));
        assert_ne!(say(&mut guests, "김밥 두 줄"), Reply::Error);
        assert_eq!(say(&mut guests, FAULT), Reply::Error);
    }
}
