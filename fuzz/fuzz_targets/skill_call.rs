//! See `src/fuzzing/skill_call.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| smartchat_bridge::fuzzing::skill_call(data));
