//! See `src/fuzzing/server.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| smartchat_bridge::fuzzing::server(data));
