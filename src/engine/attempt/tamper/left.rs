//! Judging files that attempts changed, and the attempts that may be changing them now.
//!
//! The tasks of these attempts are blocked, but the files stay in the project. Without this record,
//! a file that an agent wrote would judge the next task. Every loop of the project reads and writes
//! the record (`JudgeFiles`), so that it holds for other loops, for the next run, and if a loop is
//! killed before it compared anything. A run also keeps it in memory: an agent that deletes or
//! edits the files gains nothing.

use super::guard::Guard;
use super::record::{JudgeRecord, Left};
use crate::platform::fault::{self, Fault};
use crate::platform::ids::RandomIds;
use crate::store::{JudgeFiles, StateDir, TaskKey};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An attempt, for the record.
#[derive(Debug)]
pub(crate) struct Attempt {
    root: PathBuf,
    state: StateDir,
    files: JudgeFiles,
    /// The name of its file.
    name: String,
    record: JudgeRecord,
}

/// Why an attempt cannot be judged by a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// An earlier attempt of the same task left it so.
    Own { path: PathBuf, attempt: u32, is_seen: bool },
    /// An attempt at another task left it so.
    Other { path: PathBuf, id: String, is_seen: bool, is_task: bool },
    /// It changed while an attempt at another task runs.
    Running { path: PathBuf, id: String },
}

/// A record as this run knows it.
#[derive(Clone, Debug)]
struct Known {
    record: JudgeRecord,
    /// Whether an attempt of this run works on the task.
    is_running: bool,
}

/// The records by project root and name.
type Records = BTreeMap<(PathBuf, String), Known>;

/// The changed judging files. All slots of a run share them.
#[derive(Debug, Default)]
pub(crate) struct TamperedFiles(Mutex<Records>);

impl Attempt {
    /// Describes an attempt in the project at `root`. `state` and `name` are the state folder of its
    /// queue and the name of its file.
    pub(crate) fn new(root: &Path, state: &StateDir, name: String, record: JudgeRecord) -> Self {
        let files = JudgeFiles::of(root, state);
        Self { root: root.to_owned(), state: state.clone(), files, name, record }
    }

    fn key(&self) -> (PathBuf, String) {
        (self.root.clone(), self.name.clone())
    }

    /// Makes the file of a record what the record is.
    fn keep(&self, name: &str, record: &JudgeRecord) -> io::Result<()> {
        if record.is_empty() {
            self.files.remove(name).map(drop)
        } else {
            self.files.put(name, record, &RandomIds)
        }
    }
}

