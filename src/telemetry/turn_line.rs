//! The JSON line of a turn, written member by member without a serializer.
//!
//! It is the one line of every turn. Through `tracing` and its formatter it cost a tenth of the whole turn; other lines
//! are few, and a terminal's pretty line is for one pair of eyes. Both ways say the same (a test holds them together).

use std::time::{Duration, SystemTime};

use tracing::Level;

use super::record::TurnRecord;
use crate::ids::RequestId;
use crate::wire::json::JsonWriter;

/// Writes the times of lines. Those of one second share all but the last digits.
#[derive(Debug, Default)]
pub(super) struct Clock {
    second: u64,
    /// That second, as RFC 3339 writes it up to its seconds.
    written: String,
}

impl Clock {
    fn write(&mut self, at: SystemTime, json: &mut JsonWriter) {
        let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        if self.written.is_empty() || since.as_secs() != self.second {
            self.second = since.as_secs();
            self.written = humantime::format_rfc3339_seconds(at).to_string();
            self.written.truncate(self.written.trim_end_matches('Z').len());
        }
        json.raw("\"");
        json.words(&self.written);
        json.raw(".");
        json.digits(since.subsec_micros(), 6);
        json.raw("Z\"");
    }
}

/// Writes the line of `record`, with its end, into `json`; false where the log's filter leaves it out.
pub(super) fn write(record: &TurnRecord, at: SystemTime, clock: &mut Clock, json: &mut JsonWriter) -> bool {
    let level = record.level();
    let wanted = if level == Level::WARN {
        tracing::enabled!(target: "smartchat_bridge::turn", Level::WARN)
    } else {
        tracing::enabled!(target: "smartchat_bridge::turn", Level::INFO)
    };
    if wanted {
        line(record, level, at, clock, json);
    }
    wanted
}

fn line(record: &TurnRecord, level: Level, at: SystemTime, clock: &mut Clock, json: &mut JsonWriter) {
    let TurnRecord { request_id, bot, user, total, answered, end } = record;
    json.raw(r#"{"timestamp":"#);
    clock.write(at, json);
    json.raw(if level == Level::WARN { r#","level":"WARN""# } else { r#","level":"INFO""# });
    json.raw(r#","message":"turn","request_id":"#);
    match request_id {
        RequestId::Given(id) => json.string(id),
        RequestId::Own { at, number } => {
            json.raw("\"sb-");
            json.hexadecimal(*at, 1);
            json.raw("-");
            json.hexadecimal(*number, 1);
            json.raw("\"");
        }
    }
    json.raw(r#","bot":"#);
    json.string(bot.as_str());
    json.raw(r#","user":""#);
    json.hexadecimal(*user, 16);
    json.raw(r#"","plan":"#);
    json.string(end.plan.as_str());
    json.raw(r#","outcome":"#);
    json.string(end.outcome.as_str());
    if let Some(backend) = end.backend {
        json.raw(r#","backend_ms":"#);
        json.thousandths(micros(backend));
    }
    json.raw(r#","answered_ms":"#);
    json.thousandths(micros(*answered));
    json.raw(r#","total_ms":"#);
    json.thousandths(micros(*total));
    if let Some((problem, detail)) = &end.problem {
        json.raw(r#","problem":"#);
        json.string(problem.as_str());
        json.raw(r#","detail":"#);
        json.string(detail);
    }
    if !end.degradations.is_empty() {
        let mut sign = r#","degradations":""#;
        for degradation in end.degradations.iter() {
            json.raw(sign);
            json.raw(degradation.code());
            sign = ",";
        }
        json.raw("\"");
    }
    json.raw(r#","target":"smartchat_bridge::turn"}"#);
    json.raw("\n");
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn times_are_written_as_rfc_3339_has_them(times in prop::collection::vec(0..4_102_444_800_000_000_u64, 1..4)) {
            let mut clock = Clock::default();
            for micros in times.iter().flat_map(|micros| [*micros, micros + 1, micros + 1_000_000]) {
                let at = SystemTime::UNIX_EPOCH + Duration::from_micros(micros);
                let mut json = JsonWriter::reusing(Vec::new());
                clock.write(at, &mut json);
                let expected = format!("\"{}\"", humantime::format_rfc3339_micros(at));
                prop_assert_eq!(String::from_utf8(json.finish()).unwrap(), expected);
            }
        }
    }
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use crate::backend_problem::BackendProblem;
    use crate::degradation::Degradation;
    use crate::ids::BotId;
    use crate::telemetry::record::{Outcome, PlanKind, TurnEnd};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn record(outcome: Outcome, problem: Option<(BackendProblem, Box<str>)>) -> TurnRecord {
        let mut end = TurnEnd {
            plan: PlanKind::Ask,
            backend: Some(Duration::from_micros(12_340)),
            problem,
            ..TurnEnd::of(outcome)
        };
        if outcome == Outcome::NoReply {
            end.degradations.add(Degradation::NoReply);
            end.degradations.add(Degradation::Pages);
        }
        TurnRecord {
            request_id: RequestId::Given("id \"with\" 한글".into()),
            bot: BotId::parse("shop").unwrap(),
            user: 0xabc,
            total: Duration::from_micros(13_500),
            answered: Duration::from_micros(13_001),
            end,
        }
    }

    #[test]
    fn it_says_what_the_formatter_would_say() {
        for record in [
            record(Outcome::Answered, None),
            record(Outcome::NoReply, Some((BackendProblem::Status, "status 500".into()))),
            TurnRecord { request_id: RequestId::Own { at: 0x19a, number: 7 }, ..record(Outcome::Answered, None) },
        ] {
            let lines = Lines::default();
            let out = lines.clone();
            let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false);
            tracing::subscriber::with_default(subscriber.with_writer(move || out.clone()).finish(), || record.log());
            let other = lines.0.lock().unwrap().clone();
            let other: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&other).unwrap();
            let mut own = JsonWriter::reusing(Vec::new());
            line(&record, record.level(), SystemTime::UNIX_EPOCH, &mut Clock::default(), &mut own);
            let mut own: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&own.finish()).unwrap();
            assert_eq!(own["timestamp"], "1970-01-01T00:00:00.000000Z");
            own.insert("timestamp".into(), other["timestamp"].clone());
            assert_eq!(own, other);
        }
    }
}
