//! How long the store is waited for.

use std::time::Duration;

use tokio::time::sleep;

/// How long an answer of the store is waited for (P6).
pub(super) const PATIENCE: Duration = Duration::from_millis(500);
/// How long a turn waits to begin (P6). Longer than [`super::keeper`] takes to find that the store does not answer, 250 ms
/// to its next question and [`PATIENCE`]: a turn that went on alone sooner would go on beside another replica's, while the
/// store is well and only this machine is busy.
pub(super) const TURN: Duration = Duration::from_secs(1);
/// Parts of a wait. A process that did not run for a while finds all its timers over before it has read what came
/// meanwhile; then one part is over, and not the whole.
const PARTS: u32 = 5;

/// What comes of `work`; `None` where this process has waited for it so long.
pub(super) async fn wait<T>(long: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = over(long) => None,
    }
}

async fn over(long: Duration) {
    for _ in 0..PARTS {
        sleep(long / PARTS).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends() {
        let began = crate::time::instant();
        assert_eq!(wait(PATIENCE, std::future::pending::<()>()).await, None);
        assert!(crate::time::instant() >= began + PATIENCE);
        assert_eq!(wait(PATIENCE, async { 7 }).await, Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_did_not_run_for_a_while_still_reads_what_came_meanwhile() {
        let (sender, answer) = tokio::sync::oneshot::channel();
        let waiting = wait(PATIENCE, answer);
        tokio::pin!(waiting);
        assert!(futures_util::poll!(&mut waiting).is_pending());
        // Ten seconds in which nothing ran; then the answer is read, after the timers went off.
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(futures_util::poll!(&mut waiting).is_pending());
        sender.send(7).unwrap();
        assert_eq!(waiting.await, Some(Ok(7)));
    }
}
