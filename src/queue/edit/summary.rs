//! Keeps the counts in `summary` correct, using the file's own keys in their order, and updates the
//! timestamp if the file has one.

use crate::domain::timestamp;
use crate::queue::counts::{Due, due};
use crate::queue::document::Queue;
use crate::queue::json::kind::Kind;
use crate::queue::json::object::{Entry, gap, insert_before, insert_behind, members};
use crate::queue::json::style::same;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

impl Queue {
    /// Corrects `summary` (creates it if there is none), and sets `last_updated` and `updated_by`
    /// if the file has them and something changed. Only incorrect counts are changed.
    pub fn refresh(&mut self, now: DateTime<Utc>) {
        match self.slices.member("summary") {
            // A file that is only a list has no place for it.
            None if self.slices.list.is_none() => {}
            None => self.create_summary(),
            Some(at) => match Kind::of(self.slices.member_value(at)) {
                Kind::Object => self.update_summary(at),
                Kind::Null => {
                    let value = self.fresh_summary();
                    self.edit_top("summary", |present| {
                        *present = value;
                        Some(())
                    });
                }
                Kind::Bool | Kind::Number | Kind::String | Kind::Array => {}
            },
        }
        if self.revision == self.refreshed {
            return;
        }
        let stamp = Value::from(timestamp(now));
        self.set_top("last_updated", &stamp);
        self.set_top("updated_by", &Value::from("workloop"));
        self.refreshed = self.revision;
    }

    /// Corrects an existing `summary` that an edit of the file made incorrect.
    pub fn mend_summary(&mut self, now: DateTime<Utc>) {
        let at = self.slices.member("summary");
        if at.is_some_and(|at| Kind::of(self.slices.member_value(at)) == Kind::Object) {
            self.refresh(now);
        }
    }

    fn set_top(&mut self, key: &str, new: &Value) {
        self.edit_top(key, |value| {
            let differs = !same(value, new);
            value.clone_from(new);
            differs.then_some(())
        });
    }

    fn update_summary(&mut self, at: usize) {
        let raw = self.slices.member_value(at).to_owned();
        let mut text = raw.clone();
        let due = due(&self.counts, &|key| members(&raw).any(|entry| entry.name == key));
        let style = self.style();
        for Due { key, count } in due {
            let entries: Vec<Entry<'_>> = members(&text).collect();
            let value = count.to_string();
            match entries.iter().rposition(|entry| entry.name == key) {
                Some(n) => {
                    let (start, end) = (entries[n].start, entries[n].end);
                    let present = serde_json::from_str::<Value>(&text[start..end]);
                    if !present.is_ok_and(|present| same(&present, &Value::from(count))) {
                        text.replace_range(start..end, &value);
                    }
                }
                None if entries.is_empty() => {
                    let only = Map::from_iter([(key.to_owned(), Value::from(count))]);
                    text = self.render_top(&style, at, &Value::Object(only));
                }
                None => {
                    let last = entries.len() - 1;
                    let gap = gap(&text, &entries, last);
                    let key = format!("\"{key}\"");
                    insert_behind(&entries, last, &gap, (&key, &value)).apply(&mut text);
                }
            }
        }
        if text != raw {
            let member = &self.slices.members[at];
            let range = member.start..member.end;
            self.slices.splice_top(range, &text);
            self.changed();
        }
    }

    fn fresh_summary(&self) -> Value {
        let due = due(&self.counts, &|_| false);
        let counts = due.iter().map(|due| (due.key.to_owned(), Value::from(due.count)));
        Value::Object(counts.collect())
    }

    /// Creates a summary with all counts.
    fn create_summary(&mut self) {
        let value = self.fresh_summary();
        self.create_top("summary", &value);
    }

    /// Adds a top-level member before the task list. Does nothing if the file is only a list.
    pub(in crate::queue) fn create_top(&mut self, key: &str, value: &Value) {
        let style = self.style();
        // The head ends inside the list. With the brackets closed, it is an object whose last
        // member is the list.
        let closed = format!("{}]}}", self.slices.head());
        let entries: Vec<Entry<'_>> = members(&closed).collect();
        let Some(n) = entries.len().checked_sub(1) else { return };
        let gap = gap(&closed, &entries, n);
        let writer = self.top_writer(&style, None);
        let text = match gap.indent() {
            Some(indent) => writer.value(value, indent),
            None => writer.on_one_line().value(value, ""),
        };
        let key = self.plain_writer(&style).key(key);
        let splice = insert_before(&entries, n, &gap, (&key, &text));
        let start = splice.range.start + key.len() + gap.colon.len();
        self.slices.insert_top(&splice, start..start + text.len());
        self.changed();
    }
}
