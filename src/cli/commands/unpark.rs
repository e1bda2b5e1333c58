//! `unpark`: makes parked tasks pending again.

use crate::cli::args::TaskVerbArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write::{self, tell};
use crate::domain::Transition;
use crate::project::verbs;

pub(super) fn run(args: &TaskVerbArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
    let done = verbs::transition(&mut project, &ids, &Transition::Unpark)?;
    tell(session, &done, "pending again")
}
