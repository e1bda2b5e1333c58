//! Keeps numbers as a person wrote them.
//!
//! A parsed number loses how it was written (`1.50`, more digits than fit). If a value is written
//! to the file after parsing, its numbers are restored from the original text.

use super::error::EditError;
use crate::queue::document::Queue;
use crate::queue::json::object::{Splice, members};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

impl Queue {
    /// Rewrites the numbers of a task as they are in `original`, a JSON object, under each key
    /// whose value is equal there apart from how its numbers are written.
    ///
    /// # Errors
    /// Returns [`EditError`]; the queue is unchanged then.
    pub fn keep_numbers(&mut self, index: usize, original: &str) -> Result<(), EditError> {
        let mut text = self.task_text(index).to_owned();
        let mut splices = Vec::new();
        let source: HashMap<Cow<'_, str>, Range<usize>> =
            members(original).map(|entry| (entry.name, entry.start..entry.end)).collect();
        for entry in members(&text) {
            let Some(from) = source.get(&entry.name) else { continue };
            let (here, there) = (&text[entry.start..entry.end], &original[from.clone()]);
            let with = as_written(here, there);
            if with != here {
                splices.push(Splice { range: entry.start..entry.end, with });
            }
        }
        for splice in splices.iter().rev() {
            splice.apply(&mut text);
        }
        self.take(index, text, &[])
    }
}

/// Returns `text` with its numbers written as in `original`, if both are the same JSON value.
pub fn as_written(text: &str, original: &str) -> String {
    let value = |text: &str| serde_json::from_str::<Value>(text).ok();
    let (ours, theirs) = (numbers(text), numbers(original));
    let same = value(text).is_some_and(|value_here| value(original) == Some(value_here));
    if !same || ours.len() != theirs.len() {
        return text.to_owned();
    }
    let mut written = String::with_capacity(text.len());
    let mut done = 0;
    for (here, there) in ours.into_iter().zip(theirs) {
        let (token, wanted) = (&text[here.0..here.1], &original[there.0..there.1]);
        if value(token) == value(wanted) {
            written.push_str(&text[done..here.0]);
            written.push_str(wanted);
            done = here.1;
        }
    }
    written.push_str(&text[done..]);
    written
}

/// Returns where the numbers of a JSON text are.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at),
            b'-' | b'0'..=b'9' => {
                let part = |b: &&u8| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let end = at + bytes[at..].iter().take_while(part).count();
                found.push((at, end));
                at = end;
            }
            _ => at += 1,
        }
    }
    found
}

/// Returns the offset after the string that starts at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn numbers_are_written_as_they_were() {
        let original = r#"{"a":1.50,"b":["x -1\" 2",7e242,10000000000000000000001],"c":-0.0}"#;
        let value: Value = serde_json::from_str(original).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let kept = as_written(&pretty, original);
        for number in ["1.50", "7e242", "10000000000000000000001", "-0.0", "x -1\\\" 2"] {
            assert!(kept.contains(number), "{number} in {kept}");
        }
        assert_eq!(as_written("[1.5]", "[1.50, 2]"), "[1.5]");
        assert_eq!(as_written("[1.5]", "[1.25]"), "[1.5]");
    }

    #[test]
    fn a_task_gets_them_under_the_keys_that_are_the_same() {
        let text = br#"{"tasks": [{"id": "a", "x": 1.5, "y": [2.0], "z": 3.0}]}"#.to_vec();
        let mut queue = Queue::parse(Path::new("q.json"), text).unwrap();
        queue.keep_numbers(0, r#"{"x": 1.50, "y": [2.00], "z": 4.00}"#).unwrap();
        assert_eq!(queue.task_text(0), r#"{"id": "a", "x": 1.50, "y": [2.00], "z": 3.0}"#);
    }
}
