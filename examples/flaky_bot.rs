//! An old bot that fails for a while and then recovers: after ten failures in a row the bridge answers for it at once,
//! and asks it again after ten seconds (S4).
//!
//!     cargo run --example flaky_bot

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

pub(crate) mod legacy_server;

/// Fails so many times, then works.
pub(crate) struct FlakyBot(pub(crate) AtomicU32);

impl legacy_server::Bot for FlakyBot {
    fn keyboard(&self) -> Value {
        json!({ "type": "text" })
    }

    fn message(&self, _call: &Value) -> Result<Value, u16> {
        let failing = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        match failing {
            Ok(_) => Err(500),
            Err(_) => Ok(json!({ "message": { "text": "다시 괜찮습니다." } })),
        }
    }
}

fn main() -> std::io::Result<()> {
    legacy_server::run(FlakyBot(AtomicU32::new(12)))
}
