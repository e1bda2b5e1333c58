//! `verify`: verifies tasks again, without an agent. Writes nothing, whatever the result.

use crate::cli::args::TaskVerbArgs;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::judging;
use crate::cli::session::Session;
use crate::cli::write;
use crate::domain::Verdict;
use crate::project::verbs::{self, VerbError};
use crate::views::escape;
use std::io::Write;

pub(super) fn run(args: &TaskVerbArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
    // The claims are held meanwhile, so that no agent changes the tree during the verification.
    let (places, mut dead) = verbs::before_done(&project, &ids).map_err(|error| match error {
        VerbError::AtWork { id, why } => {
            Failure::usage(format_args!("task {id} is not verified: {why}"))
                .hint(format_args!("workloop wait --task-id {id} waits for its end"))
        }
        VerbError::Store(error) => error.into(),
    })?;
    let (mut holds, mut is_known) = (true, true);
    let told =
        judging::each(&project, &places, dead.keeper(), session, &mut |id, judged, session| {
            let line = match judged.verdict {
                Some(Verdict::Pass) => format!("{id}: passes"),
                Some(_) => format!("{id}: fails: {}", judging::said(&judged, session)?),
                None => format!("{id}: no verdict: {}", judging::said(&judged, session)?),
            };
            holds &= judged.verdict == Some(Verdict::Pass);
            is_known &= judged.verdict.is_some();
            Ok(writeln!(session.streams.out, "{}", escape::line(&line))?)
        });
    project.store_mut().recorded_mut().verification_ran();
    // Edits of the queue by the steps must be examined all the same.
    project.update(|_, _| Ok(()))?;
    told?;
    match (holds, is_known) {
        (true, _) => Ok(()),
        (false, true) => Err(Failure::silent(FailureKind::Blocked)),
        (false, false) => Err(Failure::silent(FailureKind::Usage)),
    }
}
