//! `land now`: runs a loop that claims no tasks and takes over the landings that dead loops left.
//!
//! It lands like any other loop: merges are judged, and completions are written under a claim of
//! its own. A change whose claim a live loop holds is landed by that loop.

use crate::cli::args::LandArgs;
use crate::cli::commands::run::options;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::screen::{How, Said, Screen};
use crate::cli::session::Session;
use crate::domain::{Field, QueueIx, Status, Task, Waits};
use crate::engine::{self, Ending, KnownCommands};
use crate::project::repositories::{Purpose, is_private};
use crate::project::{Project, QueueSet, Scope, paused};
use crate::queue::Queue;
use crate::store::{Place, TaskRef};
use crate::views::escape;
use crate::views::landing::{short, waits_for};
use crate::workspace::{Entries, Entry};
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

/// The outcome of landing a change.
#[derive(Debug, PartialEq, Eq)]
enum CameTo {
    /// It is on the target, and its task complete.
    Landed(String),
    /// It still waits, for this reason.
    Waits(String),
    /// It goes back to an agent or a person, for this reason.
    Back(String),
}

pub(super) fn now(args: &LandArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_all(&args.queues)?;
    let project = session.open(selection.clone())?;
    session.refuse_inside(project.set())?;
    project.store().check_writable()?;
    let mut before = waiting(&project);
    before.extend(entered(&project, session)?);
    if before.is_empty() {
        return session.print(if session.global.quiet { "" } else { "nothing waits to land\n" });
    }
    may_begin(&project)?;
    let scope = Scope { nothing: true, ..Scope::default() };
    let options = options(scope, 1, Arc::new(KnownCommands::default()), session)?;
    let said = Said::of(&session.global);
    let typed = project.set().typed.clone();
    let how = How { said, json: false, output: false, typed, measured: Vec::new() };
    let mut screen = Screen::new(session.streams, 1, how);
    let ending = engine::start(project, options, &mut screen)?.run();
    drop(screen);
    let ending = ending?;
    let mut project = session.open(selection)?;
    project.store_mut().read()?;
    tell(&before, &project, &ending, session)
}

/// Returns the tasks whose changes wait to land.
fn waiting(project: &Project) -> BTreeSet<TaskRef> {
    let waits = |task: &&Task| task.status == Status::InProgress && task.change().is_some();
    let of = |(queue, content): (QueueIx, &Queue)| {
        let tasks = content.tasks().iter().filter(waits);
        tasks.map(|task| TaskRef { queue, id: task.id.clone() }).collect::<Vec<_>>()
    };
    QueueIx::each(project.served()).flat_map(of).collect()
}

/// Returns the same from the entries in the repositories: a queue that git reverted does not show
/// them until a loop reads it.
fn entered(project: &Project, session: &Session<'_>) -> Result<BTreeSet<TaskRef>, Failure> {
    let set = project.set();
    let mut found = BTreeSet::new();
    for home in session.homes(set, Purpose::Look)? {
        let task = |entry: Entry| {
            let queue = set.each_served().find(|queue| set.real(*queue) == entry.whose.queue)?;
            let task = project.queues()[queue].index_of(&entry.message.task)?;
            Some(TaskRef::at(project.queues(), Place { queue, task }))
        };
        found.extend(Entries::look(&home.repository).all()?.into_iter().filter_map(task));
    }
    Ok(found)
}

/// Fails if a loop could not land anything.
fn may_begin(project: &Project) -> Result<(), Failure> {
    let set: &QueueSet = project.set();
    if !is_private(set) {
        return Err(Failure::usage("changes wait to land, but [isolation] mode is \"shared\"")
            .hint("set mode = \"private\" under [isolation], as it was when they were made"));
    }
    let stopped = paused(set, project.queues().len());
    match set.each_served().find(|queue| stopped.contains(queue)) {
        Some(queue) => {
            let text = format!("{} is paused, so nothing lands", set.queue(queue).shown());
            Err(Failure::usage(text).hint("workloop resume"))
        }
        None => Ok(()),
    }
}

