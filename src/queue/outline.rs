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
use super::keys::{Keys, keys, unquote};
use super::kind::Kind;
use super::refused::Reason;
use super::scan::Scanner;
use super::values;
use super::words::Words;
use crate::domain::{Field, Task, TaskId};
use std::ops::Range;

/// Where a task stands in the text, and its part of the list of field spans.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaskSpan {
    pub(super) start: u32,
    pub(super) end: u32,
    first: u32,
    count: u32,
}

impl TaskSpan {
    pub(super) fn new(place: Range<usize>, first: usize, count: usize) -> Self {
        let [start, end, first, count] =
            [place.start, place.end, first, count].map(|number| number as u32);
        Self { start, end, first, count }
    }

    pub(super) fn fields(self, all: &[FieldSpan]) -> &[FieldSpan] {
        let first = self.first as usize;
        all.get(first..first + self.count as usize).unwrap_or_default()
    }
}

/// A member of the top-level object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// The key, escapes resolved.
    pub(super) name: String,
    /// The key's opening quote.
    pub(super) key: usize,
    /// The value's first byte.
    pub(super) start: usize,
    /// The byte behind the value.
    pub(super) end: usize,
}

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
        let id = second.fields(&self.fields).iter().find(|span| span.field == Field::Id);
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

/// Takes `text` apart; what stands in `earlier` byte for byte is taken from there.
pub(super) fn outline(text: &str, earlier: Option<&Queue>) -> Result<Outline, Reason> {
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
    let out = Outline::default();
    let mut reader = Reader { text, scanner, keys: keys(), earlier, next: 0, out };
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
    let mut found: Option<usize> = None;
    let mut other = None;
    for (index, member) in members.iter().enumerate() {
        if !is_list_key(&member.name) {
            continue;
        }
        let kind = Kind::of(&text[member.start..member.end]);
        if kind != Kind::Array {
            other = Some((member, kind));
            continue;
        }
        if let Some(earlier) = found
            && members[earlier].name != member.name
        {
            let reason = "there is a list under both `tasks` and `features`; keep one of them";
            return Err(Reason::new(member.key, "two-task-lists", reason));
        }
        found = Some(index);
    }
    if let Some(index) = found {
        return Ok(index);
    }
    if let Some((member, kind)) = other {
        let reason = format!("`{}` must be a list of tasks, not {}", member.name, kind.words());
        return Err(Reason::new(member.start, "no-task-list", reason));
    }
    let reason = "there is no list under `tasks` or `features`; add `\"tasks\": []`";
    Err(Reason::new(0, "no-task-list", reason))
}

struct Reader<'a> {
    text: &'a str,
    scanner: Scanner<'a>,
    keys: &'static Keys,
    earlier: Option<&'a Queue>,
    /// The task of the earlier reading that is likely to come now.
    next: usize,
    out: Outline,
}

