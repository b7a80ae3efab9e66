//! Counters: one cell per core, summed when scraped, labels from fixed sets only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::record::{Outcome, PlanKind, TurnRecord};
use super::watch::Watches;
use crate::backend_problem::BackendProblem;
use crate::degradation::Degradation;
use crate::named::named;
use crate::net::CoreId;
use crate::time::Moment;

/// Upper bounds in seconds: below the deadline finely, for that is where users wait; then S3's and S2's ends.
pub(crate) const BUCKETS: [f64; 18] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 3.0, 3.5, 4.0, 4.5, 4.6, 5.0, 8.0, 15.0, 55.0];

named! {
    /// Why a call was refused before admission.
    pub(crate) enum Refusal {
        /// Not a skill call.
        BadRequest "bad_request",
        /// No secret, or a wrong one.
        Unauthorized "unauthorized",
        /// An address that is not listed, or a path that disagrees with `bot.id`.
        Forbidden "forbidden",
        /// No such path or bot.
        NotFound "not_found",
        /// The path takes another method.
        MethodNotAllowed "method_not_allowed",
        /// The body is too large.
        TooLarge "too_large",
        /// The body did not come in time.
        TimedOut "timed_out",
        /// Too many connections.
        Connections "connections",
        /// One user called too often; they read so.
        Rate "rate",
    }
}

named! {
    /// The results of a channel event (E2, E4).
    pub(crate) enum EventFate {
        /// The bot answered, with any status.
        Delivered "delivered",
        /// Every try failed.
        Undelivered "undelivered",
        /// The bot has no such path, and was not asked again.
        NoPath "no_path",
        /// It waits for its user's next skill call.
        Waits "waits",
        /// Kakao sent it a second time.
        Repeat "repeat",
        /// It names the user by open id, or not at all.
        Nobody "nobody",
        /// Of a channel that is no bot's.
        OtherChannel "other_channel",
        /// Neither `added` nor `blocked`.
        OtherKind "other_kind",
        /// Dropped: a bound was reached.
        Bound "bound",
    }
}

named! {
    /// What the store has made of a restart, by what it was (P3, P4, P6, E3).
    pub(crate) enum StoreEvent {
        /// A user was told that a message was out when the process died.
        Interrupted "interrupted",
        /// A promised callback was made after a restart.
        CallbackPaid "callback_paid",
        /// A promised callback was refused after a restart: the one before has made it, or its token is over.
        CallbackRefused "callback_refused",
        /// A promised callback could not be made in time.
        CallbackMissed "callback_missed",
        /// A friend was seen for the first time.
        FirstContact "first_contact",
        /// A user could not be looked up.
        Unsure "unsure",
    }
}

/// The counts of the whole process.
#[derive(Debug)]
pub(crate) struct Metrics {
    cores: Box<[CoreCells]>,
    /// In which second a refusal of this kind was last told.
    lines: [AtomicU64; Refusal::ALL.len()],
}

/// The counts of one bot.
#[derive(Debug)]
pub(crate) struct BotMetrics {
    /// Calls that ask what becomes of them.
    pub(crate) watches: Watches,
    cores: Box<[BotCells]>,
}

/// Its own cache lines: neighbours are other cores' (128 bytes: two lines are fetched at once).
#[derive(Debug, Default)]
#[repr(align(128))]
struct CoreCells {
    refusals: [AtomicU64; Refusal::ALL.len()],
    events: [AtomicU64; EventFate::ALL.len()],
    store: [AtomicU64; StoreEvent::ALL.len()],
}

