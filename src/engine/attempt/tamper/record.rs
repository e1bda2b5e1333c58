//! What is recorded about the judging files of a task: how they were before an attempt began, and
//! what attempts left of them.

use super::fingerprint::{Fingerprint, Part, Room};
use super::tree::made_since;
use crate::domain::Event;
use crate::store::file::FileLog;
use crate::store::log::Log;
use crate::store::{StateDir, TaskKey, Trees};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The key of an event by which a person accepts files.
pub(crate) const ACCEPTS: &str = "accepts";

/// A judging file as it was before an attempt began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Before {
    /// Relative to the project root, if it is below.
    pub(super) path: String,
    pub(super) part: Part,
    pub(super) state: Fingerprint,
    /// How it was before another attempt changed it, if that change is not accepted yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) original: Option<Fingerprint>,
}

/// A judging file that changed during an attempt and that no person accepted yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Left {
    /// Relative to the project root, if it is below.
    pub(super) path: String,
    pub(super) part: Part,
    pub(super) before: Fingerprint,
    pub(super) after: Fingerprint,
    /// The number of the attempt.
    pub(super) attempt: u32,
    /// Whether the loop of the attempt saw the change. If not, the attempt was cut off, and it is
    /// unknown who made the change.
    pub(super) is_seen: bool,
}

/// The record of one task, or of the verifications of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JudgeRecord {
    /// The id of the task, or the name of the verification.
    pub(super) task: String,
    /// Whether it is about a task.
    pub(super) is_task: bool,
    /// The state folder of its queue, relative to the project root if it is below.
    place: PathBuf,
    /// The name of the task in paths.
    id16: String,
    /// The number of the last attempt.
    pub(super) attempt: u32,
    /// When that attempt began, RFC 3339 UTC.
    pub(super) at: String,
    /// The judging files before that attempt; empty once they were compared after it.
    #[serde(default)]
    pub(super) running: Vec<Before>,
    /// The patterns of `guardrails.protect` during that attempt.
    #[serde(default)]
    protect: Vec<String>,
    /// What is not accepted yet.
    #[serde(default)]
    pub(super) left: Vec<Left>,
}

impl JudgeRecord {
    /// Creates the record of an attempt that begins `at` this time.
    pub(crate) fn new(
        (root, state, key): (&Path, &StateDir, &TaskKey),
        (task, is_task): (&str, bool),
        attempt: u32,
        at: String,
    ) -> Self {
        let place = state.root().strip_prefix(root).unwrap_or_else(|_| state.root());
        Self {
            task: task.to_owned(),
            is_task,
            place: place.to_owned(),
            id16: key.id16.clone(),
            attempt,
            at,
            running: Vec::new(),
            protect: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Records what judges the attempt that begins, as it is now, and the patterns of protected files.
    pub(super) fn begin(&mut self, running: Vec<Before>, protect: &[String]) {
        self.running = running;
        self.protect = protect.to_vec();
    }

    /// Returns whether nothing is recorded.
    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty() && self.protect.is_empty() && self.left.is_empty()
    }

    /// Ends the attempt without a change.
    pub(super) fn end(&mut self) {
        self.running.clear();
        self.protect.clear();
    }

    /// Ends the attempt, and records every judging file that changed since it began.
    ///
    /// # Errors
    /// When the system lacks the resources to compare them. The record is then unchanged.
    pub(super) fn compare(&mut self, root: &Path, is_seen: bool) -> io::Result<()> {
        let mut changed = Vec::new();
        for file in &self.running {
            if !file.state.holds(&root.join(&file.path), file.part)? {
                let before = file.original.as_ref().unwrap_or(&file.state);
                changed.push((file.path.clone(), file.part, before.clone()));
            }
        }
        let known: Vec<&str> = self.running.iter().map(|file| file.path.as_str()).collect();
        let made = made_since(root, &self.protect, &known)?;
        changed.extend(made.into_iter().map(|path| (path, Part::Whole, Fingerprint::absent())));
        for (path, part, before) in changed {
            self.left.retain(|left| left.path != path);
            // A file that cannot be read now could not be recognised later.
            let after = Fingerprint::of(&root.join(&path), part, &mut Room::default());
            let attempt = self.attempt;
            self.left.extend(after.ok().map(|after| Left {
                path,
                part,
                before,
                after,
                attempt,
                is_seen,
            }));
        }
        self.end();
        Ok(())
    }

    /// Returns the first file that no longer is as it was before the attempt.
    ///
    /// # Errors
    /// The same as [`Fingerprint::holds`].
    pub(super) fn changed(
        &self,
        root: &Path,
        judges: &dyn Fn(&Path) -> bool,
    ) -> io::Result<Option<PathBuf>> {
        for file in &self.running {
            let path = root.join(&file.path);
            if judges(&path) && !file.state.holds(&path, file.part)? {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// Removes the files that were put back, and those that changed again: each attempt guards
    /// them, so that a person changed them.
    ///
    /// # Errors
    /// The same as [`Fingerprint::holds`].
    pub(super) fn forget_settled(&mut self, root: &Path) -> io::Result<()> {
        let mut kept = Vec::new();
        for left in &self.left {
            let path = root.join(&left.path);
            if !left.before.holds(&path, left.part)? && left.after.holds(&path, left.part)? {
                kept.push(left.clone());
            }
        }
        self.left = kept;
        Ok(())
    }

    /// Returns whether the attempt is over, although nobody compared the files. Without a lock file
    /// this is unknown: an agent may have deleted the file.
    pub(super) fn is_dead(&self, root: &Path) -> bool {
        if !self.is_task {
            return !Trees::of(root).are_judged();
        }
        let lock = StateDir::at(&root.join(&self.place)).lock_of(&self.id16);
        lock.is_file() && !crate::platform::lock::FileLock::is_held(&lock)
    }

    /// Removes the files that a person accepted, by `retry` or `done`.
    pub(super) fn forget_accepted(&mut self, root: &Path, state: &StateDir) {
        let state = StateDir::at(&root.join(&self.place)).backed_up(state.backups());
        // The record names a folder of this host.
        let log: Log = Arc::new(FileLog(state));
        // Verbs of agents are refused, and events of loops name their worker.
        let events = log.events_with::<Event>(ACCEPTS).filter(|event| {
            let is_later = event.at >= self.at && event.worker.is_none();
            event.task.as_deref() == Some(&self.task) && is_later
        });
        let paths = events.filter_map(|mut event| event.data.remove(ACCEPTS));
        let accepted: Vec<String> = paths
            .filter_map(|paths| serde_json::from_value::<Vec<String>>(paths).ok())
            .flatten()
            .collect();
        self.left.retain(|left| !accepted.contains(&left.path));
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests;
