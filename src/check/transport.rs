//! How a bot speaks HTTP: what its headers tell, and what the bridge makes of it (legacy.md 3).

use hyper::Version;
use hyper::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, SERVER, SET_COOKIE};

use super::exchange::Answer;
use super::report::Report;
use super::{Finding, Weight, remedy};
use crate::messages::{Message, check as messages};
use crate::wire::text::printable;

/// Characters of a header that are shown.
const SHOWN: usize = 60;

/// What concerns the connection, whatever was asked.
pub(super) fn look(answer: &Answer, report: &mut Report) {
    let closes = word(&answer.headers, &CONNECTION).is_some_and(|value| value.to_lowercase().contains("close"));
    if answer.version == Version::HTTP_10 || closes {
        report.add(Finding::new(Weight::Note, messages::one_call_a_connection(format!("{:?}", answer.version))));
    }
    if word(&answer.headers, &SERVER).is_some_and(|server| server.to_lowercase().contains("apache")) {
        report.add(Finding::new(Weight::Note, messages::apache()));
    }
}

/// What concerns a body that was read as JSON. `gzip` is told as a difference of its own where it is true.
pub(super) fn of_json(call: &Message, answer: &Answer, is_gzip: bool, report: &mut Report) {
    let runs = report.runs;
    let untyped = |seen| {
        let users = messages::users_same();
        Finding::new(Weight::Differs, seen).users(users).remedy(remedy::content_type(runs))
    };
    match word(&answer.headers, &CONTENT_TYPE) {
        None => report.add(untyped(messages::no_type(call.clone()))),
        Some(value) => {
            let lower = value.to_ascii_lowercase();
            let (kind, parameters) = lower.split_once(';').unwrap_or((&lower, ""));
            if !kind.trim().ends_with("json") {
                report.add(untyped(messages::other_type(call.clone(), shown(kind.trim()))));
            }
            let charset =
                parameters.split("charset=").nth(1).map(|charset| charset.trim_matches(['"', ' ', ';', '\'']));
            if let Some(charset) = charset.filter(|charset| !matches!(*charset, "utf-8" | "utf8" | "")) {
                report.add(untyped(messages::other_charset(call.clone(), shown(charset))));
            }
        }
    }
    if let Some(encoding) = word(&answer.headers, &CONTENT_ENCODING)
        && !encoding.eq_ignore_ascii_case("identity")
        && !is_gzip
    {
        let seen = messages::says_encoded(call.clone(), shown(&encoding));
        let finding = Finding::new(Weight::Differs, seen).users(messages::users_same());
        report.add(finding.remedy(remedy::gzip(runs)));
    }
    let body = answer.body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&answer.body);
    if body.first().is_some_and(u8::is_ascii_whitespace) {
        let seen = messages::leading_space(call.clone());
        let finding = Finding::new(Weight::Differs, seen).users(messages::users_same());
        report.add(finding.remedy(remedy::no_space(runs)));
    }
    if answer.headers.contains_key(SET_COOKIE) {
        report.add(Finding::new(Weight::Note, messages::sets_cookies(call.clone())));
    }
}

fn word(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn shown(word: &str) -> String {
    printable(word, SHOWN).into()
}
