//! Log lines on their way to standard error: bounded queues, and the one thread that writes.
//!
//! A turn must neither wait for the log nor fail by it (S1): standard error may be a pipe without a reader, a closed
//! pipe, or a file on a full disk. So a thread that logs puts its line into a bounded queue and goes on. One thread
//! takes from all queues and writes in batches. Lines that do not fit or cannot be written are dropped and counted.
//! Each core has a queue of its own for the records of turns; all other lines share two, one for warnings and errors,
//! one for the rest. So a flood of turns cannot push out a warning.
//!
//! Rejected: a write with a time limit by the core itself, which still costs each turn that time. Rejected: `tracing`'s
//! own non-blocking appender, which has one queue for everything and allocates a line per turn on the core.

mod bounded;
mod writer;

use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::{self, Thread};
use std::time::{Duration, SystemTime};

use tracing::Level;

use self::bounded::{Put, Queue};
use self::writer::{BATCH, Batch, Writer};
use super::kept::KeptTurns;
use super::record::TurnRecord;
use super::tame::{LineFormat, tame};
use super::turn_line;
use crate::mutex::lock;
use crate::named::named;
use crate::net::CoreId;

/// Records of turns that wait in a core's queue: a fifth of a second at 10,000 turns a second.
const TURNS: usize = 2048;
/// Other lines that wait, warnings and the rest each.
const LINES: usize = 1024;
/// Bytes of one line; a longer one is cut.
pub(super) const LINE_BYTES: usize = 16 * 1024;
named! {
    /// The kinds of dropped lines, the least important first.
    pub(crate) enum LineKind {
        /// The line of a turn.
        Turn "turn",
        /// Any other line below a warning.
        Info "info",
        /// A warning or an error.
        Warning "warning",
    }
}

impl LineKind {
    /// The kind of a line that is not a turn's.
    pub(super) fn of(level: Level) -> Self {
        if level <= Level::WARN { Self::Warning } else { Self::Info }
    }
}

/// A finished line with its line break, and when it was made.
struct Line {
    at: SystemTime,
    kind: LineKind,
    bytes: Vec<u8>,
}

/// The producers' ends of the queues.
pub(super) struct Queues {
    turns: Box<[Queue<(SystemTime, TurnRecord)>]>,
    info: Queue<Line>,
    warnings: Queue<Line>,
    /// The thread sleeps without a time limit.
    asleep: AtomicBool,
    /// Set once a flush is wanted; the writer then answers and ends.
    ending: AtomicBool,
    writer: Thread,
    ended: Mutex<Receiver<()>>,
    dropped: [AtomicU64; LineKind::ALL.len()],
    /// Noted by the writer.
    pub(super) kept: KeptTurns,
}

