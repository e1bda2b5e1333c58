//! What `retry --fresh` and `reset` have in common: the next attempt begins with the branch, whatever
//! is kept of earlier ones.

use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::project::Project;
use crate::project::repositories::{Home, Purpose, is_private};
use crate::project::workspaces::task_name;
use crate::store::Place;
use crate::workspace::TaskName;

/// Notes of the tasks at `places` that their next attempts begin anew.
///
/// # Errors
/// Wrong usage where all agents share a tree: the work of earlier attempts lies in the project then.
pub(super) fn begin_anew(
    session: &Session<'_>,
    project: &Project,
    places: &[Place],
) -> Result<(), Failure> {
    if note(session, project, places)? == 0 && !is_private(project.set()) {
        let text = "--fresh is for private workspaces, and all agents share a tree here: the work of \
                    earlier attempts lies in the project itself";
        return Err(
            Failure::usage(text).hint("take back there what is not wanted, without --fresh")
        );
    }
    Ok(())
}

/// The same of tasks that are to be as if they had never run, wherever anything is kept of them.
///
/// # Errors
/// When it cannot be noted although agents work in private trees.
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

/// Notes it; gives how many tasks have work to continue.
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
