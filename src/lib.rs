#![doc = "smartchat-bridge: an unchanged \"API-type smart chat\" bot behind Kakao i OpenBuilder."]

pub mod callback;
pub mod config;
pub mod fault;
pub mod ids;
pub mod legacy;
pub mod net;
pub mod reading;
pub mod time;
pub mod translate;
pub mod wire;
