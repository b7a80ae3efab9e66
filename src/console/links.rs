//! Sign-in links (C2): each works once, and for fifteen minutes.
//!
//! Looking at a link uses nothing up, so a program that previews it in a chat window does no harm: the page behind it
//! has a button, and only pressing that takes the link.

use std::time::Duration;

use crate::config::secret::Secret;
use crate::time::Moment;

/// How long a link works.
pub(super) const GOOD_FOR: Duration = Duration::from_secs(15 * 60);
/// Links that are good at once; the oldest one goes.
const KEPT: usize = 4;

/// The links that work.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<(Secret, Moment)>);

impl Links {
    /// A new one.
    pub(super) fn add(&mut self, key: &str, now: Moment) {
        self.drop_old(now);
        if self.0.len() >= KEPT {
            self.0.remove(0);
        }
        self.0.push((Secret::new(key), now));
    }

    /// Whether this one works.
    pub(super) fn is_good(&mut self, key: &str, now: Moment) -> bool {
        self.place(key, now).is_some()
    }

    /// Uses it up; whether it worked.
    pub(super) fn take(&mut self, key: &str, now: Moment) -> bool {
        self.place(key, now).map(|place| self.0.remove(place)).is_some()
    }

    fn place(&mut self, key: &str, now: Moment) -> Option<usize> {
        self.drop_old(now);
        self.0.iter().position(|(known, _)| known.matches(key.as_bytes()))
    }

    fn drop_old(&mut self, now: Moment) {
        self.0.retain(|(_, made)| now.since(*made) < GOOD_FOR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: Moment = Moment::from_millis(1_000);

    #[test]
    fn a_link_works_once_however_often_it_was_looked_at() {
        let mut links = Links::default();
        links.add("one", MADE);
        assert!(links.is_good("one", MADE) && links.is_good("one", MADE));
        assert!(!links.take("two", MADE) && !links.take("", MADE));
        assert!(links.take("one", MADE));
        assert!(!links.is_good("one", MADE) && !links.take("one", MADE));
    }

    #[test]
    fn a_link_is_over_after_fifteen_minutes() {
        let mut links = Links::default();
        links.add("one", MADE);
        let minutes = |minutes: u64| MADE.plus(Duration::from_secs(60 * minutes));
        assert!(links.is_good("one", minutes(14)));
        assert!(!links.take("one", minutes(15)));
    }

    #[test]
    fn a_fifth_link_ends_the_first() {
        let mut links = Links::default();
        for key in ["1", "2", "3", "4", "5"] {
            links.add(key, MADE);
        }
        assert!(!links.is_good("1", MADE) && links.is_good("2", MADE) && links.is_good("5", MADE));
    }
}
