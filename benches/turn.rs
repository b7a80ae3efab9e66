//! A whole turn over loopback: a skill call in, `POST /message` out to a bot in this process, the answer back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a benchmark may stop loudly")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, unreachable_pub, reason = "shared with the tests")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use support::{Bot, Bridge, Say, newcomer, reply};

fn whole_turn(c: &mut Criterion) {
    let answer =
        r#"{"message":{"text":"현미밥, 미역국"},"keyboard":{"type":"buttons","buttons":["오늘","내일","모레"]}}"#;
    let bot = Bot::new(move |_| reply(answer));
    let bridge = Bridge::before(&bot.url(), &[("workers", "1"), ("bots.default.free_text", "forward")]);
    let user = newcomer();
    let call = Say::words(&user, "오늘 급식").body().into_bytes();
    let again = Say::welcome(&user).body().into_bytes();
    let mut client = bridge.client();
    c.bench_function("turn over loopback, the bot is asked", |b| b.iter(|| client.post("/skill", &call).unwrap()));
    c.bench_function("turn over loopback, home is shown", |b| b.iter(|| client.post("/skill", &again).unwrap()));
    c.bench_function("health over loopback", |b| b.iter(|| client.request("GET", "/healthz", &[], b"").unwrap()));
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = whole_turn
}
criterion_main!(benches);
