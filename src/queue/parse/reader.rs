//! Moves over the text of a file, task by task, and collects what an [`Outline`] holds.

use super::dialect;
use super::field_span::FieldSpan;
use super::forms;
use super::keys::keys;
use super::list::is_own_key;
use super::refused::Reason;
use super::spans::{Earlier, EarlierTask, Member, Outline, TaskSpan};
use super::words::Words;
use crate::domain::{Field, TaskId};
use crate::queue::json::kind::Kind;
use crate::queue::json::scan::Scanner;
use crate::queue::json::values::unquote;
use memchr::memmem;
use std::thread;

/// Moves over a file and collects its parts.
pub(super) struct Reader<'a> {
    text: &'a str,
    pub(crate) scanner: Scanner<'a>,
    earlier: Option<&'a dyn Earlier>,
    /// The task of the earlier reading that is likely to come now.
    next: usize,
    pub(crate) out: Outline,
    /// From how many bytes on the list of tasks is scanned by two threads.
    worth: usize,
    /// How deep a task is nested.
    depth: u32,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        text: &'a str,
        scanner: Scanner<'a>,
        earlier: Option<&'a dyn Earlier>,
        worth: usize,
    ) -> Self {
        let out = Outline::default();
        Self { text, scanner, earlier, next: 0, out, worth, depth: 2 }
    }
}

impl Reader<'_> {
    /// Moves over the top-level object.
    pub(crate) fn members(&mut self) -> Result<(), Reason> {
        self.scanner.open(0)?;
        if self.scanner.peek() == Some(b'}') {
            self.scanner.bump();
            return Ok(());
        }
        loop {
            let key = self.scanner.pos();
            let (end, _) = self.scanner.key()?;
            let name = unquote(&self.text[key..end]);
            let start = self.scanner.pos();
            if is_own_key(&name) && self.scanner.peek() == Some(b'[') {
                self.tasks(1)?;
            } else {
                self.scanner.value(1)?;
            }
            let end = self.scanner.pos();
            self.out.members.push(Member { key, start, end });
            if !self.scanner.next_member()? {
                return Ok(());
            }
        }
    }

    /// Moves over the list of tasks, which is inside `depth` arrays and objects.
    pub(crate) fn tasks(&mut self, depth: u32) -> Result<(), Reason> {
        self.depth = depth + 1;
        // A second list under the same key counts instead of the first one.
        self.out.spans.clear();
        self.out.fields.clear();
        self.out.tasks.clear();
        self.out.kept.clear();
        self.out.words = Words::default();
        self.next = 0;
        self.scanner.open(depth)?;
        if self.scanner.peek() == Some(b']') {
            self.scanner.bump();
            return Ok(());
        }
        let half = half(self.text, self.scanner.pos(), self.worth, self.depth);
        match half {
            Some(at) => self.both_halves(at),
            None => self.list(None).map(drop),
        }
    }

    /// Scans the tasks from the one at `at` on in a second thread.
    ///
    /// Whether a task begins there is known only when the first half has come to an end: then the
    /// second one was right, or is thrown away. What is read is the same either way.
    fn both_halves(&mut self, at: usize) -> Result<(), Reason> {
        let (text, depth) = (self.text, self.depth);
        let behind = move || {
            let mut reader = Reader::new(text, Scanner::at(text, at), None, usize::MAX);
            reader.depth = depth;
            reader.list(None).map(|_| (reader.scanner.pos(), reader.out))
        };
        thread::scope(|scope| {
            let helper = thread::Builder::new().spawn_scoped(scope, behind);
            if self.list(Some(at))? {
                return Ok(());
            }
            match helper.ok().map(thread::ScopedJoinHandle::join) {
                Some(Ok(read)) => {
                    let (end, out) = read?;
                    self.scanner = Scanner::at(text, end);
                    self.out.append(out);
                    Ok(())
                }
                // There was no thread to be had.
                Some(Err(_)) | None => self.list(None).map(drop),
            }
        })
    }

    /// Moves over tasks: up to the end of their list (true), or to the one that begins at `stop`.
    fn list(&mut self, stop: Option<usize>) -> Result<bool, Reason> {
        loop {
            let start = self.scanner.pos();
            if Some(start) == stop {
                return Ok(false);
            }
            if self.keeps(start) {
                // Nothing to scan.
            } else if self.scanner.peek() == Some(b'{') {
                self.task(start)?;
            } else {
                let kind = self.scanner.value(self.depth)?;
                let reason = format!("a task must be an object, not {}", kind.words());
                return Err(Reason::new(start, "task-not-object", reason));
            }
            if !self.scanner.next_element()? {
                return Ok(true);
            }
        }
    }

    /// Moves over a task that is in the earlier reading as it is here; `false` where none
    /// does.
    fn keeps(&mut self, start: usize) -> bool {
        let Some(earlier) = self.earlier else { return false };
        let Some(task) = earlier.task(self.next) else { return false };
        let EarlierTask { text, fields, status } = task;
        if !self.text.as_bytes()[start..].starts_with(text.as_bytes()) {
            return false;
        }
        self.out.words.add(text, fields, status);
        let first = self.out.fields.len();
        self.out.fields.extend_from_slice(fields);
        self.out.kept.push(Some(self.next as u32));
        self.next += 1;
        self.scanner.skip(text.len());
        self.out.spans.push(TaskSpan::new(start..start + text.len(), first));
        true
    }

    fn task(&mut self, start: usize) -> Result<(), Reason> {
        let first = self.out.fields.len();
        task_fields(self.text, &mut self.scanner, self.depth, &mut self.out.fields)?;
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
        self.out.spans.push(TaskSpan::new(start..end, first));
        Ok(())
    }
}

