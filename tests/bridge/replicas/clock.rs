//! Replicas whose clocks are apart. Leases, tickets and what is newest go by the store's clock (P5).

use std::process::Command;

use super::*;

/// Sets the wall clock of whoever is started with it ahead by `CLOCK_AHEAD` seconds.
const AHEAD: &str = r#"
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *at) {
    int failed = (int) syscall(SYS_clock_gettime, clock, at);
    const char *ahead = getenv("CLOCK_AHEAD");
    if (!failed && clock == CLOCK_REALTIME && ahead) at->tv_sec += atol(ahead);
    return failed;
}
"#;

/// The library that does so; `None`, said so, where there is no C compiler.
fn library(folder: &std::path::Path) -> Option<String> {
    let (source, library) = (folder.join("ahead.c"), folder.join("ahead.so"));
    std::fs::write(&source, AHEAD).unwrap();
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    if !built.is_ok_and(|status| status.success()) {
        skip("cc is not installed");
        return None;
    }
    Some(library.to_str().unwrap().to_owned())
}

/// A replica whose clock is so many seconds ahead.
fn ahead(bot: &Bot, store: &str, library: &str, seconds: &str, keys: &[(&str, &str)]) -> Program {
    let fixed = [("store.url", store), ("workers", "2"), ("grace", "5s")];
    let keys: Vec<String> = fixed.iter().chain(keys).map(|(key, value)| format!("{key}={value}")).collect();
    let set: Vec<&str> = keys.iter().flat_map(|key| ["--set", key]).collect();
    let url = bot.url();
    let environment = [("LD_PRELOAD", library), ("CLOCK_AHEAD", seconds)];
    let program = Program::start(&[&["--bot", &url], &set[..]].concat(), &environment);
    eventually("the store is asked", || program.metric("bridge_store_up") == 1.0);
    program
}

#[test]
fn p5_replicas_whose_clocks_are_30_s_apart_keep_order_pages_and_late_answers() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = library(folder.path()) else { return };
    let Some(mut redis) = Redis::start() else { return };
    let bot = Bot::answering(|asked| match &*asked.content() {
        "느린 말" => bot::words("늦은 답").after(ms(1300)),
        content if content.starts_with("말") => bot::words(&format!("{content}의 답")).after(ms(60)),
        content => buttons(&format!("{content}의 답"), &["가", "나"]),
    });
    let own = [("bots.default.deadline", "1s"), ("callback.after", "900ms")];
    let replicas = ["0", "30", "-30"].map(|seconds| ahead(&bot, &redis.url(), &library, seconds, &own));
    // The clocks are apart.
    let second = |program: &Program| program.log.lock().unwrap().lines().next().unwrap()[15..34].to_owned();
    assert_ne!(second(&replicas[1]), second(&replicas[2]));
    let all_settled = || replicas.iter().for_each(settled);

    // In order of arrival, by tickets of the store's clock.
    let mut callers: Vec<Client> = (0..6).map(|number| replicas[number % 3].client()).collect();
    for (number, caller) in callers.iter_mut().enumerate() {
        caller.send(&words("u", &format!("말 {number}")));
        eventually("it has a place", || {
            replicas.iter().map(|one| one.metric("bridge_store_leases")).sum::<f64>() > 0.0
        });
        std::thread::sleep(ms(15));
    }
    for (number, caller) in callers.iter_mut().enumerate() {
        assert_eq!(caller.read().unwrap().text(), format!("말 {number}의 답"));
    }
    assert_eq!(bot.met(), 0);
    all_settled();

    // What one parks another reads, once, whichever clock is ahead.
    for (parks, reads) in [(0, 1), (1, 2), (2, 0)] {
        let user = format!("late{parks}");
        let waits = replicas[parks].say(&words(&user, "느린 말"));
        assert_eq!(waits.text(), WAIT);
        all_settled();
        let late = Say::press(&key(&user), &waits.late().unwrap());
        assert_eq!(replicas[reads].say(&late).text(), "늦은 답");
        all_settled();
        assert_ne!(replicas[parks].say(&late).text(), "늦은 답");
        all_settled();
    }

    // What was shown last while the store was away is what counts, though the other's clock was ahead.
    redis.kill();
    eventually("it is left alone", || replicas.iter().all(|one| one.metric("bridge_store_up") == 0.0));
    assert_eq!(replicas[1].say(&words("v", "가")).text(), "가의 답");
    assert_eq!(replicas[2].say(&words("v", "말 9")).text(), "말 9의 답");
    redis.start_again();
    eventually("it is asked", || replicas.iter().all(|one| one.metric("bridge_store_up") == 1.0));
    eventually("all is told", || replicas.iter().all(|one| one.metric("bridge_store_waiting") == 0.0));
    // The last was no menu, so free words pass.
    assert_eq!(replicas[0].say(&words("v", "아무 말")).text(), "아무 말의 답");
}
