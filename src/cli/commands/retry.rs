//! `retry`: a blocked task is put back with a new budget.

use super::human::{Desk, ids, make, tell};
use crate::cli::args::RetryArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::{Status, Transition};
use crate::store::Place;
use std::io::Write;

pub(super) fn run(args: &RetryArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (id, queues) = args.split();
    let what = "pending again, with a new budget";
    if let Some(id) = id {
        let ids = ids(id)?;
        let mut desk = Desk::open(session, &queues)?;
        let done = desk.each(&ids, |draft, place| make(draft, place, &Transition::Retry))?;
        return tell(session, &done, what);
    }
    let mut desk = Desk::open(session, &queues)?;
    let mut done = Vec::new();
    desk.update(|draft, set| {
        done.clear();
        for queue in 0..set.served() {
            for task in 0..draft.queues()[queue].tasks().len() {
                let place = Place { queue, task };
                if draft.task(place).status == Status::Blocked {
                    make(draft, place, &Transition::Retry)?;
                    done.push(draft.task(place).id.to_string());
                }
            }
        }
        Ok(())
    })?;
    if done.is_empty() && !session.global.quiet {
        writeln!(session.streams.err, "no task is blocked")?;
    }
    tell(session, &done, what)
}
