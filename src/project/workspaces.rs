//! What is kept of attempts in private trees: put back on the disk for a person, and given up when it
//! is old.

use super::change_of::ChangeOf;
use super::queues::QueueSet;
use crate::domain::{Field, Status};
use crate::queue::Queue;
use crate::workspace::{
    AttemptName, AttemptRef, GitError, PlaceError, Places, Repository, SetupRules, TaskName, Tree,
    TreeError, TreeRules, Wanted,
};
use chrono::DateTime;
use std::collections::HashMap;
use std::path::PathBuf;
use thiserror::Error;

/// How long attempts of complete tasks are kept, in seconds: thirty days.
const KEPT: i64 = 30 * 24 * 60 * 60;

/// Whose attempts those of the task `id` of a queue are.
pub fn task_name(
    repository: &Repository,
    (set, queues): (&QueueSet, &[Queue]),
    queue: usize,
    id: &str,
) -> TaskName {
    let mut others = queues.iter().enumerate().filter(|(number, _)| *number != queue);
    let is_shared = others.any(|(_, other)| other.index_of(id).is_some());
    TaskName { is_shared, ..TaskName::new(repository, set.real(queue), set.name(queue), id) }
}

/// The tree of an attempt on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Its folder.
    pub path: PathBuf,
    /// Whether it was made just now; one that was there is left as it is.
    pub is_new: bool,
}

/// Why a tree could not be put on the disk.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// There is no place for it.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// It could not be written.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// Another process makes it or removes it.
    #[error("another process is making or removing it")]
    Busy,
}

/// Puts what an attempt left into a folder of its own, with a repository of its own: HEAD is the base,
/// and the change is staged.
///
/// # Errors
/// [`RestoreError`].
pub fn restore(
    repository: &Repository,
    places: &Places,
    rules: &TreeRules,
    (name, change): (&AttemptName, &ChangeOf),
) -> Result<Restored, RestoreError> {
    let slot = places.take_restored(&name.part(), name.number)?.ok_or(RestoreError::Busy)?;
    let path = slot.tree().to_owned();
    // The last thing that is made of a tree.
    if path.join(".git").exists() {
        return Ok(Restored { path, is_new: false });
    }
    let rules = TreeRules { setup: SetupRules::default(), ..rules.clone() };
    let mut tree = Tree::new(repository, slot, rules)?;
    tree.prepare(&Wanted { base: change.base.clone(), files: change.commit.clone() })?;
    Ok(Restored { path, is_new: true })
}

/// What is known of the task of a kept attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// It is not complete.
    Open,
    /// It is complete, since then (seconds since 1970) where that is known.
    Complete(Option<i64>),
}

/// The tasks of the loaded queues, by what their attempts are called in refs.
#[derive(Clone, Debug, Default)]
pub struct Owners(HashMap<String, Owner>);

impl Owners {
    /// Those of all loaded queues.
    pub fn of(set: &QueueSet, queues: &[Queue]) -> Self {
        let mut owners = Self::default();
        for (number, queue) in queues.iter().enumerate() {
            for (index, task) in queue.tasks().iter().enumerate() {
                let owner = owner(queue, index);
                let name = |queue: Option<&str>| AttemptName {
                    task: task.id.to_string(),
                    queue: queue.map(str::to_owned),
                    number: 0,
                };
                owners.add(name(None).part(), owner);
                owners.add(name(Some(set.name(number))).part(), owner);
            }
        }
        owners
    }

    /// Where several tasks have the name, one that is open counts, else the one that ended last.
    fn add(&mut self, part: String, owner: Owner) {
        let before = self.0.insert(part.clone(), owner);
        if let Some(before) = before {
            self.0.insert(part, later(before, owner));
        }
    }

