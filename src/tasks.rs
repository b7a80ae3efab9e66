//! The one place where tasks are spawned, so that a stop can wait for them (S6).
//!
//! Few things need a task: a turn whose caller was answered early or hung up, a home keyboard that outlives the turn
//! that wanted it, a callback, an event. All are counted here.

use std::future::Future;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Counts what runs besides the connections.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    /// Cancelled when the process stops; for tasks that would go on for ever.
    pub(crate) stopping: CancellationToken,
}

impl Tasks {
    /// Runs `work` on this core's runtime; a drain waits for it.
    #[allow(clippy::disallowed_methods, reason = "the one place where tasks are spawned")]
    pub(crate) fn track<F: Future<Output = ()> + Send + 'static>(&self, work: F) {
        drop(tokio::spawn(self.tracker.track_future(work)));
    }

    /// Runs `work` until it ends or the process stops; a drain does not wait for it.
    #[allow(clippy::disallowed_methods, reason = "the one place where tasks are spawned")]
    pub(crate) fn background<F: Future<Output = ()> + Send + 'static>(&self, work: F) {
        let stopping = self.stopping.clone();
        drop(tokio::spawn(async move {
            tokio::select! {
                () = work => {}
                () = stopping.cancelled() => {}
            }
        }));
    }

    /// How many tracked ones run.
    #[must_use]
    pub(crate) fn running(&self) -> usize {
        self.tracker.len()
    }

    /// Waits until no tracked one runs. More may be tracked meanwhile and are waited for as well.
    pub(crate) async fn drained(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
