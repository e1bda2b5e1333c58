//! The judging files that a change touches, or that the work before a gate changed.

use super::super::apart::Apart;
use super::super::landers::{ChangedBy, Landers};
use super::super::tamper::Judges;
use super::restored::{decided, patches, removes_tests, restored};
use crate::domain::Permitted;
use crate::guardrails::{
    Grants, Reach, is_check, is_test, may_be_hook, reach_of_code, reach_of_test, steering,
};
use crate::workspace::{Author, Delta, GitError, Oid, PutTo, Repository};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The files that judge and that a change touches without permission.
#[derive(Default)]
pub(super) struct Touched {
    /// Steering files, with what to restore them to.
    pub(super) steering: Vec<(String, PutTo)>,
    /// Files that steps name themselves and that may also be the work.
    pub(super) named: Vec<(String, PutTo)>,
    /// Tests that exist in the base, to be restored.
    pub(super) tests: Vec<(String, PutTo)>,
    /// New tests, which do not exist in the base.
    pub(super) new_tests: Vec<(String, PutTo)>,
    /// Tests that the task may change. They stay, unless the work is restored as well.
    pub(super) allowed: Vec<PutTo>,
    /// The new files among the tests that may change what the other tests do.
    pub(super) hooks: Vec<String>,
    /// The tools that read the touched files.
    pub(super) reaches: Vec<Reach>,
    /// Whether a test of the base was removed.
    pub(super) lost: bool,
    pub(super) permitted: Vec<Permitted>,
    /// For a gate, the tasks that changed them.
    pub(super) tasks: Vec<String>,
}

/// What is judged again: the files of a tree, some of them as an earlier tree has them.
pub(super) struct Compared<'j> {
    /// The earlier tree.
    pub(super) base: Oid,
    /// The tree.
    pub(super) files: Oid,
    /// The commit on which the tree is judged.
    pub(super) on: Oid,
    /// What the task itself may change.
    pub(super) grants: &'j Grants,
    /// For a gate, who changed what in between.
    pub(super) since: Option<Since<'j>>,
}

/// Who changed what before a gate. What others changed, persons among them, is not compared.
pub(super) struct Since<'j> {
    pub(super) landers: &'j Landers,
    pub(super) authors: HashMap<PathBuf, Vec<Author>>,
}

/// Returns the judging files that the change from `wanted.base` to `wanted.files` touches.
pub(super) fn touched(
    apart: &Apart,
    wanted: &Compared<'_>,
    by_name: &ByName<'_>,
) -> Result<Touched, GitError> {
    let repository = apart.repository();
    let deltas = repository.deltas(&wanted.base, &wanted.files, false)?;
    let mut touched = Touched::default();
    // Tests alone do not make other tests pass for broken work.
    let has_work = deltas.iter().any(|delta| !is_test(&apart.shown(&delta.path)));
    for delta in &deltas {
        let path = apart.shown(&delta.path);
        let is_judge = by_name.judges(&path);
        let is_named = is_judge
            || by_name.is_direct(&path)
            || (by_name.is_sourced(&path) && decided(repository, delta)?);
        let row = steering(&path);
        let put = restored((repository, &wanted.base), (&deltas, delta), &path, is_named)?;
        let Some(put) = put else { continue };
        let is_gone = delta.new.is_none();
        let is_inside = !is_named && row.is_none() && !is_test(&path);
        let removes = is_gone || removes_tests(repository, delta, (&path, is_inside))?;
        let may_remove = removes && (is_inside || is_test(&path));
        let permits = |grants: &Grants| permits(grants, &path, (is_inside, may_remove));
        let permission = permission(wanted, &delta.path, &permits);
        match permission {
            ChangedBy::Others => continue,
            ChangedBy::Permitted(by) => {
                // A new test needs no permission.
                if delta.old.is_some() || is_named || row.is_some() {
                    if row.is_none() && is_test(&path) {
                        touched.allowed.push(put);
                    }
                    touched.permitted.push(Permitted { path, by });
                }
                continue;
            }
            ChangedBy::Tasks(tasks) => touched.by(tasks),
        }
        match (is_named, row) {
            (false, Some(row)) => touched.steer(path, put, row.reach),
            (true, Some(_)) => touched.steer(path, put, Reach::Any),
            // A script among the tests that a step names is no test.
            (_, None) if is_judge && may_be_hook(&path) => touched.steer(path, put, Reach::Any),
            (_, None) if is_test(&path) && delta.old.is_none() => {
                if is_hook(repository, delta, (&path, has_work && !is_named))? {
                    touched.hook(&path);
                }
                touched.new_tests.push((path, put));
            }
            (_, None) if is_test(&path) => {
                touched.lost |= is_gone;
                touched.reaches.push(if is_named { Reach::Any } else { reach_of_test(&path) });
                touched.tests.push((path, put));
            }
            (_, None) if is_inside => {
                touched.reaches.push(reach_of_code(&path));
                touched.tests.push((format!("the tests in {path}"), put));
            }
            (_, None) if is_judge => touched.steer(path, put, Reach::Any),
            (_, None) => {
                touched.reaches.push(Reach::Any);
                touched.named.push((path, put));
            }
        }
    }
    Ok(touched)
}

