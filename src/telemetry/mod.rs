//! Rank 2: logs and metrics. One [`record::TurnRecord`] a turn, from which all else is made.

pub(crate) mod exposition;
pub(crate) mod kept;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod pace;
pub(crate) mod process;
pub(crate) mod queue;
pub(crate) mod record;
pub(crate) mod sightings;
mod tame;
mod turn_line;
pub(crate) mod watch;
