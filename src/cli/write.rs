//! Shared by the verbs that write: opening queues, resolving ids, reading stdin, confirmation.

use super::args::{QueueArgs, QueueFlags};
use super::failure::Failure;
use super::session::Session;
use crate::project::{Among, Project, verbs};
use crate::views::escape;
use serde_json::Value;
use std::collections::HashSet;
use std::io::{Read, Write};

/// The maximum size of stdin, in bytes.
const STDIN_BYTES: u64 = 64 << 20;

/// Opens the selected queues. Fails if a write would not be safe.
pub(super) fn open(session: &mut Session<'_>, queues: &QueueArgs) -> Result<Project, Failure> {
    let selection = session.select(queues)?;
    let project = session.open(selection)?;
    session.refuse_inside(project.set())?;
    project.store().check_writable()?;
    Ok(project)
}

/// Does the same for a list of ids and queues, and returns the ids too.
pub(super) fn of_tasks(
    session: &mut Session<'_>,
    words: &[String],
    flags: &QueueFlags,
) -> Result<(Vec<String>, Project), Failure> {
    let (words, queues) = session.ids_and_queues(words, flags);
    let ids = ids(&words)?;
    Ok((ids, open(session, &queues)?))
}

/// Does the same for the verb by which an attempt reports on itself; `id` may be its own task.
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

/// Returns the queues of a command whose tasks are selected by `flag`. Fails if there are ids.
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

/// Expands arguments to ids, each once: `-` is replaced by a JSON list of ids (or one id) on stdin.
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

/// Reads the ids on stdin.
fn listed() -> Result<Vec<String>, Failure> {
    let wrong = || Failure::usage("stdin must contain a JSON list of ids, such as [\"A\", \"B\"]");
    match json(&stdin()?, "stdin")? {
        Value::String(id) => Ok(vec![id]),
        Value::Array(list) => {
            let id = |value: &Value| value.as_str().map(str::to_owned);
            list.iter().map(id).collect::<Option<Vec<_>>>().ok_or_else(wrong)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Err(wrong()),
    }
}

/// Returns the name that `--by` gives, if it was given.
///
/// # Errors
/// Fails as wrong usage if it is blank: the record of who decided would be empty.
pub(super) fn by(given: Option<&str>) -> Result<Option<&str>, Failure> {
    match given {
        Some(by) if by.trim().is_empty() => Err(Failure::usage("--by needs a name")),
        other => Ok(other),
    }
}

/// Asks for confirmation of an action that cannot be undone.
///
/// # Errors
/// Fails as wrong usage if there is no terminal to ask on, or the answer is no.
pub(super) fn confirm(session: &mut Session<'_>, what: &str) -> Result<(), Failure> {
    if !session.interactive() {
        let text = format!("this would {what}, but there is no terminal to ask on");
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

/// Reads all of stdin as text.
pub(super) fn stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(STDIN_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > STDIN_BYTES {
        return Err(Failure::usage("stdin is larger than 64 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| Failure::usage("stdin is not valid UTF-8"))
}

/// Parses JSON. The failure contains the position of the error.
pub(super) fn json(text: &str, whence: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::usage(json_problem(&error, whence)))
}

/// Formats a JSON error with its position.
pub(super) fn json_problem(error: &serde_json::Error, whence: &str) -> String {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let what = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    format!("{whence}:{line}:{column}: invalid JSON: {what}")
}

/// Warns of tasks that were just written but can never run.
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

/// Prints what was done, one line per task.
pub(super) fn tell(session: &mut Session<'_>, done: &[String], what: &str) -> Result<(), Failure> {
    if !session.global.quiet {
        for id in done {
            writeln!(session.streams.out, "{}: {what}", escape::line(id))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::session::tests::{session, world};
    use serde_json::json;
    use std::path::Path;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn each_id_is_taken_once_and_one_is_needed() {
        assert_eq!(ids(&words(&["B", "A", "B", "a"])), Ok(words(&["B", "A", "a"])));
        let failure = ids(&[]).expect_err("no task");
        assert_eq!(
            (failure.exit(), failure.message.as_str()),
            (2, "no task is named, only queues")
        );
    }

    #[test]
    fn a_flag_that_selects_the_tasks_takes_no_ids() {
        let world = world(Path::new("/"), &[]);
        let flags = QueueFlags::default();
        let of = |given: &[&str]| {
            session(&world, "", |session| only_queues("--all", &words(given), &flags, session)).0
        };
        let queues = of(&["q.json", "/no/such.json"]).expect("queues");
        assert_eq!(queues.queues, [Path::new("q.json"), Path::new("/no/such.json")]);
        assert!(of(&[]).expect("none").queues.is_empty());
        let failure = of(&["A", "q.json", "B"]).expect_err("ids");
        let text = "error: --all takes no ids: A, B\n\
                    hint: a queue ends in .json, or is named with --work-queue\n";
        assert_eq!((failure.exit(), failure.to_string().as_str()), (2, text));
    }

    #[test]
    fn json_that_is_none_is_reported_with_its_place() {
        assert_eq!(json(" {\"a\": [1]} ", "stdin"), Ok(json!({"a": [1]})));
        for (text, wanted) in [
            ("", "stdin:1:0: invalid JSON: EOF while parsing a value"),
            ("{\n  \"a\" 1}", "stdin:2:7: invalid JSON: expected `:`"),
            ("[1] 2", "stdin:1:5: invalid JSON: trailing characters"),
            ("nul", "stdin:1:3: invalid JSON: EOF while parsing a value"),
        ] {
            let failure = json(text, "stdin").expect_err(text);
            assert_eq!((failure.exit(), failure.message.as_str()), (2, wanted));
        }
    }

    #[test]
    fn what_cannot_be_undone_is_not_done_without_a_terminal() {
        let world = world(Path::new("/"), &[]);
        let (asked, printed) = session(&world, "", |session| confirm(session, "reset 3 tasks"));
        let text = "error: this would reset 3 tasks, but there is no terminal to ask on\n\
                    hint: --yes does it without asking\n";
        let failure = asked.expect_err("no terminal");
        assert_eq!((failure.exit(), failure.to_string().as_str()), (2, text));
        assert_eq!(printed, ["", ""], "nothing is asked");
    }

    #[test]
    fn what_was_done_is_printed_for_each_task_unless_it_is_quiet() {
        let world = world(Path::new("/"), &[]);
        let done = words(&["A", "b\u{1b}[2J\nc"]);
        for (flags, wanted) in [("", "A: parked\nb␛[2J c: parked\n"), ("-q", "")] {
            let (told, [out, err]) =
                session(&world, flags, |session| tell(session, &done, "parked"));
            assert_eq!((told, out.as_str(), err.as_str()), (Ok(()), wanted, ""));
        }
    }
}
