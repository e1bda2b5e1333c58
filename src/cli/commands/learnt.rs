//! What a person answered, as something that is known about an error: whether it can be kept so.

use crate::cli::failure::Failure;
use crate::engine;
use crate::project::{Among, Project};
use crate::store::TaskKey;

/// Refuses an expression by which the error of the task would not be known again.
///
/// # Errors
/// Wrong usage, or a task that cannot be found.
pub(super) fn check(project: &Project, ids: &[String], known: Option<&str>) -> Result<(), Failure> {
    let Some(pattern) = known else { return Ok(()) };
    let [id] = ids else {
        return Err(Failure::usage("--known is about the error of one task; name one"));
    };
    let place = project.resolve(id, Among::Served)?;
    let (set, task) = (project.set(), &project.queues()[place.queue].tasks()[place.task]);
    let key = TaskKey::new(set.real(place.queue), task.id.as_str());
    engine::check_known(&set.state(place.queue), &key, pattern).map_err(|why| {
        let failure = Failure::usage(format_args!("--known {why}"));
        failure.hint(format_args!("workloop log {id} shows what it printed"))
    })
}
