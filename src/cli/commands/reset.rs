//! `reset`: makes tasks pending again, as if they had never run.

use crate::cli::args::ResetArgs;
use crate::cli::failure::Failure;
use crate::cli::fresh;
use crate::cli::session::Session;
use crate::cli::write::{self, confirm, only_queues, tell};
use crate::project::{Among, verbs};
use crate::store::Place;
use std::io::Write;

pub(super) fn run(args: &ResetArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let what = "pending, as if never run";
    if !args.all {
        let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
        let places: Result<Vec<Place>, _> =
            ids.iter().map(|id| project.resolve(id, Among::Served)).collect();
        // Done before a loop can claim the tasks. A task with a running attempt is refused; that
        // attempt continues unaffected.
        fresh::forget_work(session, &project, &places?)?;
        let done = verbs::reset(&mut project, &ids)?;
        return tell(session, &done, what);
    }
    let queues = only_queues("--all", &args.words, &args.queues, session)?;
    let mut project = write::open(session, &queues)?;
    let many = verbs::to_reset(project.queues(), project.set().served()).len();
    if many > 0 && !args.yes {
        let tasks = if many == 1 { "task" } else { "tasks" };
        confirm(session, &format!("reset {many} {tasks} as if never run"))?;
    }
    let all = verbs::to_reset(project.queues(), project.set().served());
    fresh::forget_work(session, &project, &all)?;
    let mut done = Vec::new();
    let ended = verbs::reset_all(&mut project, &mut done);
    if ended.is_ok() && !session.global.quiet {
        let left = verbs::left_by_reset(project.queues(), project.set().served());
        if left > 0 {
            writeln!(session.streams.err, "not reset: {left} parked or in an unknown state")?;
        }
        if done.is_empty() {
            writeln!(session.streams.err, "no task has run")?;
        }
    }
    tell(session, &done, what)?;
    Ok(ended?)
}