#[derive(Debug)]
#[repr(align(128))]
struct BotCells {
    turns: [[AtomicU64; Outcome::ALL.len()]; PlanKind::ALL.len()],
    degradations: [AtomicU64; 64],
    problems: [AtomicU64; BackendProblem::ALL.len()],
    /// When a turn with a usable reply ended last; 0 before any.
    last_reply: AtomicU64,
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
pub(crate) struct Durations {
    /// Upper bounds in seconds and how many fell up to each, not cumulated.
    pub(crate) buckets: [(f64, u64); BUCKETS.len()],
    /// How many.
    pub(crate) count: u64,
    /// Their sum in seconds.
    pub(crate) sum: f64,
}

impl Metrics {
    /// Cells for so many cores.
    #[must_use]
    pub(crate) fn new(cores: usize) -> Arc<Self> {
        Arc::new(Self {
            cores: (0..cores.max(1)).map(|_| CoreCells::default()).collect(),
            lines: std::array::from_fn(|_| AtomicU64::new(0)),
        })
    }

    /// Whether a refused call is worth a line in the log: one a second and reason, because any caller can make them.
    #[must_use]
    pub(crate) fn is_worth_a_line(&self, why: Refusal, now: Moment) -> bool {
        let second = now.as_millis() / 1000;
        self.lines.get(why as usize).is_some_and(|last| last.swap(second, Ordering::Relaxed) != second)
    }

    /// Counts a refused call.
    pub(crate) fn refused(&self, core: CoreId, why: Refusal) {
        if let Some(cell) = self.cores.get(core.0).and_then(|core| core.refusals.get(why as usize)) {
            add(cell, 1);
        }
    }

    /// Counts a channel event.
    pub(crate) fn event(&self, core: CoreId, fate: EventFate) {
        if let Some(cell) = self.cores.get(core.0).and_then(|core| core.events.get(fate as usize)) {
            add(cell, 1);
        }
    }

    /// How many channel events came to this.
    #[must_use]
    pub(crate) fn events(&self, fate: EventFate) -> u64 {
        sum(self.cores.iter().filter_map(|core| core.events.get(fate as usize)))
    }

    /// Counts what the store has made of a restart.
    pub(crate) fn store(&self, core: CoreId, event: StoreEvent) {
        if let Some(cell) = self.cores.get(core.0).and_then(|core| core.store.get(event as usize)) {
            add(cell, 1);
        }
    }

    /// How often the store has done this.
    #[must_use]
    pub(crate) fn stored(&self, event: StoreEvent) -> u64 {
        sum(self.cores.iter().filter_map(|core| core.store.get(event as usize)))
    }

    /// How many were refused for this.
    #[must_use]
    pub(crate) fn refusals(&self, why: Refusal) -> u64 {
        sum(self.cores.iter().filter_map(|core| core.refusals.get(why as usize)))
    }
}

impl BotMetrics {
    /// Cells for so many cores.
    #[must_use]
    pub(crate) fn new(cores: usize) -> Arc<Self> {
        let cells = || BotCells {
            turns: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
            degradations: std::array::from_fn(|_| AtomicU64::new(0)),
            problems: std::array::from_fn(|_| AtomicU64::new(0)),
            last_reply: AtomicU64::new(0),
            answered: Histogram::default(),
            backend: Histogram::default(),
        };
        Arc::new(Self { watches: Watches::default(), cores: (0..cores.max(1)).map(|_| cells()).collect() })
    }

    /// Counts a turn that ends at `now`.
    pub(crate) fn turn(&self, core: CoreId, record: &TurnRecord, now: Moment) {
        self.watches.ended(&record.request_id, &record.end);
        let Some(cells) = self.cores.get(core.0) else { return };
        debug_assert!(record.end.plan.can_come_to(record.end.outcome), "{:?}", record.end);
        if let Some(cell) = cells.turns.get(record.end.plan as usize).and_then(|p| p.get(record.end.outcome as usize)) {
            add(cell, 1);
        }
        for degradation in record.end.degradations.iter() {
            if let Some(cell) = cells.degradations.get(degradation as usize) {
                add(cell, 1);
            }
        }
        if let Some((problem, _)) = record.end.problem
            && let Some(cell) = cells.problems.get(problem as usize)
        {
            add(cell, 1);
        }
        if record.end.has_reply() {
            cells.last_reply.fetch_max(now.as_millis(), Ordering::Relaxed);
        }
        cells.answered.add(record.answered);
        if let Some(backend) = record.end.backend {
            cells.backend.add(backend);
        }
    }

