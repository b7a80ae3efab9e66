//! The calls that wait behind one user's turn (I6), and the calls that wait for its answer because they made the same
//! tap (I3).

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::local::LocalStore;
use super::{Begun, TapId, Turn};
use crate::ids::UserKey;

/// One user's turn in flight: its tap, and everybody behind it.
#[derive(Debug, Default)]
pub(super) struct Busy {
    tap: Option<TapId>,
    waiting: VecDeque<Waiter>,
    followers: Vec<(TapId, Follower)>,
    /// Numbers the waiting, so that one who leaves is found.
    next: u64,
}

/// A call in the line: its number, its tap, and where its turn is sent.
#[derive(Debug)]
struct Waiter {
    number: u64,
    tap: Option<TapId>,
    turn: oneshot::Sender<Turn>,
}

impl Busy {
    /// A turn of this tap that has just begun, with an empty line behind it.
    pub(super) fn new(tap: Option<TapId>) -> Self {
        Self { tap, ..Self::default() }
    }

    /// A call of `user` stands behind the turn that is in flight, or follows it, or one in the line, when it is the same
    /// tap. The line, and the list of followers, have at most `bound` calls. `store` is where a call leaves the line.
    pub(super) fn stand(&mut self, tap: Option<TapId>, bound: usize, store: &Arc<LocalStore>, user: UserKey) -> Begun {
        let same = |own: TapId| self.tap == Some(own) || self.waiting.iter().any(|waiter| waiter.tap == Some(own));
        if let Some(own) = tap.filter(|own| same(*own)) {
            self.followers.retain(|(_, follower)| !follower.0.is_closed());
            if self.followers.len() >= bound {
                return Begun::Full;
            }
            let (sender, receiver) = oneshot::channel();
            self.followers.push((own, Follower(sender)));
            return Begun::Follow(Following(receiver));
        }
        if self.waiting.len() + 1 >= bound {
            return Begun::Full;
        }
        let (sender, receiver) = oneshot::channel();
        let number = self.next;
        self.next += 1;
        self.waiting.push_back(Waiter { number, tap, turn: sender });
        Begun::Queued(Waiting { turn: receiver, number, store: Arc::clone(store), user })
    }

    /// A call that waited has gone: its followers learn it now, not at their own deadline.
    fn leave(&mut self, number: u64) {
        let Some(place) = self.waiting.iter().position(|waiter| waiter.number == number) else { return };
        if let Some(tap) = self.waiting.remove(place).and_then(|waiter| waiter.tap) {
            self.followers.retain(|(of, _)| *of != tap);
        }
    }

    /// Those who follow the turn that is in flight.
    pub(super) fn take_followers(&mut self) -> Vec<Follower> {
        let Some(tap) = self.tap else { return Vec::new() };
        let (own, others) = std::mem::take(&mut self.followers).into_iter().partition(|(of, _)| *of == tap);
        self.followers = others;
        own.into_iter().map(|(_, follower): (TapId, _)| follower).collect()
    }

    /// The next in line, whose turn is in flight from now on.
    pub(super) fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        loop {
            let Waiter { tap, turn, .. } = self.waiting.pop_front()?;
            self.tap = tap;
            if !turn.is_closed() {
                return Some(turn);
            }
            drop(self.take_followers());
        }
    }
}

/// A place in a user's line. Dropping it leaves the line.
#[derive(Debug)]
pub struct Waiting {
    turn: oneshot::Receiver<Turn>,
    number: u64,
    store: Arc<LocalStore>,
    user: UserKey,
}

impl Future for Waiting {
    /// `None` cannot happen while the store lives: the line ends with its last waiter.
    type Output = Option<Turn>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.turn).poll(cx).map(Result::ok)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.turn.is_terminated() {
            return;
        }
        // A turn that was handed over and not taken is dropped with the receiver, and goes to the next in line.
        self.turn.close();
        let number = self.number;
        self.store.while_busy(&self.user, |busy| busy.leave(number));
    }
}

/// One who made a tap that is in flight, as its turn sees them.
#[derive(Debug)]
pub struct Follower(oneshot::Sender<Offer>);

/// An answer that is offered to a follower.
#[derive(Debug)]
struct Offer {
    answer: Bytes,
    taken: oneshot::Sender<()>,
}

impl Follower {
    /// One who follows, and what they wait for.
    pub(super) fn new() -> (Self, Following) {
        let (sender, receiver) = oneshot::channel();
        (Self(sender), Following(receiver))
    }

    /// Whether they wait no more.
    pub(super) fn is_gone(&self) -> bool {
        self.0.is_closed()
    }

    /// Offers them the answer; whether they took it is told later. `None` when they have gone.
    #[must_use]
    pub fn offer(self, answer: Bytes) -> Option<oneshot::Receiver<()>> {
        let (taken, told) = oneshot::channel();
        self.0.send(Offer { answer, taken }).ok().map(|()| told)
    }
}

/// Waits for another turn's answer; `None` when that turn ends without one.
#[derive(Debug)]
pub struct Following(oneshot::Receiver<Offer>);

/// An answer that a follower has; to be dropped when it could not be delivered.
#[derive(Debug)]
pub struct Taken(oneshot::Sender<()>);

impl Taken {
    /// The answer was delivered: it counts as shown.
    pub fn delivered(self) {
        // Without this receiver the answer was shown to another caller as well.
        let _nobody_asks = self.0.send(());
    }
}

impl Future for Following {
    type Output = Option<(Bytes, Taken)>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let offered = Pin::new(&mut self.0).poll(cx).map(Result::ok);
        offered.map(|offered| offered.map(|Offer { answer, taken }| (answer, Taken(taken))))
    }
}
