//! `reset`: a task is put back as if it had never run.

use crate::claims::Keeper;
use crate::cli::args::ResetArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write::{self, confirm, only_queues, tell};
use crate::domain::{Claim, Field, Status, TaskId, Transition};
use crate::project::verbs::{self, BATCH, places};
use crate::project::{Among, Project, QueueSet, resolve};
use crate::queue::Queue;
use crate::store::{Place, StoreError, TaskKey};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::io::Write;

/// The most tasks of a batch that are in progress: the lock of each claim is an open file.
const CLAIMS: usize = 500;

/// A task by its queue and id.
type Named = (usize, TaskId);

pub(super) fn run(args: &ResetArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (wanted, mut project) = if args.all {
        let queues = only_queues("--all", &args.words, &args.queues, session)?;
        let project = write::open(session, &queues)?;
        let many = all(project.queues(), project.set().served()).len();
        if many > 0 && !args.yes {
            let tasks = if many == 1 { "task" } else { "tasks" };
            confirm(session, &format!("reset {many} {tasks} as if never run"))?;
        }
        (None, project)
    } else {
        let (ids, project) = write::of_tasks(session, &args.words, &args.queues)?;
        (Some(ids), project)
    };
    let mut done = Vec::new();
    let ended = match &wanted {
        Some(ids) => reset(&mut project, &mut done, |set, queues| {
            ids.iter().map(|id| resolve(set, queues, id, Among::Served)).collect()
        }),
        None => reset_all(&mut project, &mut done),
    };
    if ended.is_ok() && !session.global.quiet {
        let kept =
            if wanted.is_some() { 0 } else { aside(project.queues(), project.set().served()) };
        if kept > 0 {
            writeln!(session.streams.err, "{kept} that are parked or in no known state stay so")?;
        }
        if done.is_empty() {
            writeln!(session.streams.err, "no task has run")?;
        }
    }
    let done: Vec<String> = done.iter().map(|(_, id)| id.to_string()).collect();
    tell(session, &done, "pending, as if never run")?;
    ended
}

/// Resets one batch after the other, until nothing is left or it does not get less.
fn reset_all(project: &mut Project, done: &mut Vec<Named>) -> Result<(), Failure> {
    let mut left = usize::MAX;
    loop {
        reset(project, done, |set, queues| Ok(batch(queues, all(queues, set.served()))))?;
        let now = all(project.queues(), project.set().served()).len();
        if now == 0 || now >= left {
            return Ok(());
        }
        left = now;
    }
}

/// The first tasks to reset. Those in progress are in front: where one of them runs, that is told
/// before anything is changed.
fn batch(queues: &[Queue], mut places: Vec<Place>) -> Vec<Place> {
    let claimed =
        |place: &Place| queues[place.queue].tasks()[place.task].status == Status::InProgress;
    places.sort_by_key(|place| !claimed(place));
    let most = match places.partition_point(claimed) {
        many if many > CLAIMS => CLAIMS,
        _ => BATCH,
    };
    places.truncate(most);
    places
}

/// Resets the tasks that `pick` names, all of them or none, and adds them to `done`.
fn reset(
    project: &mut Project,
    done: &mut Vec<Named>,
    pick: impl Fn(&QueueSet, &[Queue]) -> Result<Vec<Place>, StoreError>,
) -> Result<(), Failure> {
    // Held until everything is written, so that nobody takes a task over meanwhile.
    let mut keeper = Keeper::default();
    let places = pick(project.set(), project.queues())?;
    let dead = dead_claims(project, places, &mut keeper)?;
    let mut made = Vec::new();
    project.update(|draft, set| {
        made.clear();
        for place in pick(set, draft.queues())? {
            let task = draft.task(place);
            let named = (place.queue, task.id.clone());
            if dead.get(&named).is_some_and(|claim| claim.as_ref() == task.claim()) {
                verbs::make(draft, place, &Transition::Release)?;
            }
            verbs::make(draft, place, &Transition::Reset)?;
            made.push(named);
        }
        Ok(())
    })?;
    for (queue, id) in &made {
        let key = TaskKey::new(project.set().real(*queue), id.as_str());
        crate::store::attempts::forget(&project.set().state(*queue), &key);
    }
    done.extend(made);
    Ok(())
}

/// Claims that nothing is left of: they end with the reset. Of others the transition is refused,
/// and says what ends an attempt.
fn dead_claims(
    project: &Project,
    places: Vec<Place>,
    keeper: &mut Keeper,
) -> Result<HashMap<Named, Option<Claim>>, Failure> {
    let queues = project.queues();
    let mut dead = HashMap::new();
    for place in places {
        let task = &queues[place.queue].tasks()[place.task];
        if task.status == Status::InProgress
            && keeper.recover(project.set().real(place.queue), task, &HashSet::new())?.is_dead()
        {
            dead.insert((place.queue, task.id.clone()), task.claim().cloned());
        }
    }
    Ok(dead)
}

/// Every task that has run, or was said to have. What a person set aside stays there.
fn all(queues: &[Queue], served: usize) -> Vec<Place> {
    let ran = |place: &Place| {
        let queue = &queues[place.queue];
        !is_aside(queue, place.task) && !is_untouched(queue, place.task)
    };
    places(queues, served).filter(ran).collect()
}

fn aside(queues: &[Queue], served: usize) -> usize {
    places(queues, served).filter(|place| is_aside(&queues[place.queue], place.task)).count()
}

fn is_aside(queue: &Queue, task: usize) -> bool {
    matches!(queue.tasks()[task].status, Status::Parked | Status::Unknown)
}

/// Whether a reset would change nothing.
fn is_untouched(queue: &Queue, task: usize) -> bool {
    let empty = |value: Option<Value>| match value {
        None => true,
        Some(Value::Bool(set)) => !set,
        Some(Value::Number(number)) => number.as_u64() == Some(0),
        Some(Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_)) => false,
    };
    let runtime = Field::all().filter(|field| field.is_runtime() && *field != Field::Status);
    let mut fields = runtime.chain([Field::Answers]);
    queue.tasks()[task].status == Status::Pending
        && fields.all(|field| empty(queue.value(task, field)))
}
