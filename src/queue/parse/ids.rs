//! Finds tasks by id, using a table of indexes. The ids themselves are not stored here, because the
//! tasks already contain them.

use crate::domain::Task;
use crate::platform::hash::seeded;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Indexes by id. The tasks are passed in with each lookup.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids(HashTable<u32>);

/// Two tasks with the same id, in file order.
pub(crate) struct Twice {
    pub(crate) first: usize,
    pub(crate) second: usize,
}

impl Ids {
    /// Enters `count` ids; `id` returns each of them.
    pub(crate) fn build<'t>(count: usize, id: impl Fn(usize) -> &'t str) -> Result<Self, Twice> {
        let mut ids = Self(HashTable::with_capacity(count));
        for index in 0..count {
            if let Some(first) = ids.enter(index, &id) {
                return Err(Twice { first, second: index });
            }
        }
        Ok(ids)
    }

    /// Enters an id. If it is already there, returns its existing index.
    fn enter<'t>(&mut self, index: usize, id: &impl Fn(usize) -> &'t str) -> Option<usize> {
        let text = id(index);
        let same = |other: &u32| id(*other as usize) == text;
        let again = |other: &u32| seeded(id(*other as usize).as_bytes());
        match self.0.entry(seeded(text.as_bytes()), same, again) {
            Entry::Occupied(slot) => Some(*slot.get() as usize),
            Entry::Vacant(slot) => {
                slot.insert(index as u32);
                None
            }
        }
    }

    /// Returns the index of the task with this id.
    pub(crate) fn find(&self, text: &str, tasks: &[Task]) -> Option<usize> {
        let is = |index: &u32| tasks.get(*index as usize).is_some_and(|t| t.id.as_str() == text);
        self.0.find(seeded(text.as_bytes()), is).map(|index| *index as usize)
    }

    /// Enters the last one of `tasks`, whose id is new.
    pub(crate) fn push(&mut self, tasks: &[Task]) {
        if let Some(last) = tasks.len().checked_sub(1) {
            self.enter(last, &|index: usize| tasks[index].id.as_str());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TaskId;

    #[test]
    fn every_id_is_found_and_no_other() {
        let mut tasks = Vec::new();
        let mut ids = Ids::build(0, |_| "").ok().unwrap();
        assert_eq!(ids.find("T-0", &tasks), None);
        assert_eq!(Ids::default().find("T-0", &tasks), None);
        for number in 0..1_000 {
            tasks.push(Task::new(TaskId::new(&format!("T-{number}")).unwrap()));
            ids.push(&tasks);
        }
        let built = Ids::build(tasks.len(), |n| tasks[n].id.as_str()).ok().unwrap();
        for number in 0..1_100 {
            let want = (number < 1_000).then_some(number);
            assert_eq!(ids.find(&format!("T-{number}"), &tasks), want);
            assert_eq!(built.find(&format!("T-{number}"), &tasks), want);
        }
    }

    #[test]
    fn the_second_of_two_is_told() {
        let names = ["a", "b", "c", "b"];
        let twice = Ids::build(4, |n| names[n]).err().unwrap();
        assert_eq!((twice.first, twice.second), (1, 3));
    }
}
