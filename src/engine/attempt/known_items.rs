//! Items of the trees that tasks began with, as this run knows them. Agents cannot change them by
//! writing into our files.

use crate::domain::StepItems;
use crate::store::TaskKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The items that a run knows, shared by its slots.
#[derive(Debug, Default)]
pub(crate) struct KnownItems {
    /// By task and steps.
    of_tasks: Mutex<HashMap<(TaskKey, String), Arc<StepItems>>>,
    /// The same, including tasks that are complete.
    of_begun: Mutex<HashMap<(TaskKey, String), Arc<StepItems>>>,
    /// By steps and name of the tree.
    of_trees: Mutex<HashMap<(String, String), Arc<StepItems>>>,
}

impl KnownItems {
    /// Returns the items that `task` began with.
    pub(super) fn of_task(&self, task: &TaskKey, steps: &str) -> Option<Arc<StepItems>> {
        let known = self.of_tasks.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(task.clone(), steps.to_owned())).cloned()
    }

    /// Returns the items that `task` began with, even if it is complete.
    pub(super) fn began(&self, task: &TaskKey, steps: &str) -> Option<Arc<StepItems>> {
        let known = self.of_begun.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(task.clone(), steps.to_owned())).cloned()
    }

    /// Records the items that `task` begins with; `None` if it starts over.
    pub(super) fn note_task(&self, task: &TaskKey, steps: &str, items: Option<&Arc<StepItems>>) {
        let mut known = self.of_tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (task.clone(), steps.to_owned());
        if let Some(items) = items {
            let mut begun = self.of_begun.lock().unwrap_or_else(PoisonError::into_inner);
            begun.insert(key.clone(), Arc::clone(items));
        }
        match items {
            Some(items) => drop(known.insert(key, Arc::clone(items))),
            None => drop(known.remove(&key)),
        }
    }

    /// Returns the items of a tree.
    pub(super) fn of_tree(&self, steps: &str, tree: &str) -> Option<Arc<StepItems>> {
        let known = self.of_trees.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(steps.to_owned(), tree.to_owned())).cloned()
    }

    /// Records the items of a tree.
    pub(super) fn note_tree(&self, steps: &str, tree: &str, items: &Arc<StepItems>) {
        let mut known = self.of_trees.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((steps.to_owned(), tree.to_owned()), Arc::clone(items));
    }
}
