//! What the verbs may do inside an attempt: to the queues of its own project nothing but read, and
//! say how far the attempt is.

use super::failure::Failure;
use super::session::Session;
use crate::engine::Inside;
use crate::project::QueueSet;
use std::path::PathBuf;

impl Session<'_> {
    /// The attempts that this verb is part of.
    pub(super) fn inside(&self) -> Inside {
        Inside::current(self.world.var("WORKLOOP_ROOT").map(PathBuf::from))
    }

    /// Refuses to write to queues, or to run them, that belong to the project of an attempt which
    /// this verb is part of.
    ///
    /// # Errors
    /// Wrong usage, with what is allowed instead.
    pub(super) fn refuse_inside(&self, set: &QueueSet) -> Result<(), Failure> {
        let inside = self.inside();
        match (0..set.served()).find(|queue| inside.owns(set.real(*queue), set.root(*queue))) {
            Some(queue) => Err(refused(&set.shown(queue).display().to_string())),
            None => Ok(()),
        }
    }
}

/// The refusal: an attempt does its task, and nothing else to `what`.
pub(super) fn refused(what: &str) -> Failure {
    Failure::usage(format_args!(
        "failed to change {what}: this is part of an attempt of the same project, which may only \
         read its queues; nothing was done"
    ))
    .hint("new work goes under follow_ups into the result file ($WORKLOOP_RESULT_FILE)")
    .hint("workloop progress says how far the attempt is")
}