    /// What is to become of `attempts` of which the newest `keep` of each task stay.
    pub fn sort(&self, mut attempts: Vec<AttemptRef>, keep: usize, now: i64) -> Sorted {
        attempts.sort_by(|one, other| (&one.part, other.number).cmp(&(&other.part, one.number)));
        let mut sorted = Sorted::default();
        let (mut part, mut count) = (String::new(), 0);
        for one in attempts {
            if one.part != part {
                (part, count) = (one.part.clone(), 0);
            }
            count += 1;
            match self.0.get(&one.part) {
                None => sorted.strange.push(one),
                Some(Owner::Complete(since)) if since.unwrap_or(one.date.0) < now - KEPT => {
                    sorted.old.push(one);
                }
                Some(_) if count > keep.max(1) => sorted.old.push(one),
                Some(_) => sorted.kept.push(one),
            }
        }
        sorted
    }
}

/// Kept attempts by what is to become of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sorted {
    /// They stay.
    pub kept: Vec<AttemptRef>,
    /// They are beyond the limits.
    pub old: Vec<AttemptRef>,
    /// Their task is in none of the loaded queues.
    pub strange: Vec<AttemptRef>,
}

/// Gives up what is beyond the limits of the attempts of a repository.
///
/// # Errors
/// When git cannot be asked.
pub fn forget_old(
    repository: &Repository,
    (set, queues): (&QueueSet, &[Queue]),
    now: i64,
) -> Result<Sorted, GitError> {
    let attempts = repository.attempts(None)?;
    let keep = usize::try_from(set.config.limits.keep_attempts.value).unwrap_or(usize::MAX);
    let sorted = match attempts.as_slice() {
        // A queue may have very many tasks.
        [] => Sorted::default(),
        [..] => Owners::of(set, queues).sort(attempts, keep, now),
    };
    repository.forget(&sorted.old)?;
    repository.forget_fresh()?;
    Ok(sorted)
}

fn owner(queue: &Queue, task: usize) -> Owner {
    if queue.tasks()[task].status != Status::Complete {
        return Owner::Open;
    }
    let at = queue.text(task, Field::CompletedAt);
    let at = at.and_then(|text| DateTime::parse_from_rfc3339(&text).ok());
    Owner::Complete(at.map(|at| at.timestamp()))
}

fn later(one: Owner, other: Owner) -> Owner {
    match (one, other) {
        (Owner::Complete(one), Owner::Complete(other)) => Owner::Complete(one.max(other)),
        (Owner::Open, _) | (_, Owner::Open) => Owner::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Oid, Stamp};

    fn attempt(part: &str, number: u32, date: i64) -> AttemptRef {
        let commit = Oid::parse(&"a".repeat(40)).unwrap();
        AttemptRef { part: part.to_owned(), number, commit, date: Stamp(date) }
    }

    fn names(attempts: &[AttemptRef]) -> Vec<String> {
        attempts.iter().map(|one| format!("{}/{}", one.part, one.number)).collect()
    }

    #[test]
    fn attempts_go_by_number_and_those_of_complete_tasks_by_age() {
        let now = 100 * KEPT;
        let mut owners = Owners::default();
        owners.add("open".into(), Owner::Open);
        owners.add("new".into(), Owner::Complete(Some(now - KEPT)));
        owners.add("old".into(), Owner::Complete(Some(now - KEPT - 1)));
        owners.add("undated".into(), Owner::Complete(None));
        owners.add("both".into(), Owner::Complete(Some(0)));
        owners.add("both".into(), Owner::Open);
        let all = vec![
            attempt("open", 9, 0),
            attempt("open", 11, 0),
            attempt("open", 10, 0),
            attempt("new", 1, 0),
            attempt("old", 1, now),
            attempt("undated", 1, 0),
            attempt("undated", 2, now),
            attempt("both", 1, 0),
            attempt("gone", 1, 0),
        ];
        let sorted = owners.sort(all, 2, now);
        assert_eq!(names(&sorted.kept), ["both/1", "new/1", "open/11", "open/10", "undated/2"]);
        assert_eq!(names(&sorted.old), ["old/1", "open/9", "undated/1"]);
        assert_eq!(names(&sorted.strange), ["gone/1"]);
    }
}
