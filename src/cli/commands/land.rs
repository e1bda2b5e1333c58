//! `land`: shows or lands the changes that wait to land.

use crate::cli::args::{LandArgs, LandWhat};
use crate::cli::failure::Failure;
use crate::cli::open::with_causes;
use crate::cli::read::{Reading, Snapshot};
use crate::cli::session::Session;
use crate::domain::{Change, QueueIx, Status, Task};
use crate::project::repositories::{Home, Purpose};
use crate::views::json;
use crate::views::landing::{LandView, TargetView, Told, WaitView, text};
use crate::workspace::{Entries, Entry, EntryError};

mod now;

pub(super) fn run(args: &LandArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    match args.what {
        LandWhat::Status => status(args, session),
        LandWhat::Now if args.json => Err(Failure::usage("--json is only for land status")),
        LandWhat::Now => now::now(args, session),
    }
}

fn status(args: &LandArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let mut reading = Reading::open(session, selection)?;
    let homes = session.homes(reading.project.set(), Purpose::Look)?;
    let view = reading.look(|snapshot| {
        let repositories = homes.iter().map(|home| target(home, snapshot));
        let repositories = repositories.collect::<Result<Vec<_>, _>>()?;
        let typed = snapshot.set.typed.clone();
        Ok::<_, Failure>(LandView { schema_version: 1, repositories, typed })
    })?;
    let bytes =
        if args.json { json::object(&view)? } else { text(&view, session.look()).into_bytes() };
    session.print(bytes)
}

fn target(home: &Home, snapshot: &Snapshot<'_>) -> Result<TargetView, Failure> {
    let repository = &home.repository;
    let entries = Entries::look(repository).all()?;
    let sources = snapshot.sources();
    let wait = |entry: &Entry| WaitView::new(entry, told(entry, snapshot), sources.mask);
    Ok(TargetView {
        path: repository.top().display().to_string(),
        target: repository.target().to_owned(),
        // A branch without commits has no tip.
        tip: repository.tip().ok().map(|tip| tip.to_string()),
        waiting: entries.iter().map(wait).collect(),
    })
}

/// Returns what the queue of an entry records about it; `None` if that queue is not loaded.
fn told(entry: &Entry, snapshot: &Snapshot<'_>) -> Option<Option<Told>> {
    let is_its = |queue: &QueueIx| snapshot.set.real(*queue) == entry.whose.queue;
    let queue = QueueIx::first(snapshot.queues.len()).find(is_its)?;
    let content = &snapshot.queues[queue];
    let task = content.index_of(&entry.message.task).map(|task| &content.tasks()[task]);
    let runs =
        |task: &&Task| task.status == Status::InProgress && task.attempts == entry.whose.attempt;
    let change = task.filter(runs).and_then(Task::change);
    let node =
        content.index_of(&entry.message.task).map(|at| snapshot.structure.graph.node(queue, at));
    let worker_alive = node.is_some_and(|node| !snapshot.sources().is_worker_gone(node));
    let told = |change: &Change| Told {
        waits: change.waits,
        obstacle: change.obstacle.clone(),
        worker_alive,
    };
    Some(change.map(told))
}

impl From<EntryError> for Failure {
    fn from(error: EntryError) -> Self {
        // The texts say what was done to which file. Two of them contain their cause.
        match error {
            EntryError::Git(error) => error.into(),
            EntryError::Io { .. } | EntryError::Strange { .. } => {
                Self::internal(format_args!("failed to {error}"))
            }
            EntryError::Stage { .. } | EntryError::Commit { .. } => {
                Self::internal(format_args!("failed to {}", with_causes(&error)))
            }
        }
    }
}
