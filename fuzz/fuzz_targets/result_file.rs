//! What an agent writes as its result, and what it prints.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = workloop::agent::parse_result(bytes);
    let _ = workloop::agent::has_promise(&String::from_utf8_lossy(bytes), "DONE");
});
