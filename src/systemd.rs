//! What a service manager is told (`Type=notify`): when the bridge serves, when it takes a new configuration up, when it
//! stops.
//!
//! A word to the socket that `NOTIFY_SOCKET` names; without that variable nobody wants to know, and nothing is done.
//! The socket is the manager's own and never slow: it takes a datagram or refuses it. A refusal is no reason for the
//! bridge to do anything else.

use sd_notify::NotifyState;

/// All listeners are bound: callers may come.
pub(crate) fn serves() {
    tell(&[NotifyState::Ready, NotifyState::Status("serving")]);
}

/// A configuration is being read. Followed by [`serves`] or [`refused`].
pub(crate) fn reloads() {
    // Wanted by `Type=notify-reload` besides the word itself: the time tells this reload from an older one.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "the service manager is not told of a reload"),
    }
}

/// The new configuration is not in force, the old one is; `systemctl status` shows it.
pub(crate) fn refused() {
    tell(&[
        NotifyState::Ready,
        NotifyState::Status("serving; the new configuration is refused, the old one is in force"),
    ]);
}

/// What is in flight is being finished.
pub(crate) fn stops() {
    tell(&[NotifyState::Stopping, NotifyState::Status("finishing what is in flight")]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager cannot be told of the bridge's state (NOTIFY_SOCKET)");
    }
}
