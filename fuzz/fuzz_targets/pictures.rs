//! Tasks in every view: tables, sentences, Mermaid, DOT.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| workloop_fuzz::fuzzed::body("pictures")(bytes));
