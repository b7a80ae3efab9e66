//! Every reply of a bot becomes an answer within all bounds, over all its parts and pages (O1 to O5).

use crate::ids::BotId;
use crate::reading;
use crate::term::draw;
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound::{Content, reply as lay_out};
use crate::translate::view::{Overflow, Policy, Texts, View};
use crate::wire::legacy::Keys;
use crate::wire::limits;

pub fn reply(body: &[u8]) {
    let _home = reading::read_home(body);
    let Ok(reading) = reading::read(body) else { return };
    let keyboard = match &reading.keyboard {
        Some(Keys::Buttons(labels)) => Keyboard::new(labels),
        Some(Keys::Text) | None => None,
    };
    for overflow in [Overflow::Pages, Overflow::Carousel] {
        let policy = Policy {
            bot: BotId::parse("fuzz").unwrap(),
            overflow,
            handover: Box::new([]),
            texts: Texts::default(),
            backend: None,
            public_url: None,
        };
        for (room, page) in [(false, 0), (false, 1), (true, 0)] {
            let view = View { policy: &policy, message_block: None, room };
            let readings = std::slice::from_ref(&reading);
            let mut part = 0;
            loop {
                let content =
                    Content { readings, keyboard: keyboard.as_ref(), part, page, late: true, older_rest: Some(1) };
                let shown = lay_out(&content, &view);
                let bytes = shown.response.to_bytes();
                assert!(bytes.len() <= limits::ANSWER_BYTES);
                let answer = serde_json::from_slice(&bytes).expect("an answer is JSON");
                assert!(draw::flaw(&answer).is_none(), "Kakao would not show it");
                part += 1;
                if part >= shown.parts {
                    break;
                }
            }
        }
    }
}
