//! `workspace`: manages the private trees on disk and the kept attempts.

use crate::cli::args::{QueueArgs, WorkspaceArgs, WorkspaceWhat};
use crate::cli::failure::Failure;
use crate::cli::open::with_causes;
use crate::cli::read::{Reading, Snapshot};
use crate::cli::session::Session;
use crate::domain::Status;
use crate::platform::clock::{Clock, SystemClock};
use crate::project::change_of::{Found, change_of};
use crate::project::repositories::{Home, Purpose};
use crate::project::workspaces::{RestoreError, Restored, forget_old, restore, task_name};
use crate::project::{Among, Project};
use crate::store::attempts::AttemptFolder;
use crate::views::style::{listed, size};
use crate::views::workspaces::{RepositoryView, WorkspacesView, by_task, text};
use crate::views::{escape, json};
use crate::workspace::{AttemptName, AttemptRef, Places, RemoveError, size_of};
use serde_json::json;
use std::collections::HashMap;
use std::io::Write;

pub(super) fn run(args: &WorkspaceArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (ids, queues) = session.ids_and_queues(&args.words, &args.queues);
    fits(args)?;
    let one = || match ids.as_slice() {
        [id] => Ok(id.as_str()),
        [] => Err(Failure::usage("no task is named, only queues")),
        [..] => Err(Failure::usage(format_args!("expected one task, not {}", ids.join(", ")))),
    };
    let none = || match ids.as_slice() {
        [] => Ok(()),
        [..] => Err(Failure::usage(format_args!("unexpected ids: {}", ids.join(", ")))
            .hint("a queue ends in .json, or is named with --work-queue")),
    };
    match args.what {
        WorkspaceWhat::Ls => none().and_then(|()| ls(args, &queues, session)),
        WorkspaceWhat::Path => path(one()?, args, &queues, session),
        WorkspaceWhat::Restore => restored(one()?, args, &queues, session),
        WorkspaceWhat::Prune => none().and_then(|()| prune(args, &queues, session)),
    }
}

/// Rejects a flag that belongs to a different action of `workspace`.
fn fits(args: &WorkspaceArgs) -> Result<(), Failure> {
    let reads = matches!(args.what, WorkspaceWhat::Ls | WorkspaceWhat::Path);
    let flags = [
        (args.attempt.is_some(), args.what == WorkspaceWhat::Restore, "--attempt", "restore"),
        (args.all, args.what == WorkspaceWhat::Prune, "--all", "prune"),
        (args.json, reads, "--json", "ls and path"),
    ];
    match flags.iter().find(|(given, fits, ..)| *given && !fits) {
        Some((.., flag, what)) => {
            Err(Failure::usage(format_args!("{flag} is only for workspace {what}")))
        }
        None => Ok(()),
    }
}

fn ls(args: &WorkspaceArgs, queues: &QueueArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(queues)?;
    let mut reading = Reading::open(session, selection)?;
    let tasks = reading.look(tasks);
    let set = reading.project.set();
    let one = |home: &Home| {
        let repository = &home.repository;
        let places = session.places(set, repository, Purpose::Look)?;
        let trees = places.trees().map_err(|error| unreadable(&places, &error))?;
        Ok::<_, Failure>(RepositoryView {
            path: repository.top().display().to_string(),
            places_dir: places.dir().display().to_string(),
            places: trees.iter().map(Into::into).collect(),
            attempts: by_task(repository.attempts(None)?, &tasks),
        })
    };
    let homes = session.homes(set, Purpose::Look)?;
    let repositories = homes.iter().map(one).collect::<Result<_, _>>()?;
    let view = WorkspacesView { schema_version: 1, repositories };
    let bytes =
        if args.json { json::object(&view)? } else { text(&view, session.look()).into_bytes() };
    session.print(bytes)
}

/// Returns the references of all tasks, by their possible names in git refs.
fn tasks(snapshot: &Snapshot<'_>) -> HashMap<String, String> {
    let graph = &snapshot.structure.graph;
    let mut tasks = HashMap::new();
    for node in graph.nodes() {
        let name = |queue: Option<&str>| {
            let (task, queue) = (graph.id(node).to_owned(), queue.map(str::to_owned));
            AttemptName { task, queue, number: 0 }.part()
        };
        // Among tasks with the same id, the first one gets the plain name.
        tasks.entry(name(None)).or_insert_with(|| graph.reference(node));
        let queue = snapshot.set.queue(graph.location(node).0).name();
        tasks.insert(name(Some(queue)), graph.reference(node));
    }
    tasks
}

fn path(
    id: &str,
    args: &WorkspaceArgs,
    queues: &QueueArgs,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let selection = session.select_to_read(queues)?;
    let mut reading = Reading::open(session, selection)?;
    let (reference, attempt, workspace) = reading.look(|snapshot| {
        let node = snapshot.find(id)?;
        let (place, key) = snapshot.key(node);
        let task = snapshot.readiness.task(node);
        let folder = AttemptFolder::new(&snapshot.set.state(place.queue), &key, task.attempts);
        let works = task.status == Status::InProgress && task.change().is_none();
        let workspace = works.then(|| folder.workspace()).flatten();
        Ok::<_, Failure>((snapshot.structure.graph.reference(node), task.attempts, workspace))
    })?;
    let Some(workspace) = workspace.filter(|path| path.is_dir()) else {
        let text = format!("no attempt of task {reference} works in a private tree now");
        let hint = format!("workloop workspace restore {reference} restores an ended attempt");
        return Err(Failure::usage(text).hint(hint));
    };
    let path = workspace.display().to_string();
    if args.json {
        let view = json!({
            "schema_version": 1, "id": reference, "attempt": attempt, "path": path,
        });
        return session.print(json::object(&view)?);
    }
    session.print(format!("{}\n", escape::line(&path)))
}

