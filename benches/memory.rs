//! What a user costs in memory: a million of them with a hundred different keyboards between them.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss, reason = "a benchmark prints")]

use std::sync::Arc;

use smartchat_bridge::ids::UserKey;
use smartchat_bridge::testing::{Begun, Keyboards, LocalStore, ParkedLimit, ParkedShare, SessionMemory};
use smartchat_bridge::time::Moment;
use smartchat_bridge::translate::outbound::Page;

const USERS: usize = 1_000_000;

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn main() {
    let memory = SessionMemory::new(1 << 30);
    let keyboards = Keyboards::new(Arc::clone(&memory));
    let store = Arc::new(LocalStore::new(USERS, 8, Arc::new(ParkedShare::new(&ParkedLimit::new(1 << 26), 1)), memory));
    let now = Moment::from_millis(1_700_000_000_000);
    let before = resident();
    for number in 0..USERS {
        let user = UserKey::parse(&format!("user{number:08}")).unwrap();
        let Begun::Turn(mut turn) = store.begin(user, None) else { continue };
        let labels: Vec<String> = (0..5).map(|label| format!("메뉴 {} {label}", number % 100)).collect();
        turn.session.show(keyboards.intern(&labels), Page::default(), false, now);
        turn.commit(None, now);
        // At 900,000 tables that double are fuller than at a million.
        let sessions = number + 1;
        if [1_000, 100_000, 900_000, USERS].contains(&sessions) {
            let used = resident().saturating_sub(before);
            let (mib, each) = (used as f64 / 1_048_576.0, used as f64 / sessions as f64);
            println!("{sessions} sessions: {mib:.1} MiB, {each:.1} bytes each");
        }
    }
    assert_eq!(store.stats().sessions, USERS);
}
