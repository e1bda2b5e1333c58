//! `retry`: a blocked task is put back with a new budget.

use super::human::{BATCH, Desk, ids, make, tell};
use crate::cli::args::RetryArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::{Status, Task, Transition};
use crate::queue::Queue;
use crate::store::Place;
use std::io::Write;

pub(super) fn run(args: &RetryArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (id, queues) = args.split();
    let what = "pending again, with a new budget";
    if let Some(id) = id {
        let ids = ids(id)?;
        let mut desk = Desk::open(session, &queues)?;
        let done = desk.each(&ids, |draft, place| make(draft, place, &Transition::Retry))?;
        return tell(session, &done, what);
    }
    let mut desk = Desk::open(session, &queues)?;
    let mut done = Vec::new();
    // All of a batch or none: each task is in memory with its event, and a file may have very many.
    loop {
        let blocked = |task: &Task| task.status == Status::Blocked;
        let mut made = Vec::new();
        desk.update(|draft, set| {
            made.clear();
            for place in first(draft.queues(), set.served(), BATCH, blocked) {
                make(draft, place, &Transition::Retry)?;
                made.push(draft.task(place).id.to_string());
            }
            Ok(())
        })?;
        let full = made.len() == BATCH;
        done.extend(made);
        if !full {
            break;
        }
    }
    if done.is_empty() && !session.global.quiet {
        writeln!(session.streams.err, "no task is blocked")?;
    }
    tell(session, &done, what)
}

/// The first tasks of which `wanted` says yes, at most `most`.
fn first(
    queues: &[Queue],
    served: usize,
    most: usize,
    wanted: impl Fn(&Task) -> bool,
) -> Vec<Place> {
    let all = queues[..served].iter().enumerate().flat_map(|(queue, content)| {
        let tasks = content.tasks().iter().enumerate();
        tasks.map(move |(task, it)| (Place { queue, task }, it))
    });
    all.filter(|(_, task)| wanted(task)).map(|(place, _)| place).take(most).collect()
}
