//! The headers by which a caller asks what becomes of a call, and is told. OpenBuilder knows none of them.

use hyper::header::HeaderName;

/// In a call: the caller wants to know what becomes of it. OpenBuilder never sends it; `say` does.
pub(crate) const X_BRIDGE_EXPLAIN: HeaderName = HeaderName::from_static("x-bridge-explain");
/// In the answer to such a call, once it is admitted: the plan of the turn.
pub(crate) const X_BRIDGE_PLAN: HeaderName = HeaderName::from_static("x-bridge-plan");
/// And what came of it. Both are left out while the turn goes on.
pub(crate) const X_BRIDGE_OUTCOME: HeaderName = HeaderName::from_static("x-bridge-outcome");
/// Why the bot gave no usable reply, in the word of the log line: `status`, and for that one the number behind it. The
/// line's detail stays in the log, for it may name addresses of an inner network.
pub(crate) const X_BRIDGE_PROBLEM: HeaderName = HeaderName::from_static("x-bridge-problem");
/// The codes of how the answer differs from the bot's reply, where it does.
pub(crate) const X_BRIDGE_DEGRADATIONS: HeaderName = HeaderName::from_static("x-bridge-degradations");
