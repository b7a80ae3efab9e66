//! What the replicas of a load have logged: when each of them left the store alone, and what was said around two messages
//! that came out of order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

/// A time of the log as an [`Instant`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    monotonic: Instant,
    wall: SystemTime,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now() }
    }

    /// Seconds since the start.
    pub(super) fn seconds(self, at: Instant) -> f64 {
        at.saturating_duration_since(self.monotonic).as_secs_f64()
    }

    pub(super) fn elapsed(self) -> Duration {
        self.monotonic.elapsed()
    }

    fn instant(self, timestamp: &str) -> Option<Instant> {
        let at = humantime::parse_rfc3339_weak(timestamp).ok()?;
        Some(self.monotonic + at.duration_since(self.wall).unwrap_or_default())
    }
}

/// A line of a replica's log.
pub(super) struct Line {
    pub(super) at: Instant,
    pub(super) replica: usize,
    whole: String,
    members: Value,
}

impl Line {
    fn says(&self, words: &str) -> bool {
        self.members["message"].as_str().is_some_and(|message| message.contains(words))
    }

    fn is_turn(&self) -> bool {
        self.members["message"] == "turn"
    }
}

/// The logs of all processes that ran.
pub(super) struct Logs {
    clock: Clock,
    processes: Mutex<Vec<(usize, Arc<Mutex<String>>)>>,
}

/// A time in which a replica went on without the store, or a turn did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) from: Instant,
    pub(super) until: Instant,
}

impl Logs {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, processes: Mutex::default() }
    }

    /// A process of this replica begins.
    pub(super) fn of(&self, replica: usize, log: &Arc<Mutex<String>>) {
        self.processes.lock().unwrap().push((replica, Arc::clone(log)));
    }

    /// The lines of each process, in its order.
    fn lines(&self) -> Vec<Vec<Line>> {
        let processes = self.processes.lock().unwrap();
        let read = |(replica, log): &(usize, Arc<Mutex<String>>)| {
            let log = log.lock().unwrap();
            let read = |line: &str| {
                let members: Value = serde_json::from_str(line).ok()?;
                let at = self.clock.instant(members["timestamp"].as_str()?)?;
                Some(Line { at, replica: *replica, whole: line.to_owned(), members })
            };
            log.lines().filter_map(read).collect()
        };
        processes.iter().map(read).collect()
    }

    /// When replicas said that they went on without the store.
    pub(super) fn alone(&self) -> Vec<Window> {
        let mut windows = Vec::new();
        for lines in self.lines() {
            let mut since = None;
            let last = lines.last().map(|line| line.at);
            for line in lines {
                if line.says("the shared store is left alone") {
                    since.get_or_insert(line.at);
                } else if line.says("a turn went on alone") {
                    windows.push(Window { from: line.at, until: line.at });
                } else if line.says("the shared store is asked again") || line.says("the shared store is there") {
                    windows.extend(since.take().map(|from| Window { from, until: line.at }));
                }
            }
            if let (Some(from), Some(until)) = (since, last) {
                windows.push(Window { from, until });
            }
        }
        windows
    }

    /// When a begin waited for the store longer than 100 ms.
    pub(super) fn slow(&self) -> Vec<Window> {
        let slow = self.lines().into_iter().flatten().filter(|line| line.says("a begin was answered slowly"));
        let window = |line: Line| {
            let took = Duration::from_millis(line.members["took_ms"].as_u64()?);
            Some(Window { from: line.at.checked_sub(took)?, until: line.at })
        };
        slow.filter_map(window).collect()
    }

    /// When calls came in, by their ids, as the bridges have seen it.
    pub(super) fn arrivals(&self) -> HashMap<String, Instant> {
        let arrived = |line: Line| {
            let total = Duration::try_from_secs_f64(line.members["total_ms"].as_f64()? / 1000.0).ok()?;
            Some((line.members["request_id"].as_str()?.to_owned(), line.at.checked_sub(total)?))
        };
        self.lines().into_iter().flatten().filter_map(arrived).collect()
    }

    /// What was logged of these calls, and besides turns between these times.
    pub(super) fn around(&self, calls: &[String], from: Instant, until: Instant) -> String {
        let around = Duration::from_secs(5);
        let mut lines: Vec<Line> = self.lines().into_iter().flatten().collect();
        lines.retain(|line| {
            let is_of_them = line.members["request_id"].as_str().is_some_and(|id| calls.iter().any(|call| call == id));
            is_of_them || !line.is_turn() && line.at + around >= from && line.at <= until + around
        });
        lines.sort_by_key(|line| line.at);
        let tell = |line: &Line| {
            let arrived = line.members["total_ms"].as_f64().map_or(String::new(), |total| {
                format!(" (arrived at {:.3})", self.clock.seconds(line.at) - total / 1000.0)
            });
            format!("    {:.3} replica {}{arrived}: {}\n", self.clock.seconds(line.at), line.replica, line.whole)
        };
        lines.iter().map(tell).collect()
    }
}
