//! Asks the person at the terminal about the tasks that a run blocked: keep, revert or override.
//!
//! The questions come after the run, so that no task waits for the answer, and only on a terminal.
//! An override is a completion by a person: its reason is recorded, and `passes` stays false.

use crate::cli::accepted::Accepted;
use crate::cli::failure::Failure;
use crate::cli::fresh;
use crate::cli::session::Session;
use crate::cli::unlanded;
use crate::config::Selection;
use crate::domain::{Field, QueueIx, Status, Verdict};
use crate::platform::login;
use crate::project::repositories::is_private;
use crate::project::verbs::{self, Done};
use crate::project::{Among, Project, is_in_review};
use crate::queue::Queue;
use crate::store::TaskRef;
use crate::views::escape;
use std::collections::BTreeSet;
use std::io::{BufRead, Write};

/// The decision about a blocked task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// The task stays blocked.
    Keep,
    /// The next attempt starts from the branch, not from the work of the last one.
    Revert,
    /// The task counts as complete.
    Override,
}

/// Returns the blocked tasks of the served queues that do not wait for an answer or a review.
pub(super) fn blocked(project: &Project) -> BTreeSet<TaskRef> {
    let of = |(queue, content): (QueueIx, &Queue)| {
        let failed = |at: &usize| {
            let task = &content.tasks()[*at];
            task.status == Status::Blocked
                && matches!(task.verdict, Some(Verdict::Fail | Verdict::Blocked))
                && !is_in_review(content, *at)
                && content.raw(*at, Field::OpenQuestion).is_none()
        };
        let failed = (0..content.tasks().len()).filter(failed);
        let task = |at: usize| TaskRef { queue, id: content.tasks()[at].id.clone() };
        failed.map(task).collect::<Vec<_>>()
    };
    QueueIx::each(project.served()).flat_map(of).collect()
}

/// Asks about each task that is blocked now but was not `before`. Returns whether any was
/// overridden.
///
/// # Errors
/// Fails if the terminal cannot be used, or a decision cannot be written.
pub(super) fn ask(
    before: &BTreeSet<TaskRef>,
    selection: Selection,
    session: &mut Session<'_>,
) -> Result<bool, Failure> {
    let mut project = session.open(selection)?;
    project.store_mut().read()?;
    let mut any = false;
    for task in blocked(&project).difference(before) {
        let TaskRef { queue, id } = task;
        let Some(place) = task.place(project.queues()) else { continue };
        let why = project.queues()[*queue].text(place.task, Field::Error).unwrap_or_default();
        let private = is_private(project.set());
        match choice(&format!("{id} is blocked: {why}"), private, session)? {
            Choice::Keep => {}
            Choice::Revert => {
                let place = project.resolve(id.as_str(), Among::Served)?;
                fresh::begin_anew(session, &project, &[place])?;
                say(session, &format!("{id}: its next attempt starts from the branch"))?;
            }
            Choice::Override => {
                let Some(note) = reason(session)? else { continue };
                let ids = [id.to_string()];
                let (_, dead) = verbs::before_done(&project, &ids).map_err(not_written)?;
                let done = Done { by: login::name(), note: Some(note), verdict: Verdict::Skipped };
                let accepted = Accepted::find(&project, &ids)?;
                let details = |queue, id: &str| accepted.details(queue, id);
                verbs::done(&mut project, &ids, &done, &dead, &details)?;
                accepted.settle(&project, session)?;
                say(session, &format!("{id}: complete by your decision; passes stays false"))?;
                unlanded::tell(&project, &ids, session)?;
                any = true;
            }
        }
    }
    Ok(any)
}

fn not_written(error: verbs::VerbError) -> Failure {
    match error {
        verbs::VerbError::AtWork { id, why } => {
            Failure::usage(format_args!("task {id} was not completed: {why}"))
        }
        verbs::VerbError::Store(error) => error.into(),
    }
}

fn say(session: &mut Session<'_>, text: &str) -> Result<(), Failure> {
    Ok(writeln!(session.streams.err, "{}", escape::line(text))?)
}

/// Asks until the answer is valid. The end of the input means [`Choice::Keep`].
fn choice(head: &str, private: bool, session: &mut Session<'_>) -> Result<Choice, Failure> {
    say(session, head)?;
    let (words, keys) = match private {
        true => ("Keep it, Revert its work, or Override", "[K/r/o]"),
        false => ("Keep it, or Override", "[K/o]"),
    };
    loop {
        write!(session.streams.err, "{words}? {keys} ")?;
        session.streams.err.flush()?;
        let Some(line) = line()? else { return Ok(Choice::Keep) };
        if let Some(choice) = parsed(&line, private) {
            return Ok(choice);
        }
    }
}

/// Asks for the reason of an override; `None` if it is empty, which cancels the override.
fn reason(session: &mut Session<'_>) -> Result<Option<String>, Failure> {
    write!(session.streams.err, "Reason for the override: ")?;
    session.streams.err.flush()?;
    Ok(line()?.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()))
}

fn line() -> Result<Option<String>, Failure> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}

/// Parses an answer: a word or its first letter. An empty line means [`Choice::Keep`].
fn parsed(line: &str, private: bool) -> Option<Choice> {
    match line.trim().to_lowercase().as_str() {
        "" | "k" | "keep" => Some(Choice::Keep),
        "r" | "revert" if private => Some(Choice::Revert),
        "o" | "override" => Some(Choice::Override),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::QueueArgs;
    use crate::cli::session::tests::{session, world};
    use serde_json::{Value, json};

    /// Returns the ids of the tasks about which a person would be asked.
    fn asked_about(tasks: Value) -> Vec<String> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("q.json");
        std::fs::write(&path, json!({"tasks": tasks}).to_string()).expect("written");
        let queues = QueueArgs { queues: vec![path], ..QueueArgs::default() };
        let (asked, _) = session(&world(dir.path(), &[]), "", |session| {
            let selection = session.select(&queues).expect("a queue");
            blocked(&session.open(selection).expect("opened"))
        });
        asked.into_iter().map(|task| task.id.to_string()).collect()
    }

    #[test]
    fn a_person_is_asked_about_failures_and_not_about_questions_and_reviews() {
        let task = |id: &str, verdict: Value, more: Value| {
            let mut task = json!({"id": id, "status": "blocked", "verification_verdict": verdict});
            for (key, value) in more.as_object().expect("an object") {
                task[key] = value.clone();
            }
            task
        };
        let tasks = json!([
            task("fails", json!("FAIL"), json!({})),
            task("blocked", json!("BLOCKED"), json!({})),
            task("passed", json!("PASS"), json!({})),
            task("untried", Value::Null, json!({})),
            task("asks", json!("BLOCKED"), json!({"open_question": "Which stone?"})),
            task("open", json!("FAIL"), json!({"status": "pending"})),
            task("parked", json!("FAIL"), json!({"status": "parked"})),
        ]);
        assert_eq!(asked_about(tasks), ["blocked", "fails"]);
        assert_eq!(asked_about(json!([])), [] as [&str; 0]);
    }

    #[test]
    fn only_a_clear_word_overrides() {
        for (line, private, choice) in [
            ("\n", true, Some(Choice::Keep)),
            (" Override \n", false, Some(Choice::Override)),
            ("r", true, Some(Choice::Revert)),
            ("r", false, None),
            ("yes", true, None),
        ] {
            assert_eq!(parsed(line, private), choice, "{line:?}");
        }
    }
}
