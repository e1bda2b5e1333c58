//! Keeps the work of attempts as refs: a commit on the base for each, the newest of each task.

use super::super::repo::{GitError, Oid, RefMove, Repository, Stamp, ref_part, shortened};

/// The prefix of the refs.
pub(super) const ATTEMPTS: &str = "refs/workloop/attempts/";

/// The identity of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptName {
    /// The id of the task.
    pub task: String,
    /// The name of its queue, if another queue of the project has the same id.
    pub queue: Option<String>,
    /// Its number, from 1.
    pub number: u32,
}

/// An attempt that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRef {
    /// The task as a part of a ref.
    pub part: String,
    /// The number of the attempt.
    pub number: u32,
    /// The commit with its work.
    pub commit: Oid,
    /// The date of the commit.
    pub date: Stamp,
}

impl AttemptName {
    /// Returns the task, and its queue if needed, as one part of a ref.
    pub fn part(&self) -> String {
        match &self.queue {
            Some(queue) => shortened(format!("{}@{}", ref_part(&self.task), ref_part(queue))),
            None => ref_part(&self.task),
        }
    }

    /// Returns the full name of its ref.
    pub fn name(&self) -> String {
        format!("{ATTEMPTS}{}/{}", self.part(), self.number)
    }
}

impl AttemptRef {
    /// Returns the full name of its ref.
    pub fn name(&self) -> String {
        format!("{ATTEMPTS}{}/{}", self.part, self.number)
    }
}

impl Repository {
    /// Keeps the work of an attempt, and the newest `keep` attempts of its task. Returns `false` if
    /// objects of it are missing because a person's `git gc --prune=now` removed them before the
    /// ref existed. The workspace is still unchanged then, and must be captured once more.
    ///
    /// # Errors
    /// If the ref cannot be written.
    pub fn keep_attempt(
        &self,
        name: &AttemptName,
        (base, commit): (&Oid, &Oid),
        keep: usize,
    ) -> Result<bool, GitError> {
        let put = self.put_ref(&name.name(), commit);
        self.outlast_collection();
        if !self.is_whole(base, commit)? {
            // Git refuses to write a ref to a missing object, and an existing one keeps nothing.
            self.drop_refs(&[name.name()], "workloop: its object is gone")?;
            return Ok(false);
        }
        put?;
        if usize::try_from(name.number).is_ok_and(|number| number <= keep) {
            return Ok(true);
        }
        let mut kept = self.attempts(Some(&name.part()))?;
        kept.sort_by_key(|one| std::cmp::Reverse(one.number));
        self.forget(kept.get(keep.max(1)..).unwrap_or_default())?;
        Ok(true)
    }

    /// Returns the kept attempts: of one task (a part of a ref), or of all.
    ///
    /// # Errors
    /// If git fails.
    pub fn attempts(&self, part: Option<&str>) -> Result<Vec<AttemptRef>, GitError> {
        let prefix = part.map_or_else(|| ATTEMPTS.to_owned(), |part| format!("{ATTEMPTS}{part}/"));
        let refs = self.refs_below(&prefix)?;
        Ok(refs
            .into_iter()
            .filter_map(|(name, commit, date)| {
                let (part, number) = name.strip_prefix(ATTEMPTS)?.rsplit_once('/')?;
                Some(AttemptRef {
                    part: part.to_owned(),
                    number: number.parse().ok()?,
                    commit,
                    date,
                })
            })
            .collect())
    }

    /// Returns the commit of a kept attempt; `None` if it is not kept.
    ///
    /// # Errors
    /// If git fails.
    pub fn attempt(&self, name: &AttemptName) -> Result<Option<Oid>, GitError> {
        self.ref_at(&name.name())
    }

    /// Removes the refs of `attempts`; one that moved or vanished meanwhile is left as it is.
    ///
    /// # Errors
    /// If refs cannot be written.
    pub fn forget(&self, attempts: &[AttemptRef]) -> Result<(), GitError> {
        for one in attempts {
            let gone = RefMove { name: one.name(), from: Some(one.commit.clone()), to: None };
            self.move_refs(&[gone], "workloop: an older attempt")?;
        }
        Ok(())
    }
}
