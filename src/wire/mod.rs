//! Rank 0: the two wires, as types. Calls of OpenBuilder and answers to it, requests to an old bot and its replies.

pub mod answer;
pub(crate) mod explain;
pub(crate) mod json;
mod json_string;
pub mod legacy;
pub mod limits;
pub mod mark;
mod object;
pub(crate) mod scan;
pub mod skill;
pub mod text;
