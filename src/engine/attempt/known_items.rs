//! Items of the trees that tasks began with, as this run knows them: what an agent writes into files of
//! ours meanwhile changes nothing of it.

use crate::domain::StepItems;
use crate::store::TaskKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Shared by the slots of a run.
#[derive(Debug, Default)]
pub(crate) struct KnownItems {
    /// By task and steps.
    of_tasks: Mutex<HashMap<(TaskKey, String), Arc<StepItems>>>,
    /// The same, also of tasks that are complete.
    of_begun: Mutex<HashMap<(TaskKey, String), Arc<StepItems>>>,
    /// By steps and name of the tree.
    of_trees: Mutex<HashMap<(String, String), Arc<StepItems>>>,
}

impl KnownItems {
    /// What `task` began with.
    pub(super) fn of_task(&self, task: &TaskKey, steps: &str) -> Option<Arc<StepItems>> {
        let known = self.of_tasks.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(task.clone(), steps.to_owned())).cloned()
    }

    /// What `task` began with, also when it is complete.
    pub(super) fn began(&self, task: &TaskKey, steps: &str) -> Option<Arc<StepItems>> {
        let known = self.of_begun.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(task.clone(), steps.to_owned())).cloned()
    }

    /// Notes what `task` begins with; `None` where it begins anew.
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

    /// What is on a tree.
    pub(super) fn of_tree(&self, steps: &str, tree: &str) -> Option<Arc<StepItems>> {
        let known = self.of_trees.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(steps.to_owned(), tree.to_owned())).cloned()
    }

    /// Notes what is on a tree.
    pub(super) fn note_tree(&self, steps: &str, tree: &str, items: &Arc<StepItems>) {
        let mut known = self.of_trees.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((steps.to_owned(), tree.to_owned()), Arc::clone(items));
    }
}
