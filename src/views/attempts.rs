//! The attempts of a task, read from their folders.

use super::mask::Mask;
use super::timing::lasted;
use crate::domain::{
    AgentRun, AttemptReport, Evidence, Findings, HookPoint, HookReport, Items, KnownError,
    Measured, Outcome, ReasonCode, StepReport, Verdict,
};
use crate::store::attempts::{AGENT_OUT, AttemptFolder, NO_ATTEMPT};
use crate::store::{StateDir, TaskKey};
use serde::Serialize;

/// One attempt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttemptView {
    /// Its number.
    pub attempt: u32,
    /// How the agent ended; `None` while it runs, and if it was not recorded.
    pub outcome: Option<String>,
    /// The verdict of the verification.
    pub verdict: Option<Verdict>,
    /// The reason for the verdict, or for the end of the attempt.
    pub reason: Option<String>,
    /// The same as a code; for a veto the code that the hook printed.
    pub reason_code: Option<String>,
    /// The hooks that ran.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<HookView>,
    /// Known errors that matched its output.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known_errors: Vec<KnownError>,
    /// The agent's evidence for its statement about the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The agent's outcome and usage.
    pub agent: Option<AgentRun>,
    /// The most relevant output: of the step that failed, otherwise of the agent.
    pub log: Option<String>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// Seconds from its start to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// The commands that ran, with their durations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepView>,
    /// Files that it changed, as far as known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files_changed: Vec<String>,
    /// Files that changed meanwhile and may be the work of other attempts that ran.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files_ambiguous: Vec<String>,
    /// The comparison of the items of its steps with the base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Items>,
    /// The measured numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<MeasureView>,
    /// Warnings of the verification, which did not decide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The findings in its change.
    #[serde(flatten)]
    pub findings: Findings,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

/// A hook that ran in an attempt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HookView {
    /// The point at which it ran.
    pub hook: HookPoint,
    /// How it ended.
    pub outcome: String,
    /// How long it ran, in seconds.
    pub seconds: f64,
    /// The reason code of its veto.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The message about its failure.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl HookView {
    fn new(report: &HookReport, mask: &Mask) -> Self {
        Self {
            hook: report.hook,
            outcome: report.outcome.to_string(),
            seconds: report.millis as f64 / 1000.0,
            code: report.code.clone(),
            text: mask.text(&report.text).into_owned(),
        }
    }

    /// Returns the line about a hook that failed or vetoed.
    pub(super) fn failed(&self) -> Option<String> {
        if self.outcome == (Outcome::Exited { code: 0 }).to_string() {
            return None;
        }
        let Self { hook, outcome, text, .. } = self;
        let text = if text.is_empty() { String::new() } else { format!(": {text}") };
        Some(format!("hook {hook}: {outcome}{text}"))
    }
}

impl AttemptView {
    /// Returns its reason code, if it is one of the program's own.
    pub fn code(&self) -> Option<ReasonCode> {
        // A hook may print a code that equals one of ours, with a different meaning.
        let is_veto = self.hooks.iter().any(|hook| hook.code.is_some());
        let code = self.reason_code.as_deref().and_then(ReasonCode::from_word);
        if is_veto { Some(ReasonCode::Hook) } else { code }
    }
}

/// A number that a step measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeasureView {
    /// The step.
    pub step: String,
    /// The number with its limits.
    #[serde(flatten)]
    pub measured: Measured,
}

/// Returns the steps whose items and numbers count. A step can run more than once if the change is
/// judged twice, or again at its landing; then its red run counts, or else its last one.
fn counted(report: &AttemptReport) -> Vec<&StepReport> {
    let mut counted: Vec<(&str, &StepReport)> = Vec::new();
    for step in &report.steps {
        let begins = |(name, _): &&(&str, &StepReport)| {
            step.name.strip_prefix(*name).is_some_and(|rest| rest.starts_with(" (again"))
        };
        let first = counted.iter().find(begins).map(|(name, _)| *name);
        if first.is_some() && !step.is_red() {
            continue;
        }
        let name = first.unwrap_or(&step.name);
        match counted.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = step,
            None => counted.push((name, step)),
        }
    }
    counted.into_iter().map(|(_, step)| step).collect()
}

/// Returns the items of all steps together. Secrets are masked: a test may be named after its
/// parameters.
pub(super) fn items(report: &AttemptReport, mask: &Mask) -> Option<Items> {
    let mut found = counted(report).into_iter().filter_map(|step| step.checked.items.clone());
    let mut all = found.next()?;
    for items in found {
        all.add(items);
    }
    let Items { new, old, fixed, lost, flaky, .. } = &mut all;
    for name in [new, old, fixed, lost, flaky].into_iter().flatten() {
        *name = mask.text(name).into_owned();
    }
    Some(all)
}

