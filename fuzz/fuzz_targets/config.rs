//! A configuration is read or refused with its place, never a crash.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    if let Err(refused) = workloop::config::parse(Path::new("workloop.toml"), text) {
        assert!(!refused.to_string().is_empty());
    }
});
