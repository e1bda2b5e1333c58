//! Moves through the text of a file, task by task, and collects an [`Outline`].

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

/// Moves through a file and collects its parts.
pub(super) struct Reader<'a> {
    text: &'a str,
    pub(crate) scanner: Scanner<'a>,
    earlier: Option<&'a dyn Earlier>,
    /// The task of the earlier version that probably comes next.
    next: usize,
    pub(crate) out: Outline,
    /// The size in bytes from which the task list is scanned by two threads.
    worth: usize,
    /// The nesting depth of tasks.
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
    /// Moves past the top-level object.
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

    /// Moves past the task list, which is inside `depth` arrays and objects.
    pub(crate) fn tasks(&mut self, depth: u32) -> Result<(), Reason> {
        self.depth = depth + 1;
        // A second list under the same key replaces the first one.
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

    /// Scans the tasks from the one at `at` in a second thread.
    ///
    /// Whether a task begins at `at` is known only when the first half is finished. Then the result
    /// of the second thread is either used or discarded. The final result is the same in both
    /// cases.
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
                // A second thread could not be started.
                Some(Err(_)) | None => self.list(None).map(drop),
            }
        })
    }

    /// Moves past tasks, up to the end of their list (returns true) or to the one that begins at
    /// `stop`.
    fn list(&mut self, stop: Option<usize>) -> Result<bool, Reason> {
        loop {
            let start = self.scanner.pos();
            if Some(start) == stop {
                return Ok(false);
            }
            if self.keeps(start) {
                // The task does not need to be scanned.
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

    /// Moves past a task that is unchanged from the earlier version. Returns `false` if there is no
    /// such task here.
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
            // After a task that was changed or moved, the task that followed it before is likely to
            // come next.
            self.next = earlier.index_of(id.as_str()).map_or(self.next, |index| index + 1);
        }
        let task = dialect::read(id, text, fields);
        self.out.words.add(text, fields, task.status);
        self.out.tasks.push(task);
        self.out.spans.push(TaskSpan::new(start..end, first));
        Ok(())
    }
}

/// Moves past a task, which is inside `depth` arrays and objects, and appends the spans of its
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

/// Guesses where in the middle of a long list a task begins: after text that looks like the
/// separator between the first two tasks. Returns `None` if one thread is enough.
fn half(text: &str, from: usize, worth: usize, depth: u32) -> Option<usize> {
    let rest = &text.as_bytes()[from..];
    if rest.len() < worth {
        return None;
    }
    let mut scanner = Scanner::at(text, from);
    scanner.value(depth).ok()?;
    let end = scanner.pos();
    scanner.next_element().ok().filter(|more| *more)?;
    // The closing brace, the separator and the opening brace.
    let between = &text.as_bytes()[end.checked_sub(1)?..text.len().min(scanner.pos() + 1)];
    let middle = from + rest.len() / 2;
    let found = memmem::find(&text.as_bytes()[middle..], between)?;
    Some(middle + found + between.len() - 1)
}

pub(super) type IdFault = (usize, &'static str, String);

/// Reads the id of a task. If there is no valid id, returns the offset of the fault inside the
/// task.
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

/// Describes an id that is neither a string nor a whole number.
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
