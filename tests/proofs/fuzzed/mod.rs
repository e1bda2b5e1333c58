//! What must be true for any bytes: the bodies of the fuzz targets. `fuzz/` runs them with endless
//! input, the replay with the seeds in `fuzz/corpus/` and random variants of them.

mod document;
mod inputs;
mod streams;
mod views;

/// The capture of the supervisor, which is private to it.
#[path = "../../../src/supervisor/capture.rs"]
mod capture;

/// The body of a target; it panics if a property is violated.
pub type Body = fn(&[u8]);

/// Every target by the name of its program and of its folder of seeds, with the number of inputs
/// that the short replay generates: about a second's worth, and the same on every machine.
pub const TARGETS: &[(&str, Body, u32)] = &[
    ("queue_document", document::edits, 3400),
    ("config", inputs::config, 5800),
    ("result_file", inputs::result_file, 1800),
    ("events", inputs::events, 450),
    ("streams", streams::streams, 130),
    ("escape", views::escapes, 7700),
    ("pictures", views::pictures, 100),
];

/// Returns the body of a target.
pub fn body(name: &str) -> Body {
    let found = TARGETS.iter().find(|(target, ..)| *target == name);
    found.expect("a target of this name").1
}

/// Returns whether a terminal acts on a character. Implemented independently of the code under
/// test.
fn steers(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[track_caller]
fn is_inert(text: &str) {
    assert!(!text.contains(steers), "it steers a terminal: {text:?}");
}

/// Returns the JSON of a view, which must not control a terminal either.
#[track_caller]
fn json_is_inert(value: &impl serde::Serialize) -> serde_json::Value {
    let bytes = workloop::testing::views::json::object(value).expect("JSON");
    is_inert(std::str::from_utf8(&bytes).expect("UTF-8"));
    serde_json::from_slice(&bytes).expect("JSON again")
}
