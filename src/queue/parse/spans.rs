//! The parts into which a file is split: the positions of its members and tasks, and the typed data
//! of the tasks; and how they are looked up in an earlier version.

use super::field_span::FieldSpan;
use super::ids::Twice;
use super::refused::Reason;
use super::words::Words;
use crate::domain::{Field, Status, Task};
use crate::queue::json::values::unquote;
use std::borrow::Cow;
use std::ops::Range;

/// The white space characters of JSON.
pub(crate) const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

/// The position of a task in the text, and of its part of the list of field spans.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskSpan {
    pub(crate) start: u32,
    pub(crate) end: u32,
    first: u32,
}

impl TaskSpan {
    pub(crate) fn new(place: Range<usize>, first: usize) -> Self {
        let [start, end, first] = [place.start, place.end, first].map(|number| number as u32);
        Self { start, end, first }
    }

    /// Returns the field spans of the task `index`, which end where those of the next one begin.
    pub(crate) fn fields<'f>(
        spans: &[Self],
        index: usize,
        all: &'f [FieldSpan],
    ) -> &'f [FieldSpan] {
        let Some(span) = spans.get(index) else { return &[] };
        let end = spans.get(index + 1).map_or(all.len(), |next| next.first as usize);
        all.get(span.first as usize..end).unwrap_or_default()
    }
}

/// A member of the top-level object. Its name is only in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The offset of the key's opening quote.
    pub(crate) key: usize,
    /// The offset of the value's first byte.
    pub(crate) start: usize,
    /// The offset after the value.
    pub(crate) end: usize,
}

impl Member {
    /// Returns the key, with escapes resolved, from `lead`, the text from the key to the value.
    pub(crate) fn name(lead: &str) -> Cow<'_, str> {
        let key = lead.trim_end_matches(WHITE).trim_end_matches(':').trim_end_matches(WHITE);
        unquote(key)
    }
}

/// A file split into its parts.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// The top-level members in file order, including duplicates.
    pub(crate) members: Vec<Member>,
    /// The index of the task list in `members`. `None` if the list is the whole file.
    pub(crate) list: Option<usize>,
    /// The offset at which the list opens.
    pub(crate) open: usize,
    pub(crate) spans: Vec<TaskSpan>,
    pub(crate) fields: Vec<FieldSpan>,
    /// The tasks that were scanned. Without an earlier version these are all tasks.
    pub(crate) tasks: Vec<Task>,
    /// With an earlier version: for every task its index there, or `None` if the task was scanned.
    pub(crate) kept: Vec<Option<u32>>,
    pub(crate) words: Words,
}

impl Outline {
    /// Returns the refusal of a text in which two tasks have the same id.
    pub(crate) fn duplicate(&self, text: &str, twice: &Twice) -> Reason {
        let [first, second] = [twice.first, twice.second].map(|index| self.spans[index]);
        let fields = TaskSpan::fields(&self.spans, twice.second, &self.fields);
        let id = fields.iter().find(|span| span.field == Field::Id);
        let raw = id.map_or("", |span| {
            let start = second.start as usize;
            &text[start + span.start as usize..start + span.end as usize]
        });
        let before = &text[..first.start as usize];
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        let id_text = unquote(raw);
        let shown = id_text.escape_debug();
        let reason = format!("the id `{shown}` occurs twice (first in the task on line {line})");
        let at = second.start + id.map_or(0, |span| span.start);
        Reason::new(at as usize, "id-duplicate", reason)
    }
}

impl Outline {
    /// Appends the tasks that were read after these.
    pub(crate) fn append(&mut self, behind: Self) {
        let shift = self.fields.len() as u32;
        let moved = |span: TaskSpan| TaskSpan { first: span.first + shift, ..span };
        self.spans.extend(behind.spans.into_iter().map(moved));
        self.fields.extend(behind.fields);
        self.tasks.extend(behind.tasks);
        self.words.merge(behind.words);
    }
}

/// An earlier version of the same file.
pub(crate) trait Earlier {
    /// Returns the task `index`, if there is one.
    fn task(&self, index: usize) -> Option<EarlierTask<'_>>;

    /// Returns the index of the task with this id.
    fn index_of(&self, id: &str) -> Option<usize>;
}

/// The data of a task in an earlier version.
pub(crate) struct EarlierTask<'e> {
    pub(crate) text: &'e str,
    pub(crate) fields: &'e [FieldSpan],
    pub(crate) status: Status,
}
