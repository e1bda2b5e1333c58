//! `release`: a claim ends.
//!
//! Of a worker that lives, or of which nobody here can say whether it does, only with `--force`.

use crate::claims::Keeper;
use crate::cli::args::ReleaseArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write::{self, at_work, tell};
use crate::domain::{Claim, Liveness, Status, Transition};
use crate::project::{Among, verbs};
use crate::store::StoreError;
use std::collections::HashSet;

pub(super) fn run(args: &ReleaseArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
    // Held until the claims are written away, so that nobody takes the tasks over meanwhile.
    let mut keeper = Keeper::default();
    let mut judged = Vec::new();
    for id in &ids {
        let queues = project.queues();
        let place = project.resolve(id, Among::Served)?;
        let task = &queues[place.queue].tasks()[place.task];
        if task.status == Status::InProgress && !args.force {
            let real = project.set().real(place.queue);
            let liveness = keeper.recover(real, task, &HashSet::new())?;
            refuse(id, task.claim(), &liveness)?;
        }
        judged.push((place.queue, task.id.clone(), task.claim().cloned()));
    }
    let done = project.each(&ids, |draft, place| {
        let task = draft.task(place);
        if !args.force && !judged.contains(&(place.queue, task.id.clone(), task.claim().cloned())) {
            let text = format!("the claim of task {} changed just now; look again", task.id);
            return Err(StoreError::Rejected(text));
        }
        verbs::make(draft, place, &Transition::Release)
    });
    drop(keeper);
    tell(session, &done?, "released, pending again")
}

fn refuse(id: &str, claim: Option<&Claim>, liveness: &Liveness) -> Result<(), Failure> {
    let Some(why) = at_work(claim, liveness) else { return Ok(()) };
    Err(Failure::usage(format_args!("task {id} was not released: {why}"))
        .hint("--force ends the claim all the same; a loop that lives then ends its attempt"))
}
