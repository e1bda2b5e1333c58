//! What the program needs to know of a task to pick, run and judge it.

use super::claim::Claim;
use super::field::Field;
use super::id::TaskId;
use super::status::Status;
use super::verdict::Verdict;
use chrono::{DateTime, Utc};

/// The typed reading of one task. Long texts stay in the queue's own text.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The id, unique in its file.
    pub id: TaskId,
    /// The state.
    pub status: Status,
    /// 0 first; `None` ranks after every given one.
    pub priority: Option<i64>,
    /// Ids as written, all spellings of the key together, doubles dropped, in file order.
    pub dependencies: Vec<String>,
    /// `type` as written.
    pub kind: Option<String>,
    /// `agent` as written.
    pub agent: Option<String>,
    /// `phase` as text (`1` for the number 1).
    pub phase: Option<String>,
    /// `track`.
    pub track: Option<String>,
    /// `epic`.
    pub epic: Option<String>,
    /// `tags`.
    pub tags: Vec<String>,
    /// `file`, `files`, `files_to_modify`: literal paths.
    pub files: Vec<String>,
    /// `scope`: paths or globs.
    pub scope: Vec<String>,
    /// Whether a person must say yes first.
    pub approval: Approval,
    /// Not started before this time.
    pub not_before: Option<DateTime<Utc>>,
    /// `parent`.
    pub parent: Option<String>,
    /// `child_tasks`.
    pub children: Vec<String>,
    /// Budget of attempts of this task, where it has its own.
    pub max_iterations: Option<u32>,
    /// Agent starts so far.
    pub attempts: u32,
    /// Attempts that count against the budget, where the file says so.
    pub budget_used: Option<u32>,
    /// `passes`.
    pub passes: Option<bool>,
    /// `verification_verdict`.
    pub verdict: Option<Verdict>,
    /// `claim`, where it is one.
    pub claim: Option<Claim>,
    /// What the file says about how long it takes.
    pub estimate: Estimate,
    /// Names of verification profiles.
    pub verify: Vec<String>,
    /// Ids that get this task's artifacts.
    pub notify: Vec<String>,
    /// Fields whose value is of no use; a task with one is never run.
    pub problems: Vec<FieldProblem>,
}

/// `requires_approval` together with `approved_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// Nothing to approve.
    NotRequired,
    /// A person must run `workloop approve` first.
    Required,
    /// A person did.
    Given,
}

/// `effort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "sizes speak for themselves")]
pub enum Effort {
    S,
    M,
    L,
    XL,
}

/// The estimate as the file gives it; which part counts is the planner's to say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// `estimated_minutes`.
    pub minutes: Option<f64>,
    /// `estimated_hours`, low and high (equal for one number).
    pub hours: Option<(f64, f64)>,
    /// `effort`.
    pub effort: Option<Effort>,
}

/// A known field with a value that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field.
    pub field: Field,
    /// What it should be, in words: "must be a list of ids".
    pub expected: &'static str,
}

impl Task {
    /// A pending task with this id and nothing else.
    pub fn new(id: TaskId) -> Self {
        Self {
            id,
            status: Status::Pending,
            priority: None,
            dependencies: Vec::new(),
            kind: None,
            agent: None,
            phase: None,
            track: None,
            epic: None,
            tags: Vec::new(),
            files: Vec::new(),
            scope: Vec::new(),
            approval: Approval::NotRequired,
            not_before: None,
            parent: None,
            children: Vec::new(),
            max_iterations: None,
            attempts: 0,
            budget_used: None,
            passes: None,
            verdict: None,
            claim: None,
            estimate: Estimate::default(),
            verify: Vec::new(),
            notify: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Whether this is a gate: verification only, no agent.
    pub fn is_gate(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("gate"))
    }
}

/// An entry of a queue's `phases`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phase {
    /// Its number or name as text, as tasks refer to it.
    pub phase: String,
    /// Its title.
    pub name: Option<String>,
    /// No task of the next phase starts before all of this one is complete.
    pub barrier: bool,
    /// Verification profiles that must pass before the next phase.
    pub gate: Vec<String>,
}
