//! What is kept beside the journal after each change.

use super::FileStore;
use super::recorded::{Decided, SETTLE};
use crate::domain::{Event, Status};
use crate::queue::Queue;
use crate::store::journal::Journal;
use crate::store::requests;
use crate::store::undecided::{self, Undecided};
use crate::store::{Patience, Place, QueueStore, StoreError, last_good, queue_name};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::time::Duration;

impl FileStore {
    /// Tasks that were complete and were set back with their queue, and whose work is not surely
    /// there: nothing may claim them before a verification of the tree has decided.
    pub fn undecided(&self) -> impl Iterator<Item = Place> + '_ {
        self.recorded.undecided.iter().zip(&self.queues).enumerate().flat_map(|(queue, both)| {
            let (waiting, tasks) = both;
            let place = move |id: &String| Some(Place { queue, task: tasks.index_of(id)? });
            waiting.keys().filter_map(place)
        })
    }

    /// The state in which an undecided task was complete.
    pub fn state_before(
        &self,
        queue: usize,
        id: &str,
    ) -> Option<&serde_json::Map<String, serde_json::Value>> {
        self.recorded.undecided.get(queue)?.get(id)
    }

    /// Reads who is undecided, as others may have left it, where somebody was.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be read.
    pub fn see_undecided(&mut self) -> Result<(), StoreError> {
        let verified = self.recorded.verified;
        self.load_undecided()?;
        self.recorded.verified = verified;
        Ok(())
    }

    /// Reads who is undecided, as others may have left it.
    pub(super) fn load_undecided(&mut self) -> Result<(), StoreError> {
        for queue in 0..self.served {
            let file = &self.loaded[queue];
            let unread = StoreError::io("read what was set back in", file.path());
            let tasks = undecided::load(file.state(), file.name()).map_err(unread)?;
            // Also where an edit says that they are complete now.
            self.recorded.verified |= !tasks.is_empty();
            self.recorded.undecided[queue] = tasks;
        }
        Ok(())
    }

    /// Of those who were undecided, the tasks that wait for the decision no more: somebody gave them
    /// another state, or they are gone. Asked when the edits were judged: an edit that is put back
    /// decides nothing. Queues that are left alone are not judged.
    pub(super) fn forget_decided(
        queues: &[Queue],
        undecided: &mut [Undecided],
        alone: &HashSet<usize>,
    ) {
        let judged = undecided.iter_mut().enumerate().filter(|(queue, _)| !alone.contains(queue));
        for (queue, tasks) in judged {
            tasks.retain(|id, _| {
                let index = queues[queue].index_of(id);
                index.is_some_and(|index| queues[queue].tasks()[index].status == Status::Pending)
            });
        }
    }

    /// Keeps the last good texts of `queues`, what attempts that run are judged against, and who is
    /// still undecided. What cannot be kept costs a safety net and not the change, which is made.
    pub(super) fn keep(&mut self, mut queues: Vec<usize>, decided: &Decided) {
        queues.sort_unstable();
        queues.dedup();
        for index in queues {
            let state = self.loaded[index].state();
            let kept = last_good::keep(state, &self.queues[index], &*self.options.ids);
            self.recorded.tell_once(kept, &mut *self.options.on_warning);
        }
        let served = &self.queues[..self.served];
        let runs = served.iter().any(|q| q.counts().of(Status::InProgress) > 0);
        for (index, queue) in served.iter().enumerate() {
            let hash = self.loaded[index].hash().to_owned();
            self.recorded.memory[index] = runs.then(|| (hash, queue.clone()));
        }
        (self.recorded.verified, self.recorded.verified_here) = (false, false);
        // Attempts run again.
        let alone = &self.alone;
        self.recorded.quiet.retain(|queue| alone.contains(queue));
        for (queue, id) in decided {
            if self.recorded.undecided.get_mut(*queue).is_some_and(|t| t.remove(id).is_some()) {
                self.keep_undecided(*queue);
            }
        }
    }

    /// Whether a served queue holds what others wrote and nobody judged under the lock: it may be an
    /// edit that is put back.
    pub fn is_unjudged(&self) -> bool {
        let judged = self.loaded[..self.served].iter().enumerate();
        judged.filter(|(queue, _)| !self.alone.contains(queue)).any(|(_, f)| f.is_unexplained())
    }

    /// Whether the journals know the served queues as they are, as far as there are journals: for
    /// readers, who judge nothing.
    pub fn is_recorded(&mut self) -> bool {
        let files = self.loaded.iter_mut().zip(&self.queues).take(self.served);
        let mut known = files.map(|(file, queue)| {
            file.know(queue);
            let journal = Journal::new(file.state().clone());
            let last = journal.last_write(&queue_name(queue));
            last.is_none_or(|last| last.after == file.hash())
        });
        known.all(|known| known)
    }

    /// Leaves the files of `queues`, and what waits for their journal, as they are until this is
    /// called again: somebody may be putting other versions of them in their places. They need
    /// not be readable meanwhile.
    pub fn leave_alone(&mut self, queues: HashSet<usize>) {
        self.alone = queues;
    }

    /// Looks at a paused queue once more now that nothing of this process runs for it, and judges
    /// what its attempts wrote.
    ///
    /// # Errors
    /// As [`QueueStore::update`].
    pub fn look_when_still(&mut self, queue: usize) -> Result<Vec<Event>, StoreError> {
        let alone = self.alone.clone();
        self.alone.remove(&queue);
        let looked = self.update(Patience::Unlimited, &mut |_| Ok(()));
        self.alone = alone;
        looked
    }

    /// Notes which of the queues that are left alone are at rest for all loops: what is written into
    /// their files until they are resumed is a person's.
    pub fn note_stillness(&mut self) {
        let still = |queue: &usize| {
            let file = &self.loaded[*queue];
            requests::is_still(file.state(), file.stem())
        };
        let still: Vec<usize> = self.alone.iter().copied().filter(still).collect();
        self.recorded.quiet.extend(still);
    }

    /// Says that a verification ran here for which no task is claimed: what it wrote into a queue is
    /// judged like the edits of an attempt.
    pub fn verification_ran(&mut self) {
        (self.recorded.verified, self.recorded.verified_here) = (true, true);
    }

    /// Whether a file that cannot be read is given no time: whoever asks asks again.
    pub fn be_impatient(&mut self, impatient: bool) {
        self.recorded.settle = if impatient { Duration::ZERO } else { SETTLE };
    }

    /// Drops the old state of tasks that are to be done again.
    pub fn decide(&mut self, queue: usize, ids: &[String]) {
        self.recorded.undecided[queue].retain(|id, _| !ids.contains(id));
        self.keep_undecided(queue);
    }

    fn keep_undecided(&self, queue: usize) {
        let file = &self.loaded[queue];
        let tasks: &Undecided = &self.recorded.undecided[queue];
        let name: &OsStr = file.name();
        drop(undecided::keep(file.state(), name, tasks, &*self.options.ids));
    }
}
