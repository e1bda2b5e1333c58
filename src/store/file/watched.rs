//! Queues that are only read: the states of their tasks are used only as far as they are recorded.
//!
//! The loops that serve such a queue judge its edits. Until one of them has done so, an edit made
//! beside attempts is ignored here: a task that an agent marked complete in another queue must not
//! start its dependents.

use super::{FileStore, beside};
use crate::domain::{QueueIx, Status};
use crate::queue::Queue;
use crate::store::journal::Journal;
use crate::store::judge::Origin;
use crate::store::last_good;

impl FileStore {
    /// Uses the last recorded text of watched queues that were edited beside attempts, and returns
    /// to their own text once that is recorded.
    pub(super) fn doubt_watched(&mut self) {
        for index in QueueIx::first(self.loaded.len()).skip(self.served) {
            let file = &mut self.loaded[index];
            if self.recorded.doubted.contains(&index) {
                // Reads the file again; its text may be recorded by now.
                file.forget();
                drop(file.refresh(&mut self.queues[index]));
                self.recorded.doubted.remove(&index);
            } else if !file.is_unexplained() {
                continue;
            }
            file.know(&self.queues[index]);
            let journal = Journal::new(file.state().clone());
            drop(file.take_unexplained());
            let Origin::Edited { is_void, .. } = file.origin(&journal) else { continue };
            let base = last_good::recorded(file.state(), file.path(), &journal, is_void);
            let Some(base) = base else { continue };
            let backups = self.options.backups.as_ref();
            let runs = base.tasks().iter().any(|task| task.status == Status::InProgress);
            let mut roots = self.locking.also.iter();
            if runs || roots.any(|root| beside::others_ran(root, file.path(), backups)) {
                self.take_reading(index, base);
            }
        }
    }

    fn take_reading(&mut self, index: QueueIx, base: Queue) {
        self.queues[index] = base;
        self.recorded.doubted.insert(index);
    }
}
