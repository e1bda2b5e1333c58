//! Returns blocked tasks to pending with a new budget.

use super::answer::answered;
use super::places::{BATCH, places};
use super::transition::{Details, make, make_with};
use crate::domain::{Status, Transition};
use crate::project::{Project, QueueSet, reference};
use crate::queue::Queue;
use crate::store::{Draft, Place, StoreError, TaskRef};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// The project root, and the name of an agent.
pub(crate) type AgentOf = (PathBuf, String);

/// Returns the given tasks to pending. `because` is the text for their next prompts, optionally
/// with a regular expression for the errors to which it applies; `details` is the further data of
/// each event. Returns the ids, and the agents of the tasks. Pauses of these agents can be lifted,
/// because a person asked for another try.
///
/// # Errors
/// As for [`Project::each`].
pub(crate) fn retry(
    project: &mut Project,
    ids: &[String],
    because: Option<(&str, Option<&str>)>,
    details: Details<'_>,
) -> Result<(Vec<String>, BTreeSet<AgentOf>), StoreError> {
    let mut agents = BTreeSet::new();
    let set = Arc::clone(project.set());
    let done = project.each(ids, |draft, place| {
        agents.insert(agent_of(&set, draft, place));
        let retry = match because {
            Some(text) => answered(draft, place, text, None),
            None => Transition::Retry,
        };
        make_with(draft, place, &retry, details)
    })?;
    Ok((done, agents))
}

fn agent_of(set: &QueueSet, draft: &Draft<'_>, place: Place) -> AgentOf {
    (set.root(place.queue).to_owned(), set.limit(draft.task(place)).name)
}

/// Returns the blocked tasks of the served queues.
pub(crate) fn blocked(queues: &[Queue], served: usize) -> Vec<Place> {
    let blocked = |place: &Place| queues[place.queue].tasks()[place.task].status == Status::Blocked;
    places(queues, served).filter(blocked).collect()
}

/// Returns every blocked task to pending, batch by batch, all tasks of a batch or none. Returns
/// the same as [`retry`].
///
/// # Errors
/// As for [`Project::update`].
pub(crate) fn retry_blocked(
    project: &mut Project,
) -> Result<(Vec<String>, BTreeSet<AgentOf>), StoreError> {
    let (mut done, mut agents) = (Vec::new(), BTreeSet::new());
    loop {
        let mut made = Vec::new();
        project.update(|draft, set| {
            made.clear();
            let all = blocked(draft.queues(), set.served());
            for place in all.into_iter().take(BATCH) {
                agents.insert(agent_of(set, draft, place));
                make(draft, place, &Transition::Retry)?;
                let task = TaskRef::at(draft.queues(), place);
                made.push(reference(set, draft.queues(), &task));
            }
            Ok(())
        })?;
        let full = made.len() == BATCH;
        done.extend(made);
        if !full {
            return Ok((done, agents));
        }
    }
}
