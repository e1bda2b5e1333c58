//! Blocked tasks are put back with a new budget.

use super::answer::answered;
use super::places::{BATCH, places};
use super::transition::make;
use crate::domain::{Status, Transition};
use crate::project::Project;
use crate::queue::Queue;
use crate::store::{Place, StoreError};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// The project root and the name of an agent.
pub type AgentOf = (PathBuf, String);

/// Puts the tasks that are meant back; `because` is for their next prompts, with the expression that it is
/// learnt by where it is. Gives their ids, and the agents that run them: a person says
/// now, so what was paused may be tried.
///
/// # Errors
/// As [`Project::each`].
pub fn retry(
    project: &mut Project,
    ids: &[String],
    because: Option<(&str, Option<&str>)>,
) -> Result<(Vec<String>, BTreeSet<AgentOf>), StoreError> {
    let mut agents = BTreeSet::new();
    let set = Arc::clone(project.set());
    let done = project.each(ids, |draft, place| {
        agents.insert((set.root(place.queue).to_owned(), set.limit(draft.task(place)).name));
        let retry = match because {
            Some(text) => answered(draft, place, text, None),
            None => Transition::Retry,
        };
        make(draft, place, &retry)
    })?;
    Ok((done, agents))
}

/// The blocked tasks of the served queues.
pub fn blocked(queues: &[Queue], served: usize) -> Vec<Place> {
    let blocked = |place: &Place| queues[place.queue].tasks()[place.task].status == Status::Blocked;
    places(queues, served).filter(blocked).collect()
}

/// Puts every blocked task back, a batch at a time, all of a batch or none. Gives their ids.
///
/// # Errors
/// As [`Project::update`].
pub fn retry_blocked(project: &mut Project) -> Result<Vec<String>, StoreError> {
    let mut done = Vec::new();
    loop {
        let mut made = Vec::new();
        project.update(|draft, set| {
            made.clear();
            let all = blocked(draft.queues(), set.served());
            for place in all.into_iter().take(BATCH) {
                make(draft, place, &Transition::Retry)?;
                made.push(draft.task(place).id.to_string());
            }
            Ok(())
        })?;
        let full = made.len() == BATCH;
        done.extend(made);
        if !full {
            return Ok(done);
        }
    }
}
