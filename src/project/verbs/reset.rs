//! Resets tasks as if they had never run.

use super::dead_claims::{DeadClaims, Living, VerbError};
use super::places::{BATCH, places};
use super::transition::make;
use crate::domain::{Field, Status, Transition};
use crate::project::{Among, Project, QueueSet, reference, resolve};
use crate::queue::Queue;
use crate::store::attempts::forget;
use crate::store::{Place, StoreError, TaskRef};
use serde_json::Value;

/// The maximum number of tasks in progress in a batch, because the lock of each claim is an open
/// file.
const CLAIMS: usize = 500;

/// Resets all given tasks or none. Returns their ids.
///
/// # Errors
/// As for [`Project::each`]. A task that a worker is working on is refused.
pub(crate) fn reset(project: &mut Project, ids: &[String]) -> Result<Vec<String>, VerbError> {
    let made = reset_these(project, |set, queues| {
        ids.iter().map(|id| resolve(set, queues, id, Among::Served)).collect()
    })?;
    Ok(named(project, &made))
}

/// Resets every task that has run, in batches, until none is left or the number no longer
/// decreases. `done` contains the ids of the tasks that were reset, even if an error occurs.
///
/// # Errors
/// As for [`reset`].
pub(crate) fn reset_all(project: &mut Project, done: &mut Vec<String>) -> Result<(), VerbError> {
    let mut left = usize::MAX;
    loop {
        let made =
            reset_these(project, |set, queues| Ok(batch(queues, to_reset(queues, set.served()))))?;
        done.extend(named(project, &made));
        let now = to_reset(project.queues(), project.set().served()).len();
        if now == 0 || now >= left {
            return Ok(());
        }
        left = now;
    }
}

/// Returns the first tasks to reset. Tasks in progress come first, so that a running one is
/// reported before anything is changed.
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

/// Resets the tasks that `pick` returns, all of them or none.
fn reset_these(
    project: &mut Project,
    pick: impl Fn(&QueueSet, &[Queue]) -> Result<Vec<Place>, StoreError>,
) -> Result<Vec<TaskRef>, VerbError> {
    let places = pick(project.set(), project.queues())?;
    // Kept until everything is written, so that no worker takes a task over in the meantime. For
    // other claims the transition is refused, with an error that explains how to end an attempt.
    let dead = DeadClaims::find(project, &places, Living::Left)?;
    let mut made = Vec::new();
    project.update(|draft, set| {
        made.clear();
        for place in pick(set, draft.queues())? {
            dead.end(draft, place)?;
            make(draft, place, &Transition::Reset)?;
            made.push(TaskRef::at(draft.queues(), place));
        }
        Ok(())
    })?;
    for TaskRef { queue, id } in &made {
        let key = project.set().queue(*queue).task(id.as_str());
        forget(&project.set().state(*queue), &key);
    }
    Ok(made)
}

fn named(project: &Project, tasks: &[TaskRef]) -> Vec<String> {
    tasks.iter().map(|task| reference(project.set(), project.queues(), task)).collect()
}

/// Returns every task that has run or is recorded to have run. Parked tasks are left out.
pub(crate) fn to_reset(queues: &[Queue], served: usize) -> Vec<Place> {
    let ran = |place: &Place| {
        let queue = &queues[place.queue];
        !is_left_alone(queue, place.task) && !is_untouched(queue, place.task)
    };
    places(queues, served).filter(ran).collect()
}

/// Returns how many tasks of the served queues a reset of all tasks leaves alone: those that are
/// parked or have an unknown status.
pub(crate) fn left_by_reset(queues: &[Queue], served: usize) -> usize {
    places(queues, served).filter(|place| is_left_alone(&queues[place.queue], place.task)).count()
}

fn is_left_alone(queue: &Queue, task: usize) -> bool {
    matches!(queue.tasks()[task].status, Status::Parked | Status::Unknown)
}

/// Returns whether a reset would change nothing.
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
