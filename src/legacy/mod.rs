//! Rank 3: asking an old bot the way the old Kakao server did (legacy.md 1 and 2).

pub mod api;
pub mod http;
mod pool;
