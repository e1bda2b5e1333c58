//! What the verbs that write have in common: the queues to write to, the tasks that are meant,
//! and what is on stdin.

use super::args::{QueueArgs, QueueFlags};
use super::failure::Failure;
use super::session::Session;
use crate::project::{Among, Project, verbs};
use crate::views::escape;
use serde_json::Value;
use std::collections::HashSet;
use std::io::{Read, Write};

/// The most that is read from stdin, in bytes.
const STDIN_BYTES: u64 = 64 << 20;

/// Opens the queues that are meant; refuses where a write could not keep its promises.
pub(super) fn open(session: &mut Session<'_>, queues: &QueueArgs) -> Result<Project, Failure> {
    let selection = session.select(queues)?;
    let project = session.open(selection)?;
    session.refuse_inside(project.set())?;
    project.store().check_writable()?;
    Ok(project)
}

/// The same with the tasks that are meant, where ids and queues are in one list.
pub(super) fn of_tasks(
    session: &mut Session<'_>,
    words: &[String],
    flags: &QueueFlags,
) -> Result<(Vec<String>, Project), Failure> {
    let (words, queues) = session.ids_and_queues(words, flags);
    let ids = ids(&words)?;
    Ok((ids, open(session, &queues)?))
}

/// The same for the verb with which an attempt speaks of itself: `id` is its own task.
pub(super) fn of_attempt(
    session: &mut Session<'_>,
    queues: &QueueArgs,
    id: &str,
) -> Result<Project, Failure> {
    let selection = session.select(queues)?;
    let project = session.open(selection)?;
    let place = project.resolve(id, Among::Served)?;
    let task = &project.queues()[place.queue].tasks()[place.task];
    if !session.inside().is_attempt_of(project.set().real(place.queue), task.id.as_str()) {
        session.refuse_inside(project.set())?;
    }
    project.store().check_writable()?;
    Ok(project)
}

/// The queues that are meant where `flag` says which tasks.
pub(super) fn only_queues(
    flag: &str,
    words: &[String],
    flags: &QueueFlags,
    session: &Session<'_>,
) -> Result<QueueArgs, Failure> {
    match session.ids_and_queues(words, flags) {
        (ids, queues) if ids.is_empty() => Ok(queues),
        (ids, _) => Err(Failure::usage(format_args!("{flag} takes no ids: {}", ids.join(", ")))
            .hint("a queue ends in .json, or is named with --work-queue")),
    }
}

/// The ids that arguments mean, each once: themselves, and for `-` a JSON list (or one id) on
/// stdin.
pub(super) fn ids(arguments: &[String]) -> Result<Vec<String>, Failure> {
    let mut seen = HashSet::new();
    let mut ids = Vec::new();
    for argument in arguments {
        let found = if argument == "-" { listed()? } else { vec![argument.clone()] };
        ids.extend(found.into_iter().filter(|id| seen.insert(id.clone())));
    }
    if arguments.is_empty() {
        return Err(Failure::usage("no task is named, only queues"));
    }
    Ok(ids)
}

/// The ids on stdin.
fn listed() -> Result<Vec<String>, Failure> {
    let wrong = || Failure::usage("stdin must hold a JSON list of ids, such as [\"A\", \"B\"]");
    match json(&stdin()?, "stdin")? {
        Value::String(id) => Ok(vec![id]),
        Value::Array(list) => {
            let id = |value: &Value| value.as_str().map(str::to_owned);
            list.iter().map(id).collect::<Option<Vec<_>>>().ok_or_else(wrong)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Err(wrong()),
    }
}

/// Asks before something is done that cannot be undone.
///
/// # Errors
/// Wrong usage when nobody can be asked, or the answer is no.
pub(super) fn confirm(session: &mut Session<'_>, what: &str) -> Result<(), Failure> {
    if !session.interactive() {
        let text = format!("this would {what}, and there is no terminal to ask on");
        return Err(Failure::usage(text).hint("--yes does it without asking"));
    }
    write!(session.streams.err, "{what}? [y/N] ")?;
    session.streams.err.flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    match line.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::usage("nothing was changed")),
    }
}

/// All of stdin as text.
pub(super) fn stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(STDIN_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > STDIN_BYTES {
        return Err(Failure::usage("more than 64 MiB are on stdin"));
    }
    String::from_utf8(bytes).map_err(|_| Failure::usage("what is on stdin is not UTF-8"))
}

/// Reads JSON; the failure says where it is wrong.
pub(super) fn json(text: &str, whence: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::usage(json_problem(&error, whence)))
}

/// What is wrong with JSON, and where.
pub(super) fn json_problem(error: &serde_json::Error, whence: &str) -> String {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let what = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    format!("{whence}:{line}:{column}: this is no JSON: {what}")
}

/// Warns of tasks that were just written and can never run.
pub(super) fn warn_of(
    project: &Project,
    ids: &[String],
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    for doubt in verbs::doubts(project, ids) {
        writeln!(session.streams.err, "warning: {}", escape::line(&doubt))?;
    }
    Ok(())
}

/// Tells what was done, one line a task.
pub(super) fn tell(session: &mut Session<'_>, done: &[String], what: &str) -> Result<(), Failure> {
    if !session.global.quiet {
        for id in done {
            writeln!(session.streams.out, "{}: {what}", escape::line(id))?;
        }
    }
    Ok(())
}
