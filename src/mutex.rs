//! A lock that a panic does not close.
//!
//! A turn that panics is caught and counted, and the bridge goes on; so whatever it had locked goes on, too. That is
//! sound where each change under a lock leaves the value whole, and every lock here is of that kind. Rejected: to treat
//! a poisoned lock as an error, which would make one panic the end of a user, or of a bot.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, whether or not a holder has panicked.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
