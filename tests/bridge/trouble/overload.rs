//! Ten thousand callers on a bot that never answers (S5).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::support::caller::{Answer, Caller, words};
use super::support::mock_bot::{MockBot, hang, says};
use super::support::process::Process;

const FIRST: usize = 1_000;
const BUSY: &str = "지금은 이용자가 많습니다. 잠시 후 다시 시도해 주세요.";
const WAIT: &str = "답변을 준비하고 있습니다. 잠시 후 다시 확인해 주세요.";

/// Runs in a thread of its own, so that what the crowd costs the test does not look like what it costs the bridge.
fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> std::thread::JoinHandle<T> {
    std::thread::spawn(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work))
}

/// The healthy bot, and its users: how long they waited, until `enough` says stop; sorted.
async fn healthy(address: SocketAddr, enough: impl Fn(usize) -> bool) -> Vec<Duration> {
    let mut took = Vec::new();
    while !enough(took.len()) {
        let mut caller = Caller::connect(address).await.unwrap();
        let call = words(&format!("h{}", took.len() % 500), "안녕").at("/bots/default/skill");
        let answer = caller.try_call(&call).await.expect("closed without an answer");
        assert_eq!(answer.text(), "답");
        took.push(answer.took);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    took.sort();
    took
}

fn figures(took: &[Duration]) -> (Duration, Duration, Duration) {
    (took[took.len() / 2], took[took.len() * 99 / 100], took[took.len() - 1])
}

/// `turns`: how many the sick bot may have in flight.
///
/// After the first thousand at most `abreast` callers are on their way at once: bots, callers and bridge share the
/// cores, unoptimised, and a faster crowd would only measure how few those are.
async fn crowd(callers: usize, turns: &str, abreast: usize) -> (usize, usize) {
    let sick = MockBot::answering(|_| hang()).await;
    let (found, well) = std::sync::mpsc::channel();
    let bot = apart(async move {
        let well = MockBot::answering(|_| says("답")).await;
        let (done, ended) = tokio::sync::oneshot::channel::<()>();
        found.send((well.url(), done)).unwrap();
        drop(ended.await);
    });
    let (well, done) = well.recv().unwrap();
    let url = sick.url();
    let keys = [
        ("bots.sick.url", &*url),
        ("bots.sick.turns", turns),
        ("bots.sick.connections", "10000"),
        ("bots.sick.breaker.failures", "1000000"),
        // Leaves a slow machine a second and a half until the five are over.
        ("bots.sick.deadline", "3500ms"),
        ("callback.after", "3s"),
        ("limits.turns", "20000"),
        ("log.filter", "error"),
    ];
    let bridge = Process::start(&well, &keys).await;
    let address = bridge.public;
    let before = figures(&healthy(address, |calls| calls == 200).await);
    let fresh = bridge.resident();

    let mut crowd = tokio::task::JoinSet::new();
    let call = move |n: usize| async move {
        let mut caller = Caller::connect(address).await.unwrap();
        let call = words(&format!("c{n}"), "안녕").at("/bots/sick/skill").bytes();
        let (body, took) = caller.try_raw(&call).await.expect("closed without an answer");
        (caller, body, took)
    };
    for caller in 0..FIRST {
        crowd.spawn(call(caller));
    }
    bridge.until("sick", "turns_in_flight", FIRST).await;
    let first = bridge.resident();
    let over = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&over);
    let healthy = apart(async move { healthy(address, |calls| calls >= 200 && stop.load(Ordering::Relaxed)).await });
    let abreast = Arc::new(Semaphore::new(abreast));
    for caller in FIRST..callers {
        let abreast = Arc::clone(&abreast);
        crowd.spawn(async move {
            let _place = abreast.acquire().await;
            call(caller).await
        });
    }
    let mut peak = bridge.resident();
    let (mut answers, mut slowest) = (HashMap::<Vec<u8>, usize>::new(), Duration::ZERO);
    let mut held = Vec::new();
    while let Some(answered) = crowd.join_next().await {
        let (caller, body, took) = answered.unwrap();
        *answers.entry(body).or_default() += 1;
        slowest = slowest.max(took);
        held.push(caller);
        if held.len() % 100 == 0 {
            peak = peak.max(bridge.resident());
        }
    }
    over.store(true, Ordering::Relaxed);
    let during = figures(&healthy.join().unwrap());
    let (mut busy, mut waits) = (0, 0);
    for (body, count) in answers {
        let answer = Answer::check(serde_json::from_slice(&body).unwrap(), slowest);
        match &*answer.text() {
            BUSY => busy += count,
            WAIT => waits += count,
            other => panic!("{other}"),
        }
    }
    println!(
        "overload, {turns} turns allowed: {callers} callers, {busy} busy, {waits} told to wait, slowest {slowest:?}; \
         resident {} MiB fresh, {} MiB with {FIRST}, {} MiB at most; healthy bot (median, 99th, longest) {before:?} \
         before, {during:?} during",
        fresh >> 20,
        first >> 20,
        peak >> 20,
    );
    drop(done);
    bot.join().unwrap();
    assert_eq!(busy + waits, callers);
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let slowed = during.0 > Duration::from_millis(100) || during.1 > Duration::from_secs(2);
    assert!(!slowed, "the healthy bot was slowed: {during:?}");
    (first, peak)
}

#[tokio::test]
async fn ten_thousand_callers_on_a_bot_that_never_answers_cost_no_memory() {
    let (first, peak) = crowd(10_000, "1000", 64).await;
    assert!(peak - first < 64 * 1024 * 1024, "grown by {} MiB", (peak - first) >> 20);
}
