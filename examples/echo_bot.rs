//! The smallest old bot: it repeats what it hears.
//!
//!     cargo run --example echo_bot
//!     smartchat-bridge serve --bot http://127.0.0.1:8000
//!     smartchat-bridge say "hello"

use serde_json::{Value, json};

pub(crate) mod legacy_server;

/// Free typing from the start.
pub(crate) struct EchoBot;

impl legacy_server::Bot for EchoBot {
    fn keyboard(&self) -> Value {
        json!({ "type": "text" })
    }

    fn message(&self, call: &Value) -> Result<Value, u16> {
        let content = call.get("content");
        Ok(match call.get("type").and_then(Value::as_str) {
            Some("photo") => json!({ "message": { "photo": { "url": content, "width": 640, "height": 480 } } }),
            _ => json!({ "message": { "text": content } }),
        })
    }
}

fn main() -> std::io::Result<()> {
    legacy_server::run(EchoBot)
}
