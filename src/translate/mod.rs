//! Rank 1: translation between the two wires. Pure and total: no IO, no clock, every input has an output.

mod cards;

mod distinct;
mod escape;
mod host;
pub mod inbound;
pub mod keyboard;
mod labels;
mod link;
mod media;
mod media_in;
pub mod outbound;
mod quick_replies;
mod room;
mod row;
mod text;
pub mod view;

pub use crate::degradation;
