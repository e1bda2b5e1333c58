//! Determines whether a queue mentions a field at all, without reading each task.

use super::document::Queue;
use crate::domain::Field;
use memchr::memmem::{Finder, find};

impl Queue {
    /// Returns whether some task may have this field. `false` is certain. This lets a view of a
    /// rare field skip reading each of a hundred thousand tasks.
    pub fn may_mention(&self, field: Field) -> bool {
        let keys: Vec<String> = field.spellings().iter().map(|key| format!("\"{key}\"")).collect();
        let keys: Vec<Finder<'_>> = keys.iter().map(|key| Finder::new(key.as_bytes())).collect();
        // A letter of a key may be written as an escape.
        let has = |piece: &[u8]| {
            find(piece, b"\\u00").is_some() || keys.iter().any(|key| key.find(piece).is_some())
        };
        self.pieces().any(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_key_is_found_in_each_of_its_spellings() {
        let says = |text: &str| {
            let text = format!(r#"{{"tasks":[{{"id":"A","title":"a",{text}}}]}}"#);
            let queue = Queue::parse(Path::new("q.json"), text.into_bytes()).expect("a queue");
            queue.may_mention(Field::Deadline)
        };
        assert!(says(r#""deadline":"2026-01-19""#) && says(r#""due_date":null"#));
        assert!(says(r#""d\u0065adline":"2026-01-19""#));
        assert!(!says(r#""description":"no deadline, nothing is due""#));
    }
}
