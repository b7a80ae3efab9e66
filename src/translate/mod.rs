//! Rank 1: what is said on one wire, said on the other. Pure and total: no IO, no clock, every input has an output.

mod cards;

mod distinct;
mod escape;
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
