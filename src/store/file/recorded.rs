//! What was last recorded of each served queue, and what a change decided.

use crate::domain::{Event, EventKind, QueueIx, TaskId};
use crate::queue::Queue;
use crate::store::place::TaskRef;
use crate::store::records::undecided::Undecided;
use std::collections::HashSet;
use std::io;
use std::time::Duration;

/// How long to retry a file that is not valid JSON: an editor that saves in place leaves it
/// half-written for a moment.
pub(super) const SETTLE: Duration = Duration::from_secs(2);

/// What was last recorded of each served queue, in addition to its journal.
pub(super) struct Recorded {
    /// The queue with the hash of its text, while an attempt runs.
    pub(super) memory: Vec<Option<(String, Queue)>>,
    /// Finished tasks that were set back and about which nobody has decided.
    pub(super) undecided: Vec<Undecided>,
    /// Paused queues for which nothing ran since this process last read them.
    pub(super) quiet: HashSet<QueueIx>,
    /// Watched queues whose last recorded text is used instead of the file.
    pub(super) doubted: HashSet<QueueIx>,
    /// Whether a verification without an attempt ran since the last change: one of this process, or
    /// one of any loop that decides about finished work that was set back.
    pub(super) verified: bool,
    /// Whether it was one of this process.
    pub(super) verified_here: bool,
    /// Whether it was reported that a copy could not be kept.
    told: bool,
    /// Whether it was reported that the backup could not be written.
    told_of_backup: bool,
    /// How long to retry a file that cannot be read.
    pub(super) settle: Duration,
}

impl Recorded {
    /// Reports, the first time, that a copy could not be kept.
    pub(super) fn tell_once(&mut self, kept: io::Result<()>, tell: &mut (dyn FnMut(&str) + Send)) {
        if let Err(error) = kept
            && !std::mem::replace(&mut self.told, true)
        {
            tell(&format!("the last good copy could not be written: {error}"));
        }
    }

    /// Reports, the first time, that the backup could not be written.
    pub(super) fn tell_of_backup(
        &mut self,
        error: &io::Error,
        tell: &mut (dyn FnMut(&str) + Send),
    ) {
        if !std::mem::replace(&mut self.told_of_backup, true) {
            tell(&format!("the backup outside of the project could not be written: {error}"));
        }
    }

    /// Creates the initial state for `served` queues, of which nothing is recorded yet.
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

/// Returns the tasks in the lists of the served queues.
pub(super) fn tasks_of(undecided: &[Undecided]) -> impl Iterator<Item = TaskRef> {
    QueueIx::each(undecided).flat_map(|(queue, tasks)| {
        tasks.keys().filter_map(move |id| Some(TaskRef { queue, id: TaskId::new(id)? }))
    })
}

/// Returns the tasks that a change decided about: once a task that was set back gets a state, its
/// old one is not restored any more. A changed text or an approval decides nothing about finished
/// work.
pub(super) fn decided(events: &[(QueueIx, Event)]) -> HashSet<TaskRef> {
    let silent = [EventKind::ExternalEdit, EventKind::Edited, EventKind::Approved];
    let decides = |event: &Event| !silent.contains(&event.event);
    let task = |(queue, event): &(QueueIx, Event)| {
        let id = event.task.as_deref().filter(|_| decides(event)).and_then(TaskId::new)?;
        Some(TaskRef { queue: *queue, id })
    };
    events.iter().filter_map(task).collect()
}
