//! Rank 2: bytes to and from other machines, knowing nothing of bots and bubbles.
//!
//! Everything here is bounded in bytes and in time, because all input is untrusted (S5).

pub(crate) mod body;
pub(crate) mod call;
pub(crate) mod client;
pub(crate) mod ip;
pub(crate) mod lease;
pub(crate) mod listen;
pub(crate) mod once;
pub(crate) mod open_files;
mod peak;
pub(crate) mod peer;
pub(crate) mod pending;
mod resolve;
pub(crate) mod stream;
pub(crate) mod target;
pub(crate) mod tls;
pub(crate) mod wake;

/// One of the cores' runtimes. Pools are per core, so that no lock is shared by all users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CoreId(pub usize);
