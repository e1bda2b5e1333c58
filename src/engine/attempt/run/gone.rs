//! Services that end while steps need them.
//!
//! Such a step fails, whatever it reports, and names the service; no later step that needs the
//! service runs. The end counts against the work: a service may run the code of the work, and steps
//! can end one, so that an attempt without cost would be one that an agent can have at any time.
//! Only if something outside killed the service, all steps run again with a new one.

use super::super::job::{Ready, ServiceReady};
use super::super::running_service::RunningService;
use super::Progress;
use super::reads::Round;
use crate::agent::bound_file;
use crate::domain::{Checked, EndedService, Outcome, StepKind, StepReport, Verdict};
use crate::platform::escape;
use crate::verify::Finding;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How much of the output of a service is searched for its last line, in bytes.
const OUTPUT: usize = 4 * 1024;
/// How many characters of that line are quoted.
const LINE: usize = 200;
/// How long a service may take to end after its step failed.
const SETTLE: Duration = Duration::from_millis(250);
/// The interval at which it is checked for having ended.
const LOOK: Duration = Duration::from_millis(10);

impl Progress<'_> {
    /// Returns the services of `step` that ended while it ran.
    pub(super) fn gone(&mut self, step: &Ready, failed: bool) -> Vec<EndedService> {
        if failed {
            self.settle(step);
        }
        let is_gone = |one: &RunningService| step.needs(&one.service.name) && one.beside.is_over();
        let mut all = Vec::new();
        while let Some(at) = self.services.running.iter().position(is_gone) {
            let running = self.services.running.remove(at);
            let Some(ended) = self.ended_service(running) else { continue };
            // Whoever ends the attempt ends its services as well.
            if !self.commands.is_cut() && ended.outcome != Outcome::Interrupted {
                let why = format!("while step {} ran", step.name);
                self.services.broken.insert(ended.name.clone(), unusable(&ended, &why));
                all.push(ended);
            }
        }
        all
    }

    /// Waits a moment for a service of a failed step to end: a step may notice that before the
    /// process is gone.
    fn settle(&mut self, step: &Ready) {
        let began = self.commands.clock().monotonic();
        let is_of_step = |one: &RunningService| step.needs(&one.service.name);
        let is_over = |one: &RunningService| is_of_step(one) && one.beside.is_over();
        while self.services.running.iter().any(is_of_step)
            && !self.services.running.iter().any(is_over)
            && !self.commands.is_cut()
            && self.commands.clock().monotonic().saturating_duration_since(began) < SETTLE
        {
            self.commands.tell_rest();
            thread::sleep(LOOK);
        }
    }

    /// Returns the report about a running service that ended since the last step.
    pub(super) fn gone_between(&mut self, at: usize) -> Option<StepReport> {
        let running = self.services.running.remove(at);
        let ended = self.ended_service(running)?;
        let report = unusable(&ended, "between steps");
        self.services.broken.insert(ended.name, report.clone());
        Some(report)
    }

    /// Ends all services, the last one first. Returns those that had ended by themselves.
    pub(super) fn end_services(&mut self) -> Vec<EndedService> {
        self.services.broken.clear();
        let mut all = Vec::new();
        while let Some(running) = self.services.running.pop() {
            running.beside.term();
            let ended = self.ended_service(running);
            all.extend(ended.filter(|ended| ended.outcome != Outcome::Interrupted));
        }
        all
    }

    /// Waits for the end of a service.
    pub(super) fn ended_service(&mut self, running: RunningService) -> Option<EndedService> {
        let RunningService { service, beside, log, .. } = running;
        let job = self.job;
        let is_it = |ready: &&ServiceReady| ready.service.name == service.name;
        let command = &job.services.iter().find(is_it)?.command;
        let mut spec = self.commands.spec(command);
        spec.stdout.clone_from(&log);
        let file = log.file_name()?.to_string_lossy().into_owned();
        let report = self.commands.beside_report(command, &spec, file, beside);
        let (name, last) = (service.name.clone(), self.last_line(&log));
        Some(EndedService { name, outcome: report.outcome, last, log: report.log })
    }

    /// Returns the last line of an output, without secrets.
    pub(super) fn last_line(&self, log: &Path) -> Option<String> {
        let said = bound_file(log, OUTPUT).unwrap_or_default();
        let masked = self.job.mask.text(&said);
        let line = masked.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
        let short: String = line.chars().take(LINE).collect();
        Some(escape::line(&short).into_owned())
    }

    /// Fails a step whose services are gone. Its items do not describe the tree.
    pub(super) fn lacks(
        &mut self,
        step: &Ready,
        mut report: StepReport,
        gone: Vec<EndedService>,
    ) -> StepReport {
        if !gone.is_empty() {
            self.items.seen.remove(&step.items_key());
        }
        report.checked.fail_without(gone, &report.outcome);
        report
    }

    /// Fails the last step that ran and needs a service that was found to be gone at the end.
    pub(super) fn lack_at_end(
        &mut self,
        found: &mut Finding,
        round: Round<'_>,
        gone: &[EndedService],
    ) {
        let needs = |step: &Ready| -> Vec<EndedService> {
            gone.iter().filter(|one| step.needs(&one.name)).cloned().collect()
        };
        let ran = |report: &StepReport| {
            let is_known = !matches!(report.checked.verdict, Some(Verdict::Skipped) | None);
            let is_it = |step: &&Ready| step.name == report.name;
            round.steps.iter().find(is_it).filter(|step| is_known && step.needs_any(gone))
        };
        // Of a verification that was interrupted nothing is known.
        let mut last = found.steps.iter().rposition(|report| ran(report).is_some());
        last = last.filter(|_| found.verdict.is_some());
        let Some((at, step)) = last.and_then(|at| Some((at, ran(&found.steps[at])?))) else {
            return;
        };
        let report = self.lacks(step, found.steps[at].clone(), needs(step));
        if report.is_red() {
            found.verdict = report.checked.verdict;
            found.failed = Some(report.clone());
        }
        found.steps[at] = report;
    }
}

/// Returns the report of a service that steps can no longer use.
fn unusable(ended: &EndedService, when: &str) -> StepReport {
    let why = Some(format!("it ended {when}: {}", ended.how()));
    let (verdict, services) = (Some(Verdict::Fail), vec![ended.clone()]);
    StepReport {
        kind: StepKind::Verify,
        name: format!("service {}", ended.name),
        outcome: ended.outcome.clone(),
        millis: 0,
        log: ended.log.clone(),
        checked: Checked { verdict, why, services, ..Checked::default() },
    }
}

#[cfg(test)]
mod tests;