/// The files that steps name.
pub(super) struct ByName<'s> {
    /// The files that steps, their scripts and their manifests name.
    pub(super) judges: &'s Judges,
    /// The commands of the steps.
    pub(super) steps: &'s [String],
}

impl ByName<'_> {
    /// Returns whether it is named and likely to judge, or part of a manifest that judges.
    fn judges(&self, path: &str) -> bool {
        has(&self.judges.included, path) || (has(&self.judges.named, path) && is_check(path))
    }

    /// Returns whether a script may leave the decision to it.
    fn is_sourced(&self, path: &str) -> bool {
        has(&self.judges.sourced, path)
    }

    /// Returns whether a command names it directly.
    fn is_direct(&self, path: &str) -> bool {
        let is_word = |word: &str| word.trim_start_matches("./") == path;
        let apart = |letter: char| letter.is_whitespace() || "\"'`;&|()<>=:".contains(letter);
        has(&self.judges.named, path)
            && self.steps.iter().any(|step| step.split(apart).any(is_word))
    }
}

fn has(list: &[String], path: &str) -> bool {
    list.iter().any(|one| one == path)
}

/// Returns the reason for which a task may change the judging file `path`, or the tests inside it.
/// `may_remove` is true if the change removes tests and does nothing else to them.
fn permits(grants: &Grants, path: &str, (is_inside, may_remove): (bool, bool)) -> Option<String> {
    let changes = if is_inside { grants.permits_tests_in(path) } else { grants.permits(path) };
    changes.or_else(|| grants.removes_tests().filter(|_| may_remove))
}

/// Returns who changed `path`, and whether they may. `permits` returns the reason for which a task
/// with these grants may change it.
fn permission(
    wanted: &Compared<'_>,
    path: &Path,
    permits: &dyn Fn(&Grants) -> Option<String>,
) -> ChangedBy {
    if let Some(reason) = permits(wanted.grants) {
        return ChangedBy::Permitted(reason);
    }
    let Some(Since { landers, authors }) = &wanted.since else {
        return ChangedBy::Tasks(Vec::new());
    };
    let frozen = &wanted.grants.frozen;
    let permits = |grants: &Grants| permits(&Grants { frozen: frozen.clone(), ..grants.clone() });
    landers.changed_by(authors.get(path).map_or(&[][..], Vec::as_slice), &permits)
}

/// Returns whether a new file among the tests may change what the other tests do: by its name, or,
/// if `by_content` says so, by what it contains.
fn is_hook(
    repository: &Repository,
    delta: &Delta,
    (path, by_content): (&str, bool),
) -> Result<bool, GitError> {
    Ok(may_be_hook(path) || (by_content && patches(repository, delta, path)?))
}

impl Touched {
    fn by(&mut self, tasks: Vec<String>) {
        for task in tasks {
            if !self.tasks.contains(&task) {
                self.tasks.push(task);
            }
        }
    }

    fn hook(&mut self, path: &str) {
        self.reaches.push(reach_of_code(path));
        self.hooks.push(path.to_owned());
    }

    /// Returns whether there are tests to restore, or new ones to leave out.
    pub(super) fn restores_tests(&self) -> bool {
        !self.tests.is_empty() || !self.new_tests.is_empty()
    }

    /// Returns whether there is nothing to restore but new files among the tests.
    pub(super) fn is_new_only(&self) -> bool {
        self.steering.is_empty() && self.tests.is_empty()
    }

    fn steer(&mut self, path: String, put: PutTo, reach: Reach) {
        self.reaches.push(reach);
        self.steering.push((path, put));
    }
}

#[cfg(test)]
mod tests;
