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
    /// Identifies how the failed step ended and what it printed, without digits and temporary
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
