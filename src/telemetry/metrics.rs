//! Counters: one cell per core, summed when scraped, labels from fixed sets only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::record::{Outcome, PlanKind, TurnRecord};
use super::watch::Watches;
use crate::degradation::Degradation;
use crate::net::CoreId;
use crate::time::Moment;

/// Upper bounds in seconds: below the deadline finely, for that is where users wait; then S3's and S2's ends.
pub const BUCKETS: [f64; 18] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 3.0, 3.5, 4.0, 4.5, 4.6, 5.0, 8.0, 15.0, 55.0];

/// Why a call was refused before admission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Refusal {
    /// Not a skill call.
    BadRequest,
    /// No secret, or a wrong one.
    Unauthorized,
    /// An address that is not listed, or a path that disagrees with `bot.id`.
    Forbidden,
    /// No such path or bot.
    NotFound,
    /// The path takes another method.
    MethodNotAllowed,
    /// The body is too large.
    TooLarge,
    /// The body did not come in time.
    TimedOut,
    /// Too many connections.
    Connections,
    /// One user called too often; they read so.
    Rate,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::TooLarge,
        Self::TimedOut,
        Self::Connections,
        Self::Rate,
    ];

    /// The word for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::TimedOut => "timed_out",
            Self::Connections => "connections",
            Self::Rate => "rate",
        }
    }
}

/// What became of a channel event (E2, E4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum EventFate {
    /// The bot answered, whatever it said.
    Delivered,
    /// Every try failed.
    Undelivered,
    /// The bot has no such path, and was not asked again.
    NoPath,
    /// It waits for its user's next skill call.
    Waits,
    /// Kakao sent it a second time.
    Repeat,
    /// It names the user by open id, or not at all.
    Nobody,
    /// Of a channel that is no bot's.
    OtherChannel,
    /// Neither `added` nor `blocked`.
    OtherKind,
    /// Dropped: a bound was reached.
    Bound,
}

impl EventFate {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Delivered,
        Self::Undelivered,
        Self::NoPath,
        Self::Waits,
        Self::Repeat,
        Self::Nobody,
        Self::OtherChannel,
        Self::OtherKind,
        Self::Bound,
    ];

    /// The word for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::NoPath => "no_path",
            Self::Waits => "waits",
            Self::Repeat => "repeat",
            Self::Nobody => "nobody",
            Self::OtherChannel => "other_channel",
            Self::OtherKind => "other_kind",
            Self::Bound => "bound",
        }
    }
}

/// What is counted for the whole process.
#[derive(Debug)]
pub struct Metrics {
    cores: Box<[CoreCells]>,
    /// In which second a refusal of this kind was last told.
    lines: [AtomicU64; Refusal::ALL.len()],
}

/// What is counted for one bot.
#[derive(Debug)]
pub struct BotMetrics {
    /// Calls that ask what becomes of them.
    pub watches: Watches,
    cores: Box<[BotCells]>,
}

/// Its own cache lines: neighbours are other cores' (128 bytes: two lines are fetched at once).
#[derive(Debug, Default)]
#[repr(align(128))]
struct CoreCells {
    refusals: [AtomicU64; Refusal::ALL.len()],
    events: [AtomicU64; EventFate::ALL.len()],
}

#[derive(Debug)]
#[repr(align(128))]
struct BotCells {
    turns: [[AtomicU64; Outcome::ALL.len()]; PlanKind::ALL.len()],
    degradations: [AtomicU64; 64],
    answered: Histogram,
    backend: Histogram,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; BUCKETS.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

/// A histogram, summed over the cores.
#[derive(Debug, Clone, PartialEq)]
pub struct Durations {
    /// Upper bounds in seconds and how many fell up to each, not cumulated.
    pub buckets: [(f64, u64); BUCKETS.len()],
    /// How many.
    pub count: u64,
    /// Their sum in seconds.
    pub sum: f64,
}

impl Metrics {
    /// Cells for so many cores.
    #[must_use]
    pub fn new(cores: usize) -> Arc<Self> {
        Arc::new(Self {
            cores: (0..cores.max(1)).map(|_| CoreCells::default()).collect(),
            lines: std::array::from_fn(|_| AtomicU64::new(0)),
        })
    }

