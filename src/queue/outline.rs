//! Takes a whole file apart in one pass: its top-level members, its tasks, the spans of the
//! fields that the program knows, and the typed reading of every task.
//!
//! Where an earlier reading is at hand, a task that stands in it byte for byte is not scanned
//! again: the text of an object says all that is read of it, wherever it stands. Refuses what is
//! no queue; reports positions as byte offsets.

use super::dialect;
use super::document::Queue;
use super::field_span::FieldSpan;
use super::ids::Twice;
use super::keys::{keys, unquote};
use super::kind::Kind;
use super::reader::{Reader, read_id, task_fields};
use super::refused::Reason;
use super::scan::Scanner;
use super::words::Words;
use crate::domain::{Field, Task};
use std::borrow::Cow;
use std::ops::Range;
use std::thread;

/// Where a task stands in the text, and where its part of the list of field spans begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaskSpan {
    pub(super) start: u32,
    pub(super) end: u32,
    first: u32,
}

impl TaskSpan {
    pub(super) fn new(place: Range<usize>, first: usize) -> Self {
        let [start, end, first] = [place.start, place.end, first].map(|number| number as u32);
        Self { start, end, first }
    }

    /// The field spans of the task `index`, which end where those of the next one begin.
    pub(super) fn fields<'f>(
        spans: &[Self],
        index: usize,
        all: &'f [FieldSpan],
    ) -> &'f [FieldSpan] {
        let Some(span) = spans.get(index) else { return &[] };
        let end = spans.get(index + 1).map_or(all.len(), |next| next.first as usize);
        all.get(span.first as usize..end).unwrap_or_default()
    }
}

/// A member of the top-level object; its name stands in the text alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// The key's opening quote.
    pub(super) key: usize,
    /// The value's first byte.
    pub(super) start: usize,
    /// The byte behind the value.
    pub(super) end: usize,
}

impl Member {
    /// The key, escapes resolved, from the text `lead` that goes from the key to the value.
    pub(super) fn name(lead: &str) -> Cow<'_, str> {
        let key = lead.trim_end_matches(WHITE).trim_end_matches(':').trim_end_matches(WHITE);
        unquote(key)
    }
}

/// White space of JSON.
pub(super) const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

/// A file taken apart.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// The top-level members in file order, doubles included.
    pub(super) members: Vec<Member>,
    /// Index of the task list among them.
    pub(super) list: usize,
    pub(super) spans: Vec<TaskSpan>,
    pub(super) fields: Vec<FieldSpan>,
    /// The tasks that were scanned: all of them without an earlier reading.
    pub(super) tasks: Vec<Task>,
    /// With an earlier reading: for every task its index there, or `None` for a scanned one.
    pub(super) kept: Vec<Option<u32>>,
    pub(super) words: Words,
}

impl Outline {
    /// The refusal of a text in which two tasks have one id.
    pub(super) fn duplicate(&self, text: &str, twice: &Twice) -> Reason {
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
        let reason = format!("the id `{shown}` stands twice (first in the task of line {line})");
        let at = second.start + id.map_or(0, |span| span.start);
        Reason::new(at as usize, "id-duplicate", reason)
    }
}

impl Outline {
    /// Takes in the tasks that were read behind these.
    pub(super) fn append(&mut self, behind: Self) {
        let shift = self.fields.len() as u32;
        let moved = |span: TaskSpan| TaskSpan { first: span.first + shift, ..span };
        self.spans.extend(behind.spans.into_iter().map(moved));
        self.fields.extend(behind.fields);
        self.tasks.extend(behind.tasks);
        self.words.merge(behind.words);
    }
}

/// From where on a second thread is worth its start, in bytes.
const WORTH_A_THREAD: usize = 2 << 20;

/// Takes `text` apart; what stands in `earlier` byte for byte is taken from there.
pub(super) fn outline(text: &str, earlier: Option<&Queue>) -> Result<Outline, Reason> {
    let large = text.len() >= WORTH_A_THREAD && earlier.is_none();
    let several = large && thread::available_parallelism().is_ok_and(|count| count.get() > 1);
    outline_with(text, earlier, if several { WORTH_A_THREAD } else { usize::MAX })
}

/// The same, with a second thread for a list of at least `worth` bytes.
pub(super) fn outline_with(
    text: &str,
    earlier: Option<&Queue>,
    worth: usize,
) -> Result<Outline, Reason> {
    let mut scanner = Scanner::new(text);
    scanner.white();
    match scanner.peek() {
        None => return Err(Reason::new(0, "empty", "the file is empty")),
        Some(b'{') => {}
        Some(_) => {
            let at = scanner.pos();
            scanner.value(0)?;
            let text = "a queue is a JSON object with a list under `tasks` or `features`";
            return Err(Reason::new(at, "not-an-object", text));
        }
    }
    let mut reader = Reader::new(text, scanner, earlier, worth);
    reader.members()?;
    let mut scanner = reader.scanner;
    scanner.white();
    if scanner.peek().is_some() {
        let text = "expected nothing more after the closing `}`";
        return Err(Reason::new(scanner.pos(), "syntax", text));
    }
    let mut out = reader.out;
    out.list = only_list(text, &out.members)?;
    Ok(out)
}

/// Whether `name` is a key of the task list.
pub(super) fn is_list_key(name: &str) -> bool {
    matches!(name, "tasks" | "features")
}

fn only_list(text: &str, members: &[Member]) -> Result<usize, Reason> {
    let mut found: Option<(usize, Cow<'_, str>)> = None;
    let mut other = None;
    for (index, member) in members.iter().enumerate() {
        let name = Member::name(&text[member.key..member.start]);
        if !is_list_key(&name) {
            continue;
        }
        let kind = Kind::of(&text[member.start..member.end]);
        if kind != Kind::Array {
            other = Some((member.start, name, kind));
            continue;
        }
        if found.is_some_and(|(_, earlier)| earlier != name) {
            let reason = "there is a list under both `tasks` and `features`; keep one of them";
            return Err(Reason::new(member.key, "two-task-lists", reason));
        }
        found = Some((index, name));
    }
    if let Some((index, _)) = found {
        return Ok(index);
    }
    if let Some((at, name, kind)) = other {
        let reason = format!("`{name}` must be a list of tasks, not {}", kind.words());
        return Err(Reason::new(at, "no-task-list", reason));
    }
    let reason = "there is no list under `tasks` or `features`; add `\"tasks\": []`";
    Err(Reason::new(0, "no-task-list", reason))
}

/// Reads one task that stands alone: the spans of its fields and its typed form.
pub(super) fn single(task: &str) -> Result<(Vec<FieldSpan>, Task), Reason> {
    let mut fields = Vec::new();
    let mut scanner = Scanner::new(task);
    task_fields(task, &mut scanner, keys(), &mut fields)?;
    let id = read_id(task, &fields).map_err(|(at, code, text)| Reason::new(at, code, text))?;
    let typed = dialect::read(id, task, &fields);
    Ok((fields, typed))
}
