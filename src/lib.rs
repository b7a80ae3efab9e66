#![doc = "smartchat-bridge: an unchanged \"API-type smart chat\" bot behind Kakao i OpenBuilder."]

pub mod bot;
pub mod breaker;
pub mod callback;
pub mod config;
pub mod engine;
pub mod events;
pub mod fault;
pub mod ids;
pub mod keyboards;
pub mod legacy;
pub mod net;
pub mod rate;
pub mod reading;
pub mod roster;
pub mod session;
pub mod store;
pub mod tasks;
pub mod telemetry;
pub mod time;
pub mod translate;
pub mod wire;
pub mod app;
pub mod server;
