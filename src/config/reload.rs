//! The settings that a reload cannot change.

use super::settings::Settings;

/// The keys that differ and that only a restart applies: sockets, threads and what all bots share are made once (S6),
/// and logging with them.
#[must_use]
pub fn restart_needed(old: &Settings, new: &Settings) -> Vec<&'static str> {
    let log = (old.log.format != new.log.format, old.log.filter != new.log.filter, old.log.key != new.log.key);
    // A bot's own `sessions` is the same bound.
    let sessions = old.bots.iter().any(|(id, was)| new.bots.get(id).is_some_and(|is| was.sessions != is.sessions));
    let keys = [
        ("listen", old.listen != new.listen),
        ("workers", old.workers != new.workers),
        ("tls", old.tls != new.tls),
        ("admin.listen", old.admin.listen != new.admin.listen),
        ("limits.connections", old.limits.connections != new.limits.connections),
        ("limits.pending", old.limits.pending_bytes != new.limits.pending_bytes),
        ("limits.turns", old.limits.turns != new.limits.turns),
        ("limits.turns_per_user", old.limits.turns_per_user != new.limits.turns_per_user),
        ("limits.sessions", sessions),
        ("limits.session_bytes", old.limits.session_bytes != new.limits.session_bytes),
        ("limits.parked", old.limits.parked_bytes != new.limits.parked_bytes),
        ("limits.events", old.limits.events != new.limits.events),
        ("store", old.store != new.store),
        ("log.format", log.0),
        ("log.filter", log.1),
        ("log.key", log.2),
    ];
    keys.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
}
