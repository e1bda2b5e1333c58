//! A configuration is read or refused with its place, never a crash.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| workloop_fuzz::fuzzed::body("config")(bytes));
