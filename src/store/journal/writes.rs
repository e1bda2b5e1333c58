//! Determines which writes of a queue file a journal records, and which of them never took place.
//!
//! The lines of a write are appended before its rename, each with the hashes of the text before and
//! after it. If the writer died in between, or the disk was full, the lines are void: the next
//! write starts with the same text as they did. If the write found an edit by another program, that
//! edit is recorded among its lines, with the hash that was known until then. If the write is void,
//! nobody has judged the edit.

use crate::domain::{Event, EventKind};
use serde_json::{Map, Value};
use std::ops::Range;

/// What the journal records about the last write of a queue file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastWrite {
    /// Hash of the text that was replaced.
    pub before: String,
    /// Hash of the new text.
    pub after: String,
    /// Identity of the file to be replaced: it still exists only if the write never took place.
    pub file: Option<String>,
}

impl LastWrite {
    /// Returns the write that a line belongs to.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        let text = |key| event.data.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self { before: text("before")?, after: text("after")?, file: text("file") })
    }

    /// Names the write in the data of one of its lines.
    pub(in crate::store) fn name_in(self, data: &mut Map<String, Value>) {
        let Self { before, after, file } = self;
        data.insert("before".to_owned(), before.into());
        data.insert("after".to_owned(), after.into());
        data.extend(file.map(|file| ("file".to_owned(), file.into())));
    }

    /// Returns whether the write never took place: a file with this hash and identity is still the
    /// one from before it. The same text in another file was put there again (`git checkout`).
    pub fn is_void(&self, hash: &str, identity: &str) -> bool {
        hash == self.before && self.file.as_ref().is_none_or(|was| was == identity)
    }
}

/// The lines of a write.
#[derive(Debug)]
pub(crate) struct Lines {
    write: LastWrite,
    /// The hash of the text that was known before, if the write recorded an edit.
    pub(crate) known: Option<String>,
    /// Their positions among all lines of the queue.
    pub(crate) range: Range<usize>,
}

/// Returns the last write that the lines `events` of a queue record, and the void lines before it.
pub(crate) fn read(events: impl Iterator<Item = Event>) -> (Option<Lines>, Vec<Range<usize>>) {
    let mut last: Option<Lines> = None;
    let mut before: Option<Lines> = None;
    let mut void = Vec::new();
    for (number, event) in events.enumerate() {
        let Some(write) = LastWrite::of(&event) else { continue };
        if last.as_ref().is_none_or(|last| last.write != write) {
            void.extend(is_void(before.as_ref(), last.as_ref()));
            before = last.replace(Lines { write, known: None, range: number..number });
        }
        if let Some(lines) = &mut last {
            lines.range.end = number + 1;
            let is_edit = event.event == EventKind::ExternalEdit && event.task.is_none();
            let known = event.data.get("known").and_then(Value::as_str).filter(|_| is_edit);
            lines.known = known.map(str::to_owned).or(lines.known.take());
        }
    }
    void.extend(is_void(before.as_ref(), last.as_ref()));
    (last, void)
}

/// Returns the events written since the text of a queue had this hash; `None` if no line contains
/// the hash. Void lines are left out, and the lines of the last write if it `is_void`. `events`
/// returns all lines of the queue.
pub(in crate::store) fn since<I: Iterator<Item = Event>>(
    events: impl Fn() -> I,
    hash: &str,
    is_void: bool,
) -> Option<Vec<Event>> {
    let (last, mut void) = read(events());
    void.extend(last.map(|last| last.range).filter(|_| is_void));
    let mut since: Option<Vec<Event>> = None;
    for (number, event) in events().enumerate() {
        let is = |key| event.data.get(key).and_then(Value::as_str) == Some(hash);
        if void.iter().any(|lines| lines.contains(&number)) {
            // Even a void line proves that the text before it was known.
            if is("before") {
                since.get_or_insert_default();
            }
        } else if is("after") {
            since = Some(Vec::new());
        } else if since.is_some() || is("before") {
            since.get_or_insert_default().push(event);
        }
    }
    since
}

/// Returns the lines `before` if the write after them does not start with the text that they
/// announced.
fn is_void(before: Option<&Lines>, next: Option<&Lines>) -> Option<Range<usize>> {
    let (before, next) = before.zip(next)?;
    let begins_with = next.known.as_ref().unwrap_or(&next.write.before);
    (*begins_with != before.write.after).then(|| before.range.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::new_event;
    use chrono::DateTime;
    use serde_json::json;

    fn line(kind: EventKind, data: Value) -> Event {
        let data = data.as_object().cloned().unwrap_or_default();
        new_event(kind, DateTime::UNIX_EPOCH, "q.json".to_owned(), data)
    }

    fn wrote(before: &str, after: &str) -> Event {
        line(EventKind::Claimed, json!({"before": before, "after": after, "file": before}))
    }

    fn found(known: &str, before: &str, after: &str) -> Event {
        let data = json!({"known": known, "before": before, "after": after, "file": before});
        line(EventKind::ExternalEdit, data)
    }

    #[test]
    fn a_write_that_nothing_follows_on_is_void() {
        let all = [wrote("a", "b"), wrote("a", "b"), wrote("b", "c"), wrote("b", "d")];
        let (last, void) = read(all.into_iter());
        assert!(matches!(&void[..], [Range { start: 2, end: 3 }]), "{void:?}");
        assert_eq!(last.unwrap().range, 3..4);
    }

    #[test]
    fn a_write_after_an_edit_begins_with_what_was_known() {
        let all = [wrote("a", "b"), wrote("e", "c"), found("b", "e", "c"), wrote("c", "d")];
        let (last, void) = read(all.into_iter());
        assert!(void.is_empty(), "{void:?}");
        assert_eq!(last.unwrap().known, None);
        // The same edit, found twice.
        let all = [wrote("a", "b"), found("b", "e", "c"), found("b", "e", "d")];
        let (last, void) = read(all.into_iter());
        assert!(matches!(&void[..], [Range { start: 1, end: 2 }]), "{void:?}");
        assert_eq!(last.unwrap().known.as_deref(), Some("b"));
    }
}
