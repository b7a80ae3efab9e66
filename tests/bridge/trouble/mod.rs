//! The whole bridge over real sockets, against bots and a Kakao that misbehave.
//!
//! Times are real and short: a deadline of 600 ms stands for the 4.5 s of production. What depends on exact times is
//! tested without sockets, beside the code.

pub(crate) mod alert;
mod breaker;
mod callback;
pub(crate) mod callback_sink;
mod chaos;
mod load;
mod overload;
mod parked;
mod shutdown;

use crate::support::*;

const NO_REPLY: &str = "답변을 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.";
const WAIT: &str = "답변을 준비하고 있습니다. 잠시 후 다시 확인해 주세요.";
/// A reply that ends too early.
const CUT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{\"message\":{\"text\":\"half of a";
const CHOOSE: &str = "원하는 버튼을 선택하세요";

/// A bridge with a deadline of 600 ms, held on to for 2 s.
fn before(bot: &Bot) -> Bridge {
    with(bot, &[])
}

/// The same, with these keys set.
fn with(bot: &Bot, keys: &[(&str, &str)]) -> Bridge {
    let short = [("bots.default.deadline", "600ms"), ("bots.default.late", "2s"), ("callback.after", "400ms")];
    let short = short.iter().filter(|(key, _)| keys.iter().all(|(own, _)| own != key)).copied();
    // What stands for 5 s, on a machine under load.
    Bridge::before(&bot.url(), &short.chain(keys.iter().copied()).collect::<Vec<_>>()).at_most(ms(1_500))
}

/// A key of the legacy form from a short name.
fn key(user: &str) -> String {
    assert!(user.len() <= 12);
    format!("{user:_<12}")
}

/// What `user` says in `words`.
fn words(user: &str, words: &str) -> Say {
    Say::words(&key(user), &format!("{words}\n"))
}

/// What `user` says by pressing a quick reply.
#[track_caller]
fn tap(user: &str, answer: &Answer, label: &str) -> Say {
    Say::tap(&key(user), answer, label)
}

/// Every call in a thread of its own.
fn all_at_once(bridge: &Bridge, calls: &[Say]) -> Vec<Answer> {
    std::thread::scope(|scope| {
        let callers: Vec<_> = calls.iter().map(|call| scope.spawn(|| bridge.say(call))).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}
