//! An old bot with the most buttons the old platform allowed: the bridge lays them out in pages (K4), or on cards with
//! `--set bots.default.overflow=carousel`.
//!
//!     cargo run --example hundred_buttons

use serde_json::{Value, json};

pub(crate) mod legacy_server;

/// A hundred shops.
pub(crate) struct HundredButtons;

impl legacy_server::Bot for HundredButtons {
    fn keyboard(&self) -> Value {
        let shops: Vec<String> = (1..=100).map(|number| format!("{number}호점")).collect();
        json!({ "type": "buttons", "buttons": shops })
    }

    fn message(&self, call: &Value) -> Result<Value, u16> {
        let shop = call.get("content").and_then(Value::as_str).unwrap_or_default();
        Ok(json!({ "message": { "text": format!("{shop}은 9시에 엽니다.") }, "keyboard": self.keyboard() }))
    }
}

fn main() -> std::io::Result<()> {
    legacy_server::run(HundredButtons)
}
