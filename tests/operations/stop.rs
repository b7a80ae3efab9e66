//! Stopping (S6).

use crate::bridge::{Bridge, OldBot};

#[test]
fn a_bridge_that_serves_nobody_stops_at_once_with_exit_0() {
    let bot = OldBot::start("bot");
    for signal in ["TERM", "INT"] {
        let url = bot.url();
        let mut bridge = Bridge::start(&["--bot", &url, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], &[]);
        bridge.signal(signal);
        assert_eq!(bridge.ended(), 0);
    }
}
