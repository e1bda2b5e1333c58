//! Changes the text of one task: fields in the file's own spelling, keys in the style of their
//! neighbours.

use super::error::EditError;
use crate::domain::{Field, Status, Write};
use crate::platform::fault::{self, Fault};
use crate::queue::document::Queue;
use crate::queue::json::object::{self, Entry, Gap, Splice, gap, members};
use crate::queue::json::style::same;
use crate::queue::parse::home::{Home, fits_flag};
use crate::queue::parse::keys::keys;
use serde_json::Value;

/// The text of one task while it is being changed.
pub(super) struct Draft<'q> {
    queue: &'q Queue,
    index: usize,
    pub(crate) text: String,
    /// The keys that were written or removed.
    pub(crate) touched: Vec<String>,
    /// Whether the state was written.
    stated: bool,
}

impl<'q> Draft<'q> {
    pub(crate) fn new(queue: &'q Queue, index: usize) -> Result<Self, EditError> {
        if index >= queue.slices.len() {
            return Err(EditError::NoTask(index));
        }
        let text = queue.slices.task(index).to_owned();
        Ok(Self { queue, index, text, touched: Vec::new(), stated: false })
    }

    pub(crate) fn write(&mut self, field: Field, write: &Write) {
        match write {
            Write::Status(status) => self.set_state(*status),
            Write::Set(_) | Write::Replace(_) | Write::Remove | Write::Clear
                if field == Field::Passes && self.stated && !self.needs_passes() => {}
            Write::Set(value) => {
                let key = self.key_of(field);
                self.set(key, value);
            }
            Write::Default(value) => {
                if self.spellings(field).all(|key| self.is_null(key)) {
                    let key = self.key_of(field);
                    self.set(key, value);
                }
            }
            Write::Replace(value) => {
                let key = self.key_of(field);
                if self.has(key) {
                    self.set(key, value);
                }
            }
            Write::Clear => {
                for key in field.spellings() {
                    if self.has(key) {
                        self.set(key, &Value::Null);
                    }
                }
            }
            Write::Remove => {
                for key in field.spellings() {
                    self.remove(key);
                }
            }
        }
    }

    /// Returns whether `passes` must be written in addition to the state. It must not if the state
    /// itself was written to `passes`, or if the state is in another flag and `passes` would
    /// override it.
    fn needs_passes(&self) -> bool {
        let flag = Home::ALL.into_iter().find(|home| home.is_flag() && self.holds(*home));
        match flag {
            Some(Home::Passes) => self.home() != Some(Home::Passes),
            other => other.is_none() || self.has(Field::Passes.key()),
        }
    }

    /// Writes the state where this task stores it, or else where the file does. A state that a flag
    /// cannot express is also written to `status`, which is removed again when the flag can express
    /// the state.
    fn set_state(&mut self, status: Status) {
        self.stated = true;
        let home = self.home();
        let flag = Home::ALL.into_iter().find(|home| home.is_flag() && self.holds(*home));
        let list = self.queue.words.home();
        let place = match (home, flag) {
            (Some(Home::Status), Some(flag)) if flag == list => flag,
            (Some(home), _) => home,
            (None, _) => list,
        };
        let is_lost = place.is_flag() && fault::is(Fault::FlagUnwritten);
        let place = if is_lost { Home::Status } else { place };
        let is_complete = Value::from(status == Status::Complete);
        if !place.is_flag() {
            self.set_word(place, status);
        } else {
            self.set(place.key(), &is_complete);
            if fits_flag(status) {
                self.remove(Home::Status.key());
            } else {
                self.set_word(Home::Status, status);
            }
        }
        // Other flags with the same meaning are kept consistent. `passes` is a field of its own.
        for home in [Home::Done, Home::Completed] {
            if self.holds(home) {
                self.set(home.key(), &is_complete);
            }
        }
    }