/// Returns what its steps measured.
pub(super) fn measures(report: &AttemptReport) -> Vec<MeasureView> {
    let one = |step: &StepReport| {
        let measured = step.checked.measure.clone()?;
        Some(MeasureView { step: step.name.clone(), measured })
    };
    report.steps.iter().filter_map(one).collect()
}

/// One command of an attempt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepView {
    /// `agent`, or the name of the step.
    pub name: String,
    /// How it ended.
    pub outcome: String,
    /// How long it ran, in seconds.
    pub seconds: f64,
}

impl StepView {
    /// Returns the commands of an attempt, in order.
    pub fn all(report: &AttemptReport) -> Vec<Self> {
        let one = |step: &StepReport| Self {
            name: step.name.clone(),
            outcome: step.outcome.to_string(),
            seconds: step.millis as f64 / 1000.0,
        };
        report.steps.iter().map(one).collect()
    }
}

/// Returns the file with the output of the command that made an attempt fail, if one did.
fn failed_log(report: &AttemptReport) -> Option<&str> {
    let last = report.steps.last()?;
    let failed = match report.verdict {
        Some(Verdict::Fail | Verdict::Blocked) => !last.outcome.is_success() || last.is_red(),
        Some(Verdict::Pass | Verdict::Skipped) | None => false,
    };
    failed.then_some(last.log.as_str()).filter(|log| !log.is_empty())
}

/// Returns the attempts of a task that still have a readable folder, oldest first.
pub(crate) fn of_task(state: &StateDir, key: &TaskKey, mask: &Mask) -> Vec<AttemptView> {
    let numbers = state.attempt_numbers(key).unwrap_or_default().into_iter();
    let numbers = numbers.filter(|number| *number != NO_ATTEMPT);
    let one = |number| {
        let folder = AttemptFolder::new(state, key, number);
        view(&folder, number, folder.report(), mask)
    };
    numbers.map(one).collect()
}

fn view(
    folder: &AttemptFolder,
    number: u32,
    report: Option<AttemptReport>,
    mask: &Mask,
) -> AttemptView {
    let failed = report.as_ref().and_then(failed_log).map(|log| folder.file(log));
    let log = failed.filter(|log| log.exists()).unwrap_or_else(|| folder.file(AGENT_OUT));
    let log = log.exists().then(|| log.display().to_string());
    let Some(report) = report else { return unknown(number, log) };
    let hidden =
        |paths: Vec<String>| paths.iter().map(|path| mask.text(path).into_owned()).collect();
    let (measures, warnings) = (measures(&report), report.warnings());
    let steps = StepView::all(&report);
    let items = items(&report, mask);
    let code = report.code().map(str::to_owned);
    AttemptView {
        duration_s: Some(lasted(&report).as_millis() as f64 / 1000.0),
        started_at: Some(report.started_at),
        steps,
        attempt: number,
        outcome: Some(report.outcome.to_string()),
        verdict: report.verdict,
        reason_code: code,
        reason: report.reason.map(|reason| mask.text(&reason).into_owned()),
        hooks: report.hooks.iter().map(|hook| HookView::new(hook, mask)).collect(),
        known_errors: report.known_errors,
        evidence: report.evidence.map(|mut shown| {
            shown.texts_mut().iter_mut().for_each(|text| *text = mask.text(text).into_owned());
            shown
        }),
        agent: report.agent.map(|run| AgentRun {
            message: run.message.map(|text| mask.text(&text).into_owned()),
            ..run
        }),
        log,
        files_changed: hidden(report.files_changed),
        files_ambiguous: hidden(report.files_ambiguous),
        items,
        measures,
        warnings: hidden(warnings),
        findings: masked(report.findings, mask),
        ended_at: Some(report.ended_at),
    }
}

/// Returns an attempt whose outcome was not recorded.
fn unknown(attempt: u32, log: Option<String>) -> AttemptView {
    AttemptView {
        attempt,
        outcome: None,
        verdict: None,
        reason: None,
        reason_code: None,
        hooks: Vec::new(),
        known_errors: Vec::new(),
        evidence: None,
        agent: None,
        log,
        started_at: None,
        duration_s: None,
        steps: Vec::new(),
        files_changed: Vec::new(),
        files_ambiguous: Vec::new(),
        items: None,
        measures: Vec::new(),
        warnings: Vec::new(),
        findings: Findings::default(),
        ended_at: None,
    }
}

/// Masks secrets: a finding quotes lines of the work.
pub(super) fn masked(mut findings: Findings, mask: &Mask) -> Findings {
    for finding in &mut findings.findings {
        finding.message = mask.text(&finding.message).into_owned();
    }
    findings
}
