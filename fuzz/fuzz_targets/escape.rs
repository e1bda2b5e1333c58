//! What goes to a terminal, and into JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| workloop_fuzz::fuzzed::body("escape")(bytes));
