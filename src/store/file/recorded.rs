//! What is kept beside the journal after each change.

use super::{FileStore, SETTLE};
use crate::domain::{Event, EventKind, Status};
use crate::queue::Queue;
use crate::store::journal::Journal;
use crate::store::requests;
use crate::store::undecided::{self, Undecided};
use crate::store::{Patience, Place, QueueStore, StoreError, last_good, queue_name};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::time::Duration;

/// What was recorded last of each served queue, beside its journal.
pub(super) struct Recorded {
    /// The queue with the hash of its text, while an attempt runs.
    pub(super) memory: Vec<Option<(String, Queue)>>,
    /// Finished tasks that were set back, and about which nobody decided.
    pub(super) undecided: Vec<Undecided>,
    /// Queues for which nothing ran since this process looked at them last: they were paused.
    pub(super) quiet: HashSet<usize>,
    /// Watched queues whose last recorded reading stands for what is in the file.
    pub(super) doubted: HashSet<usize>,
    /// Whether a verification without an attempt ran since the last change: one of this process, or
    /// one that decides about finished work that was set back, by whichever loop.
    pub(super) verified: bool,
    /// Whether it was one of this process.
    pub(super) verified_here: bool,
    /// Whether it was told that a copy could not be kept.
    told: bool,
    /// Whether it was told that the backup could not be written.
    told_of_backup: bool,
    /// How long a file that cannot be read is given.
    pub(super) settle: Duration,
}

impl Recorded {
    /// Tells that a copy could not be kept, the first time.
    fn tell_once(&mut self, kept: io::Result<()>, tell: &mut (dyn FnMut(&str) + Send)) {
        if let Err(error) = kept
            && !std::mem::replace(&mut self.told, true)
        {
            tell(&format!("the last good copy is not kept: {error}"));
        }
    }

    /// Tells that the backup could not be written, the first time.
    pub(super) fn tell_of_backup(
        &mut self,
        error: &io::Error,
        tell: &mut (dyn FnMut(&str) + Send),
    ) {
        if !std::mem::replace(&mut self.told_of_backup, true) {
            tell(&format!("what is recorded is not copied out of the project: {error}"));
        }
    }

    /// Nothing is known of `served` queues yet.
    pub(super) fn of(served: usize) -> Self {
        let undecided = vec![Undecided::new(); served];
        let doubted = HashSet::new();
        Self {
            memory: vec![None; served],
            undecided,
            doubted,
            quiet: HashSet::new(),
            verified: false,
            verified_here: false,
            told: false,
            told_of_backup: false,
            settle: SETTLE,
        }
    }
}

/// A task of a served queue.
pub(super) type Decided = HashSet<(usize, String)>;

/// The tasks that a change decided about: when a task that was set back gets a state, its old one is
/// not put back any more. Other words, or an approval, say nothing about finished work.
pub(super) fn decided(events: &[(usize, Event)]) -> Decided {
    let silent = [EventKind::ExternalEdit, EventKind::Edited, EventKind::Approved];
    let decides = |event: &Event| !silent.contains(&event.event);
    let task = |(queue, event): &(usize, Event)| {
        event.task.clone().filter(|_| decides(event)).map(|task| (*queue, task))
    };
    events.iter().filter_map(task).collect()
}

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

    /// Notes which of the queues that are left alone stand still for all loops: what is written into
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
