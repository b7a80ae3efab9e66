//! Every reply of a bot becomes an answer within all bounds, over all its parts (O1 to O5).
#![no_main]

use libfuzzer_sys::fuzz_target;
use smartchat_bridge::ids::BotId;
use smartchat_bridge::reading;
use smartchat_bridge::translate::keyboard::Keyboard;
use smartchat_bridge::translate::outbound::{Content, reply};
use smartchat_bridge::translate::view::{Overflow, Policy, Texts, View};
use smartchat_bridge::wire::legacy::Keys;
use smartchat_bridge::wire::limits;

fuzz_target!(|body: &[u8]| {
    let _home = reading::read_home(body);
    let (Ok(reading), Some(bot)) = (reading::read(body), BotId::parse("fuzz")) else { return };
    let keyboard = match &reading.keyboard {
        Some(Keys::Buttons(labels)) => Keyboard::new(labels),
        Some(Keys::Text) | None => None,
    };
    let policy = Policy {
        bot,
        overflow: Overflow::Pages,
        handover: Box::new([]),
        texts: Texts::default(),
        backend: None,
        public_url: None,
    };
    for room in [false, true] {
        let view = View { policy: &policy, message_block: None, room };
        let readings = std::slice::from_ref(&reading);
        let mut part = 0;
        loop {
            let content =
                Content { readings, keyboard: keyboard.as_ref(), part, page: 0, late: true, older_rest: Some(1) };
            let shown = reply(&content, &view);
            assert!(shown.response.to_bytes().len() <= limits::ANSWER_BYTES);
            part += 1;
            if part >= shown.parts {
                break;
            }
        }
    }
});
