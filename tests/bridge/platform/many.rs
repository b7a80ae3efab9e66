//! A thousand bots in one configuration.

use std::fmt::Write as _;
use std::time::Instant;

use smartchat_bridge::config::load::{Sources, load};
use smartchat_bridge::runtime;

use crate::support::*;

#[test]
fn a_thousand_bots_start_and_each_is_its_own() {
    let bot = Bot::new(|asked| if asked.path.ends_with("/message") { words(&asked.path) } else { text() });
    let mut file = String::new();
    for number in 0..1000 {
        // Every second one by https, as agencies have them; nothing is connected at start.
        let scheme = if number % 2 == 0 { "http" } else { "https" };
        let _ = write!(
            file,
            "[bots.bot-{number}]\nurl = \"{scheme}://{}/{number}\"\nopenbuilder_ids = [\"id{number}\"]\n\
             secret = {{ header = \"x-skill-secret\", values = [\"the-secret-of-bot-{number}\"] }}\n\
             channel_ids = [\"_channel{number}\"]\nchannel_key = \"the-channel-key-of-{number}\"\n",
            bot.address
        );
    }
    let (_folder, path) = bridge::file(&file);
    let (before, started) = (resident(), Instant::now());
    let loaded = load(&Sources { file: Some(&path), ..Sources::default() }).unwrap();
    let (loading, started) = (started.elapsed(), Instant::now());
    let running = runtime::start(loaded.settings).unwrap();
    eprintln!(
        "1000 bots: configuration {loading:?}, start {:?}, {} KiB",
        started.elapsed(),
        resident().saturating_sub(before)
    );

    for number in [0, 500, 998] {
        let secret = format!("the-secret-of-bot-{number}");
        let call = |id: &str| {
            post(running.public(), "/skill", &[("x-skill-secret", &secret)], Say::words(MINA, "안녕").to(id))
        };
        assert_eq!(call(&format!("id{number}")).text(), format!("/{number}/message"));
        // Its secret is nobody else's.
        assert_eq!(call(&format!("id{}", number + 1)).status, 401);
    }
    let stop = running.stop_handle();
    stop.signal();
    stop.signal();
    running.wait();
}

/// Memory of this process in KiB, where the system tells.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
