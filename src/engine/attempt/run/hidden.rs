//! Hidden steps. Their folder covers the judge tree while they run, and reports contain only their
//! name and whether they passed.
//!
//! Their output is read for reports and measures, and then deleted. It is not stored for people
//! either: agents can read whatever a person on this machine can read.

use super::super::end::{End, environment};
use super::super::job::Ready;
use super::Progress;
use crate::domain::{Checked, Outcome, StepReport, Verdict};
use crate::platform::fault::{self, Fault};
use std::path::Path;

/// The text about a hidden step that failed.
const FAILED: &str = "failed; it is hidden, so its output is not shown";

impl Progress<'_> {
    /// Runs a step with its hidden folder.
    pub(super) fn run_hidden(
        &mut self,
        (step, hidden): (&Ready, &Path),
        log: String,
        tries: u32,
    ) -> Result<StepReport, End> {
        let name = &step.name;
        let failed = |error: &dyn std::fmt::Display| {
            environment(format!("the hidden folder of step {name} cannot be used: {error}"))
        };
        let (Some(apart), Some(trees)) = (&self.job.apart, &self.trees) else {
            let why = "only a run with private trees can judge it (workloop run)";
            return Err(environment(format!("step {name} is hidden: {why}")));
        };
        let cover = trees.judge.cover(hidden, apart.below()).map_err(|error| failed(&error))?;
        let output = match fault::is(Fault::HiddenTold) {
            true => self.job.folder.file(&log),
            false => cover.output().to_owned(),
        };
        let ran = self.run_shown(step, (output, log), tries);
        // A running service could still read the folder, and write down what it read.
        let gone = self.end_services();
        if let Some(trees) = &self.trees {
            trees.judge.uncover(&cover).map_err(|error| failed(&error))?;
        }
        let gone = gone.into_iter().filter(|one| step.needs(&one.name)).collect();
        let ran = self.lacks(step, ran?, gone);
        for service in &ran.checked.services {
            let (name, ended) = (&service.name, &service.outcome);
            self.commands.warn(format!("step {}: service {name} ended: {ended}", step.name));
        }
        Ok(hushed(ran))
    }
}

/// Returns the report of a hidden step in the form that anyone may read.
fn hushed(report: StepReport) -> StepReport {
    let StepReport { kind, name, outcome, millis, log, checked } = report;
    if fault::is(Fault::HiddenTold) {
        return StepReport { kind, name, outcome, millis, log, checked };
    }
    let outcome = match outcome {
        // An exit status may be the number of failures.
        Outcome::Exited { code: 1.. }
        | Outcome::Exited { code: ..0 }
        | Outcome::Signaled { .. } => Outcome::Exited { code: 1 },
        Outcome::Exited { code: 0 }
        | Outcome::TimedOut { .. }
        | Outcome::Silent { .. }
        | Outcome::FailedToStart { .. }
        | Outcome::Interrupted
        | Outcome::Lost => outcome,
    };
    let why = match (&outcome, checked.verdict) {
        (_, Some(Verdict::Blocked)) => {
            Some("blocks; it is hidden, and a person must look".to_owned())
        }
        (Outcome::Exited { .. }, Some(Verdict::Fail)) => Some(FAILED.to_owned()),
        (_, Some(Verdict::Fail | Verdict::Pass | Verdict::Skipped) | None) => None,
    };
    let Checked { verdict, allowed, retried, .. } = checked;
    let checked = Checked { verdict, why, allowed, retried, hidden: true, ..Checked::default() };
    StepReport { kind, name, outcome, millis, log: String::new(), checked }
}

#[cfg(test)]
mod tests;
