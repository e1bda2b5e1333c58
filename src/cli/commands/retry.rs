//! `retry`: a blocked task is put back with a new budget, and its agent is tried at once.

use crate::cli::args::RetryArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write::{self, only_queues, tell};
use crate::engine;
use crate::platform::ids::RandomIds;
use crate::project::verbs;
use std::io::Write;

pub(super) fn run(args: &RetryArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let what = "pending again, with a new budget";
    if !args.failed {
        let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
        let (done, agents) = verbs::retry(&mut project, &ids)?;
        for (root, agent) in &agents {
            engine::end_pause(root, agent, &RandomIds)?;
        }
        return tell(session, &done, what);
    }
    let queues = only_queues("--failed", &args.words, &args.queues, session)?;
    let mut project = write::open(session, &queues)?;
    let done = verbs::retry_blocked(&mut project)?;
    if done.is_empty() && !session.global.quiet {
        writeln!(session.streams.err, "no task is blocked")?;
    }
    tell(session, &done, what)
}
