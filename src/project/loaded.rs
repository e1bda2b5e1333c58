//! A project as it is loaded: its queues and the store that keeps them, which travel together.

use super::queues::QueueSet;
use super::resolve::{Among, resolve};
use crate::config::{Config, Selection};
use crate::queue::Queue;
use crate::store::file::{FileOptions, FileStore};
use crate::store::{Draft, Patience, Place, QueueStore, StoreError};
use std::sync::Arc;

/// The loaded queues, the served ones first.
#[derive(Debug)]
pub struct Project {
    set: Arc<QueueSet>,
    store: FileStore,
}

impl Project {
    /// Opens the selected queues and every queue that they may refer to.
    ///
    /// # Errors
    /// [`StoreError`] when a selected queue cannot be read or is refused.
    pub fn open(selection: Selection, options: FileOptions) -> Result<Self, StoreError> {
        let (set, store) = QueueSet::open(selection, options)?;
        Ok(Self { set: Arc::new(set), store })
    }

    /// What the queues are called, where they are, and the configuration.
    pub fn set(&self) -> &Arc<QueueSet> {
        &self.set
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.set.config
    }

    /// The queues as they were last read.
    pub fn queues(&self) -> &[Queue] {
        self.store.queues()
    }

    /// Those that the command serves.
    pub fn served(&self) -> &[Queue] {
        &self.queues()[..self.set.served()]
    }

    /// The store.
    pub fn store(&self) -> &FileStore {
        &self.store
    }

    /// The store, to read again or to tell it what happened.
    pub fn store_mut(&mut self) -> &mut FileStore {
        &mut self.store
    }

    /// The two parts, for whoever needs the names for longer than the tasks.
    pub fn into_parts(self) -> (Arc<QueueSet>, FileStore) {
        (self.set, self.store)
    }

    /// The names and the store at once: for a change that needs both.
    pub fn parts_mut(&mut self) -> (&QueueSet, &mut FileStore) {
        (&self.set, &mut self.store)
    }

    /// Loads queues that tasks refer to and that could not be read before, or were not yet referred
    /// to; `true` when there is one.
    pub fn follow(&mut self) -> bool {
        Arc::make_mut(&mut self.set).follow(&mut self.store)
    }

    /// The task that `text` means.
    ///
    /// # Errors
    /// As [`resolve`].
    pub fn resolve(&self, text: &str, among: Among) -> Result<Place, StoreError> {
        resolve(&self.set, self.queues(), text, among)
    }

    /// Makes one change of a person, journalled; it may be called again when a file changed
    /// meanwhile.
    ///
    /// # Errors
    /// [`StoreError`], with nothing written.
    pub fn update(
        &mut self,
        mut change: impl FnMut(&mut Draft<'_>, &QueueSet) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let set = &self.set;
        self.store.update(Patience::Limited, &mut |draft| change(draft, set))?;
        Ok(())
    }

    /// Does the same to every task that is meant, to all of them or to none. Gives their ids.
    ///
    /// # Errors
    /// As [`Project::update`], and as [`resolve`].
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
                done.push(draft.task(place).id.to_string());
            }
            Ok(())
        })?;
        Ok(done)
    }
}
