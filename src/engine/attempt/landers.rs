//! The tasks of a project, to find out what the commits of its history were allowed to change.

use super::task_grants::grants;
use crate::domain::{Field, QueueIx};
use crate::guardrails::Grants;
use crate::project::QueueSet;
use crate::queue::Queue;
use crate::workspace::Author;
use std::collections::HashMap;
use std::path::Path;

/// All tasks of a project that the run knows, with what they may change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Landers {
    tasks: Vec<Grants>,
    /// Tasks by the commit with which they landed.
    by_commit: HashMap<String, usize>,
    /// Tasks by their id. A commit that a person rewrote, and one of a task that was reset, is
    /// known only by its trailer.
    by_id: HashMap<String, Vec<usize>>,
}

/// Who changed a path, as far as its commits say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ChangedBy {
    /// A person, or a task that no loaded queue has, was among them.
    Others,
    /// Only tasks, and one of them may: the reason.
    Permitted(String),
    /// Only tasks that may not: their ids.
    Tasks(Vec<String>),
}

impl Landers {
    /// Returns the tasks of the queues whose project root is `root`.
    pub(super) fn of(set: &QueueSet, queues: &[Queue], root: &Path) -> Self {
        let mut all = Self::default();
        for (queue, tasks) in QueueIx::each(queues) {
            if set.root(queue) != root {
                continue;
            }
            for (at, task) in tasks.tasks().iter().enumerate() {
                let commit = tasks.text(at, Field::LandedCommit);
                all.add(task.id.as_str(), commit, grants(tasks, at, root));
            }
        }
        all
    }

    fn add(&mut self, id: &str, commit: Option<String>, grants: Grants) {
        let number = self.tasks.len();
        self.tasks.push(grants);
        self.by_id.entry(id.to_owned()).or_default().push(number);
        if let Some(commit) = commit {
            self.by_commit.insert(commit, number);
        }
    }

    /// Returns who changed a path by `authors`. `permits` returns the reason for which a task with
    /// these grants may change it.
    pub(super) fn changed_by(
        &self,
        authors: &[Author],
        permits: &dyn Fn(&Grants) -> Option<String>,
    ) -> ChangedBy {
        let (mut tasks, mut permitted) = (Vec::new(), None);
        for author in authors {
            let Some(id) = &author.task else { return ChangedBy::Others };
            let numbers = match self.by_commit.get(author.commit.as_str()) {
                Some(number) => std::slice::from_ref(number),
                None => self.by_id.get(id).map_or(&[][..], Vec::as_slice),
            };
            if numbers.is_empty() {
                return ChangedBy::Others;
            }
            let reason = numbers.iter().find_map(|number| permits(&self.tasks[*number]));
            permitted = permitted.or(reason);
            if !tasks.contains(id) {
                tasks.push(id.clone());
            }
        }
        match permitted {
            Some(reason) => ChangedBy::Permitted(reason),
            None if tasks.is_empty() => ChangedBy::Others,
            None => ChangedBy::Tasks(tasks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Oid;

    fn author(digit: char, task: Option<&str>) -> Author {
        let commit = Oid::parse(&digit.to_string().repeat(40)).unwrap();
        Author { commit, task: task.map(str::to_owned) }
    }

    #[test]
    fn a_path_is_judged_by_the_tasks_whose_commits_changed_it() {
        let may = |owns: &str, by_person| Grants {
            owns: vec![owns.to_owned()],
            by_person,
            ..Grants::default()
        };
        let mut all = Landers::default();
        all.add("A", Some("a".repeat(40)), may("tests/a", true));
        all.add("B", Some("b".repeat(40)), may("tests/b", true));
        all.add("C", None, may("tests/a", false));
        // Another queue has a task of the same id, which landed with another commit.
        all.add("B", Some("d".repeat(40)), may("tests/a", true));
        let by = |authors: &[Author]| all.changed_by(authors, &|grants| grants.permits("tests/a"));
        let permitted = ChangedBy::Permitted("declared by the task".to_owned());
        let tasks = |ids: &[&str]| ChangedBy::Tasks(ids.iter().map(ToString::to_string).collect());
        assert_eq!(by(&[author('a', Some("A"))]), permitted);
        assert_eq!(by(&[author('b', Some("B"))]), tasks(&["B"]));
        assert_eq!(by(&[author('d', Some("B"))]), permitted);
        assert_eq!(by(&[author('b', Some("B")), author('a', Some("A"))]), permitted);
        // What is known by its id alone may be of each of them.
        assert_eq!(by(&[author('e', Some("B"))]), permitted);
        assert_eq!(by(&[author('c', Some("C")), author('b', Some("B"))]), tasks(&["C", "B"]));
        assert_eq!(by(&[author('c', Some("C")), author('f', None)]), ChangedBy::Others);
        assert_eq!(by(&[author('c', Some("X"))]), ChangedBy::Others);
        assert_eq!(by(&[]), ChangedBy::Others);
    }
}
