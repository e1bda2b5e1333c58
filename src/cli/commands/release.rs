//! `release`: a claim ends.
//!
//! Of a worker that lives, or of which nobody here can say whether it does, only with `--force`.

use crate::cli::args::ReleaseArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write::{self, tell};
use crate::domain::{Claim, Status, Transition};
use crate::engine::{Standing, Standings};
use crate::project::{Among, verbs};
use crate::store::StoreError;

pub(super) fn run(args: &ReleaseArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
    // Held until the claims are written away, so that nobody takes the tasks over meanwhile.
    let mut standings = Standings::default();
    let mut judged = Vec::new();
    for id in &ids {
        let queues = project.queues();
        let place = project.resolve(id, Among::Served)?;
        let task = &queues[place.queue].tasks()[place.task];
        if task.status == Status::InProgress && !args.force {
            let standing = standings.of(project.set(), queues, place)?;
            refuse(id, task.claim(), &standing)?;
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
    drop(standings);
    tell(session, &done?, "released, pending again")
}

fn refuse(id: &str, claim: Option<&Claim>, standing: &Standing) -> Result<(), Failure> {
    let worker = claim.map_or("a worker", |claim| claim.worker.as_str());
    let why = match standing {
        Standing::Free => return Ok(()),
        Standing::Alive => format!("{worker} is working on it"),
        Standing::Foreign => {
            format!("{worker} is on another machine, and nobody here can say whether it lives")
        }
        Standing::Unclear(why) => why.clone(),
    };
    Err(Failure::usage(format_args!("task {id} was not released: {why}"))
        .hint("--force ends the claim all the same; a loop that lives then ends its attempt"))
}
