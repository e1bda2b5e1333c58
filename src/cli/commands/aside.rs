//! `block`, `cancel`, `park`, `unpark`: a task is taken out of the loops' hands, or given back.
//!
//! A loop that runs it sees the change and ends its attempt.

use super::human::{Desk, confirm, make, tell};
use crate::cli::args::{BlockArgs, CancelArgs, TaskVerbArgs};
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::Transition;

pub(super) fn block(args: &BlockArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let because = one_line(&args.because);
    if because.is_empty() {
        return Err(Failure::usage("--because needs a reason"));
    }
    let (ids, mut desk) = Desk::of_tasks(session, &args.words, &args.queues)?;
    let block = Transition::Block { because };
    let done = desk.each(&ids, |draft, place| make(draft, place, &block))?;
    tell(session, &done, "blocked")
}

pub(super) fn cancel(args: &CancelArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (ids, desk) = Desk::of_tasks(session, &args.tasks.words, &args.tasks.queues)?;
    if ids.len() > 1 && !args.yes {
        confirm(session, &format!("cancel {} tasks", ids.len()))?;
    }
    each(&ids, desk, (&Transition::Cancel, "cancelled and parked"), session)
}

pub(super) fn park(args: &TaskVerbArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    simple(args, &Transition::Park, "parked", session)
}

pub(super) fn unpark(args: &TaskVerbArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    simple(args, &Transition::Unpark, "pending again", session)
}

fn simple(
    args: &TaskVerbArgs,
    transition: &Transition,
    what: &str,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let (ids, desk) = Desk::of_tasks(session, &args.words, &args.queues)?;
    each(&ids, desk, (transition, what), session)
}

fn each(
    ids: &[String],
    mut desk: Desk,
    (transition, what): (&Transition, &str),
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let done = desk.each(ids, |draft, place| make(draft, place, transition))?;
    tell(session, &done, what)
}

/// `error` of a task is one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
