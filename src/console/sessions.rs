//! Who is signed in (C2).
//!
//! A browser holds a random name; the process holds its hash, so that looking one up tells nothing by the time it takes.
//! All sessions end with the process, and with the `admin.token` by which they began.

use std::collections::HashMap;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::random;
use crate::config::secret::Secret;
use crate::time::Moment;

/// Sessions at once; a further one ends the one that was quiet for the longest time.
const KEPT: usize = 32;
/// How long a session may be quiet.
const IDLE: Duration = Duration::from_secs(12 * 60 * 60);
/// How long it lasts at most: a page that asks each second is never quiet.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The sessions by the hash of their name.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_hash: HashMap<[u8; 32], Session>,
    /// How often any was looked at: two may be seen in one millisecond.
    looks: u64,
}

#[derive(Debug)]
struct Session {
    /// What each form of its pages carries.
    form_token: String,
    /// The `admin.token` in force when it began.
    token: Option<Secret>,
    begun: Moment,
    seen: Moment,
    /// Which look at any session was its last.
    look: u64,
}

impl Sessions {
    /// Begins one; its name is for the browser. `None` without randomness.
    pub(super) fn begin(&mut self, token: Option<&Secret>, now: Moment) -> Option<String> {
        self.drop_old(now);
        if self.by_hash.len() >= KEPT {
            let quiet = self.by_hash.iter().min_by_key(|(_, session)| session.look).map(|(name, _)| *name);
            quiet.map(|name| self.by_hash.remove(&name));
        }
        let (name, form_token) = (random::word()?, random::word()?);
        self.looks += 1;
        let session = Session { form_token, token: token.cloned(), begun: now, seen: now, look: self.looks };
        self.by_hash.insert(hash(&name), session);
        Some(name)
    }

    /// The form token of the session of this name, which is not quiet any more.
    pub(super) fn find(&mut self, name: &str, token: Option<&Secret>, now: Moment) -> Option<String> {
        self.drop_old(now);
        let session = self.by_hash.get_mut(&hash(name)).filter(|session| session.token.as_ref() == token)?;
        self.looks += 1;
        (session.seen, session.look) = (now, self.looks);
        Some(session.form_token.clone())
    }

    /// Ends the one of this name.
    pub(super) fn end(&mut self, name: &str) {
        self.by_hash.remove(&hash(name));
    }

    fn drop_old(&mut self, now: Moment) {
        self.by_hash.retain(|_, session| now.since(session.seen) < IDLE && now.since(session.begun) < LONGEST);
    }
}

fn hash(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_millis(1_000);

    #[test]
    fn a_session_is_found_by_its_name_until_it_ends() {
        let mut sessions = Sessions::default();
        let (one, other) = (sessions.begin(None, NOW).unwrap(), sessions.begin(None, NOW).unwrap());
        let [mine, others] = [&one, &other].map(|name| sessions.find(name, None, NOW).unwrap());
        assert!(one != other && mine != others && mine != one);
        assert_eq!(sessions.find("", None, NOW), None);
        sessions.end(&one);
        assert_eq!(sessions.find(&one, None, NOW), None);
        assert!(sessions.find(&other, None, NOW).is_some());
    }

    #[test]
    fn another_admin_token_ends_what_the_one_before_has_begun() {
        let mut sessions = Sessions::default();
        let (before, after) = (Secret::new("before"), Secret::new("after"));
        let name = sessions.begin(Some(&before), NOW).unwrap();
        assert!(sessions.find(&name, Some(&before), NOW).is_some());
        assert_eq!(sessions.find(&name, Some(&after), NOW), None);
        assert_eq!(sessions.find(&name, None, NOW), None);
    }

    #[test]
    fn quiet_and_old_sessions_end() {
        let mut sessions = Sessions::default();
        let name = sessions.begin(None, NOW).unwrap();
        let mut now = NOW;
        while now.since(NOW) + IDLE / 2 < LONGEST {
            now = now.plus(IDLE / 2);
            assert!(sessions.find(&name, None, now).is_some());
        }
        assert_eq!(sessions.find(&name, None, NOW.plus(LONGEST)), None);
        let quiet = sessions.begin(None, NOW).unwrap();
        assert_eq!(sessions.find(&quiet, None, NOW.plus(IDLE)), None);
    }

    #[test]
    fn one_session_too_many_ends_the_quietest() {
        let mut sessions = Sessions::default();
        let names: Vec<_> = (0..KEPT).map(|_| sessions.begin(None, NOW).unwrap()).collect();
        let later = NOW.plus(Duration::from_secs(1));
        for name in names.iter().skip(1) {
            sessions.find(name, None, later).unwrap();
        }
        sessions.begin(None, later).unwrap();
        assert_eq!((sessions.by_hash.len(), sessions.find(&names[0], None, later)), (KEPT, None));
        assert!(sessions.find(&names[1], None, later).is_some());
    }
}
