//! See `src/fuzzing/channel.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| smartchat_bridge::fuzzing::channel(data));
