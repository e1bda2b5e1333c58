//! Finds models in a file for new text: the file's style, the layout of its lists and the indent of
//! a line. Also writes top-level values accordingly.

use crate::queue::document::Queue;
use crate::queue::json::kind::Kind;
use crate::queue::json::object::members;
use crate::queue::json::style::{Escapes, Shape, Style, Writer, line_indent};
use crate::queue::json::values::elements;
use crate::queue::parse::field_span::FieldSpan;
use crate::queue::parse::keys::keys;
use serde_json::Value;
use std::sync::Arc;

impl Queue {
    /// Changes the value of a top-level key if the key exists and `change` returns `Some`.
    pub(in crate::queue) fn edit_top(
        &mut self,
        key: &str,
        change: impl FnOnce(&mut Value) -> Option<()>,
    ) {
        let Some(at) = self.slices.member(key) else { return };
        let raw = self.slices.member_value(at);
        let Ok(mut value) = serde_json::from_str::<Value>(raw) else { return };
        if change(&mut value).is_none() {
            return;
        }
        let style = self.style();
        let with = self.render_top(&style, at, &value);
        let member = &self.slices.members[at];
        let range = member.start..member.end;
        self.slices.splice_top(range, &with);
        self.changed();
    }

    /// Adds an element to a top-level list if the list exists and does not contain the element.
    pub(super) fn push_top(&mut self, key: &str, new: &Value) {
        let Some(at) = self.slices.member(key) else { return };
        let raw = self.slices.member_value(at);
        let list: Vec<&str> = elements(raw).collect();
        if list.iter().any(|have| serde_json::from_str(have).is_ok_and(|have: Value| have == *new))
        {
            return;
        }
        let Some(last) = list.last() else {
            let add = |value: &mut Value| value.as_array_mut().map(|list| list.push(new.clone()));
            return self.edit_top(key, add);
        };
        // Both are slices of the same text, so the distance is the offset.
        let start = last.as_ptr() as usize - raw.as_ptr() as usize;
        let end = start + last.len();
        let style = self.style();
        let mut lead = &raw[raw[..start].trim_end().len()..start];
        if list.len() == 1 && !lead.contains('\n') {
            lead = if style.shape().blank { " " } else { "" };
        }
        let text = format!(",{lead}{}", self.plain_writer(&style).value(new, ""));
        let at = self.slices.members[at].start + end;
        self.slices.splice_top(at..at, &text);
        self.changed();
    }

    /// Renders a new value for a top-level member in the layout of the current value.
    pub(super) fn render_top(&self, style: &Style, at: usize, value: &Value) -> String {
        let writer = self.top_writer(style, Some(self.slices.member_value(at)));
        let key = self.slices.members[at].key;
        let before = format!("\n{}", self.slices.top(self.top_line_start(key)..key));
        match line_indent(&before) {
            Some(indent) => writer.value(value, indent),
            None => writer.on_one_line().value(value, ""),
        }
    }

    /// Returns a writer for top-level values.
    pub(super) fn top_writer<'s>(&'s self, style: &'s Style, current: Option<&str>) -> Writer<'s> {
        let shape = current.and_then(|raw| Shape::of(raw, style.shape()));
        let shape = shape.unwrap_or(style.shape());
        Writer { style, escapes: self.escapes(), list: shape, object: shape }
    }

    fn escapes(&self) -> Escapes<'_> {
        Escapes { text: &self.slices.base.text, known: &self.ascii }
    }

    /// Returns the start of the line of a byte in the head or tail, limited to the start of that
    /// part.
    fn top_line_start(&self, at: usize) -> usize {
        let head = self.slices.head().len();
        let floor = if at >= head { head } else { 0 };
        let before = self.slices.top(floor..at);
        before.rfind('\n').map_or(floor, |n| floor + n + 1)
    }

    /// Returns the style of the file.
    pub(crate) fn style(&self) -> Arc<Style> {
        let style = self.style.get_or_init(|| {
            let first = (self.slices.len() > 0).then(|| self.slices.task(0));
            // The head ends inside the list. With the brackets closed, it is an object.
            Arc::new(Style::of(&format!("{}]}}", self.slices.head()), first))
        });
        Arc::clone(style)
    }

    /// Returns a writer for values without elements.
    pub(super) fn plain_writer<'s>(&'s self, style: &'s Style) -> Writer<'s> {
        let shape = style.shape();
        Writer { style, escapes: self.escapes(), list: shape, object: shape }
    }

    /// Returns a writer for the value of `key` in the task `index`, whose current value is
    /// `current`.
    pub(crate) fn writer<'s>(
        &'s self,
        style: &'s Style,
        key: &str,
        current: Option<&str>,
        index: usize,
    ) -> Writer<'s> {
        let seek = Seek { style, key, current, index };
        let shape = |kind| self.shape(&seek, kind).unwrap_or(style.shape());
        let (list, object) = (shape(Kind::Array), shape(Kind::Object));
        Writer { style, escapes: self.escapes(), list, object }
    }

    /// Returns the layout of a list or object: that of the current value, or else of the same key
    /// in other tasks, or else of any value in this task, or else of any value in the first tasks.
    fn shape(&self, seek: &Seek<'_>, kind: Kind) -> Option<Shape> {
        let &Seek { style, key, current, index } = seek;
        let fits =
            |raw: &str| (Kind::of(raw) == kind).then(|| Shape::of(raw, style.shape())).flatten();
        if let Some(shape) = current.and_then(fits) {
            return Some(shape);
        }
        let near = || (0..self.slices.len().min(NEAR)).map(|n| self.slices.task(n));
        if let Some(known) = keys().find(key.as_bytes()) {
            let here = (0..self.slices.len().min(NEAR)).chain([index]);
            for n in here {
                let spans = self.slices.fields(n).iter().filter(|s| s.field == known.field);
                let text = self.slices.task(n);
                let raw = |span: &FieldSpan| fits(&text[span.start as usize..span.end as usize]);
                if let Some(shape) = spans.clone().find_map(raw) {
                    return Some(shape);
                }
            }
        }
        let any = |text: &str| members(text).find_map(|e| fits(&text[e.start..e.end]));
        any(self.slices.task(index)).or_else(|| near().take(8).find_map(any))
    }
}

/// The place for which a layout is searched.
struct Seek<'s> {
    style: &'s Style,
    key: &'s str,
    current: Option<&'s str>,
    index: usize,
}

/// The number of tasks that are searched for a model.
const NEAR: usize = 64;
