//! Whether anybody still works on a claimed task, for the verbs of people.

use super::claims::Claims;
use super::recovery::{Fate, fate};
use crate::domain::Status;
use crate::platform::host::Host;
use crate::project::QueueSet;
use crate::queue::Queue;
use crate::store::{Place, StoreError, TaskKey};

/// Who works on a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has claimed it, or nothing of its worker is left.
    Free,
    /// Its worker lives.
    Alive,
    /// Another machine has it, and nobody here can say.
    Foreign,
    /// Nobody here can say, and this is why.
    Unclear(String),
}

/// Looks at claims; holds the locks of dead ones until it is dropped, so that nobody takes the
/// task over meanwhile.
#[derive(Debug)]
pub struct Standings {
    host: Host,
    pub(super) claims: Claims,
}

impl Default for Standings {
    fn default() -> Self {
        Self { host: Host::current(), claims: Claims::default() }
    }
}

impl Standings {
    /// Who works on the task at `place`. What is left of a dead worker's commands is ended first.
    ///
    /// # Errors
    /// [`StoreError`] when locks or processes cannot be looked at.
    pub fn of(
        &mut self,
        set: &QueueSet,
        queues: &[Queue],
        place: Place,
    ) -> Result<Standing, StoreError> {
        let task = &queues[place.queue].tasks()[place.task];
        if task.status != Status::InProgress {
            return Ok(Standing::Free);
        }
        let foreign = |host: &str| !host.is_empty() && host != self.host.id;
        if task.claim().is_some_and(|claim| foreign(&claim.host)) {
            return Ok(Standing::Foreign);
        }
        let key = TaskKey::new(set.real(place.queue), task.id.as_str());
        Ok(match fate(set, place.queue, task, &self.host, &mut self.claims)? {
            Fate::Dead => Standing::Free,
            Fate::Alive => {
                self.claims.let_go(&key);
                Standing::Alive
            }
            Fate::Unclear(why) => {
                self.claims.let_go(&key);
                Standing::Unclear(why)
            }
        })
    }
}