impl Queues {
    /// Starts the thread that writes to `out`, with queues for so many cores.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(
        cores: usize,
        format: LineFormat,
        out: impl Write + Send + 'static,
    ) -> io::Result<&'static Self> {
        let (turns, turn_ends) = (0..cores.max(1)).map(|_| Queue::new(TURNS)).unzip::<_, _, Vec<_>, Vec<_>>();
        let (info, info_end) = Queue::new(LINES);
        let (warnings, warnings_end) = Queue::new(LINES);
        let (end, ended) = sync_channel(1);
        let (tell_queues, own_queues) = sync_channel::<&'static Self>(1);
        let writer = thread::Builder::new().name("bridge-telemetry".to_owned()).spawn(move || {
            let Ok(queues) = own_queues.recv() else { return };
            BATCH.set(Some(Batch::default()));
            let (turns, info, warnings) = (turn_ends, info_end, warnings_end);
            Writer {
                queues,
                turns,
                info,
                warnings,
                format,
                out,
                torn: false,
                line: Vec::new(),
                clock: turn_line::Clock::default(),
            }
            .run();
            let _nobody_waits = end.try_send(());
        })?;
        // One for the process: it lives as long as lines may come.
        let queues: &'static Self = Box::leak(Box::new(Self {
            turns: turns.into_boxed_slice(),
            info,
            warnings,
            asleep: AtomicBool::new(false),
            ending: AtomicBool::new(false),
            writer: writer.thread().clone(),
            ended: Mutex::new(ended),
            dropped: Default::default(),
            kept: KeptTurns::default(),
        }));
        let _received_once = tell_queues.send(queues);
        Ok(queues)
    }

    /// Queues the record of a turn; never waits.
    pub(super) fn turn(&self, core: CoreId, record: TurnRecord) {
        let Some(queue) = self.turns.get(core.0).or(self.turns.first()) else { return };
        self.tell(queue.put((now(), record)), LineKind::Turn);
    }

    /// Queues a line; never waits.
    fn line(&self, kind: LineKind, bytes: Vec<u8>) {
        let queue = if kind == LineKind::Warning { &self.warnings } else { &self.info };
        self.tell(queue.put(Line { at: now(), kind, bytes }), kind);
    }

    fn tell(&self, put: Put, kind: LineKind) {
        match put {
            Put::Taken => self.wake(),
            Put::Half => self.writer.unpark(),
            Put::Full => self.drop_line(kind),
        }
    }

    /// How many lines of this kind were dropped: their queue was full, or they could not be written.
    pub(super) fn dropped(&self, kind: LineKind) -> u64 {
        self.dropped.get(kind as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn drop_line(&self, kind: LineKind) {
        if let Some(count) = self.dropped.get(kind as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn wake(&self) {
        // Together with the fence in `Writer::sleep`: either the writer sees what was queued, or it is seen asleep.
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::Relaxed) {
            self.writer.unpark();
        }
    }

    /// Writes what is queued and ends the thread; waits for that at most so long. Lines after this are dropped.
    pub(super) fn flush(&self, at_most: Duration) {
        self.ending.store(true, Ordering::SeqCst);
        self.writer.unpark();
        let ended = lock(&self.ended);
        match ended.recv_timeout(at_most) {
            Ok(()) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the time in a log line is the wall clock's, and nothing is decided by it"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

/// When the line that this thread writes just now happened.
pub(super) fn time_of_line() -> SystemTime {
    BATCH.with_borrow(|batch| batch.as_ref().and_then(|batch| batch.at)).unwrap_or_else(now)
}

/// A buffer for one line of the formatter; the line is queued when this is dropped.
pub(super) struct LineWriter {
    queues: &'static Queues,
    kind: LineKind,
    format: LineFormat,
    bytes: Vec<u8>,
}

impl LineWriter {
    /// An empty line of this kind; `format` says how it is made safe.
    pub(super) fn new(queues: &'static Queues, kind: LineKind, format: LineFormat) -> Self {
        Self { queues, kind, format, bytes: Vec::new() }
    }
}

impl Write for LineWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = LINE_BYTES.saturating_sub(self.bytes.len());
        self.bytes.extend(bytes.iter().take(room));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        if bytes.is_empty() {
            return;
        }
        if bytes.last() != Some(&b'\n') {
            bytes.truncate(LINE_BYTES - 1);
            bytes.push(b'\n');
        }
        let bytes = tame(bytes, self.format);
        let left = BATCH.with_borrow_mut(|batch| match batch {
            Some(batch) => {
                batch.push(&bytes);
                None
            }
            None => Some(bytes),
        });
        if let Some(bytes) = left {
            self.queues.line(self.kind, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// A file that takes so many bytes and then is full.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(Vec<u8>, Option<usize>)>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut disk = self.0.lock().unwrap();
            let room = disk.1.map_or(bytes.len(), |size| size.saturating_sub(disk.0.len()).min(bytes.len()));
            if room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            disk.0.extend_from_slice(&bytes[..room]);
            Ok(room)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Disk {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().0.clone()).unwrap()
        }
    }

    fn say(queues: &'static Queues, words: &str) {
        LineWriter::new(queues, LineKind::Warning, LineFormat::Json).write_all(words.as_bytes()).unwrap();
    }

    #[test]
    fn lines_are_written_in_order_and_whole() {
        let disk = Disk::default();
        let queues = Queues::start(1, LineFormat::Json, disk.clone()).unwrap();
        say(queues, "first\n");
        say(queues, "second");
        say(queues, &"x".repeat(LINE_BYTES + 5));
        queues.flush(Duration::from_secs(5));
        let text = disk.text();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[..2], ["first", "second"]);
        assert_eq!((lines.len(), lines[2].len()), (3, LINE_BYTES - 1));
    }

    #[test]
    fn what_a_full_disk_does_not_take_is_dropped_and_the_next_line_begins_anew() {
        let disk = Disk::default();
        disk.0.lock().unwrap().1 = Some(9);
        let queues = Queues::start(1, LineFormat::Json, disk.clone()).unwrap();
        say(queues, "first\n");
        say(queues, "second\n");
        while queues.dropped(LineKind::Warning) == 0 {
            thread::yield_now();
        }
        disk.0.lock().unwrap().1 = None;
        say(queues, "third\n");
        queues.flush(Duration::from_secs(5));
        assert_eq!(disk.text(), "first\nsec\nthird\n");
    }

    #[test]
    fn a_pipe_that_nobody_reads_holds_up_neither_who_logs_nor_the_end() {
        struct Stuck;
        impl Write for Stuck {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                loop {
                    thread::park();
                }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let queues = Queues::start(1, LineFormat::Json, Stuck).unwrap();
        // The writer may take some thousand lines more before it is stuck with them.
        while queues.dropped(LineKind::Warning) == 0 {
            say(queues, "a line\n");
        }
        queues.flush(Duration::from_millis(50));
    }

    /// A flood of turns fills its own queue only, and what the writer has in hand does not grow meanwhile.
    #[test]
    fn a_flood_of_turns_pushes_out_no_warning() {
        /// Takes nothing until it is opened.
        #[derive(Clone)]
        struct Gate(Disk, Arc<Mutex<()>>);
        impl Write for Gate {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let _open = self.1.lock().unwrap();
                self.0.write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let gate = Gate(Disk::default(), Arc::default());
        let closed = gate.1.lock().unwrap();
        let queues = Queues::start(1, LineFormat::Json, gate.clone()).unwrap();
        let record = TurnRecord {
            request_id: crate::ids::RequestId::Own { at: 1, number: 1 },
            bot: crate::ids::BotId::parse("shop").unwrap(),
            user: 1,
            total: Duration::ZERO,
            answered: Duration::ZERO,
            end: super::super::record::TurnEnd::default(),
        };
        say(queues, "the writer is at this one\n");
        while queues.dropped(LineKind::Turn) == 0 {
            queues.turn(CoreId(0), record.clone());
        }
        for _ in 0..100 {
            queues.turn(CoreId(0), record.clone());
        }
        LineWriter::new(queues, LineKind::Info, LineFormat::Json).write_all(b"a note\n").unwrap();
        say(queues, "a warning\n");
        assert_eq!(queues.dropped(LineKind::Warning) + queues.dropped(LineKind::Info), 0);
        drop(closed);
        queues.flush(Duration::from_secs(5));
        let text = gate.0.text();
        assert!(text.contains("a warning\n") && text.contains("a note\n"), "{text}");
        assert_eq!(queues.dropped(LineKind::Warning) + queues.dropped(LineKind::Info), 0);
        assert!(queues.dropped(LineKind::Turn) > 0);
    }
}
