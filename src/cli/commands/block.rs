//! `block`: blocks tasks, with the reason. A loop that runs one of them ends its attempt.

use crate::cli::args::BlockArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write::{self, tell};
use crate::domain::Transition;
use crate::project::verbs;

pub(super) fn run(args: &BlockArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    // `error` of a task is one line.
    let because = args.because.split_whitespace().collect::<Vec<_>>().join(" ");
    if because.is_empty() {
        return Err(Failure::usage("--because needs a reason"));
    }
    let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
    let done = verbs::transition(&mut project, &ids, &Transition::Block { because })?;
    tell(session, &done, "blocked")
}