    /// How many turns of this plan came to this.
    #[must_use]
    pub(crate) fn turns(&self, plan: PlanKind, outcome: Outcome) -> u64 {
        sum(self.cores.iter().filter_map(|core| core.turns.get(plan as usize)?.get(outcome as usize)))
    }

    /// How many turns had this degradation.
    #[must_use]
    pub(crate) fn degradations(&self, degradation: Degradation) -> u64 {
        sum(self.cores.iter().filter_map(|core| core.degradations.get(degradation as usize)))
    }

    /// How many turns ended with this problem of the bot.
    #[must_use]
    pub(crate) fn problems(&self, problem: BackendProblem) -> u64 {
        sum(self.cores.iter().filter_map(|core| core.problems.get(problem as usize)))
    }

    /// When a turn with a usable reply ended last; `None` before any.
    #[must_use]
    pub(crate) fn last_reply(&self) -> Option<Moment> {
        let last = self.cores.iter().map(|core| core.last_reply.load(Ordering::Relaxed)).max()?;
        (last > 0).then(|| Moment::from_millis(last))
    }

    /// How long users waited for something to read.
    #[must_use]
    pub(crate) fn answered(&self) -> Durations {
        Histogram::sum(self.cores.iter().map(|core| &core.answered))
    }

    /// How long the bot took.
    #[must_use]
    pub(crate) fn backend(&self) -> Durations {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::degradation::{Degradation, Degradations};
    use crate::ids::{BotId, RequestId};
    use crate::telemetry::record::TurnEnd;

    fn asked(problem: Option<BackendProblem>) -> TurnRecord {
        let degradations = problem.map_or(Degradations::NONE, |_| Degradation::NoReply.into());
        let end = TurnEnd {
            plan: PlanKind::Ask,
            outcome: if problem.is_some() { Outcome::NoReply } else { Outcome::Answered },
            backend: Some(Duration::from_millis(30)),
            problem: problem.map(|problem| (problem, "".into())),
            degradations,
        };
        let (total, answered) = (Duration::from_millis(31), Duration::from_millis(31));
        TurnRecord {
            request_id: RequestId::Given("1".into()),
            bot: BotId::parse("bot").unwrap(),
            user: 1,
            total,
            answered,
            end,
        }
    }

    #[test]
    fn buckets_grow_and_are_fine_around_the_deadline() {
        assert!(BUCKETS.is_sorted_by(|one, next| one < next));
        for bound in [3.0, 3.5, 4.0, 4.5, 4.6, 5.0, 8.0] {
            assert!(BUCKETS.contains(&bound), "{bound}");
        }
    }

    #[test]
    fn the_last_reply_is_the_newest_of_all_cores_and_no_failure_moves_it() {
        let metrics = BotMetrics::new(2);
        metrics.turn(CoreId(0), &asked(Some(BackendProblem::TimedOut)), Moment::from_millis(500));
        assert_eq!(metrics.last_reply(), None);
        metrics.turn(CoreId(1), &asked(None), Moment::from_millis(2_000));
        metrics.turn(CoreId(0), &asked(None), Moment::from_millis(1_000));
        metrics.turn(CoreId(1), &asked(Some(BackendProblem::Status)), Moment::from_millis(3_000));
        assert_eq!(metrics.last_reply(), Some(Moment::from_millis(2_000)));
        let problems = BackendProblem::ALL.iter().map(|problem| metrics.problems(*problem));
        assert_eq!(problems.sum::<u64>(), 2);
        assert_eq!(metrics.problems(BackendProblem::TimedOut), 1);
    }
}
