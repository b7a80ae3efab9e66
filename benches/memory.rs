//! What a user costs in memory: a million of them with a hundred different keyboards between them.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss, reason = "a benchmark prints")]

use std::sync::Arc;

use smartchat_bridge::ids::UserKey;
use smartchat_bridge::keyboards::Keyboards;
use smartchat_bridge::store::memory::{MemoryStore, ParkedBudget};
use smartchat_bridge::store::{Begun, Store};
use smartchat_bridge::time::Moment;
use smartchat_bridge::translate::outbound::Page;

const USERS: usize = 1_000_000;

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn main() {
    let keyboards = Keyboards::default();
    let store = Arc::new(MemoryStore::new(USERS, 8, Arc::new(ParkedBudget::new(1 << 26))));
    let now = Moment::from_millis(1_700_000_000_000);
    let before = resident();
    for number in 0..USERS {
        let user = UserKey::parse(&format!("user{number:08}")).unwrap();
        let Begun::Turn(mut turn) = (Arc::clone(&store) as Arc<dyn Store>).begin(user, None) else { continue };
        let labels: Vec<String> = (0..5).map(|label| format!("메뉴 {} {label}", number % 100)).collect();
        turn.session.show(keyboards.intern(&labels), Page::default(), false, now);
        turn.commit(now);
    }
    let used = resident().saturating_sub(before);
    let sessions = store.census().sessions;
    println!(
        "{sessions} sessions: {:.1} MiB, {:.1} bytes each",
        used as f64 / 1_048_576.0,
        used as f64 / sessions as f64
    );
}
