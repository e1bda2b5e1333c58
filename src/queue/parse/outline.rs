//! Takes a whole file apart in one pass: its top-level members, its tasks, the spans of the
//! fields that the program knows, and the typed reading of every task.
//!
//! Where an earlier reading is at hand, a task that stands in it byte for byte is not scanned
//! again: the text of an object says all that is read of it, wherever it stands. Refuses what is
//! no queue; reports positions as byte offsets.

use super::dialect;
use super::field_span::FieldSpan;
use super::keys::keys;
use super::reader::{Reader, read_id, task_fields};
use super::refused::Reason;
use super::spans::{Earlier, Member, Outline, is_list_key};
use crate::domain::Task;
use crate::queue::json::kind::Kind;
use crate::queue::json::scan::Scanner;
use std::borrow::Cow;
use std::thread;

/// From where on a second thread is worth its start, in bytes.
const WORTH_A_THREAD: usize = 2 << 20;

/// Takes `text` apart; what stands in `earlier` byte for byte is taken from there.
pub(crate) fn outline(text: &str, earlier: Option<&dyn Earlier>) -> Result<Outline, Reason> {
    let large = text.len() >= WORTH_A_THREAD && earlier.is_none();
    let several = large && thread::available_parallelism().is_ok_and(|count| count.get() > 1);
    outline_with(text, earlier, if several { WORTH_A_THREAD } else { usize::MAX })
}

/// The same, with a second thread for a list of at least `worth` bytes.
pub(crate) fn outline_with(
    text: &str,
    earlier: Option<&dyn Earlier>,
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
pub(crate) fn single(task: &str) -> Result<(Vec<FieldSpan>, Task), Reason> {
    let mut fields = Vec::new();
    let mut scanner = Scanner::new(task);
    task_fields(task, &mut scanner, keys(), &mut fields)?;
    let id = read_id(task, &fields).map_err(|(at, code, text)| Reason::new(at, code, text))?;
    let typed = dialect::read(id, task, &fields);
    Ok((fields, typed))
}
