//! A loaded project: its queues together with the store that keeps them.

use super::queues::QueueSet;
use super::resolve::{Among, reference, resolve};
use crate::config::{Config, Selection};
use crate::queue::Queue;
use crate::store::{Backend, Draft, Patience, Place, QueueStore, StoreError, TaskRef};
use std::sync::Arc;

/// The loaded queues, served ones first.
#[derive(Debug)]
pub struct Project {
    set: Arc<QueueSet>,
    store: Box<dyn QueueStore>,
}

impl Project {
    /// Opens the selected queues and every queue to which they may refer.
    ///
    /// # Errors
    /// Returns [`StoreError`] if a selected queue cannot be read or is refused.
    pub fn open(selection: Selection, backend: Box<dyn Backend>) -> Result<Self, StoreError> {
        let (set, store) = QueueSet::open(selection, backend)?;
        Ok(Self { set: Arc::new(set), store })
    }

    /// Returns the names and places of the queues, and the configuration.
    pub fn set(&self) -> &Arc<QueueSet> {
        &self.set
    }

    /// Returns the configuration.
    pub fn config(&self) -> &Config {
        &self.set.config
    }

    /// Returns the queues as they were last read.
    pub fn queues(&self) -> &[Queue] {
        self.store.queues()
    }

    /// Returns the queues that the command serves.
    pub fn served(&self) -> &[Queue] {
        &self.queues()[..self.set.served()]
    }

    /// Returns the store.
    pub fn store(&self) -> &dyn QueueStore {
        &*self.store
    }

    /// Returns the store mutably, to read again or to report events.
    pub fn store_mut(&mut self) -> &mut dyn QueueStore {
        &mut *self.store
    }

    /// Splits the project, so that the names can be kept longer than the tasks.
    pub fn into_parts(self) -> (Arc<QueueSet>, Box<dyn QueueStore>) {
        (self.set, self.store)
    }

    /// Returns the names and the store together, for a change that needs both.
    pub fn parts_mut(&mut self) -> (&QueueSet, &mut dyn QueueStore) {
        (&self.set, &mut *self.store)
    }

    /// Loads queues to which tasks refer and that were unreadable or not referred to before.
    /// Returns whether any was loaded.
    pub fn follow(&mut self) -> bool {
        Arc::make_mut(&mut self.set).follow(&mut *self.store)
    }

    /// Returns the task to which `text` refers.
    ///
    /// # Errors
    /// As for [`resolve`].
    pub fn resolve(&self, text: &str, among: Among) -> Result<Place, StoreError> {
        resolve(&self.set, self.queues(), text, among)
    }

    /// Makes one change on behalf of a person and records it in the journal. `change` may be called
    /// again if a file changed in the meantime.
    ///
    /// # Errors
    /// Returns [`StoreError`]; nothing is written then.
    pub fn update(
        &mut self,
        mut change: impl FnMut(&mut Draft<'_>, &QueueSet) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let set = &self.set;
        self.store.update(Patience::Limited, &mut |draft| change(draft, set))?;
        Ok(())
    }

    /// Makes the same change to all given tasks or to none. Returns their ids, each as a reference
    /// that resolves to the task.
    ///
    /// # Errors
    /// As for [`Project::update`] and [`resolve`].
    pub fn each(
        &mut self,
        ids: &[String],
        mut change: impl FnMut(&mut Draft<'_>, Place) -> Result<(), StoreError>,
    ) -> Result<Vec<String>, StoreError> {
        let mut done = Vec::new();
        self.update(|draft, set| {
            done.clear();
            for id in ids {
                let place = resolve(set, draft.queues(), id, Among::Served)?;
                change(draft, place)?;
                done.push(reference(set, draft.queues(), &TaskRef::at(draft.queues(), place)));
            }
            Ok(())
        })?;
        Ok(done)
    }
}
