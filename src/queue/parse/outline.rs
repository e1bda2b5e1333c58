//! Splits a whole file in one pass into its top-level members, its tasks, the spans of known
//! fields, and the typed data of every task.
//!
//! If an earlier version of the file was read, a task that it contains byte for byte is not scanned
//! again, because the typed data depends only on the text of the object and not on its position.
//! Refuses files that are not queues, and reports positions as byte offsets.

use super::dialect;
use super::field_span::FieldSpan;
use super::list;
use super::reader::{Reader, read_id, task_fields};
use super::refused::Reason;
use super::spans::{Earlier, Outline};
use crate::domain::Task;
use crate::queue::json::scan::Scanner;
use std::thread;

/// The list size in bytes from which a second thread pays off.
const WORTH_A_THREAD: usize = 2 << 20;

/// Splits `text`. Tasks that `earlier` contains byte for byte are taken from there.
pub(crate) fn outline(text: &str, earlier: Option<&dyn Earlier>) -> Result<Outline, Reason> {
    let large = text.len() >= WORTH_A_THREAD && earlier.is_none();
    let several = large && thread::available_parallelism().is_ok_and(|count| count.get() > 1);
    outline_with(text, earlier, if several { WORTH_A_THREAD } else { usize::MAX })
}

/// Splits `text`, using a second thread for a list of at least `worth` bytes.
pub(crate) fn outline_with(
    text: &str,
    earlier: Option<&dyn Earlier>,
    worth: usize,
) -> Result<Outline, Reason> {
    let mut scanner = Scanner::new(text);
    scanner.white();
    let at = scanner.pos();
    let close = match scanner.peek() {
        None => return Err(Reason::new(0, "empty", "the file is empty")),
        Some(b'{') => '}',
        Some(b'[') => ']',
        Some(_) => {
            let kind = scanner.value(0)?;
            return Err(list::no_form(at, kind));
        }
    };
    let mut reader = Reader::new(text, scanner, earlier, worth);
    if close == '}' {
        reader.members()?;
    } else {
        reader.tasks(0)?;
        reader.out.open = at;
    }
    let mut scanner = reader.scanner;
    scanner.white();
    if scanner.peek().is_some() {
        return Err(list::more_behind(text, scanner.pos(), close));
    }
    if close == '}' {
        let found = list::find(text, &reader.out.members)?;
        let open = reader.out.members[found.member].start;
        if !found.own {
            reader.scanner = Scanner::at(text, open);
            reader.tasks(1)?;
        }
        (reader.out.list, reader.out.open) = (Some(found.member), open);
    }
    Ok(reader.out)
}

/// Reads a single task: the spans of its fields and its typed data.
pub(crate) fn single(task: &str) -> Result<(Vec<FieldSpan>, Task), Reason> {
    let mut fields = Vec::new();
    let mut scanner = Scanner::new(task);
    task_fields(task, &mut scanner, 2, &mut fields)?;
    let id = read_id(task, &fields).map_err(|(at, code, text)| Reason::new(at, code, text))?;
    let typed = dialect::read(id, task, &fields);
    Ok((fields, typed))
}
