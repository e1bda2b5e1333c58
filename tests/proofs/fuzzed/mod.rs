//! What must hold for any bytes: the bodies of the fuzz targets. `fuzz/` feeds them without end,
//! the replay below with what is in `fuzz/corpus/` and what chance makes of it.

mod document;
mod inputs;
mod streams;
mod views;

/// The capture of the supervisor, which nothing outside of it may know.
#[path = "../../../src/supervisor/capture.rs"]
mod capture;

/// What a target does with some bytes; it panics when something does not hold.
pub type Body = fn(&[u8]);

/// Every target, by the name of its program and of its folder of seeds, and how many inputs the
/// short replay makes for it: about a second's worth, and the same ones on every machine.
pub const TARGETS: &[(&str, Body, u32)] = &[
    ("queue_document", document::edits, 3400),
    ("config", inputs::config, 5800),
    ("result_file", inputs::result_file, 1800),
    ("events", inputs::events, 450),
    ("streams", streams::streams, 130),
    ("escape", views::escapes, 7700),
    ("pictures", views::pictures, 100),
];

/// The body of a target.
pub fn body(name: &str) -> Body {
    let found = TARGETS.iter().find(|(target, ..)| *target == name);
    found.expect("a target of this name").1
}

/// Whether a terminal acts on a character: said here once more, so that the judge is not the judged.
fn steers(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[track_caller]
fn is_inert(text: &str) {
    assert!(!text.contains(steers), "it steers a terminal: {text:?}");
}

/// The JSON of a view, which may not steer a terminal either.
#[track_caller]
fn json_is_inert(value: &impl serde::Serialize) -> serde_json::Value {
    let bytes = workloop::views::json::object(value).expect("JSON");
    is_inert(std::str::from_utf8(&bytes).expect("UTF-8"));
    serde_json::from_slice(&bytes).expect("JSON again")
}
