//! The commands of an attempt, and what it came to.

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

/// Whether a command does the work or judges it; a step may have any name, also `agent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The agent.
    Agent,
    /// A step of the verification.
    #[default]
    Verify,
}

/// So many tests are noted that passed only when they ran again, of one attempt.
const FLAKY: usize = 200;

/// A test that passed only when it ran again, as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FlakyItem {
    /// The step.
    pub step: String,
    /// The test; `None` where the step tells no items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// One command of an attempt: the agent, or a step of the verification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Which of the two it is.
    #[serde(default)]
    pub kind: StepKind,
    /// `agent`, or the step's name in the configuration.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Milliseconds from start to end on the monotonic clock.
    pub millis: u64,
    /// File name of its output inside the attempt folder.
    pub log: String,
    /// What a step of the verification says of the work.
    #[serde(default, skip_serializing_if = "Checked::is_empty")]
    pub checked: Checked,
}

impl StepReport {
    /// Whether it decides against the work: it failed or blocks, and may not.
    pub fn is_red(&self) -> bool {
        match self.checked.verdict {
            Some(Verdict::Fail) => !self.checked.allowed,
            Some(Verdict::Blocked) => true,
            Some(Verdict::Pass | Verdict::Skipped) => false,
            None => !self.outcome.is_success(),
        }
    }

    /// How it ended, in words: what it says of the work, else the exit status.
    pub fn ended(&self) -> String {
        let Checked { why, retried, .. } = &self.checked;
        let ended = why.clone().unwrap_or_else(|| self.outcome.to_string());
        match retried {
            0 => ended,
            1 => format!("{ended} (run twice)"),
            more => format!("{ended} (run {} times)", more + 1),
        }
    }

    /// What there is to note of a step that decided nothing: a failure that it may have, or that it
    /// passed only when it ran again.
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

    /// The command in a sentence: `agent`, or `step test`.
    pub fn named(&self) -> String {
        self.kind.named(&self.name)
    }
}

impl StepKind {
    /// The command `name` of this kind in a sentence.
    pub fn named(self, name: &str) -> String {
        match self {
            Self::Agent => "agent".to_owned(),
            Self::Verify => format!("step {name}"),
        }
    }
}

/// What a failed attempt is compared by with those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The changed files and what was in them then; `None` when nothing changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// How the failed step ended and what it printed, without digits and temporary paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

impl Fingerprint {
    fn is_empty(&self) -> bool {
        self.change.is_none() && self.output.is_none()
    }
}

impl AttemptReport {
    /// Whether it failed for what was found in its change, and not for its last step.
    pub fn is_refused(&self) -> bool {
        self.findings.at_least(Level::Fail).next().is_some()
            && self.steps.last().is_none_or(|step| !step.is_red())
    }
}

/// The form of the times of an attempt, of which differences are told: RFC 3339 UTC with milliseconds.
pub fn exact_timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// What an attempt came to: the content of `verdict.json`.
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
    /// The verdict; `None` for an attempt that was interrupted or lost, or never started.
    pub verdict: Option<Verdict>,
    /// Why, in one line: the failed step and how it ended, or the agent's question.
    pub reason: Option<String>,
    /// The same as a code; `None` for a PASS, and where an older version wrote the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
    /// Known errors that it met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_errors: Vec<KnownError>,
    /// The hooks that ran, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<HookReport>,
    /// What the agent shows for what it says of an impossible task or a contradiction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The agent and the steps of the verification, in the order in which they ran.
    pub steps: Vec<StepReport>,
    /// What the agent came to, where one ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentRun>,
    /// Files that changed between start and end, relative to the project root.
    pub files_changed: Vec<String>,
    /// Files that changed meanwhile and may be the work of other attempts that ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files_ambiguous: Vec<String>,
    /// What it is compared by with other attempts, of one that failed.
    #[serde(default, skip_serializing_if = "Fingerprint::is_empty")]
    pub fingerprint: Fingerprint,
    /// What was found in its change.
    #[serde(flatten)]
    pub findings: Findings,
}

impl AttemptReport {
    /// The reason as a word: of a veto the code that its hook named.
    pub fn code(&self) -> Option<&str> {
        let code = self.reason_code?;
        let vetoes = self.hooks.iter().rev().filter_map(|hook| hook.code.as_deref());
        let own = vetoes.take(usize::from(code == ReasonCode::Hook)).next();
        Some(own.unwrap_or_else(|| code.word()))
    }

    /// The hook that forbade what was to begin, where one did.
    pub fn vetoed_by(&self) -> Option<HookPoint> {
        let is_veto = self.reason_code == Some(ReasonCode::Hook);
        let veto = self.hooks.iter().rev().find(|hook| hook.code.is_some());
        veto.filter(|_| is_veto).map(|hook| hook.hook)
    }

    /// The tests that passed only when they ran again; of a step that tells none, the step.
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

    /// What is to be noted of it although it decided nothing.
    pub fn warnings(&self) -> Vec<String> {
        self.steps.iter().filter_map(StepReport::warning).collect()
    }
}
