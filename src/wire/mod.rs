//! Rank 0: the two wires, as types. What OpenBuilder sends and wants, what an old bot is asked and says.

pub mod answer;
pub(crate) mod json;
pub mod legacy;
pub mod limits;
pub mod mark;
mod object;
pub(crate) mod scan;
pub mod skill;
pub mod text;
