//! `retry`: a blocked task is put back with a new budget, and its agent is tried at once.

use crate::cli::args::RetryArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write::{self, only_queues, tell};
use crate::domain::{Status, Transition};
use crate::engine;
use crate::platform::ids::RandomIds;
use crate::project::verbs::{self, BATCH, places};
use crate::store::Place;
use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

pub(super) fn run(args: &RetryArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let what = "pending again, with a new budget";
    if !args.failed {
        let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
        let mut agents = HashSet::new();
        let set = Arc::clone(project.set());
        let done = project.each(&ids, |draft, place| {
            agents.insert((set.root(place.queue).to_owned(), set.limit(draft.task(place)).name));
            verbs::make(draft, place, &Transition::Retry)
        })?;
        // A person says now: what was paused may be tried.
        for (root, agent) in &agents {
            engine::end_pause(root, agent, &RandomIds)?;
        }
        return tell(session, &done, what);
    }
    let queues = only_queues("--failed", &args.words, &args.queues, session)?;
    let mut project = write::open(session, &queues)?;
    let mut done = Vec::new();
    // All of a batch or none.
    loop {
        let mut made = Vec::new();
        project.update(|draft, set| {
            made.clear();
            let queues = draft.queues();
            let blocked =
                |place: &Place| queues[place.queue].tasks()[place.task].status == Status::Blocked;
            let first: Vec<Place> =
                places(queues, set.served()).filter(blocked).take(BATCH).collect();
            for place in first {
                verbs::make(draft, place, &Transition::Retry)?;
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
