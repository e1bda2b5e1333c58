//! The steps of an update of files, under the locks of their directories.

use super::FileStore;
use super::evidence::Files;
use crate::domain::{Event, QueueIx};
use crate::platform::lock::DirLock;
use crate::store::judge::{Judge, Made, Recorded};
use crate::store::round::{Change, Steps};
use crate::store::{StoreError, TaskRef};
use std::collections::HashSet;

/// A store with the locks of one update.
pub(super) struct Locked<'s> {
    pub(super) store: &'s mut FileStore,
    pub(super) locks: &'s [DirLock],
}

impl Steps for Locked<'_> {
    fn recorded(&mut self) -> &mut Recorded {
        &mut self.store.recorded
    }

    fn load(&mut self) -> Result<(), StoreError> {
        self.store.load().map(drop)
    }

    fn prepare(&mut self) -> Result<(), StoreError> {
        self.store.refuse_newer()?;
        for (file, queue) in self.store.loaded.iter_mut().zip(&self.store.queues) {
            file.know(queue);
        }
        self.store.load_undecided()
    }

    fn unexplained(&self) -> Vec<QueueIx> {
        let served = QueueIx::first(self.store.served);
        served.filter(|queue| self.store.loaded[*queue].is_unexplained()).collect()
    }

    fn judge(&mut self, change: Change<'_>) -> Made {
        let store = &mut *self.store;
        let mut files = Files {
            loaded: &mut store.loaded,
            journals: &store.journals.by_dir,
            roots: &store.locking.also,
            ids: &*store.options.ids,
            backups: store.options.backups.as_ref(),
        };
        let (recorded, roots) = (&mut store.recorded, store.locking.also.as_slice());
        let judge = Judge { evidence: &mut files, recorded, roots };
        judge.make(&mut store.queues, store.options.clock.now(), change)
    }

    fn commit(
        &mut self,
        touched: &[QueueIx],
        _: &[QueueIx],
        events: Vec<(QueueIx, Event)>,
    ) -> Result<Option<Vec<Event>>, StoreError> {
        self.store.commit(self.locks, touched, events)
    }

    fn keep(
        &mut self,
        changed: Vec<QueueIx>,
        decided: &HashSet<TaskRef>,
    ) -> Result<(), StoreError> {
        self.store.tell_of_change(!changed.is_empty());
        self.store.keep(changed, decided);
        Ok(())
    }

    fn doubt(&mut self, queue: QueueIx) {
        self.store.loaded[queue].doubt();
    }

    fn forget(&mut self, queue: QueueIx) {
        self.store.loaded[queue].forget();
    }
}