impl Reader<'_> {
    fn members(&mut self) -> Result<(), Reason> {
        self.scanner.open(0)?;
        if self.scanner.peek() == Some(b'}') {
            self.scanner.bump();
            return Ok(());
        }
        loop {
            let key = self.scanner.pos();
            let (end, _) = self.scanner.key()?;
            let name = unquote(&self.text[key..end]).into_owned();
            let start = self.scanner.pos();
            if is_list_key(&name) && self.scanner.peek() == Some(b'[') {
                self.tasks()?;
            } else {
                self.scanner.value(1)?;
            }
            let end = self.scanner.pos();
            self.out.members.push(Member { name, key, start, end });
            if !self.scanner.next_member()? {
                return Ok(());
            }
        }
    }

    fn tasks(&mut self) -> Result<(), Reason> {
        // A second list under the same key counts instead of the first one.
        self.out.spans.clear();
        self.out.fields.clear();
        self.out.tasks.clear();
        self.out.kept.clear();
        self.out.words = Words::default();
        self.next = 0;
        self.scanner.open(1)?;
        if self.scanner.peek() == Some(b']') {
            self.scanner.bump();
            return Ok(());
        }
        loop {
            let start = self.scanner.pos();
            if self.keeps(start) {
                // Nothing to scan.
            } else if self.scanner.peek() == Some(b'{') {
                self.task(start)?;
            } else {
                let kind = self.scanner.value(2)?;
                let reason = format!("a task must be an object, not {}", kind.words());
                return Err(Reason::new(start, "task-not-object", reason));
            }
            if !self.scanner.next_element()? {
                return Ok(());
            }
        }
    }

    /// Moves over a task that stands in the earlier reading as it stands here; `false` where none
    /// does.
    fn keeps(&mut self, start: usize) -> bool {
        let Some(earlier) = self.earlier else { return false };
        let Some(task) = earlier.tasks.get(self.next) else { return false };
        let text = earlier.slices.task(self.next);
        if !self.text.as_bytes()[start..].starts_with(text.as_bytes()) {
            return false;
        }
        let fields = earlier.slices.fields(self.next);
        self.out.words.add(text, fields, task.status);
        let first = self.out.fields.len();
        self.out.fields.extend_from_slice(fields);
        self.out.kept.push(Some(self.next as u32));
        self.next += 1;
        self.scanner.skip(text.len());
        self.out.spans.push(TaskSpan::new(start..start + text.len(), first, fields.len()));
        true
    }

    fn task(&mut self, start: usize) -> Result<(), Reason> {
        let first = self.out.fields.len();
        task_fields(self.text, &mut self.scanner, self.keys, &mut self.out.fields)?;
        let end = self.scanner.pos();
        let fields = &self.out.fields[first..];
        let text = &self.text[start..end];
        let id = read_id(text, fields)
            .map_err(|(at, code, text)| Reason::new(start + at, code, text))?;
        if let Some(earlier) = self.earlier {
            self.out.kept.push(None);
            // Behind a task that was changed, or moved, comes what came behind it before.
            self.next = earlier.index_of(id.as_str()).map_or(self.next, |index| index + 1);
        }
        let task = dialect::read(id, text, fields);
        self.out.words.add(text, fields, task.status);
        self.out.tasks.push(task);
        let count = self.out.fields.len() - first;
        self.out.spans.push(TaskSpan::new(start..end, first, count));
        Ok(())
    }
}

/// Moves over a task and appends the spans of its known fields.
fn task_fields(
    text: &str,
    scanner: &mut Scanner<'_>,
    keys: &Keys,
    fields: &mut Vec<FieldSpan>,
) -> Result<(), Reason> {
    let start = scanner.pos();
    let first = fields.len();
    scanner.open(2)?;
    if scanner.peek() == Some(b'}') {
        scanner.bump();
        return Ok(());
    }
    let mut seen = 0_u64;
    loop {
        let key = scanner.pos();
        let (key_end, escaped) = scanner.key()?;
        let value = scanner.pos();
        scanner.value(3)?;
        let name = &text[key..key_end];
        let found = if escaped {
            keys.find(unquote(name).as_bytes())
        } else {
            keys.find(&name.as_bytes()[1..name.len() - 1])
        };
        if let Some(found) = found {
            let span = FieldSpan {
                field: found.field,
                spelling: found.index,
                key: (key - start) as u32,
                start: (value - start) as u32,
                end: (scanner.pos() - start) as u32,
            };
            let bit = 1 << found.field as u64;
            let same = |f: &FieldSpan| f.field == span.field && f.spelling == span.spelling;
            if seen & bit != 0 {
                // Of a key that stands twice, the last one counts.
                let doubled = fields[first..].iter().position(same);
                if let Some(index) = doubled {
                    fields.remove(first + index);
                }
            }
            seen |= bit;
            fields.push(span);
        }
        if !scanner.next_member()? {
            return Ok(());
        }
    }
}

type IdFault = (usize, &'static str, String);

/// Reads the id of a task; gives the offset inside the task where there is none.
fn read_id(task: &str, fields: &[FieldSpan]) -> Result<TaskId, IdFault> {
    let Some(span) = fields.iter().find(|span| span.field == Field::Id) else {
        return Err((0, "id-missing", "this task has no `id`; give it one".to_owned()));
    };
    let raw = &task[span.start as usize..span.end as usize];
    let at = span.start as usize;
    match values::string(raw) {
        Some(text) => TaskId::new(&text)
            .ok_or_else(|| (at, "id-invalid", "an id must not be empty".to_owned())),
        None => {
            let text = format!("an id must be a string, not {}", Kind::of(raw).words());
            Err((at, "id-invalid", text))
        }
    }
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
