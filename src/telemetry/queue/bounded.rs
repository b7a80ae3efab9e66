//! A bounded queue that says when half of it has come: the thread that empties it naps, and must not nap through the rest.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// The producers' end of a queue for so many.
pub(super) struct Queue<T> {
    sender: SyncSender<T>,
    /// How many it has ever taken.
    count: AtomicUsize,
    bound: usize,
}

/// What became of something that was to be queued.
#[derive(Debug, Clone, Copy)]
pub(super) enum Put {
    /// It is queued.
    Taken,
    /// It is queued, and the thread has to come however short its nap was: half a queue has come since it was last told.
    Half,
    /// There was no room.
    Full,
}

impl<T> Queue<T> {
    pub(super) fn new(bound: usize) -> (Self, Receiver<T>) {
        let (sender, receiver) = sync_channel(bound);
        (Self { sender, count: AtomicUsize::new(0), bound }, receiver)
    }

    /// Queues it; never waits.
    pub(super) fn put(&self, value: T) -> Put {
        if self.sender.try_send(value).is_err() {
            return Put::Full;
        }
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if count.is_multiple_of(self.bound / 2) { Put::Half } else { Put::Taken }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_half_is_told_and_what_finds_no_room_counts_for_none() {
        let (queue, receiver) = Queue::new(4);
        let mut told = Vec::new();
        for number in 1..=9 {
            match queue.put(number) {
                Put::Half => told.push(number),
                Put::Taken => {}
                Put::Full => {
                    told.push(-number);
                    assert_eq!(receiver.try_iter().count(), 4);
                }
            }
        }
        assert_eq!(told, [2, 4, -5, 7, 9]);
    }
}
