//! What a reload cannot change.

use super::settings::Settings;

/// The keys that differ and that only a restart applies: sockets and threads are made once (S6), and logging with them.
#[must_use]
pub fn restart_needed(old: &Settings, new: &Settings) -> Vec<&'static str> {
    let log = (old.log.format != new.log.format, old.log.filter != new.log.filter, old.log.key != new.log.key);
    let keys = [
        ("listen", old.listen != new.listen),
        ("workers", old.workers != new.workers),
        ("tls", old.tls != new.tls),
        ("admin.listen", old.admin.listen != new.admin.listen),
        ("log.format", log.0),
        ("log.filter", log.1),
        ("log.key", log.2),
    ];
    keys.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
}
