//! The fingerprint that identifies duplicates of an added task.

use crate::domain::Field;
use crate::queue::document::Queue;
use crate::queue::json::values::{elements, string};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Where the work of a new task already exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicate {
    /// The task with this index asks for the same work.
    Task(usize),
    /// The file's `fingerprints` list it: the task was added earlier and removed since.
    Listed,
}

impl Queue {
    /// Returns where the work of `task` already exists in this queue, according to its fingerprint.
    pub fn duplicate_of(&self, task: &Map<String, Value>) -> Option<Duplicate> {
        let print = print_of(task);
        let same = |index: &usize| {
            let text = |field| self.text(*index, field).filter(|text| !text.trim().is_empty());
            let own = text(Field::Fingerprint);
            let words = text(Field::Description).or_else(|| text(Field::Title));
            own.as_ref() == Some(&print)
                || words.is_some_and(|words| {
                    digest(&words, &text(Field::File).unwrap_or_default()) == print
                })
        };
        if let Some(index) = (0..self.tasks().len()).find(same) {
            return Some(Duplicate::Task(index));
        }
        let list = self.slices.member("fingerprints").map(|at| self.slices.member_value(at));
        let mut listed = list.into_iter().flat_map(elements);
        listed.any(|raw| string(raw).is_some_and(|text| text == print)).then_some(Duplicate::Listed)
    }
}

/// Returns the task's own fingerprint, or else the fingerprint of its text.
pub(super) fn print_of(task: &Map<String, Value>) -> String {
    match task.get("fingerprint") {
        Some(Value::String(own)) if !own.is_empty() => own.clone(),
        _ => fingerprint(task),
    }
}

/// Returns 16 hex digits of the SHA-256 of the normalized description (or else title) and file.
///
/// Normalizing means lower case, with every run of white space replaced by one space.
pub fn fingerprint(task: &Map<String, Value>) -> String {
    let text = |key: &str| task.get(key).and_then(Value::as_str).filter(|t| !t.trim().is_empty());
    let words = text("description").or_else(|| text("title")).unwrap_or_default();
    digest(words, text("file").unwrap_or_default())
}

fn digest(words: &str, file: &str) -> String {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let mut hash = Sha256::new();
    hash.update(words.join(" ").as_bytes());
    hash.update(b"\0");
    hash.update(file.trim().as_bytes());
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(value: Value) -> String {
        fingerprint(value.as_object().unwrap())
    }

    #[test]
    fn white_space_and_case_do_not_matter_but_the_file_does() {
        let one = of(json!({"description": "Fix  the\n Parser", "file": "a.rs"}));
        assert_eq!(one.len(), 16);
        assert_eq!(
            one,
            of(json!({"description": "fix the parser", "file": " a.rs", "title": "x"}))
        );
        assert_ne!(one, of(json!({"description": "fix the parser", "file": "b.rs"})));
        assert_eq!(of(json!({"title": "A b"})), of(json!({"description": "", "title": "a B"})));
    }
}
