//! Validates `--known`: whether an answer can be recorded as knowledge about an error.

use crate::cli::failure::Failure;
use crate::engine;
use crate::project::{Among, Project};

/// Rejects an expression that does not match the error of the task.
///
/// # Errors
/// Fails as wrong usage, or if the task is not found.
pub(super) fn check(project: &Project, ids: &[String], known: Option<&str>) -> Result<(), Failure> {
    let Some(pattern) = known else { return Ok(()) };
    let [id] = ids else {
        return Err(Failure::usage("--known is about the error of one task; name exactly one"));
    };
    let place = project.resolve(id, Among::Served)?;
    let (set, task) = (project.set(), &project.queues()[place.queue].tasks()[place.task]);
    let key = set.queue(place.queue).task(task.id.as_str());
    engine::check_known(&set.state(place.queue), &key, pattern).map_err(|why| {
        let failure = Failure::usage(format_args!("--known {why}"));
        failure.hint(format_args!("{} shows the output", set.typed.about("log", id)))
    })
}
