//! Rank 1: what is said on one wire, said on the other. Pure and total: no IO, no clock, every input has an output.

pub mod degradation;
pub mod inbound;
pub mod keyboard;
mod media_in;
pub mod outbound;
pub mod view;
