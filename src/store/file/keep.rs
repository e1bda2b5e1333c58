//! Updates what is kept beside the journal after each change.

use super::FileStore;
use super::recorded::{SETTLE, tasks_of};
use crate::domain::{Event, QueueIx, Status};
use crate::queue::Queue;
use crate::store::journal::Journal;
use crate::store::records::requests;
use crate::store::records::undecided::{self, Undecided};
use crate::store::{Patience, Place, QueueStore, StoreError, TaskRef, last_good, queue_name};
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::time::Duration;

impl FileStore {
    /// Returns the tasks that were complete and were set back with their queue, and whose work may
    /// not be there. They cannot be claimed until a verification of the tree has decided about
    /// them.
    pub fn undecided(&self) -> impl Iterator<Item = Place> + '_ {
        tasks_of(&self.recorded.undecided).filter_map(|task| task.place(&self.queues))
    }

    /// Returns the state in which an undecided task was complete.
    pub fn state_before(
        &self,
        task: &TaskRef,
    ) -> Option<&serde_json::Map<String, serde_json::Value>> {
        task.queue.of(&self.recorded.undecided)?.get(task.id.as_str())
    }

    /// Reads the undecided tasks again, because other processes may have changed them. Keeps the
    /// note whether a verification ran.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub fn see_undecided(&mut self) -> Result<(), StoreError> {
        let verified = self.recorded.verified;
        self.load_undecided()?;
        self.recorded.verified = verified;
        Ok(())
    }

    /// Reads the undecided tasks again, because other processes may have changed them.
    pub(super) fn load_undecided(&mut self) -> Result<(), StoreError> {
        for queue in QueueIx::first(self.served) {
            let file = &self.loaded[queue];
            let unread = StoreError::io("read the undecided tasks of", file.path());
            let tasks = undecided::load(file.state(), file.name()).map_err(unread)?;
            // Even if an edit says that they are complete now.
            self.recorded.verified |= !tasks.is_empty();
            self.recorded.undecided[queue] = tasks;
        }
        Ok(())
    }

    /// Removes undecided tasks that no longer wait for a decision: they have another state or no
    /// longer exist. Call it after edits were judged, because an edit that is put back decides
    /// nothing. Queues that are left alone are not judged.
    pub(super) fn forget_decided(
        queues: &[Queue],
        undecided: &mut [Undecided],
        alone: &HashSet<QueueIx>,
    ) {
        let judged = QueueIx::each(undecided).filter(|(queue, _)| !alone.contains(queue));
        for (queue, tasks) in judged {
            tasks.retain(|id, _| {
                let index = queues[queue].index_of(id);
                index.is_some_and(|index| queues[queue].tasks()[index].status == Status::Pending)
            });
        }
    }

    /// Stores the last good texts of `queues`, the queues that running attempts are judged against,
    /// and the undecided tasks. A failure costs a safety net, not the change, which is already
    /// written.
    pub(super) fn keep(&mut self, mut queues: Vec<QueueIx>, decided: &HashSet<TaskRef>) {
        queues.sort_unstable();
        queues.dedup();
        for index in queues {
            let state = self.loaded[index].state();
            let kept = last_good::keep(state, &self.queues[index], &*self.options.ids);
            self.recorded.tell_once(kept, &mut *self.options.on_warning);
        }
        let served = &self.queues[..self.served];
        let runs = served.iter().any(|q| q.counts().of(Status::InProgress) > 0);
        for (index, queue) in QueueIx::each(served) {
            let hash = self.loaded[index].hash().to_owned();
            self.recorded.memory[index] = runs.then(|| (hash, queue.clone()));
        }
        (self.recorded.verified, self.recorded.verified_here) = (false, false);
        // Something was claimed, so attempts may run again.
        let alone = &self.alone;
        self.recorded.quiet.retain(|queue| alone.contains(queue));
        for TaskRef { queue, id } in decided {
            let tasks = queue.of_mut(&mut self.recorded.undecided);
            if tasks.is_some_and(|tasks| tasks.remove(id.as_str()).is_some()) {
                self.keep_undecided(*queue);
            }
        }
    }

    /// Returns whether a served queue contains text of other writers that was not judged under the
    /// lock. It may be an edit that will be put back.
    pub fn is_unjudged(&self) -> bool {
        let judged = QueueIx::each(&self.loaded[..self.served]);
        judged.filter(|(queue, _)| !self.alone.contains(queue)).any(|(_, f)| f.is_unexplained())
    }

    /// Returns whether the last write in each journal matches its served queue, as far as there are
    /// journals. For readers, which judge nothing.
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

    /// Leaves the files of `queues`, and the events that wait for their journals, unchanged until
    /// the next call: a person may be replacing the files with other versions. The files may be
    /// unreadable meanwhile.
    pub fn leave_alone(&mut self, queues: HashSet<QueueIx>) {
        self.alone = queues;
    }

    /// Reads a paused queue once more, when nothing of this process runs for it any more, and
    /// judges what its attempts wrote.
    ///
    /// # Errors
    /// As [`QueueStore::update`].
    pub fn look_when_still(&mut self, queue: QueueIx) -> Result<Vec<Event>, StoreError> {
        let alone = self.alone.clone();
        self.alone.remove(&queue);
        let looked = self.update(Patience::Unlimited, &mut |_| Ok(()));
        self.alone = alone;
        looked
    }

    /// Records which of the queues that are left alone are at rest for all loops. What is written
    /// to their files until they are resumed is then a person's edit.
    pub fn note_stillness(&mut self) {
        let still = |queue: &QueueIx| {
            let file = &self.loaded[*queue];
            requests::is_still(file.state(), file.stem())
        };
        let still: Vec<QueueIx> = self.alone.iter().copied().filter(still).collect();
        self.recorded.quiet.extend(still);
    }

    /// Records that a verification without a claimed task ran in this process. What it wrote to a
    /// queue is judged like the edits of an attempt.
    pub fn verification_ran(&mut self) {
        (self.recorded.verified, self.recorded.verified_here) = (true, true);
    }

    /// Sets whether reads fail at once if a file cannot be read, for callers that try again anyway.
    pub fn be_impatient(&mut self, impatient: bool) {
        self.recorded.settle = if impatient { Duration::ZERO } else { SETTLE };
    }

    /// Removes the recorded state of set-back tasks that are to be done again.
    pub fn decide(&mut self, tasks: &[TaskRef]) {
        for TaskRef { queue, id } in tasks {
            self.recorded.undecided[*queue].remove(id.as_str());
        }
        let queues: BTreeSet<QueueIx> = tasks.iter().map(|task| task.queue).collect();
        queues.into_iter().for_each(|queue| self.keep_undecided(queue));
    }

    fn keep_undecided(&self, queue: QueueIx) {
        let file = &self.loaded[queue];
        let tasks: &Undecided = &self.recorded.undecided[queue];
        let name: &OsStr = file.name();
        drop(undecided::keep(file.state(), name, tasks, &*self.options.ids));
    }
}
