//! The library without its server: one old reply in, one skill response out. Pure: no network, no clock.
//!
//!     cargo run --example embed

use std::io::Write;

use smartchat_bridge::ids::BotId;
use smartchat_bridge::reading;
use smartchat_bridge::translate::keyboard::Keyboard;
use smartchat_bridge::translate::outbound::{Content, reply};
use smartchat_bridge::translate::view::{Overflow, Policy, Texts, View};
use smartchat_bridge::wire::legacy::Keys;

/// The skill response, and the codes of what differs from the reply.
pub(crate) fn translate(body: &[u8]) -> Result<(Vec<u8>, String), Box<dyn std::error::Error>> {
    let policy = Policy {
        bot: BotId::parse("shop").ok_or("not a bot's name")?,
        overflow: Overflow::Pages,
        handover: Box::default(),
        texts: Texts::default(),
        backend: None,
        public_url: None,
    };
    let reading = reading::read(body)?;
    let keyboard = match &reading.keyboard {
        Some(Keys::Buttons(labels)) => Keyboard::new(labels),
        Some(Keys::Text) | None => None,
    };
    let content =
        Content { readings: &[reading], keyboard: keyboard.as_ref(), part: 0, page: 0, late: false, older_rest: None };
    let translated = reply(&content, &View { policy: &policy, message_block: None, room: false });
    Ok((translated.response.to_bytes().to_vec(), translated.degradations.to_string()))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let body =
        r#"{"message":{"text":"오늘의 급식: 현미밥, 미역국"},"keyboard":{"type":"buttons","buttons":["내일의 급식"]}}"#;
    let (response, degradations) = translate(body.as_bytes())?;
    let mut out = std::io::stdout();
    out.write_all(&response)?;
    writeln!(out, "\ndegradations: {degradations}")?;
    Ok(())
}