/// Moves over a task, which is inside `depth` arrays and objects, and appends the spans of its
/// known fields.
pub(super) fn task_fields(
    text: &str,
    scanner: &mut Scanner<'_>,
    depth: u32,
    fields: &mut Vec<FieldSpan>,
) -> Result<(), Reason> {
    let keys = keys();
    let start = scanner.pos();
    let first = fields.len();
    scanner.open(depth)?;
    if scanner.peek() == Some(b'}') {
        scanner.bump();
        return Ok(());
    }
    let mut seen = 0_u128;
    loop {
        let key = scanner.pos();
        let (key_end, escaped) = scanner.key()?;
        let value = scanner.pos();
        scanner.value(depth + 1)?;
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
                start: (value - start) as u32,
                end: (scanner.pos() - start) as u32,
            };
            let bit = 1_u128 << found.field as u32;
            let same = |f: &FieldSpan| f.field == span.field && f.spelling == span.spelling;
            if seen & bit != 0 {
                // Of a key that occurs twice, the last one counts.
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

/// Where in the middle of a long list a task is likely to begin: behind what looks as the space
/// between the first task and the second does. `None` where one thread is enough.
fn half(text: &str, from: usize, worth: usize, depth: u32) -> Option<usize> {
    let rest = &text.as_bytes()[from..];
    if rest.len() < worth {
        return None;
    }
    let mut scanner = Scanner::at(text, from);
    scanner.value(depth).ok()?;
    let end = scanner.pos();
    scanner.next_element().ok().filter(|more| *more)?;
    // The brace before, the space between, and the brace behind.
    let between = &text.as_bytes()[end.checked_sub(1)?..text.len().min(scanner.pos() + 1)];
    let middle = from + rest.len() / 2;
    let found = memmem::find(&text.as_bytes()[middle..], between)?;
    Some(middle + found + between.len() - 1)
}

pub(super) type IdFault = (usize, &'static str, String);

/// Reads the id of a task; gives the offset inside the task where there is none.
pub(super) fn read_id(task: &str, fields: &[FieldSpan]) -> Result<TaskId, IdFault> {
    let Some(span) = fields.iter().find(|span| span.field == Field::Id) else {
        return Err((0, "id-missing", "this task has no `id`; give it one".to_owned()));
    };
    let raw = &task[span.start as usize..span.end as usize];
    let at = span.start as usize;
    if Kind::of(raw) == Kind::String && raw == "\"\"" {
        return Err((at, "id-invalid", "an id must not be empty".to_owned()));
    }
    forms::id(raw).and_then(|id| TaskId::new(&id)).ok_or_else(|| (at, "id-invalid", no_id(raw)))
}

/// What is wrong with an id that is neither a text nor a whole number.
fn no_id(raw: &str) -> String {
    match Kind::of(raw) {
        Kind::Number => {
            let short: String = raw.chars().take(40).collect();
            format!(
                "an id must be a string or a whole number such as 7, not {short}; \
                 write it in quotes if it is a name"
            )
        }
        kind @ (Kind::Null | Kind::Bool | Kind::String | Kind::Array | Kind::Object) => {
            format!("an id must be a string or a whole number, not {}", kind.words())
        }
    }
}
