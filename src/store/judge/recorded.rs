//! What was last recorded of each served queue, and what a change decided.

use crate::domain::{Event, EventKind, QueueIx, Status, TaskId};
use crate::queue::Queue;
use crate::store::place::TaskRef;
use crate::store::records::undecided::Undecided;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

/// How long to retry a file that is not valid JSON: an editor that saves in place leaves it
/// half-written for a moment.
const SETTLE: Duration = Duration::from_secs(2);

/// What was last recorded of each served queue, in addition to its journal.
#[derive(Debug)]
pub struct Recorded {
    /// The queue with the hash of its text, while an attempt runs.
    pub(super) memory: Vec<Option<(String, Queue)>>,
    /// Finished tasks that were set back and about which nobody has decided.
    pub(in crate::store) undecided: Vec<Undecided>,
    /// Queues that are neither written nor judged for now, whatever their texts contain.
    pub(in crate::store) alone: HashSet<QueueIx>,
    /// Paused queues for which nothing ran since this process last read them.
    pub(in crate::store) quiet: HashSet<QueueIx>,
    /// Watched queues whose last recorded text is used instead of the file.
    pub(super) doubted: HashSet<QueueIx>,
    /// Whether a verification without an attempt ran since the last change: one of this process, or
    /// one of any loop that decides about finished work that was set back.
    pub(in crate::store) verified: bool,
    /// Whether it was one of this process.
    pub(in crate::store) verified_here: bool,
    /// How long to retry a file that cannot be read.
    settle: Duration,
}

impl Recorded {
    /// Creates the initial state for `served` queues, of which nothing is recorded yet.
    pub(in crate::store) fn of(served: usize) -> Self {
        Self {
            memory: vec![None; served],
            undecided: vec![Undecided::new(); served],
            doubted: HashSet::new(),
            alone: HashSet::new(),
            quiet: HashSet::new(),
            verified: false,
            verified_here: false,
            settle: SETTLE,
        }
    }

    /// Returns the tasks that were complete and were set back with their queue, and whose work may
    /// not be there. They cannot be claimed until a verification of the tree has decided about
    /// them.
    pub fn undecided(&self) -> impl Iterator<Item = TaskRef> {
        QueueIx::each(&self.undecided).flat_map(|(queue, tasks)| {
            tasks.keys().filter_map(move |id| Some(TaskRef { queue, id: TaskId::new(id)? }))
        })
    }

    /// Returns the state in which an undecided task was complete.
    pub fn state_before(&self, task: &TaskRef) -> Option<&Map<String, Value>> {
        task.queue.of(&self.undecided)?.get(task.id.as_str())
    }

    /// Leaves the texts of `queues`, and the events that wait for their journals, unchanged until
    /// the next call: a person may be replacing the texts with other versions. They may be
    /// unreadable meanwhile.
    pub fn leave_alone(&mut self, queues: HashSet<QueueIx>) {
        self.alone = queues;
    }

    /// Records that a verification without a claimed task ran in this process. What it wrote to a
    /// queue is judged like the edits of an attempt.
    pub fn verification_ran(&mut self) {
        (self.verified, self.verified_here) = (true, true);
    }

    /// Sets whether reads fail at once if a queue cannot be read, for callers that try again
    /// anyway.
    pub fn be_impatient(&mut self, impatient: bool) {
        self.settle = if impatient { Duration::ZERO } else { SETTLE };
    }

    /// Returns the queues whose texts must be read again, because they may be recorded by now.
    pub(in crate::store) fn take_doubted(&mut self) -> HashSet<QueueIx> {
        std::mem::take(&mut self.doubted)
    }

    /// Returns how long to retry a queue that cannot be read.
    pub(in crate::store) fn settle(&self) -> Duration {
        self.settle
    }

    /// Takes in the undecided tasks of a queue, as stored.
    pub(in crate::store) fn load_undecided(&mut self, queue: QueueIx, tasks: Undecided) {
        // Even if an edit says that they are complete now.
        self.verified |= !tasks.is_empty();
        self.undecided[queue] = tasks;
    }

    /// Removes undecided tasks that no longer wait for a decision: they have another state or no
    /// longer exist. Call it after edits were judged, because an edit that is put back decides
    /// nothing. Queues that are left alone are not judged.
    pub(super) fn forget_decided(&mut self, queues: &[Queue]) {
        let alone = &self.alone;
        let judged = QueueIx::each(&mut self.undecided).filter(|(queue, _)| !alone.contains(queue));
        for (queue, tasks) in judged {
            tasks.retain(|id, _| {
                let index = queues[queue].index_of(id);
                index.is_some_and(|index| queues[queue].tasks()[index].status == Status::Pending)
            });
        }
    }

    /// Records that a change was written: the `served` queues, each with the `hash` of its text,
    /// are what attempts are judged against as long as any runs. Returns the queues of which
    /// undecided tasks were `decided`.
    pub(in crate::store) fn wrote(
        &mut self,
        served: &[Queue],
        hash: impl Fn(QueueIx) -> String,
        decided: &HashSet<TaskRef>,
    ) -> BTreeSet<QueueIx> {
        let runs = served.iter().any(|queue| queue.counts().of(Status::InProgress) > 0);
        for (index, queue) in QueueIx::each(served) {
            self.memory[index] = runs.then(|| (hash(index), queue.clone()));
        }
        (self.verified, self.verified_here) = (false, false);
        // Something was claimed, so attempts may run again.
        let alone = &self.alone;
        self.quiet.retain(|queue| alone.contains(queue));
        self.decide(decided.iter())
    }

    /// Removes the recorded state of `tasks`. Returns the queues in which there was one.
    pub(in crate::store) fn decide<'t>(
        &mut self,
        tasks: impl Iterator<Item = &'t TaskRef>,
    ) -> BTreeSet<QueueIx> {
        let mut changed = BTreeSet::new();
        for TaskRef { queue, id } in tasks {
            let waiting = queue.of_mut(&mut self.undecided);
            if waiting.is_some_and(|waiting| waiting.remove(id.as_str()).is_some()) {
                changed.insert(*queue);
            }
        }
        changed
    }
}

/// Returns the tasks that a change decided about: once a task that was set back gets a state, its
/// old one is not restored any more. A changed text or an approval decides nothing about finished
/// work.
pub(in crate::store) fn decided(events: &[(QueueIx, Event)]) -> HashSet<TaskRef> {
    let silent = [EventKind::ExternalEdit, EventKind::Edited, EventKind::Approved];
    let decides = |event: &Event| !silent.contains(&event.event);
    let task = |(queue, event): &(QueueIx, Event)| {
        let id = event.task.as_deref().filter(|_| decides(event)).and_then(TaskId::new)?;
        Some(TaskRef { queue: *queue, id })
    };
    events.iter().filter_map(task).collect()
}
