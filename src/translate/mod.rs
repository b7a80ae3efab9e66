//! Rank 1: what is said on one wire, said on the other. Pure and total: no IO, no clock, every input has an output.

pub mod degradation;
pub mod keyboard;
pub mod outbound;
pub mod view;
