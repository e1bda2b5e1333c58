//! Nothing that steers a terminal gets through.
#![no_main]

use libfuzzer_sys::fuzz_target;
use workloop::views::escape;

fuzz_target!(|text: &str| {
    let steers = |c: char| {
        c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!escape::line(text).chars().any(|c| steers(c) || c == '\n'));
    assert!(!escape::lines(text).chars().any(steers));
});
