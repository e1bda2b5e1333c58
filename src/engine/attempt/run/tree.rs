//! Which tree a verification of the untouched tree is about, and whether that is known.

use super::super::end::End;
use super::super::finished::TreeLook;
use super::super::git_calls;
use super::super::queue_files::QueueFiles;
use super::super::untouched::ProfileKey;
use super::Progress;
use crate::domain::Outcome;
use crate::platform::fault::{self, Fault};
use crate::store::Trees;
use crate::workspace::tree_name;
use std::path::Path;

impl Progress<'_> {
    /// Finds out which tree it is; gives the end of the verification if the steps of `profile` ran on
    /// it before.
    pub(super) fn known_tree(&mut self, profile: &ProfileKey) -> Result<Option<End>, End> {
        let job = self.job;
        let queues = QueueFiles::of(job)?;
        let ours = |path: &Path| queues.have(path);
        let name = git_calls::ask(job, &mut self.with, &mut self.warnings, |run| {
            tree_name(&job.root, &ours, job.git.as_ref(), run)
        })?;
        let trees = Trees::of(&profile.root);
        let known = name.as_deref().and_then(|name| trees.report(&profile.steps, name));
        let known = known.filter(|_| !fault::is(Fault::TreesForgotten));
        self.tree = TreeLook { name, known };
        Ok(self.tree.known.as_ref().map(|known| End {
            outcome: Outcome::Exited { code: 0 },
            verdict: Some(known.verdict),
            reason: known.red.as_ref().map(|red| format!("step {}: {}", red.step, red.outcome)),
            code: None,
        }))
    }
}
