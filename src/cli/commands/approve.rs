//! `approve`: a person says that a task may start.

use super::human::{Desk, make, tell};
use crate::cli::args::ApproveArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::Transition;

/// Who approves when nobody is named: a queue file never holds a login name by itself.
const BY: &str = "workloop approve";

pub(super) fn run(args: &ApproveArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (ids, mut desk) = Desk::of_tasks(session, &args.words, &args.queues)?;
    let approve = Transition::Approve { by: args.by.clone().unwrap_or_else(|| BY.to_owned()) };
    let done = desk.each(&ids, |draft, place| make(draft, place, &approve))?;
    tell(session, &done, "approved")
}
