//! An attempt in private trees: its agent works in a workspace, and its change is captured for the
//! judge tree.

use super::super::apart::Apart;
use super::super::end::End;
use super::super::job::Job;
use super::super::queue_files::QueueFiles;
use super::Progress;
use crate::domain::{Outcome, ReasonCode, Verdict};
use crate::platform::clock::Clock;
use crate::store::attempts::CHANGED_FILE;
use crate::workspace::{CaptureRules, Captured, ChangedModule, Stamp, Tree};
use std::path::Path;

/// How often a capture is repeated if its objects were garbage-collected meanwhile.
const CAPTURES: u32 = 5;

impl Progress<'_> {
    /// Captures and lists the changes of the agent.
    pub(super) fn collect(&mut self, outcome: &Outcome) -> Result<(), End> {
        let job = self.job;
        let (Some(apart), Some(trees)) = (&job.apart, &mut self.trees) else { return Ok(()) };
        let queues = QueueFiles::of(job)?;
        let Some(workspace) = &trees.workspace else { return Ok(()) };
        let captured = match capture(job, apart, workspace, &queues, self.commands.clock()) {
            Ok(captured) => captured,
            Err(why) => return Err(blocked(outcome, ReasonCode::CaptureFailed, why)),
        };
        for path in &captured.undone {
            let path = apart.shown(path);
            let text =
                format!("{}: what the agent did to its copy of {path} has no effect", job.id);
            self.commands.warn(text);
        }
        self.changes.is_whole = true;
        self.changes.files = captured.deltas.iter().map(|delta| apart.shown(&delta.path)).collect();
        let text = format!("{}\n", self.changes.files.join("\n"));
        if let Err(error) = job.folder.put(CHANGED_FILE, text.as_bytes()) {
            self.commands.warn(format!("failed to list the changed files: {error}"));
        }
        if !captured.modules.is_empty() {
            let why = changed_modules(&captured.modules, apart);
            return Err(blocked(outcome, ReasonCode::SubmoduleChanged, why));
        }
        trees.captured = Some(captured);
        Ok(())
    }
}

/// Captures the changes of the agent and stores them.
fn capture(
    job: &Job,
    apart: &Apart,
    workspace: &Tree,
    queues: &QueueFiles,
    clock: &dyn Clock,
) -> Result<Captured, String> {
    let top = apart.repository.top();
    let ours =
        |path: &Path| queues.have(&top.join(path)) || path.iter().any(|part| part == ".workloop");
    let is_declared = |path: &String| path.ends_with(".gitattributes");
    let task = job.name.as_ref().ok_or("it is not known which task the attempt is for")?;
    let (name, message) = (task.attempt(job.token.attempt), task.message(job.token.attempt));
    let rules = CaptureRules {
        ours: &ours,
        own_attributes: job.named_files.iter().any(is_declared),
        anew: false,
        attempt_folder: job.folder.path(),
        date: Stamp(clock.now().timestamp()),
        message: &message,
    };
    for number in 0..CAPTURES {
        // Objects that were stored once and are gone are stored again only if the files are read
        // again.
        let rules = CaptureRules { anew: number > 0, ..rules };
        let captured = workspace.capture(&rules).map_err(|error| error.to_string())?;
        let commits = (&captured.base, &captured.commit);
        let whole = apart.repository.keep_attempt(&name, commits, apart.keep);
        if whole.map_err(|error| error.to_string())? {
            return Ok(captured);
        }
    }
    Err("git keeps collecting objects of the change (git gc --prune=now)".to_owned())
}

/// Returns why an attempt that changed submodules is blocked.
fn changed_modules(modules: &[ChangedModule], apart: &Apart) -> String {
    let each = modules.iter().map(|module| {
        let bundle = module.bundle.display();
        format!("{} (kept in {bundle})", apart.shown(&module.path))
    });
    format!(
        "changed in submodules, whose remotes do not have it: {}; bring it there (git fetch BUNDLE \
         changed), then retry",
        each.collect::<Vec<_>>().join(", ")
    )
}

fn blocked(outcome: &Outcome, code: ReasonCode, reason: String) -> End {
    let (verdict, reason, code) = (Some(Verdict::Blocked), Some(reason), Some(code));
    End { outcome: outcome.clone(), verdict, reason, code }
}

#[cfg(test)]
mod tests;
