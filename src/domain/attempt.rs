//! The commands of an attempt, and the attempt's result.

use super::agent_run::AgentRun;
use super::checked::Checked;
use super::finding::{Findings, Level};
use super::hook::{HookPoint, HookReport};
use super::known_error::KnownError;
use super::outcome::Outcome;
use super::question::Evidence;
use super::reason::ReasonCode;
use super::verdict::Verdict;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// Whether a command does the work or judges it. The kind is needed because a step may have any
/// name, even `agent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The command is the agent.
    Agent,
    /// The command is a verification step.
    #[default]
    Verify,
}

/// The maximum number of flaky tests recorded for one attempt.
const FLAKY: usize = 200;

/// A test that passed only when it was run again, as recorded in the journal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FlakyItem {
    /// The name of the step.
    pub step: String,
    /// The test. `None` if the step does not report items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// One command of an attempt: the agent or a verification step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Whether it is the agent or a verification step.
    #[serde(default)]
    pub kind: StepKind,
    /// `agent`, or the step's name in the configuration.
    pub name: String,
    /// How the command ended.
    pub outcome: Outcome,
    /// Milliseconds from start to end on the monotonic clock.
    pub millis: u64,
    /// File name of its output inside the attempt folder.
    pub log: String,
    /// The judgement of a verification step on the work.
    #[serde(default, skip_serializing_if = "Checked::is_empty")]
    pub checked: Checked,
}

impl StepReport {
    /// Returns whether the step decides against the work: it failed or blocks, and is not allowed
    /// to.
    pub fn is_red(&self) -> bool {
        match self.checked.verdict {
            Some(Verdict::Fail) => !self.checked.allowed,
            Some(Verdict::Blocked) => true,
            Some(Verdict::Pass | Verdict::Skipped) => false,
            None => !self.outcome.is_success(),
        }
    }

    /// Describes how it ended: its judgement of the work, or else the exit status.
    pub fn ended(&self) -> String {
        let Checked { why, retried, .. } = &self.checked;
        let ended = why.clone().unwrap_or_else(|| self.outcome.to_string());
        match retried {
            0 => ended,
            1 => format!("{ended} (run twice)"),
            more => format!("{ended} (run {} times)", more + 1),
        }
    }

    /// Returns the warning for a step that decided nothing: it failed but is allowed to, or it
    /// passed only when it was run again.
    pub fn warning(&self) -> Option<String> {
        let may = self.checked.allowed && self.checked.verdict == Some(Verdict::Fail);
        if may {
            return Some(format!("{}: {}, which it may", self.named(), self.ended()));
        }
        let flaky = self.checked.items.as_ref().map_or(&[][..], |items| &items.flaky);
        match flaky {
            [] if !self.checked.is_flaky() || self.is_red() => None,
            [] => Some(format!("{} is flaky: it passed when it ran again", self.named())),
            items => Some(format!("{} is flaky: {}", self.named(), items.join(", "))),
        }
    }

    /// Returns the command as part of a sentence: `agent`, or `step test`.
    pub fn named(&self) -> String {
        self.kind.named(&self.name)
    }
}

impl StepKind {
    /// Returns the command `name` of this kind as part of a sentence.
    pub fn named(self, name: &str) -> String {
        match self {
            Self::Agent => "agent".to_owned(),
            Self::Verify => format!("step {name}"),
        }
    }
}

/// What a failed attempt is compared by with earlier attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Identifies the changed files and their contents. `None` if nothing changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// Identifies how the failed step ended and what it printed, without numbers and temporary
    /// paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

impl Fingerprint {
    fn is_empty(&self) -> bool {
        self.change.is_none() && self.output.is_none()
    }
}

impl AttemptReport {
    /// Returns whether the attempt failed because of findings in its change and not because of its
    /// last step.
    pub fn is_refused(&self) -> bool {
        self.findings.at_least(Level::Fail).next().is_some()
            && self.steps.last().is_none_or(|step| !step.is_red())
    }
}

