//! Load, edit, save: nothing outside the edit may change.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;
use workloop::queue::Queue;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut queue) = Queue::parse(Path::new("q.json"), bytes.to_vec()) else { return };
    assert_eq!(queue.to_bytes(), bytes, "loading and saving changes the text");
    let _ = queue.findings();
    if queue.tasks().is_empty() {
        return;
    }
    let others: Vec<String> = (1..queue.tasks().len()).map(|n| queue.task_text(n).to_owned()).collect();
    let value = serde_json::json!("edited \u{1b}[31m");
    if queue.set_key(0, "description", Some(&value)).is_err() {
        return;
    }
    let saved = queue.to_bytes();
    let again = Queue::parse(Path::new("q.json"), saved).expect("what was saved can be loaded");
    for (number, text) in others.iter().enumerate() {
        assert_eq!(again.task_text(number + 1), text, "another task changed");
    }
});
