//! Rank 4: one turn, from its place in the user's line to what is remembered of it.
//!
//! [`serve::serve`] answers a call within its deadline. `turn.rs` is the life of a turn, read from top to bottom,
//! and `finish.rs` its end.
//! `delivery.rs` decides for whom its answer is.

pub(crate) mod call;
pub(crate) mod replay;
pub(crate) mod serve;

mod ask;
pub(crate) mod debts;
mod delivery;
mod finish;
mod local;
mod memory;
mod reply;
pub(crate) mod simulated;
mod turn;

#[cfg(test)]
pub(crate) mod tests;
