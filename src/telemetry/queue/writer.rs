//! The thread that writes: it takes lines from all queues, the oldest first, and writes them in batches.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::atomic::{Ordering, fence};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, SystemTime};

use smallvec::SmallVec;

use super::{LINES, Line, LineKind, Queues, TURNS};
use crate::telemetry::record::TurnRecord;
use crate::telemetry::tame::{LineFormat, tame};
use crate::telemetry::turn_line;
use crate::wire::json::JsonWriter;

/// Lines that are written in one round.
const ROUND: usize = 2 * LINES + TURNS;
/// Bytes that are written at once.
const BATCH_BYTES: usize = 64 * 1024;
/// How long a line waits for others to be written with it.
const GATHER: Duration = Duration::from_millis(100);
/// Empty rounds after which the thread sleeps until it is woken: half a second.
const IDLE_ROUNDS: u32 = 5;
/// How long a write that would block is left alone.
const BLOCKED: Duration = Duration::from_millis(10);

thread_local! {
    /// On the writing thread: where its own lines go, and when the thing they tell of happened.
    pub(super) static BATCH: RefCell<Option<Batch>> = const { RefCell::new(None) };
}

/// Lines that are written at once.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// The end of each line and its kind.
    ends: Vec<(usize, LineKind)>,
    /// Of the line that is being made.
    pub(super) at: Option<SystemTime>,
    kind: Option<LineKind>,
}

impl Batch {
    pub(super) fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.ends.push((self.bytes.len(), self.kind.unwrap_or(LineKind::Info)));
    }
}

/// The thread's own side.
pub(super) struct Writer<W> {
    pub(super) queues: &'static Queues,
    pub(super) turns: Vec<Receiver<(SystemTime, TurnRecord)>>,
    pub(super) info: Receiver<Line>,
    pub(super) warnings: Receiver<Line>,
    pub(super) out: W,
    /// The last write ended in the middle of a line.
    pub(super) torn: bool,
    pub(super) format: LineFormat,
    /// The buffer of a turn's line.
    pub(super) line: Vec<u8>,
    pub(super) clock: turn_line::Clock,
}

/// The queued lines, in the order of their events.
enum Queued {
    Line(Line),
    Turn(SystemTime, TurnRecord),
}

impl Queued {
    fn at(&self) -> SystemTime {
        match self {
            Self::Line(line) => line.at,
            Self::Turn(at, _) => *at,
        }
    }
}

/// Which of these happened first.
fn oldest(heads: &[Option<Queued>]) -> Option<usize> {
    let times = heads.iter().enumerate().filter_map(|(queue, head)| Some((head.as_ref()?.at(), queue)));
    times.min().map(|(_, queue)| queue)
}

impl<W: Write> Writer<W> {
    pub(super) fn run(mut self) {
        let mut empty = 0;
        loop {
            // Read before the queues: lines that were queued before the end was asked for are still written.
            let ending = self.queues.ending.load(Ordering::SeqCst);
            if self.round() > 0 {
                empty = 0;
            } else if ending {
                return;
            } else {
                empty += 1;
            }
            if empty < IDLE_ROUNDS {
                if !ending {
                    thread::park_timeout(GATHER);
                }
            } else {
                self.sleep();
            }
        }
    }

    /// Sleeps until a line is queued.
    fn sleep(&mut self) {
        self.queues.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if self.round() == 0 && !self.queues.ending.load(Ordering::SeqCst) {
            thread::park();
        }
        self.queues.asleep.store(false, Ordering::Relaxed);
    }

    /// The next of a queue: warnings, other lines, and the turns of each core.
    fn next(&self, queue: usize) -> Option<Queued> {
        match queue.checked_sub(2) {
            Some(core) => self.turns.get(core)?.try_recv().ok().map(|(at, record)| Queued::Turn(at, record)),
            None if queue == 0 => self.warnings.try_recv().ok().map(Queued::Line),
            None => self.info.try_recv().ok().map(Queued::Line),
        }
    }

    /// Writes what is queued by now, a batch at most; how many lines.
    fn round(&mut self) -> usize {
        let mut count = 0;
        // The oldest of each queue: the oldest of these is written next.
        let mut heads: SmallVec<[Option<Queued>; 8]> =
            (0..self.turns.len() + 2).map(|queue| self.next(queue)).collect();
        while let Some(oldest) = oldest(&heads) {
            let behind = if count < ROUND { self.next(oldest) } else { None };
            let Some(queued) = heads.get_mut(oldest).and_then(|head| std::mem::replace(head, behind)) else { break };
            count += 1;
            match queued {
                Queued::Line(line) => with_batch(|batch| {
                    batch.kind = Some(line.kind);
                    batch.push(&line.bytes);
                }),
                Queued::Turn(at, record) => {
                    with_batch(|batch| (batch.at, batch.kind) = (Some(at), Some(LineKind::Turn)));
                    self.turn_line(&record, at);
                    self.queues.kept.note(at, record);
                    with_batch(|batch| batch.at = None);
                }
            }
            if with_batch(|batch| batch.bytes.len()) >= BATCH_BYTES {
                self.write();
            }
        }
        self.write();
        count
    }

    fn turn_line(&mut self, record: &TurnRecord, at: SystemTime) {
        match self.format {
            LineFormat::Pretty => record.log(),
            LineFormat::Json => {
                let mut json = JsonWriter::reusing(std::mem::take(&mut self.line));
                let wanted = turn_line::write(record, at, &mut self.clock, &mut json);
                self.line = tame(json.finish(), LineFormat::Json);
                if wanted {
                    with_batch(|batch| batch.push(&self.line));
                }
            }
        }
    }

    /// Writes the batch. Lines that cannot be written are dropped.
    fn write(&mut self) {
        let (mut bytes, ends) = with_batch(|batch| (std::mem::take(&mut batch.bytes), std::mem::take(&mut batch.ends)));
        let mut written = 0;
        if self.torn && !bytes.is_empty() && self.out.write_all(b"\n").is_ok() {
            self.torn = false;
        }
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            match self.out.write(rest) {
                Ok(0) => break,
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !self.is_ending() => thread::sleep(BLOCKED),
                Err(_) => break,
            }
        }
        for (_, kind) in ends.iter().filter(|(end, _)| *end > written) {
            self.queues.drop_line(*kind);
        }
        if written < bytes.len() {
            self.torn = written > 0 && bytes.get(written - 1) != Some(&b'\n') || self.torn && written == 0;
        }
        bytes.clear();
        with_batch(|batch| batch.bytes = bytes);
    }

    fn is_ending(&self) -> bool {
        self.queues.ending.load(Ordering::SeqCst)
    }
}

fn with_batch<T: Default>(work: impl FnOnce(&mut Batch) -> T) -> T {
    BATCH.with_borrow_mut(|batch| batch.as_mut().map(work).unwrap_or_default())
}
