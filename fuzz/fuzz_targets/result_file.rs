//! What an agent writes as its result.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| workloop_fuzz::fuzzed::body("result_file")(bytes));
