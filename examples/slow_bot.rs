//! An old bot that thinks for longer than OpenBuilder waits: the user is asked to press `답변 보기` (S3), or gets the
//! answer by callback where the block has one (S2).
//!
//!     cargo run --example slow_bot

use std::time::Duration;

use serde_json::{Value, json};

pub(crate) mod legacy_server;

/// Takes this long.
pub(crate) struct SlowBot(pub(crate) Duration);

impl legacy_server::Bot for SlowBot {
    fn keyboard(&self) -> Value {
        json!({ "type": "buttons", "buttons": ["오래 걸리는 질문"] })
    }

    fn message(&self, _call: &Value) -> Result<Value, u16> {
        std::thread::sleep(self.0);
        Ok(json!({ "message": { "text": "오래 기다리셨습니다." }, "keyboard": self.keyboard() }))
    }
}

fn main() -> std::io::Result<()> {
    legacy_server::run(SlowBot(Duration::from_secs(8)))
}
