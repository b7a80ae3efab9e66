#![doc = "smartchat-bridge: an unchanged \"API-type smart chat\" bot behind Kakao i OpenBuilder."]

pub mod breaker;
pub mod config;
pub mod fault;
pub mod ids;
pub mod keyboards;
pub mod reading;
pub mod session;
pub mod store;
pub mod time;
pub mod translate;
pub mod wire;
pub mod bot;
pub mod callback;
pub mod engine;
pub mod legacy;
pub mod net;
pub mod tasks;
pub mod telemetry;
pub mod events;
pub mod roster;
pub mod rate;
