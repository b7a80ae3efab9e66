//! Rank 2: bytes to and from other machines, knowing nothing of bots and bubbles.
//!
//! Everything here is bounded in bytes and in time, because whatever arrives is untrusted (design.md 1, S5).

pub mod body;
pub mod client;
pub mod ip;
pub mod listen;
mod resolve;
mod stream;
pub mod target;
pub mod tls;

/// One of the cores' runtimes. Pools are per core, so that no lock is shared by all users (design.md 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CoreId(pub usize);
