//! Restricts the verbs inside an attempt: they may only read the queues of the attempt's project,
//! and report the progress of the attempt.

use super::failure::Failure;
use super::session::Session;
use crate::engine::Inside;
use crate::project::QueueSet;
use std::path::PathBuf;

impl Session<'_> {
    /// Returns the attempts inside which this process runs.
    pub(super) fn inside(&self) -> Inside {
        Inside::current(self.world.var("WORKLOOP_ROOT").map(PathBuf::from))
    }

    /// Refuses to write or run queues of the project of an attempt inside which this process runs.
    ///
    /// # Errors
    /// Fails as wrong usage, with what is allowed instead.
    pub(super) fn refuse_inside(&self, set: &QueueSet) -> Result<(), Failure> {
        let inside = self.inside();
        match set.each_served().find(|queue| inside.owns(set.real(*queue), set.root(*queue))) {
            Some(queue) => Err(refused(&set.queue(queue).shown().to_string())),
            None => Ok(()),
        }
    }
}

/// Returns the refusal to change `what` from inside an attempt.
pub(super) fn refused(what: &str) -> Failure {
    Failure::usage(format_args!(
        "failed to change {what}: this is part of an attempt of the same project, which may only \
         read its queues; nothing was done"
    ))
    .hint("report new work under follow_ups in the result file ($WORKLOOP_RESULT_FILE)")
    .hint("workloop progress reports the progress of the attempt")
}
