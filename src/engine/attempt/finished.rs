//! An attempt that ended: what a slot returns, and what is stored about it beside the queue.

use super::carried::{CameTo, Carried, ToLand};
use super::end::unknown_code;
use super::job::{Job, Purpose};
use super::known_errors;
use super::progress_check::{self, Made, Streak};
use super::withheld;
use crate::agent::AgentResult;
use crate::domain::{
    AttemptReport, Change, Completion, Cost, Fingerprint, Landed, Outcome, ReasonCode,
    exact_timestamp,
};
use crate::platform::clock::Clock;
use crate::platform::fault::{self, Fault};
use crate::store::TreeReport;
use crate::store::attempts;
use crate::store::work::Work;
use crate::verify;
use crate::workspace::Entry;
use chrono::{DateTime, Utc};
use serde_json::json;

/// What a slot returns about an attempt.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The job of the attempt.
    pub job: Job,
    /// The report of the attempt.
    pub report: AttemptReport,
    /// The result of the agent.
    pub result: AgentResult,
    /// What went wrong beside the task, for the person at the terminal.
    pub warnings: Vec<String>,
    /// How many attempts before this one failed in the same way.
    pub streak: Streak,
    /// Why the verdict is not in `verification.log`; the text is the same for all attempts.
    pub unlogged: Option<String>,
    /// What the work looked like at a PASS, if that is known.
    pub work: Option<Work>,
    /// When the attempt began.
    pub began: DateTime<Utc>,
    /// What the attempt costs its task, if the agent failed within seconds.
    pub cost: Option<Cost>,
    /// Where its change is.
    pub(crate) made: Made,
    /// The tree that was judged, for a verification of the untouched tree.
    pub(crate) tree: TreeLook,
    /// The change of an attempt in a private tree, once it passed.
    pub(crate) change: Option<Carried>,
}

/// The tree that a verification of the untouched tree is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct TreeLook {
    /// The name of the tree, if it could be determined.
    pub name: Option<String>,
    /// The report of an earlier verification of the same tree. If there is one, no step ran.
    pub known: Option<TreeReport>,
}

impl Finished {
    /// Creates it from its parts; its cost is determined later.
    pub(crate) fn new(job: Job, report: AttemptReport, began: DateTime<Utc>) -> Self {
        Self {
            job,
            report,
            result: AgentResult::default(),
            warnings: Vec::new(),
            streak: Streak::default(),
            began,
            cost: None,
            tree: TreeLook::default(),
            change: None,
            made: Made::InRoot,
            work: None,
            unlogged: None,
        }
    }
}

/// Returns the end of an attempt that did not begin: nothing ran.
pub(crate) fn not_started(
    job: Job,
    outcome: Outcome,
    reason: String,
    clock: &dyn Clock,
) -> Finished {
    let began = clock.now();
    let now = exact_timestamp(began);
    let code = unknown_code(&outcome);
    let report = AttemptReport {
        v: 1,
        task: job.id.clone(),
        attempt: job.token.attempt,
        worker: job.token.worker.to_string(),
        started_at: now.clone(),
        ended_at: now,
        outcome,
        verdict: None,
        reason: Some(reason),
        reason_code: code,
        evidence: None,
        known_errors: Vec::new(),
        hooks: Vec::new(),
        steps: Vec::new(),
        agent: None,
        files_changed: Vec::new(),
        files_ambiguous: Vec::new(),
        fingerprint: Fingerprint::default(),
        findings: crate::domain::Findings::default(),
    };
    Finished::new(job, report, began)
}

impl Finished {
    /// Returns what it leaves on its task if it passed.
    pub(crate) fn completion(&self) -> Completion {
        let Self { job, report, result, .. } = self;
        let hide = |text: &str| job.mask.text(text).into_owned();
        Completion {
            files_changed: report.files_changed.clone(),
            files_ambiguous: report.files_ambiguous.clone(),
            warnings: report.warnings().iter().map(|text| hide(text)).collect(),
            summary: result.summary.clone(),
            artifacts: result.artifacts.clone(),
            notes_for: (!result.notes_for.is_empty()).then(|| json!(result.notes_for)),
            landed: self.landed().cloned(),
        }
    }

