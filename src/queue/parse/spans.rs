//! What a file is taken apart into: the places of its members and of its tasks, what was read of
//! them, and how an earlier reading is asked for the same.

use super::field_span::FieldSpan;
use super::ids::Twice;
use super::refused::Reason;
use super::words::Words;
use crate::domain::{Field, Status, Task};
use crate::queue::json::values::unquote;
use std::borrow::Cow;
use std::ops::Range;

/// White space of JSON.
pub(crate) const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Where a task is in the text, and where its part of the list of field spans begins.
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

    /// The field spans of the task `index`, which end where those of the next one begin.
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

/// A member of the top-level object; its name is in the text alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The key's opening quote.
    pub(crate) key: usize,
    /// The value's first byte.
    pub(crate) start: usize,
    /// The byte behind the value.
    pub(crate) end: usize,
}

impl Member {
    /// The key, escapes resolved, from the text `lead` that goes from the key to the value.
    pub(crate) fn name(lead: &str) -> Cow<'_, str> {
        let key = lead.trim_end_matches(WHITE).trim_end_matches(':').trim_end_matches(WHITE);
        unquote(key)
    }
}

/// A file taken apart.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// The top-level members in file order, doubles included.
    pub(crate) members: Vec<Member>,
    /// Index of the task list among them; `None` where the list is all that there is.
    pub(crate) list: Option<usize>,
    /// Where the list opens.
    pub(crate) open: usize,
    pub(crate) spans: Vec<TaskSpan>,
    pub(crate) fields: Vec<FieldSpan>,
    /// The tasks that were scanned: all of them without an earlier reading.
    pub(crate) tasks: Vec<Task>,
    /// With an earlier reading: for every task its index there, or `None` for a scanned one.
    pub(crate) kept: Vec<Option<u32>>,
    pub(crate) words: Words,
}

impl Outline {
    /// The refusal of a text in which two tasks have one id.
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
        let reason = format!("the id `{shown}` occurs twice (first in the task of line {line})");
        let at = second.start + id.map_or(0, |span| span.start);
        Reason::new(at as usize, "id-duplicate", reason)
    }
}

impl Outline {
    /// Takes in the tasks that were read behind these.
    pub(crate) fn append(&mut self, behind: Self) {
        let shift = self.fields.len() as u32;
        let moved = |span: TaskSpan| TaskSpan { first: span.first + shift, ..span };
        self.spans.extend(behind.spans.into_iter().map(moved));
        self.fields.extend(behind.fields);
        self.tasks.extend(behind.tasks);
        self.words.merge(behind.words);
    }
}

/// A reading of the same file from before.
pub(crate) trait Earlier {
    /// The task `index`, if there are so many.
    fn task(&self, index: usize) -> Option<EarlierTask<'_>>;

    /// The index of the task with this id.
    fn index_of(&self, id: &str) -> Option<usize>;
}

/// What an earlier reading has of a task.
pub(crate) struct EarlierTask<'e> {
    pub(crate) text: &'e str,
    pub(crate) fields: &'e [FieldSpan],
    pub(crate) status: Status,
}
