//! `approve`: a person says that a task may start.

use crate::cli::args::ApproveArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write::{self, tell};
use crate::domain::Transition;
use crate::project::verbs;

/// Who approves when nobody is named: a queue file never holds a login name by itself.
const BY: &str = "workloop approve";

pub(super) fn run(args: &ApproveArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
    let approve = Transition::Approve { by: args.by.clone().unwrap_or_else(|| BY.to_owned()) };
    let done = verbs::transition(&mut project, &ids, &approve)?;
    tell(session, &done, "approved")
}
