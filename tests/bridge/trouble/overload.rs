//! Ten thousand callers on a bot that never answers (S5).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::*;

const CALLERS: usize = 10_000;
const FIRST: usize = 1_000;
/// After the first thousand at most so many callers are on their way at once: bots, callers and bridge share the
/// cores, unoptimised, and a faster crowd would only measure how few those are.
const ABREAST: usize = 64;
const BUSY: &str = "지금은 이용자가 많습니다. 잠시 후 다시 시도해 주세요.";

/// The healthy bot's users, one after the other: how long they waited, until `enough` says stop; sorted.
fn healthy(address: SocketAddr, enough: impl Fn(usize) -> bool) -> Vec<Duration> {
    let mut took = Vec::new();
    while !enough(took.len()) {
        let call = words(&format!("h{}", took.len() % 500), "안녕").at("/bots/default/skill");
        let answer = Client::connect(address).say(&call).expect("closed without an answer");
        assert_eq!(answer.text(), "답");
        took.push(answer.took);
        thread::sleep(ms(5));
    }
    took.sort();
    took
}

fn figures(took: &[Duration]) -> (Duration, Duration, Duration) {
    (took[took.len() / 2], took[took.len() * 99 / 100], took[took.len() - 1])
}

#[test]
fn ten_thousand_callers_on_a_bot_that_never_answers_cost_no_memory() {
    let sick = Bot::answering(|_| hang());
    let well = Bot::answering(|_| bot::words("답"));
    let keys = [
        ("bots.sick.url", &*sick.url()),
        ("bots.sick.turns", "1000"),
        ("bots.sick.connections", "10000"),
        ("bots.sick.breaker.failures", "1000000"),
        // Leaves a slow machine a second and a half until the five are over.
        ("bots.sick.deadline", "3500ms"),
        ("callback.after", "3s"),
        ("limits.turns", "20000"),
    ];
    let bridge = Program::with(&well.url(), &keys);
    let address = bridge.public;
    let before = figures(&healthy(address, |calls| calls == 200));
    let fresh = bridge.resident();

    let (next, over) = (AtomicUsize::new(FIRST), AtomicBool::new(false));
    let (held, answers) = (Mutex::new(Vec::new()), Mutex::new(HashMap::<String, usize>::new()));
    let slowest = Mutex::new(Duration::ZERO);
    let call = |number: usize| {
        let mut caller = Client::connect(address);
        let call = words(&format!("c{number}"), "안녕").at("/bots/sick/skill");
        // Read in full and checked below: what the crowd costs must not look like what it costs the bridge.
        let answer = caller.post(&call.path, call.body().as_bytes()).expect("closed without an answer");
        *answers.lock().unwrap().entry(answer.body).or_default() += 1;
        let mut slowest = slowest.lock().unwrap();
        *slowest = answer.took.max(*slowest);
        held.lock().unwrap().push(caller);
    };
    let call = &call;
    let (first, peak, during) = thread::scope(|scope| {
        let crowd: Vec<_> = (0..FIRST).map(|number| scope.spawn(move || call(number))).collect();
        eventually("the first are in flight", || bridge.detail("sick")["turns_in_flight"] == FIRST);
        let first = bridge.resident();
        let healthy = scope.spawn(|| healthy(address, |calls| calls >= 200 && over.load(Ordering::Relaxed)));
        let rest = (0..ABREAST).map(|_| {
            scope.spawn(|| {
                let taken = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < CALLERS);
                std::iter::from_fn(taken).for_each(call);
            })
        });
        let crowd: Vec<_> = crowd.into_iter().chain(rest.collect::<Vec<_>>()).collect();
        let mut peak = first;
        while !crowd.iter().all(thread::ScopedJoinHandle::is_finished) {
            peak = peak.max(bridge.resident());
            thread::sleep(ms(5));
        }
        over.store(true, Ordering::Relaxed);
        (first, peak, figures(&healthy.join().unwrap()))
    });
    let (mut busy, mut waits) = (0, 0);
    for (body, count) in answers.into_inner().unwrap() {
        match &*Answer::called_back(&serde_json::from_str(&body).unwrap()).text() {
            BUSY => busy += count,
            WAIT => waits += count,
            other => panic!("{other}"),
        }
    }
    let slowest = slowest.into_inner().unwrap();
    println!(
        "overload: {CALLERS} callers, {busy} busy, {waits} told to wait, slowest {slowest:?}; \
         resident {} MiB fresh, {} MiB with {FIRST}, {} MiB at most; healthy bot (median, 99th, longest) {before:?} \
         before, {during:?} during",
        fresh >> 20,
        first >> 20,
        peak >> 20,
    );
    assert_eq!(busy + waits, CALLERS);
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let slowed = during.0 > ms(100) || during.1 > ms(2_000);
    assert!(!slowed, "the healthy bot was slowed: {during:?}");
    assert!(peak - first < 64 * 1024 * 1024, "grown by {} MiB", (peak - first) >> 20);
}