fn restored(
    id: &str,
    args: &WorkspaceArgs,
    queues: &QueueArgs,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let project = open(queues, session)?;
    let place = project.resolve(id, Among::All)?;
    let set = project.set();
    let repository = session.repository_of(set, set.root(place.queue), Purpose::Look)?;
    let task = project.queues()[place.queue].tasks()[place.task].id.as_str();
    let name = task_name(&repository, (set, project.queues()), place.queue, task);
    let number = match args.attempt {
        Some(number) => number,
        None => repository.kept_of(&name)?.last().map_or(0, |one| one.attempt.number),
    };
    let content = (&project.queues()[place.queue], place.task);
    let change = match change_of(&repository, &name, content, Some(number))? {
        Found::Change(change) => change,
        Found::Kept(kept) => return Err(not_kept(id, args.attempt, &kept)),
    };
    let places = session.places(set, &repository, Purpose::Work)?;
    let rules = &set.config.workspaces.tree;
    let Restored { path, is_new } =
        restore(&repository, &places, rules, (&name.attempt(number), &change))?;
    if !is_new && !session.global.quiet {
        let text = format!("already restored, left unchanged: {}", path.display());
        writeln!(session.streams.err, "{}", escape::line(&text))?;
    }
    session.print(format!("{}\n", escape::line(&path.display().to_string())))
}

fn not_kept(id: &str, wanted: Option<u32>, kept: &[u32]) -> Failure {
    let numbers: Vec<String> = kept.iter().map(u32::to_string).collect();
    match (wanted, numbers.as_slice()) {
        (_, []) | (None, _) => Failure::usage(format_args!("no attempt of task {id} is kept")),
        (Some(number), _) => {
            Failure::usage(format_args!("attempt {number} of task {id} is not kept"))
                .hint(format_args!("kept attempts: {}", numbers.join(", ")))
        }
    }
}

fn prune(
    args: &WorkspaceArgs,
    queues: &QueueArgs,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let project = open(queues, session)?;
    let set = project.set();
    let mut lines = Vec::new();
    for Home { repository, .. } in session.homes(set, Purpose::Look)? {
        let places = session.places(set, &repository, Purpose::Look)?;
        for tree in places.trees().map_err(|error| unreadable(&places, &error))? {
            let bytes = size(size_of(&tree.path));
            lines.push(match places.remove(&tree)? {
                true => format!("removed {} ({bytes})", tree.name),
                false => format!("kept {}: a loop uses it", tree.name),
            });
        }
        let now = SystemClock.now().timestamp();
        let mut sorted = forget_old(&repository, (set, project.queues()), now)?;
        if args.all {
            repository.forget(&sorted.strange)?;
            repository.forget_fresh()?;
            sorted.old.append(&mut sorted.strange);
        }
        lines.extend(told(&sorted.old, "removed", ""));
        let more = ", which is in no loaded queue (--all removes these)";
        lines.extend(told(&sorted.strange, "kept", more));
    }
    if lines.is_empty() {
        lines.push("there is nothing to remove".to_owned());
    }
    if !session.global.quiet {
        for line in lines {
            writeln!(session.streams.out, "{}", escape::line(&line))?;
        }
    }
    Ok(())
}

/// Returns a line for each task whose attempts were removed or kept.
fn told(attempts: &[AttemptRef], what: &str, more: &str) -> Vec<String> {
    let line = |kept: crate::views::workspaces::KeptView| {
        let numbers: Vec<String> = kept.attempts.iter().map(u32::to_string).collect();
        let word = if numbers.len() == 1 { "attempt" } else { "attempts" };
        format!("{what} {word} {} of {}{more}", listed(&numbers, 20), kept.part)
    };
    by_task(attempts.to_vec(), &HashMap::new()).into_iter().map(line).collect()
}

/// Opens the queues in order to change what is kept. Fails inside an attempt.
fn open(queues: &QueueArgs, session: &mut Session<'_>) -> Result<Project, Failure> {
    let selection = session.select_all(queues)?;
    let project = session.open(selection)?;
    session.refuse_inside(project.set())?;
    Ok(project)
}

fn unreadable(places: &Places, error: &std::io::Error) -> Failure {
    Failure::internal(format_args!("failed to read {}: {error}", places.dir().display()))
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Place(error) => error.into(),
            RestoreError::Tree(_) => Self::internal(with_causes(&error)),
            RestoreError::Busy => Self::usage(error).hint("try again in a moment"),
        }
    }
}

impl From<RemoveError> for Failure {
    fn from(error: RemoveError) -> Self {
        Self::internal(with_causes(&error))
    }
}
