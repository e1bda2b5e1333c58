//! What agents print: capped, searched, bounded, shown.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| workloop_fuzz::fuzzed::body("streams")(bytes));
