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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ItemMap;
    use std::path::Path;

    fn items(step: &str) -> Arc<StepItems> {
        Arc::new([(step.to_owned(), ItemMap::new())].into())
    }

    fn key(queue: &str, id: &str) -> TaskKey {
        TaskKey::new(Path::new(queue), id)
    }

    #[test]
    fn a_task_begins_with_the_items_that_were_noted_for_it_and_its_steps() {
        let (known, task) = (KnownItems::default(), key("/p/q.json", "A"));
        assert_eq!(known.of_task(&task, "s"), None);
        known.note_task(&task, "s", Some(&items("first")));
        assert_eq!(known.of_task(&task, "s"), Some(items("first")));
        for (other, steps) in
            [(&task, "t"), (&key("/p/q.json", "B"), "s"), (&key("/p/r.json", "A"), "s")]
        {
            assert_eq!((known.of_task(other, steps), known.began(other, steps)), (None, None));
        }
        known.note_task(&task, "s", Some(&items("second")));
        assert_eq!(known.of_task(&task, "s"), Some(items("second")));
    }

    #[test]
    fn a_task_that_starts_over_has_no_items_and_a_gate_still_knows_what_it_began_with() {
        let (known, task) = (KnownItems::default(), key("/p/q.json", "A"));
        known.note_task(&task, "s", Some(&items("first")));
        known.note_task(&task, "s", None);
        assert_eq!(
            (known.of_task(&task, "s"), known.began(&task, "s")),
            (None, Some(items("first")))
        );
        // Nothing was noted for these steps.
        known.note_task(&task, "t", None);
        assert_eq!(known.began(&task, "t"), None);
    }

    #[test]
    fn items_of_a_tree_belong_to_its_name_and_to_the_steps() {
        let known = KnownItems::default();
        known.note_tree("s", "git tree 1", &items("one"));
        known.note_tree("s", "git tree 2", &items("two"));
        assert_eq!(known.of_tree("s", "git tree 1"), Some(items("one")));
        assert_eq!(known.of_tree("s", "git tree 2"), Some(items("two")));
        assert_eq!(
            (known.of_tree("s", "git tree 3"), known.of_tree("t", "git tree 1")),
            (None, None)
        );
        known.note_tree("s", "git tree 1", &items("three"));
        assert_eq!(known.of_tree("s", "git tree 1"), Some(items("three")));
    }
}