    /// Whether a refused call is worth a line in the log: one a second and reason, for anybody can make them.
    #[must_use]
    pub fn is_worth_a_line(&self, why: Refusal, now: Moment) -> bool {
        let second = now.as_millis() / 1000;
        self.lines.get(why as usize).is_some_and(|last| last.swap(second, Ordering::Relaxed) != second)
    }

    /// Counts a refused call.
    pub fn refused(&self, core: CoreId, why: Refusal) {
        if let Some(cell) = self.cores.get(core.0).and_then(|core| core.refusals.get(why as usize)) {
            add(cell, 1);
        }
    }

    /// Counts a channel event.
    pub fn event(&self, core: CoreId, fate: EventFate) {
        if let Some(cell) = self.cores.get(core.0).and_then(|core| core.events.get(fate as usize)) {
            add(cell, 1);
        }
    }

    /// How many channel events came to this.
    #[must_use]
    pub fn events(&self, fate: EventFate) -> u64 {
        sum(self.cores.iter().filter_map(|core| core.events.get(fate as usize)))
    }

    /// How many were refused for this.
    #[must_use]
    pub fn refusals(&self, why: Refusal) -> u64 {
        sum(self.cores.iter().filter_map(|core| core.refusals.get(why as usize)))
    }
}

impl BotMetrics {
    /// Cells for so many cores.
    #[must_use]
    pub fn new(cores: usize) -> Arc<Self> {
        let cells = || BotCells {
            turns: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
            degradations: std::array::from_fn(|_| AtomicU64::new(0)),
            answered: Histogram::default(),
            backend: Histogram::default(),
        };
        Arc::new(Self { watches: Watches::default(), cores: (0..cores.max(1)).map(|_| cells()).collect() })
    }

    /// Counts a turn.
    pub fn turn(&self, core: CoreId, record: &TurnRecord) {
        self.watches.ended(&record.request_id, record.end.plan, record.end.outcome);
        let Some(cells) = self.cores.get(core.0) else { return };
        if let Some(cell) = cells.turns.get(record.end.plan as usize).and_then(|p| p.get(record.end.outcome as usize)) {
            add(cell, 1);
        }
        for degradation in record.end.degradations.iter() {
            if let Some(cell) = cells.degradations.get(degradation as usize) {
                add(cell, 1);
            }
        }
        cells.answered.add(record.answered);
        if let Some(backend) = record.end.backend {
            cells.backend.add(backend);
        }
    }

    /// How many turns of this plan came to this.
    #[must_use]
    pub fn turns(&self, plan: PlanKind, outcome: Outcome) -> u64 {
        sum(self.cores.iter().filter_map(|core| core.turns.get(plan as usize)?.get(outcome as usize)))
    }

    /// How many turns had this degradation.
    #[must_use]
    pub fn degradations(&self, degradation: Degradation) -> u64 {
        sum(self.cores.iter().filter_map(|core| core.degradations.get(degradation as usize)))
    }

    /// How long users waited for something to read.
    #[must_use]
    pub fn answered(&self) -> Durations {
        Histogram::sum(self.cores.iter().map(|core| &core.answered))
    }

    /// How long the bot took.
    #[must_use]
    pub fn backend(&self) -> Durations {
        Histogram::sum(self.cores.iter().map(|core| &core.backend))
    }
}

impl Histogram {
    fn add(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        if let Some((_, cell)) = BUCKETS.iter().zip(&self.buckets).find(|(bound, _)| seconds <= **bound) {
            add(cell, 1);
        }
        add(&self.count, 1);
        add(&self.micros, u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    fn sum<'a>(cores: impl Iterator<Item = &'a Self> + Clone) -> Durations {
        let buckets = std::array::from_fn(|place| {
            let fell = sum(cores.clone().filter_map(|core| core.buckets.get(place)));
            (BUCKETS.get(place).copied().unwrap_or(f64::INFINITY), fell)
        });
        let micros = sum(cores.clone().map(|core| &core.micros));
        Durations {
            buckets,
            count: sum(cores.map(|core| &core.count)),
            sum: Duration::from_micros(micros).as_secs_f64(),
        }
    }
}

/// A cell is written by its own core only, so this never contends.
fn add(cell: &AtomicU64, by: u64) {
    cell.fetch_add(by, Ordering::Relaxed);
}

fn sum<'a>(cells: impl Iterator<Item = &'a AtomicU64>) -> u64 {
    cells.map(|cell| cell.load(Ordering::Relaxed)).fold(0, u64::wrapping_add)
}
