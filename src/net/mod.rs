//! Rank 2: bytes to and from other machines, knowing nothing of bots and bubbles.
//!
//! Everything here is bounded in bytes and in time, because whatever arrives is untrusted (S5).

pub mod body;
pub mod client;
pub mod ip;
pub mod lease;
pub mod listen;
pub mod open_files;
mod peak;
pub mod peer;
pub mod pending;
mod resolve;
pub mod stream;
pub mod target;
pub mod tls;

/// One of the cores' runtimes. Pools are per core, so that no lock is shared by all users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CoreId(pub usize);
