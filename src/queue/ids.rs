//! Finds a task by its id: a table of indices, without the ids themselves.
//!
//! The ids stand in the tasks already; beside the index the table keeps half of the hash, so
//! that another task is hardly ever looked at. The hash is seeded anew by every process, so that
//! nobody can write a file whose ids all fall into one place.

use crate::domain::Task;
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Index of a slot that is free.
const FREE: u32 = u32::MAX;

/// Indices by id; the tasks are handed in with each question.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    /// The upper half of the hash, and the index.
    slots: Vec<(u32, u32)>,
    count: usize,
}

/// Two tasks of one id, in file order.
pub(super) struct Twice {
    pub(super) first: usize,
    pub(super) second: usize,
}

impl Ids {
    /// Enters `count` ids, of which `id` tells each.
    pub(super) fn build<'t>(count: usize, id: impl Fn(usize) -> &'t str) -> Result<Self, Twice> {
        let mut ids = Self::with_room(count);
        for index in 0..count {
            if let Some(first) = ids.enter(id(index), index, &id) {
                return Err(Twice { first, second: index });
            }
        }
        Ok(ids)
    }

    fn with_room(count: usize) -> Self {
        let slots = (count * 4 / 3 + 1).next_power_of_two();
        Self { slots: vec![(0, FREE); slots], count: 0 }
    }

    /// Enters an id, unless it stands there: then the index under which it does.
    fn enter<'t>(
        &mut self,
        text: &str,
        index: usize,
        id: &impl Fn(usize) -> &'t str,
    ) -> Option<usize> {
        let (tag, mut at) = self.place(text);
        while let Some(&(other, found)) = self.slots.get(at).filter(|slot| slot.1 != FREE) {
            if other == tag && id(found as usize) == text {
                return Some(found as usize);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = (tag, index as u32);
        }
        self.count += 1;
        None
    }

    fn place(&self, text: &str) -> (u32, usize) {
        static SEED: OnceLock<u64> = OnceLock::new();
        let seed = *SEED.get_or_init(|| RandomState::new().hash_one(0));
        let hash = xxh3_64_with_seed(text.as_bytes(), seed);
        ((hash >> 32) as u32, hash as usize & self.slots.len().wrapping_sub(1))
    }

    /// The index of the task with this id.
    pub(super) fn find(&self, text: &str, tasks: &[Task]) -> Option<usize> {
        let (tag, mut at) = self.place(text);
        while let Some(&(other, found)) = self.slots.get(at).filter(|slot| slot.1 != FREE) {
            let task = tasks.get(found as usize);
            if other == tag && task.is_some_and(|task| task.id.as_str() == text) {
                return Some(found as usize);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        None
    }

    /// Enters the last one of `tasks`, whose id is new.
    pub(super) fn push(&mut self, tasks: &[Task]) {
        let id = |index: usize| tasks[index].id.as_str();
        let Some(last) = tasks.len().checked_sub(1) else { return };
        if (self.count + 1) * 4 > self.slots.len() * 3 {
            let mut larger = Self::with_room(tasks.len() * 2);
            for index in 0..last {
                larger.enter(id(index), index, &id);
            }
            *self = larger;
        }
        self.enter(id(last), last, &id);
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