impl TamperedFiles {
    fn all(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a file of `guard` that is not what it was before an attempt, if no person accepted
    /// it.
    ///
    /// # Errors
    /// Any error of reading the records and the files, or of writing what was found out.
    pub(crate) fn distrusted(
        &self,
        attempt: &Attempt,
        guard: &Guard,
    ) -> io::Result<Option<Distrust>> {
        let mut all = self.all();
        read(&mut all, attempt)?;
        settle(&mut all, attempt)?;
        let found = find(&all, attempt, guard)?;
        if !matches!(found, Some(Distrust::Own { .. } | Distrust::Other { .. })) {
            return Ok(found);
        }
        // A person may have accepted the file just now.
        for ((_, name), known) in all.iter_mut().filter(|((of, _), _)| *of == attempt.root) {
            let before = known.record.left.len();
            known.record.forget_accepted(&attempt.root, &attempt.state);
            if known.record.left.len() != before {
                attempt.keep(name, &known.record)?;
            }
        }
        find(&all, attempt, guard)
    }

    /// Records what `guard` guards before the attempt begins. Every file that another attempt
    /// changed is guarded from now on, too.
    ///
    /// # Errors
    /// Any error of writing the record.
    pub(crate) fn begin(&self, attempt: &Attempt, guard: &mut Guard) -> io::Result<()> {
        let mut all = self.all();
        let of_project = all.iter().filter(|((root, _), _)| *root == attempt.root);
        let left = of_project.flat_map(|(_, known)| &known.record.left);
        guard.add(left.map(|left| (left.path.as_str(), left.part, &left.before)));
        let mut record = attempt.record.clone();
        record.left =
            all.get(&attempt.key()).map(|known| known.record.left.clone()).unwrap_or_default();
        record.begin(guard.before(), guard.protect());
        if record.is_empty() {
            return Ok(());
        }
        attempt.keep(&attempt.name, &record)?;
        all.insert(attempt.key(), Known { record, is_running: true });
        Ok(())
    }

    /// Records every judging file that changed during the attempt.
    ///
    /// # Errors
    /// Any error of comparing the files or of writing the record. This run knows the change all the
    /// same if it could be found.
    pub(crate) fn changed(&self, attempt: &Attempt) -> io::Result<()> {
        let mut all = self.all();
        let Some(known) = all.get_mut(&attempt.key()) else { return Ok(()) };
        known.record.compare(&attempt.root, true)?;
        attempt.keep(&attempt.name, &known.record)
    }

    /// Ends the attempt. If its files were compared (`is_sure`), what was recorded before it is
    /// removed; otherwise the next attempt compares them.
    ///
    /// # Errors
    /// Any error of writing the record.
    pub(crate) fn end(&self, attempt: &Attempt, is_sure: bool) -> io::Result<()> {
        let mut all = self.all();
        let Some(known) = all.get_mut(&attempt.key()) else { return Ok(()) };
        known.is_running = false;
        if !is_sure {
            return Ok(());
        }
        known.record.end();
        let kept = attempt.keep(&attempt.name, &known.record);
        if known.record.is_empty() {
            all.remove(&attempt.key());
        }
        kept
    }
}

/// Brings memory and files together.
fn read(all: &mut Records, attempt: &Attempt) -> io::Result<()> {
    if fault::is(Fault::JudgesForgotten) {
        return Ok(());
    }
    let root = &attempt.root;
    let files: Vec<(String, JudgeRecord)> = attempt.files.all(Some(&attempt.name))?;
    let mut found: BTreeMap<String, JudgeRecord> = files.into_iter().collect();
    let mut gone = Vec::new();
    for ((root, name), known) in all.iter_mut().filter(|((of, _), _)| of == root) {
        let file = found.remove(name);
        let merged = merged(known, file.as_ref(), attempt);
        if file.as_ref() != Some(&merged) {
            attempt.keep(name, &merged)?;
        }
        if merged.is_empty() {
            gone.push((root.clone(), name.clone()));
        }
        known.record = merged;
    }
    for key in gone {
        all.remove(&key);
    }
    for (name, record) in found {
        all.insert((root.clone(), name), Known { record, is_running: false });
    }
    Ok(())
}

/// Returns what is true of a record that this run knows and whose file is `file`. What an attempt
/// left vanishes from a file only when a person accepted it, or when an agent removed it.
fn merged(known: &Known, file: Option<&JudgeRecord>, attempt: &Attempt) -> JudgeRecord {
    let mut merged = match file {
        Some(file) if !known.is_running && file.at >= known.record.at => file.clone(),
        Some(_) | None => known.record.clone(),
    };
    if file.is_none() && !known.is_running {
        merged.end();
    }
    let is_filed = |left: &Left| {
        file.is_some_and(|file| file.left.iter().any(|filed| filed.path == left.path))
    };
    let mut missing = known.record.clone();
    missing.left.retain(|left| !is_filed(left));
    if missing.left.is_empty() {
        return merged;
    }
    merged.left.retain(|left| is_filed(left));
    missing.forget_accepted(&attempt.root, &attempt.state);
    merged.left.append(&mut missing.left);
    merged
}

/// Completes the records of attempts that were cut off, and removes what is settled.
fn settle(all: &mut Records, attempt: &Attempt) -> io::Result<()> {
    let root = &attempt.root;
    let mut over = Vec::new();
    for (key, known) in all.iter_mut().filter(|((of, _), _)| of == root) {
        let mut record = known.record.clone();
        record.forget_settled(root)?;
        // This attempt has the claim of its task, so that no other one runs.
        let is_own_task = key.1 == attempt.name;
        if !known.is_running && (is_own_task || record.is_dead(root)) {
            record.compare(root, false)?;
        }
        if record != known.record {
            attempt.keep(&key.1, &record)?;
            known.record = record;
        }
        if known.record.is_empty() {
            over.push(key.clone());
        }
    }
    for key in over {
        all.remove(&key);
    }
    Ok(())
}

fn find(all: &Records, attempt: &Attempt, guard: &Guard) -> io::Result<Option<Distrust>> {
    let root = &attempt.root;
    let judges = |path: &Path| guard.looks_at(path);
    for ((_, name), Known { record, .. }) in all.iter().filter(|((of, _), _)| of == root) {
        let is_own = *name == attempt.name;
        let mut left = record.left.iter().map(|left| (root.join(&left.path), left));
        if let Some((path, left)) = left.find(|(path, _)| judges(path)) {
            let (is_seen, number) = (left.is_seen, left.attempt);
            let (id, is_task) = (record.task.clone(), record.is_task);
            return Ok(Some(if is_own && is_task {
                Distrust::Own { path, attempt: number, is_seen }
            } else {
                Distrust::Other { path, id, is_seen, is_task }
            }));
        }
        if let Some(path) = record.changed(root, &judges)? {
            return Ok(Some(Distrust::Running { path, id: record.task.clone() }));
        }
    }
    Ok(None)
}

/// A judging file that an attempt changed and that no person accepted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeftFile {
    /// Relative to the project root, if it is below.
    pub(crate) path: String,
    /// The id of the task; `None` if a verification of the tree changed the file.
    pub(crate) task: Option<String>,
}

/// Returns the files that attempts in the project at `root` changed and that no person accepted yet.
/// Writes nothing.
///
/// # Errors
/// Any error of reading the records and the files.
pub(crate) fn left_files(root: &Path, state: &StateDir) -> io::Result<Vec<LeftFile>> {
    left_in(root, state, None)
}

/// Returns the paths of those that attempts at one task changed, which is not being worked on.
///
/// # Errors
/// As for [`left_files`].
pub(crate) fn left_by(root: &Path, state: &StateDir, key: &TaskKey) -> io::Result<Vec<String>> {
    let name = JudgeFiles::name(root, state, key);
    let all = left_in(root, state, Some(&name))?;
    Ok(all.into_iter().map(|left| left.path).collect())
}

/// Returns the files of one record, whose attempt is over, or of all.
fn left_in(root: &Path, state: &StateDir, only: Option<&str>) -> io::Result<Vec<LeftFile>> {
    let all: Vec<(String, JudgeRecord)> = JudgeFiles::of(root, state).all(None)?;
    let mut found = Vec::new();
    for (_, mut record) in all.into_iter().filter(|(name, _)| only.is_none_or(|one| one == name)) {
        record.forget_settled(root)?;
        if only.is_some() || record.is_dead(root) {
            record.compare(root, false)?;
        }
        if !record.left.is_empty() {
            record.forget_accepted(root, state);
        }
        let task = record.is_task.then_some(record.task);
        let left = record.left.into_iter();
        found.extend(left.map(|left| LeftFile { path: left.path, task: task.clone() }));
    }
    Ok(found)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests;
