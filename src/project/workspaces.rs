//! Kept attempts in private trees: restoring them on disk for a person, and removing old ones.

use super::change_of::ChangeOf;
use super::queues::QueueSet;
use crate::domain::{Field, QueueIx, Status};
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

/// Returns the name in refs of the task `id` of a queue.
pub(crate) fn task_name(
    repository: &Repository,
    (set, queues): (&QueueSet, &[Queue]),
    queue: QueueIx,
    id: &str,
) -> TaskName {
    let mut others = QueueIx::each(queues).filter(|(number, _)| *number != queue);
    let is_shared = others.any(|(_, other)| other.index_of(id).is_some());
    TaskName {
        is_shared,
        ..TaskName::new(repository, set.real(queue), set.queue(queue).name(), id)
    }
}

/// The tree of an attempt on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restored {
    /// The folder of the tree.
    pub path: PathBuf,
    /// Whether it was just created. An existing tree is left unchanged.
    pub is_new: bool,
}

/// Why a tree could not be restored on disk.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// The place for it cannot be used.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The tree could not be written.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// Another process is creating or removing it.
    #[error("another process is making or removing it")]
    Busy,
}

/// Restores the work of an attempt in a folder and repository of its own. HEAD is the base, and the
/// change is staged.
///
/// # Errors
/// Returns [`RestoreError`].
pub(crate) fn restore(
    repository: &Repository,
    places: &Places,
    rules: &TreeRules,
    (name, change): (&AttemptName, &ChangeOf),
) -> Result<Restored, RestoreError> {
    let slot = places.take_restored(&name.part(), name.number)?.ok_or(RestoreError::Busy)?;
    let path = slot.tree().to_owned();
    // `.git` is created last.
    if path.join(".git").exists() {
        return Ok(Restored { path, is_new: false });
    }
    let rules = TreeRules { setup: SetupRules::default(), ..rules.clone() };
    let mut tree = Tree::new(repository, slot, rules)?;
    tree.prepare(&Wanted { base: change.base.clone(), files: change.commit.clone() })?;
    Ok(Restored { path, is_new: true })
}

/// What is known about the task of a kept attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The task is not complete.
    Open,
    /// The task is complete, since the given time (seconds since 1970) if it is known.
    Complete(Option<i64>),
}

/// The tasks of the loaded queues, by the names of their attempts in refs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owners(HashMap<String, Owner>);

impl Owners {
    /// Returns the tasks of all loaded queues.
    pub(crate) fn of(set: &QueueSet, queues: &[Queue]) -> Self {
        let mut owners = Self::default();
        for (number, queue) in QueueIx::each(queues) {
            for (index, task) in queue.tasks().iter().enumerate() {
                let owner = owner(queue, index);
                let name = |queue: Option<&str>| AttemptName {
                    task: task.id.to_string(),
                    queue: queue.map(str::to_owned),
                    number: 0,
                };
                owners.add(name(None).part(), owner);
                owners.add(name(Some(set.queue(number).name())).part(), owner);
            }
        }
        owners
    }

    /// If several tasks have the name, an open one counts, or else the one that ended last.
    fn add(&mut self, part: String, owner: Owner) {
        let before = self.0.insert(part.clone(), owner);
        if let Some(before) = before {
            self.0.insert(part, later(before, owner));
        }
    }

    /// Sorts `attempts` by what happens to them. Of each task, only the newest `keep` are kept.
    pub(crate) fn sort(&self, mut attempts: Vec<AttemptRef>, keep: usize, now: i64) -> Sorted {
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

/// Attempts sorted by what happens to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// Attempts that are kept.
    pub kept: Vec<AttemptRef>,
    /// Attempts beyond the limits.
    pub old: Vec<AttemptRef>,
    /// Attempts whose task is in none of the loaded queues.
    pub strange: Vec<AttemptRef>,
}

/// Removes the attempts of a repository that are beyond the limits.
///
/// # Errors
/// Returns an error if git fails.
pub(crate) fn forget_old(
    repository: &Repository,
    (set, queues): (&QueueSet, &[Queue]),
    now: i64,
) -> Result<Sorted, GitError> {
    let attempts = repository.attempts(None)?;
    let keep = usize::try_from(set.config.limits.keep_attempts.value).unwrap_or(usize::MAX);
    let sorted = match attempts.as_slice() {
        // A queue may have very many tasks, so they are examined only if there are attempts.
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

    #[test]
    fn a_kept_attempt_belongs_to_the_task_of_its_name_with_or_without_its_queue() {
        use crate::project::tests::{Sample, task};
        use serde_json::json;
        let complete = |id: &str, at: &str| json!({"id": id, "title": id, "status": "complete", "passes": true, "completed_at": at});
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
        let first = json!([complete("A", early), complete("B", "long ago"), task("C", &json!({}))]);
        let second = json!([complete("A", late), complete("C", late)]);
        let served = [("q", json!({ "tasks": first })), ("r", json!({ "tasks": second }))];
        let sample = Sample::new("", &served, &[]);
        let (set, queues) = sample.parts();
        let owners = Owners::of(set, queues);
        let at = |text: &str| {
            Owner::Complete(DateTime::parse_from_rfc3339(text).ok().map(|at| at.timestamp()))
        };
        for (task, queue, wanted) in [
            ("A", Some("q"), Some(at(early))),
            ("A", Some("r"), Some(at(late))),
            // The plain name may mean either task: the one that ended last counts, or an open one.
            ("A", None, Some(at(late))),
            ("B", None, Some(Owner::Complete(None))),
            ("C", Some("r"), Some(at(late))),
            ("C", None, Some(Owner::Open)),
            ("D", None, None),
            ("A", Some("s"), None),
        ] {
            let name =
                AttemptName { task: task.to_owned(), queue: queue.map(str::to_owned), number: 0 };
            assert_eq!(owners.0.get(&name.part()).copied(), wanted, "{task} {queue:?}");
        }
    }

    #[test]
    fn at_least_the_newest_attempt_of_a_task_is_kept() {
        let mut owners = Owners::default();
        owners.add("A".into(), Owner::Open);
        let all = || vec![attempt("A", 1, 0), attempt("A", 3, 0), attempt("A", 2, 0)];
        for (keep, kept) in
            [(0, &["A/3"][..]), (1, &["A/3"]), (2, &["A/3", "A/2"]), (3, &["A/3", "A/2", "A/1"])]
        {
            let sorted = owners.sort(all(), keep, 0);
            assert_eq!(names(&sorted.kept), kept, "{keep}");
            assert_eq!(sorted.kept.len() + sorted.old.len(), 3);
        }
        assert_eq!(owners.sort(Vec::new(), 1, 0), Sorted::default());
    }
}
