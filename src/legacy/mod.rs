//! Rank 3: asking an old bot the way the old Kakao server did (legacy.md 1 and 2).

pub(crate) mod api;
pub(crate) mod home;
pub(crate) mod http;
mod pool;
pub(crate) mod requests;

#[cfg(test)]
mod tests;
