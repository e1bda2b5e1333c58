//! The results of verification on trees that no attempt works on, by project:
//! `.workloop/trees/<profile>.json` beside its root, one file for the steps of a profile.
//!
//! The files are written by the loop that holds [`Trees::lock`]. It takes that lock under the lock
//! of the root; while it is held, no loop claims anything in the project. If the folder vanishes,
//! one verification determines the results again. Nothing here decides whether a task is complete.

use crate::domain::{AttemptReport, StepKind, Verdict};
use crate::platform::atomic_file;
use crate::platform::dir::Dir;
use crate::platform::ids::Ids;
use crate::platform::lock::{FileLock, LockError};
use crate::platform::read_file;
use crate::store::state::{STATE_DIR, StateDir};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// The maximum number of bytes read from a file; files written by this program are smaller.
const MOST: u64 = 4 << 20;
/// The number of trees that are remembered for each profile.
const KEPT: usize = 16;

/// The verified trees of one project.
#[derive(Clone, Debug)]
pub struct Trees {
    state: StateDir,
}

/// The result of the steps of a profile on one tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeReport {
    /// The name of the tree; `None` if it is not known.
    pub tree: Option<String>,
    /// When the steps ran, RFC 3339 UTC.
    pub at: String,
    /// PASS or FAIL.
    pub verdict: Verdict,
    /// The first step that failed; `None` if all passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub red: Option<RedStep>,
}

/// A step that failed on a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedStep {
    /// The name of its profile.
    pub profile: String,
    /// The name of the step.
    pub step: String,
    /// How it ended, as text.
    pub outcome: String,
    /// A fingerprint to compare with other failures of the step; `None` if the step did not run.
    pub output: Option<String>,
    /// Its output, truncated and without secrets.
    pub said: String,
    /// The file with its full output, as long as that is kept.
    pub log: PathBuf,
}

impl RedStep {
    /// Returns whether an attempt failed with the same output; `None` if it did not fail at this
    /// step.
    pub fn compare(&self, report: &AttemptReport) -> Option<bool> {
        let is_failed = report.verdict == Some(Verdict::Fail) && !report.is_refused();
        let failed = report.steps.last().filter(|_| is_failed)?;
        let output = &report.fingerprint.output;
        let judged = failed.kind == StepKind::Verify && failed.name == self.step;
        judged.then(|| output.is_some() && *output == self.output)
    }

    /// Returns the path of the full output as the end of a sentence; empty if there was no output.
    pub fn shown_log(&self) -> String {
        let there = std::fs::symlink_metadata(&self.log).is_ok_and(|meta| meta.is_file());
        if there { format!("; {}", self.log.display()) } else { String::new() }
    }

    /// Returns whether the same step failed with the same output.
    pub fn is_like(&self, other: &Self) -> bool {
        let same = self.profile == other.profile && self.step == other.step;
        same && self.output.is_some() && self.output == other.output
    }
}

/// The reports of one profile, the latest last.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Reports {
    reports: Vec<TreeReport>,
}

impl Trees {
    /// The trees of the project at `root`.
    pub fn of(root: &Path) -> Self {
        Self { state: StateDir::beside(&root.join(STATE_DIR)) }
    }

    fn dir(&self) -> PathBuf {
        self.state.root().join("trees")
    }

    fn lock_file(&self) -> PathBuf {
        self.dir().join("lock")
    }

    /// Takes the lock that allows judging the tree; `None` while another loop holds it.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn lock(&self) -> io::Result<Option<FileLock>> {
        let path = self.lock_file();
        let lock = || FileLock::acquire_soon(&path).map_err(LockError::into_io);
        self.state.with(&self.dir(), lock)
    }

    /// Returns whether a loop is judging the tree. Call it under the lock of the root.
    pub fn are_judged(&self) -> bool {
        FileLock::is_held(&self.lock_file())
    }

    /// Returns the report on the tree `name` for `profile`.
    pub fn report(&self, profile: &str, name: &str) -> Option<TreeReport> {
        let mut all = self.all(profile).into_iter().rev();
        all.find(|report| report.tree.as_deref() == Some(name))
    }

    /// Returns the latest report for `profile`.
    pub fn last(&self, profile: &str) -> Option<TreeReport> {
        self.all(profile).pop()
    }

    fn all(&self, profile: &str) -> Vec<TreeReport> {
        let read = || {
            let dir = Dir::open(&self.dir()).ok()?;
            let read = read_file::read(&dir, &file_name(profile), MOST).ok()?;
            serde_json::from_slice::<Reports>(read.content.as_bytes()).ok()
        };
        read().unwrap_or_default().reports
    }

    /// Stores a report as the latest of `profile`.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn put(&self, profile: &str, report: TreeReport, ids: &dyn Ids) -> io::Result<()> {
        let mut reports = self.all(profile);
        reports.retain(|other| other.tree.is_some() && other.tree != report.tree);
        reports.push(report);
        let surplus = reports.len().saturating_sub(KEPT);
        reports.drain(..surplus);
        let mut text = serde_json::to_vec_pretty(&Reports { reports })?;
        text.push(b'\n');
        self.state.with(&self.dir(), || {
            let dir = Dir::open(&self.dir())?;
            atomic_file::replace_unsynced(&dir, &file_name(profile), [text.as_slice()], ids)
        })
    }
}

fn file_name(profile: &str) -> OsString {
    OsString::from(format!("{profile}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::ids::CountingIds;
    use std::fs;

    fn report(tree: Option<&str>, verdict: Verdict) -> TreeReport {
        TreeReport { tree: tree.map(str::to_owned), at: String::new(), verdict, red: None }
    }

    #[test]
    fn the_last_trees_are_remembered() {
        let root = tempfile::tempdir().unwrap();
        let (trees, ids) = (Trees::of(root.path()), CountingIds::default());
        assert_eq!((trees.last("p"), trees.report("p", "1")), (None, None));
        for number in 1..=KEPT + 1 {
            trees.put("p", report(Some(&number.to_string()), Verdict::Pass), &ids).unwrap();
        }
        assert_eq!(trees.report("p", "1"), None);
        assert!(trees.report("p", "2").is_some() && trees.report("q", "2").is_none());
        trees.put("p", report(Some("2"), Verdict::Fail), &ids).unwrap();
        assert_eq!(trees.report("p", "2").unwrap().verdict, Verdict::Fail);
        // A tree without a name can only be the latest.
        trees.put("p", report(None, Verdict::Pass), &ids).unwrap();
        assert_eq!(trees.last("p").unwrap().verdict, Verdict::Pass);
        trees.put("p", report(Some("3"), Verdict::Fail), &ids).unwrap();
        assert!(trees.all("p").iter().all(|report| report.tree.is_some()));
        fs::remove_dir_all(root.path().join(STATE_DIR)).unwrap();
        assert_eq!(trees.last("p"), None);
    }

    #[test]
    fn one_loop_judges_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let trees = Trees::of(root.path());
        assert!(!trees.are_judged());
        let lock = trees.lock().unwrap();
        assert!(lock.is_some() && trees.are_judged() && trees.lock().unwrap().is_none());
        drop(lock);
        assert!(!trees.are_judged() && trees.lock().unwrap().is_some());
    }
}
