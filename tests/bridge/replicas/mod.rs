//! Several bridges that share Redis (P1, P5, P6): the real programs before one old bot.

mod clock;
mod evidence;
mod facts;
mod failover;
mod load;
mod order;
mod redis;
mod tls;
mod trouble;

use self::redis::{Redis, SlowWay};
use crate::support::*;

/// A key of the legacy form from a short name.
fn key(user: &str) -> String {
    assert!(user.len() <= 12);
    format!("{user:_<12}")
}

/// What `user` says in `words`.
fn words(user: &str, words: &str) -> Say {
    Say::words(&key(user), &format!("{words}\n"))
}

const WAIT: &str = "답변을 준비하고 있습니다. 잠시 후 다시 확인해 주세요.";
const RESEND: &str = "앞선 답변이 늦어져 이번 메시지를 전달하지 못했습니다. 다시 보내 주세요.";
const INTERRUPTED: &str = "앞선 메시지의 답변을 받지 못했습니다. 필요하면 다시 보내 주세요.";

/// A bridge before the bot at `url` that shares the store at `store`.
fn replica(bot: &Bot, store: &str, keys: &[(&str, &str)]) -> Program {
    let fixed = [("store.url", store), ("workers", "2"), ("grace", "5s")];
    let program = Program::with(&bot.url(), &[&fixed, keys].concat());
    eventually("the store is asked", || program.metric("bridge_store_up") == 1.0);
    program
}

/// Waits until no call has a place with the store: what was to be kept is there.
fn settled(program: &Program) {
    eventually("no lease is held", || program.metric("bridge_store_leases") == 0.0);
}
