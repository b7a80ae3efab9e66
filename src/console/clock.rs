//! Times as they are written on every page: those of Korea, nine hours ahead, wherever the browser is. KakaoTalk's bots are
//! there, and so are their logs.

use std::time::{Duration, UNIX_EPOCH};

const KOREA: Duration = Duration::from_secs(9 * 60 * 60);

/// Hours, minutes and seconds, of a time in milliseconds since the Unix epoch.
pub(super) fn time_of_day(millis: u64) -> String {
    written(millis).get(11..19).unwrap_or_default().to_owned()
}

/// Month, day, hours and minutes.
pub(super) fn day_and_time(millis: u64) -> String {
    let written = written(millis);
    let part = |from, to| written.get(from..to).unwrap_or_default();
    format!("{} {} KST", part(5, 10), part(11, 16))
}

fn written(millis: u64) -> String {
    let at = UNIX_EPOCH.checked_add(Duration::from_millis(millis) + KOREA).unwrap_or(UNIX_EPOCH);
    humantime::format_rfc3339_seconds(at).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_korea() {
        assert_eq!((time_of_day(0), day_and_time(0)), ("09:00:00".to_owned(), "01-01 09:00 KST".to_owned()));
        let new_year = (15 * 60 * 60 + 61) * 1000 + 999;
        assert_eq!(
            (time_of_day(new_year), day_and_time(new_year)),
            ("00:01:01".to_owned(), "01-02 00:01 KST".to_owned())
        );
    }
}