/// Prints the outcome of each change. The exit status is 0 only if all of them landed.
fn tell(
    before: &BTreeSet<TaskRef>,
    project: &Project,
    ending: &Ending,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let mut all = true;
    for task in before {
        let Some(place) = task.place(project.queues()) else { continue };
        let came_to = came_to(&project.queues()[place.queue], place);
        all &= matches!(came_to, CameTo::Landed(_));
        let what = match came_to {
            CameTo::Landed(commit) => format!("landed as {}", short(&commit)),
            CameTo::Waits(why) => why,
            CameTo::Back(why) => format!("did not land: {why}"),
        };
        if !session.global.quiet {
            let line = format!("{}: {what}", task.id);
            writeln!(session.streams.out, "{}", escape::line(&line))?;
        }
    }
    match ending.exit_status() {
        signal @ 128.. => Err(Failure::silent(FailureKind::Signal(signal - 128))),
        2 => Err(Failure::usage(ending.sentence())),
        _ if all => Ok(()),
        _ => Err(Failure::silent(FailureKind::Waiting)),
    }
}

fn came_to(queue: &Queue, Place { task, .. }: Place) -> CameTo {
    let record = &queue.tasks()[task];
    let text = |field| queue.text(task, field).filter(|text| !text.trim().is_empty());
    match (record.status, record.change()) {
        (Status::Complete, _) => CameTo::Landed(text(Field::LandedCommit).unwrap_or_default()),
        (_, Some(change)) => {
            let why = waits_for(change.waits, change.obstacle.as_deref());
            let worker = record.claim().map(|claim| claim.worker.clone()).unwrap_or_default();
            CameTo::Waits(match change.waits {
                Waits::Landing => format!("{why}; worker {worker} holds its claim"),
                Waits::Review | Waits::Checkout => why,
            })
        }
        (_, None) => {
            CameTo::Back(text(Field::Error).unwrap_or_else(|| "it no longer waits".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::path::Path;

    /// Returns what a change came to whose task has these fields now.
    fn of(fields: Value) -> CameTo {
        let mut task = json!({"id": "A", "title": "Walls"});
        let Value::Object(fields) = fields else { panic!("fields") };
        task.as_object_mut().expect("a task").extend(fields);
        let queue = json!({"tasks": [{"id": "B"}, task]}).to_string();
        let queue = Queue::parse(Path::new("q.json"), queue.into_bytes()).expect("a queue");
        came_to(&queue, Place { queue: QueueIx::FIRST, task: 1 })
    }

    #[test]
    fn a_change_landed_or_waits_or_went_back() {
        let change = |waits: &str| {
            json!({"status": "in_progress", "attempts": 1,
                   "change": {"commit": "c", "base": "b", "verdict": "PASS", "waits": waits},
                   "claim": {"worker": "host:7:0000000a", "attempt": 1, "since": ""}})
        };
        let waits = |text: &str| CameTo::Waits(text.to_owned());
        let back = |text: &str| CameTo::Back(text.to_owned());
        for (fields, wanted) in [
            (
                json!({"status": "complete", "landed_commit": "0123456789abcdef"}),
                CameTo::Landed("0123456789abcdef".to_owned()),
            ),
            (json!({"status": "complete"}), CameTo::Landed(String::new())),
            (
                change("landing"),
                waits("waits for its turn to land; worker host:7:0000000a holds its claim"),
            ),
            (change("review"), waits("waits for a person's review")),
            (
                change("checkout"),
                waits("needs you: something is in the way in a checkout of the target"),
            ),
            (json!({"status": "blocked", "error": "it does not merge"}), back("it does not merge")),
            (json!({"status": "pending", "error": " "}), back("it no longer waits")),
            (json!({"status": "pending"}), back("it no longer waits")),
        ] {
            assert_eq!(of(fields.clone()), wanted, "{fields}");
        }
    }
}
