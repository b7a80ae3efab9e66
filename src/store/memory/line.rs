//! Who waits behind one user's turn.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::MemoryStore;
use crate::ids::UserKey;
use crate::store::{Amendment, SharedAnswer, Store, TapId, Turn};

/// Those who wait for one user's turn, and those who made the tap that is in flight.
#[derive(Default)]
pub(super) struct Line {
    pub(super) waiting: VecDeque<(Option<TapId>, oneshot::Sender<Turn>)>,
    pub(super) followers: Vec<(TapId, oneshot::Sender<SharedAnswer>)>,
    pub(super) amendments: Vec<Amendment>,
}

impl Line {
    /// Who is next and still there. Those who have gone are passed over here, one after the other: a turn that is sent
    /// to each and comes back would go down the stack with every one of them.
    pub(super) fn next(&mut self) -> Option<(Option<TapId>, oneshot::Sender<Turn>)> {
        loop {
            let (tap, baton) = self.waiting.pop_front()?;
            if !baton.is_closed() {
                return Some((tap, baton));
            }
            // Who followed them learns it now.
            self.followers.retain(|(of, _)| Some(*of) != tap);
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("waiting", &self.waiting.len())
            .field("followers", &self.followers.len())
            .field("amendments", &self.amendments.len())
            .finish()
    }
}

/// Waits for another turn's answer. One that arrives just as its call gives up belongs to nobody else (the turn has
/// counted this call as its reader), so it is parked.
pub(super) struct Following {
    pub(super) answer: oneshot::Receiver<SharedAnswer>,
    pub(super) store: Arc<MemoryStore>,
    pub(super) user: UserKey,
}

impl Future for Following {
    type Output = Option<SharedAnswer>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(cx).map(Result::ok)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.answer.close();
        if let Ok(SharedAnswer { late, owed: true, .. }) = self.answer.try_recv() {
            let came = late.came;
            let _full = Arc::clone(&self.store).amend(&self.user, Box::new(move |session| session.park(late)), came);
        }
    }
}
