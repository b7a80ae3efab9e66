//! See `src/fuzzing/reply.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| smartchat_bridge::fuzzing::reply(data));
