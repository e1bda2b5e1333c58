//! Finds what is wrong or odd in a queue without reading other files, in file order.
//!
//! The schema is checked first, task by task, then everything that a schema cannot express.

use super::finding::{Finding, Severity, severity};
use super::schema::{self, Mismatch};
use crate::domain::{Field, Status, Task, TaskId};
use crate::queue::counts::due;
use crate::queue::document::Queue;
use crate::queue::json::kind::Kind;
use crate::queue::json::object::{Entry, members};
use crate::queue::json::scan::Scanner;
use crate::queue::json::values;
use crate::queue::parse::field_span::FieldSpan;
use crate::queue::parse::steps;
use std::cell::RefCell;
use std::collections::HashSet;

impl Queue {
    /// Returns what is wrong or odd in this file, in file order.
    pub fn findings(&self) -> Vec<Finding> {
        let mut all = Vec::new();
        self.each_finding(&mut |finding| all.push(finding.made()));
        all.sort_by_key(|finding| finding.position);
        all
    }

    /// Passes each finding to `see`: first those outside of the tasks, then task by task. They are
    /// not collected, because a file may have more findings than fit in memory.
    pub fn each_finding(&self, see: &mut dyn FnMut(Found<'_>)) {
        let mut checks = Checks { queue: self, see };
        checks.top();
        for index in 0..self.slices.len() {
            checks.task(index);
        }
        for odd in self.search_keys() {
            let task = self.tasks().get(odd.index).map(|task| &task.id);
            checks.add(odd.code, Place { offset: odd.offset, task }, &|| odd.message());
        }
    }
}

/// A finding whose position and message are not computed yet.
pub struct Found<'a> {
    queue: &'a Queue,
    /// Stable name of this kind of finding; listed in [`CODES`](crate::queue::CODES).
    pub code: &'static str,
    /// The task that the finding is about.
    pub task: Option<&'a TaskId>,
    offset: &'a dyn Fn() -> usize,
    message: &'a dyn Fn() -> String,
}

impl Found<'_> {
    /// Computes the finding.
    pub fn made(&self) -> Finding {
        let position = self.queue.snapshot().position((self.offset)());
        let (severity, task) = (severity(self.code), self.task.cloned());
        Finding { severity, code: self.code, position, task, message: (self.message)() }
    }

    /// Returns the severity.
    pub fn severity(&self) -> Severity {
        severity(self.code)
    }
}

pub(super) struct Checks<'q, 'f> {
    pub(super) queue: &'q Queue,
    see: &'f mut dyn FnMut(Found<'_>),
}

/// A place in the text, and the task it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Place<'t> {
    pub(super) offset: usize,
    pub(super) task: Option<&'t TaskId>,
}

impl Checks<'_, '_> {
    pub(super) fn add(
        &mut self,
        code: &'static str,
        place: Place<'_>,
        message: &dyn Fn() -> String,
    ) {
        self.add_at(code, place.task, &|| place.offset, message);
    }

    fn add_at(
        &mut self,
        code: &'static str,
        task: Option<&TaskId>,
        offset: &dyn Fn() -> usize,
        message: &dyn Fn() -> String,
    ) {
        (self.see)(Found { queue: self.queue, code, task, offset, message });
    }

    fn top(&mut self) {
        let queue = self.queue;
        let slices = &queue.slices;
        if slices.list.is_none() {
            return;
        }
        let text = format!("{}{}", slices.head(), slices.tail());
        let here = |offset: usize| slices.offset_of_top(offset);
        let start = text.len() - text.trim_start().len();
        doubled(&text[start..], 0, &mut |offset, key| {
            self.duplicate(Place { offset: here(start + offset), task: None }, key);
        });
        let places = Places::of(&text[start..]);
        for mismatch in schema::file_mismatches(&text) {
            let offset = || here(start + places.find(&mismatch.path));
            self.add_at("schema", None, &offset, &|| worded(&mismatch));
        }
        self.summary(&here);
    }

    fn summary(&mut self, here: &dyn Fn(usize) -> usize) {
        let slices = &self.queue.slices;
        let Some(at) = slices.member("summary") else { return };
        let raw = slices.member_value(at);
        let place = Place { offset: here(slices.members[at].start), task: None };
        match Kind::of(raw) {
            Kind::Object => {}
            Kind::Null => return,
            kind @ (Kind::Bool | Kind::Number | Kind::String | Kind::Array) => {
                let what = kind.words();
                self.add("summary-not-counts", place, &|| {
                    format!("`summary` is {what}, so it cannot hold counts")
                });
                return;
            }
        }
        let value = |key: &str| members(raw).filter(|entry| entry.name == key).last();
        let mut wrong = Vec::new();
        for due in due(&self.queue.counts(), &|key| value(key).is_some()) {
            if let Some(entry) = value(due.key)
                && values::whole(&raw[entry.start..entry.end]) != Some(due.count as i64)
            {
                let says = clip(&raw[entry.start..entry.end]);
                wrong.push(format!("`{}` says {says}, the tasks say {}", due.key, due.count));
            }
        }
        if !wrong.is_empty() {
            let text = || format!("{}; the next change corrects it", wrong.join("; "));
            self.add("summary-untrue", place, &text);
        }
    }

