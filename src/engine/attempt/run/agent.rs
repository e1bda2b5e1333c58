//! The agent of an attempt: how it is run, and what it leaves.

use super::super::end::End;
use super::super::git_calls;
use super::super::job::AgentCommand;
use super::super::queue_files::QueueFiles;
use super::Progress;
use crate::agent::has_promise;
use crate::domain::Outcome;
use crate::store::attempts::{AGENT_ERR, AGENT_OUT, CHANGED_FILE, PROMPT_FILE};
use crate::workspace::Snapshot;
use std::path::Path;

impl Progress<'_> {
    /// Runs the agent; `Err` when there is nothing left to find out.
    pub(super) fn agent(&mut self, agent: &AgentCommand) -> Result<Outcome, End> {
        let folder = &self.job.folder;
        let mut spec = self.spec(&agent.command);
        spec.stdin = Some(folder.file(PROMPT_FILE));
        spec.stdout = folder.file(AGENT_OUT);
        spec.stderr = Some(folder.file(AGENT_ERR));
        let report = self.command(&agent.command, &spec, AGENT_OUT.to_owned());
        let outcome = report.outcome.clone();
        self.steps.push(report);
        match &outcome {
            Outcome::Interrupted | Outcome::Lost | Outcome::FailedToStart { .. } => {
                Err(self.unknown("agent", outcome))
            }
            Outcome::Exited { .. }
            | Outcome::Signaled { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Silent { .. } => Ok(outcome),
        }
    }

    /// Looks at the project before the agent does anything to it.
    pub(super) fn look_before(&mut self) -> Result<(), End> {
        let job = self.job;
        self.before = Some(git_calls::ask(job, &mut self.with, &mut self.warnings, |run| {
            Snapshot::take(&job.root, &job.named_files, job.git.as_ref(), run)
        })?);
        Ok(())
    }

    /// What the agent changed: for the verification and for the queue.
    pub(super) fn list_changes(&mut self) -> Result<(), End> {
        let Some(before) = self.before.take() else { return Ok(()) };
        let job = self.job;
        let queues = QueueFiles::of(job)?;
        let ours = |path: &Path| queues.have(path);
        self.changed = git_calls::ask(job, &mut self.with, &mut self.warnings, |run| {
            before.changed_since(&ours, job.git.as_ref(), run)
        })?;
        let mut text = self.changed.join("\n");
        text.push('\n');
        if let Err(error) = self.job.folder.put(CHANGED_FILE, text.as_bytes()) {
            self.warnings.push(format!("failed to list the changed files: {error}"));
        }
        Ok(())
    }

    pub(super) fn promised(&self, promise: &str) -> bool {
        let ends = self.job.folder.ends(AGENT_OUT, 1 << 20);
        ends.is_ok_and(|(head, tail)| {
            [head, tail].iter().any(|text| has_promise(&String::from_utf8_lossy(text), promise))
        })
    }
}
