//! Rank 2: what is told about what happened. One [`record::TurnRecord`] a turn, from which all else is made.

pub mod exposition;
pub mod log;
pub mod metrics;
pub mod pace;
pub mod process;
pub mod queue;
pub mod record;
mod tame;
mod turn_line;
pub mod watch;
