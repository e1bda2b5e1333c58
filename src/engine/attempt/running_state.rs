//! The parts of the state of a running attempt.

use super::running_service::RunningService;
use crate::agent::AgentResult;
use crate::domain::{AgentRun, Findings, ItemId, StepItems, StepReport};
use crate::guardrails::ChangedFile;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the agent reported.
#[derive(Default)]
pub(super) struct AgentSaid {
    /// The content of its result file.
    pub(super) result: AgentResult,
    /// What the adapter read from its output.
    pub(super) run: Option<AgentRun>,
}

/// What changed in the tree during the attempt.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) files: Vec<String>,
    /// The changed files that other attempts may have changed.
    pub(super) ambiguous: Vec<String>,
    /// Whether git reported everything that changed.
    pub(super) is_whole: bool,
    /// The changed lines, in a shared tree, if they are known.
    pub(super) lines: Vec<ChangedFile>,
    /// What the guardrails found in the change.
    pub(super) findings: Findings,
}

/// The items of test reports.
#[derive(Default)]
pub(super) struct Items {
    /// The items of the tree that the work began with.
    pub(super) base: Option<Arc<StepItems>>,
    /// The items of the steps that ran.
    pub(super) seen: StepItems,
    /// During the second judgement, those of the first one.
    pub(super) first: StepItems,
    /// The items that failed in earlier runs of the step.
    pub(super) failed_before: BTreeSet<ItemId>,
}

/// The services beside the steps.
#[derive(Default)]
pub(super) struct Services {
    pub(super) running: Vec<RunningService>,
    /// The reports of services that did not become ready.
    pub(super) broken: BTreeMap<String, StepReport>,
}
