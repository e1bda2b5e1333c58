//! `release`: ends the claim on a task.
//!
//! If the worker is alive, or its liveness is unknown from here, this requires `--force`.

use crate::cli::args::ReleaseArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write::{self, tell};
use crate::project::verbs::{self, VerbError};

pub(super) fn run(args: &ReleaseArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
    let done = verbs::release(&mut project, &ids, args.force).map_err(|error| match error {
        VerbError::AtWork { id, why } => {
            Failure::usage(format_args!("task {id} was not released: {why}"))
                .hint("--force ends the claim anyway; a live loop then ends its attempt")
        }
        VerbError::Store(error) => error.into(),
    })?;
    tell(session, &done, "released, pending again")
}