    fn task(&mut self, index: usize) {
        let queue = self.queue;
        let text = queue.task_text(index);
        let task = &queue.tasks()[index];
        let base = queue.slices.offset(index);
        let place = |offset: usize| Place { offset: base + offset, task: Some(&task.id) };
        doubled(text, 0, &mut |offset, key| self.duplicate(place(offset), key));
        let fields = queue.slices.fields(index);
        let start = |field| {
            if field == Field::Status
                && let Some((_, span)) = queue.home(index)
            {
                return span.start as usize;
            }
            let span = fields.iter().filter(|span| span.field == field);
            span.min_by_key(|span| span.spelling).map_or(0, |span| span.start as usize)
        };
        for problem in task.problems() {
            let span = fields.iter().find(|span| span.field == problem.field);
            let key =
                span.map_or(problem.field.key(), |s| s.field.spellings()[usize::from(s.spelling)]);
            let message =
                || format!("`{key}` {}; until then the task is not run", problem.expected);
            self.add("field-unusable", place(start(problem.field)), &message);
        }
        let places = Places::of(text);
        for mismatch in schema::task_mismatches(text) {
            let known = mismatch.path.first().and_then(|key| Field::from_key(key));
            if !task.problems().any(|problem| Some(problem.field) == known) {
                let offset = || base + places.find(&mismatch.path);
                self.add_at("schema", Some(&task.id), &offset, &|| worded(&mismatch));
            }
        }
        self.spellings(index, fields);
        self.flags(index, task);
        self.oddities(index, task, &|field| place(start(field)));
    }

    fn spellings(&mut self, index: usize, fields: &[FieldSpan]) {
        let queue = self.queue;
        let (text, base) = (queue.task_text(index), queue.slices.offset(index));
        // All spellings of these fields are read together, so no spelling hides another.
        let merged = [Field::Dependencies, Field::Files, Field::Status];
        for span in fields {
            let first = fields.iter().find(|other| other.field == span.field);
            let Some(first) = first.filter(|first| first.start != span.start) else { continue };
            if merged.contains(&span.field) {
                continue;
            }
            let name = |span: &FieldSpan| span.field.spellings()[usize::from(span.spelling)];
            let counts = name(if first.spelling < span.spelling { first } else { span });
            let (one, other) = (name(first), name(span));
            let key = || {
                let here = |entry: &Entry<'_>| entry.start == span.start as usize;
                base + members(text).find(here).map_or(0, |entry| entry.key)
            };
            self.add_at("two-spellings", Some(&queue.tasks()[index].id), &key, &|| {
                format!(
                    "`{one}` and `{other}` are two spellings of one field; `{counts}` counts, \
                     remove the other"
                )
            });
        }
    }

    fn oddities<'t>(&mut self, index: usize, task: &Task, place: &dyn Fn(Field) -> Place<'t>) {
        let queue = self.queue;
        let mut odd = |code, field, message: &dyn Fn() -> String| {
            self.add(code, place(field), message);
        };
        let text = |field| queue.text(index, field).is_some_and(|text| !text.trim().is_empty());
        if !text(Field::Title) && !text(Field::Description) {
            let message = "the task has neither `title` nor `description`; describe what to do";
            odd("no-description", Field::Id, &|| message.to_owned());
        }
        let id = task.id.as_str();
        if id.chars().any(char::is_control) || id.trim() != id {
            let message = "the id contains control characters, or begins or ends with a blank; \
                           change it";
            odd("id-characters", Field::Id, &|| message.to_owned());
        }
        if task.status == Status::Unknown
            && let Some(word) = queue.text(index, Field::Status)
        {
            odd("status-unknown", Field::Status, &|| {
                let word = clip(&word);
                format!("the status `{word}` is unknown; the task is not run")
            });
        }
        let steps = queue.present(index, Field::Steps).and_then(steps::out_of_order);
        if let Some((step, first)) = steps {
            let (step, first) = (clip(&step), clip(&first));
            odd("step-order", Field::Steps, &|| {
                format!("step {step} is listed before step {first}, on which it depends; swap them")
            });
        }
        if task.max_iterations() == Some(0) {
            let message = "`max_iterations` is 0, which counts as 1; \
                           `workloop park` keeps a task from being run";
            odd("budget-zero", Field::MaxIterations, &|| message.to_owned());
        }
        let given = |field| queue.present(index, field).is_some_and(|raw| raw != "\"\"");
        if task.priority.is_none() && given(Field::Priority) {
            let message = "the priority cannot be read, so the task ranks last; \
                           write a whole number, P0 to P9, critical, high, medium or low";
            odd("priority-unreadable", Field::Priority, &|| message.to_owned());
        }
        let estimate = task.estimate();
        let estimates = [
            (Field::EstimatedMinutes, estimate.minutes.is_none(), "a number"),
            (Field::EstimatedHours, estimate.hours.is_none(), "a number, [low, high] or \"2-3\""),
            (Field::Effort, estimate.effort.is_none(), "S, M, L or XL"),
        ];
        for (field, unread, form) in estimates {
            if unread && given(field) {
                odd("estimate-unreadable", field, &|| {
                    format!("`{}` cannot be read; write {form}", field.key())
                });
            }
        }
    }

    fn duplicate(&mut self, place: Place<'_>, key: &str) {
        self.add("duplicate-key", place, &|| {
            let key = clip(key);
            format!("the key `{key}` occurs twice in this object; the last one counts")
        });
    }
}

