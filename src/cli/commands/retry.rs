//! `retry`: makes blocked tasks pending again with a new budget, and ends the pauses of their
//! agents.

use crate::cli::accepted::Accepted;
use crate::cli::args::RetryArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write::{self, only_queues, tell};
use crate::cli::{fresh, learnt};
use crate::engine;
use crate::platform::ids::RandomIds;
use crate::project::verbs::AgentOf;
use crate::project::{Among, Project, verbs};
use crate::store::Place;
use std::collections::BTreeSet;
use std::io::Write;

/// Lets the next attempts start from the branch. Done before a loop can claim the tasks.
fn begin_anew(session: &Session<'_>, project: &Project, ids: &[String]) -> Result<(), Failure> {
    let places: Result<Vec<Place>, _> =
        ids.iter().map(|id| project.resolve(id, Among::Served)).collect();
    fresh::begin_anew(session, project, &places?)
}

/// Lets these agents be tried at once.
fn end_pauses(project: &Project, agents: &BTreeSet<AgentOf>) -> Result<(), Failure> {
    for (root, agent) in agents {
        engine::end_pause(project.config(), root, agent, &RandomIds)?;
    }
    Ok(())
}

pub(super) fn run(args: &RetryArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let what = "pending again, with a new budget";
    if !args.failed {
        let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
        let because = args.because.as_deref().map(str::trim);
        if because == Some("") {
            return Err(Failure::usage("--because needs a text"));
        }
        let known = args.known.as_deref();
        learnt::check(&project, &ids, known)?;
        if args.fresh {
            begin_anew(session, &project, &ids)?;
        }
        let because = because.map(|text| (text, known));
        let accepted = Accepted::find(&project, &ids)?;
        let details = |queue, id: &str| accepted.details(queue, id);
        let (done, agents) = verbs::retry(&mut project, &ids, because, &details)?;
        accepted.settle(&project, session)?;
        end_pauses(&project, &agents)?;
        return tell(session, &done, what);
    }
    let queues = only_queues("--failed", &args.words, &args.queues, session)?;
    let mut project = write::open(session, &queues)?;
    if args.fresh {
        let blocked = verbs::blocked(project.queues(), project.set().served());
        fresh::begin_anew(session, &project, &blocked)?;
    }
    let (done, agents) = verbs::retry_blocked(&mut project)?;
    end_pauses(&project, &agents)?;
    if done.is_empty() && !session.global.quiet {
        writeln!(session.streams.err, "no task is blocked")?;
    }
    tell(session, &done, what)
}