    /// Writes the word for a state, unless the task already has a word for it.
    fn set_word(&mut self, home: Home, status: Status) {
        let same = self.queue.tasks[self.index].status == status && self.holds(home);
        if !same {
            let word = Value::from(self.queue.status_word(status));
            self.set(home.key(), &word);
        }
    }

    /// Returns where the task stores its state, according to its current text.
    fn home(&self) -> Option<Home> {
        Home::ALL.into_iter().find(|home| self.holds(*home))
    }

    /// Returns whether the value under a home's key can be a state.
    fn holds(&self, home: Home) -> bool {
        let entry = members(&self.text).filter(|entry| entry.name == home.key()).last();
        entry.is_some_and(|entry| home.takes(&self.text[entry.start..entry.end]))
    }

    fn spellings(&self, field: Field) -> impl Iterator<Item = &'static str> + use<> {
        field.spellings().iter().copied()
    }

    /// Returns the key under which this task has the field or will get it.
    fn key_of(&self, field: Field) -> &'static str {
        let own = field.spellings().iter().find(|key| self.has(key));
        own.copied().unwrap_or_else(|| self.queue.words.key(field))
    }

    fn has(&self, key: &str) -> bool {
        members(&self.text).any(|entry| entry.name == key)
    }

    fn is_null(&self, key: &str) -> bool {
        let entry = members(&self.text).filter(|entry| entry.name == key).last();
        entry.is_none_or(|entry| &self.text[entry.start..entry.end] == "null")
    }

    pub(crate) fn set(&mut self, key: &str, value: &Value) {
        let entries: Vec<Entry<'_>> = members(&self.text).collect();
        let splice = match entries.iter().rposition(|entry| entry.name == key) {
            Some(at) => self.replacement(&entries, at, value),
            None => Some(self.insertion(&entries, key, value)),
        };
        if let Some(splice) = splice {
            splice.apply(&mut self.text);
            self.touched.push(key.to_owned());
        }
    }

    fn replacement(&self, entries: &[Entry<'_>], at: usize, value: &Value) -> Option<Splice> {
        let entry = &entries[at];
        let raw = &self.text[entry.start..entry.end];
        let present = serde_json::from_str::<Value>(raw).ok()?;
        if same(&present, value) {
            return None;
        }
        let gap = gap(&self.text, entries, at);
        let with = self.render(&entry.name, Some(raw), &gap, value);
        Some(Splice { range: entry.start..entry.end, with })
    }

    fn insertion(&self, entries: &[Entry<'_>], key: &str, value: &Value) -> Splice {
        let runtime = |entry: &Entry<'_>| {
            keys().find(entry.name.as_bytes()).is_some_and(|spelling| spelling.field.is_runtime())
        };
        // A task always has an id, so there is a neighbour.
        let last = entries.len().saturating_sub(1);
        let added = keys().find(key.as_bytes()).is_some_and(|spelling| spelling.field.is_runtime());
        let at = if added { entries.iter().rposition(runtime).unwrap_or(last) } else { last };
        let gap = gap(&self.text, entries, at);
        let with = self.render(key, None, &gap, value);
        let style = self.queue.style();
        let key = self.queue.plain_writer(&style).key(key);
        object::insert_behind(entries, at, &gap, (&key, &with))
    }

    fn render(&self, key: &str, current: Option<&str>, gap: &Gap, value: &Value) -> String {
        let style = self.queue.style();
        let writer = if value.is_array() || value.is_object() {
            self.queue.writer(&style, key, current, self.index)
        } else {
            self.queue.plain_writer(&style)
        };
        match gap.indent() {
            Some(indent) => writer.value(value, indent),
            None => writer.on_one_line().value(value, ""),
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        // All occurrences of a duplicate key are removed; otherwise an earlier one would count
        // again.
        let Some(text) = object::without(&self.text, key) else { return };
        self.text = text;
        self.touched.push(key.to_owned());
    }
}
