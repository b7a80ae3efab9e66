//! What the tests stand on: a bridge, a caller like OpenBuilder, a bot with a script, a Kakao that takes callbacks.

pub(crate) mod alert;
pub(crate) mod app;
pub(crate) mod callback_sink;
pub(crate) mod caller;
pub(crate) mod http;
pub(crate) mod mock_bot;
pub(crate) mod process;

use std::time::Duration;

/// Milliseconds.
pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Waits until `it` holds, as long as a slow machine may need; panics with `what` when it never does.
#[track_caller]
pub(crate) fn eventually(what: &'static str, it: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let at = std::panic::Location::caller();
    let mut it = it;
    async move {
        for _ in 0..2_000 {
            if it() {
                return;
            }
            tokio::time::sleep(ms(5)).await;
        }
        panic!("never came true: {what}, asked for at {at}");
    }
}
