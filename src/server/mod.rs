//! Rank 5: what the outside sees. One call comes in, one answer goes out; nothing else is harmed.

pub mod admin;
pub mod admit;
pub mod channel;
pub mod metrics_page;
pub mod operator;
pub mod respond;
pub mod route;
pub mod skill;
