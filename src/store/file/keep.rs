//! Updates what is kept beside the journal after each change.

use super::FileStore;
use crate::domain::QueueIx;
use crate::store::records::undecided;
use crate::store::{StoreError, TaskRef, last_good};
use std::collections::HashSet;

impl FileStore {
    /// Reads the undecided tasks again, because other processes may have changed them.
    pub(super) fn load_undecided(&mut self) -> Result<(), StoreError> {
        for queue in QueueIx::first(self.served) {
            let file = &self.loaded[queue];
            let unread = StoreError::io("read the undecided tasks of", file.path());
            let tasks = undecided::load(file.state(), file.name()).map_err(unread)?;
            self.recorded.load_undecided(queue, tasks);
        }
        Ok(())
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
            self.told.of_copy(kept, &mut *self.options.on_warning);
        }
        let (served, loaded) = (&self.queues[..self.served], &self.loaded);
        let hash = |queue: QueueIx| loaded[queue].hash().to_owned();
        for queue in self.recorded.wrote(served, hash, decided) {
            self.keep_undecided(queue);
        }
    }

    pub(super) fn keep_undecided(&self, queue: QueueIx) {
        let file = &self.loaded[queue];
        let Some(tasks) = queue.of(&self.recorded.undecided) else { return };
        drop(undecided::keep(file.state(), file.name(), tasks, &*self.options.ids));
    }
}
