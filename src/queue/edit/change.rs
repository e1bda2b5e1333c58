//! Changes to tasks: the fields that a transition writes, single keys, new tasks.
//!
//! Each change is made on a copy of the task's text. The copy is parsed and checked before it is
//! accepted, so a refused change leaves the queue as it was.

use super::draft::Draft;
use super::error::EditError;
use super::fingerprint::print_of;
use crate::domain::Changes;
use crate::queue::check::schema;
use crate::queue::document::Queue;
use crate::queue::json::style::{Shape, Style, line_indent};
use crate::queue::parse::ids::Ids;
use crate::queue::parse::keys::keys;
use crate::queue::parse::outline::single;
use crate::queue::text::Owned;
use serde_json::{Map, Value};
use std::sync::{Arc, OnceLock};

impl Queue {
    /// Applies the changes of a transition to a task, in the file's own words and style.
    ///
    /// Values that already equal the new ones keep their exact bytes. Missing keys are added after
    /// the last runtime key of the task.
    ///
    /// # Errors
    /// Returns [`EditError`]; the queue is unchanged then.
    pub fn apply(&mut self, index: usize, changes: &Changes) -> Result<(), EditError> {
        let mut draft = Draft::new(self, index)?;
        for (field, write) in changes {
            draft.write(*field, write);
        }
        let Draft { text, touched, .. } = draft;
        self.take(index, text, &touched)
    }

    /// Sets any key of a task, known or not. `None` removes the key.
    ///
    /// # Errors
    /// Returns [`EditError`]; the queue is unchanged then.
    pub fn set_key(
        &mut self,
        index: usize,
        key: &str,
        value: Option<&Value>,
    ) -> Result<(), EditError> {
        let mut draft = Draft::new(self, index)?;
        match value {
            Some(value) => draft.set(key, value),
            None => draft.remove(key),
        }
        let Draft { text, touched, .. } = draft;
        self.take(index, text, &touched)
    }

    /// Adds a task at the end of the list, formatted like its neighbours. Updates `fingerprints`
    /// and `sequence` if the file has them. Returns the index of the task.
    ///
    /// # Errors
    /// Returns [`EditError`]; the queue is unchanged then.
    pub fn append(&mut self, task: &Map<String, Value>) -> Result<usize, EditError> {
        let index = self.slices.len();
        let style = self.style();
        let (lead, indent, close) = self.place_for_task(&style);
        let multi_line = if index == 0 {
            style.multi_line
        } else {
            let last = Shape::of(self.slices.task(index - 1), style.shape());
            last.is_none_or(|shape| shape.multi_line)
        };
        let text = if multi_line {
            self.render_task(&style, task, &indent)
        } else {
            let writer = self.writer(&style, "", None, index.saturating_sub(1));
            writer.on_one_line().value(&Value::Object(task.clone()), &indent)
        };
        let (fields, typed) =
            single(&text).map_err(|reason| EditError::NotATask(reason.text.clone()))?;
        if self.index_of(typed.id.as_str()).is_some() {
            return Err(EditError::DuplicateId(typed.id.to_string()));
        }
        schema::check_task(&text, None)?;
        if let Some(white) = close {
            self.slices.reclose(&white);
        }
        self.words.add(&text, &fields, typed.status);
        self.counts.total += 1;
        if let Some(slot) = self.counts.slot(typed.status) {
            *slot += 1;
        }
        self.slices.push_task(Owned { lead, text, fields });
        Arc::make_mut(&mut self.tasks).push(typed);
        Arc::make_mut(&mut self.ids).push(&self.tasks);
        self.structure = OnceLock::new();
        self.changed();
        self.note_added(task);
        Ok(index)
    }

    /// Accepts the new text of a task after parsing and checking it.
    pub(crate) fn take(
        &mut self,
        index: usize,
        text: String,
        touched: &[String],
    ) -> Result<(), EditError> {
        if text == self.slices.task(index) {
            return Ok(());
        }
        let (fields, typed) =
            single(&text).map_err(|reason| EditError::NotATask(reason.text.clone()))?;
        let before = &self.tasks[index];
        let renamed = typed.id != before.id;
        if renamed && self.index_of(typed.id.as_str()).is_some() {
            return Err(EditError::DuplicateId(typed.id.to_string()));
        }
        schema::check_task(&text, Some(touched))?;
        let runtime =
            |key: &String| keys().find(key.as_bytes()).is_some_and(|s| s.field.is_runtime());
        if !touched.iter().all(runtime) {
            self.structure = OnceLock::new();
        }
        self.words.remove(self.slices.task(index), self.slices.fields(index), before.status);
        if let Some(slot) = self.counts.slot(before.status) {
            *slot -= 1;
        }
        if let Some(slot) = self.counts.slot(typed.status) {
            *slot += 1;
        }
        self.words.add(&text, &fields, typed.status);
        self.slices.set_task(index, text, fields);
        Arc::make_mut(&mut self.tasks)[index] = typed;
        if renamed && let Ok(ids) = Ids::build(self.tasks.len(), |n| self.tasks[n].id.as_str()) {
            self.ids = Arc::new(ids);
        }
        self.changed();
        Ok(())
    }

    /// Returns the text before a task at the end of the list, the indent of the task, and the white
    /// space to put before the closing bracket of the list if there is none.
    fn place_for_task(&self, style: &Style) -> (String, String, Option<String>) {
        let count = self.slices.len();
        let head = self.slices.head();
        let own = |text: &str| line_indent(text).unwrap_or_default().to_owned();
        if count > 0 {
            let lead = self.slices.lead(count - 1);
            // Some files put the comma at the end of a line, others before the next task.
            let comma = if lead.contains(',') { "" } else { "," };
            return (format!("{comma}{lead}"), own(lead), None);
        }
        if !style.multi_line {
            return (String::new(), String::new(), None);
        }
        let list = self.slices.list.and_then(|list| self.slices.members.get(list));
        let outer = list.and_then(|list| line_indent(&head[..list.key])).unwrap_or_default();
        let indent = format!("{outer}{}", style.unit);
        let close = format!("{}{outer}", style.newline);
        (format!("{}{indent}", style.newline), indent, Some(close))
    }

    /// Renders a task on several lines, with each list in the layout that the file uses for its
    /// key.
    fn render_task(&self, style: &Style, task: &Map<String, Value>, indent: &str) -> String {
        let line = format!("{}{indent}{}", style.newline, style.unit);
        let inner = format!("{indent}{}", style.unit);
        let mut text = "{".to_owned();
        let last = self.slices.len().saturating_sub(1);
        for (n, (key, value)) in task.iter().enumerate() {
            let writer = if value.is_array() || value.is_object() {
                self.writer(style, key, None, last)
            } else {
                self.plain_writer(style)
            };
            text.push_str(if n == 0 { "" } else { "," });
            text.push_str(&line);
            text.push_str(&writer.key(key));
            text.push_str(&style.colon);
            text.push_str(&writer.value(value, &inner));
        }
        if !task.is_empty() {
            text.push_str(style.newline);
            text.push_str(indent);
        }
        text.push('}');
        text
    }

    /// Updates `fingerprints` and `sequence` if the file has them.
    fn note_added(&mut self, task: &Map<String, Value>) {
        let print = print_of(task);
        self.push_top("fingerprints", &Value::from(print));
        self.edit_top("sequence", |value| {
            *value = Value::from(value.as_u64()?.checked_add(1)?);
            Some(())
        });
    }
}
