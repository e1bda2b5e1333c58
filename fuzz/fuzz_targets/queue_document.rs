//! Load, edit, save: nothing outside of the edits may change.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| workloop_fuzz::fuzzed::body("queue_document")(bytes));
