//! See `src/fuzzing/mark.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| smartchat_bridge::fuzzing::mark(data));