fn worded(mismatch: &Mismatch) -> String {
    let key = clip(&mismatch.path.join("."));
    if key.is_empty() { mismatch.reason.clone() } else { format!("`{key}` {}", mismatch.reason) }
}

/// Returns the start of a text that may be long, without terminal control characters.
pub(super) fn clip(text: &str) -> String {
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(60).flat_map(char::escape_debug).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short.replace("\\\"", "\"").replace("\\'", "'")
}

/// Finds values at paths that are requested one after the other.
struct Places<'t> {
    text: &'t str,
    /// The list element that was found last. The next one requested is probably after it.
    last: RefCell<Option<Element>>,
}

struct Element {
    list: Vec<String>,
    index: usize,
    offset: usize,
}

impl<'t> Places<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, last: RefCell::new(None) }
    }

    /// Returns the offset of the value at `path`, or of the deepest part of the path that exists.
    fn find(&self, path: &[String]) -> usize {
        let Some((step, list)) = path.split_last() else { return 0 };
        let index = step.parse::<usize>().ok();
        let near = self.last.take().filter(|last| last.list == list).and_then(|last| {
            let offset = self.behind(last.offset, index?.checked_sub(last.index)?)?;
            Some(Element { index: index?, offset, ..last })
        });
        if let Some(near) = near {
            let offset = near.offset;
            self.last.replace(Some(near));
            return offset;
        }
        let start = walk(self.text, list);
        let offset = start + walk(&self.text[start..], std::slice::from_ref(step));
        if let (Kind::Array, Some(index)) = (Kind::of(&self.text[start..]), index) {
            self.last.replace(Some(Element { list: list.to_vec(), index, offset }));
        }
        offset
    }

    /// Returns the element `count` elements after the one at `offset`.
    fn behind(&self, offset: usize, count: usize) -> Option<usize> {
        let mut scanner = Scanner::at(self.text, offset);
        for _ in 0..count {
            scanner.value(0).ok()?;
            scanner.next_element().ok().filter(|more| *more)?;
        }
        Some(scanner.pos())
    }
}

/// Returns the offset of the value at `path`, or of the deepest part of the path that exists.
fn walk(text: &str, path: &[String]) -> usize {
    let mut offset = 0;
    for step in path {
        let here = &text[offset..];
        let next = match Kind::of(here) {
            Kind::Object => {
                members(here).filter(|entry| entry.name == *step).last().map(|entry| entry.start)
            }
            Kind::Array => {
                let index = step.parse::<usize>().ok();
                let element = index.and_then(|n| values::elements(here).nth(n));
                element.map(|element| element.as_ptr() as usize - here.as_ptr() as usize)
            }
            Kind::Null | Kind::Bool | Kind::Number | Kind::String => None,
        };
        match next {
            Some(next) => offset += next,
            None => return offset,
        }
    }
    offset
}

/// Passes to `see` the offset and name of every key that occurred earlier in its object, at any
/// depth. The text was scanned before, so its depth is bounded.
fn doubled(text: &str, offset: usize, see: &mut dyn FnMut(usize, &str)) {
    match Kind::of(text) {
        Kind::Object => {
            let mut seen = HashSet::new();
            for entry in members(text) {
                let (key, start) = (offset + entry.key, offset + entry.start);
                if seen.contains(&entry.name) {
                    see(key, &entry.name);
                } else {
                    seen.insert(entry.name);
                }
                doubled(&text[entry.start..entry.end], start, see);
            }
        }
        Kind::Array => {
            for element in values::elements(text) {
                let at = element.as_ptr() as usize - text.as_ptr() as usize;
                doubled(element, offset + at, see);
            }
        }
        Kind::Null | Kind::Bool | Kind::Number | Kind::String => {}
    }
}
