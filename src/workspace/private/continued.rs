//! Determines what a further attempt of a task begins with: the newest work that is kept of it,
//! unless it is to start over.
//!
//! A ref at the newest attempt records that a task starts over. It is beside the attempts, so that
//! it is lost only with them, and the next attempt that is kept makes it obsolete.

use super::super::repo::{GitError, Oid, RefMove, Repository, Stamp, ref_part};
use super::attempts::{ATTEMPTS, AttemptName, AttemptRef};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The prefix of the refs of tasks that start over.
const FRESH: &str = "refs/workloop/fresh/";

/// The trailer that names the queue of the task of an attempt.
const QUEUE: &str = "Workloop-Queue";

/// The task whose attempts are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskName {
    /// The id of the task.
    pub id: String,
    /// The name of its queue.
    pub queue_name: String,
    /// Whether another queue of the project has a task of the same id.
    pub is_shared: bool,
    /// The queue as written in the trailer.
    pub queue: String,
}

/// A kept attempt, and the commit that it is based on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptWork {
    /// The attempt.
    pub attempt: AttemptRef,
    /// Its base.
    pub base: Oid,
}

impl TaskName {
    /// Creates the name of the task `id` of the queue at the real path `queue`, which is called
    /// `queue_name`.
    pub fn new(repository: &Repository, queue: &Path, queue_name: &str, id: &str) -> Self {
        let below = queue.strip_prefix(repository.top()).unwrap_or(queue);
        Self {
            id: id.to_owned(),
            queue_name: queue_name.to_owned(),
            is_shared: false,
            queue: ref_part(&below.to_string_lossy()),
        }
    }

    /// Returns its attempt with this number.
    pub fn attempt(&self, number: u32) -> AttemptName {
        let queue = self.is_shared.then(|| self.queue_name.clone());
        AttemptName { task: self.id.clone(), queue, number }
    }

    /// Returns the message of the commit of an attempt.
    pub fn message(&self, number: u32) -> String {
        let id: String = self.id.chars().filter(|c| !c.is_control()).collect();
        format!("attempt {number} at {id}\n\n{QUEUE}: {}\n", self.queue)
    }

    /// Returns the possible names of its attempts: another queue with the same id may have appeared
    /// or disappeared since.
    fn parts(&self) -> [String; 2] {
        let part = |queue: Option<&String>| {
            let (task, queue) = (self.id.clone(), queue.cloned());
            AttemptName { task, queue, number: 0 }.part()
        };
        [part(None), part(Some(&self.queue_name))]
    }
}

impl Repository {
    /// Returns the kept attempts at `task`, the oldest first.
    ///
    /// # Errors
    /// If git fails.
    pub fn kept_of(&self, task: &TaskName) -> Result<Vec<KeptWork>, GitError> {
        let below = task.parts().map(|part| format!("{ATTEMPTS}{part}/"));
        let listed = self.listed(&below)?;
        Ok(listed.into_iter().filter_map(|one| one.attempt_of(task)).collect())
    }

    /// Returns the work that a further attempt at `task` continues: the newest that is kept, unless
    /// it is to start over.
    ///
    /// # Errors
    /// If git fails.
    pub fn to_continue(&self, task: &TaskName) -> Result<Option<KeptWork>, GitError> {
        let [one, other] = task.parts();
        let below = [&one, &other].map(|part| format!("{ATTEMPTS}{part}/"));
        let fresh = [&one, &other].map(|part| format!("{FRESH}{part}"));
        let listed = self.listed(&[below, fresh].concat())?;
        let newest = listed.iter().filter_map(|one| one.attempt_of(task)).next_back();
        let is_fresh = |kept: &KeptWork| {
            listed
                .iter()
                .any(|one| one.name.starts_with(FRESH) && one.commit == kept.attempt.commit)
        };
        Ok(newest.filter(|kept| !is_fresh(kept)))
    }

