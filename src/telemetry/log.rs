//! Log lines: pretty on a terminal, JSON otherwise; written by a thread of their own ([`super::queue`]).

use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::time::Duration;

use tracing::Metadata;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FmtSpan, Writer};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::writer::MakeWriter;

use super::kept::{Listed, NotableTurn};
use super::queue::{LineKind, LineWriter, Queues, time_of_line};
use super::record::TurnRecord;
use super::tame::LineFormat;
use crate::config::settings::{Log, LogFormat};
use crate::net::CoreId;

/// How long the end of the process waits for lines that are not written yet.
const FLUSH: Duration = Duration::from_millis(500);

static QUEUES: OnceLock<&'static Queues> = OnceLock::new();

/// Ends the log when it goes out of sight: queued lines are written, as far as that takes no longer than half a second.
#[derive(Debug)]
pub(crate) struct Logging(());

/// Sends log lines of so many workers, and of the operators' thread, to standard error, once per process. A second call changes nothing, which tests
/// rely on.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn start(log: &Log, workers: usize) -> io::Result<Logging> {
    if QUEUES.get().is_some() {
        return Ok(Logging(()));
    }
    let terminal = io::stderr().is_terminal();
    let pretty = match log.format {
        LogFormat::Pretty => true,
        LogFormat::Json => false,
        LogFormat::Auto => terminal,
    };
    let format = if pretty { LineFormat::Pretty } else { LineFormat::Json };
    let queues = *QUEUES.get_or_init({
        let queues = Queues::start(workers + 1, format, io::stderr())?;
        || queues
    });
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(ToQueues(queues, format)).with_timer(LineTime);
    // Both fail only where logging has been started already.
    drop(if pretty {
        lines.with_ansi(terminal).with_target(false).compact().try_init()
    } else {
        lines.json().flatten_event(true).with_current_span(false).with_span_events(FmtSpan::NONE).try_init()
    });
    // The standard hook writes to standard error itself, and would wait for a pipe without a reader.
    std::panic::set_hook(Box::new(tell_panic));
    Ok(Logging(()))
}

impl Drop for Logging {
    fn drop(&mut self) {
        if let Some(queues) = QUEUES.get() {
            queues.flush(FLUSH);
        }
    }
}

/// Leaves the record of a turn: with the writing thread, where there is one.
pub(crate) fn turn(core: CoreId, record: TurnRecord) {
    match QUEUES.get() {
        Some(queues) => queues.turn(core, record),
        None => record.log(),
    }
}

/// The last turns that an operator would ask about, the oldest first.
#[must_use]
pub(crate) fn notable() -> Vec<NotableTurn> {
    QUEUES.get().map_or_else(Vec::new, |queues| queues.kept.notable())
}

/// At most `most` of the kept turns that came behind the one of number `after` and are wanted, the newest first.
#[must_use]
pub(crate) fn turns(after: u64, most: usize, wanted: impl Fn(&TurnRecord) -> bool) -> Listed {
    QUEUES.get().map_or_else(Listed::default, |queues| queues.kept.list(after, most, wanted))
}

/// How many lines of this kind were dropped since the start: they did not fit, or could not be written.
#[must_use]
pub(crate) fn dropped(kind: LineKind) -> u64 {
    QUEUES.get().map_or(0, |queues| queues.dropped(kind))
}

fn tell_panic(info: &PanicHookInfo<'_>) {
    let words = info.payload_as_str().unwrap_or("no words");
    let backtrace = std::backtrace::Backtrace::capture();
    let backtrace = (backtrace.status() == std::backtrace::BacktraceStatus::Captured).then_some(&backtrace);
    tracing::error!(
        at = info.location().map(tracing::field::display),
        backtrace = backtrace.map(tracing::field::display),
        "panic: {words}"
    );
}

/// Gives each event a writer of its own.
struct ToQueues(&'static Queues, LineFormat);

impl<'w> MakeWriter<'w> for ToQueues {
    type Writer = LineWriter;

    fn make_writer(&'w self) -> LineWriter {
        LineWriter::new(self.0, LineKind::Info, self.1)
    }

    fn make_writer_for(&'w self, meta: &Metadata<'_>) -> LineWriter {
        LineWriter::new(self.0, LineKind::of(*meta.level()), self.1)
    }
}

/// The line of a turn is made later than the turn: its time comes with the record.
struct LineTime;

impl FormatTime for LineTime {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        write!(out, "{}", humantime::format_rfc3339_micros(time_of_line()))
    }
}
