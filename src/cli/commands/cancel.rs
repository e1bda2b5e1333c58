//! `cancel`: parks tasks and ends their running attempts.

use crate::cli::args::CancelArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write::{self, confirm, tell};
use crate::domain::Transition;
use crate::project::verbs;

pub(super) fn run(args: &CancelArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (ids, mut project) = write::of_tasks(session, &args.tasks.words, &args.tasks.queues)?;
    if ids.len() > 1 && !args.yes {
        confirm(session, &format!("cancel {} tasks", ids.len()))?;
    }
    let done = verbs::transition(&mut project, &ids, &Transition::Cancel)?;
    tell(session, &done, "cancelled and parked")
}