    /// Makes the next attempt at each of `tasks` start over; kept attempts stay. Returns how many
    /// tasks have anything to continue.
    ///
    /// # Errors
    /// If refs cannot be read or written.
    pub fn begin_anew(&self, tasks: &[TaskName]) -> Result<usize, GitError> {
        let mut owners: HashMap<String, Vec<&TaskName>> = HashMap::new();
        for task in tasks {
            task.parts().into_iter().for_each(|part| owners.entry(part).or_default().push(task));
        }
        let below: Vec<String> = match tasks {
            [task] => task.parts().map(|part| format!("{ATTEMPTS}{part}/")).into(),
            _ => vec![ATTEMPTS.to_owned()],
        };
        // The last of the listed attempts of a task is its newest.
        let mut newest: HashMap<(&str, &str), AttemptRef> = HashMap::new();
        for one in self.listed(&below)? {
            let Some((part, _)) = one.part_and_number() else { continue };
            for task in owners.get(part).into_iter().flatten() {
                if let Some(kept) = one.attempt_of(task) {
                    newest.insert((&task.id, &task.queue), kept.attempt);
                }
            }
        }
        let fresh =
            |attempt: &AttemptRef| (format!("{FRESH}{}", attempt.part), attempt.commit.clone());
        let fresh: Vec<(String, Oid)> = newest.values().map(fresh).collect();
        if !fresh.is_empty() {
            self.put_refs(&fresh)?;
        }
        Ok(newest.len())
    }

    /// Removes the refs of tasks that start over if their attempts are no longer kept.
    ///
    /// # Errors
    /// If refs cannot be read or written.
    pub fn forget_fresh(&self) -> Result<(), GitError> {
        let kept: HashSet<Oid> = self.attempts(None)?.into_iter().map(|one| one.commit).collect();
        let fresh = self.refs_below(FRESH)?.into_iter();
        for (name, from, _) in fresh.filter(|(_, commit, _)| !kept.contains(commit)) {
            let gone = RefMove { name, from: Some(from), to: None };
            self.move_refs(&[gone], "workloop: an older attempt")?;
        }
        Ok(())
    }

    /// Returns the refs below these prefixes, by the date of their commits.
    fn listed(&self, below: &[String]) -> Result<Vec<Listed>, GitError> {
        let format = format!(
            "%(objectname) %(committerdate:unix) %(refname) %(parent) \
             %(contents:trailers:key={QUEUE},valueonly,separator=%2C)"
        );
        let text = self.listed_refs(&format, below)?;
        let mut listed: Vec<Listed> = text.lines().filter_map(Listed::parse).collect();
        listed.sort_by_key(|one| (one.date, one.part_and_number().map(|(_, number)| number)));
        Ok(listed)
    }
}

/// A ref as listed by git.
struct Listed {
    name: String,
    commit: Oid,
    date: Stamp,
    parent: Option<Oid>,
    queue: String,
}

impl Listed {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let mut word = || words.next();
        let (commit, date, name) =
            (Oid::parse(word()?)?, word()?.parse().ok()?, word()?.to_owned());
        let parent = word().and_then(Oid::parse);
        let queue = word().unwrap_or_default().to_owned();
        Some(Self { name, commit, date: Stamp(date), parent, queue })
    }

    fn part_and_number(&self) -> Option<(&str, u32)> {
        let (part, number) = self.name.strip_prefix(ATTEMPTS)?.rsplit_once('/')?;
        Some((part, number.parse().ok()?))
    }

    /// Converts it to an attempt at `task`, if it is one.
    fn attempt_of(&self, task: &TaskName) -> Option<KeptWork> {
        let (part, number) = self.part_and_number()?;
        let is_own = self.queue.is_empty() || self.queue == task.queue;
        let base = self.parent.clone().filter(|_| is_own)?;
        let (part, commit) = (part.to_owned(), self.commit.clone());
        Some(KeptWork { attempt: AttemptRef { part, number, commit, date: self.date }, base })
    }
}