    /// Returns the change that waits to land after it, with its entry if this loop has one.
    pub(crate) fn waiting(&self) -> Option<(Change, Option<Box<Entry>>)> {
        if let Some(carried) = &self.change {
            return Some((carried.change()?, Some(carried.entry.clone())));
        }
        // A landing that did not begin.
        let ToLand { change, entry } = self.job.to_land.as_ref()?;
        let obstacle = self.report.reason.clone().or(change.obstacle.clone());
        Some((Change { obstacle, ..change.clone() }, entry.clone()))
    }

    /// Returns whether work that passed waits for a person's approval. A change that lands was
    /// approved before.
    pub(crate) fn needs_review(&self) -> bool {
        let is_attempt = self.job.purpose == Purpose::Attempt;
        self.job.review && is_attempt && !fault::is(Fault::ReviewForgotten)
    }

    /// Returns the entry of its change if that no longer waits.
    pub(crate) fn settled(&self) -> Option<&Entry> {
        let Carried { entry, came_to } = self.change.as_ref()?;
        match came_to {
            CameTo::Waits(_) | CameTo::Review => None,
            CameTo::Landed(_) | CameTo::Back(_) => Some(entry),
        }
    }

    /// Returns the paths where its change conflicts with changes that landed meanwhile.
    pub(crate) fn conflict_paths(&self) -> &[String] {
        match self.change.as_ref().map(|change| &change.came_to) {
            Some(CameTo::Back(paths)) => paths,
            Some(CameTo::Waits(_) | CameTo::Review | CameTo::Landed(_)) | None => &[],
        }
    }

    /// Returns where its change landed.
    pub(crate) fn landed(&self) -> Option<&Landed> {
        match &self.change.as_ref()?.came_to {
            CameTo::Landed(landed) => Some(landed),
            CameTo::Waits(_) | CameTo::Review | CameTo::Back(_) => None,
        }
    }

    /// Adds to the reason of a failure that the tree was red before the task began.
    fn name_red_tree(&mut self) {
        let Self { job, report, .. } = self;
        let Some(already) = job.reds.iter().find_map(|red| red.already(&job.key, report)) else {
            return;
        };
        let reason = report.reason.take().unwrap_or_default();
        report.reason = Some(format!("{reason}; {}", already.words));
        if already.left_red {
            report.reason_code = Some(ReasonCode::LeftRed);
        }
    }

    /// Reports an environment error if the step cannot run at all: a tool that it starts is
    /// missing, and was missing before the task began. This is decided only after the attempt,
    /// because the task may be to install that tool.
    fn blame_environment(&mut self) {
        let Self { job, report, .. } = self;
        if report.reason_code == Some(ReasonCode::LeftRed) || fault::is(Fault::LackingBlamed) {
            return;
        }
        let mut same = job.reds.iter().filter(|red| red.step.compare(report) == Some(true));
        let found = same.find_map(|red| Some((&red.step.step, verify::lacking(&red.step.said)?)));
        let Some((step, lacks)) = found else { return };
        let reason =
            format!("step {step} cannot run: {lacks}, neither here nor on the untouched tree");
        report.outcome = Outcome::FailedToStart { reason: reason.clone() };
        (report.verdict, report.reason) = (None, Some(reason));
        report.reason_code = Some(ReasonCode::Environment);
        self.streak = Streak::default();
    }

    /// Writes the result of the attempt beside the queue. The verdict itself goes into the queue.
    pub(crate) fn keep(&mut self) {
        // A known tree was not judged again.
        if self.tree.known.is_some() {
            return;
        }
        if let Some((print, streak)) = progress_check::compare(&self.job, &self.report, &self.made)
        {
            (self.report.fingerprint, self.streak) = (print, streak);
        }
        if let Some(hint) = withheld::hint(&self.job, &self.report) {
            let reason = self.report.reason.take().unwrap_or_default();
            self.report.reason = Some(format!("{reason}; {hint}"));
        }
        self.name_red_tree();
        self.blame_environment();
        self.report.known_errors = known_errors::met(&self.job, &self.report);
        if let Err(error) = self.job.folder.put_report(&self.report) {
            self.warnings.push(format!("failed to store the verdict: {error}"));
        }
        let block = verify::log_block(&self.report, &self.job.title);
        if let Err(error) = attempts::log_verdict(&self.job.state, &block) {
            self.unlogged = Some(format!("failed to log verdicts: {error}"));
        }
    }
}

#[cfg(test)]
mod tests;
