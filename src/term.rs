//! Rank 5: answers as text, for terminals.

pub(crate) mod draw;
