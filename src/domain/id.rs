//! Ids of tasks and workers.

use super::text::Text;
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The id of a task: any non-empty text, unique in its file. It is never used as a path.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(Text);

impl TaskId {
    /// Creates an id from `text`. Returns `None` for the empty text.
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(Text::from(text)))
    }

    /// Returns the id as it is in the file.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Borrow<str> for TaskId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// One running loop slot: `<host>:<pid>:<8 hex>`, unique for each slot of each process start.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(Arc<str>);

impl WorkerId {
    /// Creates a worker id from its text.
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// Returns the id as it is in a claim.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the process id that the worker id contains, if any.
    pub fn pid(&self) -> Option<u32> {
        self.0.rsplit(':').nth(1)?.parse().ok()
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_their_text() {
        let id = TaskId::new("A 1").expect("not empty");
        assert_eq!(TaskId::new(""), None);
        assert_eq!(Borrow::<str>::borrow(&id), "A 1");
        assert_eq!(
            (id.as_str(), id.to_string(), format!("{id:?}")),
            ("A 1", "A 1".into(), "\"A 1\"".into())
        );
        let worker = WorkerId::new("host:a:12:00000000");
        assert_eq!(worker.to_string(), "host:a:12:00000000");
        assert_eq!(format!("{worker:?}"), "\"host:a:12:00000000\"");
        assert_eq!(worker.pid(), Some(12));
        for text in ["", "12", "h:x:0", "12:0:0:"] {
            let pid = WorkerId::new(text).pid();
            assert_eq!(pid, (text == "12:0:0:").then_some(0), "{text}");
        }
    }
}
