//! Shared by `retry --fresh` and `reset`: the next attempt starts from the branch, regardless of
//! the work that is kept of earlier attempts.

use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::project::Project;
use crate::project::repositories::{Home, Purpose, is_private};
use crate::project::workspaces::task_name;
use crate::store::Place;
use crate::workspace::TaskName;

/// Records that the next attempts of the tasks at `places` start from the branch.
///
/// # Errors
/// Fails as wrong usage if all agents share a tree: the work of earlier attempts is then in the
/// project itself.
pub(super) fn begin_anew(
    session: &Session<'_>,
    project: &Project,
    places: &[Place],
) -> Result<(), Failure> {
    let is_private = is_private(project.set());
    let noted = match note(session, project, places) {
        // Without private trees it does not matter what they need.
        Err(_) if !is_private => 0,
        noted => noted?,
    };
    if noted == 0 && !is_private {
        let text = "--fresh needs private workspaces, but all agents share a tree here: the work of \
                    earlier attempts is in the project itself";
        return Err(
            Failure::usage(text).hint("undo unwanted changes there, and retry without --fresh")
        );
    }
    Ok(())
}

/// Records the same for tasks that are reset, if any work of them is kept.
///
/// # Errors
/// Fails if it cannot be recorded although agents work in private trees.
pub(super) fn forget_work(
    session: &Session<'_>,
    project: &Project,
    places: &[Place],
) -> Result<(), Failure> {
    match note(session, project, places) {
        Err(error) if is_private(project.set()) => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Records it. Returns how many of the tasks have work to continue.
fn note(session: &Session<'_>, project: &Project, places: &[Place]) -> Result<usize, Failure> {
    let (set, queues) = (project.set(), project.queues());
    if places.is_empty() {
        return Ok(0);
    }
    let mut noted = 0;
    for Home { repository, queues: homed } in session.homes(set, Purpose::Look)? {
        let here = places.iter().filter(|place| homed.contains(&place.queue));
        let names: Vec<TaskName> = here
            .map(|place| {
                let id = queues[place.queue].tasks()[place.task].id.as_str();
                task_name(&repository, (set, queues), place.queue, id)
            })
            .collect();
        if !names.is_empty() {
            noted += repository.begin_anew(&names)?;
        }
    }
    Ok(noted)
}
