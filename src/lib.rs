//! smartchat-bridge puts an unchanged KakaoTalk bot server that speaks the API-type smart chat (auto_reply 2.0) behind
//! Kakao i OpenBuilder: to the old bot it is the old Kakao server, to OpenBuilder a model skill server.
//!
//! The house, from the ground up. Imports point to lower ranks only; inside a rank they have no cycle
//! (`tests/layering.rs`). Ranks 0 and 1 do no IO, are not async and are given the time.
//!
//! | rank | rooms |
//! | --- | --- |
//! | 0 words | [`wire`], [`ids`], [`fault`], [`time`], [`degradation`], [`backend_problem`], [`messages`], `named` |
//! | 1 meaning | [`reading`], [`translate`], [`session`] |
//! | 2 mechanisms | [`breaker`], [`keyboards`], [`files`], [`rate`], [`concurrency`], [`net`], [`telemetry`], [`tasks`], [`config`] |
//! | 3 edges | [`legacy`], [`store`], [`callback`] |
//! | 4 application | [`bot`], [`registry`], [`engine`], [`events`], [`shared`] |
//! | 5 faces | [`server`], [`runtime`], [`reload`], [`demo`], [`term`], [`cli`] |

pub mod backend_problem;
pub mod bot;
pub mod breaker;
pub mod callback;
pub mod cli;
pub mod concurrency;
pub mod config;
pub mod degradation;
pub mod demo;
pub mod engine;
pub mod events;
pub mod fault;
pub mod files;
pub mod ids;
pub mod keyboards;
pub mod legacy;
pub mod messages;
mod named;
pub mod net;
pub mod rate;
pub mod reading;
pub mod registry;
pub mod reload;
pub mod runtime;
pub mod server;
pub mod session;
pub mod shared;
pub mod store;
pub mod tasks;
pub mod telemetry;
pub mod term;
pub mod time;
pub mod translate;
pub mod wire;
