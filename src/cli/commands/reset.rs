//! `reset`: a task is put back as if it had never run.

use super::human::{Desk, ids, make, resolve, tell};
use crate::cli::args::ResetArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::{Claim, Field, Status, TaskId, Transition};
use crate::engine::{QueueSet, Standing, Standings};
use crate::queue::Queue;
use crate::store::{Place, QueueStore, StoreError, TaskKey};
use serde_json::Value;
use std::collections::HashMap;
use std::io::Write;

pub(super) fn run(args: &ResetArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (id, queues) = args.split();
    let wanted = id.map(ids).transpose()?;
    let wanted = wanted.as_deref();
    let mut desk = Desk::open(session, &queues)?;
    // Held until everything is written, so that nobody takes a task over meanwhile.
    let mut standings = Standings::default();
    let dead = dead_claims(&desk, wanted, &mut standings)?;
    let (mut done, mut kept) = (Vec::new(), 0_usize);
    let mut forgotten: Vec<(usize, String)> = Vec::new();
    desk.update(|draft, set| {
        done.clear();
        forgotten.clear();
        kept = if wanted.is_some() { 0 } else { aside(draft.queues(), set.served()) };
        for place in places(set, draft.queues(), wanted)? {
            let task = draft.task(place);
            let key = (place.queue, task.id.clone());
            if dead.get(&key).is_some_and(|claim| claim.as_ref() == task.claim()) {
                make(draft, place, &Transition::Release)?;
            }
            make(draft, place, &Transition::Reset)?;
            done.push(draft.task(place).id.to_string());
            forgotten.push((place.queue, draft.task(place).id.to_string()));
        }
        Ok(())
    })?;
    for (queue, id) in &forgotten {
        crate::store::attempts::forget(
            &desk.set.state(*queue),
            &TaskKey::new(desk.set.real(*queue), id),
        );
    }
    drop(standings);
    if !session.global.quiet {
        if kept > 0 {
            writeln!(session.streams.err, "{kept} that are parked or in no known state stay so")?;
        }
        if done.is_empty() {
            writeln!(session.streams.err, "no task has run")?;
        }
    }
    tell(session, &done, "pending, as if never run")
}

/// Claims that nothing is left of: they end with the reset. Of others the transition is refused,
/// and says what ends an attempt.
fn dead_claims(
    desk: &Desk,
    wanted: Option<&[String]>,
    standings: &mut Standings,
) -> Result<HashMap<(usize, TaskId), Option<Claim>>, Failure> {
    let queues = desk.store.queues();
    let mut dead = HashMap::new();
    for place in places(&desk.set, queues, wanted)? {
        let task = &queues[place.queue].tasks()[place.task];
        if task.status == Status::InProgress
            && standings.of(&desk.set, queues, place)? == Standing::Free
        {
            dead.insert((place.queue, task.id.clone()), task.claim().cloned());
        }
    }
    Ok(dead)
}

fn places(
    set: &QueueSet,
    queues: &[Queue],
    wanted: Option<&[String]>,
) -> Result<Vec<Place>, StoreError> {
    match wanted {
        Some(ids) => ids.iter().map(|id| resolve(set, queues, id)).collect(),
        None => Ok(all(queues, set.served())),
    }
}

/// Every task that has run, or was said to have. What a person set aside stays there.
fn all(queues: &[Queue], served: usize) -> Vec<Place> {
    let mut places = Vec::new();
    for (queue, content) in queues[..served].iter().enumerate() {
        let tasks = 0..content.tasks().len();
        let ran = tasks.filter(|task| !is_aside(content, *task) && !is_untouched(content, *task));
        places.extend(ran.map(|task| Place { queue, task }));
    }
    places
}

fn aside(queues: &[Queue], served: usize) -> usize {
    let count = |queue: &Queue| (0..queue.tasks().len()).filter(|n| is_aside(queue, *n)).count();
    queues[..served].iter().map(count).sum()
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
