//! smartchat-bridge puts an unchanged KakaoTalk bot server that speaks the API-type smart chat (auto_reply 2.0) behind
//! Kakao i OpenBuilder: to the old bot it is the old Kakao server, to OpenBuilder a model skill server.
//!
//! The modules, from the ground up. Imports point to lower ranks only; inside a rank they have no cycle
//! (`tests/layering.rs`). Ranks 0 and 1 do no IO, are not async and are given the time.
//!
//! | rank | modules |
//! | --- | --- |
//! | 0 words | [`wire`], [`ids`], [`fault`], [`time`], [`degradation`], [`backend_problem`], [`messages`], `named`, `stored` |
//! | 1 meaning | [`reading`], [`translate`], [`session`] |
//! | 2 mechanisms | [`breaker`], [`keyboards`], [`files`], [`rate`], [`concurrency`], `mutex`, [`net`], [`telemetry`], [`tasks`], [`config`], [`failpoint`], [`systemd`], [`exchange`], [`capture`] |
//! | 3 edges | [`legacy`], [`store`], [`callback`] |
//! | 4 application | [`bot`], [`registry`], [`engine`], [`events`], [`shared`], [`restore`] |
//! | 5 faces | [`server`], [`runtime`], [`reload`], [`demo`], [`term`], [`check`], [`conversation`], [`own_bridge`], [`console`], [`simulator`], [`support`], [`cli`], `fuzzing` |

#![allow(
    rustdoc::private_intra_doc_links,
    reason = "the documentation is also for those who change the code: --document-private-items"
)]

pub mod backend_problem;
pub(crate) mod bot;
pub(crate) mod breaker;
pub(crate) mod callback;
pub(crate) mod capture;
pub(crate) mod check;
pub mod cli;
pub(crate) mod concurrency;
pub mod config;
pub(crate) mod console;
pub(crate) mod conversation;
pub mod degradation;
pub(crate) mod demo;
pub(crate) mod engine;
pub(crate) mod events;
pub(crate) mod exchange;
pub(crate) mod failpoint;
pub mod fault;
pub(crate) mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod ids;
pub(crate) mod keyboards;
pub(crate) mod legacy;
pub mod messages;
mod mutex;
mod named;
pub(crate) mod net;
pub(crate) mod own_bridge;
pub(crate) mod rate;
pub mod reading;
pub(crate) mod registry;
pub(crate) mod reload;
pub(crate) mod restore;
pub mod runtime;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod shared;
pub(crate) mod simulator;
pub(crate) mod store;
pub(crate) mod stored;
pub(crate) mod support;
pub(crate) mod systemd;
pub(crate) mod tasks;
pub(crate) mod telemetry;
pub(crate) mod term;
pub mod time;
pub mod translate;
pub mod wire;

/// More items for the tests and benchmarks of this repository. Not an interface.
#[doc(hidden)]
pub mod testing {
    pub use crate::demo::TRY;
    pub use crate::keyboards::{Keyboards, SessionMemory};
    pub use crate::store::local::LocalStore;
    pub use crate::store::{Begun, ParkedLimit, ParkedShare};
}
