//! Rank 5: the side that callers see. One call comes in, one answer goes out; nothing else is harmed.

pub(crate) mod admin;
pub(crate) mod admit;
mod captured;
pub(crate) mod channel;
mod facts;
pub(crate) mod metrics_page;
pub(crate) mod respond;
pub(crate) mod route;
pub(crate) mod skill;