/// Formats a time of an attempt: RFC 3339 UTC with milliseconds, because durations are computed
/// from it.
pub fn exact_timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The result of an attempt: the content of `verdict.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptReport {
    /// Format version of the file, 1.
    pub v: u32,
    /// Id of the task.
    pub task: String,
    /// Number of the attempt.
    pub attempt: u32,
    /// The worker that ran it.
    pub worker: String,
    /// Start, RFC 3339 UTC.
    pub started_at: String,
    /// End, RFC 3339 UTC.
    pub ended_at: String,
    /// How the agent ended.
    pub outcome: Outcome,
    /// The verdict. `None` for an attempt that was interrupted, was lost or never started.
    pub verdict: Option<Verdict>,
    /// Why, in one line: the failed step and how it ended, or the agent's question.
    pub reason: Option<String>,
    /// The reason as a code. `None` for a PASS, and in files written by older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
    /// Known errors that the attempt met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_errors: Vec<KnownError>,
    /// The hooks that ran, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<HookReport>,
    /// The evidence that the agent gave for calling the task impossible or contradictory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The agent and the verification steps, in the order in which they ran.
    pub steps: Vec<StepReport>,
    /// The result of the agent run, if an agent ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentRun>,
    /// Files that changed between start and end, relative to the project root.
    pub files_changed: Vec<String>,
    /// Changed files that may be the work of other attempts that ran at the same time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files_ambiguous: Vec<String>,
    /// What a failed attempt is compared by with other attempts.
    #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
    pub fingerprint: Fingerprint,
    /// What was found in its change.
    #[serde(flatten)]
    pub findings: Findings,
}

impl AttemptReport {
    /// Returns the reason code as a word. For a veto it is the code that the hook named.
    pub fn code(&self) -> Option<&str> {
        let code = self.reason_code?;
        let vetoes = self.hooks.iter().rev().filter_map(|hook| hook.code.as_deref());
        let own = vetoes.take(usize::from(code == ReasonCode::Hook)).next();
        Some(own.unwrap_or_else(|| code.word()))
    }

    /// Returns the hook that vetoed the attempt, if any.
    pub fn vetoed_by(&self) -> Option<HookPoint> {
        let is_veto = self.reason_code == Some(ReasonCode::Hook);
        let veto = self.hooks.iter().rev().find(|hook| hook.code.is_some());
        veto.filter(|_| is_veto).map(|hook| hook.hook)
    }

    /// Returns the tests that passed only when they were run again. A step that reports no items is
    /// listed as a whole.
    pub fn flaky(&self) -> Vec<FlakyItem> {
        let of_step = |step: &StepReport| {
            let named =
                |item: Option<&String>| FlakyItem { step: step.name.clone(), item: item.cloned() };
            let items = step.checked.items.as_ref().map_or(&[][..], |items| &items.flaky);
            match items {
                [] if step.checked.is_flaky() => vec![named(None)],
                items => items.iter().map(|item| named(Some(item))).collect(),
            }
        };
        self.steps.iter().flat_map(of_step).take(FLAKY).collect()
    }

    /// Returns the warnings of all steps, which decided nothing.
    pub fn warnings(&self) -> Vec<String> {
        self.steps.iter().filter_map(StepReport::warning).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::domain::{Finding, Items};
    use serde_json::json;

    fn step(verdict: Option<Verdict>, code: i32) -> StepReport {
        StepReport {
            kind: StepKind::Verify,
            name: "test".to_owned(),
            outcome: Outcome::Exited { code },
            millis: 5,
            log: "test.log".to_owned(),
            checked: Checked { verdict, ..Checked::default() },
        }
    }

    fn with(mut step: StepReport, change: impl FnOnce(&mut Checked)) -> StepReport {
        change(&mut step.checked);
        step
    }

    fn flaky(names: &[&str]) -> StepReport {
        let flaky = names.iter().map(ToString::to_string).collect();
        with(step(Some(Verdict::Pass), 0), |checked| {
            checked.items = Some(Items { flaky, ..Items::default() });
        })
    }

    fn attempt(steps: Vec<StepReport>) -> AttemptReport {
        AttemptReport {
            v: 1,
            task: "A".to_owned(),
            attempt: 1,
            worker: "h:1:00000000".to_owned(),
            started_at: exact_timestamp(DateTime::UNIX_EPOCH),
            ended_at: exact_timestamp(DateTime::UNIX_EPOCH),
            outcome: Outcome::Exited { code: 0 },
            verdict: None,
            reason: None,
            reason_code: None,
            known_errors: Vec::new(),
            hooks: Vec::new(),
            evidence: None,
            steps,
            agent: None,
            files_changed: Vec::new(),
            files_ambiguous: Vec::new(),
            fingerprint: Fingerprint::default(),
            findings: Findings::default(),
        }
    }

    #[test]
    fn a_step_decides_by_its_verdict_or_else_by_its_exit_status() {
        let allowed = |verdict| with(step(Some(verdict), 1), |checked| checked.allowed = true);
        for (step, red) in [
            (step(None, 0), false),
            (step(None, 1), true),
            (step(Some(Verdict::Pass), 1), false),
            (step(Some(Verdict::Skipped), 1), false),
            (step(Some(Verdict::Fail), 0), true),
            (step(Some(Verdict::Blocked), 0), true),
            (allowed(Verdict::Fail), false),
            (allowed(Verdict::Blocked), true),
        ] {
            assert_eq!(step.is_red(), red, "{:?}", step.checked);
        }
    }

    #[test]
    fn a_sentence_says_how_often_a_step_ran() {
        let ended = |why: Option<&str>, retried| {
            let why = why.map(str::to_owned);
            let step = step(Some(Verdict::Fail), 1);
            with(step, |checked| (checked.why, checked.retried) = (why, retried)).ended()
        };
        assert_eq!(ended(None, 0), "exit status 1");
        assert_eq!(ended(Some("too little"), 1), "too little (run twice)");
        assert_eq!(ended(None, 2), "exit status 1 (run 3 times)");
        let agent = StepReport { kind: StepKind::Agent, ..step(None, 0) };
        assert_eq!(
            (agent.named().as_str(), step(None, 0).named().as_str()),
            ("agent", "step test")
        );
    }

    #[test]
    fn a_step_that_decides_nothing_warns() {
        let again = |change: &dyn Fn(&mut Checked)| {
            with(step(Some(Verdict::Pass), 0), |checked| {
                checked.retried = 1;
                change(checked);
            })
        };
        let allowed = |verdict| with(step(Some(verdict), 1), |checked| checked.allowed = true);
        for (step, warning) in [
            (step(Some(Verdict::Pass), 0), None),
            (step(Some(Verdict::Fail), 1), None),
            (allowed(Verdict::Fail), Some("step test: exit status 1, which it may")),
            (allowed(Verdict::Pass), None),
            (again(&|_| {}), Some("step test is flaky: it passed when it ran again")),
            // It was refused because it is flaky, so it is not only a warning.
            (again(&Checked::refuse_flaky), None),
            (flaky(&["a", "b"]), Some("step test is flaky: a, b")),
        ] {
            assert_eq!(step.warning().as_deref(), warning, "{:?}", step.checked);
        }
        let all = attempt(vec![flaky(&["a"]), step(None, 0), again(&|_| {})]);
        assert_eq!(
            all.warnings(),
            ["step test is flaky: a", "step test is flaky: it passed when it ran again"]
        );
        let item = |item: Option<&str>| FlakyItem {
            step: "test".to_owned(),
            item: item.map(str::to_owned),
        };
        assert_eq!(all.flaky(), [item(Some("a")), item(None)]);
        let names: Vec<String> = (0..300).map(|number| number.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(attempt(vec![flaky(&names)]).flaky().len(), FLAKY);
    }

    #[test]
    fn a_change_is_refused_by_its_findings_and_not_by_a_step() {
        let found = |level| Finding {
            code: "stub".to_owned(),
            level,
            path: None,
            line: None,
            message: "a stub".to_owned(),
        };
        let report = |steps, level| {
            let mut report = attempt(steps);
            report.findings.findings.push(found(level));
            report.is_refused()
        };
        let (green, red) = (|| step(None, 0), || step(None, 1));
        assert!(report(vec![], Level::Fail) && report(vec![red(), green()], Level::Block));
        assert!(!report(vec![green(), red()], Level::Fail) && !report(vec![green()], Level::Warn));
        assert!(!attempt(vec![green()]).is_refused());
    }

    #[test]
    fn the_code_of_a_veto_is_the_one_that_its_hook_names() {
        let hook = |hook, code: Option<&str>| HookReport {
            hook,
            outcome: Outcome::Exited { code: 1 },
            millis: 1,
            code: code.map(str::to_owned),
            text: String::new(),
        };
        let mut report = attempt(Vec::new());
        assert_eq!((report.code(), report.vetoed_by()), (None, None));
        report.hooks = vec![
            hook(HookPoint::BeforeTask, Some("early")),
            hook(HookPoint::BeforeLanding, Some("freeze")),
            hook(HookPoint::AfterTask, None),
        ];
        report.reason_code = Some(ReasonCode::Hook);
        assert_eq!(report.code(), Some("freeze"));
        assert_eq!(report.vetoed_by(), Some(HookPoint::BeforeLanding));
        report.reason_code = Some(ReasonCode::TestsFailed);
        assert_eq!((report.code(), report.vetoed_by()), (Some("tests_failed"), None));
    }

    #[test]
    fn the_file_omits_what_is_not_known() {
        let mut report = attempt(vec![step(None, 0)]);
        let text = json!(report);
        assert_eq!(text.get("fingerprint"), None);
        assert_eq!(text["started_at"], "1970-01-01T00:00:00.000Z");
        assert_eq!(serde_json::from_value::<AttemptReport>(text).unwrap(), report);
        for (change, output) in [(Some("c"), None), (None, Some("o"))] {
            let (change, output) = (change.map(str::to_owned), output.map(str::to_owned));
            report.fingerprint = Fingerprint { change, output };
            assert_eq!(json!(report)["fingerprint"], json!(report.fingerprint));
        }
    }
}
